//! Messages on their way.

use super::samples::{closed, closing, message, open, person, place, said, sends};
use super::{DAY, LEASE, SECOND, Subject, cases};
use crate::model::{Body, Digest, EffectId, Letter, Message};
use crate::ports::{Commit, Entry, Posted, Posting};

cases![
    messages_go_in_order_and_one_at_a_time,
    places_do_not_wait_for_each_other,
    a_sent_message_is_gone,
    a_mark_that_ran_out_is_in_doubt,
    a_crash_leaves_doubt,
    a_message_waits_for_its_time,
    doubt_stays_and_goes,
    a_message_that_never_arrives_is_buried,
    only_an_open_conversation_hears_of_it,
    a_wake_ends_the_wait,
    a_wake_while_sending_is_not_lost,
    an_unknown_message_is_no_error,
    a_message_is_stored_once,
    a_message_is_closed_once,
    a_closing_stands_in_no_order,
    a_closing_waits_for_its_message,
    what_cannot_be_closed_is_dropped,
    the_outbox_wakes_its_waiter,
];

fn posting(message: Message, attempt: u32) -> Posting {
    Posting { message, in_doubt: false, attempt, closes: None }
}

/// Posts the first message of a turn, as a messenger that can find it again.
async fn posted(s: &Subject, number: u64) -> Posted {
    let posting = s.post_one().await;
    assert_eq!(posting.message, message("ann", number, 0));
    let receipt = format!("C1/{number}");
    s.store.outbox_sent(&posting.message.id, Some(&receipt)).await.expect("sent");
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
    assert_eq!(again, Posting { in_doubt: true, attempt: 2, ..posting });
    s.store.outbox_sent(&again.message.id, None).await.expect("sent");
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
    s.store.outbox_later(&closing.message.id, due, false).await.expect("later");
    s.turn(&said("ann", "e3"), sends("ann", 3, 2)).await;
    s.crash().await;
    for index in 0..2 {
        let next = s.post_one().await;
        assert_eq!(next, posting(message("ann", 3, index), 1), "a closing that waits holds up nothing");
        s.store.outbox_sent(&next.message.id, None).await.expect("sent");
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
    s.store.outbox_sent(&asking.message.id, Some(&receipt)).await.expect("sent");
    let closing = s.post_one().await;
    assert_eq!(closing.closes, Some(Posted { message: asking.message, receipt }));
    s.store.outbox_never(&closing.message.id, "deleted").await.expect("never");
    assert_eq!(s.post().await, []);
    assert_eq!(s.store.dead(0, 10).await, Ok(Vec::new()), "nobody misses it");
}

async fn what_cannot_be_closed_is_dropped(s: Subject) {
    s.turn(&said("ann", "e1"), sends("ann", 1, 3)).await;
    let messages: Vec<_> = (0..3).map(|index| message("ann", 1, index)).collect();
    let all = messages.iter().zip(2..).map(|(one, number)| closing(one, number, "")).collect();
    s.turn(&said("ann", "e2"), Commit { messages: all, ..Commit::default() }).await;
    assert_eq!(s.store.glance(&place("ann")).await.expect("glance").outbox, 6);
    s.store.outbox_sent(&s.post_one().await.message.id, None).await.expect("sent");
    s.store.outbox_never(&s.post_one().await.message.id, "too large").await.expect("never");
    assert_eq!(s.store.glance(&place("ann")).await.expect("glance").outbox, 2, "one and what closes it");
    let receipt = "C1/3".to_owned();
    s.store.outbox_sent(&s.post_one().await.message.id, Some(&receipt)).await.expect("sent");
    s.clock.advance(32 * DAY);
    s.store.sweep(&[]).await.expect("sweep");
    assert_eq!(s.post_one().await.closes, None, "too long ago");
}

async fn messages_go_in_order_and_one_at_a_time(s: Subject) {
    s.turn(&said("ann", "e1"), sends("ann", 1, 3)).await;
    s.turn(&said("ann", "e2"), sends("ann", 2, 1)).await;
    for next in [message("ann", 1, 0), message("ann", 1, 1), message("ann", 1, 2), message("ann", 2, 0)] {
        assert_eq!(s.post_one().await, posting(next.clone(), 1));
        assert_eq!(s.post().await, [], "one is in flight");
        s.store.outbox_sent(&next.id, None).await.expect("sent");
    }
    assert_eq!(s.post().await, []);
}

async fn places_do_not_wait_for_each_other(s: Subject) {
    for name in ["cat", "ann", "bob"] {
        s.turn(&said(name, name), sends(name, 1, 2)).await;
        s.clock.advance(SECOND);
    }
    let first = s.store.outbox_claim(2, LEASE).await.expect("outbox_claim");
    assert_eq!(first, [posting(message("cat", 1, 0), 1), posting(message("ann", 1, 0), 1)], "longest due first");
    assert_eq!(s.post_one().await.message, message("bob", 1, 0));
    s.store.outbox_sent(&first[1].message.id, None).await.expect("sent");
    assert_eq!(s.post_one().await.message, message("ann", 1, 1));
    assert_eq!(s.store.outbox_claim(0, LEASE).await, Ok(Vec::new()));
}

async fn a_sent_message_is_gone(mut s: Subject) {
    s.turn(&said("ann", "e1"), sends("ann", 1, 2)).await;
    let first = s.post_one().await;
    s.store.outbox_sent(&first.message.id, None).await.expect("sent");
    s.crash().await;
    assert_eq!(s.store.glance(&place("ann")).await.expect("glance").outbox, 1);
    assert_eq!(s.post_one().await, posting(message("ann", 1, 1), 1));
}

async fn a_mark_that_ran_out_is_in_doubt(s: Subject) {
    s.turn(&said("ann", "e1"), sends("ann", 1, 2)).await;
    let first = s.post_one().await;
    s.clock.advance(LEASE - SECOND);
    assert_eq!(s.post().await, []);
    s.clock.advance(SECOND);
    assert_eq!(s.post_one().await, Posting { in_doubt: true, attempt: 2, ..first });
}

async fn a_crash_leaves_doubt(mut s: Subject) {
    s.turn(&said("ann", "e1"), sends("ann", 1, 1)).await;
    s.turn(&said("bob", "e2"), sends("bob", 1, 1)).await;
    let sending = s.store.outbox_claim(1, LEASE).await.expect("outbox_claim").remove(0);
    s.crash().await;
    let mut both = s.post().await;
    both.sort_by_key(|posting| posting.attempt);
    let other = posting(message("bob", 1, 0), 1);
    assert_eq!(both, [other, Posting { in_doubt: true, attempt: 2, ..sending }]);
}

async fn a_message_waits_for_its_time(mut s: Subject) {
    s.turn(&said("ann", "e1"), sends("ann", 1, 2)).await;
    let first = s.post_one().await;
    s.store.outbox_later(&first.message.id, s.now() + 90_000, false).await.expect("later");
    s.turn(&said("ann", "e2"), sends("ann", 2, 1)).await;
    let due = s.now() + 90_000;
    s.crash().await;
    s.clock.advance_to(due - 1);
    assert_eq!(s.post().await, [], "nothing of the place overtakes it");
    s.clock.advance_to(due);
    assert_eq!(s.post_one().await, Posting { attempt: 2, ..first });
}

async fn doubt_stays_and_goes(s: Subject) {
    s.turn(&said("ann", "e1"), sends("ann", 1, 1)).await;
    for (said, in_doubt) in [(true, false), (true, true), (false, true), (false, false)] {
        let now = s.post_one().await;
        assert_eq!(now.in_doubt, in_doubt);
        s.store.outbox_later(&now.message.id, 0, said).await.expect("later");
    }
}

async fn a_message_that_never_arrives_is_buried(mut s: Subject) {
    s.turn(&said("ann", "e1"), Commit { messages: sends("ann", 1, 2).messages, ..open(1) }).await;
    let lost = s.post_one().await;
    s.forget_wakes();
    s.store.outbox_never(&lost.message.id, "the channel is archived").await.expect("never");
    s.inbox_wakes("a lost message").await;
    s.outbox_wakes("a lost message").await;
    s.store.outbox_never(&lost.message.id, "the channel is archived").await.expect("a repetition is fine");
    s.crash().await;

    let dead = s.store.dead(0, 10).await.expect("dead");
    assert_eq!(dead.len(), 1);
    let letter = &dead[0].1;
    assert_eq!(letter.letter, Letter::Message(message("ann", 1, 0)));
    assert_eq!((letter.reason.as_str(), letter.attempts), ("the channel is archived", 1));
    assert_eq!(letter.flow.as_ref().map(|(flow, _)| flow.as_str()), Some("survey"));
    assert_eq!(letter.flow.as_ref().map(|(_, digest)| digest), Some(&Digest::of(b"survey")));
    assert_eq!(s.post_one().await.message, message("ann", 1, 1), "the next one goes on");
    let claim = s.claim().await;
    let reason = "the channel is archived".to_owned();
    assert_eq!(claim.inbound.body, Body::Undelivered { generation: 1, key: "key0".into(), reason });
    assert_eq!((claim.inbound.person, claim.seq.number), (person("ann"), 2));
}

async fn only_an_open_conversation_hears_of_it(s: Subject) {
    let mut own = message("ann", 1, 1);
    own.generation = 0;
    let messages = vec![message("ann", 1, 0), own];
    s.turn(&said("ann", "e1"), Commit { messages, ..open(1) }).await;
    s.turn(&said("ann", "e2"), closed(1)).await;
    s.turn(&said("ann", "e3"), open(2)).await;
    for _ in 0..2 {
        let lost = s.post_one().await;
        s.store.outbox_never(&lost.message.id, "gone").await.expect("never");
    }
    assert_eq!(s.claims().await, [], "neither a former conversation nor the host");
    let dead = s.store.dead(0, 10).await.expect("dead");
    assert!(dead.len() == 2 && dead.iter().all(|(_, letter)| letter.flow.is_none()), "{dead:?}");
}

async fn a_wake_ends_the_wait(s: Subject) {
    s.turn(&said("ann", "e1"), sends("ann", 1, 2)).await;
    s.turn(&said("bob", "e2"), sends("bob", 1, 1)).await;
    for posting in s.post().await {
        s.store.outbox_later(&posting.message.id, s.now() + 3_600_000, false).await.expect("later");
    }
    assert_eq!(s.post().await, []);
    s.forget_wakes();
    s.store.outbox_wake(&place("ann")).await.expect("wake");
    s.outbox_wakes("a wake").await;
    let first = s.post_one().await;
    assert_eq!(first.message, message("ann", 1, 0));
    s.store.outbox_wake(&place("ann")).await.expect("wake");
    assert_eq!(s.post().await, [], "what is being sent is not sent twice");
    s.store.outbox_wake(&place("nobody")).await.expect("nobody is no error");
}

async fn a_wake_while_sending_is_not_lost(s: Subject) {
    s.turn(&said("ann", "e1"), sends("ann", 1, 1)).await;
    let first = s.post_one().await;
    s.store.outbox_wake(&place("ann")).await.expect("wake");
    s.store.outbox_later(&first.message.id, s.now() + 3_600_000, false).await.expect("later");
    let again = s.post_one().await;
    s.store.outbox_later(&again.message.id, s.now() + 3_600_000, false).await.expect("later");
    assert_eq!(s.post().await, [], "it counts once");
}

async fn an_unknown_message_is_no_error(s: Subject) {
    let id = EffectId::stored("T1/ann@1/m0".into());
    s.store.outbox_sent(&id, None).await.expect("sent");
    s.store.outbox_later(&id, 0, true).await.expect("later");
    s.store.outbox_never(&id, "who?").await.expect("never");
    assert_eq!(s.store.dead(0, 10).await, Ok(Vec::new()));
    s.turn(&said("ann", "e1"), sends("ann", 1, 1)).await;
    let first = s.post_one().await;
    s.store.outbox_sent(&id, None).await.expect("sent");
    s.store.outbox_later(&first.message.id, 0, false).await.expect("late news of what is sent");
    assert_eq!(s.post().await, []);
}

async fn a_message_is_stored_once(s: Subject) {
    let answer = |id: &str| s.store.accept(said("ann", id), Entry::Answer(vec![message("ann", 1, 0)]));
    answer("e1").await.expect("accept");
    answer("e2").await.expect("an id that waits already is no error");
    assert_eq!(s.store.glance(&place("ann")).await.expect("glance").outbox, 1);
    let first = s.post_one().await;
    s.store.outbox_sent(&first.message.id, None).await.expect("sent");
    assert_eq!(s.post().await, []);
}

async fn the_outbox_wakes_its_waiter(s: Subject) {
    s.forget_wakes();
    s.turn(&said("ann", "e1"), sends("ann", 1, 2)).await;
    s.outbox_wakes("commit").await;
    let first = s.post_one().await;
    s.forget_wakes();
    s.store.outbox_sent(&first.message.id, None).await.expect("sent");
    s.outbox_wakes("sent, for the next may go").await;
    let next = s.post_one().await;
    s.forget_wakes();
    s.store.outbox_later(&next.message.id, s.now() + 5, false).await.expect("later");
    s.outbox_wakes("later, for what is due next has changed").await;
    s.forget_wakes();
    s.store.accept(said("bob", "help"), Entry::Answer(vec![message("bob", 9, 0)])).await.expect("accept");
    s.outbox_wakes("an answer").await;
}
