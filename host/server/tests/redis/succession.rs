//! Whoever comes back after a crash has not to wait for their own leases.

use std::sync::Arc;

use pesto_engine::ports::{Entry, Seats, Store, StoreError};
use pesto_engine::scripted::ManualClock;

use crate::samples::{LEASE, open, options, place, said};
use redis_rig::server::Server;

#[tokio::test]
async fn a_host_frees_what_its_predecessor_had_and_nothing_else() {
    let server = Server::start();
    let clock = Arc::new(ManualClock::new(1_000));
    let options = options(&server.url(), "t");
    let (former, other) = (open(&options, clock.clone()).await, open(&options, clock.clone()).await);
    for (name, id) in [("ann", "e1"), ("bob", "e2"), ("eve", "e3")] {
        former.accept(said(name, id), Entry::Queue).await.unwrap();
    }
    let all = Seats { all: 1, held: 0, wanted: 1 };
    assert_eq!(former.seats(all, LEASE).await, Ok(1));
    let mine = former.claim(2, LEASE).await.unwrap();
    let others = other.claim(1, LEASE).await.unwrap();
    assert_eq!((mine.len(), others.len()), (2, 1));

    let later = open(&options, clock).await;
    assert_eq!(later.claim(9, LEASE).await, Ok(Vec::new()));
    later.succeed(former.host()).await.unwrap();
    let again = later.claim(9, LEASE).await.unwrap();
    let places: Vec<_> = again.iter().map(|claim| (claim.fence.place.clone(), claim.attempt)).collect();
    assert_eq!(places, [(place("ann"), 2), (place("bob"), 2)], "a crash is an attempt");
    assert_eq!(former.hand_back(&mine[0].fence).await, Err(StoreError::Stale));
    assert_eq!(other.hand_back(&others[0].fence).await, Ok(()));
    assert_eq!(later.seats(all, LEASE).await, Ok(1));
}
