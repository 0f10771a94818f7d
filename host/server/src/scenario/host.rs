//! A host for a scenario, which can crash and start again on what it left behind.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use pesto_engine::broker::Ports;
use pesto_engine::engine::{Engine, Loops, Settings};
use pesto_engine::failpoint::{Failpoints, Point, Rule};
use pesto_engine::memory::MemoryStore;
use pesto_engine::model::{FlowName, Inbound, Millis, Place};
use pesto_engine::policy::{Bounds, Grants};
use pesto_engine::ports::{Clock, Deploy, Store};
use pesto_engine::scripted::{ManualClock, RecordingMessenger, ScriptedLlm};
use pesto_engine::wasm::{Ready, Sandbox};

/// What survives a crash, and what is tested.
pub(super) struct Host {
    pub(super) store: Arc<MemoryStore>,
    pub(super) clock: Arc<ManualClock>,
    pub(super) llm: Arc<ScriptedLlm>,
    pub(super) messenger: Arc<RecordingMessenger>,
    sandbox: Arc<Sandbox>,
    bounds: Arc<Bounds>,
    flow: FlowName,
    /// Versions of the flow in the order in which they were deployed.
    versions: Vec<Arc<Ready>>,
    running: Running,
    /// How often it crashed.
    pub(super) crashes: u32,
}

struct Running {
    engine: Arc<Engine>,
    points: Arc<Failpoints>,
    _loops: Loops,
}

impl Host {
    /// Starts a host with one flow, which gets all the rights it asks for.
    pub(super) fn start(
        sandbox: &Arc<Sandbox>,
        bounds: &Arc<Bounds>,
        flow: &FlowName,
        ready: &Arc<Ready>,
        now: Millis,
        rules: Vec<Rule>,
    ) -> Self {
        let clock = Arc::new(ManualClock::new(now));
        let store = Arc::new(MemoryStore::new(clock.clone()));
        let (llm, messenger) = (Arc::<ScriptedLlm>::default(), Arc::<RecordingMessenger>::default());
        let ports =
            Ports { store: store.clone(), llm: llm.clone(), messenger: messenger.clone(), clock: clock.clone() };
        let versions = vec![ready.clone()];
        let running = boot(ports, sandbox, bounds, flow, &versions, rules);
        Self {
            store,
            clock,
            llm,
            messenger,
            sandbox: sandbox.clone(),
            bounds: bounds.clone(),
            flow: flow.clone(),
            versions,
            running,
            crashes: 0,
        }
    }

    /// Deploys another version.
    pub(super) async fn swap(&mut self, ready: &Arc<Ready>, bytes: &[u8]) -> Result<(), String> {
        let deployed = self.store.put_component(&self.flow, bytes, Deploy::Always).await;
        deployed.map_err(|error| error.to_string())?;
        self.running.engine.catalog.adopt(&self.flow, ready.clone());
        self.versions.push(ready.clone());
        Ok(())
    }

    /// How often each failpoint was hit.
    pub(super) fn hits(&self) -> BTreeMap<Point, u64> {
        self.running.points.hits()
    }

    /// Sends an event, again if the host crashes before it is acknowledged, and waits until all is done that
    /// follows from it.
    pub(super) async fn event(&mut self, inbound: Inbound) -> Result<(), String> {
        loop {
            let engine = self.running.engine.clone();
            let accepted = self.crashing(engine.accept(inbound.clone())).await;
            if let Some(accepted) = accepted {
                accepted.map_err(|error| error.to_string())?;
                return self.settled(&inbound.place).await;
            }
        }
    }

    /// Lets time pass, and waits until all is done that follows from it.
    pub(super) async fn wait(&mut self, place: &Place, wait: Duration) -> Result<(), String> {
        let end = self.clock.now() + u64::try_from(wait.as_millis()).map_err(|error| error.to_string())?;
        loop {
            // Timers go one after the other: what the first one leads to may stop the next.
            let due = self.store.fire_timers().await.map_err(|error| error.to_string())?;
            match due.filter(|due| *due <= end) {
                Some(due) => self.clock.advance_to(due),
                None => break,
            }
            self.store.fire_timers().await.map_err(|error| error.to_string())?;
            self.settled(place).await?;
        }
        self.clock.advance_to(end);
        self.settled(place).await
    }

    async fn settled(&mut self, place: &Place) -> Result<(), String> {
        loop {
            let engine = self.running.engine.clone();
            if let Some(settled) = self.crashing(engine.settled(place)).await {
                return settled.map_err(|error| error.to_string());
            }
        }
    }

    /// Does something that a crash may cut off: then the host is started again, and there is no result.
    async fn crashing<T>(&mut self, work: impl Future<Output = T>) -> Option<T> {
        let points = self.running.points.clone();
        tokio::select! {
            biased;
            () = points.crashed() => {}
            result = work => return Some(result),
        }
        self.crashes += 1;
        self.llm.crashed();
        self.store.reopen();
        let ports = Ports {
            store: self.store.clone(),
            llm: self.llm.clone(),
            messenger: self.messenger.clone(),
            clock: self.clock.clone(),
        };
        // The old loops end with the value they are replaced by.
        self.running = boot(ports, &self.sandbox, &self.bounds, &self.flow, &self.versions, Vec::new());
        None
    }
}

fn boot(
    ports: Ports,
    sandbox: &Arc<Sandbox>,
    bounds: &Arc<Bounds>,
    flow: &FlowName,
    versions: &[Arc<Ready>],
    rules: Vec<Rule>,
) -> Running {
    let points = Failpoints::new(rules);
    let asks = versions.iter().flat_map(|ready| ready.info.asks.clone()).collect();
    let grants = Grants([(flow.clone(), asks)].into());
    let ports = ports.with_failpoints(&points);
    let settings = Settings { bounds: Bounds::clone(bounds), grants, ..Settings::default() };
    let engine = Engine::with_sandbox(ports, settings, sandbox.clone());
    versions.iter().for_each(|ready| engine.catalog.adopt(flow, ready.clone()));
    let loops = engine.start();
    Running { engine, points, _loops: loops }
}
