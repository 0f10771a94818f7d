//! What a host of an older schema left.

use std::sync::Arc;

use pesto_engine::ports::{Commit, Store};
use pesto_engine::scripted::ManualClock;
use redis_rig::server::Server;

use crate::samples::{LEASE, open, options};

/// Where an event stands that nobody knows when it was sent.
const FIRST: &str = "00000000000000000000.0000000000000001.0000000000";

/// An event as schema 1 kept it: when it may be claimed, whose it is, and itself.
fn event(name: &str) -> String {
    let person = format!(r#"{{"id":"{name}","name":"","locale":"","time_zone":""}}"#);
    let body = r#"{"Said":{"text":"hello","files":[]}}"#;
    format!("0\n{person}\n{{\"id\":\"{name}\",\"place\":\"T1/{name}\",\"person\":{person},\"at\":0,\"body\":{body}}}")
}

#[tokio::test]
async fn what_an_older_version_left_is_gone_on_with() {
    let server = Server::start();
    let mut client = redis::Client::open(server.url()).unwrap().get_connection().unwrap();
    let mut tell = |words: &[&str]| redis::cmd(words[0]).arg(&words[1..]).exec(&mut client).unwrap();
    tell(&["SET", "t:{meta}", "1 1"]);
    for (name, tick, due) in [("bob", "0000000000000002", "900"), ("ann", "0000000000000004", "500")] {
        let place = format!("t:{{s0}}:place:T1/{name}");
        tell(&["HSET", &place, "rank", tick, "last", "1", "tick", tick]);
        tell(&["ZADD", &format!("t:{{s0}}:inbox:T1/{name}"), "0", FIRST]);
        tell(&["HSET", &format!("t:{{s0}}:event:T1/{name}"), FIRST, &event(name)]);
        tell(&["ZADD", "t:{s0}:ready", due, &format!("{tick}T1/{name}")]);
        tell(&["HINCRBY", "t:{s0}:counts", "inbox", "1"]);
    }
    // The turn of a host that died.
    tell(&["HSET", "t:{s0}:place:T1/bob", "epoch", "1", "attempt", "1", "claimed", "gone-7", "current", FIRST]);
    tell(&["ZADD", "t:{s0}:claimed", "900", "T1/bob"]);

    for (digit, place) in ["local/cat", "T1/dan"].into_iter().enumerate() {
        tell(&["ZADD", "t:{s0}:due", "9000", &format!("{digit:032}{place}@1/m0")]);
    }

    let (clock, options) = (Arc::new(ManualClock::new(1_000)), options(&server.url(), "t"));
    let (store, _) = tokio::join!(open(&options, clock.clone()), open(&options, clock.clone()));
    let meta: String = redis::cmd("GET").arg("t:{meta}").query(&mut client).unwrap();
    assert_eq!(meta, "2 1", "with the shards that it has");
    for (index, place) in [("near", "local/cat"), ("due", "T1/dan")] {
        let key = format!("t:{{s0}}:{index}");
        let due: Vec<String> = redis::cmd("ZRANGE").arg(key).arg(0).arg(-1).query(&mut client).unwrap();
        assert!(due.len() == 1 && due[0].contains(place), "{index}: {due:?}");
    }
    for (name, attempt) in [("ann", 1), ("bob", 2)] {
        let claim = store.claim(1, LEASE).await.unwrap().remove(0);
        assert_eq!((claim.inbound.id.as_str(), claim.attempt), (name, attempt));
        store.commit(&claim.fence, Commit::default()).await.unwrap();
    }
    assert_eq!((store.claim(9, LEASE).await, store.backlog().await.unwrap().inbox), (Ok(vec![]), 0));
}
