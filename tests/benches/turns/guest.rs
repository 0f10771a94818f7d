//! The guest's part of a turn, without an engine: the component, instantiated from a pool and called.

use std::time::{Duration, Instant};

use wasmtime::component::{Component, Linker};
use wasmtime::{Config, Engine, InstanceAllocationStrategy, PoolingAllocationConfig, Store, UpdateDeadline};

use super::wasm;

#[allow(missing_docs, unreachable_pub)]
mod bindings {
    wasmtime::component::bindgen!({
        path: "../wit/since-v0.1",
        world: "flow",
        exports: { default: async },
    });
}

use bindings::pesto::flow::types;
use bindings::{Flow, FlowPre};

/// The component, ready to be called, and the state after its first turn.
pub(crate) struct Guest {
    engine: Engine,
    pre: FlowPre<()>,
    state: Vec<u8>,
}

impl Guest {
    pub(crate) fn new(component: &[u8]) -> anyhow::Result<Self> {
        // As the sandbox has it, as far as it bears on the time of a call.
        let mut pool = PoolingAllocationConfig::new();
        pool.total_component_instances(100).total_memories(100).max_memory_size(64 << 20).max_unused_warm_slots(100);
        let mut config = Config::new();
        config
            .allocation_strategy(InstanceAllocationStrategy::Pooling(pool))
            .epoch_interruption(true)
            .cranelift_nan_canonicalization(true)
            .relaxed_simd_deterministic(true)
            .concurrency_support(false);
        let engine = Engine::new(&config).map_err(wasm)?;
        let component = Component::new(&engine, component).map_err(wasm)?;
        let mut linker = Linker::new(&engine);
        linker.define_unknown_imports_as_traps(&component).map_err(wasm)?;
        let pre = linker.instantiate_pre(&component).and_then(FlowPre::new).map_err(wasm)?;
        let mut guest = Self { engine, pre, state: Vec::new() };
        guest.state = guest.call(None)?;
        Ok(guest)
    }

    /// Takes a text.
    pub(crate) fn hear(&self) -> anyhow::Result<()> {
        self.call(Some(&self.state)).map(drop)
    }

    /// How long that takes, so many times.
    pub(crate) fn times(&self, times: usize) -> anyhow::Result<Vec<Duration>> {
        (0..times)
            .map(|_| {
                let start = Instant::now();
                self.hear()?;
                Ok(start.elapsed())
            })
            .collect()
    }

    fn call(&self, state: Option<&[u8]>) -> anyhow::Result<Vec<u8>> {
        let mut store = Store::new(&self.engine, ());
        store.set_epoch_deadline(1);
        store.epoch_deadline_callback(|_| Ok(UpdateDeadline::Yield(1)));
        let event = match state {
            None => types::Event::Started(types::Started { arguments: "hello".to_owned(), extensions: Vec::new() }),
            Some(_) => {
                types::Event::Said(types::Said { text: "hello".to_owned(), files: Vec::new(), extensions: Vec::new() })
            }
        };
        let guest = async {
            let flow: Flow = self.pre.instantiate_async(&mut store).await?;
            flow.pesto_flow_conversation().call_handle(&mut store, &event, &context(), state).await
        };
        let outcome =
            pollster(guest).map_err(wasm)?.map_err(|failure| anyhow::anyhow!("the flow failed: {}", failure.reason))?;
        Ok(outcome.state)
    }
}

/// A guest that makes no calls never waits, but for the epoch's yields.
fn pollster<T>(guest: impl Future<Output = T>) -> T {
    let mut guest = std::pin::pin!(guest);
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    loop {
        if let std::task::Poll::Ready(done) = guest.as_mut().poll(&mut context) {
            return done;
        }
    }
}

fn context() -> types::TurnContext {
    types::TurnContext {
        turn: "d:T1:U0000@12345".to_owned(),
        conversation: "d:T1:U0000#1".to_owned(),
        place: "d:T1:U0000".to_owned(),
        person: types::Person {
            id: "U0000".to_owned(),
            name: "Ada Lovelace".to_owned(),
            locale: "en-GB".to_owned(),
            time_zone: "Europe/London".to_owned(),
            utc_offset: Some(0),
            extensions: Vec::new(),
        },
        now: 1_700_000_000_000,
        seed: 1,
        extensions: Vec::new(),
    }
}
