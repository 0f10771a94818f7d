//! Events that are claimed as they are accepted.

use super::samples::{call, open, said, sent};
use super::{LEASE, SECOND, Subject, cases, not_late, stale};
use crate::model::Inbound;
use crate::policy::contract::INBOX;
use crate::ports::{Accepted, Claim, Commit, Entry};

cases![
    a_free_place_is_taken_with_its_event,
    what_waits_or_runs_is_not_overtaken,
    what_was_taken_is_a_claim_like_any,
    what_was_taken_is_lost_with_its_lease,
    a_taken_event_survives,
];

async fn accept(s: &Subject, inbound: Inbound) -> Accepted {
    s.store.accept(inbound, Entry::Take(LEASE)).await.expect("accept")
}

async fn take(s: &Subject, inbound: Inbound) -> Claim {
    match accept(s, inbound).await {
        Accepted::Taken(claim) => *claim,
        other => panic!("the place is free: {other:?}"),
    }
}

async fn a_free_place_is_taken_with_its_event(s: Subject) {
    // Told the same, a place where events are claimed apart has the same claims.
    for (number, commit) in [(1, open(1)), (2, Commit::default()), (3, open(2))] {
        let taken = take(&s, said("ann", &format!("a{number}"))).await;
        assert_eq!(s.claims().await, []);
        assert!(s.store.glance(&taken.fence.place).await.expect("glance").running);
        s.accept(&said("bob", &format!("b{number}"))).await;
        let claim = s.claim().await;
        assert_eq!((taken.seq, taken.attempt), (claim.seq, claim.attempt));
        assert_eq!((taken.inbound.id.as_str(), taken.generation), (&*format!("a{number}"), claim.generation));
        assert_eq!(taken.conversation, claim.conversation);
        assert_eq!((&taken.journal, &taken.pin), (&claim.journal, &claim.pin));
        s.commit(&taken, commit.clone()).await;
        s.commit(&claim, commit).await;
    }
    assert_eq!(take(&s, sent("cat", "c1", 5_000)).await.inbound, sent("cat", "c1", 5_000));
}

async fn what_waits_or_runs_is_not_overtaken(s: Subject) {
    let claim = take(&s, said("ann", "a1")).await;
    assert!(matches!(accept(&s, said("ann", "a2")).await, Accepted::New(Some(_))), "the first one runs");
    assert_eq!(accept(&s, said("ann", "a1")).await, Accepted::Duplicate);
    s.commit(&claim, Commit::default()).await;
    assert!(matches!(accept(&s, said("ann", "a3")).await, Accepted::New(Some(_))), "the second one waits");
    for id in ["a2", "a3"] {
        let claim = s.claim().await;
        assert_eq!(claim.inbound.id, id);
        s.commit(&claim, Commit::default()).await;
    }
    assert_eq!(accept(&s, said("ann", "a3")).await, Accepted::Duplicate);

    s.store.accept(sent("bob", "b1", 2_000), Entry::Hold(s.now() + 100)).await.expect("accept");
    assert!(matches!(accept(&s, sent("bob", "b2", 1_000)).await, Accepted::New(Some(_))), "one is held");
    s.clock.advance(SECOND);
    assert_eq!(s.claim().await.inbound.id, "b2");

    take(&s, said("cat", "c0")).await;
    for number in 1..INBOX {
        accept(&s, said("cat", &format!("c{number}"))).await;
    }
    assert_eq!(accept(&s, said("cat", "one too many")).await, Accepted::Full);
}

async fn what_was_taken_is_a_claim_like_any(s: Subject) {
    let claim = take(&s, said("ann", "a1")).await;
    s.store.journal_intent(&claim.fence, &call(1), "pin").await.expect("intent");
    assert_eq!(s.store.renew(std::slice::from_ref(&claim.fence), LEASE).await, Ok(vec![]));
    s.store.hand_back(&claim.fence).await.expect("hand_back");
    let again = s.claim().await;
    assert_eq!((again.attempt, again.journal.len(), again.pin.as_deref()), (1, 1, Some("pin")));
    s.store.retry(&again.fence, s.now() + 1_000).await.expect("retry");
    assert!(matches!(accept(&s, said("ann", "a2")).await, Accepted::New(Some(_))), "a backoff is not over");
    assert_eq!(s.claims().await, []);
    s.clock.advance(SECOND);
    assert_eq!(s.claim().await.attempt, 2);
}

async fn what_was_taken_is_lost_with_its_lease(s: Subject) {
    let end = s.now() + 30_000;
    let old = take(&s, said("ann", "a1")).await;
    not_late(s.store.inbox_due().await.expect("inbox_due"), Some(end));
    s.clock.advance(LEASE - SECOND);
    assert_eq!(s.claims().await, []);
    s.clock.advance(SECOND);
    let new = s.claim().await;
    assert_eq!((new.inbound.id.as_str(), new.attempt), ("a1", 2));
    stale(s.store.commit(&old.fence, Commit::default()).await);
    s.commit(&new, Commit::default()).await;
    s.rests().await;
}

async fn a_taken_event_survives(mut s: Subject) {
    let taken = take(&s, said("ann", "a1")).await;
    s.crash().await;
    let claim = s.claim().await;
    assert_eq!((claim.inbound, claim.seq, claim.attempt), (taken.inbound, taken.seq, 2));
    assert_eq!(accept(&s, said("ann", "a1")).await, Accepted::Duplicate);
}
