//! Sockets are seats: Slack counts those of an app, and all hosts on a store share them. So a host asks the store how
//! many it may hold, again and again, and a dead host's seats come free by themselves.

use std::sync::Arc;
use std::time::Duration;

use pesto_engine::delay::Ways;
use pesto_engine::ports::{Seats as Ask, Store};
use tokio::sync::watch;
use tokio::time::timeout;

/// Sockets that a host wants: one is there while the other is replaced, or died in silence. One alone would keep texts in
/// order by itself; but what goes to a dead one comes again after a minute, and the wait that two ask for is ten
/// milliseconds.
pub(super) const WANTED: usize = 2;
/// How long what the store answered holds, and how often it is asked.
const LEASE: Duration = Duration::from_secs(20);
const RENEWAL: Duration = Duration::from_secs(5);
/// How long a leaving host waits for its sockets to close.
const LEAVING: Duration = Duration::from_secs(3);

/// A host's seats.
pub(super) struct Seats {
    store: Arc<dyn Store>,
    /// Of all hosts.
    all: usize,
    /// How many this host may hold.
    allowed: watch::Sender<usize>,
    /// Sockets that are open, or about to be.
    open: Arc<watch::Sender<usize>>,
}

/// One of a host's seats: it is the host's own as long as the host may hold as many as its number.
#[derive(Clone)]
pub(super) struct Seat {
    /// Counts from 1.
    pub(super) number: usize,
    /// Of all hosts.
    all: usize,
    allowed: watch::Receiver<usize>,
    open: Arc<watch::Sender<usize>>,
}

/// A socket that Slack counts. Dropping it says that it is closed.
pub(super) struct Occupied(Arc<watch::Sender<usize>>);

impl Drop for Occupied {
    fn drop(&mut self) {
        self.0.send_modify(|open| *open -= 1);
    }
}

impl Seat {
    /// Waits until the seat is this host's.
    pub(super) async fn taken(&mut self) {
        self.wait(|number, allowed| number <= allowed).await;
    }

    /// Waits until the seat is this host's no more.
    pub(super) async fn lost(&mut self) {
        self.wait(|number, allowed| number > allowed).await;
    }

    pub(super) fn is_lost(&self) -> bool {
        self.number > *self.allowed.borrow()
    }

    /// On how many ways Slack delivers now. Only where all hosts together have one seat it is known that no other host
    /// has a socket; and while that is replaced, there are two.
    pub(super) fn ways(&self) -> Ways {
        if self.all == 1 && *self.open.borrow() == 1 { Ways::One } else { Ways::Several }
    }

    /// A socket is about to be opened.
    pub(super) fn occupy(&self) -> Occupied {
        self.open.send_modify(|open| *open += 1);
        Occupied(self.open.clone())
    }

    async fn wait(&mut self, so: impl Fn(usize, usize) -> bool) {
        let number = self.number;
        if self.allowed.wait_for(|&allowed| so(number, allowed)).await.is_err() {
            // Nothing is shared any more: the host ends, and ends us.
            std::future::pending().await
        }
    }
}

impl Seats {
    /// No seats yet, of `all` that there are for all hosts.
    pub(super) fn new(store: Arc<dyn Store>, all: usize) -> Self {
        Self { store, all, allowed: watch::Sender::new(0), open: Arc::new(watch::Sender::new(0)) }
    }

    /// Those that this host may come to hold.
    pub(super) fn each(&self) -> impl Iterator<Item = Seat> {
        let seat = |number| Seat { number, all: self.all, allowed: self.allowed.subscribe(), open: self.open.clone() };
        (1..=WANTED).map(seat)
    }

    /// Takes part in the sharing, for ever.
    pub(super) async fn share(&self) {
        let mut before = None;
        loop {
            match self.ask(WANTED).await {
                Ok(now) => {
                    if before.replace(now) != Some(now) {
                        self.told(now);
                    }
                    self.allowed.send_replace(now);
                }
                // Who does not reach the store acknowledges nothing; and the others may be no better off.
                Err(error) => tracing::warn!(%error, "the share of Slack's sockets is not known; it stays as it was"),
            }
            tokio::time::sleep(RENEWAL).await;
        }
    }

    fn told(&self, now: usize) {
        let all = self.all;
        match now {
            0 => tracing::info!(
                "all {all} sockets to Slack are other hosts'; this one does turns and posts, and takes the next that is free"
            ),
            WANTED => tracing::info!("this host has {now} of the {all} sockets to Slack"),
            _ => {
                tracing::info!("this host has {now} of the {all} sockets to Slack, for it shares them with other hosts")
            }
        }
    }

    /// Closes the sockets and leaves their seats to others.
    pub(super) async fn leave(&self) {
        self.allowed.send_replace(0);
        let mut open = self.open.subscribe();
        // The sender is ours.
        let _ = timeout(LEAVING, open.wait_for(|&open| open == 0)).await;
        if let Err(error) = self.ask(0).await {
            tracing::warn!(%error, "the sockets to Slack are free for other hosts only in {} s", LEASE.as_secs());
        }
    }

    async fn ask(&self, wanted: usize) -> Result<usize, pesto_engine::ports::StoreError> {
        let held = *self.open.borrow();
        self.store.seats(Ask { all: self.all, held, wanted }, LEASE).await
    }
}
