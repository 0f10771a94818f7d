//! Who is claimed first where there is no room for all.

use super::samples::{place, said};
use super::{LEASE, SECOND, Subject, cases};
use crate::lane::Lane;
use crate::life;
use crate::model::{Body, Inbound, Place};
use crate::ports::{Claim, Commit};

cases![
    what_people_do_goes_first,
    nobody_starves,
    whoever_has_much_leaves_room_for_others,
    what_happens_by_itself_holds_up_nobody,
    nothing_waits_where_there_is_room,
    people_go_first_also_where_there_is_room,
    a_person_takes_along_what_stands_before_them,
    an_owner_that_comes_back_is_not_in_line,
];

const TICK: std::time::Duration = std::time::Duration::from_millis(1);

fn timer(name: &str, timer: &str) -> Inbound {
    let body = Body::Timer { generation: 1, name: timer.into(), due: super::BEGIN };
    Inbound { id: format!("{name} {timer}"), body, ..said(name, "") }
}

/// The end of a long silence.
fn silence(name: &str) -> Inbound {
    Inbound { id: name.into(), ..timer(name, life::SILENCE) }
}

/// The same event of the same person, in a thread.
fn in_thread(number: usize, inbound: Inbound) -> Inbound {
    let place = Place::try_from(format!("T1/C1/{number}.0")).expect("a good name");
    Inbound { id: format!("{} {number}", inbound.id), place, ..inbound }
}

/// What a host claims that has room for one turn.
async fn one(s: &Subject) -> Claim {
    s.store.claim(1, LEASE).await.expect("claim").remove(0)
}

async fn next(s: &Subject) -> String {
    one(s).await.inbound.id
}

async fn what_people_do_goes_first(mut s: Subject) {
    for number in 0..40 {
        s.accept(&silence(&format!("s{number}"))).await;
    }
    s.clock.advance(TICK);
    s.accept(&timer("bob", "nag")).await;
    assert_eq!(next(&s).await, "bob nag");
    s.clock.advance(TICK);
    s.accept(&timer("cat", "nag")).await;
    s.accept(&said("ann", "a1")).await;
    assert_eq!([next(&s).await, next(&s).await, next(&s).await], ["a1", "cat nag", "s0"]);
    s.crash().await;
    s.accept(&said("dan", "d1")).await;
    let first: Vec<_> =
        s.store.claim(6, LEASE).await.expect("claim").into_iter().map(|claim| claim.inbound.id).collect();
    assert!(first.contains(&"d1".to_owned()), "{first:?}");
}

async fn nobody_starves(s: Subject) {
    let patient = s.now() + Lane::Batch.patience();
    for name in ["s0", "s1"] {
        s.accept(&silence(name)).await;
    }
    let done = async |id: &str| {
        let claim = one(&s).await;
        s.commit(&claim, Commit::default()).await;
        assert_eq!(claim.inbound.id, id);
    };
    done("s0").await;
    s.clock.advance_to(patient - 1);
    s.accept(&said("ann", "a1")).await;
    done("a1").await;
    s.clock.advance_to(patient + 1);
    s.accept(&said("bob", "b1")).await;
    done("s1").await;
    done("b1").await;
}

async fn whoever_has_much_leaves_room_for_others(s: Subject) {
    for number in 0..64 {
        s.accept(&in_thread(number, said("ann", "a"))).await;
    }
    s.clock.advance(TICK);
    s.accept(&said("bob", "b1")).await;
    // Each part of a store may count by itself, and has one of the first.
    let first = s.store.claim(20, LEASE).await.expect("claim");
    assert!(first.iter().any(|claim| claim.inbound.id == "b1"), "{first:?}");
    let mut rest = 0;
    while let more @ 1.. = s.claims().await.len() {
        rest += more;
    }
    assert_eq!((first.len(), rest), (20, 45), "the others are not lost");
}

async fn what_happens_by_itself_holds_up_nobody(s: Subject) {
    for number in 0..64 {
        s.accept(&in_thread(number, timer("ann", "nag"))).await;
    }
    s.clock.advance(TICK);
    s.accept(&said("ann", "a1")).await;
    assert_eq!(next(&s).await, "a1", "it is hers, but of another lane");
}

async fn nothing_waits_where_there_is_room(s: Subject) {
    s.accept(&silence("s0")).await;
    assert_eq!(s.store.inbox_due().await, Ok(Some(s.now())));
    assert_eq!(next(&s).await, "s0");
    for number in 1..9 {
        s.accept(&silence(&format!("s{number}"))).await;
    }
    assert_eq!(next(&s).await, "s1");
    assert_eq!(s.store.inbox_due().await, Ok(Some(s.now())), "the others stand in line");
    assert_eq!(s.claims().await.len(), 7);
}

async fn people_go_first_also_where_there_is_room(s: Subject) {
    s.accept(&silence("s0")).await;
    s.accept(&timer("bob", "nag")).await;
    s.clock.advance(TICK);
    s.accept(&said("ann", "a1")).await;
    let ids: Vec<_> = s.claims().await.into_iter().map(|claim| claim.inbound.id).collect();
    assert_eq!(ids, ["a1", "bob nag", "s0"]);
}

async fn a_person_takes_along_what_stands_before_them(s: Subject) {
    for number in 0..10 {
        s.accept(&silence(&format!("s{number}"))).await;
    }
    assert_eq!(next(&s).await, "s0");
    s.clock.advance(TICK);
    s.accept(&said("s9", "hello")).await;
    let claim = one(&s).await;
    assert_eq!(claim.inbound.id, "s9", "they wait behind it");
    s.commit(&claim, Commit::default()).await;
    assert_eq!([next(&s).await, next(&s).await], ["hello", "s1"]);
}

async fn an_owner_that_comes_back_is_not_in_line(s: Subject) {
    for name in ["ann", "bob", "cat"] {
        s.accept(&said(name, name)).await;
    }
    let claims = s.claims().await;
    s.clock.advance(SECOND);
    s.accept(&said("dan", "d1")).await;
    s.clock.advance(LEASE - SECOND);
    assert_eq!(next(&s).await, "d1", "it waits longer than those whose leases ran out");
    s.accept(&said("bob", "b2")).await;
    let fences: Vec<_> = claims.iter().map(|claim| claim.fence.clone()).collect();
    assert_eq!(s.store.renew(&fences[..1], LEASE).await, Ok(vec![]));
    s.commit(&claims[1], Commit::default()).await;
    s.store.retry(&claims[2].fence, s.now() + 5_000).await.expect("retry");
    assert_eq!(s.claim().await.inbound.id, "b2", "ann's turn goes on, and cat's event waits");
    assert!(s.store.glance(&place("ann")).await.expect("glance").running);
}
