//! Calls in doubt.

use super::samples::{doubt, said};
use super::{DAY, SECOND, Subject, cases, stale};
use crate::model::Resolution::{Repeated, Told};
use crate::ports::{Commit, Entry};

cases![
    a_call_in_doubt_is_listed_once,
    a_call_in_doubt_outlives_its_turn,
    a_stale_owner_is_in_no_doubt,
    calls_in_doubt_are_listed_for_a_month,
];

async fn a_call_in_doubt_is_listed_once(mut s: Subject) {
    s.accept(&said("ann", "a1")).await;
    let ann = s.claim().await;
    s.accept(&said("bob", "b1")).await;
    let bob = s.claim().await;
    let first = doubt("ann", (1, 1), Told, s.now());
    let later = doubt("ann", (1, 1), Told, s.now() + 9);
    let again = doubt("ann", (1, 1), Repeated, s.now());
    let others = doubt("bob", (1, 2), Repeated, s.now());
    for (claim, doubt) in [(&ann, &first), (&ann, &later), (&bob, &others), (&ann, &again), (&bob, &others)] {
        s.store.doubt(&claim.fence, doubt).await.expect("doubt");
    }
    s.crash().await;
    let all = s.store.doubts(0, 10).await.expect("doubts");
    assert_eq!(all.iter().map(|(_, one)| one.clone()).collect::<Vec<_>>(), [first, others, again]);
    assert!(all.is_sorted_by_key(|(position, _)| *position) && all[0].0 > 0);
    assert_eq!(s.store.doubts(0, 2).await, Ok(all[..2].to_vec()));
    assert_eq!(s.store.doubts(all[0].0, 10).await, Ok(all[1..].to_vec()), "after is not included");
}

async fn a_call_in_doubt_outlives_its_turn(s: Subject) {
    s.accept(&said("ann", "a1")).await;
    let claim = s.claim().await;
    s.store.doubt(&claim.fence, &doubt("ann", (1, 1), Repeated, s.now())).await.expect("doubt");
    s.store.accept(said("ann", "stop"), Entry::Cut).await.expect("accept");
    assert_eq!(s.store.doubts(0, 10).await.expect("doubts").len(), 1);
    let claim = s.claim().await;
    s.commit(&claim, Commit::default()).await;
    assert_eq!(s.store.doubts(0, 10).await.expect("doubts").len(), 1);
}

async fn a_stale_owner_is_in_no_doubt(s: Subject) {
    s.accept(&said("ann", "a1")).await;
    let claim = s.claim().await;
    s.store.accept(said("ann", "stop"), Entry::Cut).await.expect("accept");
    stale(s.store.doubt(&claim.fence, &doubt("ann", (1, 1), Repeated, s.now())).await);
    assert_eq!(s.store.doubts(0, 10).await, Ok(Vec::new()));
}

async fn calls_in_doubt_are_listed_for_a_month(s: Subject) {
    s.accept(&said("ann", "a1")).await;
    let claim = s.claim().await;
    s.store.doubt(&claim.fence, &doubt("ann", (1, 1), Repeated, s.now())).await.expect("doubt");
    s.commit(&claim, Commit::default()).await;
    s.clock.advance(DAY * 30 - SECOND);
    s.store.sweep(&[]).await.expect("sweep");
    let kept = s.store.doubts(0, 10).await.expect("doubts");
    assert_eq!(kept.len(), 1);
    s.clock.advance(SECOND);
    s.store.sweep(&[]).await.expect("sweep");
    assert_eq!(s.store.doubts(0, 10).await, Ok(Vec::new()));
    s.accept(&said("ann", "a2")).await;
    let claim = s.claim().await;
    s.store.doubt(&claim.fence, &doubt("ann", (2, 1), Told, s.now())).await.expect("doubt");
    assert!(s.store.doubts(0, 10).await.expect("doubts")[0].0 > kept[0].0, "a position is never used twice");
}
