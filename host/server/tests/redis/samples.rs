//! Stores, and events and messages for them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use pesto_engine::model::{Beginning, Body, Conversation, Digest, EffectId, FlowName, Inbound, Message, Person, Place};
use pesto_engine::ports::{Clock, Commit, Entry, Store, StoreError};
use pesto_server::config::Secret;
use pesto_server::redis::{Options, RedisStore, TimeSource};
use redis_rig::server::Server;

pub(crate) const LEASE: Duration = Duration::from_secs(30);
/// Far below the pause after which a host looks by itself.
pub(crate) const SOON: Duration = Duration::from_secs(5);

pub(crate) fn place(name: &str) -> Place {
    Place::direct("T1", name).unwrap()
}

pub(crate) fn said(name: &str, id: &str) -> Inbound {
    let person = Person {
        id: name.into(),
        name: String::new(),
        locale: String::new(),
        time_zone: String::new(),
        utc_offset: None,
        groups: Vec::new(),
    };
    let body = Body::Said { text: "hello".into(), files: Vec::new() };
    Inbound { id: id.into(), place: place(name), person, at: 0, sent: None, manner: Default::default(), body }
}

pub(crate) fn message(name: &str, index: usize) -> Message {
    let id = EffectId::stored(format!("T1/{name}@1/m{index}"));
    Message {
        id,
        place: place(name),
        generation: 0,
        key: String::new(),
        text: "hello".into(),
        choices: None,
        form: None,
        closes: None,
        aim: Default::default(),
    }
}

pub(crate) fn conversation(generation: u64) -> Conversation {
    Conversation {
        generation,
        flow: FlowName::try_from("ask".to_owned()).unwrap(),
        digest: Digest::of(b"one"),
        state: Vec::new(),
        literal_next: false,
        questions: Vec::new(),
        switch_to: None,
        timers: BTreeMap::from([("later".to_owned(), 1)]),
        began: Beginning { at: 1, sent: None, by: "ann".into(), ..Default::default() },
        last: 1,
        alone: 0,
        passed: None,
        spoken: None,
        asked: String::new(),
        tried: Vec::new(),
    }
}

/// A store whose time is its host's, so that a test can move it.
pub(crate) fn options(url: &str, prefix: &str) -> Options {
    let redis = Secret::new(url.to_owned()).into();
    Options { prefix: prefix.to_owned(), time: TimeSource::Host, ..Options::new(redis) }
}

/// A connection of an operator's.
pub(crate) fn client(server: &Server) -> redis::Connection {
    redis::Client::open(server.url()).unwrap().get_connection().unwrap()
}

pub(crate) async fn open(options: &Options, clock: Arc<dyn Clock>) -> Arc<RedisStore> {
    Arc::new(RedisStore::connect(options.clone(), clock).await.unwrap().0)
}

/// Does a step again while the store is away, as the engine does.
pub(crate) async fn patiently<T, F: Future<Output = Result<T, StoreError>>>(step: impl Fn() -> F) -> T {
    let since = Instant::now();
    loop {
        match step().await {
            Err(StoreError::Unavailable(words)) => {
                assert!(since.elapsed() < Duration::from_secs(60), "not in time: {words}");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            other => return other.unwrap(),
        }
    }
}

/// Somebody says something, and gets an answer into the outbox.
pub(crate) async fn turn(store: &dyn Store, name: &str, number: usize) {
    let id = format!("e{number}");
    patiently(|| store.accept(said(name, &id), Entry::Queue)).await;
    let claim = patiently(|| store.claim(1, LEASE)).await.remove(0);
    assert_eq!(claim.inbound.id, id);
    let commit = || Commit { messages: vec![message(name, number)], ..Commit::default() };
    patiently(|| store.commit(&claim.fence, commit())).await;
}
