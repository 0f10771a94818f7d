//! Timers of a conversation.

use super::samples::{closed, open, person, said};
use super::{SECOND, Subject, cases};
use crate::model::{Body, Inbound, Millis};
use crate::ports::{Commit, Entry, TimerChange};

cases![
    a_timer_fires_once,
    timers_are_set_anew_and_stopped,
    changes_are_applied_in_order,
    due_timers_fire_in_order,
    a_timer_waits_its_turn,
    a_timer_does_not_outlive_its_conversation,
    a_timer_that_is_set_wakes_its_waiter,
];

async fn with(s: &Subject, id: &str, timers: Vec<TimerChange>) {
    s.turn(&said("ann", id), Commit { timers, ..open(1) }).await;
}

fn set(name: &str, due: Millis) -> TimerChange {
    TimerChange::Set(name.into(), due)
}

/// The timers that are events now, in order.
async fn fired(s: &Subject) -> Vec<(String, Millis)> {
    let mut fired = Vec::new();
    loop {
        let claims = s.claims().await;
        let Some(claim) = claims.first() else { return fired };
        match &claim.inbound.body {
            Body::Timer { generation: 1, name, due } => fired.push((name.clone(), *due)),
            other => panic!("not a timer of the conversation: {other:?}"),
        }
        s.commit(claim, Commit::default()).await;
    }
}

async fn a_timer_fires_once(mut s: Subject) {
    let due = s.now() + 60_000;
    with(&s, "e1", vec![set("remind", due)]).await;
    s.crash().await;
    s.clock.advance_to(due - 1);
    assert_eq!(s.store.fire_timers().await, Ok(Some(due)));
    assert_eq!(s.claims().await, []);
    s.clock.advance(SECOND);
    s.forget_wakes();
    assert_eq!(s.store.fire_timers().await, Ok(None));
    s.inbox_wakes("a timer").await;
    assert_eq!(s.store.fire_timers().await, Ok(None));
    s.crash().await;
    let claim = s.claim().await;
    let Inbound { id, place, person: who, at, body, .. } = claim.inbound.clone();
    assert_eq!(body, Body::Timer { generation: 1, name: "remind".into(), due });
    assert_eq!((place, who, claim.seq.number), (claim.fence.place.clone(), person("ann"), 2));
    assert!(at > due && at <= s.now(), "the turn's now is when it fired");
    s.commit(&claim, Commit { timers: vec![set("remind", 0)], ..open(1) }).await;
    assert_eq!(s.claims().await, []);
    s.store.fire_timers().await.expect("fire_timers");
    let again = s.claim().await;
    assert_ne!(again.inbound.id, id, "each event has its own id");
    assert!(id.len() <= 200);
}

async fn timers_are_set_anew_and_stopped(s: Subject) {
    let now = s.now();
    with(&s, "e1", vec![set("a", now + 1_000), set("b", now + 2_000), set("c", now + 3_000)]).await;
    assert_eq!(s.store.fire_timers().await, Ok(Some(now + 1_000)));
    with(&s, "e2", vec![set("a", now + 9_000), TimerChange::Stop("b".into()), TimerChange::Stop("x".into())]).await;
    s.clock.advance(SECOND * 5);
    assert_eq!(s.store.fire_timers().await, Ok(Some(now + 9_000)));
    assert_eq!(fired(&s).await, [("c".to_owned(), now + 3_000)]);
    s.clock.advance(SECOND * 4);
    assert_eq!(s.store.fire_timers().await, Ok(None));
    assert_eq!(fired(&s).await, [("a".to_owned(), now + 9_000)]);
}

async fn changes_are_applied_in_order(s: Subject) {
    let now = s.now();
    let stop = |name: &str| TimerChange::Stop(name.into());
    with(&s, "e1", vec![set("a", now), stop("a"), stop("b"), set("b", now + 1), set("c", now), set("c", now + 2)])
        .await;
    s.clock.advance(SECOND);
    s.store.fire_timers().await.expect("fire_timers");
    assert_eq!(fired(&s).await, [("b".to_owned(), now + 1), ("c".to_owned(), now + 2)]);
}

async fn due_timers_fire_in_order(s: Subject) {
    let now = s.now();
    let many = (0..600_u64).map(|i| set(&format!("t{i}"), now + 1_000 - i)).collect();
    with(&s, "e1", many).await;
    s.clock.advance(SECOND / 2);
    assert_eq!(s.store.fire_timers().await, Ok(Some(now + 501)));
    assert_eq!(fired(&s).await.len(), 100);
    s.clock.advance(SECOND);
    assert_eq!(s.store.fire_timers().await, Ok(None), "however many there are");
    let fired = fired(&s).await;
    assert_eq!(fired.len(), 500);
    assert!(fired.is_sorted_by_key(|(_, due)| *due));
}

async fn a_timer_waits_its_turn(s: Subject) {
    let now = s.now();
    with(&s, "e1", vec![set("a", now + 1_000)]).await;
    s.accept(&said("ann", "e2")).await;
    let running = s.claim().await;
    s.clock.advance(SECOND);
    s.store.fire_timers().await.expect("fire_timers");
    assert_eq!(s.claims().await, []);
    s.commit(&running, Commit::default()).await;
    assert_eq!(fired(&s).await, [("a".to_owned(), now + 1_000)]);
    with(&s, "e3", vec![set("b", now)]).await;
    s.store.fire_timers().await.expect("fire_timers");
    s.store.accept(said("ann", "stop"), Entry::Cut).await.expect("accept");
    assert_eq!(s.claim().await.inbound.id, "stop", "a cut takes a fired timer too");
}

async fn a_timer_does_not_outlive_its_conversation(s: Subject) {
    let now = s.now();
    with(&s, "e1", vec![set("a", now + 1_000)]).await;
    s.turn(&said("ann", "e2"), closed(1)).await;
    s.turn(&said("bob", "b1"), Commit { timers: vec![set("a", now + 1_000)], ..open(1) }).await;
    s.turn(&said("bob", "b2"), Commit { timers: vec![set("b", now + 1_000)], ..open(2) }).await;
    s.clock.advance(SECOND);
    assert_eq!(s.store.fire_timers().await, Ok(None));
    let claim = s.claim().await;
    assert_eq!(claim.inbound.body, Body::Timer { generation: 2, name: "b".into(), due: now + 1_000 });
}

async fn a_timer_that_is_set_wakes_its_waiter(s: Subject) {
    s.forget_wakes();
    with(&s, "e1", vec![set("a", s.now() + 5)]).await;
    s.timers_wake("commit").await;
}
