//! The sandbox: compiles components, describes them, and runs turns of them under bounds.

mod bulk;
mod code;
mod compile;
mod component;
mod executor;
mod migrate;
mod pool;
mod since_v0_1;
mod state;
mod trap;
mod written;

use std::future::poll_fn;
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt as _;
use futures_util::future::CatchUnwind;
use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use wasmtime::component::Linker;
use wasmtime::{Cache, Config, Engine, InstanceAllocationStrategy, Store, UpdateDeadline};

use crate::broker::Scope;
use crate::fault::{Fault, GuestFault};
use crate::flow::{Context, FlowInfo, Outcome};
use crate::model::{Digest, FlowName};
use crate::policy::{Bounds, contract};
use crate::router::FlowEvent;

pub(crate) use code::{Shelf, Shelved};
use compile::Compiled;
pub use compile::{Compiler, Compiling, Prepared, compile_into};
pub use component::{LoadError, Said};
use executor::{Executor, Meter, WaitedTooLong};
pub(crate) use pool::Memory;
use pool::{Memories, Needs, Pool};
use since_v0_1::migration::{Migrates, MigratesPre};
use since_v0_1::{Flow, FlowPre};
use state::{GuestState, Left, Record};

/// What a guest may make the host allocate in one call, in bytes: a list whose elements overlap is far larger for
/// the host than for the guest. Large enough that what is merely too long is refused with its own error.
const LIFTED: usize = 4 << 20;
/// The longest that a guest may take that can ask nobody for anything, in time: for its description, or to take a
/// conversation over.
const ALONE: Duration = Duration::from_secs(10);
/// A component that is ready to be instantiated.
pub struct Ready {
    /// Its identity.
    pub digest: Digest,
    /// What it says of itself.
    pub info: FlowInfo,
    /// Its compiled code and data, in bytes.
    pub size: usize,
    needs: Needs,
    pre: FlowPre<GuestState>,
    migration: Option<MigratesPre<GuestState>>,
    /// Its room, while it is not current.
    shelved: Mutex<Option<Shelved>>,
}

impl Ready {
    /// Takes or leaves room for its code; answers what it had.
    pub(crate) fn shelve(&self, room: Option<Shelved>) -> Option<Shelved> {
        std::mem::replace(&mut *self.shelved.lock().unwrap_or_else(PoisonError::into_inner), room)
    }
}

/// One turn for a guest.
pub struct Call {
    /// What happened.
    pub event: FlowEvent,
    /// What it may know.
    pub context: Context,
    /// What it kept; none when the conversation begins.
    pub state: Option<Vec<u8>>,
}

/// Compiles and runs components. One for a process.
pub struct Sandbox {
    engine: Engine,
    linker: Linker<GuestState>,
    executor: Executor,
    bounds: Arc<Bounds>,
    pool: Pool,
    /// For descriptions.
    spare: Semaphore,
    compiler: Option<Arc<dyn Compiler>>,
    io: Handle,
}

impl Sandbox {
    /// Reserves the address space for all turns. Must be called on the runtime that is to do input and output.
    pub fn new(bounds: Arc<Bounds>) -> wasmtime::Result<Self> {
        Self::compiling(bounds, Compiling::default())
    }

    /// The same, with another way to compile.
    pub fn compiling(bounds: Arc<Bounds>, compiling: Compiling) -> wasmtime::Result<Self> {
        let cache = compiling.cache.as_deref().map(compile::cache).transpose()?;
        let engine = Engine::new(&config(&bounds, cache))?;
        let mut linker = Linker::new(&engine);
        wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
        since_v0_1::add_to_linker(&mut linker)?;
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        let executor = Executor::new(&engine, cores).map_err(wasmtime::Error::new)?;
        let (pool, spare) = (Pool::new(&bounds), Semaphore::new(pool::SPARE));
        let compiler = compiling.compiler;
        Ok(Self { engine, linker, executor, bounds, pool, spare, compiler, io: Handle::current() })
    }

    /// Checks, compiles and describes a component. Nothing of it runs with any right.
    pub async fn load(&self, bytes: impl Into<Bytes>) -> Result<Ready, LoadError> {
        let prepared = self.prepare(bytes).await?;
        self.finish(prepared).await
    }

    /// Takes the code of a component into this process, and has the component describe itself.
    pub async fn finish(&self, prepared: Prepared) -> Result<Ready, LoadError> {
        let compiled = self.compiled(prepared).await?;
        let info = self.describe(&compiled).await?;
        let Compiled { digest, size, needs, pre, migration } = compiled;
        Ok(Ready { digest, info, size, needs, pre, migration, shelved: Mutex::default() })
    }

    async fn describe(&self, compiled: &Compiled) -> Result<FlowInfo, LoadError> {
        let Ok(_spare) = self.spare.acquire().await else { unreachable!("the semaphore is never closed") };
        let (meter, record) = (Arc::new(Meter::default()), Record::default());
        let waits = self.pool.memory(compiled.needs);
        let Ok((_guest, memory)) = tokio::time::timeout(ALONE, waits).await else {
            return Err(LoadError::Host(Pool::full().to_owned()));
        };
        let memory = (self.bounds.memory, memory);
        let state = GuestState::new(self.io.clone(), meter.clone(), "describe".to_owned(), memory, 0, None);
        let mut store = self.store(state.recorded(&record), &meter);
        let (pre, migrates) = (compiled.pre.clone(), compiled.migration.is_some());
        let guest = async move {
            let described = described(&pre, &mut store, migrates).await;
            let last = store.into_data().finish().last;
            described.map_err(|error| error.with_last_words(last.as_deref()))
        };
        let mut task = JoinSet::new();
        task.spawn_on(self.executor.guest(meter, guest), self.threads());
        let ended = tokio::time::timeout(ALONE, task.join_next()).await;
        match ended {
            Err(_) | Ok(None) => Err(LoadError::DescribeDeadline(ALONE.as_secs(), record.said())),
            Ok(Some(Err(error))) => Err(LoadError::Host(format!("the description's task broke off: {error}"))),
            Ok(Some(Ok(Err(WaitedTooLong)))) => Err(LoadError::Describe(too_long())),
            Ok(Some(Ok(Ok(described)))) => described,
        }
    }

    /// The threads on which turns run.
    pub fn threads(&self) -> &Handle {
        self.executor.threads()
    }

    /// What components and turns may use.
    pub fn bounds(&self) -> &Bounds {
        &self.bounds
    }

    /// Room for the instances of turns.
    pub fn instances(&self) -> &Arc<Semaphore> {
        self.pool.instances()
    }

    /// Memory of a flow, none as yet.
    pub(crate) fn no_memory(&self, flow: &FlowName) -> Memory {
        self.pool.no_memory(flow)
    }

    /// Runs a turn, on [`threads`](Self::threads), from `instance`, which is one of [`instances`](Self::instances). Dropping
    /// the future ends the guest and its call to the outside. The scope comes back unless the guest was ended from outside.
    pub async fn handle(
        &self,
        ready: &Ready,
        call: &Call,
        scope: Box<Scope>,
        instance: OwnedSemaphorePermit,
    ) -> (Result<Outcome, Fault>, Option<Box<Scope>>) {
        let cancelled = call.event == FlowEvent::Cancelled;
        let deadline = if cancelled { self.bounds.cancelled.min(self.bounds.turn) } else { self.bounds.turn };
        // The turn has no name here: it would have its room twice.
        match tokio::time::timeout(deadline, guarded(self.in_instances(ready, call, scope, instance))).await {
            Ok(Ok(ended)) => ended,
            Ok(Err(_)) => (Err(Fault::Host("the host panicked while it ran the guest".to_owned())), None),
            Err(_) if cancelled => (Err(GuestFault::CancelDeadline(deadline.as_secs()).into()), None),
            Err(_) => (Err(GuestFault::TurnDeadline(deadline.as_secs()).into()), None),
        }
    }

    /// Runs a turn in one instance after the other, until one leaves no call behind.
    async fn in_instances(
        &self,
        ready: &Ready,
        call: &Call,
        mut scope: Box<Scope>,
        instance: OwnedSemaphorePermit,
    ) -> (Result<Outcome, Fault>, Option<Box<Scope>>) {
        let mut instance = Some(instance);
        loop {
            let (ended, left) = self.in_instance(ready, call, scope, instance.take()).await;
            let Some(mut left) = left else { return (ended, None) };
            let Some(parked) = left.parked.take() else { return (ended, Some(left)) };
            if let Err(fault) = outside(&self.io, left.resume(parked, call.context.now)).await {
                return (Err(fault), Some(left));
            }
            scope = left;
        }
    }

    async fn in_instance(
        &self,
        ready: &Ready,
        call: &Call,
        mut scope: Box<Scope>,
        instance: Option<OwnedSemaphorePermit>,
    ) -> (Result<Outcome, Fault>, Option<Box<Scope>>) {
        let admitted = self.pool.admit(&scope.flow, ready.needs, scope.needs(), instance, scope.again).await;
        let (_admitted, Memories { instance: memory, journal }) = admitted;
        scope.memory = journal;
        if let Err(fault) = outside(&self.io, scope.recall()).await {
            return (Err(fault), Some(scope));
        }
        let meter = Arc::new(Meter::default().with_waited(scope.waited));
        let label = format!("{} {}", scope.flow, call.context.turn);
        let (io, seed) = (self.io.clone(), call.context.seed);
        let state = GuestState::new(io, meter.clone(), label, (self.bounds.memory, memory), seed, Some(scope));
        let mut store = self.store(state, &meter);
        let guest = async move {
            let answer = turn(&ready.pre, &mut store, call).await;
            let Left { scope, last } = store.into_data().finish();
            let answer = match (answer, &scope) {
                (Ok(Ok(outcome)), Some(scope)) => scope.ended().map(|()| outcome).map_err(Fault::Guest),
                (Ok(Ok(outcome)), None) => Ok(outcome),
                (Ok(Err(fault)), _) => Err(Fault::Guest(fault)),
                (Err(error), _) => Err(trap::fault_after(error, last.as_deref())),
            };
            (answer, scope)
        };
        match self.executor.guest(meter, guest).await {
            Ok(ended) => ended,
            Err(WaitedTooLong) => (Err(too_long().into()), None),
        }
    }

    fn store(&self, state: GuestState, meter: &Arc<Meter>) -> Store<GuestState> {
        let mut store = Store::new(&self.engine, state);
        store.limiter(|state| &mut state.limiter);
        store.set_hostcall_fuel(LIFTED);
        store.set_max_component_handles(state::HANDLES);
        store.set_epoch_deadline(1);
        let (meter, most) = (meter.clone(), self.bounds.cpu);
        store.epoch_deadline_callback(move |_| {
            if meter.spent() > most {
                let most = u64::try_from(most.as_millis()).unwrap_or(u64::MAX);
                return Err(wasmtime::Error::new(Fault::Guest(GuestFault::CpuDeadline(most))));
            }
            meter.yields();
            Ok(UpdateDeadline::Yield(1))
        });
        store
    }
}

/// Ends in a panic's place; nothing that the guest used is used again then.
fn guarded<F: Future>(guest: F) -> CatchUnwind<AssertUnwindSafe<F>> {
    AssertUnwindSafe(guest).catch_unwind()
}

/// Does with the sockets and timers of the input and output threads what is polled on others.
async fn outside<T>(io: &Handle, steps: impl Future<Output = T>) -> T {
    let mut steps = pin!(steps);
    poll_fn(|context| {
        let _io = io.enter();
        steps.as_mut().poll(context)
    })
    .await
}

async fn described(
    pre: &FlowPre<GuestState>,
    store: &mut Store<GuestState>,
    migrates: bool,
) -> Result<FlowInfo, LoadError> {
    let instance = pre.instance_pre().instantiate_async(&mut *store).await.map_err(trap::unstarted)?;
    let flow = Flow::new(&mut *store, &instance).map_err(trap::unstarted)?;
    if migrates {
        Migrates::new(&mut *store, &instance).map_err(trap::unstarted)?;
    }
    let described = since_v0_1::describe(&flow, store).await.map_err(trap::undescribed)?;
    described.map_err(LoadError::Description)
}

async fn turn(
    pre: &FlowPre<GuestState>,
    store: &mut Store<GuestState>,
    call: &Call,
) -> wasmtime::Result<Result<Outcome, GuestFault>> {
    let flow: Flow = pre.instantiate_async(&mut *store).await?;
    since_v0_1::handle(&flow, store, &call.event, &call.context, call.state.as_deref()).await
}

fn too_long() -> GuestFault {
    GuestFault::WaitLimit(contract::WAIT.as_secs())
}

fn config(bounds: &Bounds, cache: Option<Cache>) -> Config {
    let mut config = compile::config(cache);
    config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool::config(bounds)));
    config
}
