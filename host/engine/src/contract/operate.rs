//! What operators look at and throw away.

use super::samples::{
    answered, call, closed, closing, completion, conversation, doubt, exchange, flow, message, open, open_with, person,
    place, result, said, sends, sent,
};
use super::{DAY, LEASE, SECOND, Subject, cases, stale};
use crate::model::{Conversation, Resolution};
use crate::ports::{Backlog, Cleared, Commit, Entry, Glance, TimerChange, Underway};

cases![
    open_conversations_are_listed_by_place,
    every_open_conversation_is_listed_once,
    an_event_is_underway_until_its_commit,
    a_cleared_place_is_empty,
    a_cleared_place_goes_on_counting,
    what_is_cleared_is_not_closed,
    clearing_nothing_is_no_error,
    a_completion_is_dropped,
    the_record_of_a_doubt_is_dropped,
];

async fn open_conversations_are_listed_by_place(mut s: Subject) {
    for name in ["dan", "bob", "cat", "ann", "eve"] {
        s.turn(&said(name, name), open_with(conversation(3, b"kept"))).await;
    }
    s.turn(&said("cat", "end"), closed(3)).await;
    s.turn(&said("eve", "e2"), Commit { messages: sends("eve", 1, 2).messages, ..open(4) }).await;
    s.accept(&said("eve", "e3")).await;
    s.accept(&said("nobody", "n1")).await;
    s.crash().await;
    let all = s.store.conversations(None, 10).await.expect("conversations");
    let keys: Vec<_> = all.iter().map(|(place, _)| place.clone()).collect();
    assert_eq!(keys, ["ann", "bob", "dan", "eve"].map(place));
    let eve = Glance {
        conversation: Some(Conversation { state: Vec::new(), ..conversation(4, b"state") }),
        person: Some(person("eve")),
        running: false,
        inbox: 1,
        outbox: 2,
    };
    assert_eq!(all[3].1, eve);
    assert_eq!(s.store.conversations(None, 2).await, Ok(all[..2].to_vec()));
    assert_eq!(s.store.conversations(Some(&place("bob")), 10).await, Ok(all[2..].to_vec()), "after is not included");
    assert_eq!(s.store.conversations(Some(&place("carl")), 1).await, Ok(all[2..3].to_vec()));
    assert_eq!(s.store.conversations(Some(&place("eve")), 10).await, Ok(Vec::new()));
}

async fn every_open_conversation_is_listed_once(s: Subject) {
    let mut names: Vec<_> = (0..150).map(|number| format!("p{number}")).collect();
    for name in &names {
        s.turn(&said(name, name), open(1)).await;
    }
    let (mut listed, mut after) = (Vec::new(), None);
    loop {
        let page = s.store.conversations(after.as_ref(), 60).await.expect("conversations");
        assert!(page.len() <= 60);
        let Some((last, _)) = page.last() else { break };
        after = Some(last.clone());
        listed.extend(page.into_iter().map(|(place, _)| place));
    }
    names.sort();
    assert_eq!(listed, names.iter().map(|name| place(name)).collect::<Vec<_>>());
}

async fn an_event_is_underway_until_its_commit(mut s: Subject) {
    let inbound = sent("ann", "e1", 7);
    s.accept(&inbound).await;
    assert_eq!(s.store.underway(&place("ann")).await, Ok(None), "it only waits");
    let claim = s.claim().await;
    s.store.journal_intent(&claim.fence, &call(1), "pin").await.expect("intent");
    s.store.journal_result(&claim.fence, 1, &result("yes")).await.expect("result");
    s.store.journal_intent(&claim.fence, &call(2), "pin").await.expect("intent");
    let journal = vec![answered(1, "yes"), call(2)];
    let underway = Underway { seq: claim.seq, inbound, attempt: 1, journal };
    assert_eq!(s.store.underway(&place("ann")).await, Ok(Some(underway.clone())));
    s.crash().await;
    assert_eq!(s.store.underway(&place("ann")).await, Ok(Some(underway.clone())), "it is to be tried again");
    let claim = s.claim().await;
    assert_eq!(s.store.underway(&place("ann")).await, Ok(Some(Underway { attempt: 2, ..underway })));
    s.commit(&claim, Commit::default()).await;
    assert_eq!(s.store.underway(&place("ann")).await, Ok(None));
}

async fn a_cleared_place_is_empty(mut s: Subject) {
    let timers = vec![TimerChange::Set("nag".into(), s.now() + 60_000)];
    let exchange = Some(exchange("hello"));
    let messages = sends("ann", 1, 2).messages;
    s.turn(&said("ann", "e1"), Commit { timers, exchange, messages, ..open(1) }).await;
    s.turn(&said("bob", "b1"), Commit { messages: sends("bob", 1, 1).messages, ..open(1) }).await;
    s.accept(&said("ann", "e2")).await;
    let running = s.claim().await;
    s.store.journal_intent(&running.fence, &call(1), "pin").await.expect("intent");
    s.accept(&said("ann", "e3")).await;
    let cleared = Cleared { conversations: 1, events: 2, messages: 2 };
    assert_eq!(s.store.clear(&place("ann")).await, Ok(cleared));
    stale(s.store.journal_result(&running.fence, 1, &result("late")).await);
    stale(s.store.commit(&running.fence, open(1)).await);
    assert_eq!(s.store.clear(&place("ann")).await, Ok(Cleared::default()));
    s.crash().await;
    assert_eq!(s.store.glance(&place("ann")).await, Ok(Glance::default()));
    assert_eq!(s.store.underway(&place("ann")).await, Ok(None));
    assert_eq!(s.store.history(&place("ann"), 1, 10).await, Ok(Vec::new()));
    assert_eq!(s.store.backlog().await, Ok(Backlog { inbox: 0, running: 0, outbox: 1 }));
    assert_eq!(s.post_one().await.message.place, place("bob"), "others keep theirs");
    assert_eq!(s.store.conversations(None, 10).await.expect("conversations").len(), 1);
    s.clock.advance(DAY);
    s.store.fire_timers().await.expect("fire_timers");
    assert_eq!(s.claims().await, []);
    assert_eq!(s.store.open_conversations().await.expect("open_conversations")[0].conversations, 1);
}

async fn a_cleared_place_goes_on_counting(s: Subject) {
    s.turn(&said("ann", "e1"), open(7)).await;
    s.accept(&said("ann", "e2")).await;
    let former = s.claim().await;
    s.store.clear(&place("ann")).await.expect("clear");
    s.accept(&said("ann", "e3")).await;
    let claim = s.claim().await;
    assert_eq!((claim.seq.number, claim.generation, claim.attempt), (3, 7, 1));
    assert!(claim.fence.epoch > former.fence.epoch + 1);
    assert_eq!((claim.conversation, claim.journal, claim.pin), (None, Vec::new(), None));
}

async fn what_is_cleared_is_not_closed(s: Subject) {
    s.turn(&said("ann", "e1"), Commit { messages: sends("ann", 1, 1).messages, ..open(1) }).await;
    let posting = s.post_one().await;
    s.store.outbox_sent(&posting, Some(&"here".to_owned()), None).await.expect("sent");
    s.store.clear(&place("ann")).await.expect("clear");
    let closes = Commit { messages: vec![closing(&posting.message, 2, "one")], ..Commit::default() };
    s.turn(&said("ann", "e2"), closes).await;
    assert_eq!(s.post().await, [], "where it was posted is forgotten");
    s.turn(&said("ann", "e3"), Commit { messages: vec![message("ann", 3, 0)], ..Commit::default() }).await;
    let sending = s.post_one().await;
    s.store.clear(&place("ann")).await.expect("clear");
    stale(s.store.outbox_sent(&sending, None, None).await);
    s.clock.advance(LEASE + SECOND);
    assert_eq!(s.post().await, []);
}

async fn clearing_nothing_is_no_error(s: Subject) {
    assert_eq!(s.store.clear(&place("nobody")).await, Ok(Cleared::default()));
    s.turn(&said("ann", "e1"), closed(1)).await;
    assert_eq!(s.store.clear(&place("ann")).await, Ok(Cleared::default()));
    s.store.accept(said("ann", "stop"), Entry::Cut).await.expect("accept");
    assert_eq!(s.store.clear(&place("ann")).await, Ok(Cleared { events: 1, ..Cleared::default() }));
}

async fn a_completion_is_dropped(mut s: Subject) {
    assert_eq!(s.store.completed_flows().await, Ok(Vec::new()));
    for (number, name) in [(1, "survey"), (2, "ask"), (3, "survey")] {
        let completed = Some(completion(&format!("T1/ann#{number}"), name, number));
        s.turn(&said("ann", &format!("e{number}")), Commit { completion: completed, ..closed(number) }).await;
    }
    let (survey, ask) = (flow("survey"), flow("ask"));
    let all = s.store.completions(&survey, 0, 10).await.expect("completions");
    assert_eq!(s.store.completed_flows().await, Ok(vec![ask.clone(), survey.clone()]));
    assert_eq!(s.store.completion_drop(&ask, all[0].0).await, Ok(false), "it is another flow's");
    assert_eq!(s.store.completion_drop(&survey, all[0].0).await, Ok(true));
    assert_eq!(s.store.completion_drop(&survey, all[0].0).await, Ok(false));
    s.crash().await;
    assert_eq!(s.store.completions(&survey, 0, 10).await, Ok(all[1..].to_vec()));
    assert_eq!(s.store.completion_drop(&survey, all[1].0).await, Ok(true));
    assert_eq!(s.store.completed_flows().await, Ok(vec![ask]));
}

async fn the_record_of_a_doubt_is_dropped(s: Subject) {
    s.accept(&said("ann", "e1")).await;
    let claim = s.claim().await;
    for number in [1, 2] {
        let doubt = doubt("ann", (1, number), Resolution::Repeated, s.now());
        s.store.doubt(&claim.fence, &doubt).await.expect("doubt");
    }
    let all = s.store.doubts(0, 10).await.expect("doubts");
    assert_eq!(s.store.doubt_drop(all[0].0).await, Ok(true));
    assert_eq!(s.store.doubt_drop(all[0].0).await, Ok(false));
    assert_eq!(s.store.doubts(0, 10).await, Ok(all[1..].to_vec()));
}
