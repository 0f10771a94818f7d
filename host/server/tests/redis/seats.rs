//! Several hosts share what is counted.

use std::sync::Arc;
use std::time::Duration;

use pesto_engine::ports::{Seats, Store};
use pesto_engine::scripted::ManualClock;
use pesto_server::redis::RedisStore;

use crate::samples::{LEASE, open, options};
use redis_rig::server::Server;

/// Hosts, and what each holds.
struct Hosts {
    all: usize,
    hosts: Vec<(Arc<RedisStore>, usize)>,
}

impl Hosts {
    async fn ask(&mut self, at: usize, wanted: usize) {
        let (store, held) = &mut self.hosts[at];
        let given = store.seats(Seats { all: self.all, held: *held, wanted }, LEASE).await.unwrap();
        // What it may still hold is what it opens or closes now.
        *held = given;
        let sum: usize = self.hosts.iter().map(|(_, held)| held).sum();
        assert!(sum <= self.all, "{sum} of {} are in use", self.all);
    }

    /// All ask in turn until nothing changes; answers what each has.
    async fn settle(&mut self) -> Vec<usize> {
        loop {
            let before: Vec<_> = self.hosts.iter().map(|(_, held)| *held).collect();
            for at in 0..self.hosts.len() {
                self.ask(at, 2).await;
            }
            // What was closed is told with the next question only.
            for at in 0..self.hosts.len() {
                self.ask(at, 2).await;
            }
            let now: Vec<_> = self.hosts.iter().map(|(_, held)| *held).collect();
            if now == before {
                return now;
            }
        }
    }
}

#[tokio::test]
async fn all_hosts_get_alike_and_never_more_than_there_is() {
    let server = Server::start();
    let clock = Arc::new(ManualClock::new(1_000));
    let mut hosts = Hosts { all: 10, hosts: Vec::new() };
    let rows: [&[usize]; 13] = [
        &[2],
        &[2, 2],
        &[2, 2, 2],
        &[2, 2, 2, 2],
        &[2, 2, 2, 2, 2],
        &[2, 2, 2, 2, 1, 1],
        &[2, 2, 2, 1, 1, 1, 1],
        &[2, 2, 1, 1, 1, 1, 1, 1],
        &[2, 1, 1, 1, 1, 1, 1, 1, 1],
        &[1, 1, 1, 1, 1, 1, 1, 1, 1, 1],
        &[1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0],
        &[1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0],
        &[1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0],
    ];
    for row in rows {
        hosts.hosts.push((open(&options(&server.url(), "t"), clock.clone()).await, 0));
        assert_eq!(hosts.settle().await, row, "{} hosts", row.len());
    }
    // One leaves and one dies; those who waited get their seats, the dead one's after its lease.
    hosts.ask(0, 0).await;
    hosts.ask(0, 0).await;
    hosts.hosts.remove(0);
    assert_eq!(hosts.settle().await, [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0]);
    hosts.hosts.remove(0);
    clock.advance(LEASE - Duration::from_millis(1));
    assert_eq!(hosts.settle().await, [1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0]);
    clock.advance(Duration::from_millis(1));
    assert_eq!(hosts.settle().await, [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0]);
}

#[tokio::test]
async fn what_is_still_held_is_given_to_nobody() {
    let server = Server::start();
    let clock = Arc::new(ManualClock::new(1_000));
    let one = open(&options(&server.url(), "t"), clock.clone()).await;
    let other = open(&options(&server.url(), "t"), clock).await;
    let ask = |held, wanted| Seats { all: 2, held, wanted };
    assert_eq!(one.seats(ask(0, 2), LEASE).await, Ok(2));
    assert_eq!(other.seats(ask(0, 2), LEASE).await, Ok(0));
    assert_eq!(one.seats(ask(2, 2), LEASE).await, Ok(1), "it is to close one");
    assert_eq!(other.seats(ask(0, 2), LEASE).await, Ok(0), "which is open yet");
    assert_eq!(one.seats(ask(1, 2), LEASE).await, Ok(1));
    assert_eq!(other.seats(ask(0, 2), LEASE).await, Ok(1));
}
