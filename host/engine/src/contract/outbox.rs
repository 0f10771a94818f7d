//! Messages on their way.

use super::samples::{closed, closing, message, open, person, place, said, sends};
use super::{LEASE, SECOND, Subject, cases, stale};
use crate::model::{Body, Digest, Letter, Message};
use crate::ports::{Commit, Entry, Posting, Stage};

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
    messages_go_to_the_host_at_which_somebody_waits,
    only_the_last_attempt_counts,
    a_mark_is_prolonged,
    a_message_is_stored_once,
    what_was_not_sent_of_a_generation_is_dropped,
    what_may_have_been_sent_is_not_dropped,
    the_outbox_wakes_its_waiter,
];

fn posting(message: Message, attempt: u32) -> Posting {
    Posting { message, stage: Stage::Unsent, attempt, closes: None }
}

async fn messages_go_in_order_and_one_at_a_time(s: Subject) {
    s.turn(&said("ann", "e1"), sends("ann", 1, 3)).await;
    s.turn(&said("ann", "e2"), sends("ann", 2, 1)).await;
    for next in [message("ann", 1, 0), message("ann", 1, 1), message("ann", 1, 2), message("ann", 2, 0)] {
        let first = s.post_one().await;
        assert_eq!(first, posting(next, 1));
        assert_eq!(s.post().await, [], "one is in flight");
        s.store.outbox_sent(&first, None, None).await.expect("sent");
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
    s.store.outbox_sent(&first[1], None, None).await.expect("sent");
    assert_eq!(s.post_one().await.message, message("ann", 1, 1));
    assert_eq!(s.store.outbox_claim(0, LEASE).await, Ok(Vec::new()));
}

async fn a_sent_message_is_gone(mut s: Subject) {
    s.turn(&said("ann", "e1"), sends("ann", 1, 2)).await;
    let first = s.post_one().await;
    s.store.outbox_sent(&first, None, None).await.expect("sent");
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
    assert_eq!(s.post_one().await, Posting { stage: Stage::InDoubt, attempt: 2, ..first });
}

async fn a_crash_leaves_doubt(mut s: Subject) {
    s.turn(&said("ann", "e1"), sends("ann", 1, 1)).await;
    s.turn(&said("bob", "e2"), sends("bob", 1, 1)).await;
    let sending = s.store.outbox_claim(1, LEASE).await.expect("outbox_claim").remove(0);
    s.crash().await;
    let mut both = s.post().await;
    both.sort_by_key(|posting| posting.attempt);
    let other = posting(message("bob", 1, 0), 1);
    assert_eq!(both, [other, Posting { stage: Stage::InDoubt, attempt: 2, ..sending }]);
}

async fn a_message_waits_for_its_time(mut s: Subject) {
    s.turn(&said("ann", "e1"), sends("ann", 1, 2)).await;
    let first = s.post_one().await;
    s.store.outbox_later(&first, s.now() + 90_000, false).await.expect("later");
    s.turn(&said("ann", "e2"), sends("ann", 2, 1)).await;
    let due = s.now() + 90_000;
    s.crash().await;
    s.clock.advance_to(due - 1);
    assert_eq!(s.post().await, [], "nothing of the place overtakes it");
    s.clock.advance_to(due);
    assert_eq!(s.post_one().await, Posting { attempt: 2, ..first });
}

async fn what_was_not_sent_of_a_generation_is_dropped(mut s: Subject) {
    let of = |generation, number, index| Message { generation, ..message("ann", number, index) };
    let messages = vec![of(1, 1, 0), of(2, 1, 1), of(1, 1, 2)];
    s.turn(&said("ann", "e1"), Commit { messages: messages.clone(), ..open(1) }).await;
    // It surely was not posted, and holds up the others.
    let waits = s.post_one().await;
    s.store.outbox_later(&waits, s.now() + 90_000, false).await.expect("later");
    let closes = vec![closing(&messages[0], 2, "one"), closing(&messages[1], 3, "two")];
    s.turn(&said("ann", "e2"), Commit { messages: closes, ..Commit::default() }).await;
    s.turn(&said("bob", "b1"), Commit { messages: vec![message("bob", 1, 0)], ..open(1) }).await;
    assert_eq!(s.post_one().await.message.place, place("bob"));
    s.forget_wakes();
    let last = vec![of(1, 4, 0), closing(&messages[2], 4, "gone")];
    s.turn(&said("ann", "e3"), Commit { drops: Some(1), messages: last, ..closed(1) }).await;
    s.outbox_wakes("a drop").await;
    s.crash().await;
    assert_eq!(
        s.store.glance(&place("ann")).await.expect("glance").outbox,
        3,
        "the other's, what closes it, and the last"
    );
    assert_eq!(s.store.backlog().await.expect("backlog").outbox, 4);
    let mine = async || {
        let all = s.post().await.into_iter().filter(|one| one.message.place == place("ann"));
        all.collect::<Vec<_>>()
    };
    let first = mine().await.remove(0);
    assert_eq!(first, posting(messages[1].clone(), 1), "it was behind what is gone");
    s.store.outbox_sent(&first, Some(&"here".to_owned()), None).await.expect("sent");
    let rest: Vec<_> = mine().await.into_iter().map(|one| (one.message.generation, one.message.closes)).collect();
    assert_eq!(rest, [(2, Some(messages[1].id.clone())), (1, None)], "what the ending turn says is not dropped");
}

async fn what_may_have_been_sent_is_not_dropped(s: Subject) {
    s.turn(&said("ann", "e1"), Commit { messages: sends("ann", 1, 3).messages, ..open(1) }).await;
    let sending = s.post_one().await;
    s.turn(&said("ann", "e2"), Commit { drops: Some(1), ..Commit::default() }).await;
    assert_eq!(s.store.glance(&place("ann")).await.expect("glance").outbox, 1, "it is on its way");
    s.store.outbox_later(&sending, 0, true).await.expect("later");
    s.turn(&said("ann", "e3"), Commit { drops: Some(1), ..Commit::default() }).await;
    let found = s.post_one().await;
    assert_eq!((found.stage.clone(), found.message.clone()), (Stage::InDoubt, message("ann", 1, 0)));
    s.store.outbox_sent(&found, Some(&"here".to_owned()), None).await.expect("sent");
    s.turn(&said("ann", "e4"), Commit { drops: Some(1), ..Commit::default() }).await;
    let closes = vec![closing(&found.message, 5, "one")];
    s.turn(&said("ann", "e5"), Commit { messages: closes, ..Commit::default() }).await;
    assert!(s.post_one().await.closes.is_some(), "where it stands is known");
}

async fn doubt_stays_and_goes(s: Subject) {
    s.turn(&said("ann", "e1"), sends("ann", 1, 1)).await;
    for (said, in_doubt) in [(true, false), (true, true), (false, true), (false, false)] {
        let now = s.post_one().await;
        assert_eq!(now.stage == Stage::InDoubt, in_doubt);
        s.store.outbox_later(&now, 0, said).await.expect("later");
    }
}

async fn a_message_that_never_arrives_is_buried(mut s: Subject) {
    s.turn(&said("ann", "e1"), Commit { messages: sends("ann", 1, 2).messages, ..open(1) }).await;
    let lost = s.post_one().await;
    s.forget_wakes();
    s.store.outbox_never(&lost, "the channel is archived").await.expect("never");
    s.inbox_wakes("a lost message").await;
    s.outbox_wakes("a lost message").await;
    stale(s.store.outbox_never(&lost, "the channel is archived").await);
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
        s.store.outbox_never(&lost, "gone").await.expect("never");
    }
    assert_eq!(s.claims().await, [], "neither a former conversation nor the host");
    let dead = s.store.dead(0, 10).await.expect("dead");
    assert!(dead.len() == 2 && dead.iter().all(|(_, letter)| letter.flow.is_none()), "{dead:?}");
}

async fn a_wake_ends_the_wait(s: Subject) {
    s.turn(&said("ann", "e1"), sends("ann", 1, 2)).await;
    s.turn(&said("bob", "e2"), sends("bob", 1, 1)).await;
    for posting in s.post().await {
        s.store.outbox_later(&posting, s.now() + 3_600_000, false).await.expect("later");
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
    s.store.outbox_later(&first, s.now() + 3_600_000, false).await.expect("later");
    let again = s.post_one().await;
    s.store.outbox_later(&again, s.now() + 3_600_000, false).await.expect("later");
    assert_eq!(s.post().await, [], "it counts once");
}

async fn messages_go_to_the_host_at_which_somebody_waits(mut s: Subject) {
    s.store.outbox_wake(&place("ann")).await.expect("wake");
    s.turn(&said("ann", "e1"), sends("ann", 1, 2)).await;
    s.turn(&said("bob", "e2"), sends("bob", 1, 1)).await;
    let both = s.post().await;
    assert_eq!(both.len(), 2);
    s.crash().await;
    if s.alone {
        assert_eq!(s.post().await.len(), 2, "no other host is there to wait at");
        return;
    }
    let bobs = s.post_one().await;
    assert_eq!(bobs, Posting { stage: Stage::InDoubt, ..posting(message("bob", 1, 0), 2) }, "nobody waits for that");
    s.store.outbox_sent(&bobs, None, None).await.expect("sent");
    s.turn(&said("ann", "e3"), sends("ann", 3, 1)).await;
    // Nothing is due here.
    s.rests().await;
    s.forget_wakes();
    s.store.outbox_wake(&place("ann")).await.expect("wake");
    s.outbox_wakes("a wake").await;
    for next in [
        Posting { stage: Stage::InDoubt, ..posting(message("ann", 1, 0), 2) },
        posting(message("ann", 1, 1), 1),
        posting(message("ann", 3, 0), 1),
    ] {
        assert_eq!(s.post_one().await, next);
        s.store.outbox_sent(&next, None, None).await.expect("sent");
    }
    assert_eq!(s.post().await, []);
}

async fn only_the_last_attempt_counts(s: Subject) {
    let first = posting(message("ann", 1, 0), 1);
    stale(s.store.outbox_sent(&first, None, None).await);
    s.turn(&said("ann", "e1"), sends("ann", 1, 2)).await;
    stale(s.store.outbox_sent(&first, None, None).await);
    assert_eq!(s.post_one().await, first);
    s.clock.advance(LEASE);
    let second = s.post_one().await;
    stale(s.store.outbox_renew(&first, LEASE).await);
    stale(s.store.outbox_sent(&first, None, None).await);
    stale(s.store.outbox_later(&first, 0, false).await);
    stale(s.store.outbox_never(&first, "who?").await);
    assert_eq!(s.post().await, [], "a stale host changes nothing");
    s.store.outbox_later(&second, s.now() + SECOND.as_millis() as u64, true).await.expect("later");
    stale(s.store.outbox_later(&second, 0, false).await);
    stale(s.store.outbox_sent(&second, None, None).await);
    s.clock.advance(SECOND);
    let third = s.post_one().await;
    assert_eq!(third, Posting { stage: Stage::InDoubt, attempt: 3, ..first });
    s.store.outbox_sent(&third, None, None).await.expect("sent");
    stale(s.store.outbox_never(&third, "late news of what is sent").await);
    assert_eq!(s.store.dead(0, 10).await, Ok(Vec::new()));
    assert_eq!(s.post_one().await, posting(message("ann", 1, 1), 1));
}

async fn a_mark_is_prolonged(s: Subject) {
    s.turn(&said("ann", "e1"), sends("ann", 1, 1)).await;
    let first = s.post_one().await;
    s.clock.advance(LEASE - SECOND);
    s.store.outbox_renew(&first, LEASE).await.expect("renew");
    s.clock.advance(LEASE - SECOND);
    assert_eq!(s.post().await, []);
    s.store.outbox_sent(&first, None, None).await.expect("it is ours");
    s.rests().await;
}

async fn a_message_is_stored_once(s: Subject) {
    let answer = |id: &str| s.store.accept(said("ann", id), Entry::Answer(vec![message("ann", 1, 0)]));
    answer("e1").await.expect("accept");
    answer("e2").await.expect("an id that waits already is no error");
    assert_eq!(s.store.glance(&place("ann")).await.expect("glance").outbox, 1);
    let first = s.post_one().await;
    s.store.outbox_sent(&first, None, None).await.expect("sent");
    assert_eq!(s.post().await, []);
}

async fn the_outbox_wakes_its_waiter(s: Subject) {
    s.forget_wakes();
    s.turn(&said("ann", "e1"), sends("ann", 1, 2)).await;
    s.outbox_wakes("commit").await;
    let first = s.post_one().await;
    s.forget_wakes();
    s.store.outbox_sent(&first, None, None).await.expect("sent");
    s.outbox_wakes("sent, for the next may go").await;
    let next = s.post_one().await;
    s.forget_wakes();
    s.store.outbox_later(&next, s.now() + 5, false).await.expect("later");
    s.outbox_wakes("later, for what is due next has changed").await;
    s.forget_wakes();
    s.store.accept(said("bob", "help"), Entry::Answer(vec![message("bob", 9, 0)])).await.expect("accept");
    s.outbox_wakes("an answer").await;
}
