//! The contract of [`Store`] as a suite: each adapter's tests call [`check`], and [`random::agree`] against the
//! store in memory. `make contract` runs it on all of them.
//!
//! An adapter comes in by [`Adapter`]. Nothing here knows how it stores, or whether other hosts share what it
//! stores; where that matters, [`Adapter::alone`] says it.

mod aside;
mod components;
mod doubts;
mod inbox;
mod lanes;
mod lease;
mod operate;
mod outbox;
pub mod random;
mod records;
pub(crate) mod samples;
mod seats;
mod take;
mod timers;
mod turn;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::future::BoxFuture;

use crate::memory::MemoryStore;
use crate::model::{Inbound, Millis, Seq};
use crate::ports::{Accepted, Claim, Commit, Entry, Posting, Store, StoreError};
use crate::scripted::ManualClock;

/// A kind of store under test.
#[async_trait]
pub trait Adapter: Send + Sync {
    /// A store with nothing in it, on this clock.
    async fn fresh(&self, clock: Arc<ManualClock>) -> Box<dyn Life>;

    /// The store belongs to one host, and so ends a dead host's leases when it is opened. Where several share it,
    /// leases must run out.
    fn alone(&self) -> bool;
}

/// A store and what lies under it.
#[async_trait]
pub trait Life: Send + Sync {
    /// The store as it is open now.
    fn store(&self) -> Arc<dyn Store>;

    /// Opens what a host that dies at this moment leaves behind.
    async fn crash(&mut self);
}

/// A store in a test.
pub struct Subject {
    /// Its time.
    pub clock: Arc<ManualClock>,
    /// The store; another one after each crash.
    pub store: Arc<dyn Store>,
    life: Box<dyn Life>,
    alone: bool,
}

type Case = (&'static str, fn(Subject) -> BoxFuture<'static, ()>);

/// Names each case by its function.
macro_rules! cases {
    ($($case:ident),* $(,)?) => {
        pub(super) const CASES: &[crate::contract::Case] = &[$((concat!(module_path!(), "::", stringify!($case)), |subject| Box::pin($case(subject)))),*];
    };
}
use cases;

const BEGIN: Millis = 1_700_000_000_000;
const LEASE: Duration = Duration::from_secs(30);
const SECOND: Duration = Duration::from_secs(1);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// A bound on real time, reached only by a store that hangs.
const PATIENCE: Duration = Duration::from_secs(60);

/// Runs each case on a fresh store.
///
/// # Panics
/// Names the cases that failed, after all have run.
pub async fn check(adapter: &dyn Adapter) {
    let turns = [inbox::CASES, take::CASES, lanes::CASES, lease::CASES, turn::CASES, timers::CASES, seats::CASES];
    let others = [outbox::CASES, aside::CASES, components::CASES, records::CASES, doubts::CASES, operate::CASES];
    let mut failed = Vec::new();
    for (name, case) in turns.into_iter().chain(others).flatten() {
        let subject = Subject::new(adapter).await;
        let run = tokio::spawn(tokio::time::timeout(PATIENCE, case(subject)));
        if !matches!(run.await, Ok(Ok(()))) {
            failed.push(name.trim_start_matches(concat!(module_path!(), "::")));
        }
    }
    assert!(failed.is_empty(), "the store breaks its contract: {}", failed.join(", "));
}

impl Subject {
    /// A fresh store of this kind.
    pub async fn new(adapter: &dyn Adapter) -> Self {
        let clock = Arc::new(ManualClock::new(BEGIN));
        let life = adapter.fresh(clock.clone()).await;
        Self { clock, store: life.store(), life, alone: adapter.alone() }
    }

    /// The host dies, and another one opens what is left; leases are over.
    pub async fn crash(&mut self) {
        if !self.alone {
            self.clock.advance(LEASE);
        }
        // The last handle goes first, for a folder opens for one host only.
        self.store = Arc::new(MemoryStore::new(self.clock.clone()));
        self.life.crash().await;
        self.store = self.life.store();
    }

    fn now(&self) -> Millis {
        use crate::ports::Clock as _;
        self.clock.now()
    }

    async fn accept(&self, inbound: &Inbound) -> Seq {
        match self.store.accept(inbound.clone(), Entry::Queue).await {
            Ok(Accepted::New(Some(seq))) => seq,
            other => panic!("{} is not stored: {other:?}", inbound.id),
        }
    }

    async fn claims(&self) -> Vec<Claim> {
        self.store.claim(100, LEASE).await.expect("claim")
    }

    async fn claim(&self) -> Claim {
        let mut claims = self.claims().await;
        assert_eq!(claims.len(), 1, "one place is ready: {claims:?}");
        claims.remove(0)
    }

    async fn commit(&self, claim: &Claim, commit: Commit) {
        self.store.commit(&claim.fence, commit).await.expect("commit");
    }

    /// Accepts, claims and commits one event.
    async fn turn(&self, inbound: &Inbound, commit: Commit) -> Claim {
        self.accept(inbound).await;
        let claim = self.claim().await;
        self.commit(&claim, commit).await;
        claim
    }

    async fn post(&self) -> Vec<Posting> {
        self.store.outbox_claim(100, LEASE).await.expect("outbox_claim")
    }

    async fn post_one(&self) -> Posting {
        let mut postings = self.post().await;
        assert_eq!(postings.len(), 1, "one message is due: {postings:?}");
        postings.remove(0)
    }

    /// Nothing is due any more, however long one waits.
    async fn rests(&self) {
        for _ in 0..10 {
            let inbox = self.store.inbox_due().await.expect("inbox_due");
            let outbox = self.store.outbox_due().await.expect("outbox_due");
            let Some(next) = inbox.into_iter().chain(outbox).min() else { return };
            self.clock.advance_to(next);
            assert_eq!((self.claims().await, self.post().await), (vec![], vec![]));
        }
        panic!("a claim in vain does not show that nothing is due");
    }

    /// Wakes that were sent before no longer count.
    fn forget_wakes(&self) {
        use futures_util::FutureExt as _;
        while self.store.inbox_changed().now_or_never().is_some() {}
        while self.store.outbox_changed().now_or_never().is_some() {}
        while self.store.timers_changed().now_or_never().is_some() {}
        while self.store.components_changed().now_or_never().is_some() {}
    }

    async fn inbox_wakes(&self, after: &str) {
        let wake = tokio::time::timeout(PATIENCE / 4, self.store.inbox_changed()).await;
        assert!(wake.is_ok(), "no wake for the inbox after {after}");
    }

    async fn timers_wake(&self, after: &str) {
        let wake = tokio::time::timeout(PATIENCE / 4, self.store.timers_changed()).await;
        assert!(wake.is_ok(), "no wake for the timers after {after}");
    }

    async fn components_wake(&self, after: &str) {
        let wake = tokio::time::timeout(PATIENCE / 4, self.store.components_changed()).await;
        assert!(wake.is_ok(), "no wake for the components after {after}");
    }

    async fn outbox_wakes(&self, after: &str) {
        let wake = tokio::time::timeout(PATIENCE / 4, self.store.outbox_changed()).await;
        assert!(wake.is_ok(), "no wake for the outbox after {after}");
    }
}

/// What is due next may be said too early, but not too late; `due` is when it is.
fn not_late(said: Option<Millis>, due: Option<Millis>) {
    assert!(due.is_none_or(|due| said.is_some_and(|said| said <= due)), "{said:?} is said, and {due:?} is true");
}

fn stale<T: std::fmt::Debug>(result: Result<T, StoreError>) {
    assert_eq!(result.expect_err("a lost fence"), StoreError::Stale);
}

/// The store in memory under its own contract.
pub enum InMemory {
    /// As one that belongs to one host.
    Alone,
    /// As one that several hosts share.
    Shared,
}

struct Memory {
    store: Arc<MemoryStore>,
    alone: bool,
}

#[async_trait]
impl Adapter for InMemory {
    async fn fresh(&self, clock: Arc<ManualClock>) -> Box<dyn Life> {
        Box::new(Memory { store: Arc::new(MemoryStore::new(clock)), alone: self.alone() })
    }

    fn alone(&self) -> bool {
        matches!(self, Self::Alone)
    }
}

#[async_trait]
impl Life for Memory {
    fn store(&self) -> Arc<dyn Store> {
        self.store.clone()
    }

    async fn crash(&mut self) {
        match self.alone {
            true => self.store.reopen(),
            false => self.store.reopen_elsewhere(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_store_in_memory_keeps_the_contract() {
        check(&InMemory::Alone).await;
    }

    #[tokio::test]
    async fn one_that_is_shared_keeps_the_contract() {
        check(&InMemory::Shared).await;
    }
}
