//! What hosts share by count, as one host sees it that is alone.

use super::{LEASE, SECOND, Subject, cases};
use crate::ports::Seats;

cases![a_host_that_is_alone_gets_what_it_wants, who_comes_back_gets_its_seats];

async fn ask(s: &Subject, held: usize, wanted: usize) -> usize {
    s.store.seats(Seats { all: 5, held, wanted }, LEASE).await.expect("seats")
}

async fn a_host_that_is_alone_gets_what_it_wants(s: Subject) {
    assert_eq!(ask(&s, 0, 2).await, 2);
    assert_eq!(ask(&s, 2, 2).await, 2, "it keeps them");
    assert_eq!(ask(&s, 2, 9).await, 5, "there are no more");
    assert_eq!(ask(&s, 5, 1).await, 1);
    assert_eq!(ask(&s, 1, 0).await, 0);
    assert_eq!(ask(&s, 0, 0).await, 0);
}

async fn who_comes_back_gets_its_seats(mut s: Subject) {
    assert_eq!(ask(&s, 0, 5).await, 5);
    s.clock.advance(LEASE + SECOND);
    assert_eq!(ask(&s, 5, 5).await, 5, "it was away for too long, and nobody else came");
    s.crash().await;
    assert_eq!(ask(&s, 0, 5).await, 5, "a dead host holds nothing when its lease is over");
}
