//! Counts of what goes on in this process, for logs, tests and benchmarks.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::watch;

/// Counters and gauges; all start at 0 with the process.
#[derive(Debug, Default)]
pub struct Gauges {
    turns: AtomicU64,
    waiting: AtomicU64,
    replayed: AtomicU64,
    refused: AtomicU64,
    committed: watch::Sender<u64>,
    posting: AtomicU64,
}

/// Raises a gauge as long as it lives.
#[derive(Debug)]
pub struct Raised(Arc<Gauges>, fn(&Gauges) -> &AtomicU64);

impl Drop for Raised {
    fn drop(&mut self) {
        (self.1)(&self.0).fetch_sub(1, Ordering::Relaxed);
    }
}

impl Gauges {
    fn raise(self: &Arc<Self>, gauge: fn(&Self) -> &AtomicU64) -> Raised {
        gauge(self).fetch_add(1, Ordering::Relaxed);
        Raised(self.clone(), gauge)
    }

    /// A turn is under way.
    pub(crate) fn turn(self: &Arc<Self>) -> Raised {
        self.raise(|gauges| &gauges.turns)
    }

    /// A turn waits for the outside.
    pub(crate) fn waiting(self: &Arc<Self>) -> Raised {
        self.raise(|gauges| &gauges.waiting)
    }

    /// A message is being posted.
    pub(crate) fn posting(self: &Arc<Self>) -> Raised {
        self.raise(|gauges| &gauges.posting)
    }

    pub(crate) fn replayed(&self) {
        self.replayed.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn refused(&self) {
        self.refused.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn committed(&self) {
        self.committed.send_modify(|count| *count += 1);
    }

    /// Turns under way: claimed and not ended.
    pub fn turns_in_flight(&self) -> u64 {
        self.turns.load(Ordering::Relaxed)
    }

    /// Turns that wait in a call to the outside.
    pub fn turns_waiting(&self) -> u64 {
        self.waiting.load(Ordering::Relaxed)
    }

    /// Messages being posted.
    pub fn posts_in_flight(&self) -> u64 {
        self.posting.load(Ordering::Relaxed)
    }

    /// Host calls that were answered from the journal.
    pub fn calls_replayed(&self) -> u64 {
        self.replayed.load(Ordering::Relaxed)
    }

    /// Events that were not taken, for too many waited at their place.
    pub fn events_refused(&self) -> u64 {
        self.refused.load(Ordering::Relaxed)
    }

    /// Turns committed.
    pub fn turns_committed(&self) -> u64 {
        *self.committed.borrow()
    }

    /// [`turns_committed`](Self::turns_committed), to be waited for.
    pub fn commits(&self) -> watch::Receiver<u64> {
        self.committed.subscribe()
    }
}
