//! A message goes to the host at which somebody waits for it, and goes with them.

use std::sync::Arc;

use pesto_engine::ports::{Commit, Entry, Posting, Stage, Store};
use pesto_engine::scripted::ManualClock;

use crate::samples::{LEASE, message, open, options, said};
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
