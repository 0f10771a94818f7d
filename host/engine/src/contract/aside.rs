//! What stands beside the order of a place's messages: what closes one, and looks for copies.

use std::time::Duration;

use super::samples::{closing, message, place, said, sends};
use super::{DAY, LEASE, SECOND, Subject, cases};
use crate::model::Message;
use crate::ports::{Backlog, Commit, Posted, Posting, Receipt, Stage};

cases![
    a_message_is_closed_once,
    a_closing_stands_in_no_order,
    a_closing_waits_for_its_message,
    what_cannot_be_closed_is_dropped,
    what_is_only_looked_at_cannot_be_closed,
    copies_are_looked_for_later,
    a_look_is_taken_once,
    a_look_holds_up_nothing,
    a_look_moves_the_receipt,
    whoever_came_late_asks_for_a_look,
];

/// Posts the first message of a turn, as a messenger that can find it again.
async fn posted(s: &Subject, number: u64) -> Posted {
    let posting = s.post_one().await;
    assert_eq!(posting.message, message("ann", number, 0));
    let receipt = format!("C1/{number}");
    s.store.outbox_sent(&posting, Some(&receipt), None).await.expect("sent");
    Posted { message: posting.message, receipt }
}

fn closes(closed: &Message, number: u64) -> Commit {
    Commit { messages: vec![closing(closed, number, "one")], ..Commit::default() }
}

async fn a_message_is_closed_once(mut s: Subject) {
    s.turn(&said("ann", "e1"), sends("ann", 1, 1)).await;
    let asked = posted(&s, 1).await;
    s.crash().await;
    s.turn(&said("ann", "e2"), closes(&asked.message, 2)).await;
    let posting = s.post_one().await;
    assert_eq!(posting.message, closing(&asked.message, 2, "one"));
    assert_eq!(posting.closes, Some(asked.clone()));
    s.crash().await;
    let again = s.post_one().await;
    assert_eq!(again, Posting { stage: Stage::InDoubt, attempt: 2, ..posting });
    s.store.outbox_sent(&again, None, None).await.expect("sent");
    s.turn(&said("ann", "e3"), closes(&asked.message, 3)).await;
    assert_eq!(s.post().await, [], "it is closed");
    assert_eq!(s.store.glance(&place("ann")).await.expect("glance").outbox, 0);
}

async fn a_closing_stands_in_no_order(mut s: Subject) {
    s.turn(&said("ann", "e1"), sends("ann", 1, 1)).await;
    let asked = posted(&s, 1).await;
    s.turn(&said("ann", "e2"), closes(&asked.message, 2)).await;
    let closing = s.post_one().await;
    let due = s.now() + 60_000;
    s.store.outbox_later(&closing, due, false).await.expect("later");
    s.turn(&said("ann", "e3"), sends("ann", 3, 2)).await;
    s.crash().await;
    for index in 0..2 {
        let next = s.post_one().await;
        assert_eq!(next.message, message("ann", 3, index), "a closing that waits holds up nothing");
        s.store.outbox_sent(&next, None, None).await.expect("sent");
    }
    s.clock.advance_to(due);
    assert_eq!(s.post_one().await, Posting { attempt: 2, ..closing });
}

async fn a_closing_waits_for_its_message(s: Subject) {
    s.turn(&said("ann", "e1"), sends("ann", 1, 1)).await;
    let asking = s.post_one().await;
    s.turn(&said("ann", "e2"), closes(&asking.message, 2)).await;
    assert_eq!(s.post().await, [], "it is not posted yet");
    let receipt = "C1/1".to_owned();
    s.store.outbox_sent(&asking, Some(&receipt), None).await.expect("sent");
    let closing = s.post_one().await;
    assert_eq!(closing.closes, Some(Posted { message: asking.message, receipt }));
    s.store.outbox_never(&closing, "deleted").await.expect("never");
    assert_eq!(s.post().await, []);
    assert_eq!(s.store.dead(0, 10).await, Ok(Vec::new()), "nobody misses it");
}

async fn what_cannot_be_closed_is_dropped(s: Subject) {
    s.turn(&said("ann", "e1"), sends("ann", 1, 3)).await;
    let messages: Vec<_> = (0..3).map(|index| message("ann", 1, index)).collect();
    let all = messages.iter().zip(2..).map(|(one, number)| closing(one, number, "")).collect();
    s.turn(&said("ann", "e2"), Commit { messages: all, ..Commit::default() }).await;
    assert_eq!(s.store.glance(&place("ann")).await.expect("glance").outbox, 6);
    s.store.outbox_sent(&s.post_one().await, None, None).await.expect("sent");
    s.store.outbox_never(&s.post_one().await, "too large").await.expect("never");
    assert_eq!(s.store.glance(&place("ann")).await.expect("glance").outbox, 2, "one and what closes it");
    let receipt = "C1/3".to_owned();
    s.store.outbox_sent(&s.post_one().await, Some(&receipt), None).await.expect("sent");
    s.clock.advance(32 * DAY);
    s.store.sweep(&[]).await.expect("sweep");
    assert_eq!(s.post_one().await.closes, None, "too long ago");
}

fn sent(message: Message, receipt: Option<&Receipt>, attempt: u32) -> Posting {
    Posting { message, stage: Stage::Sent(receipt.cloned()), attempt, closes: None }
}

async fn what_is_only_looked_at_cannot_be_closed(s: Subject) {
    s.turn(&said("ann", "e1"), sends("ann", 1, 1)).await;
    let posting = s.post_one().await;
    let look = s.now() + 1_000;
    s.store.outbox_sent(&posting, None, Some(look)).await.expect("sent");
    s.turn(&said("ann", "e2"), closes(&posting.message, 2)).await;
    assert_eq!(s.store.glance(&place("ann")).await.expect("glance").outbox, 0, "nothing waits for ever");
    s.clock.advance_to(look);
    assert_eq!(s.post_one().await.message, posting.message);
}

async fn copies_are_looked_for_later(mut s: Subject) {
    s.turn(&said("ann", "e1"), sends("ann", 1, 1)).await;
    let receipt = "C1/1".to_owned();
    let due = s.now() + 20_000;
    s.store.outbox_sent(&s.post_one().await, Some(&receipt), Some(due)).await.expect("sent");
    assert_eq!(s.post().await, []);
    assert_eq!(s.store.outbox_due().await, Ok(Some(due)));
    s.crash().await;
    s.clock.advance_to(due);
    let look = s.post_one().await;
    assert_eq!(look, sent(message("ann", 1, 0), Some(&receipt), 2));
    s.store.outbox_later(&look, due + 5_000, true).await.expect("it could not be looked at");
    s.clock.advance_to(due + 5_000);
    let look = s.post_one().await;
    assert_eq!(look, sent(message("ann", 1, 0), Some(&receipt), 3), "it stays sent");
    s.store.outbox_sent(&look, Some(&receipt), None).await.expect("sent");
    s.rests().await;
}

async fn a_look_is_taken_once(mut s: Subject) {
    s.turn(&said("ann", "e1"), sends("ann", 1, 1)).await;
    s.store.outbox_sent(&s.post_one().await, None, Some(s.now())).await.expect("sent");
    let look = s.post_one().await;
    assert_eq!(look, sent(message("ann", 1, 0), None, 2));
    assert_eq!(s.post().await, []);
    s.crash().await;
    assert_eq!(s.post_one().await, Posting { attempt: 3, ..look });
}

async fn a_look_holds_up_nothing(s: Subject) {
    s.turn(&said("ann", "e1"), sends("ann", 1, 2)).await;
    s.forget_wakes();
    s.store.outbox_sent(&s.post_one().await, None, Some(s.now() + 20_000)).await.expect("sent");
    s.outbox_wakes("sent, for the next may go").await;
    assert_eq!(s.store.glance(&place("ann")).await.expect("glance").outbox, 1);
    let backlog = s.store.backlog().await.expect("backlog");
    assert_eq!(backlog, Backlog { inbox: 0, running: 0, outbox: 1 });
    let next = s.post_one().await;
    assert_eq!(next.message, message("ann", 1, 1));
    s.store.outbox_later(&next, s.now() + 60_000, false).await.expect("later");
    s.store.outbox_wake(&place("ann")).await.expect("wake");
    let next = s.post_one().await;
    assert_eq!(next.message, message("ann", 1, 1), "who comes does not look for copies");
    s.clock.advance(20 * SECOND);
    s.store.outbox_renew(&next, LEASE).await.expect("renew");
    let look = s.post_one().await;
    s.store.outbox_sent(&look, None, None).await.expect("sent");
    s.turn(&said("ann", "e2"), sends("ann", 2, 1)).await;
    assert_eq!(s.post().await, [], "the order is as it was");
}

async fn a_look_moves_the_receipt(s: Subject) {
    s.turn(&said("ann", "e1"), sends("ann", 1, 1)).await;
    let (first, other) = ("C1/2".to_owned(), "C1/1".to_owned());
    s.store.outbox_sent(&s.post_one().await, Some(&first), Some(s.now())).await.expect("sent");
    s.store.outbox_sent(&s.post_one().await, Some(&other), None).await.expect("sent");
    s.turn(&said("ann", "e2"), closes(&message("ann", 1, 0), 2)).await;
    let closing = s.post_one().await;
    assert_eq!(closing.closes.map(|posted| posted.receipt), Some(other));
}

async fn whoever_came_late_asks_for_a_look(s: Subject) {
    s.turn(&said("ann", "e1"), sends("ann", 1, 1)).await;
    let late = s.post_one().await;
    s.store.outbox_look(&late.message, s.now()).await.expect("look");
    s.clock.advance(LEASE);
    let receipt = "C1/1".to_owned();
    let successor = s.post_one().await;
    assert_eq!(successor.stage, Stage::InDoubt, "whoever has it now looks anyway");
    s.store.outbox_sent(&successor, Some(&receipt), Some(s.now() + 20_000)).await.expect("sent");
    for (attempt, wait) in [(3, 20_000), (1, 40_000)] {
        s.forget_wakes();
        s.store.outbox_look(&late.message, s.now() + wait).await.expect("look");
        s.store.outbox_look(&late.message, s.now()).await.expect("look");
        s.outbox_wakes("a look").await;
        s.clock.advance(Duration::from_millis(wait - 1));
        assert_eq!(s.post().await, [], "what may yet come is not looked for too early");
        s.clock.advance(Duration::from_millis(1));
        let look = s.post_one().await;
        assert_eq!(look, sent(message("ann", 1, 0), Some(&receipt), attempt), "with what is known of it");
        s.store.outbox_sent(&look, Some(&receipt), None).await.expect("sent");
    }
    assert_eq!(s.store.glance(&place("ann")).await.expect("glance").outbox, 0);
}
