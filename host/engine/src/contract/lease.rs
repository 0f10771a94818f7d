//! Claims: epochs, leases, attempts and backoff.

use super::samples::{answered, call, open, place, result, said, sends};
use super::{LEASE, SECOND, Subject, cases, not_late, stale};
use crate::model::Millis;
use crate::ports::{Claim, Commit, Fence, Glance, StoreError};

cases![
    each_claim_raises_epoch_and_attempt,
    a_lease_that_ran_out_is_lost,
    an_ended_claim_is_stale,
    renewing_prolongs_a_lease,
    a_turn_handed_back_does_not_count,
    a_retry_waits_with_all_that_is_behind_it,
    a_crash_ends_leases_and_counts,
    what_is_due_next_is_known,
];

/// All that a lost fence must not do.
async fn all_is_stale(s: &Subject, fence: &Fence) {
    stale(s.store.journal_intent(fence, &call(7), "late").await);
    stale(s.store.journal_result(fence, 1, &result("late")).await);
    let name = fence.place.person().expect("direct messages");
    stale(s.store.commit(fence, Commit { messages: sends(name, 1, 1).messages, ..open(1) }).await);
    stale(s.store.retry(fence, s.now() + 60_000).await);
    stale(s.store.hand_back(fence).await);
    assert_eq!(s.store.renew(std::slice::from_ref(fence), LEASE).await, Ok(vec![fence.clone()]));
}

async fn each_claim_raises_epoch_and_attempt(s: Subject) {
    s.accept(&said("ann", "e1")).await;
    let mut epoch = 0;
    for attempt in 1..4 {
        let claim = s.claim().await;
        assert_eq!(claim.attempt, attempt);
        assert!(claim.fence.epoch > epoch);
        epoch = claim.fence.epoch;
        s.store.retry(&claim.fence, s.now()).await.expect("retry");
    }
    let claim = s.claim().await;
    s.commit(&claim, Commit::default()).await;
    s.accept(&said("ann", "e2")).await;
    assert_eq!(s.claim().await.attempt, 1, "each event has its own attempts");
}

async fn a_lease_that_ran_out_is_lost(s: Subject) {
    s.accept(&said("ann", "e1")).await;
    let old = s.claim().await;
    s.store.journal_intent(&old.fence, &call(1), "pin").await.expect("intent");
    s.clock.advance(LEASE - SECOND);
    assert_eq!(s.claims().await, []);
    assert!(s.store.glance(&place("ann")).await.expect("glance").running);
    s.clock.advance(SECOND);
    assert!(!s.store.glance(&place("ann")).await.expect("glance").running);
    assert_eq!(s.store.backlog().await.expect("backlog").running, 0);
    s.store
        .journal_intent(&old.fence, &call(2), "pin")
        .await
        .expect("as long as nobody else came, the owner may go on");

    let new = s.claim().await;
    assert!(new.fence.epoch > old.fence.epoch);
    assert_eq!(new.attempt, 2);
    all_is_stale(&s, &old.fence).await;
    let glance = Glance { running: true, inbox: 1, ..Glance::default() };
    assert_eq!(s.store.glance(&place("ann")).await, Ok(glance), "the successor is not disturbed");
    s.store.retry(&new.fence, 0).await.expect("retry");
    assert_eq!(s.claim().await.journal, [call(1), call(2)], "the loser wrote nothing");
}

async fn an_ended_claim_is_stale(s: Subject) {
    s.accept(&said("ann", "e1")).await;
    let claim = s.claim().await;
    s.store.retry(&claim.fence, 0).await.expect("retry");
    all_is_stale(&s, &claim.fence).await;
    let claim = s.claim().await;
    s.store.hand_back(&claim.fence).await.expect("hand_back");
    all_is_stale(&s, &claim.fence).await;
    let claim = s.claim().await;
    s.accept(&said("ann", "e2")).await;
    s.commit(&claim, Commit::default()).await;
    all_is_stale(&s, &claim.fence).await;
    all_is_stale(&s, &Fence { place: place("nobody"), epoch: 1 }).await;
    all_is_stale(&s, &Fence { epoch: claim.fence.epoch + 1, ..claim.fence }).await;
    assert_eq!(s.claim().await.inbound.id, "e2", "nothing of it touched the next event");
}

async fn renewing_prolongs_a_lease(s: Subject) {
    for name in ["ann", "bob", "cat"] {
        s.accept(&said(name, name)).await;
    }
    let claims = s.claims().await;
    let fences: Vec<_> = claims.iter().map(|claim| claim.fence.clone()).collect();
    s.commit(&claims[1], Commit::default()).await;
    s.clock.advance(LEASE - SECOND);
    assert_eq!(s.store.renew(&fences, LEASE).await, Ok(vec![fences[1].clone()]), "the ended one is told");
    s.clock.advance(LEASE - SECOND);
    assert_eq!(s.claims().await, []);
    s.clock.advance(SECOND);
    assert_eq!(s.claims().await.len(), 2, "and not for ever");
    assert_eq!(s.store.renew(&[], LEASE).await, Ok(Vec::new()));
}

async fn a_turn_handed_back_does_not_count(mut s: Subject) {
    s.accept(&said("ann", "e1")).await;
    let claim = s.claim().await;
    s.store.journal_intent(&claim.fence, &call(1), "pin").await.expect("intent");
    s.store.hand_back(&claim.fence).await.expect("hand_back");
    s.crash().await;
    let again = s.claim().await;
    assert_eq!((again.attempt, again.journal.as_slice()), (1, [call(1)].as_slice()));
    assert!(again.fence.epoch > claim.fence.epoch);
    s.store.retry(&again.fence, 0).await.expect("retry");
    assert_eq!(s.claim().await.attempt, 2);
}

async fn a_retry_waits_with_all_that_is_behind_it(mut s: Subject) {
    for (name, id) in [("ann", "a1"), ("ann", "a2"), ("bob", "b1")] {
        s.accept(&said(name, id)).await;
    }
    let ann = s.store.claim(1, LEASE).await.expect("claim").remove(0);
    s.store.journal_intent(&ann.fence, &call(1), "pin").await.expect("intent");
    s.store.journal_result(&ann.fence, 1, &result("yes")).await.expect("result");
    s.store.retry(&ann.fence, s.now() + 5_000).await.expect("retry");
    s.accept(&said("ann", "a3")).await;
    let bob = s.claim().await;
    assert_eq!(bob.inbound.id, "b1", "other places go on");
    s.commit(&bob, Commit::default()).await;
    s.crash().await;
    let wait = Millis::from(!s.alone) * 30_000;
    if wait == 0 {
        s.clock.advance(SECOND * 5 - SECOND / 1000);
        assert_eq!(s.claims().await, [], "a2 must not overtake a1");
        s.clock.advance(SECOND / 1000);
    }
    let again: Claim = s.claim().await;
    assert_eq!((again.inbound.id.as_str(), again.attempt), ("a1", 2));
    assert_eq!((again.journal.as_slice(), again.pin.as_deref()), ([answered(1, "yes")].as_slice(), Some("pin")));
}

async fn a_crash_ends_leases_and_counts(mut s: Subject) {
    s.accept(&said("ann", "e1")).await;
    let before = s.claim().await;
    s.store.journal_intent(&before.fence, &call(1), "pin").await.expect("intent");
    s.crash().await;
    assert_eq!(s.store.commit(&before.fence, Commit::default()).await.is_err(), s.alone);
    if !s.alone {
        return;
    }
    let after = s.claim().await;
    assert_eq!((after.attempt, after.journal.as_slice()), (2, [call(1)].as_slice()));
    assert!(after.fence.epoch > before.fence.epoch);
    assert_eq!(s.store.commit(&before.fence, Commit::default()).await, Err(StoreError::Stale));
}

async fn what_is_due_next_is_known(s: Subject) {
    let inbox = async || s.store.inbox_due().await.expect("inbox_due");
    let outbox = async || s.store.outbox_due().await.expect("outbox_due");
    assert_eq!((inbox().await, outbox().await), (None, None));
    s.accept(&said("ann", "a1")).await;
    s.accept(&said("bob", "b1")).await;
    assert_eq!(inbox().await, Some(s.now()), "something can be claimed already");
    let claims = s.claims().await;
    let lease = s.now() + 30_000;
    assert_eq!(inbox().await, Some(lease), "a lease runs out");
    s.store.retry(&claims[0].fence, s.now() + 70_000).await.expect("retry");
    assert_eq!(inbox().await, Some(lease));
    s.commit(&claims[1], sends("bob", 1, 2)).await;
    not_late(inbox().await, Some(s.now() + 70_000));

    assert_eq!(outbox().await, Some(s.now()), "a message can be posted already");
    let posting = s.post_one().await;
    assert_eq!(outbox().await, Some(lease), "a mark runs out");
    s.store.outbox_later(&posting, s.now() + 50_000, false).await.expect("later");
    not_late(outbox().await, Some(s.now() + 50_000));
    s.clock.advance(SECOND * 50);
    for _ in 0..2 {
        s.store.outbox_sent(&s.post_one().await, None, None).await.expect("sent");
    }
    s.clock.advance(SECOND * 20);
    let claim = s.claim().await;
    s.commit(&claim, Commit::default()).await;
    s.rests().await;
}
