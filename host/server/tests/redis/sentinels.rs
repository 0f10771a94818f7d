//! A server that sentinels watch: the store follows when they make another one the server.

use std::sync::Arc;

use pesto_engine::clock::SystemClock;
use pesto_engine::ports::{Claim, Commit, Entry, Store};
use pesto_engine::scripted::ManualClock;
use pesto_server::redis::{ConnectError, RedisStore};
use redis_rig::sentinels::Watched;
use redis_rig::server::Server;

use crate::samples::{LEASE, SOON, open, options, patiently, said, turn};

async fn refused(url: &str) -> ConnectError {
    RedisStore::connect(options(url, "t"), Arc::new(SystemClock)).await.err().unwrap()
}

/// Takes an event as soon as the store hears of one.
async fn claimed(store: &RedisStore) -> Claim {
    loop {
        if let Some(claim) = patiently(|| store.claim(1, LEASE)).await.pop() {
            return claim;
        }
        tokio::time::timeout(SOON, store.inbox_changed()).await.expect("wakes come from where the steps are");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_follows_its_server() {
    let mut redis = Watched::start();
    let clock = Arc::new(ManualClock::new(1_000));
    let (store, warnings) = RedisStore::connect(options(&redis.url(), "t"), clock.clone()).await.unwrap();
    assert!(warnings.len() == 1 && warnings[0].contains("min-replicas-to-write 1"), "{warnings:?}");
    let other = open(&options(&redis.url(), "t"), clock).await;
    turn(&store, "ann", 1).await;
    store.accept(said("bob", "e2"), Entry::Queue).await.unwrap();

    // The server lives on, as a replica, and for a moment believes that it is none.
    redis.fail_over();
    redis.subscribed("t:wakes", 2);
    let claim = claimed(&store).await;
    assert_eq!(claim.inbound.id, "e2");
    patiently(|| store.commit(&claim.fence, Commit::default())).await;
    store.accept(said("cat", "e3"), Entry::Queue).await.unwrap();
    assert_eq!(claimed(&other).await.inbound.id, "e3");

    // And it dies.
    redis.synced();
    redis.lose_the_server();
    patiently(|| store.accept(said("dan", "e4"), Entry::Queue)).await;
    assert_eq!(claimed(&other).await.inbound.id, "e4");
    let backlog = patiently(|| store.backlog()).await;
    assert_eq!((backlog.inbox, backlog.outbox), (2, 1), "two are claimed, and one was answered");
    redis.subscribed("t:wakes", 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wrong_with_sentinels_is_said() {
    let mut redis = Watched::start();
    let url = redis.url();
    redis.lose_sentinels();
    assert!(RedisStore::connect(options(&url, "t"), Arc::new(SystemClock)).await.is_ok(), "one is enough");

    for (from, to, wanted) in [
        ("/main?", "/mane?", ["watches no `mane`", "correct the name"]),
        ("sentinels-secret", "wrong-secret", ["the sentinel 127.0.0.1:", "`sentinel_password`"]),
        ("servers-secret", "wrong-secret", ["which the sentinels name", "password"]),
    ] {
        let error = refused(&url.replace(from, to)).await;
        let words = error.to_string();
        assert!(wanted.iter().all(|wanted| words.contains(wanted)) && !words.contains("-secret"), "{words}");
        assert!(matches!(error, ConnectError::Redis(_)), "it does not pass: {error:?}");
    }

    let error = refused("redis+sentinel://127.0.0.1:1/main").await;
    assert!(matches!(&error, ConnectError::Away(words) if words.contains("is the sentinel running?")), "{error:?}");
    let server = Server::start();
    let proxy = redis_rig::proxy::Proxy::before(&server.socket()).await;
    let no_sentinel = proxy.url().replace("redis://", "redis+sentinel://") + "/main";
    let words = refused(&no_sentinel).await.to_string();
    assert!(words.contains("is no sentinel") && words.contains("26379"), "{words}");
}
