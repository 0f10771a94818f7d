//! An engine on one of the stores, with a model that answers at once or when it is told to; as a rule nobody listens.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use pesto_engine::broker::Ports;
use pesto_engine::clock::SystemClock;
use pesto_engine::engine::{Engine, Loops, Settings};
use pesto_engine::model::{Digest, FlowName, Message, Place};
use pesto_engine::policy::{Bounds, Grants, Right};
use pesto_engine::ports::{
    CallError, Clock, Copies, Deploy, Llm, LlmCompletion, LlmRequest, Messenger, PostError, Posted, Receipt, Store,
};
use pesto_server::config::Secret;
use pesto_server::redis::{Options, RedisStore};
use pesto_server::store::EmbeddedStore;
use redis_rig::server::Server;
use tempfile::TempDir;
use tokio::sync::watch;

use super::samples::{place, said};

/// Of a call and of its turn: all of them wait until the last one does.
const ENDLESS: Duration = Duration::from_secs(3_600);

/// Which store is measured.
#[derive(Debug, Clone, Copy)]
pub(crate) enum On {
    /// A file in a folder.
    Embedded,
    /// A Redis of the rig's own on a local socket. It is set up as the README tells operators: each answer comes after
    /// a sync, for with less than `appendfsync always` what was acknowledged can be lost.
    Redis,
}

/// What a store is on. It is gone with this.
enum Ground {
    Folder(TempDir),
    Server(Server),
}

/// What is measured with. It goes with its folder.
pub(crate) struct Rig {
    pub(crate) engine: Arc<Engine>,
    model: Arc<Model>,
    _loops: Loops,
    ground: Ground,
    numbers: AtomicUsize,
}

impl Rig {
    /// An engine with an empty store and this flow. Call it on the runtime that is to do input and output.
    pub(crate) async fn new(on: On, component: &[u8]) -> anyhow::Result<Self> {
        Self::with_messenger(on, component, Arc::new(Nobody)).await
    }

    /// The same with somebody who listens.
    pub(crate) async fn with_messenger(
        on: On,
        component: &[u8],
        messenger: Arc<dyn Messenger>,
    ) -> anyhow::Result<Self> {
        let clock = Arc::new(SystemClock);
        let (ground, store) = open(on, clock.clone()).await?;
        let model = Arc::new(Model(watch::Sender::new(true)));
        let ports = Ports { store, llm: model.clone(), messenger, clock };
        let flow: FlowName = "bench-flow".parse()?;
        let (llm, turn) = (ENDLESS, ENDLESS);
        let settings = Settings {
            bounds: Bounds { host_calls: 100_000, turns_in_flight: 200_000, llm, turn, ..Bounds::default() },
            grants: Grants([(flow.clone(), [Right::Llm].into())].into()),
            default_flow: Some(flow.clone()),
            ..Settings::default()
        };
        let engine = Engine::new(ports, settings).map_err(super::wasm)?;
        engine.catalog.offer(&flow, Digest::of(component), component.to_vec(), Deploy::Always).await?;
        engine.catalog.follow().await?;
        let loops = engine.start();
        Ok(Self { engine, model, _loops: loops, ground, numbers: AtomicUsize::new(1) })
    }

    /// The Redis that the store is in.
    pub(crate) fn server(&self) -> anyhow::Result<&Server> {
        match &self.ground {
            Ground::Server(server) => Ok(server),
            Ground::Folder(folder) => anyhow::bail!("there is no Redis in {}", folder.path().display()),
        }
    }

    /// A person says something; it is stored when this returns.
    pub(crate) async fn say(&self, person: usize, number: usize, text: &str) -> anyhow::Result<()> {
        self.engine.accept(said(person, number, text)?).await?;
        Ok(())
    }

    /// A number that no text has had.
    pub(crate) fn number(&self) -> usize {
        self.numbers.fetch_add(1, Ordering::Relaxed)
    }

    /// Begins a conversation with each of so many people, and waits until all have been answered.
    pub(crate) async fn begin(&self, people: usize) -> anyhow::Result<()> {
        for person in 0..people {
            self.say(person, 0, "hello").await?;
        }
        self.settle(people).await
    }

    /// Waits until none of so many people has anything to come.
    pub(crate) async fn settle(&self, people: usize) -> anyhow::Result<()> {
        for person in 0..people {
            self.engine.settled(&place(person)?).await?;
        }
        Ok(())
    }

    /// Waits until so many turns have been committed.
    pub(crate) async fn committed(&self, turns: u64) {
        // The engine that counts lives as long as we do.
        let _ = self.engine.gauges().commits().wait_for(|committed| *committed >= turns).await;
    }

    /// From now on the model answers at once, or not at all.
    pub(crate) fn model_answers(&self, answers: bool) {
        self.model.0.send_replace(answers);
    }
}

/// An empty store, and what it is on.
async fn open(on: On, clock: Arc<dyn Clock>) -> anyhow::Result<(Ground, Arc<dyn Store>)> {
    match on {
        On::Embedded => {
            let folder = tempfile::tempdir_in(super::scratch())?;
            let store = Arc::new(EmbeddedStore::open(folder.path(), clock)?);
            Ok((Ground::Folder(folder), store))
        }
        On::Redis => {
            let server = Server::start_in(&super::scratch());
            let (store, warnings) = RedisStore::connect(Options::new(Secret::new(server.url()).into()), clock).await?;
            anyhow::ensure!(warnings.is_empty(), "Redis is not set up as operators are told: {warnings:?}");
            Ok((Ground::Server(server), Arc::new(store)))
        }
    }
}

/// Answers while it holds `true`.
struct Model(watch::Sender<bool>);

#[async_trait]
impl Llm for Model {
    async fn complete(&self, request: LlmRequest) -> Result<LlmCompletion, CallError> {
        if !*self.0.borrow() {
            // The sender lives as long as we do.
            let _ = self.0.subscribe().wait_for(|answers| *answers).await;
        }
        let asked = request.messages.first().map_or(0, |(_, text)| text.len());
        Ok(LlmCompletion {
            text: format!("You asked {asked} bytes, and this is what there is to say of them."),
            model: "bench".to_owned(),
            cut: false,
            prompt_tokens: 10,
            completion_tokens: 10,
        })
    }
}

/// Takes every message at once.
struct Nobody;

#[async_trait]
impl Messenger for Nobody {
    async fn post(&self, _message: &Message) -> Result<Option<Receipt>, PostError> {
        Ok(None)
    }

    async fn posted(&self, _message: &Message) -> Result<Option<Receipt>, PostError> {
        Ok(None)
    }

    async fn remove_copies(&self, _message: &Message, _kept: Option<&Receipt>) -> Result<Copies, PostError> {
        Ok(Copies::default())
    }

    async fn close(&self, _posted: &Posted, _chosen: &str) -> Result<(), PostError> {
        Ok(())
    }

    fn progress(&self, _place: &Place, _text: &str) {}
}

/// The CPU time of this process so far, over all its threads.
pub(crate) fn cpu() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    // Neither is negative: it counts from the start of the process.
    Duration::new(time.tv_sec.try_into().unwrap_or(0), time.tv_nsec.try_into().unwrap_or(0))
}

/// The median, in microseconds.
pub(crate) fn median_us(mut times: Vec<Duration>) -> f64 {
    times.sort_unstable();
    times.get(times.len() / 2).map_or(f64::NAN, |time| time.as_secs_f64() * 1e6)
}

/// In milliseconds.
pub(crate) fn percentile(mut times: Vec<Duration>, percent: usize) -> Option<f64> {
    times.sort_unstable();
    let at = (times.len() * percent / 100).min(times.len().checked_sub(1)?);
    times.get(at).map(|time| time.as_secs_f64() * 1e3)
}
