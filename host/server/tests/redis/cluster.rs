//! A cluster: between its nodes the shards are divided, and divided anew while work goes on.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use pesto_engine::contract;
use pesto_engine::ports::{Entry, Store, StoreError};
use pesto_engine::scripted::ManualClock;
use pesto_server::redis::{Options, RedisStore};
use redis_rig::cluster::Cluster;

use crate::samples::{LEASE, SOON, open, options, patiently, said, turn};
use crate::{OnRedis, judged_by};

#[tokio::test]
async fn judge_redis_cluster_keeps_the_contract() {
    let cluster = Cluster::start();
    contract::check(&OnRedis::at(cluster.url(0), 16)).await;
    let warnings = async || {
        let clock = Arc::new(ManualClock::new(0));
        RedisStore::connect(options(&cluster.url(1), "t0"), clock).await.unwrap().1
    };
    assert_eq!(warnings().await, [""; 0], "any node leads to the same store");
    let mut third = cluster.connection(2);
    redis::cmd("CONFIG").arg("SET").arg("maxmemory-policy").arg("allkeys-lru").exec(&mut third).unwrap();
    assert!(warnings().await[0].contains("noeviction"), "each node is asked");
    judged_by("redis_cluster");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn turns_go_on_while_a_node_is_replaced() {
    let cluster = Cluster::with_a_replica();
    let store = open(&options(&cluster.url(0), "t"), Arc::new(ManualClock::new(1_000))).await;
    let turns = Arc::new(AtomicUsize::new(0));
    let work = tokio::spawn({
        let (store, turns) = (store.clone(), turns.clone());
        async move {
            loop {
                let number = turns.load(Ordering::Relaxed);
                turn(&*store, &format!("p{}", number % 40), number).await;
                turns.fetch_add(1, Ordering::Relaxed);
            }
        }
    });
    let done = async |more: usize| {
        let before = turns.load(Ordering::Relaxed);
        while turns.load(Ordering::Relaxed) < before + more {
            assert!(!work.is_finished(), "a turn failed");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    done(40).await;
    cluster.fail_over();
    done(80).await;
    work.abort();
    let _ = work.await;
    let sent = turns.load(Ordering::Relaxed);
    let waiting = store.backlog().await.unwrap();
    assert!((sent..=sent + 1).contains(&usize::try_from(waiting.outbox).unwrap()), "{sent} turns, and {waiting:?}");
    assert!(waiting.inbox <= 1, "only the turn that was broken off");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_dies_is_replaced() {
    // Nobody asks whether the replica has all before a node dies, so nothing is under way then. This one is named.
    let mut cluster = Cluster::with_a_replica();
    let store = open(&options(&cluster.url(0), "t"), Arc::new(ManualClock::new(1_000))).await;
    let other = open(&options(&cluster.url(0), "t"), Arc::new(ManualClock::new(1_000))).await;
    for number in 0..40 {
        store.accept(said(&format!("p{number}"), &format!("e{number}")), Entry::Queue).await.unwrap();
    }
    cluster.lose_the_first();
    let all = async {
        let mut claimed = 0;
        while claimed < 40 {
            claimed += patiently(|| store.claim(40, LEASE)).await.len();
        }
    };
    tokio::time::timeout(SOON * 12, all).await.expect("all that was accepted");
    // The channel of wakes was at the node that died.
    let mut number = 40;
    let woken = async {
        loop {
            number += 1;
            patiently(|| store.accept(said("ann", &format!("e{number}")), Entry::Queue)).await;
            if tokio::time::timeout(Duration::from_millis(500), other.inbox_changed()).await.is_ok() {
                return;
            }
        }
    };
    tokio::time::timeout(SOON * 2, woken).await.expect("a wake");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_hangs_holds_up_its_own_places_only() {
    let cluster = Cluster::start();
    let store = open(&options(&cluster.url(0), "t"), Arc::new(ManualClock::new(1_000))).await;
    let mut claims = Vec::new();
    for number in 0..40 {
        store.accept(said(&format!("p{number}"), &format!("e{number}")), Entry::Queue).await.unwrap();
        claims.extend(store.claim(1, LEASE).await.unwrap());
    }
    assert_eq!(claims.len(), 40);
    for claim in &claims[20..] {
        store.hand_back(&claim.fence).await.unwrap();
    }
    cluster.hang(1);
    // The second half is not theirs any more, and some of it lies where there are answers.
    let fences: Vec<_> = claims.iter().map(|claim| claim.fence.clone()).collect();
    let lost = store.renew(&fences, LEASE).await.unwrap();
    assert!(!lost.is_empty() && lost.iter().all(|fence| fences[20..].contains(fence)), "{lost:?}");
    let again = store.claim(40, LEASE).await.unwrap();
    assert_eq!(again.len(), lost.len(), "what is ready elsewhere is given out");
    assert!(store.fire_timers().await.is_ok());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_shard_that_moves_is_waited_for() {
    let cluster = Cluster::start();
    let one_shard = Options { shards: 1, ..options(&cluster.url(0), "t") };
    let store = open(&one_shard, Arc::new(ManualClock::new(1_000))).await;
    store.accept(said("ann", "e1"), Entry::Queue).await.unwrap();
    let moving = cluster.begin_move("t:{s0}:");
    // What is asked of the new node now would not see what the old one has.
    assert!(matches!(store.accept(said("ann", "e2"), Entry::Queue).await, Err(StoreError::Unavailable(_))));
    cluster.end_move(&moving);
    patiently(|| store.accept(said("ann", "e2"), Entry::Queue)).await;
    assert_eq!(store.backlog().await.unwrap().inbox, 2);
    let claim = store.claim(1, LEASE).await.unwrap().remove(0);
    assert_eq!(claim.inbound.id, "e1", "nothing was lost, and the order holds");
}
