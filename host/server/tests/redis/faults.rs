//! A Redis that is not as it should be: what it cannot do is said with a remedy, and never with the password.

use std::sync::Arc;

use pesto_engine::clock::SystemClock;
use pesto_engine::ports::{Entry, Store, StoreError};
use pesto_server::redis::{ConnectError, Options, RedisStore};

use crate::samples::{LEASE, open, options, said};
use redis_rig::server::Server;

/// A connection of an operator's.
fn client(server: &Server) -> redis::Connection {
    redis::Client::open(server.url()).unwrap().get_connection().unwrap()
}

async fn refused(options: Options) -> ConnectError {
    RedisStore::connect(options, Arc::new(SystemClock)).await.err().unwrap()
}

#[tokio::test]
async fn what_keeps_us_out_is_said_without_the_password() {
    let server = Server::start_with(&["--requirepass", "right-secret"]);
    for query in ["", "?pass=wrong-secret"] {
        let words = refused(options(&(server.url() + query), "t")).await.to_string();
        assert!(words.contains("password") && words.contains("correct") && !words.contains("secret"), "{words}");
    }
    assert!(
        RedisStore::connect(options(&(server.url() + "?pass=right-secret"), "t"), Arc::new(SystemClock)).await.is_ok()
    );
    let words = refused(options("postgres://u:very-secret@h/", "t")).await.to_string();
    assert!(words.contains("redis://") && !words.contains("secret"), "{words}");
    let words = refused(options("unix:///nowhere/at/all", "t")).await.to_string();
    assert!(words.contains("nothing listens"), "{words}");
}

#[tokio::test]
async fn a_replica_is_refused() {
    let server = Server::start_with(&["--replicaof", "127.0.0.1", "1", "--replica-serve-stale-data", "yes"]);
    let words = refused(options(&server.url(), "t")).await.to_string();
    assert!(words.contains("replica") && words.contains("primary"), "{words}");
}

#[tokio::test]
async fn another_version_and_another_program_are_refused() {
    let server = Server::start();
    let mut client = client(&server);
    redis::cmd("SET").arg("later:{meta}").arg("99 16").exec(&mut client).unwrap();
    let words = refused(options(&server.url(), "later")).await.to_string();
    assert!(words.contains("schema 99") && words.contains("another database"), "{words}");
    redis::cmd("SET").arg("text:{meta}").arg("theirs").exec(&mut client).unwrap();
    redis::cmd("RPUSH").arg("list:{meta}").arg("theirs").exec(&mut client).unwrap();
    for prefix in ["text", "list"] {
        assert!(matches!(refused(options(&server.url(), prefix)).await, ConnectError::Foreign(_)));
    }
}

#[tokio::test]
async fn the_number_of_shards_stays() {
    let server = Server::start();
    let few = Options { shards: 2, ..options(&server.url(), "t") };
    open(&few, Arc::new(SystemClock)).await.accept(said("ann", "e1"), Entry::Queue).await.unwrap();
    let later = open(&options(&server.url(), "t"), Arc::new(SystemClock)).await;
    assert_eq!(later.claim(1, LEASE).await.unwrap().len(), 1, "it is looked for where it was put");
}

#[tokio::test]
async fn settings_that_lose_events_are_warned_of() {
    let warnings = async |server: &Server| {
        RedisStore::connect(options(&server.url(), "t"), Arc::new(SystemClock)).await.unwrap().1
    };
    assert_eq!(warnings(&Server::start()).await, [""; 0]);
    let loose = Server::start_with(&["--maxmemory-policy", "allkeys-lru"]);
    let all = warnings(&loose).await;
    assert_eq!(all.len(), 3, "{all:?}");
    assert!(all[0].contains("appendonly yes") && all[2].contains("noeviction"), "{all:?}");
    let shy = Server::start_with(&["--rename-command", "CONFIG", ""]);
    assert!(warnings(&shy).await.iter().all(|words| words.contains("does not tell")));
}

#[tokio::test]
async fn faults_on_the_way_are_named() {
    let server = Server::start();
    let store = open(&options(&server.url(), "t"), Arc::new(SystemClock)).await;
    store.accept(said("ann", "e1"), Entry::Queue).await.unwrap();
    let mut client = client(&server);

    redis::cmd("SCRIPT").arg("FLUSH").exec(&mut client).unwrap();
    store.accept(said("ann", "e2"), Entry::Queue).await.expect("the script is loaded again");

    redis::cmd("CONFIG").arg("SET").arg("maxmemory").arg("1mb").exec(&mut client).unwrap();
    let Err(StoreError::Unavailable(words)) = store.accept(said("ann", "e3"), Entry::Queue).await else { panic!() };
    assert!(words.contains("maxmemory") && words.contains("raise it"), "{words}");
    redis::cmd("CONFIG").arg("SET").arg("maxmemory").arg("0").exec(&mut client).unwrap();
    assert_eq!(store.backlog().await.unwrap().inbox, 2, "nothing of it was done");

    for shard in 0..16 {
        redis::cmd("SET").arg(format!("t:{{s{shard}}}:ready")).arg("theirs").exec(&mut client).unwrap();
    }
    let Err(StoreError::Corrupt(words)) = store.claim(1, LEASE).await else { panic!() };
    assert!(words.contains("another program"), "{words}");
}

/// What the server's clock decides needs no help of the host's.
#[tokio::test]
async fn leases_go_by_the_servers_clock() {
    let server = Server::start();
    let by_server = Options { prefix: "t".to_owned(), ..Options::new(options(&server.url(), "t").url) };
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
