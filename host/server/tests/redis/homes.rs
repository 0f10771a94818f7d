//! A message goes to the host at which somebody waits for it, and goes with them.

use std::sync::Arc;

use pesto_engine::model::{EffectId, Inbound, Message, Place};
use pesto_engine::ports::{Commit, Entry, Posting, Stage, Store};
use pesto_engine::scripted::ManualClock;

use crate::samples::{LEASE, client, message, open, options, place, said, turn};
use pesto_server::redis::Options;
use redis_rig::server::Server;

const NEVER: u64 = 1 << 52;

#[tokio::test]
async fn messages_follow_a_person_from_host_to_host() {
    let server = Server::start();
    let clock = Arc::new(ManualClock::new(1_000));
    let one = open(&options(&server.url(), "t"), clock.clone()).await;
    let other = open(&options(&server.url(), "t"), clock.clone()).await;
    let none = Ok(Vec::new());
    one.accept(said("ann", "e1"), Entry::Queue).await.unwrap();
    let claim = other.claim(1, LEASE).await.unwrap().remove(0);
    let messages = vec![message("ann", 0), message("ann", 1)];
    other.commit(&claim.fence, Commit { messages, ..Commit::default() }).await.unwrap();

    // Nobody waits anywhere: whoever takes it puts it aside. What was said of a message when somebody came is no more so.
    let first = other.outbox_claim(9, LEASE).await.unwrap().remove(0);
    one.outbox_wake(&claim.fence.place).await.unwrap();
    other.outbox_later(&first, NEVER, false).await.unwrap();
    assert_eq!(other.outbox_claim(9, LEASE).await, none);
    let second = one.outbox_claim(9, LEASE).await.unwrap().remove(0);
    assert_eq!(second, Posting { attempt: 2, ..first.clone() });

    // They go to the other host, though this one still has the message.
    other.outbox_wake(&claim.fence.place).await.unwrap();
    let third = other.outbox_claim(9, LEASE).await.unwrap().remove(0);
    assert_eq!(third, Posting { attempt: 3, stage: Stage::InDoubt, ..first });
    one.outbox_later(&second, NEVER, false).await.unwrap_err();
    other.outbox_sent(&third, None, Some(2_000)).await.unwrap();
    assert_eq!(one.outbox_claim(9, LEASE).await, none);
    let next = other.outbox_claim(9, LEASE).await.unwrap().remove(0);
    assert_eq!(next.message, message("ann", 1));
    other.outbox_later(&next, NEVER, false).await.unwrap();
    one.outbox_wake(&claim.fence.place).await.unwrap();
    assert_eq!(one.outbox_claim(9, LEASE).await.unwrap().remove(0).message, message("ann", 1));
    clock.advance_to(2_000);
    let look = one.outbox_claim(9, LEASE).await.unwrap().remove(0);
    assert_eq!((look.message, look.stage), (message("ann", 0), Stage::Sent(None)), "for copies any host looks");
}

#[tokio::test]
async fn a_host_that_reaches_terminals_only_leaves_the_rest_to_others() {
    let server = Server::start();
    let clock = Arc::new(ManualClock::new(1_000));
    let all = open(&options(&server.url(), "t"), clock.clone()).await;
    let terminals = Options { terminals_only: true, ..options(&server.url(), "t") };
    let terminals = open(&terminals, clock.clone()).await;
    let near = Place::direct("local", "ann").unwrap();
    for (name, at) in [("ann", &near), ("bob", &place("bob"))] {
        let inbound = Inbound { place: at.clone(), ..said(name, name) };
        all.accept(inbound, Entry::Queue).await.unwrap();
        let claim = all.claim(1, LEASE).await.unwrap().remove(0);
        let id = |index| EffectId::stored(format!("{at}@1/m{index}"));
        let messages = (0..2).map(|index| Message { id: id(index), place: at.clone(), ..message(name, index) });
        all.commit(&claim.fence, Commit { messages: messages.collect(), ..Commit::default() }).await.unwrap();
    }
    let first = terminals.outbox_claim(9, LEASE).await.unwrap();
    assert_eq!(first.iter().map(|posting| &posting.message.place).collect::<Vec<_>>(), [&near]);
    assert!(terminals.outbox_due().await.unwrap() > Some(1_000), "it waits for nothing that it cannot bring");
    terminals.outbox_sent(&first[0], None, None).await.unwrap();
    let rest = all.outbox_claim(9, LEASE).await.unwrap();
    assert_eq!(rest.len(), 2, "whoever reaches more brings these as well: {rest:?}");
}

#[tokio::test]
async fn what_an_older_version_put_into_another_index_is_taken_once() {
    let server = Server::start();
    let mut client = client(&server);
    let clock = Arc::new(ManualClock::new(1_000));
    let store = open(&Options { shards: 1, ..options(&server.url(), "t") }, clock.clone()).await;
    for stays in [true, false] {
        turn(store.as_ref(), "ann", usize::from(stays)).await;
        let member: Vec<String> = redis::cmd("ZRANGE").arg("t:{s0}:due").arg(0).arg(0).query(&mut client).unwrap();
        redis::cmd("ZADD").arg("t:{s0}:near").arg(1).arg(&member).exec(&mut client).unwrap();
        if !stays {
            redis::cmd("ZREM").arg("t:{s0}:due").arg(&member).exec(&mut client).unwrap();
        }
        let mut taken = Vec::new();
        for _ in 0..3 {
            taken.extend(store.outbox_claim(9, LEASE).await.unwrap());
        }
        assert_eq!((taken.len(), taken[0].attempt, &taken[0].stage), (1, 1, &Stage::Unsent), "stays: {stays}");
        store.outbox_sent(&taken[0], None, None).await.unwrap();
        let left: u64 = redis::cmd("EXISTS").arg("t:{s0}:near").arg("t:{s0}:due").query(&mut client).unwrap();
        assert_eq!(left, 0, "stays: {stays}");
    }
}
