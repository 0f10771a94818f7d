//! The journal and the commit.

use super::samples::{
    HOSTILE, answered, call, closed, completion, conversation, dead, exchange, flow, message, open, open_with, person,
    place, result, said, sends,
};
use super::{LEASE, Subject, cases, stale};
use crate::model::{Digest, Letter, Seq};
use crate::ports::{Accepted, After, Commit, Entry, Glance, StoreError, TimerChange};

cases![
    a_journal_comes_back,
    what_was_answered_stays_answered,
    a_result_needs_its_intent,
    a_commit_shows_all_at_once,
    a_stale_commit_shows_nothing,
    a_journal_ends_with_its_turn,
    a_follow_up_comes_before_what_waits,
    an_id_does_not_stop_a_follow_up,
    a_conversation_goes_on,
    another_generation_starts_anew,
    a_closed_conversation_leaves_its_number,
    a_turn_may_open_and_close,
    history_is_of_one_conversation,
    history_keeps_what_can_be_read,
    what_is_stored_comes_back_as_it_was,
];

async fn a_journal_comes_back(mut s: Subject) {
    s.accept(&said("ann", "e1")).await;
    let claim = s.claim().await;
    assert_eq!((claim.journal.as_slice(), claim.pin.as_deref()), ([].as_slice(), None));
    for number in [1, 2, 10] {
        s.store.journal_intent(&claim.fence, &call(number), &format!("pin{number}")).await.expect("intent");
    }
    s.store.journal_result(&claim.fence, 2, &result(HOSTILE)).await.expect("result");
    s.crash().await;
    let claim = s.claim().await;
    assert_eq!(claim.journal, [call(1), answered(2, HOSTILE), call(10)], "by number");
    assert_eq!(claim.pin.as_deref(), Some("pin1"), "the first intent pins");
}

async fn what_was_answered_stays_answered(s: Subject) {
    s.accept(&said("ann", "e1")).await;
    let claim = s.claim().await;
    s.store.journal_intent(&claim.fence, &call(1), "pin").await.expect("intent");
    s.store.journal_intent(&claim.fence, &call(1), "pin").await.expect("a repeated intent is fine");
    s.store.journal_result(&claim.fence, 1, &result("first")).await.expect("result");
    s.store.journal_intent(&claim.fence, &answered(1, "smuggled"), "pin").await.expect("intent");
    s.store.journal_result(&claim.fence, 1, &result("second")).await.expect("a repeated result is fine");
    s.store.journal_intent(&claim.fence, &answered(2, "smuggled"), "pin").await.expect("intent");
    s.store.retry(&claim.fence, 0).await.expect("retry");
    assert_eq!(s.claim().await.journal, [answered(1, "first"), call(2)]);
}

async fn a_result_needs_its_intent(s: Subject) {
    s.accept(&said("ann", "e1")).await;
    let claim = s.claim().await;
    let refused = s.store.journal_result(&claim.fence, 1, &result("of what?")).await;
    assert!(matches!(refused, Err(StoreError::Corrupt(ref words)) if words.contains("T1/ann")), "{refused:?}");
    s.store.retry(&claim.fence, 0).await.expect("retry");
    assert_eq!(s.claim().await.journal, []);
}

/// A commit with every part.
fn all_parts() -> Commit {
    Commit {
        messages: sends("ann", 1, 2).messages,
        timers: vec![TimerChange::Set("late".into(), super::BEGIN + 1_000)],
        exchange: Some(exchange("hello")),
        completion: Some(completion("T1/ann#1", "survey", 7)),
        follow: Some(said("ann", "follow")),
        dead: Some(dead(Letter::Event(said("ann", "e1")))),
        ..open(1)
    }
}

async fn a_commit_shows_all_at_once(mut s: Subject) {
    s.accept(&said("ann", "e1")).await;
    let claim = s.claim().await;
    s.store.journal_intent(&claim.fence, &call(1), "pin").await.expect("intent");
    s.commit(&claim, all_parts()).await;
    let conversation = Some(conversation(1, b"state"));
    let glance = Glance {
        conversation: conversation.clone(),
        person: Some(person("ann")),
        inbox: 1,
        outbox: 2,
        ..Glance::default()
    };
    assert_eq!(s.store.glance(&place("ann")).await, Ok(glance.clone()));
    s.crash().await;
    assert_eq!(s.store.glance(&place("ann")).await, Ok(glance));
    assert_eq!(s.store.history(&place("ann"), 1, 10).await, Ok(vec![exchange("hello")]));
    assert_eq!(s.store.completions(&flow("survey"), 0, 10).await.expect("completions").len(), 1);
    assert_eq!(s.store.dead(0, 10).await.expect("dead").len(), 1);
    assert_eq!(s.store.fire_timers().await.expect("fire_timers").is_some(), s.alone, "else it fired by now");
    assert_eq!(s.post_one().await.message, message("ann", 1, 0));
    let next = s.claim().await;
    assert_eq!((next.inbound.id.as_str(), next.generation), ("follow", 1));
    assert_eq!(next.conversation, conversation);
}

async fn a_stale_commit_shows_nothing(s: Subject) {
    s.accept(&said("ann", "e1")).await;
    let old = s.claim().await;
    s.clock.advance(LEASE);
    let new = s.claim().await;
    stale(s.store.commit(&old.fence, all_parts()).await);
    let glance = Glance { running: true, inbox: 1, ..Glance::default() };
    assert_eq!(s.store.glance(&place("ann")).await, Ok(glance));
    assert_eq!(s.store.completions(&flow("survey"), 0, 10).await, Ok(Vec::new()));
    assert_eq!(s.store.dead(0, 10).await, Ok(Vec::new()));
    assert_eq!(s.store.fire_timers().await, Ok(None));
    assert_eq!(s.post().await, []);
    s.commit(&new, open(1)).await;
    assert_eq!(s.store.history(&place("ann"), 1, 10).await, Ok(Vec::new()));
    assert_eq!(s.claims().await, []);
    s.accept(&said("ann", "follow")).await;
    stale(s.store.commit(&new.fence, all_parts()).await);
    assert_eq!(s.claim().await.inbound.id, "follow", "a commit is not done twice");
}

async fn a_journal_ends_with_its_turn(s: Subject) {
    for id in ["e1", "e2"] {
        s.accept(&said("ann", id)).await;
    }
    let claim = s.claim().await;
    s.store.journal_intent(&claim.fence, &call(1), "pin").await.expect("intent");
    s.store.journal_result(&claim.fence, 1, &result("yes")).await.expect("result");
    s.store.retry(&claim.fence, 0).await.expect("retry");
    let claim = s.claim().await;
    s.commit(&claim, Commit::default()).await;
    let next = s.claim().await;
    assert_eq!((next.inbound.id.as_str(), next.attempt), ("e2", 1));
    assert_eq!((next.journal.as_slice(), next.pin.as_deref()), ([].as_slice(), None));
    s.store.journal_intent(&next.fence, &call(2), "its own").await.expect("intent");
    s.store.retry(&next.fence, 0).await.expect("retry");
    let next = s.claim().await;
    assert_eq!((next.journal.as_slice(), next.pin.as_deref()), ([call(2)].as_slice(), Some("its own")));
}

async fn a_follow_up_comes_before_what_waits(s: Subject) {
    for id in ["e1", "e2"] {
        s.accept(&said("ann", id)).await;
    }
    let follow = |id: &str| Commit { follow: Some(said("ann", id)), ..Commit::default() };
    for (id, number, step, then) in [
        ("e1", 1, 0, follow("f1")),
        ("f1", 1, 1, follow("f2")),
        ("f2", 1, 2, Commit::default()),
        ("e2", 2, 0, follow("f3")),
        ("f3", 2, 1, Commit::default()),
    ] {
        let claim = s.claim().await;
        assert_eq!((claim.inbound.id.as_str(), claim.seq, claim.attempt), (id, Seq { number, step }, 1));
        s.commit(&claim, then).await;
    }
    assert_eq!(s.claims().await, []);
}

async fn an_id_does_not_stop_a_follow_up(s: Subject) {
    let follow = |id: &str| Commit { follow: Some(said("ann", id)), ..Commit::default() };
    s.turn(&said("ann", "e1"), follow("e1")).await;
    let claim = s.claim().await;
    assert_eq!(claim.inbound.id, "e1", "it has the id of its cause");
    s.commit(&claim, follow("f1")).await;
    let accepted = s.store.accept(said("ann", "f1"), Entry::Queue).await;
    assert_eq!(accepted, Ok(Accepted::Duplicate), "it is stored already");
    let claim = s.claim().await;
    s.commit(&claim, Commit::default()).await;
    assert_eq!(s.claims().await, []);
}

async fn a_conversation_goes_on(mut s: Subject) {
    let timer = vec![TimerChange::Set("t".into(), s.now() + 60_000)];
    s.turn(&said("ann", "e1"), Commit { exchange: Some(exchange("one")), timers: timer, ..open(1) }).await;
    let claim = s.turn(&said("ann", "e2"), Commit::default()).await;
    assert_eq!(claim.conversation, Some(conversation(1, b"state")));
    let mut next = conversation(1, b"other");
    next.digest = Digest::of(b"migrated");
    next.questions.clear();
    next.switch_to = None;
    next.literal_next = false;
    s.turn(&said("ann", "e3"), Commit { exchange: Some(exchange("two")), ..open_with(next.clone()) }).await;
    s.crash().await;
    let glance = s.store.glance(&place("ann")).await.expect("glance");
    assert_eq!(glance.conversation, Some(next));
    assert_eq!(s.store.history(&place("ann"), 1, 9).await, Ok(vec![exchange("one"), exchange("two")]));
    assert!(s.store.fire_timers().await.expect("fire_timers").is_some(), "the timer runs on");
}

async fn another_generation_starts_anew(s: Subject) {
    let timer = vec![TimerChange::Set("t".into(), s.now() + 60_000)];
    s.turn(&said("ann", "e1"), Commit { exchange: Some(exchange("one")), timers: timer, ..open(1) }).await;
    s.turn(&said("ann", "e2"), Commit { exchange: Some(exchange("two")), ..open(2) }).await;
    assert_eq!(s.store.history(&place("ann"), 1, 9).await, Ok(Vec::new()));
    assert_eq!(s.store.history(&place("ann"), 2, 9).await, Ok(vec![exchange("two")]), "its own first exchange");
    assert_eq!(s.store.fire_timers().await, Ok(None));
    let claim = s.turn(&said("ann", "e3"), Commit::default()).await;
    assert_eq!((claim.generation, claim.conversation.map(|open| open.generation)), (2, Some(2)));
}

async fn a_closed_conversation_leaves_its_number(mut s: Subject) {
    let timer = vec![TimerChange::Set("t".into(), s.now() + 60_000)];
    s.turn(&said("ann", "e1"), Commit { exchange: Some(exchange("one")), timers: timer.clone(), ..open(1) }).await;
    let end = Commit { exchange: Some(exchange("two")), timers: timer.clone(), ..closed(1) };
    s.turn(&said("ann", "e2"), end).await;
    s.crash().await;
    assert_eq!(s.store.history(&place("ann"), 1, 9).await, Ok(Vec::new()));
    assert_eq!(s.store.fire_timers().await, Ok(None));
    let stray = Commit { exchange: Some(exchange("three")), timers: timer, ..Commit::default() };
    let claim = s.turn(&said("ann", "e3"), stray).await;
    assert_eq!((claim.generation, claim.conversation), (1, None));
    assert_eq!(s.store.fire_timers().await, Ok(None), "without a conversation there is no timer");
    s.turn(&said("ann", "e4"), open(2)).await;
    assert_eq!(s.store.history(&place("ann"), 2, 9).await, Ok(Vec::new()), "nor an exchange");
}

async fn a_turn_may_open_and_close(s: Subject) {
    let commit = Commit { messages: sends("ann", 1, 1).messages, ..closed(1) };
    s.turn(&said("ann", "e1"), commit).await;
    let claim = s.turn(&said("ann", "e2"), Commit::default()).await;
    assert_eq!((claim.generation, claim.conversation), (1, None));
    assert_eq!(s.post().await.len(), 1);
}

async fn history_keeps_what_can_be_read(s: Subject) {
    let most = crate::policy::contract::HISTORY.1;
    for at in 0..most + 2 {
        let commit = Commit { exchange: Some(exchange(&format!("{at}"))), ..open(1) };
        s.turn(&said("ann", &format!("e{at}")), commit).await;
    }
    let kept = s.store.history(&place("ann"), 1, most + 10).await.expect("history");
    assert_eq!(kept.len(), most, "a conversation without end does not grow without end");
    assert_eq!((&kept[0], &kept[most - 1]), (&exchange("2"), &exchange(&format!("{}", most + 1))));
}

async fn history_is_of_one_conversation(mut s: Subject) {
    for (number, id) in (1..=5).zip(["e1", "e2", "e3", "e4", "e5"]) {
        s.turn(&said("ann", id), Commit { exchange: Some(exchange(&number.to_string())), ..open(1) }).await;
    }
    s.turn(&said("bob", "b1"), Commit { exchange: Some(exchange("bob")), ..open(1) }).await;
    s.crash().await;
    let last = async |generation, most| {
        let exchanges = s.store.history(&place("ann"), generation, most).await.expect("history");
        exchanges.into_iter().map(|exchange| exchange.said).collect::<Vec<_>>()
    };
    assert_eq!(last(1, 3).await, ["3", "4", "5"], "the last ones, oldest first");
    assert_eq!(last(1, 100).await, ["1", "2", "3", "4", "5"]);
    assert_eq!(last(1, 0).await, [""; 0]);
    assert_eq!(last(2, 3).await, [""; 0]);
    assert_eq!(s.store.history(&place("nobody"), 1, 3).await, Ok(Vec::new()));
}

async fn what_is_stored_comes_back_as_it_was(mut s: Subject) {
    let mut state: Vec<u8> = (0..=255).cycle().take(64 * 1024).collect();
    state[0] = 0xff;
    let large = conversation(1, &state);
    let mut event = said("ann", "e1");
    if let crate::model::Body::Said { text, files } = &mut event.body {
        *text = HOSTILE.repeat(200);
        let file = crate::model::File { id: "F".into(), name: HOSTILE.into(), media_type: "x/y".into(), size: 1 << 40 };
        files.push(file);
    }
    let mut text = message("ann", 1, 0);
    text.text = HOSTILE.repeat(300);
    text.choices = None;
    text.form = Some(super::samples::form());
    s.accept(&event).await;
    let claim = s.claim().await;
    assert_eq!(claim.inbound, event);
    let asked = crate::model::Call { request: HOSTILE.repeat(1000), ..call(1) };
    s.store.journal_intent(&claim.fence, &asked, HOSTILE).await.expect("intent");
    s.crash().await;
    let claim = s.claim().await;
    assert_eq!((claim.journal.as_slice(), claim.pin.as_deref()), ([asked].as_slice(), Some(HOSTILE)));
    s.commit(&claim, Commit { messages: vec![text.clone()], ..open_with(large.clone()) }).await;
    s.crash().await;
    assert_eq!(s.post_one().await.message, text);
    assert_eq!(s.store.glance(&place("ann")).await.expect("glance").conversation, Some(large));
    let empty = conversation(1, b"");
    s.turn(&said("ann", "e2"), Commit { conversation: After::Open(Box::new(empty.clone())), ..Commit::default() })
        .await;
    assert_eq!(s.store.glance(&place("ann")).await.expect("glance").conversation, Some(empty));
}
