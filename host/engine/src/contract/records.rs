//! What operators read: completions, dead letters, counts.

use super::samples::{closed, completion, conversation, dead, flow, message, open, open_with, place, said, sends};
use super::{DAY, LEASE, Subject, cases};
use crate::model::{Digest, Letter};
use crate::ports::{Accepted, Backlog, Commit, Entry, Glance, OpenCount, Stage};

cases![
    completions_keep_the_order_of_their_commits,
    a_conversation_completes_once,
    a_dead_letter_is_listed_and_dropped,
    a_dead_event_returns_to_its_inbox,
    a_dead_message_returns_to_its_outbox,
    answers_and_dead_letters_are_never_swept,
    an_unknown_place_is_empty,
    the_backlog_is_counted,
    open_conversations_are_counted_by_version,
];

async fn complete(s: &Subject, id: &str, conversation: &str, name: &str, at: u64) {
    let commit = Commit { completion: Some(completion(conversation, name, at)), ..closed(1) };
    s.turn(&said("ann", id), commit).await;
}

async fn completions_keep_the_order_of_their_commits(mut s: Subject) {
    complete(&s, "e1", "T1/ann#1", "survey", 30).await;
    complete(&s, "e2", "T1/ann#2", "ask", 20).await;
    complete(&s, "e3", "T1/ann#3", "survey", 10).await;
    complete(&s, "e4", "T1/ann#4", "survey", 40).await;
    s.crash().await;
    let page = async |after, most| s.store.completions(&flow("survey"), after, most).await.expect("completions");
    let all = page(0, 10).await;
    assert_eq!(all.iter().map(|(_, one)| one.at).collect::<Vec<_>>(), [30, 10, 40]);
    assert!(all.is_sorted_by_key(|(position, _)| *position) && all[0].0 > 0);
    assert_eq!(all[1].1, completion("T1/ann#3", "survey", 10));
    assert_eq!(page(0, 1).await, all[..1]);
    assert_eq!(page(all[0].0, 10).await, all[1..], "after is not included");
    assert_eq!(page(all[2].0, 10).await, []);
    assert_eq!(s.store.completions(&flow("other"), 0, 10).await, Ok(Vec::new()));
}

async fn a_conversation_completes_once(s: Subject) {
    complete(&s, "e1", "T1/ann#1", "survey", 1).await;
    complete(&s, "e2", "T1/ann#1", "survey", 2).await;
    complete(&s, "e3", "T1/ann#2", "survey", 3).await;
    let all = s.store.completions(&flow("survey"), 0, 10).await.expect("completions");
    assert_eq!(all.iter().map(|(_, one)| one.at).collect::<Vec<_>>(), [1, 3], "the first one stands");
}

async fn bury(s: &Subject, id: &str, letter: Letter) {
    s.turn(&said("ann", id), Commit { dead: Some(dead(letter)), ..Commit::default() }).await;
}

async fn a_dead_letter_is_listed_and_dropped(mut s: Subject) {
    for id in ["e1", "e2", "e3"] {
        bury(&s, id, Letter::Event(said("ann", id))).await;
    }
    s.crash().await;
    let all = s.store.dead(0, 10).await.expect("dead");
    let letters: Vec<_> = all.iter().map(|(_, letter)| letter.clone()).collect();
    assert_eq!(letters, ["e1", "e2", "e3"].map(|id| dead(Letter::Event(said("ann", id)))));
    assert_eq!(s.store.dead(0, 2).await, Ok(all[..2].to_vec()));
    assert_eq!(s.store.dead(all[0].0, 10).await, Ok(all[1..].to_vec()));
    assert_eq!(s.store.dead_drop(all[2].0).await, Ok(true));
    assert_eq!(s.store.dead_drop(all[2].0).await, Ok(false));
    assert_eq!(s.store.dead_retry(all[2].0).await, Ok(false));
    assert_eq!(s.claims().await, []);
    s.crash().await;
    bury(&s, "e4", Letter::Event(said("ann", "e4"))).await;
    let now = s.store.dead(0, 10).await.expect("dead");
    assert!(now.len() == 3 && now[2].0 > all[2].0, "an id is never used twice");
}

async fn a_dead_event_returns_to_its_inbox(mut s: Subject) {
    bury(&s, "e1", Letter::Event(said("ann", "e1"))).await;
    s.accept(&said("ann", "e2")).await;
    let id = s.store.dead(0, 10).await.expect("dead")[0].0;
    s.forget_wakes();
    assert_eq!(s.store.dead_retry(id).await, Ok(true));
    s.inbox_wakes("dead_retry").await;
    assert_eq!(s.store.dead_retry(id).await, Ok(false));
    assert_eq!(s.store.dead(0, 10).await, Ok(Vec::new()));
    s.crash().await;
    for (id, number) in [("e2", 2), ("e1", 3)] {
        let claim = s.claim().await;
        assert_eq!((claim.inbound.clone(), claim.seq.number), (said("ann", id), number));
        assert_eq!((claim.attempt, claim.journal.as_slice()), (1, [].as_slice()));
        s.commit(&claim, Commit::default()).await;
    }
    assert_eq!(s.store.accept(said("ann", "e1"), Entry::Queue).await, Ok(Accepted::Duplicate));
}

async fn a_dead_message_returns_to_its_outbox(mut s: Subject) {
    s.turn(&said("ann", "e1"), sends("ann", 1, 2)).await;
    let lost = s.post_one().await;
    s.store.outbox_later(&lost, 0, true).await.expect("later");
    let lost = s.post_one().await;
    s.store.outbox_never(&lost, "gone").await.expect("never");
    let id = s.store.dead(0, 10).await.expect("dead")[0].0;
    s.forget_wakes();
    assert_eq!(s.store.dead_retry(id).await, Ok(true));
    s.outbox_wakes("dead_retry").await;
    s.crash().await;
    let second = s.post_one().await;
    assert_eq!(second.message, message("ann", 1, 1), "the others went on");
    s.store.outbox_sent(&second, None, None).await.expect("sent");
    let again = s.post_one().await;
    assert_eq!((again.message, again.stage, again.attempt), (lost.message, Stage::Unsent, 1));
    assert_eq!(s.claims().await, []);
}

async fn answers_and_dead_letters_are_never_swept(s: Subject) {
    complete(&s, "e1", "T1/ann#1", "survey", 1).await;
    bury(&s, "e2", Letter::Event(said("ann", "e2"))).await;
    s.turn(&said("ann", "e3"), Commit { messages: sends("ann", 3, 1).messages, ..open(1) }).await;
    s.accept(&said("ann", "e4")).await;
    s.clock.advance(DAY * 1000);
    s.store.sweep(&[]).await.expect("sweep");
    assert_eq!(s.store.completions(&flow("survey"), 0, 10).await.expect("completions").len(), 1);
    assert_eq!(s.store.dead(0, 10).await.expect("dead").len(), 1);
    let glance = s.store.glance(&place("ann")).await.expect("glance");
    assert_eq!((glance.inbox, glance.outbox, glance.conversation.is_some()), (1, 1, true));
}

async fn an_unknown_place_is_empty(s: Subject) {
    assert_eq!(s.store.glance(&place("nobody")).await, Ok(Glance::default()));
    assert_eq!(s.store.backlog().await, Ok(Backlog::default()));
    assert_eq!(s.store.open_conversations().await, Ok(Vec::new()));
    assert_eq!(s.store.current().await, Ok(Vec::new()));
}

async fn the_backlog_is_counted(s: Subject) {
    for (name, id) in [("ann", "a1"), ("ann", "a2"), ("bob", "b1"), ("cat", "c1")] {
        s.accept(&said(name, id)).await;
    }
    let claims = s.store.claim(2, LEASE).await.expect("claim");
    s.commit(&claims[1], sends("bob", 1, 3)).await;
    s.post_one().await;
    assert_eq!(s.store.backlog().await, Ok(Backlog { inbox: 3, running: 1, outbox: 3 }));
    let ann = Glance { running: true, inbox: 2, ..Glance::default() };
    assert_eq!(s.store.glance(&place("ann")).await, Ok(ann));
    assert_eq!(s.store.glance(&place("bob")).await, Ok(Glance { outbox: 3, ..Glance::default() }));
}

async fn open_conversations_are_counted_by_version(mut s: Subject) {
    let on = |name: &str, bytes: &[u8]| {
        let mut conversation = conversation(1, b"");
        conversation.flow = flow(name);
        conversation.digest = Digest::of(bytes);
        open_with(conversation)
    };
    for (name, commit) in [
        ("a", on("survey", b"1")),
        ("b", on("survey", b"1")),
        ("c", on("survey", b"2")),
        ("d", on("ask", b"1")),
        ("e", on("ask", b"1")),
    ] {
        s.turn(&said(name, name), commit).await;
    }
    s.turn(&said("e", "end"), closed(1)).await;
    s.crash().await;
    let mut counts = s.store.open_conversations().await.expect("open_conversations");
    counts.sort_by(|a, b| (&a.flow, a.conversations).cmp(&(&b.flow, b.conversations)));
    let count = |name: &str, bytes: &[u8], conversations| OpenCount {
        flow: flow(name),
        digest: Digest::of(bytes),
        conversations,
    };
    assert_eq!(counts, [count("ask", b"1", 1), count("survey", b"2", 1), count("survey", b"1", 2)]);
}
