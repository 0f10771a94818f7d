//! A store that keeps all promises but one.

use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use pesto_engine::model::{
    Body, Call, CallResult, Completion, DeadLetter, Digest, Doubt, Exchange, FlowName, Inbound, Message, Millis,
    Person, Place,
};
use pesto_engine::ports::{
    Accepted, Backlog, Claim, Cleared, Commit, Deploy, Entry, Fence, Glance, OpenCount, Posting, Receipt, Seats, Stage,
    Store, StoreError, Underway,
};
use redis::{Client, RedisResult};

/// A promise that can be broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Promise {
    /// A stale owner writes nothing: here it writes with the epoch of whoever owns the place next.
    Fence,
    /// An event enters once: here each copy is taken for a new one.
    Dedupe,
    /// A message that was being sent is in doubt: here nobody hears of that.
    Mark,
    /// What a call answered is kept: here nothing is.
    Journal,
    /// All of a turn appears in one step: here its messages come a moment later.
    Atomicity,
    /// What was said first is handled first: here the last is.
    Order,
}

impl FromStr for Promise {
    type Err = anyhow::Error;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Ok(match name {
            "fence" => Self::Fence,
            "dedupe" => Self::Dedupe,
            "mark" => Self::Mark,
            "journal" => Self::Journal,
            "atomicity" => Self::Atomicity,
            "order" => Self::Order,
            other => anyhow::bail!("there is no promise `{other}`"),
        })
    }
}

/// As many as a store has.
const SHARDS: u16 = 16;
/// So often it is tried to write for whoever owns the place: mostly that one is done, and the next one comes soon.
const TRIES: usize = 100;
const PAUSE: Duration = Duration::from_millis(50);
/// Between a turn's state and its messages.
const MOMENT: Duration = Duration::from_millis(300);

/// The store.
pub(crate) struct Liar {
    store: Arc<dyn Store>,
    promise: Promise,
    redis: Client,
    count: AtomicU64,
}

impl Liar {
    pub(crate) fn new(store: Arc<dyn Store>, promise: Promise, redis: Client) -> Self {
        Self { store, promise, redis, count: AtomicU64::new(0) }
    }

    /// The epoch of whoever owns a place.
    async fn epoch(&self, place: &Place) -> RedisResult<Option<u64>> {
        let mut redis = self.redis.get_multiplexed_async_connection().await?;
        for shard in 0..SHARDS {
            let key = format!("pesto:{{s{shard}}}:place:{place}");
            if let found @ Some(_) = redis::cmd("HGET").arg(key).arg("epoch").query_async(&mut redis).await? {
                return Ok(found);
            }
        }
        Ok(None)
    }

    fn breaks(&self, promise: Promise) -> bool {
        self.promise == promise
    }

    /// A name that no event has.
    fn unique(&self) -> String {
        let count = self.count.fetch_add(1, Ordering::Relaxed);
        format!("{}.{count}", std::process::id())
    }

    /// Writes as whoever owns the place, and takes for written what cannot be written so either.
    async fn force<W>(&self, fence: &Fence, write: impl Fn(Fence) -> W) -> Result<(), StoreError>
    where
        W: Future<Output = Result<(), StoreError>>,
    {
        let written = write(fence.clone()).await;
        if !self.breaks(Promise::Fence) || written != Err(StoreError::Stale) {
            return written;
        }
        for _ in 0..TRIES {
            if let Ok(Some(epoch)) = self.epoch(&fence.place).await
                && write(Fence { epoch, ..fence.clone() }).await.is_ok()
            {
                break;
            }
            tokio::time::sleep(PAUSE).await;
        }
        Ok(())
    }

    /// A turn without its messages, and its messages after a moment.
    async fn commit_in_two(&self, fence: &Fence, mut commit: Commit) -> Result<(), StoreError> {
        let messages = std::mem::take(&mut commit.messages);
        self.store.commit(fence, commit).await?;
        if messages.is_empty() {
            return Ok(());
        }
        tokio::time::sleep(MOMENT).await;
        let nobody = Person {
            id: String::new(),
            name: String::new(),
            locale: String::new(),
            time_zone: String::new(),
            utc_offset: None,
            groups: Vec::new(),
        };
        let inbound = Inbound {
            id: format!("split {}", self.unique()),
            place: fence.place.clone(),
            person: nobody,
            at: 0,
            sent: None,
            manner: Default::default(),
            body: Body::Said { text: String::new(), files: Vec::new() },
        };
        self.store.accept(inbound, Entry::Answer(messages)).await.map(drop)
    }
}

#[async_trait]
impl Store for Liar {
    async fn accept(&self, mut inbound: Inbound, entry: Entry) -> Result<Accepted, StoreError> {
        if self.breaks(Promise::Dedupe) {
            inbound.id = format!("{} {}", inbound.id, self.unique());
        }
        if self.breaks(Promise::Order) {
            inbound.sent = inbound.sent.map(|sent| 4_000_000_000_000_000_u64.saturating_sub(sent));
        }
        self.store.accept(inbound, entry).await
    }

    async fn claim(&self, most: usize, lease: Duration) -> Result<Vec<Claim>, StoreError> {
        let mut claims = self.store.claim(most, lease).await?;
        if self.breaks(Promise::Journal) {
            for claim in &mut claims {
                claim.journal.clear();
                claim.pin = None;
            }
        }
        Ok(claims)
    }

    async fn renew(&self, fences: &[Fence], lease: Duration) -> Result<Vec<Fence>, StoreError> {
        let lost = self.store.renew(fences, lease).await?;
        Ok(if self.breaks(Promise::Fence) { Vec::new() } else { lost })
    }

    async fn journal_intent(&self, fence: &Fence, call: &Call, pin: &str) -> Result<(), StoreError> {
        if self.breaks(Promise::Journal) {
            return Ok(());
        }
        self.force(fence, async |fence| self.store.journal_intent(&fence, call, pin).await).await
    }

    async fn journal_result(&self, fence: &Fence, number: u32, result: &CallResult) -> Result<(), StoreError> {
        if self.breaks(Promise::Journal) {
            return Ok(());
        }
        self.force(fence, async |fence| self.store.journal_result(&fence, number, result).await).await
    }

    async fn doubt(&self, fence: &Fence, doubt: &Doubt) -> Result<(), StoreError> {
        self.store.doubt(fence, doubt).await
    }

    async fn commit(&self, fence: &Fence, commit: Commit) -> Result<(), StoreError> {
        if self.breaks(Promise::Atomicity) {
            return self.commit_in_two(fence, commit).await;
        }
        self.force(fence, async |fence| self.store.commit(&fence, commit.clone()).await).await
    }

    async fn retry(&self, fence: &Fence, not_before: Millis) -> Result<(), StoreError> {
        self.store.retry(fence, not_before).await
    }

    async fn hand_back(&self, fence: &Fence) -> Result<(), StoreError> {
        self.store.hand_back(fence).await
    }

    async fn inbox_changed(&self) {
        self.store.inbox_changed().await;
    }

    async fn history(&self, place: &Place, generation: u64, most: usize) -> Result<Vec<Exchange>, StoreError> {
        self.store.history(place, generation, most).await
    }

    async fn fire_timers(&self) -> Result<Option<Millis>, StoreError> {
        self.store.fire_timers().await
    }

    async fn timers_changed(&self) {
        self.store.timers_changed().await;
    }

    async fn outbox_claim(&self, most: usize, lease: Duration) -> Result<Vec<Posting>, StoreError> {
        let mut postings = self.store.outbox_claim(most, lease).await?;
        if self.breaks(Promise::Mark) {
            let doubted = postings.iter_mut().filter(|posting| posting.stage == Stage::InDoubt);
            doubted.for_each(|posting| posting.stage = Stage::Unsent);
        }
        Ok(postings)
    }

    async fn outbox_renew(&self, posting: &Posting, lease: Duration) -> Result<(), StoreError> {
        self.store.outbox_renew(posting, lease).await
    }

    async fn outbox_sent(
        &self,
        posting: &Posting,
        receipt: Option<&Receipt>,
        look: Option<Millis>,
    ) -> Result<(), StoreError> {
        self.store.outbox_sent(posting, receipt, look).await
    }

    async fn outbox_look(&self, message: &Message, due: Millis) -> Result<(), StoreError> {
        self.store.outbox_look(message, due).await
    }

    async fn outbox_later(&self, posting: &Posting, due: Millis, in_doubt: bool) -> Result<(), StoreError> {
        self.store.outbox_later(posting, due, in_doubt).await
    }

    async fn outbox_never(&self, posting: &Posting, reason: &str) -> Result<(), StoreError> {
        self.store.outbox_never(posting, reason).await
    }

    async fn outbox_wake(&self, place: &Place) -> Result<(), StoreError> {
        self.store.outbox_wake(place).await
    }

    async fn outbox_changed(&self) {
        self.store.outbox_changed().await;
    }

    async fn inbox_due(&self) -> Result<Option<Millis>, StoreError> {
        self.store.inbox_due().await
    }

    async fn outbox_due(&self) -> Result<Option<Millis>, StoreError> {
        self.store.outbox_due().await
    }

    async fn put_component(&self, flow: &FlowName, bytes: &[u8], deploy: Deploy) -> Result<Option<Digest>, StoreError> {
        self.store.put_component(flow, bytes, deploy).await
    }

    async fn component(&self, digest: &Digest) -> Result<Option<Vec<u8>>, StoreError> {
        self.store.component(digest).await
    }

    async fn current(&self) -> Result<Vec<(FlowName, Digest)>, StoreError> {
        self.store.current().await
    }

    async fn drop_current(&self, flow: &FlowName) -> Result<(), StoreError> {
        self.store.drop_current(flow).await
    }

    async fn components_changed(&self) {
        self.store.components_changed().await;
    }

    async fn glance(&self, place: &Place) -> Result<Glance, StoreError> {
        self.store.glance(place).await
    }

    async fn underway(&self, place: &Place) -> Result<Option<Underway>, StoreError> {
        self.store.underway(place).await
    }

    async fn conversations(&self, after: Option<&Place>, most: usize) -> Result<Vec<(Place, Glance)>, StoreError> {
        self.store.conversations(after, most).await
    }

    async fn clear(&self, place: &Place) -> Result<Cleared, StoreError> {
        self.store.clear(place).await
    }

    async fn backlog(&self) -> Result<Backlog, StoreError> {
        self.store.backlog().await
    }

    async fn open_conversations(&self) -> Result<Vec<OpenCount>, StoreError> {
        self.store.open_conversations().await
    }

    async fn completions(
        &self,
        flow: &FlowName,
        after: u64,
        most: usize,
    ) -> Result<Vec<(u64, Completion)>, StoreError> {
        self.store.completions(flow, after, most).await
    }

    async fn completed_flows(&self) -> Result<Vec<FlowName>, StoreError> {
        self.store.completed_flows().await
    }

    async fn completion_drop(&self, flow: &FlowName, position: u64) -> Result<bool, StoreError> {
        self.store.completion_drop(flow, position).await
    }

    async fn dead(&self, after: u64, most: usize) -> Result<Vec<(u64, DeadLetter)>, StoreError> {
        self.store.dead(after, most).await
    }

    async fn dead_retry(&self, id: u64) -> Result<bool, StoreError> {
        self.store.dead_retry(id).await
    }

    async fn dead_drop(&self, id: u64) -> Result<bool, StoreError> {
        self.store.dead_drop(id).await
    }

    async fn doubts(&self, after: u64, most: usize) -> Result<Vec<(u64, Doubt)>, StoreError> {
        self.store.doubts(after, most).await
    }

    async fn doubt_drop(&self, position: u64) -> Result<bool, StoreError> {
        self.store.doubt_drop(position).await
    }

    async fn seats(&self, seats: Seats, lease: Duration) -> Result<usize, StoreError> {
        self.store.seats(seats, lease).await
    }

    async fn sweep(&self, offered: &[Digest]) -> Result<(), StoreError> {
        self.store.sweep(offered).await
    }
}
