//! A store in Redis, for several hosts.
//!
//! All that belongs to a place lies in one *shard*: a hash of the place modulo a number that is fixed when the store is
//! made. A shard's keys have one hash tag and so one slot of a cluster, and each step is one script on one shard
//! (`lua/`; `head.lua` is common to all). Where the server is, its sentinels may say, and connections follow it
//! (`primary.rs`); whether it is a node of a cluster, it says itself. What looks at all places asks all shards and merges;
//! only components have a slot of their own. A script that is sent again after its answer was lost has the same
//! *operation*, and the shard remembers enough of the last operations to do each once: at the event id, the claim, the end
//! of a claim, the message.
//!
//! Keys of the shard `pesto:{s3}:`, where PLACE, ID, FLOW, DIGEST are what they say:
//!
//! | key | what |
//! |---|---|
//! | `taker:INDEX:HOST` | the operation with which a host took last of `line` or `due`, for a minute |
//! | `told:WHAT:HOST` | a host told the others of such a change a moment ago; for 100 ms |
//! | `tick` | the latest tick: the server's microseconds, never the same twice; orders what has the same time |
//! | `seen:ID` | time, operation and answer of an accepted event; expires after a day |
//! | `place:PLACE` | hash: epoch, last number, generation, attempt, current event, pin, who claimed, who ended it, who settled a message |
//! | `ready` | tick and place, by the time from which it can be claimed: a hold, a backoff or a lease ends |
//! | `line` | the same, by rank, where a claim found that it can be claimed and that there is no room for all |
//! | `shares` | hash: by patience and person the last member that came into `line`; gone when that is empty |
//! | `claimed` | places by the end of their lease |
//! | `inbox:PLACE`, `event:PLACE` | positions in order, and what stands there |
//! | `journal:PLACE` | hash: intent and result of each call of the current event |
//! | `talk:PLACE`, `history:PLACE`, `timer:PLACE` | the open conversation, its exchanges, its timers |
//! | `talks` | places with an open conversation |
//! | `timers` | place and timer, by due time |
//! | `outbox:PLACE`, `message:ID` | unsent messages in order; each as a hash, sent ones too while copies are looked for |
//! | `due`, `near`, `due:HOST` | rank, number and id of the messages that have a time, by it: of hosts that reach more than terminals, of all, and of one |
//! | `home` | hash: the host at which somebody waits for the messages of a place |
//! | `closings:ID`, `closers:PLACE` | unsent messages that close another one |
//! | `posted`, `posted:ID` | messages with their receipts, and since when |
//! | `completed:flows` | flows that have completions |
//! | `completed`, `completions:FLOW`, `completion:FLOW` | conversations that completed; positions, and what stands there |
//! | `dead`, `dead:letters`, `dead:taken:ID` | the same for dead letters; who took one away, for a minute |
//! | `doubts`, `doubt`, `doubted`, `doubted:ID` | positions of calls in doubt, what stands there, since when; expires after a month |
//! | `versions`, `holders`, `let_go` | open conversations by version and by digest; when one last let go of a digest |
//! | `counts` | events and messages |
//!
//! `pesto:{components}:` has `current`, `deployed:FLOW` (what was current, by tick), `held` and `bytes:DIGEST`; `pesto:{hosts}:` has `seats`; `pesto:{meta}` the schema and the number of shards.
//! Sets by time are sorted sets; where all scores are 0, their members are in order as text.
//!
//! What crosses shards is true soon, not at once:
//!
//! - Claims and messages come in the order of their time over all shards, as they were when each was asked. Each shard
//!   ranks by itself: a person with places in several has a share in each.
//! - A position of a completion or a dead letter is a tick and a shard. A page shows only what is older than the
//!   earliest answer of a shard, so nothing ever appears before what a reader has seen; on a cluster, what is new shows
//!   after as long as the nodes' clocks differ.
//! - A component is dropped after all shards were asked, a day after anything had to do with it. What a host offers
//!   counts as held, for it may begin conversations on it.
//!
//! A replica that takes over may lack the last steps: their events and answers are lost. A turn of a claim that it lacks
//! cannot commit in place of a later one, for epochs are times.
//!
//! Redis' clock is the store's: leases and due times go by it, and times from a host are taken as distances from its now.

mod address;
mod commit;
mod components;
mod connect;
mod error;
mod inbox;
mod index;
mod keys;
mod link;
mod look;
mod outbox;
mod places;
mod primary;
mod records;
mod reply;
mod scratch;
mod script;
mod seats;
mod sentinel;
mod settings;
mod steps;
mod succession;
mod timers;
mod turn;
mod upgrade;
mod wake;

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use async_trait::async_trait;
use pesto_engine::model::{
    Call, CallResult, Completion, DeadLetter, Digest, Doubt, Exchange, FlowName, Inbound, Message, Millis, Place,
};
use pesto_engine::ports::{
    Accepted, Backlog, Claim, Cleared, Clock, Commit, Deploy, Entry, Fence, Glance, OpenCount, Posting, Receipt, Seats,
    Store, StoreError, Underway,
};
use tokio::task::JoinSet;

pub use self::connect::{ConnectError, Options};
pub use self::scratch::Scratch;

use self::keys::{Keys, LATEST};
use self::link::Link;
use self::wake::Wakes;

/// Whose clock a store goes by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimeSource {
    /// The server's, which all hosts share.
    Server,
    /// The host's: for tests that move it.
    Host,
}

/// A store in Redis.
pub struct RedisStore {
    link: Arc<Link>,
    keys: Keys,
    clock: Arc<dyn Clock>,
    time: TimeSource,
    /// A fresh name for each start, by which a host knows its own wakes, and its successor what it had claimed.
    host: String,
    operations: AtomicU64,
    channel: String,
    wakes: Arc<Wakes>,
    /// What goes on beside the steps; it ends with the store.
    _tasks: JoinSet<()>,
}

impl RedisStore {
    /// A time of the engine's as a distance from now, for the store's clock is another one.
    fn distance(&self, at: Millis) -> i64 {
        const FAR: i64 = 1 << 52;
        let now = i64::try_from(time(self.clock.now())).unwrap_or(FAR);
        i64::try_from(time(at)).unwrap_or(FAR).saturating_sub(now).clamp(-FAR, FAR)
    }

    /// A time of the store's, by the engine's clock.
    fn here(&self, at: Millis, store_now: Millis) -> Millis {
        match self.time {
            TimeSource::Server => (self.clock.now().saturating_add(at)).saturating_sub(store_now),
            // It is one clock, and a test may have moved it by a day while the step was under way.
            TimeSource::Host => at,
        }
    }
}

/// A time as an index can hold it.
fn time(at: Millis) -> Millis {
    at.min(LATEST)
}

/// A lease as an index can hold its end.
fn length(lease: Duration) -> u64 {
    u64::try_from(lease.as_millis()).unwrap_or(u64::MAX).min(1 << 52)
}

#[async_trait]
impl Store for RedisStore {
    async fn accept(&self, inbound: Inbound, entry: Entry) -> Result<Accepted, StoreError> {
        inbox::accept(self, inbound, entry).await
    }

    async fn claim(&self, most: usize, lease: Duration) -> Result<Vec<Claim>, StoreError> {
        turn::claim(self, most, lease).await
    }

    async fn renew(&self, fences: &[Fence], lease: Duration) -> Result<Vec<Fence>, StoreError> {
        turn::renew(self, fences, lease).await
    }

    async fn journal_intent(&self, fence: &Fence, call: &Call, pin: &str) -> Result<(), StoreError> {
        turn::intent(self, fence, call, pin).await
    }

    async fn journal_result(&self, fence: &Fence, number: u32, result: &CallResult) -> Result<(), StoreError> {
        turn::result(self, fence, number, result).await
    }

    async fn doubt(&self, fence: &Fence, doubt: &Doubt) -> Result<(), StoreError> {
        records::doubt(self, fence, doubt).await
    }

    async fn commit(&self, fence: &Fence, commit: Commit) -> Result<(), StoreError> {
        commit::commit(self, fence, commit).await
    }

    async fn retry(&self, fence: &Fence, not_before: Millis) -> Result<(), StoreError> {
        turn::let_go(self, fence, self.distance(not_before), true).await
    }

    async fn hand_back(&self, fence: &Fence) -> Result<(), StoreError> {
        turn::let_go(self, fence, 0, false).await
    }

    async fn inbox_changed(&self) {
        wake::changed(&self.wakes.ready).await;
    }

    async fn history(&self, place: &Place, generation: u64, most: usize) -> Result<Vec<Exchange>, StoreError> {
        records::history(self, place, generation, most).await
    }

    async fn fire_timers(&self) -> Result<Option<Millis>, StoreError> {
        timers::fire(self).await
    }

    async fn timers_changed(&self) {
        wake::changed(&self.wakes.timers).await;
    }

    async fn outbox_claim(&self, most: usize, lease: Duration) -> Result<Vec<Posting>, StoreError> {
        outbox::claim(self, most, lease).await
    }

    async fn outbox_renew(&self, posting: &Posting, lease: Duration) -> Result<(), StoreError> {
        outbox::renew(self, posting, lease).await
    }

    async fn outbox_sent(
        &self,
        posting: &Posting,
        receipt: Option<&Receipt>,
        look: Option<Millis>,
    ) -> Result<(), StoreError> {
        outbox::sent(self, posting, receipt, look).await
    }

    async fn outbox_look(&self, message: &Message, due: Millis) -> Result<(), StoreError> {
        outbox::look(self, message, due).await
    }

    async fn outbox_later(&self, posting: &Posting, due: Millis, in_doubt: bool) -> Result<(), StoreError> {
        outbox::later(self, posting, due, in_doubt).await
    }

    async fn outbox_never(&self, posting: &Posting, reason: &str) -> Result<(), StoreError> {
        outbox::never(self, posting, reason).await
    }

    async fn outbox_wake(&self, place: &Place) -> Result<(), StoreError> {
        outbox::wake(self, place).await
    }

    async fn outbox_changed(&self) {
        wake::changed(&self.wakes.due).await;
    }

    async fn inbox_due(&self) -> Result<Option<Millis>, StoreError> {
        look::next(self, &self.wakes.ready).await
    }

    async fn outbox_due(&self) -> Result<Option<Millis>, StoreError> {
        look::next(self, &self.wakes.due).await
    }

    async fn put_component(&self, flow: &FlowName, bytes: &[u8], deploy: Deploy) -> Result<Option<Digest>, StoreError> {
        components::put(self, flow, bytes, deploy).await
    }

    async fn component(&self, digest: &Digest) -> Result<Option<Vec<u8>>, StoreError> {
        components::bytes(self, digest).await
    }

    async fn current(&self) -> Result<Vec<(FlowName, Digest)>, StoreError> {
        components::current(self).await
    }

    async fn drop_current(&self, flow: &FlowName) -> Result<(), StoreError> {
        components::drop_current(self, flow).await
    }

    async fn components_changed(&self) {
        self.wakes.components().await;
    }

    async fn glance(&self, place: &Place) -> Result<Glance, StoreError> {
        places::glance(self, place).await
    }

    async fn underway(&self, place: &Place) -> Result<Option<Underway>, StoreError> {
        places::underway(self, place).await
    }

    async fn conversations(&self, after: Option<&Place>, most: usize) -> Result<Vec<(Place, Glance)>, StoreError> {
        places::conversations(self, after, most).await
    }

    async fn clear(&self, place: &Place) -> Result<Cleared, StoreError> {
        places::clear(self, place).await
    }

    async fn backlog(&self) -> Result<Backlog, StoreError> {
        records::backlog(self).await
    }

    async fn open_conversations(&self) -> Result<Vec<OpenCount>, StoreError> {
        records::open_conversations(self).await
    }

    async fn completions(
        &self,
        flow: &FlowName,
        after: u64,
        most: usize,
    ) -> Result<Vec<(u64, Completion)>, StoreError> {
        records::completions(self, flow, after, most).await
    }

    async fn completed_flows(&self) -> Result<Vec<FlowName>, StoreError> {
        records::completed_flows(self).await
    }

    async fn completion_drop(&self, flow: &FlowName, position: u64) -> Result<bool, StoreError> {
        records::completion_drop(self, flow, position).await
    }

    async fn dead(&self, after: u64, most: usize) -> Result<Vec<(u64, DeadLetter)>, StoreError> {
        records::dead(self, after, most).await
    }

    async fn dead_retry(&self, id: u64) -> Result<bool, StoreError> {
        records::dead_retry(self, id).await
    }

    async fn dead_drop(&self, id: u64) -> Result<bool, StoreError> {
        records::dead_drop(self, id).await
    }

    async fn doubts(&self, after: u64, most: usize) -> Result<Vec<(u64, Doubt)>, StoreError> {
        records::doubts(self, after, most).await
    }

    async fn doubt_drop(&self, position: u64) -> Result<bool, StoreError> {
        records::doubt_drop(self, position).await
    }

    async fn seats(&self, seats: Seats, lease: Duration) -> Result<usize, StoreError> {
        seats::seats(self, seats, lease).await
    }

    async fn sweep(&self, offered: &[Digest]) -> Result<(), StoreError> {
        outbox::sweep(self).await?;
        records::sweep(self).await?;
        components::sweep(self, offered).await
    }
}
