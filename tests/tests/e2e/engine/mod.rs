//! The engine in this process, with its time moved by hand: what a test of the real host could only wait for.

mod alarm;
mod bounds;
mod dispatch;
mod intake;
mod lanes;
mod migrate;
mod outbox;
mod parking;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use pesto_engine::broker::Ports;
use pesto_engine::engine::{Engine, Loops, Settings};
use pesto_engine::failpoint::Failpoints;
use pesto_engine::memory::MemoryStore;
use pesto_engine::model::{Body, Conversation, DeadLetter, Digest, FlowName, Inbound, Message, Person, Place};
use pesto_engine::policy::{Access, Bounds, Grants, Right};
use pesto_engine::ports::{
    Accepted, After, CallError, Clock, Commit, Deploy, Entry, Llm, LlmCompletion, LlmRequest, Messenger, Store,
};
use pesto_engine::scripted::{CannedLlm, ManualClock, RecordingMessenger};
use pesto_engine::wasm::{Ready, Sandbox};
use pesto_tests::PATIENCE;
use tokio::sync::Semaphore;

/// When time begins, in milliseconds.
const BEGIN: u64 = 1_800_000_000_000;
/// The one flow.
pub(crate) const FLOW: &str = "flow";

/// A model that answers when it is told to.
pub(crate) struct HeldLlm {
    asked: Semaphore,
    go: Semaphore,
    /// Calls that were given up before they were answered.
    given_up: Arc<AtomicU64>,
}

impl HeldLlm {
    fn new() -> Self {
        Self { asked: Semaphore::new(0), go: Semaphore::new(0), given_up: Arc::default() }
    }

    /// Waits until it is asked.
    pub(crate) async fn asked(&self) {
        timely(self.asked.acquire()).await.unwrap().forget();
    }

    /// Answers so many calls.
    pub(crate) fn answer(&self, calls: usize) {
        self.go.add_permits(calls);
    }

    /// Waits until so many calls have ended without an answer.
    pub(crate) async fn gave_up(&self, calls: u64) {
        until("the end of a call", || (self.given_up() == calls).then_some(())).await;
    }

    /// How many calls have ended without an answer.
    pub(crate) fn given_up(&self) -> u64 {
        self.given_up.load(Ordering::SeqCst)
    }

    /// Calls that nobody has waited for yet.
    pub(crate) fn unheard(&self) -> usize {
        self.asked.available_permits()
    }
}

struct Pending(Arc<AtomicU64>);

impl Drop for Pending {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

#[async_trait]
impl Llm for HeldLlm {
    async fn complete(&self, request: LlmRequest) -> Result<LlmCompletion, CallError> {
        let pending = Pending(self.given_up.clone());
        self.asked.add_permits(1);
        self.go.acquire().await.unwrap().forget();
        std::mem::forget(pending);
        CannedLlm.complete(request).await
    }
}

/// What survives an engine, and an engine that may be replaced.
pub(crate) struct World {
    pub(crate) store: Arc<MemoryStore>,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) llm: Arc<HeldLlm>,
    pub(crate) messenger: Arc<RecordingMessenger>,
    pub(crate) ready: Arc<Ready>,
    /// Who may take part; takes effect with the next engine.
    pub(crate) access: Access,
    sandbox: Arc<Sandbox>,
    bounds: Arc<Bounds>,
    running: Option<(Arc<Engine>, Loops)>,
    said: u64,
    heard: usize,
}

impl World {
    /// A world with this one flow, which may do all that it asks for. Its engine runs.
    pub(crate) async fn new(component: Vec<u8>) -> Self {
        Self::with_instances(component, 8).await
    }

    /// The same, with room for so many instances. With one, each turn that waits leaves it.
    pub(crate) async fn with_instances(component: Vec<u8>, instances: usize) -> Self {
        // Held calls to a model end when the test says so, and nobody loses patience.
        Self::with_patience(component, instances, Duration::from_secs(3_600)).await
    }

    /// The same, with turns that may take so long.
    pub(crate) async fn with_patience(component: Vec<u8>, instances: usize, turn: Duration) -> Self {
        let long = Duration::from_secs(3_600);
        let bounds = Bounds { turns_in_flight: 8, instances, park_after: long, llm: long, turn, ..Bounds::default() };
        let bounds = Arc::new(bounds);
        let sandbox = Arc::new(Sandbox::new(bounds.clone()).unwrap());
        let ready = Arc::new(sandbox.load(component.clone()).await.unwrap());
        let clock = Arc::new(ManualClock::new(BEGIN));
        let store = Arc::new(MemoryStore::new(clock.clone()));
        store.put_component(&flow(), &component, Deploy::Always).await.unwrap();
        let mut world = Self {
            store,
            clock,
            llm: Arc::new(HeldLlm::new()),
            messenger: Arc::default(),
            ready,
            access: Access::default(),
            sandbox,
            bounds,
            running: None,
            said: 0,
            heard: 0,
        };
        world.start();
        world
    }

    /// Deploys another version, which the next turn finds; answers its digest.
    pub(crate) async fn deploy(&mut self, component: Vec<u8>) -> Digest {
        self.ready = Arc::new(self.sandbox.load(component.clone()).await.unwrap());
        self.store.put_component(&flow(), &component, Deploy::Always).await.unwrap();
        if let Some((engine, _)) = &self.running {
            engine.catalog.adopt(&flow(), self.ready.clone());
        }
        self.ready.digest.clone()
    }

    /// Starts an engine.
    pub(crate) fn start(&mut self) {
        self.start_with(self.messenger.clone());
    }

    /// The same, with another way to people.
    pub(crate) fn start_with(&mut self, messenger: Arc<dyn Messenger>) {
        let ports = self.ports(messenger);
        self.start_on(ports);
    }

    /// The same, with a failpoint.
    pub(crate) fn start_crashing(&mut self, rule: &str) -> Arc<Failpoints> {
        let points = Failpoints::new(vec![rule.parse().unwrap()]);
        let ports = self.ports(self.messenger.clone()).with_failpoints(&points);
        self.start_on(ports);
        points
    }

    fn ports(&self, messenger: Arc<dyn Messenger>) -> Ports {
        Ports { store: self.store.clone(), llm: self.llm.clone(), messenger, clock: self.clock.clone() }
    }

    fn start_on(&mut self, ports: Ports) {
        let grants = Grants([(flow(), [Right::Llm].into())].into());
        let settings = Settings {
            bounds: Bounds::clone(&self.bounds),
            grants,
            access: self.access.clone(),
            ..Settings::default()
        };
        let engine = Engine::with_sandbox(ports, settings, self.sandbox.clone());
        engine.catalog.adopt(&flow(), self.ready.clone());
        let loops = engine.start();
        self.running = Some((engine, loops));
    }

    /// Ends the engine as a crash does; what it had claimed is free at once.
    pub(crate) async fn crash(&mut self) {
        if let Some((_, loops)) = self.running.take() {
            loops.crash().await;
        }
        self.store.reopen();
    }

    pub(crate) fn engine(&self) -> &Arc<Engine> {
        &self.running.as_ref().unwrap().0
    }

    /// An event of the one person.
    pub(crate) fn inbound(&mut self, body: Body) -> Inbound {
        self.said += 1;
        let person = Person {
            id: "ann".into(),
            name: "Ann".into(),
            locale: String::new(),
            time_zone: String::new(),
            utc_offset: None,
            groups: Vec::new(),
        };
        Inbound {
            id: format!("e{}", self.said),
            place: place(),
            person,
            at: self.clock.now(),
            sent: None,
            manner: Default::default(),
            body,
        }
    }

    /// Something happens; what follows is not waited for.
    pub(crate) async fn happens(&mut self, body: Body) -> Accepted {
        let inbound = self.inbound(body);
        self.engine().accept(inbound).await.unwrap()
    }

    /// The person says something; what follows is not waited for.
    pub(crate) async fn say(&mut self, text: &str) {
        self.happens(Body::Said { text: text.to_owned(), files: vec![] }).await;
    }

    /// Begins a conversation.
    pub(crate) async fn begin(&mut self) {
        self.happens(Body::Start { flow: flow(), arguments: String::new() }).await;
        assert_eq!(self.settled().await, ["ready"]);
    }

    /// Waits until nothing more can happen without time passing; what the person heard since the last time.
    pub(crate) async fn settled(&mut self) -> Vec<String> {
        timely(self.engine().settled(&place())).await.unwrap();
        self.heard()
    }

    /// What the person heard since the last time.
    pub(crate) fn heard(&mut self) -> Vec<String> {
        let messages = self.messenger.messages();
        let new = messages.iter().skip(self.heard).map(|message| message.text.clone()).collect();
        self.heard = messages.len();
        new
    }

    /// Waits until so many messages were posted.
    pub(crate) async fn posted(&self, count: usize) -> Vec<Message> {
        until("a message", || Some(self.messenger.messages()).filter(|all| all.len() >= count)).await
    }

    /// Leaves the conversation like this, in a turn of its own while no engine runs.
    pub(crate) async fn commit(&mut self, conversation: Conversation) {
        let inbound = self.inbound(Body::Said { text: "aside".into(), files: vec![] });
        self.store.accept(inbound, Entry::Queue).await.unwrap();
        let claim = self.store.claim(1, Duration::from_secs(30)).await.unwrap().pop().unwrap();
        let commit = Commit { conversation: After::Open(Box::new(conversation)), ..Commit::default() };
        self.store.commit(&claim.fence, commit).await.unwrap();
    }

    pub(crate) async fn conversation(&self) -> Option<Conversation> {
        self.store.glance(&place()).await.unwrap().conversation
    }

    /// The dead letters.
    pub(crate) async fn dead(&self) -> Vec<DeadLetter> {
        self.store.dead(0, 100).await.unwrap().into_iter().map(|(_, letter)| letter).collect()
    }

    pub(crate) fn advance(&self, milliseconds: u64) {
        self.clock.advance(Duration::from_millis(milliseconds));
    }
}

pub(crate) fn flow() -> FlowName {
    FLOW.parse().unwrap()
}

pub(crate) fn place() -> Place {
    Place::direct("T1", "ann").unwrap()
}

/// Fails a test that would wait for ever.
pub(crate) async fn timely<T>(work: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, work).await.expect("in time")
}

/// Lets the engine work until there is an answer.
pub(crate) async fn until<T>(what: &str, mut answer: impl FnMut() -> Option<T>) -> T {
    let begun = std::time::Instant::now();
    loop {
        if let Some(answer) = answer() {
            return answer;
        }
        assert!(begun.elapsed() < PATIENCE, "not in time: {what}");
        tokio::task::yield_now().await;
    }
}
