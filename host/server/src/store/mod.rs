//! The embedded store: one SQLite file in a folder that is locked to one process.
//!
//! All writes go through one thread, which commits as many as wait in one transaction with one sync (`worker`);
//! whatever need not see them goes through a second one. Each concern has its file: `inbox`, `line`, `turn`, `commit`,
//! `conversation`, `timers`, `outbox`, `components`, `records`, `places`; `schema.sql` has the tables.

mod commit;
mod components;
mod conversation;
mod db;
mod inbox;
mod line;
mod open;
mod outbox;
mod places;
mod records;
mod reserve;
#[cfg(test)]
mod tests;
mod timers;
mod turn;
mod worker;

use std::fs::File;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use pesto_engine::model::{
    Call, CallResult, Completion, DeadLetter, Digest, Doubt, Exchange, FlowName, Inbound, Message, Millis, Place,
};
use pesto_engine::ports::{
    Accepted, Backlog, Claim, Cleared, Clock, Commit, Deploy, Entry, Fence, Glance, OpenCount, Posting, Receipt, Seats,
    Store, StoreError, Underway,
};
use tokio::sync::{Semaphore, SemaphorePermit};

pub use open::OpenError;

use db::Db;
use outbox::{Sealed, Taken};
use worker::{Access, Wakes, Worker};

/// The name of the file in the data folder.
pub const FILE: &str = "pesto.db";
/// What calls that are not light may have before the disk at once, in KiB: a few milliseconds.
const HEAVY: usize = 1 << 10;
/// A call's request or answer of less than so many KiB is light.
const LIGHT: usize = 16;
/// So many leases are prolonged in one step at most; other steps go on between.
const RENEWED: usize = 500;

/// A store in a folder. Dropping it waits for what was asked, and frees the folder.
pub struct EmbeddedStore {
    // In the order of their end: the connection that closes last writes the log back, the lock goes after it.
    reader: Worker,
    writer: Worker,
    wakes: Arc<Wakes>,
    /// What is heavy waits here, and not before the disk, where it would hold up what is light. In KiB.
    heavy: Semaphore,
    _lock: File,
}

impl EmbeddedStore {
    /// Opens the store in `folder`, which is made if it is not there. As nobody else can have it open, what a dead
    /// host left claimed is free at once, and what it was sending is in doubt.
    pub fn open(folder: &Path, clock: Arc<dyn Clock>) -> Result<Self, OpenError> {
        let lock = open::lock(folder)?;
        let opened = match Self::opened(folder, clock.clone()) {
            Err(_) if reserve::is_needed(folder) && reserve::give_up(folder) => {
                tracing::warn!(
                    "the disk is full; the room that was kept for this day is used now, and lets little be taken: \
                    make more, or remove what is not needed with `pesto dead drop` and `pesto forget`"
                );
                Self::opened(folder, clock)?
            }
            opened => opened.inspect(|_| reserve::keep(folder))?,
        };
        let (reader, writer, wakes) = opened;
        Ok(Self { reader, writer, wakes, heavy: Semaphore::new(HEAVY), _lock: lock })
    }

    /// A share of what heavy calls may have before the disk at once; none for a light one.
    async fn share(&self, bytes: usize) -> Option<SemaphorePermit<'_>> {
        let kib = (bytes >> 10).min(HEAVY);
        // The semaphore is never closed.
        if kib < LIGHT { None } else { self.heavy.acquire_many(kib as u32).await.ok() }
    }

    fn opened(folder: &Path, clock: Arc<dyn Clock>) -> Result<(Worker, Worker, Arc<Wakes>), OpenError> {
        let path = folder.join(FILE);
        let writer = open::writer(&path)?;
        let sqlite = |error| OpenError::Sqlite(path.clone(), error);
        let tick = release(&writer, db::time(clock.now())).map_err(sqlite)?;
        let reader = open::reader(&path)?;
        let wakes = Arc::<Wakes>::default();
        let io = |error| OpenError::Io(folder.to_owned(), error);
        let writer = Db::new(writer, clock.clone(), tick).of_file(&path).map_err(io)?;
        let writer = Worker::start("store-write", writer, Access::Write, wakes.clone()).map_err(io)?;
        let reader = Db::new(reader, clock, 0);
        let reader = Worker::start("store-read", reader, Access::Read, wakes.clone()).map_err(io)?;
        Ok((reader, writer, wakes))
    }
}

/// Ends what the last host was doing; answers the highest tick.
fn release(conn: &rusqlite::Connection, now: i64) -> rusqlite::Result<i64> {
    // Either has its index.
    for which in ["ready IS NOT NULL AND rank IS NULL", "rank IS NOT NULL"] {
        let end = format!("UPDATE place SET claimed = 0, ready = ?1, rank = NULL WHERE {which} AND claimed");
        conn.execute(&end, [now])?;
    }
    let doubt = "UPDATE outbox SET sending = 0, in_doubt = 1, due = ?1 WHERE due IS NOT NULL AND sending";
    conn.execute(doubt, [now])?;
    conn.query_row("SELECT coalesce(max(tick), 0) FROM place", [], |row| row.get(0))
}

#[async_trait]
impl Store for EmbeddedStore {
    async fn accept(&self, inbound: Inbound, entry: Entry) -> Result<Accepted, StoreError> {
        let event = inbox::Event::new(inbound)?;
        let entry = match entry {
            Entry::Queue => inbox::Sealing::Queue,
            Entry::Take(lease) => inbox::Sealing::Take(lease),
            Entry::Hold(until) => inbox::Sealing::Hold(until),
            Entry::Cut => inbox::Sealing::Cut,
            Entry::Answer(messages) => {
                inbox::Sealing::Answer(messages.into_iter().map(Sealed::new).collect::<Result<_, _>>()?)
            }
        };
        self.writer.call(move |db| inbox::accept(db, &event, &entry)).await
    }

    async fn claim(&self, most: usize, lease: Duration) -> Result<Vec<Claim>, StoreError> {
        self.writer.call(move |db| turn::claim(db, most, lease)).await
    }

    async fn renew(&self, fences: &[Fence], lease: Duration) -> Result<Vec<Fence>, StoreError> {
        let mut lost = Vec::new();
        for some in fences.chunks(RENEWED) {
            let some = some.to_vec();
            lost.extend(self.writer.call(move |db| turn::renew(db, some, lease)).await?);
        }
        Ok(lost)
    }

    async fn journal_intent(&self, fence: &Fence, call: &Call, pin: &str) -> Result<(), StoreError> {
        let _share = self.share(call.request.len()).await;
        let (fence, call, pin) = (fence.clone(), call.clone(), pin.to_owned());
        self.writer.call(move |db| turn::intent(db, &fence, &call, &pin)).await
    }

    async fn journal_result(&self, fence: &Fence, number: u32, result: &CallResult) -> Result<(), StoreError> {
        let _share = self.share(result.answer.len()).await;
        let (fence, result) = (fence.clone(), result.clone());
        self.writer.call(move |db| turn::result(db, &fence, number, &result)).await
    }

    async fn doubt(&self, fence: &Fence, doubt: &Doubt) -> Result<(), StoreError> {
        let (fence, doubt) = (fence.clone(), doubt.clone());
        self.writer.call(move |db| records::doubt(db, &fence, &doubt)).await
    }

    async fn commit(&self, fence: &Fence, commit: Commit) -> Result<(), StoreError> {
        let (fence, parts) = (fence.clone(), commit::Parts::new(commit)?);
        self.writer.call(move |db| commit::commit(db, &fence, &parts)).await
    }

    async fn retry(&self, fence: &Fence, not_before: Millis) -> Result<(), StoreError> {
        let fence = fence.clone();
        self.writer.call(move |db| turn::retry(db, &fence, not_before)).await
    }

    async fn hand_back(&self, fence: &Fence) -> Result<(), StoreError> {
        let fence = fence.clone();
        self.writer.call(move |db| turn::hand_back(db, &fence)).await
    }

    async fn inbox_changed(&self) {
        self.wakes.inbox.notified().await;
    }

    async fn history(&self, place: &Place, generation: u64, most: usize) -> Result<Vec<Exchange>, StoreError> {
        let place = place.clone();
        self.reader.call(move |db| conversation::history(db, &place, generation, most)).await
    }

    async fn fire_timers(&self) -> Result<Option<Millis>, StoreError> {
        loop {
            let (more, next) = self.writer.call(timers::fire).await?;
            if !more {
                return Ok(next);
            }
        }
    }

    async fn timers_changed(&self) {
        self.wakes.timers.notified().await;
    }

    async fn outbox_claim(&self, most: usize, lease: Duration) -> Result<Vec<Posting>, StoreError> {
        self.writer.call(move |db| outbox::claim(db, most, lease)).await
    }

    async fn outbox_renew(&self, posting: &Posting, lease: Duration) -> Result<(), StoreError> {
        let taken = Taken::new(posting);
        self.writer.call(move |db| outbox::renew(db, &taken, lease)).await
    }

    async fn outbox_sent(
        &self,
        posting: &Posting,
        receipt: Option<&Receipt>,
        look: Option<Millis>,
    ) -> Result<(), StoreError> {
        let (taken, receipt) = (Taken::new(posting), receipt.cloned());
        self.writer.call(move |db| outbox::sent(db, &taken, receipt.as_deref(), look)).await
    }

    async fn outbox_look(&self, message: &Message, due: Millis) -> Result<(), StoreError> {
        let message = Sealed::new(message.clone())?;
        self.writer.call(move |db| outbox::look(db, &message, due)).await
    }

    async fn outbox_later(&self, posting: &Posting, due: Millis, in_doubt: bool) -> Result<(), StoreError> {
        let taken = Taken::new(posting);
        self.writer.call(move |db| outbox::later(db, &taken, due, in_doubt)).await
    }

    async fn outbox_never(&self, posting: &Posting, reason: &str) -> Result<(), StoreError> {
        let (taken, reason) = (Taken::new(posting), reason.to_owned());
        self.writer.call(move |db| outbox::never(db, &taken, &reason)).await
    }

    async fn outbox_wake(&self, place: &Place) -> Result<(), StoreError> {
        let place = place.clone();
        self.writer.call(move |db| outbox::wake(db, &place)).await
    }

    async fn outbox_changed(&self) {
        self.wakes.outbox.notified().await;
    }

    async fn inbox_due(&self) -> Result<Option<Millis>, StoreError> {
        self.reader.call(turn::due).await
    }

    async fn outbox_due(&self) -> Result<Option<Millis>, StoreError> {
        self.reader.call(outbox::due).await
    }

    async fn put_component(&self, flow: &FlowName, bytes: &[u8], deploy: Deploy) -> Result<Option<Digest>, StoreError> {
        let _share = self.share(bytes.len()).await;
        let (flow, digest, bytes) = (flow.clone(), Digest::of(bytes), bytes.to_vec());
        self.writer.call(move |db| components::put(db, &flow, &digest, &bytes, deploy)).await
    }

    async fn component(&self, digest: &Digest) -> Result<Option<Vec<u8>>, StoreError> {
        let digest = digest.clone();
        self.reader.call(move |db| components::bytes(db, &digest)).await
    }

    async fn current(&self) -> Result<Vec<(FlowName, Digest)>, StoreError> {
        self.reader.call(components::current).await
    }

    async fn drop_current(&self, flow: &FlowName) -> Result<(), StoreError> {
        let flow = flow.clone();
        self.writer.call(move |db| components::drop_current(db, &flow)).await
    }

    async fn components_changed(&self) {
        self.wakes.components.notified().await;
    }

    async fn glance(&self, place: &Place) -> Result<Glance, StoreError> {
        let place = place.clone();
        self.reader.call(move |db| places::glance(db, &place)).await
    }

    async fn underway(&self, place: &Place) -> Result<Option<Underway>, StoreError> {
        let place = place.clone();
        self.reader.call(move |db| places::underway(db, &place)).await
    }

    async fn conversations(&self, after: Option<&Place>, most: usize) -> Result<Vec<(Place, Glance)>, StoreError> {
        let after = after.map_or_else(String::new, ToString::to_string);
        self.reader.call(move |db| places::conversations(db, &after, most)).await
    }

    async fn clear(&self, place: &Place) -> Result<Cleared, StoreError> {
        let place = place.clone();
        self.writer.call(move |db| places::clear(db, &place)).await
    }

    async fn backlog(&self) -> Result<Backlog, StoreError> {
        self.reader.call(records::backlog).await
    }

    async fn open_conversations(&self) -> Result<Vec<OpenCount>, StoreError> {
        self.reader.call(records::open_conversations).await
    }

    async fn completions(
        &self,
        flow: &FlowName,
        after: u64,
        most: usize,
    ) -> Result<Vec<(u64, Completion)>, StoreError> {
        let flow = flow.clone();
        self.reader.call(move |db| records::completions(db, &flow, after, most)).await
    }

    async fn completed_flows(&self) -> Result<Vec<FlowName>, StoreError> {
        self.reader.call(records::completed_flows).await
    }

    async fn completion_drop(&self, flow: &FlowName, position: u64) -> Result<bool, StoreError> {
        let flow = flow.clone();
        self.writer.call(move |db| records::completion_drop(db, &flow, position)).await
    }

    async fn dead(&self, after: u64, most: usize) -> Result<Vec<(u64, DeadLetter)>, StoreError> {
        self.reader.call(move |db| records::dead(db, after, most)).await
    }

    async fn dead_retry(&self, id: u64) -> Result<bool, StoreError> {
        self.writer.call(move |db| records::dead_retry(db, id)).await
    }

    async fn dead_drop(&self, id: u64) -> Result<bool, StoreError> {
        self.writer.call(move |db| records::dead_drop(db, id)).await
    }

    async fn doubts(&self, after: u64, most: usize) -> Result<Vec<(u64, Doubt)>, StoreError> {
        self.reader.call(move |db| records::doubts(db, after, most)).await
    }

    async fn doubt_drop(&self, position: u64) -> Result<bool, StoreError> {
        self.writer.call(move |db| records::doubt_drop(db, position)).await
    }

    async fn seats(&self, seats: Seats, _lease: Duration) -> Result<usize, StoreError> {
        // There is one host.
        Ok(seats.wanted.min(seats.all))
    }

    async fn sweep(&self, offered: &[Digest]) -> Result<(), StoreError> {
        let offered = offered.to_vec();
        self.writer.call(move |db| components::keep(db, &offered)).await?;
        let mut after = String::new();
        while let Some(last) = self.writer.call(move |db| inbox::forget(db, &after)).await? {
            after = last;
        }
        while self.writer.call(components::forget).await? {}
        self.writer.call(outbox::forget).await?;
        self.writer.call(records::forget_doubts).await?;
        while self.writer.call(db::shrink).await? {}
        Ok(())
    }
}
