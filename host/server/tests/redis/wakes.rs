//! What one host does wakes the others.

use std::sync::Arc;

use pesto_engine::model::{Beginning, Conversation, Digest};
use pesto_engine::ports::{After, Commit, Deploy, Entry, Store, TimerChange};
use pesto_engine::scripted::ManualClock;

use crate::samples::{LEASE, SOON, message, open, options, said};
use redis_rig::server::Server;

#[tokio::test]
async fn hosts_wake_each_other() {
    let server = Server::start();
    let clock = Arc::new(ManualClock::new(1_000));
    let one = open(&options(&server.url(), "t"), clock.clone()).await;
    let other = open(&options(&server.url(), "t"), clock.clone()).await;

    one.accept(said("ann", "e1"), Entry::Queue).await.unwrap();
    tokio::time::timeout(SOON, other.inbox_changed()).await.expect("an event");
    let claim = other.claim(1, LEASE).await.unwrap().remove(0);
    assert_eq!(one.claim(1, LEASE).await, Ok(Vec::new()), "the other one has it");
    let began = Beginning { at: 0, sent: None, by: "ann".into(), ..Default::default() };
    let conversation = Conversation {
        generation: 1,
        flow: "survey".parse().unwrap(),
        digest: Digest::of(b""),
        state: Vec::new(),
        literal_next: false,
        questions: Vec::new(),
        switch_to: None,
        timers: [("nag".to_owned(), 5_000)].into(),
        began,
        last: 0,
        alone: 0,
        passed: None,
        spoken: None,
        asked: String::new(),
        tried: Vec::new(),
    };
    let commit = Commit {
        conversation: After::Open(Box::new(conversation)),
        messages: vec![message("ann", 0)],
        timers: vec![TimerChange::Set("nag".into(), 5_000)],
        ..Commit::default()
    };
    other.commit(&claim.fence, commit).await.unwrap();
    tokio::time::timeout(SOON, one.outbox_changed()).await.expect("a message");
    tokio::time::timeout(SOON, one.timers_changed()).await.expect("a timer");
    // It looks once more when all that the other one did a moment ago is to be seen.
    assert_eq!(one.fire_timers().await, Ok(Some(1_200)));
    clock.advance_to(1_200);
    assert_eq!(one.fire_timers().await, Ok(Some(5_000)));
    other.put_component(&"survey".parse().unwrap(), b"", Deploy::Always).await.unwrap();
    tokio::time::timeout(SOON, one.components_changed()).await.expect("a component");
}

#[tokio::test]
async fn a_server_that_was_away_wakes_all() {
    let mut server = Server::start();
    let store = open(&options(&server.url(), "t"), Arc::new(ManualClock::new(1_000))).await;
    store.accept(said("ann", "e1"), Entry::Queue).await.unwrap();
    tokio::time::timeout(SOON, store.inbox_changed()).await.expect("its own");
    server.crash();
    tokio::time::timeout(SOON, store.inbox_changed()).await.expect("nobody knows what was missed");
    assert_eq!(store.claim(1, LEASE).await.unwrap().len(), 1, "what was accepted is there");
}
