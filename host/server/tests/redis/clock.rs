//! Whose time it is, and a server's clock that jumps.
//!
//! No test can move the clock of a real server, but the scripts know one time only, and where it comes from the store's
//! own: a store whose time is its host's is at the mercy of that clock just so.

use std::sync::Arc;
use std::time::Duration;

use pesto_engine::ports::{Commit, Entry, Store, StoreError};
use pesto_engine::scripted::ManualClock;
use pesto_server::redis::Options;
use redis_rig::server::Server;

use crate::samples::{LEASE, message, open, options, said};

/// What the server's clock decides needs no help of the host's.
#[tokio::test]
async fn leases_go_by_the_servers_clock() {
    let server = Server::start();
    let by_server = Options { prefix: "t".to_owned(), ..Options::new(options(&server.url(), "t").redis) };
    // A host whose clock is an hour late.
    let store = open(&by_server, Arc::new(pesto_engine::scripted::ManualClock::new(1_000))).await;
    store.accept(said("ann", "e1"), Entry::Queue).await.unwrap();
    let claim = store.claim(1, LEASE).await.unwrap().remove(0);
    let due = store.inbox_due().await.unwrap().unwrap();
    assert!((1_000 + 25_000..=1_000 + 30_000).contains(&due), "told in the host's time: {due}");
    store.retry(&claim.fence, 1_000 + 60_000).await.unwrap();
    let due = store.inbox_due().await.unwrap().unwrap();
    assert!((1_000 + 55_000..=1_000 + 60_000).contains(&due), "taken as a distance: {due}");
    assert_eq!(store.claim(1, LEASE).await, Ok(Vec::new()));
}

const HOUR: u64 = 3_600_000;

#[tokio::test]
async fn a_clock_that_jumps_ahead_ends_leases_and_loses_nothing() {
    let server = Server::start();
    let clock = Arc::new(ManualClock::new(HOUR));
    let store = open(&options(&server.url(), "t"), clock.clone()).await;
    store.accept(said("ann", "e1"), Entry::Queue).await.unwrap();
    let late = store.claim(1, LEASE).await.unwrap().remove(0);

    clock.advance(Duration::from_millis(HOUR));
    let claim = store.claim(1, LEASE).await.unwrap().remove(0);
    assert_eq!((claim.inbound.id.as_str(), claim.attempt), ("e1", 2), "taken over, as from a dead host");
    let commit = || Commit { messages: vec![message("ann", 0)], ..Commit::default() };
    assert_eq!(store.commit(&late.fence, commit()).await, Err(StoreError::Stale));
    store.commit(&claim.fence, commit()).await.unwrap();
    assert_eq!(store.outbox_claim(9, LEASE).await.unwrap().len(), 1, "answered once");
}

#[tokio::test]
async fn a_clock_that_jumps_back_delays_and_loses_nothing() {
    let server = Server::start();
    let clock = Arc::new(ManualClock::new(2 * HOUR));
    let store = open(&options(&server.url(), "t"), clock.clone()).await;
    store.accept(said("ann", "e1"), Entry::Queue).await.unwrap();
    let running = store.claim(1, LEASE).await.unwrap().remove(0);
    // No claim has found yet that it can be taken.
    store.accept(said("bob", "e2"), Entry::Queue).await.unwrap();

    // The same server after a jump: nothing else moves a clock back.
    let earlier = Arc::new(ManualClock::new(HOUR));
    let store = open(&options(&server.url(), "t"), earlier.clone()).await;
    // What runs comes to its end, and what comes now is done now.
    assert_eq!(store.renew(std::slice::from_ref(&running.fence), LEASE).await, Ok(vec![]));
    let commit = Commit { messages: vec![message("ann", 0)], ..Commit::default() };
    store.commit(&running.fence, commit).await.unwrap();
    assert_eq!(store.outbox_claim(9, LEASE).await.unwrap().len(), 1);
    store.accept(said("cat", "e3"), Entry::Queue).await.unwrap();
    let claims = store.claim(9, LEASE).await.unwrap();
    assert_eq!(claims.iter().map(|claim| claim.inbound.id.as_str()).collect::<Vec<_>>(), ["e3"]);
    // What waited before waits until the clock is where it was.
    earlier.advance(Duration::from_millis(HOUR));
    let claims = store.claim(9, LEASE).await.unwrap();
    assert!(claims.iter().any(|claim| claim.inbound.id == "e2"), "{claims:?}");
}
