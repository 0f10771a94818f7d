//! A host for a scenario, which can crash and start again on what it left behind.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use pesto_engine::broker::Ports;
use pesto_engine::engine::{Engine, Loops, Settings};
use pesto_engine::failpoint::{Failpoints, Point, Rule};
use pesto_engine::flow_log::FlowLog;
use pesto_engine::life::{Expiries, Expiry};
use pesto_engine::model::{FlowName, Inbound, Millis, Place};
use pesto_engine::policy::{Bounds, Grants};
use pesto_engine::ports::{Clock, Deploy, Store, StoreError};
use pesto_engine::scripted::{ManualClock, RecordingMessenger, ScriptedLlm};
use pesto_engine::wasm::{Ready, Sandbox};

use super::store::{Kept, StoreKind};

/// What a host is started with, each time.
pub(super) struct Parts {
    pub(super) sandbox: Arc<Sandbox>,
    pub(super) bounds: Arc<Bounds>,
    pub(super) flow: FlowName,
    /// Versions of the flow in the order in which they were deployed.
    pub(super) versions: Vec<Arc<Ready>>,
    /// How long a conversation may be silent.
    pub(super) expiry: Option<Expiry>,
    /// Hears what the flow logs.
    pub(super) log: FlowLog,
}

/// What survives a crash, and what is tested.
pub(super) struct Host {
    pub(super) clock: Arc<ManualClock>,
    pub(super) llm: Arc<ScriptedLlm>,
    pub(super) messenger: Arc<RecordingMessenger>,
    kept: Kept,
    parts: Parts,
    running: Running,
    /// How often it crashed.
    pub(super) crashes: u32,
    /// What went wrong in this step of the scenario, before a crash.
    done: Vec<Rule>,
}

struct Running {
    engine: Arc<Engine>,
    points: Arc<Failpoints>,
    _loops: Loops,
}

impl Host {
    /// Starts a host with one flow, which gets all the rights it asks for. The rules are for the first step.
    pub(super) async fn start(parts: Parts, kind: &StoreKind, now: Millis, rules: Vec<Rule>) -> anyhow::Result<Self> {
        let clock = Arc::new(ManualClock::new(now));
        let points = Failpoints::new(rules);
        let kept = Kept::fresh(kind, &clock, &points).await?;
        let (llm, messenger) = (Arc::<ScriptedLlm>::default(), Arc::<RecordingMessenger>::default());
        let ports = Ports { store: kept.store(), llm: llm.clone(), messenger: messenger.clone(), clock: clock.clone() };
        let running = parts.boot(ports, points);
        Ok(Self { clock, llm, messenger, kept, parts, running, crashes: 0, done: Vec::new() })
    }

    /// Deploys another version, again if the host crashes over it.
    pub(super) async fn swap(&mut self, ready: &Arc<Ready>, bytes: &[u8]) -> Result<(), String> {
        let flow = self.parts.flow.clone();
        self.ask(async |store| store.put_component(&flow, bytes, Deploy::Always).await).await?;
        self.running.engine.catalog.adopt(&flow, ready.clone());
        self.parts.versions.push(ready.clone());
        Ok(())
    }

    /// Ends a step of the scenario; answers how often each point was hit in it, and what went wrong. The rules are for
    /// the next step.
    pub(super) fn next_step(&mut self, rules: Vec<Rule>) -> (BTreeMap<Point, u64>, Vec<Rule>) {
        let mut book = self.running.points.arm(rules);
        let mut done = std::mem::take(&mut self.done);
        done.append(&mut book.done);
        (book.hits, done)
    }

    /// Sends an event, again if the host crashes before it is acknowledged, and waits until all is done that
    /// follows from it.
    pub(super) async fn event(&mut self, inbound: Inbound) -> Result<(), String> {
        loop {
            let engine = self.running.engine.clone();
            let accepted = self.crashing(engine.accept(inbound.clone())).await?;
            if let Some(accepted) = accepted {
                accepted.map_err(|error| error.to_string())?;
                return self.settled(&inbound.place).await;
            }
        }
    }

    /// Lets time pass, and waits until all is done that follows from it.
    pub(super) async fn wait(&mut self, places: &[Place], wait: Duration) -> Result<(), String> {
        let end = self.clock.now() + u64::try_from(wait.as_millis()).map_err(|error| error.to_string())?;
        loop {
            // Timers go one after the other: what the first one leads to may stop the next.
            let due = self.ask(async |store| store.fire_timers().await).await?;
            match due.filter(|due| *due <= end) {
                Some(due) => self.clock.advance_to(due),
                None => break,
            }
            self.ask(async |store| store.fire_timers().await).await?;
            self.all_settled(places).await?;
        }
        self.clock.advance_to(end);
        self.all_settled(places).await
    }

    async fn all_settled(&mut self, places: &[Place]) -> Result<(), String> {
        for place in places {
            self.settled(place).await?;
        }
        Ok(())
    }

    /// Asks the store as the host does, and once more if the host crashes over it.
    pub(super) async fn ask<T>(
        &mut self,
        question: impl AsyncFn(&dyn Store) -> Result<T, StoreError>,
    ) -> Result<T, String> {
        loop {
            let store = self.running.engine.ports().store.clone();
            if let Some(answer) = self.crashing(question(&*store)).await? {
                return answer.map_err(|error| error.to_string());
            }
        }
    }

    async fn settled(&mut self, place: &Place) -> Result<(), String> {
        loop {
            let engine = self.running.engine.clone();
            if let Some(settled) = self.crashing(engine.settled(place)).await? {
                return settled.map_err(|error| error.to_string());
            }
        }
    }

    /// Does something that a crash may cut off: then the host is started again, and there is no result.
    async fn crashing<T>(&mut self, work: impl Future<Output = T>) -> Result<Option<T>, String> {
        let points = self.running.points.clone();
        tokio::select! {
            biased;
            () = points.crashed() => {}
            result = work => return Ok(Some(result)),
        }
        self.crashes += 1;
        // It may have crashed at the end of a step, and is found dead in the next.
        let mut book = self.running.points.arm(Vec::new());
        let hits = |method, after| book.hits.get(&Point { method, after }).copied().unwrap_or_default();
        if hits("llm.complete", false) > hits("store.journal_result", true) {
            self.llm.crashed();
        }
        self.done.append(&mut book.done);
        let points = Failpoints::new(book.rules);
        let crash = self.kept.crash(&self.clock, &points).await;
        crash.map_err(|error| format!("the host cannot be started again: {error:#}"))?;
        let ports = Ports {
            store: self.kept.store(),
            llm: self.llm.clone(),
            messenger: self.messenger.clone(),
            clock: self.clock.clone(),
        };
        // The old loops end with the value they are replaced by.
        self.running = self.parts.boot(ports, points);
        Ok(None)
    }
}

impl Parts {
    fn boot(&self, ports: Ports, points: Arc<Failpoints>) -> Running {
        let asks = self.versions.iter().flat_map(|ready| ready.info.asks.clone()).collect();
        let grants = Grants([(self.flow.clone(), asks)].into());
        let ports = ports.with_failpoints(&points);
        let expiries = Expiries { default: self.expiry, ..Expiries::default() };
        let flow_log = Some(self.log.clone());
        let settings =
            Settings { bounds: Bounds::clone(&self.bounds), grants, expiries, flow_log, ..Settings::default() };
        let engine = Engine::with_sandbox(ports, settings, self.sandbox.clone());
        self.versions.iter().for_each(|ready| engine.catalog.adopt(&self.flow, ready.clone()));
        let loops = engine.start();
        Running { engine, points, _loops: loops }
    }
}
