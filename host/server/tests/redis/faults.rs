//! A Redis that is not as it should be: what it cannot do is said with a remedy, and never with the password.

use std::sync::Arc;

use pesto_engine::clock::SystemClock;
use pesto_engine::contract;
use pesto_engine::model::{Digest, FlowName};
use pesto_engine::ports::{Commit, Deploy, Entry, Store, StoreError};
use pesto_server::redis::{ConnectError, Options, RedisStore};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpListener;

use crate::OnRedis;
use crate::samples::{LEASE, client, open, options, patiently, said};
use redis_rig::server::Server;

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
    let words = refused(options(&(server.url() + "?pass=right-secret&db=99"), "t")).await.to_string();
    assert!(words.contains("no database of this number") && !words.contains("secret"), "{words}");
    let words = refused(options("unix:///nowhere/at/all", "t")).await.to_string();
    assert!(words.starts_with("/nowhere/at/all: nothing listens"), "{words}");
}

#[tokio::test]
async fn what_is_no_redis_is_told_from_one() {
    let website = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = website.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut visitor, _)) = website.accept().await {
            visitor.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.unwrap();
        }
    });
    let error = refused(options(&format!("redis://:very-secret@{address}"), "t")).await;
    let ConnectError::Redis(words) = error else { panic!("it does not pass: {error:?}") };
    assert_eq!(words, format!("{address}: what answers is no Redis: correct host and port in the URL"));
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
    assert!(words.contains("schema 99") && words.contains("a newer version of Pesto"), "{words}");
    redis::cmd("SET").arg("text:{meta}").arg("theirs").exec(&mut client).unwrap();
    redis::cmd("RPUSH").arg("list:{meta}").arg("theirs").exec(&mut client).unwrap();
    for prefix in ["text", "list"] {
        assert!(matches!(refused(options(&server.url(), prefix)).await, ConnectError::Foreign(_)));
    }
}

/// What the README says that the user of a cluster needs.
const RIGHTS: &str =
    "+@read +@write +@scripting +@pubsub +@connection -@dangerous +time +config|get +info +cluster|slots";

#[tokio::test]
async fn a_user_without_a_right_is_told_of_it_at_once() {
    let server = Server::start();
    let mut client = client(&server);
    let mut grant = |rights: &str| {
        let rights: Vec<_> = format!("reset on >right ~t* &t* {rights}").split(' ').map(ToOwned::to_owned).collect();
        redis::cmd("ACL").arg("SETUSER").arg("pesto").arg(rights).exec(&mut client).unwrap();
    };
    let url = server.url() + "?user=pesto&pass=right";
    // The script is there once it was loaded.
    for missing in ["-script|load", "-time", "-hdel", "-evalsha", "-subscribe", "-set", "resetkeys", "resetchannels"] {
        grant(&format!("{RIGHTS} {missing}"));
        let error = refused(options(&url, "t")).await;
        assert!(matches!(error, ConnectError::Redis(_)), "{missing}: it does not pass: {error:?}");
        assert!(error.to_string().contains("may not do what Pesto needs"), "{missing}: {error}");
    }
    grant(RIGHTS);
    let warnings = RedisStore::connect(options(&url, "t"), Arc::new(SystemClock)).await.unwrap().1;
    assert_eq!(warnings, [""; 0]);
    contract::check(&OnRedis::at(url, 2)).await;
}

#[tokio::test]
async fn a_store_that_is_lost_under_its_hosts_takes_no_flow_away() {
    let server = Server::start();
    let mut client = client(&server);
    let mut tell = |words: &[&str]| redis::cmd(words[0]).arg(&words[1..]).exec(&mut client).unwrap();
    let mine = options(&server.url(), "t");
    let store = open(&mine, Arc::new(SystemClock)).await;
    let flow = FlowName::try_from("ask".to_owned()).unwrap();
    store.put_component(&flow, b"one", Deploy::Always).await.unwrap();
    let current = vec![(flow.clone(), Digest::of(b"one"))];
    assert_eq!(store.current().await, Ok(current.clone()));
    for (others, wanted) in [("1 16", "gone: `t:{meta}` says `1 16`"), ("2 5", "says `2 5`"), ("theirs", "says")] {
        tell(&["SET", "t:{meta}", others]);
        let Err(StoreError::Unavailable(words)) = store.current().await else { panic!("{others}") };
        assert!(words.contains(wanted) && words.contains("restart the hosts"), "{words}");
    }
    tell(&["SET", "t:{meta}", "99 16"]);
    assert_eq!(
        store.current().await,
        Ok(current.clone()),
        "a later version took it on, and this host works on beside it"
    );

    tell(&["FLUSHALL"]);
    let Err(StoreError::Unavailable(words)) = store.current().await else { panic!("nothing is current") };
    assert!(words.contains("gone: `t:{meta}` is not there") && words.contains("restore it"), "{words}");
    let look = Options { make: false, ..mine.clone() };
    let warnings = RedisStore::connect(look, Arc::new(SystemClock)).await.unwrap().1;
    assert!(warnings.len() == 1 && warnings[0].contains("its data was flushed or lost"), "{warnings:?}");
    assert!(store.current().await.is_err(), "who only looks makes no new one");

    let anew = open(&mine, Arc::new(SystemClock)).await;
    anew.put_component(&flow, b"one", Deploy::IfNew).await.unwrap();
    assert_eq!((anew.current().await, store.current().await), (Ok(current.clone()), Ok(current)));
}

/// A replica that takes over may not have heard of the last steps.
#[tokio::test]
async fn a_claim_that_redis_forgot_ends_with_the_next_one() {
    let server = Server::start();
    let mut client = client(&server);
    let store = open(&Options { shards: 1, ..options(&server.url(), "t") }, Arc::new(SystemClock)).await;
    store.accept(said("ann", "e1"), Entry::Queue).await.unwrap();
    let keys: Vec<String> = redis::cmd("KEYS").arg("t:*").query(&mut client).unwrap();
    let dumps: Vec<Vec<u8>> = keys.iter().map(|key| redis::cmd("DUMP").arg(key).query(&mut client).unwrap()).collect();
    let forgotten = store.claim(1, LEASE).await.unwrap().remove(0);
    redis::cmd("FLUSHALL").exec(&mut client).unwrap();
    for (key, dump) in keys.iter().zip(dumps) {
        redis::cmd("RESTORE").arg(key).arg(0).arg(dump).exec(&mut client).unwrap();
    }
    let other = open(&Options { shards: 1, ..options(&server.url(), "t") }, Arc::new(SystemClock)).await;
    let claim = other.claim(1, LEASE).await.unwrap().remove(0);
    assert_eq!(store.commit(&forgotten.fence, Commit::default()).await, Err(StoreError::Stale));
    assert_eq!(other.commit(&claim.fence, Commit::default()).await, Ok(()));
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

#[tokio::test]
async fn what_ends_while_it_runs_is_waited_for() {
    let server = Server::start();
    let store = open(&options(&server.url(), "t"), Arc::new(SystemClock)).await;
    store.accept(said("ann", "e1"), Entry::Queue).await.unwrap();
    let mut client = client(&server);
    let mut tell = |words: &[&str]| redis::cmd(words[0]).arg(&words[1..]).exec(&mut client).unwrap();
    let refused = async |id: &str, wanted: &str| {
        // Connections that ended are noticed one after the other.
        for _ in 0..20 {
            match store.accept(said("ann", id), Entry::Queue).await {
                Err(StoreError::Unavailable(words)) if words.contains(wanted) => return,
                Err(StoreError::Unavailable(words)) => assert!(!words.contains("secret"), "{words}"),
                other => panic!("{other:?}"),
            }
        }
        panic!("nobody speaks of {wanted}");
    };

    tell(&["CONFIG", "SET", "requirepass", "another-secret"]);
    // Whoever is in stays in.
    tell(&["CLIENT", "KILL", "SKIPME", "yes"]);
    refused("e2", "the password").await;
    tell(&["CONFIG", "SET", "requirepass", ""]);
    patiently(|| store.accept(said("ann", "e2"), Entry::Queue)).await;

    tell(&["CONFIG", "SET", "min-replicas-to-write", "1"]);
    refused("e3", "`min-replicas-to-write` wants").await;
    tell(&["CONFIG", "SET", "min-replicas-to-write", "0"]);
    patiently(|| store.accept(said("ann", "e3"), Entry::Queue)).await;

    tell(&["REPLICAOF", "127.0.0.1", "1"]);
    refused("e4", "is a replica").await;
    tell(&["REPLICAOF", "NO", "ONE"]);
    patiently(|| store.accept(said("ann", "e4"), Entry::Queue)).await;
    assert_eq!(store.backlog().await.unwrap().inbox, 4, "each once");
}
