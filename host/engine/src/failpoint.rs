//! Places where a crash can be made to happen: before and after each port's work. These wrappers stand between
//! the engine and its ports in scenario tests with crashes, and in a host that is started with `PESTO_FAILPOINT`.
//! A new port method does not compile until it has its place here.
//!
//! A crash is a port that never answers: the engine above it can do nothing more, as if it were gone. The test then
//! drops that engine and starts another one on the same state; a test of the real host kills its process.

use std::collections::BTreeMap;
use std::future::{Future, pending};
use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use rustix::process::{Signal, getpid, kill_process};
use tokio::sync::watch;

use crate::model::{
    Call, CallResult, Completion, DeadLetter, Digest, Doubt, Exchange, FlowName, Inbound, Message, Millis, Place,
};
use crate::ports::{
    Accepted, Backlog, CallError, Claim, Cleared, Commit, Copies, Deploy, Entry, Fence, Glance, Llm, LlmCompletion,
    LlmRequest, Messenger, OpenCount, PostError, Posted, Posting, Receipt, Seats, Store, StoreError, Underway,
};

/// A place to crash at, such as `store.commit:after`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Point {
    /// Port and method.
    pub method: &'static str,
    /// After the method's work; otherwise before it.
    pub after: bool,
}

impl std::fmt::Display for Point {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.method, if self.after { "after" } else { "before" })
    }
}

/// What happens at a point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// The point stops answering, from that hit on.
    Hang,
    /// All ports stop answering.
    Crash,
    /// The process is stopped as SIGSTOP does, at that hit alone; after SIGCONT it goes on, as if nothing had been.
    Stop,
}

/// What is to happen, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// A point, as [`Point`] is written.
    pub point: String,
    /// At which hit of the point, counted from 1.
    pub nth: u64,
    /// What happens then.
    pub action: Action,
}

impl FromStr for Rule {
    type Err = String;

    /// `POINT@N` hangs one point, `POINT@N!` all ports, and `POINT@N!stop` stops the process.
    fn from_str(text: &str) -> Result<Self, String> {
        let (point, nth) = text.split_once('@').ok_or_else(|| format!("`{text}` is not of the form POINT@N"))?;
        let (nth, action) = match nth.split_once('!') {
            None => (nth, Action::Hang),
            Some((nth, "")) => (nth, Action::Crash),
            Some((nth, "stop")) => (nth, Action::Stop),
            Some((_, other)) => return Err(format!("`{other}` in `{text}` is not `stop`")),
        };
        let nth = nth.parse().map_err(|_| format!("`{nth}` in `{text}` is not a number"))?;
        Ok(Self { point: point.to_owned(), nth, action })
    }
}

/// Counts hits and carries out rules.
#[derive(Debug)]
pub struct Failpoints {
    rules: Vec<Rule>,
    hits: Mutex<BTreeMap<Point, u64>>,
    crashed: watch::Sender<bool>,
    /// Port methods that are doing their work.
    working: watch::Sender<usize>,
}

/// A port method does its work as long as this lives.
struct Working<'a>(&'a watch::Sender<usize>);

impl Drop for Working<'_> {
    fn drop(&mut self) {
        self.0.send_modify(|count| *count -= 1);
    }
}

impl Failpoints {
    /// Failpoints with these rules, perhaps none.
    pub fn new(rules: Vec<Rule>) -> Arc<Self> {
        Arc::new(Self {
            rules,
            hits: Mutex::default(),
            crashed: watch::Sender::new(false),
            working: watch::Sender::new(0),
        })
    }

    /// How often each point was hit.
    pub fn hits(&self) -> BTreeMap<Point, u64> {
        self.hits.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether all ports stopped answering.
    pub fn has_crashed(&self) -> bool {
        *self.crashed.borrow()
    }

    /// Waits until all ports have stopped answering, and what they were doing at that moment is done: a dead host
    /// changes nothing any more.
    pub async fn crashed(&self) {
        // The senders live as long as we do.
        let _ = self.crashed.subscribe().wait_for(|crashed| *crashed).await;
        let _ = self.working.subscribe().wait_for(|count| *count == 0).await;
    }

    async fn hit(&self, method: &'static str, after: bool) {
        let point = Point { method, after };
        let count = {
            let mut hits = self.hits.lock().unwrap_or_else(PoisonError::into_inner);
            let count = hits.entry(point).or_default();
            *count += 1;
            *count
        };
        if self.has_crashed() {
            pending::<()>().await;
        }
        let name = point.to_string();
        let strikes = |rule: &&Rule| match rule.action {
            Action::Hang | Action::Crash => count >= rule.nth,
            Action::Stop => count == rule.nth,
        };
        let Some(rule) = self.rules.iter().filter(|rule| rule.point == name).find(strikes) else { return };
        tracing::warn!(point = name, hit = count, "failpoint reached");
        match rule.action {
            Action::Hang => {}
            Action::Crash => drop(self.crashed.send_replace(true)),
            Action::Stop => {
                if let Err(error) = kill_process(getpid(), Signal::STOP) {
                    tracing::error!(%error, "the process cannot stop itself");
                }
                return;
            }
        }
        pending().await
    }

    async fn around<T>(&self, method: &'static str, work: impl Future<Output = T>) -> T {
        self.hit(method, false).await;
        self.working.send_modify(|count| *count += 1);
        let working = Working(&self.working);
        // Whoever waits for the crash either sees the count, or was seen here.
        if self.has_crashed() {
            drop(working);
            return pending().await;
        }
        let result = work.await;
        drop(working);
        self.hit(method, true).await;
        result
    }
}

/// A port with failpoints around each of its methods.
pub struct WithFailpoints<P> {
    port: P,
    points: Arc<Failpoints>,
}

impl<P> WithFailpoints<P> {
    /// Wraps a port.
    pub fn new(port: P, points: Arc<Failpoints>) -> Self {
        Self { port, points }
    }
}

#[async_trait]
impl Store for WithFailpoints<Arc<dyn Store>> {
    async fn accept(&self, inbound: Inbound, entry: Entry) -> Result<Accepted, StoreError> {
        self.points.around("store.accept", self.port.accept(inbound, entry)).await
    }

    async fn claim(&self, most: usize, lease: Duration) -> Result<Vec<Claim>, StoreError> {
        self.points.around("store.claim", self.port.claim(most, lease)).await
    }

    async fn renew(&self, fences: &[Fence], lease: Duration) -> Result<Vec<Fence>, StoreError> {
        self.points.around("store.renew", self.port.renew(fences, lease)).await
    }

    async fn journal_intent(&self, fence: &Fence, call: &Call, pin: &str) -> Result<(), StoreError> {
        self.points.around("store.journal_intent", self.port.journal_intent(fence, call, pin)).await
    }

    async fn journal_result(&self, fence: &Fence, number: u32, result: &CallResult) -> Result<(), StoreError> {
        self.points.around("store.journal_result", self.port.journal_result(fence, number, result)).await
    }

    async fn doubt(&self, fence: &Fence, doubt: &Doubt) -> Result<(), StoreError> {
        self.points.around("store.doubt", self.port.doubt(fence, doubt)).await
    }

    async fn commit(&self, fence: &Fence, commit: Commit) -> Result<(), StoreError> {
        self.points.around("store.commit", self.port.commit(fence, commit)).await
    }

    async fn retry(&self, fence: &Fence, not_before: Millis) -> Result<(), StoreError> {
        self.points.around("store.retry", self.port.retry(fence, not_before)).await
    }

    async fn hand_back(&self, fence: &Fence) -> Result<(), StoreError> {
        self.points.around("store.hand_back", self.port.hand_back(fence)).await
    }

    async fn inbox_changed(&self) {
        // A wait does no work that a crash could cut in two.
        self.port.inbox_changed().await;
    }

    async fn history(&self, place: &Place, generation: u64, most: usize) -> Result<Vec<Exchange>, StoreError> {
        self.points.around("store.history", self.port.history(place, generation, most)).await
    }

    async fn fire_timers(&self) -> Result<Option<Millis>, StoreError> {
        self.points.around("store.fire_timers", self.port.fire_timers()).await
    }

    async fn timers_changed(&self) {
        // As for `inbox_changed`.
        self.port.timers_changed().await;
    }

    async fn outbox_claim(&self, most: usize, lease: Duration) -> Result<Vec<Posting>, StoreError> {
        self.points.around("store.outbox_claim", self.port.outbox_claim(most, lease)).await
    }

    async fn outbox_renew(&self, posting: &Posting, lease: Duration) -> Result<(), StoreError> {
        self.points.around("store.outbox_renew", self.port.outbox_renew(posting, lease)).await
    }

    async fn outbox_sent(
        &self,
        posting: &Posting,
        receipt: Option<&Receipt>,
        look: Option<Millis>,
    ) -> Result<(), StoreError> {
        self.points.around("store.outbox_sent", self.port.outbox_sent(posting, receipt, look)).await
    }

    async fn outbox_look(&self, message: &Message) -> Result<(), StoreError> {
        self.points.around("store.outbox_look", self.port.outbox_look(message)).await
    }

    async fn outbox_later(&self, posting: &Posting, due: Millis, in_doubt: bool) -> Result<(), StoreError> {
        self.points.around("store.outbox_later", self.port.outbox_later(posting, due, in_doubt)).await
    }

    async fn outbox_never(&self, posting: &Posting, reason: &str) -> Result<(), StoreError> {
        self.points.around("store.outbox_never", self.port.outbox_never(posting, reason)).await
    }

    async fn outbox_wake(&self, place: &Place) -> Result<(), StoreError> {
        self.points.around("store.outbox_wake", self.port.outbox_wake(place)).await
    }

    async fn outbox_changed(&self) {
        // As for `inbox_changed`.
        self.port.outbox_changed().await;
    }

    async fn inbox_due(&self) -> Result<Option<Millis>, StoreError> {
        self.points.around("store.inbox_due", self.port.inbox_due()).await
    }

    async fn outbox_due(&self) -> Result<Option<Millis>, StoreError> {
        self.points.around("store.outbox_due", self.port.outbox_due()).await
    }

    async fn put_component(&self, flow: &FlowName, bytes: &[u8], deploy: Deploy) -> Result<Option<Digest>, StoreError> {
        self.points.around("store.put_component", self.port.put_component(flow, bytes, deploy)).await
    }

    async fn component(&self, digest: &Digest) -> Result<Option<Vec<u8>>, StoreError> {
        self.points.around("store.component", self.port.component(digest)).await
    }

    async fn current(&self) -> Result<Vec<(FlowName, Digest)>, StoreError> {
        self.points.around("store.current", self.port.current()).await
    }

    async fn drop_current(&self, flow: &FlowName) -> Result<(), StoreError> {
        self.points.around("store.drop_current", self.port.drop_current(flow)).await
    }

    async fn components_changed(&self) {
        // As for `inbox_changed`.
        self.port.components_changed().await;
    }

    async fn glance(&self, place: &Place) -> Result<Glance, StoreError> {
        self.points.around("store.glance", self.port.glance(place)).await
    }

    async fn underway(&self, place: &Place) -> Result<Option<Underway>, StoreError> {
        self.points.around("store.underway", self.port.underway(place)).await
    }

    async fn conversations(&self, after: Option<&Place>, most: usize) -> Result<Vec<(Place, Glance)>, StoreError> {
        self.points.around("store.conversations", self.port.conversations(after, most)).await
    }

    async fn clear(&self, place: &Place) -> Result<Cleared, StoreError> {
        self.points.around("store.clear", self.port.clear(place)).await
    }

    async fn backlog(&self) -> Result<Backlog, StoreError> {
        self.points.around("store.backlog", self.port.backlog()).await
    }

    async fn open_conversations(&self) -> Result<Vec<OpenCount>, StoreError> {
        self.points.around("store.open_conversations", self.port.open_conversations()).await
    }

    async fn completions(
        &self,
        flow: &FlowName,
        after: u64,
        most: usize,
    ) -> Result<Vec<(u64, Completion)>, StoreError> {
        self.points.around("store.completions", self.port.completions(flow, after, most)).await
    }

    async fn completed_flows(&self) -> Result<Vec<FlowName>, StoreError> {
        self.points.around("store.completed_flows", self.port.completed_flows()).await
    }

    async fn completion_drop(&self, flow: &FlowName, position: u64) -> Result<bool, StoreError> {
        self.points.around("store.completion_drop", self.port.completion_drop(flow, position)).await
    }

    async fn dead(&self, after: u64, most: usize) -> Result<Vec<(u64, DeadLetter)>, StoreError> {
        self.points.around("store.dead", self.port.dead(after, most)).await
    }

    async fn dead_retry(&self, id: u64) -> Result<bool, StoreError> {
        self.points.around("store.dead_retry", self.port.dead_retry(id)).await
    }

    async fn dead_drop(&self, id: u64) -> Result<bool, StoreError> {
        self.points.around("store.dead_drop", self.port.dead_drop(id)).await
    }

    async fn doubts(&self, after: u64, most: usize) -> Result<Vec<(u64, Doubt)>, StoreError> {
        self.points.around("store.doubts", self.port.doubts(after, most)).await
    }

    async fn doubt_drop(&self, position: u64) -> Result<bool, StoreError> {
        self.points.around("store.doubt_drop", self.port.doubt_drop(position)).await
    }

    async fn seats(&self, seats: Seats, lease: Duration) -> Result<usize, StoreError> {
        self.points.around("store.seats", self.port.seats(seats, lease)).await
    }

    async fn sweep(&self, offered: &[Digest]) -> Result<(), StoreError> {
        self.points.around("store.sweep", self.port.sweep(offered)).await
    }
}

#[async_trait]
impl Llm for WithFailpoints<Arc<dyn Llm>> {
    async fn complete(&self, request: LlmRequest) -> Result<LlmCompletion, CallError> {
        self.points.around("llm.complete", self.port.complete(request)).await
    }
}

#[async_trait]
impl Messenger for WithFailpoints<Arc<dyn Messenger>> {
    async fn post(&self, message: &Message) -> Result<Option<Receipt>, PostError> {
        self.points.around("messenger.post", self.port.post(message)).await
    }

    async fn posted(&self, message: &Message) -> Result<Option<Receipt>, PostError> {
        self.points.around("messenger.posted", self.port.posted(message)).await
    }

    async fn remove_copies(&self, message: &Message, kept: Option<&Receipt>) -> Result<Copies, PostError> {
        self.points.around("messenger.remove_copies", self.port.remove_copies(message, kept)).await
    }

    async fn close(&self, posted: &Posted, chosen: &str) -> Result<(), PostError> {
        self.points.around("messenger.close", self.port.close(posted, chosen)).await
    }

    fn progress(&self, place: &Place, text: &str) {
        // Nothing durable hangs on it, and it cannot be waited for.
        self.port.progress(place, text);
    }
}

impl crate::broker::Ports {
    /// These ports with failpoints around them. Time cannot crash.
    pub fn with_failpoints(self, points: &Arc<Failpoints>) -> Self {
        Self {
            store: Arc::new(WithFailpoints::new(self.store, points.clone())),
            llm: Arc::new(WithFailpoints::new(self.llm, points.clone())),
            messenger: Arc::new(WithFailpoints::new(self.messenger, points.clone())),
            clock: self.clock,
        }
    }
}
