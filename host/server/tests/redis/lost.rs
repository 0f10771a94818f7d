//! Answers that are lost after their step was done: each step is done once all the same.

use std::sync::Arc;
use std::time::{Duration, Instant};

use pesto_engine::contract::{self, Subject};
use pesto_engine::model::Seq;
use pesto_engine::ports::{Accepted, Commit, Entry, Store, StoreError};
use pesto_engine::scripted::ManualClock;
use pesto_server::redis::Options;

use crate::OnRedis;
use crate::samples::{LEASE, client, message, open, options, place, said};
use redis_rig::proxy::Proxy;
use redis_rig::server::Server;

/// The walk compares every answer and all that is stored with a store that nothing happens to.
#[tokio::test]
async fn steps_whose_answers_are_lost_are_done_once() {
    let server = Server::start();
    let proxy = Proxy::before(&server.socket()).await;
    let redis = OnRedis::at(proxy.url(), 1);
    for seed in 21..=24 {
        let one = Subject::new(&contract::InMemory::Shared).await;
        let other = Subject::new(&redis).await;
        proxy.lose_each(17 + seed % 3);
        contract::random::agree(seed, 150, one, other).await;
        proxy.lose_each(0);
    }
    assert!(proxy.lost() > 100, "{} answers were lost", proxy.lost());
}

#[tokio::test]
async fn each_step_of_a_turn_survives_the_loss_of_its_answer() {
    let server = Server::start();
    let proxy = Proxy::before(&server.socket()).await;
    let store = open(&options(&proxy.url(), "t"), Arc::new(ManualClock::new(1_000))).await;
    // Redis knows the scripts once a turn was done; before, what were lost is only that it does not.
    for (event, lose) in [("warm", 0), ("lossy", 1)] {
        let lossy = || proxy.lose_each(lose);
        let calm = || proxy.lose_each(0);
        lossy();
        let accept = tokio::spawn({
            let store = store.clone();
            async move { store.accept(said("ann", event), Entry::Take(LEASE)).await }
        });
        lost_one(&proxy, lose).await;
        calm();
        let number = 1 + lose;
        let Ok(Accepted::Taken(claim)) = accept.await.unwrap() else { panic!("the place is free") };
        assert_eq!((claim.seq, claim.attempt), (Seq { number, step: 0 }, 1), "it was taken once");
        lossy();
        let commit = tokio::spawn({
            let (store, fence) = (store.clone(), claim.fence.clone());
            let messages = vec![message("ann", usize::try_from(lose).unwrap())];
            async move { store.commit(&fence, Commit { messages, ..Commit::default() }).await }
        });
        lost_one(&proxy, 2 * lose).await;
        calm();
        assert_eq!(commit.await.unwrap(), Ok(()), "not stale, though it was done before");
        assert_eq!(store.commit(&claim.fence, Commit::default()).await, Err(StoreError::Stale), "another one is");
    }
    assert_eq!(store.glance(&place("ann")).await.unwrap().outbox, 2);
}

/// Waits until so many answers are lost in all.
async fn lost_one(proxy: &Proxy, lost: u64) {
    while proxy.lost() < lost {
        tokio::task::yield_now().await;
    }
}

/// A step that stalls on one connection is done over another one, and may come all the same long after that.
#[tokio::test]
async fn a_claim_that_comes_late_once_more_takes_nothing() {
    let server = Server::start_with(&["--slowlog-log-slower-than", "0"]);
    let mut client = client(&server);
    let store = open(&Options { shards: 1, ..options(&server.url(), "t") }, Arc::new(ManualClock::new(1_000))).await;
    let mut late = Vec::new();
    for name in ["ann", "bob", "cat"] {
        store.accept(said(name, name), Entry::Queue).await.unwrap();
        if name == "cat" {
            redis::cmd("EVALSHA").arg(&late[0]).exec(&mut client).unwrap();
        }
        let claim = store.claim(1, LEASE).await.unwrap().remove(0);
        assert_eq!((claim.inbound.id.as_str(), claim.attempt), (name, 1));
        late.push(last_script(&mut client));
        let commit = Commit { messages: vec![message(name, 0)], ..Commit::default() };
        store.commit(&claim.fence, commit).await.unwrap();
        if name == "cat" {
            redis::cmd("EVALSHA").arg(&late[1]).exec(&mut client).unwrap();
        }
        let posting = store.outbox_claim(1, LEASE).await.unwrap().remove(0);
        assert_eq!((posting.message.id, posting.attempt), (message(name, 0).id, 1));
        late.push(last_script(&mut client));
    }
}

/// What the last script was called with.
fn last_script(client: &mut redis::Connection) -> Vec<Vec<u8>> {
    type Entry = (i64, i64, i64, Vec<Vec<u8>>, redis::Value, redis::Value);
    let log: Vec<Entry> = redis::cmd("SLOWLOG").arg("GET").arg(20).query(client).unwrap();
    let mut words = log.into_iter().map(|entry| entry.3).find(|words| words[0] == b"EVALSHA").unwrap();
    words.split_off(1)
}

#[tokio::test]
async fn one_connection_that_stalls_does_not_stop_all() {
    let server = Server::start();
    let proxy = Proxy::before(&server.socket()).await;
    let store = open(&options(&proxy.url(), "t"), Arc::new(ManualClock::new(1_000))).await;
    proxy.stall(1);
    let stalled = tokio::spawn({
        let store = store.clone();
        async move { store.accept(said("ann", "e1"), Entry::Queue).await }
    });
    proxy.stalled().await;
    let since = Instant::now();
    for name in ["bob", "cat", "dan"] {
        store.accept(said(name, name), Entry::Queue).await.unwrap();
        assert!(since.elapsed() < Duration::from_secs(1), "{name} waited");
    }
    assert!(stalled.await.unwrap().is_ok(), "it was done over another connection");
    assert_eq!(store.backlog().await.unwrap().inbox, 4);
}

/// As a load balancer does, or Redis with a `timeout`.
#[tokio::test]
async fn a_step_survives_the_end_of_all_connections() {
    let server = Server::start();
    let store = open(&options(&server.url(), "t"), Arc::new(ManualClock::new(1_000))).await;
    let mut client = redis::Client::open(server.url()).unwrap().get_connection().unwrap();
    for number in 0..5 {
        redis::cmd("CLIENT").arg("KILL").arg("TYPE").arg("normal").arg("SKIPME").arg("yes").exec(&mut client).unwrap();
        let accepted = store.accept(said("ann", &format!("e{number}")), Entry::Queue).await;
        assert!(matches!(accepted, Ok(Accepted::New(_))), "{accepted:?}");
    }
}
