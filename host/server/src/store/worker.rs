//! A thread that owns a connection, and runs what waits for it in one transaction: as many writes as come while the
//! disk syncs share the next sync.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use pesto_engine::ports::StoreError;
use tokio::sync::{Notify, oneshot};

use super::db::{Db, Done, Fault};

/// So many operations share a sync at most, which bounds how long the first of them waits.
const BATCH: usize = 256;

/// Who waits for changes.
#[derive(Default)]
pub(super) struct Wakes {
    pub(super) inbox: Notify,
    pub(super) outbox: Notify,
    pub(super) timers: Notify,
    pub(super) components: Notify,
}

/// The handle of the thread; dropping it finishes what was asked and closes the connection.
pub(super) struct Worker {
    jobs: Option<Sender<Box<dyn Job>>>,
    thread: Option<JoinHandle<()>>,
}

/// How transactions begin.
#[derive(Clone, Copy)]
pub(super) enum Access {
    Read,
    Write,
}

/// An operation and whoever waits for it.
trait Job: Send {
    /// What a failed one wrote must not stay.
    fn run(&mut self, db: &Db) -> Result<(), StoreError>;
    /// Once it is durable, or known not to be.
    fn answer(self: Box<Self>, lost: Option<&StoreError>);
}

struct Work<F, T> {
    op: Option<F>,
    result: Option<Result<T, StoreError>>,
    reply: oneshot::Sender<Result<T, StoreError>>,
}

impl<T: Send, F: FnOnce(&Db) -> Done<T> + Send> Job for Work<F, T> {
    fn run(&mut self, db: &Db) -> Result<(), StoreError> {
        let Some(op) = self.op.take() else { return Ok(()) };
        let result = op(db).map_err(StoreError::from);
        let failed = result.as_ref().err().cloned();
        self.result = Some(result);
        failed.map_or(Ok(()), Err)
    }

    fn answer(mut self: Box<Self>, lost: Option<&StoreError>) {
        let result = match lost {
            Some(error) => Err(error.clone()),
            None => self.result.take().unwrap_or_else(|| Err(gone())),
        };
        // Nobody waits any more if the caller was dropped; what was written stays.
        let _ = self.reply.send(result);
    }
}

fn gone() -> StoreError {
    StoreError::Unavailable("the store's thread has ended".to_owned())
}

impl Worker {
    pub(super) fn start(name: &str, db: Db, access: Access, wakes: Arc<Wakes>) -> std::io::Result<Self> {
        let (jobs, waiting) = channel();
        let thread = std::thread::Builder::new().name(name.to_owned());
        let thread = thread.spawn(move || serve(&db, access, &waiting, &wakes))?;
        Ok(Self { jobs: Some(jobs), thread: Some(thread) })
    }

    /// Runs `op` on the thread and waits until what it did is durable. An op that fails is undone alone.
    pub(super) async fn call<T: Send + 'static>(
        &self,
        op: impl FnOnce(&Db) -> Done<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (reply, answer) = oneshot::channel();
        let work = Work { op: Some(op), result: None, reply };
        self.jobs.as_ref().ok_or_else(gone)?.send(Box::new(work)).map_err(|_| gone())?;
        answer.await.unwrap_or_else(|_| Err(gone()))
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.jobs = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn serve(db: &Db, access: Access, waiting: &Receiver<Box<dyn Job>>, wakes: &Wakes) {
    let mut batch = Vec::with_capacity(BATCH);
    while let Some(first) = next(waiting) {
        batch.push(first);
        batch.extend(waiting.try_iter().take(BATCH - 1));
        let lost = transact(db, access, &mut batch).err().map(|fault| match fault.into() {
            // A commit may fail after the log was written, so it is not known whether these happened.
            StoreError::Stale => gone(),
            other => other,
        });
        let (inbox, outbox, timers) = (db.inbox.take(), db.outbox.take(), db.timers.take());
        let components = db.components.take();
        // The next turn first: whoever asked only wants to know.
        if lost.is_none() && inbox {
            wakes.inbox.notify_one();
        }
        for job in batch.drain(..) {
            job.answer(lost.as_ref());
        }
        if lost.is_none() && outbox {
            wakes.outbox.notify_one();
        }
        if lost.is_none() && timers {
            wakes.timers.notify_one();
        }
        if lost.is_none() && components {
            wakes.components.notify_one();
        }
    }
}

/// The next operation; none once all handles are gone. A turn's next write comes soon after the one before, at the
/// latest when its guest has run, and going to sleep and being woken takes a fifth of such a write. So sleep waits as
/// long as a short turn takes, and yields to whoever has work.
fn next(waiting: &Receiver<Box<dyn Job>>) -> Option<Box<dyn Job>> {
    const AWAKE: Duration = Duration::from_micros(200);
    let since = Instant::now();
    while since.elapsed() < AWAKE {
        match waiting.try_recv() {
            Ok(job) => return Some(job),
            Err(TryRecvError::Disconnected) => return None,
            Err(TryRecvError::Empty) => std::thread::yield_now(),
        }
    }
    waiting.recv().ok()
}

/// An error means that nothing of the batch is known to be stored.
fn transact(db: &Db, access: Access, batch: &mut [Box<dyn Job>]) -> Done<()> {
    if let Access::Write = access {
        db.is_there()?;
    }
    let done = begin(db, access).and_then(|()| run_all(db, access, batch)).and_then(|()| db.run("COMMIT", []));
    if done.is_err() && !db.conn.is_autocommit() {
        db.run("ROLLBACK", [])?;
    }
    done.map(drop)
}

fn begin(db: &Db, access: Access) -> Done<()> {
    let begin = match access {
        Access::Read => "BEGIN",
        Access::Write => "BEGIN IMMEDIATE",
    };
    db.run(begin, []).map(drop)
}

fn run_all(db: &Db, access: Access, batch: &mut [Box<dyn Job>]) -> Done<()> {
    for job in batch {
        if let Access::Read = access {
            // A failed read changed nothing, and is told to whoever asked.
            let _ = job.run(db);
            continue;
        }
        db.run("SAVEPOINT op", [])?;
        if let Err(error) = job.run(db) {
            // SQLite ends the whole transaction on some errors, such as a full disk; then those before are lost too.
            if db.conn.is_autocommit() {
                return Err(Fault::Store(error));
            }
            db.run("ROLLBACK TO op", [])?;
        }
        db.run("RELEASE op", [])?;
    }
    Ok(())
}
