//! The sandbox: compiles components, describes them, and runs turns of them under bounds.

mod component;
mod executor;
mod migrate;
mod since_v0_1;
mod state;
mod trap;
mod written;

use std::future::poll_fn;
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::CatchUnwind;
use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use wasmtime::component::{Component, Linker};
use wasmtime::{Config, Engine, InstanceAllocationStrategy, PoolingAllocationConfig, Store, UpdateDeadline};

use crate::broker::Scope;
use crate::fault::{Fault, GuestFault};
use crate::flow::{Context, FlowInfo, Outcome};
use crate::model::Digest;
use crate::policy::Bounds;
use crate::router::FlowEvent;

pub use component::LoadError;
use executor::{Executor, Meter};
use since_v0_1::migration::{Migrates, MigratesPre};
use since_v0_1::{Flow, FlowPre};
use state::{GuestState, Left};

/// What a guest may make the host allocate in one call, in bytes: a list whose elements overlap is far larger for
/// the host than for the guest. Large enough that what is merely too long is refused with its own error.
const LIFTED: usize = 4 << 20;
/// The longest compilation, in time. It cannot be broken off, only left to itself; what takes so long is mostly
/// refused for the size of its functions before.
const COMPILE: Duration = Duration::from_secs(120);
/// The longest that a guest may take that can ask nobody for anything, in time: for its description, or to take a
/// conversation over.
const ALONE: Duration = Duration::from_secs(10);
/// Instances beside those of turns, for descriptions.
const SPARE: usize = 8;

/// A component that is ready to be instantiated.
pub struct Ready {
    /// Its identity.
    pub digest: Digest,
    /// What it says of itself.
    pub info: FlowInfo,
    pre: FlowPre<GuestState>,
    migration: Option<MigratesPre<GuestState>>,
}

type Compiled = (FlowPre<GuestState>, Option<MigratesPre<GuestState>>);

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
    instances: Arc<Semaphore>,
    io: Handle,
}

impl Sandbox {
    /// Reserves the address space for all turns. Must be called on the runtime that is to do input and output.
    pub fn new(bounds: Arc<Bounds>) -> wasmtime::Result<Self> {
        let engine = Engine::new(&config(&bounds))?;
        let mut linker = Linker::new(&engine);
        wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
        since_v0_1::add_to_linker(&mut linker)?;
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        let executor = Executor::new(&engine, cores).map_err(wasmtime::Error::new)?;
        let instances = Arc::new(Semaphore::new(bounds.instances));
        Ok(Self { engine, linker, executor, bounds, instances, io: Handle::current() })
    }

    /// Checks, compiles and describes a component. Nothing of it runs with any right.
    pub async fn load(&self, bytes: Vec<u8>) -> Result<Ready, LoadError> {
        let digest = Digest::of(&bytes);
        let (pre, migration) = self.compile(bytes).await?;
        let info = self.describe(pre.clone(), migration.is_some()).await?;
        Ok(Ready { digest, info, pre, migration })
    }

    async fn compile(&self, bytes: Vec<u8>) -> Result<Compiled, LoadError> {
        let migrates = component::inspect(&bytes, self.bounds.component)?;
        let (engine, linker) = (self.engine.clone(), self.linker.clone());
        let compile = move || {
            let component = Component::new(&engine, &bytes).map_err(|error| trap::uncompiled(&error))?;
            let pre = linker.instantiate_pre(&component).map_err(|error| LoadError::DoesNotFit(trap::words(&error)))?;
            let migration = migrates.then(|| MigratesPre::new(pre.clone())).transpose();
            let fitting = migration.and_then(|migration| Ok((FlowPre::new(pre)?, migration)));
            fitting.map_err(|error| LoadError::DoesNotFit(trap::words(&error)))
        };
        // Compiling takes long and does not yield.
        match tokio::time::timeout(COMPILE, tokio::task::spawn_blocking(compile)).await {
            Err(_) => Err(LoadError::TooComplex(format!("it did not compile within {} s", COMPILE.as_secs()))),
            Ok(Ok(compiled)) => compiled,
            Ok(Err(error)) => Err(LoadError::DoesNotCompile(error.to_string())),
        }
    }

    async fn describe(&self, pre: FlowPre<GuestState>, migrates: bool) -> Result<FlowInfo, LoadError> {
        let meter = Arc::new(Meter::default());
        let label = "describe".to_owned();
        let state = GuestState::new(self.io.clone(), meter.clone(), label, self.bounds.memory, 0, None);
        let mut store = self.store(state, &meter);
        let guest = async move {
            let described = described(&pre, &mut store, migrates).await;
            let last = store.into_data().finish().last;
            described.map_err(|error| error.with_last_words(last.as_deref()))
        };
        let mut task = JoinSet::new();
        task.spawn_on(self.executor.guest(meter, guest), self.threads());
        match tokio::time::timeout(ALONE, task.join_next()).await {
            Err(_) | Ok(None) => Err(LoadError::DescribeDeadline(ALONE.as_secs())),
            Ok(Some(Err(error))) => Err(LoadError::Host(format!("the description's task broke off: {error}"))),
            Ok(Some(Ok(described))) => described,
        }
    }

    /// The threads on which turns run.
    pub fn threads(&self) -> &Handle {
        self.executor.threads()
    }

    /// Room for the instances of turns.
    pub fn instances(&self) -> &Arc<Semaphore> {
        &self.instances
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
        mut instance: OwnedSemaphorePermit,
    ) -> (Result<Outcome, Fault>, Option<Box<Scope>>) {
        loop {
            let (ended, left) = self.in_instance(ready, call, scope).await;
            drop(instance);
            let Some(mut left) = left else { return (ended, None) };
            let Some(parked) = left.parked.take() else { return (ended, Some(left)) };
            if let Err(fault) = outside(&self.io, left.resume(parked, call.context.now)).await {
                return (Err(fault), Some(left));
            }
            let Ok(another) = self.instances.clone().acquire_owned().await else {
                unreachable!("the semaphore is never closed")
            };
            (scope, instance) = (left, another);
        }
    }

    async fn in_instance(
        &self,
        ready: &Ready,
        call: &Call,
        scope: Box<Scope>,
    ) -> (Result<Outcome, Fault>, Option<Box<Scope>>) {
        let meter = Arc::new(Meter::default());
        let label = format!("{} {}", scope.flow, call.context.turn);
        let (io, seed) = (self.io.clone(), call.context.seed);
        let state = GuestState::new(io, meter.clone(), label, self.bounds.memory, seed, Some(scope));
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
        self.executor.guest(meter, guest).await
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

fn config(bounds: &Bounds) -> Config {
    let slots = u32::try_from(bounds.instances + SPARE).unwrap_or(u32::MAX);
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(slots)
        .total_stacks(slots)
        .total_core_instances(slots.saturating_mul(4))
        .total_memories(slots.saturating_add(slots / 4))
        .total_tables(slots.saturating_mul(2))
        .max_core_instances_per_component(state::INSTANCES as u32)
        .max_memories_per_component(state::MEMORIES as u32)
        .max_tables_per_component(state::TABLES as u32)
        .max_memories_per_module(state::MEMORIES as u32)
        .max_tables_per_module(state::TABLES as u32)
        .table_elements(state::TABLE_ELEMENTS)
        .max_memory_size(bounds.memory)
        .max_unused_warm_slots(100);
    let mut config = Config::new();
    config
        .allocation_strategy(InstanceAllocationStrategy::Pooling(pool))
        .epoch_interruption(true)
        // A re-run must compute the same bits.
        .cranelift_nan_canonicalization(true)
        .relaxed_simd_deterministic(true)
        .concurrency_support(false)
        .wasm_memory64(false);
    config
}
