//! Accept: once, in order, in place of what runs, or beside it.

use super::samples::{call, message, open, place, said, sends, sent};
use super::{DAY, LEASE, SECOND, Subject, cases, stale};
use crate::model::{Message, Seq};
use crate::policy::contract::INBOX;
use crate::ports::{Accepted, Commit, Entry, Glance};

cases![
    an_inbox_holds_so_many_events,
    an_id_is_stored_once,
    an_id_is_forgotten_after_a_day,
    events_come_in_the_order_of_their_acceptance,
    what_waits_comes_in_the_order_of_its_sending,
    a_claimed_event_stays_first,
    what_is_held_waits_for_what_was_sent_earlier,
    positions_are_never_used_twice,
    a_place_is_claimed_once,
    the_longest_ready_place_comes_first,
    equals_come_in_the_order_of_their_acceptance,
    what_is_accepted_survives,
    a_cut_ends_the_turn_and_all_that_waits,
    a_cut_spares_what_was_sent_later,
    a_cut_is_stored_once,
    a_cut_ends_a_backoff,
    an_answer_passes_the_inbox_by,
    the_inbox_wakes_its_waiter,
];

async fn an_id_is_stored_once(mut s: Subject) {
    s.accept(&said("ann", "e1")).await;
    assert_eq!(s.store.accept(said("ann", "e1"), Entry::Queue).await, Ok(Accepted::Duplicate));
    let claim = s.claim().await;
    s.commit(&claim, Commit::default()).await;
    assert_eq!(s.store.accept(said("ann", "e1"), Entry::Queue).await, Ok(Accepted::Duplicate), "after its turn");
    s.crash().await;
    assert_eq!(s.store.accept(said("ann", "e1"), Entry::Queue).await, Ok(Accepted::Duplicate), "after a crash");
    assert_eq!(s.claims().await, []);
    assert_eq!(s.accept(&said("ann", "e2")).await, Seq { number: 2, step: 0 }, "duplicates take no position");
}

async fn an_id_is_forgotten_after_a_day(s: Subject) {
    s.turn(&said("ann", "e1"), Commit::default()).await;
    s.clock.advance(DAY - SECOND);
    s.store.sweep(&[]).await.expect("sweep");
    assert_eq!(s.store.accept(said("ann", "e1"), Entry::Queue).await, Ok(Accepted::Duplicate));
    s.accept(&said("bob", "e2")).await;
    s.clock.advance(SECOND);
    s.store.sweep(&[]).await.expect("sweep");
    assert_eq!(s.accept(&said("ann", "e1")).await, Seq { number: 2, step: 0 });
    assert_eq!(s.store.accept(said("ann", "e1"), Entry::Queue).await, Ok(Accepted::Duplicate), "it is fresh again");
    assert_eq!(s.store.accept(said("bob", "e2"), Entry::Queue).await, Ok(Accepted::Duplicate), "a younger id stays");
    s.clock.advance(DAY);
    s.accept(&said("ann", "e1")).await;
}

async fn events_come_in_the_order_of_their_acceptance(s: Subject) {
    for id in ["e3", "e1", "e2"] {
        s.accept(&said("ann", id)).await;
    }
    for (number, id) in (1..).zip(["e3", "e1", "e2"]) {
        let claim = s.claim().await;
        assert_eq!((claim.inbound.clone(), claim.seq), (said("ann", id), Seq { number, step: 0 }));
        assert_eq!((claim.attempt, claim.generation, claim.conversation.is_none()), (1, 0, true));
        s.commit(&claim, Commit::default()).await;
    }
    assert_eq!(s.claims().await, []);
}

async fn what_waits_comes_in_the_order_of_its_sending(mut s: Subject) {
    let late = said("ann", "without a time");
    for inbound in [sent("ann", "second", 2_000), late.clone(), sent("ann", "first", 1_000)] {
        s.accept(&inbound).await;
    }
    s.accept(&sent("ann", "third", 3_000)).await;
    s.crash().await;
    let follow = Some(sent("ann", "follow", 9_000));
    let first = s.claim().await;
    assert_eq!((first.inbound.id.as_str(), first.seq.number), ("first", 3), "a position tells when it was accepted");
    s.commit(&first, Commit { follow, ..Commit::default() }).await;
    for id in ["follow", "second", "without a time", "third"] {
        let claim = s.claim().await;
        assert_eq!(claim.inbound.id, id);
        s.commit(&claim, Commit::default()).await;
    }
    assert_eq!(s.claims().await, []);
}

async fn a_claimed_event_stays_first(mut s: Subject) {
    s.accept(&sent("ann", "later", 2_000)).await;
    let claim = s.claim().await;
    s.store.journal_intent(&claim.fence, &call(1), "pin").await.expect("intent");
    s.accept(&sent("ann", "earlier", 1_000)).await;
    s.store.retry(&claim.fence, s.now()).await.expect("retry");
    let again = s.claim().await;
    assert_eq!((again.inbound.id.as_str(), again.seq, again.journal.len()), ("later", claim.seq, 1), "after a retry");
    s.store.hand_back(&again.fence).await.expect("hand_back");
    s.crash().await;
    let again = s.claim().await;
    assert_eq!((again.inbound.id.as_str(), again.journal.len()), ("later", 1), "after a crash");
    s.commit(&again, Commit::default()).await;
    let next = s.claim().await;
    assert_eq!((next.inbound.id.as_str(), next.attempt, next.journal.len()), ("earlier", 1, 0));
}

async fn what_is_held_waits_for_what_was_sent_earlier(s: Subject) {
    let until = s.now() + 100;
    s.store.accept(sent("ann", "later", 2_000), Entry::Hold(until)).await.expect("accept");
    assert_eq!((s.claims().await, s.store.inbox_due().await), (vec![], Ok(Some(until))));
    s.store.accept(sent("ann", "earlier", 1_000), Entry::Hold(until + 50)).await.expect("accept");
    s.clock.advance_to(until);
    let claim = s.claim().await;
    assert_eq!(claim.inbound.id, "earlier", "the first one's time lets the place go on");
    s.store.accept(sent("ann", "last", 3_000), Entry::Hold(until + 200)).await.expect("accept");
    s.commit(&claim, Commit::default()).await;
    let claim = s.claim().await;
    assert_eq!(claim.inbound.id, "later");
    s.commit(&claim, Commit::default()).await;
    assert_eq!(s.claims().await, [], "a commit ends no hold");
    s.clock.advance_to(until + 200);
    assert_eq!(s.claim().await.inbound.id, "last");
}

async fn positions_are_never_used_twice(mut s: Subject) {
    for (number, id) in (1..).zip(["e1", "e2", "e3"]) {
        let claim = s.turn(&said("ann", id), Commit::default()).await;
        assert_eq!(claim.seq, Seq { number, step: 0 });
        s.crash().await;
    }
    s.accept(&said("ann", "e4")).await;
    s.store.accept(said("ann", "cut"), Entry::Cut).await.expect("accept");
    assert_eq!(s.claim().await.seq.number, 5, "a consumed event keeps its position");
}

async fn a_place_is_claimed_once(s: Subject) {
    for id in ["a1", "a2"] {
        s.accept(&said("ann", id)).await;
    }
    let first = s.claim().await;
    assert_eq!(s.claims().await, []);
    s.accept(&said("ann", "a3")).await;
    s.accept(&said("bob", "b1")).await;
    let other = s.claim().await;
    assert_eq!(other.fence.place, place("bob"), "another place is free");
    s.commit(&first, Commit::default()).await;
    assert_eq!(s.claim().await.inbound.id, "a2");
}

async fn the_longest_ready_place_comes_first(s: Subject) {
    for (name, id) in [("cat", "c1"), ("ann", "a1"), ("ann", "a2"), ("bob", "b1"), ("bob", "b2")] {
        s.accept(&said(name, id)).await;
        s.clock.advance(SECOND);
    }
    let one = async || s.store.claim(1, LEASE).await.expect("claim").remove(0);
    let cat = one().await;
    assert_eq!(cat.inbound.id, "c1", "not by name");
    let ann = one().await;
    assert_eq!(ann.inbound.id, "a1");
    s.commit(&ann, Commit::default()).await;
    let ids: Vec<_> = s.claims().await.into_iter().map(|claim| claim.inbound.id).collect();
    assert_eq!(ids, ["b1", "a2"], "who had a turn stands behind who waits");
    assert_eq!(s.store.claim(0, LEASE).await, Ok(Vec::new()));
}

async fn equals_come_in_the_order_of_their_acceptance(s: Subject) {
    let names = ["dan", "bob", "eve", "ann", "cat"];
    for name in names {
        s.accept(&said(name, name)).await;
    }
    let first = s.store.claim(2, LEASE).await.expect("claim");
    for claim in first.iter().rev() {
        s.store.hand_back(&claim.fence).await.expect("hand_back");
    }
    let ids: Vec<_> = s.claims().await.into_iter().map(|claim| claim.inbound.id).collect();
    assert_eq!(ids, ["eve", "ann", "cat", "bob", "dan"]);
}

async fn what_is_accepted_survives(mut s: Subject) {
    for (name, id) in [("ann", "a1"), ("ann", "a2"), ("bob", "b1")] {
        s.accept(&said(name, id)).await;
    }
    s.crash().await;
    let ids: Vec<_> = s.claims().await.into_iter().map(|claim| claim.inbound.id).collect();
    assert_eq!(ids, ["a1", "b1"]);
    assert_eq!(s.store.glance(&place("ann")).await.expect("glance").inbox, 2);
}

async fn a_cut_ends_the_turn_and_all_that_waits(s: Subject) {
    s.turn(&said("ann", "e0"), open(1)).await;
    for id in ["e1", "e2", "e3"] {
        s.accept(&said("ann", id)).await;
    }
    let cut = s.claim().await;
    s.store.journal_intent(&cut.fence, &call(1), "pin").await.expect("intent");
    s.store.retry(&cut.fence, 0).await.expect("retry");
    let cut = s.claim().await;
    assert_eq!(cut.attempt, 2);
    let accepted = s.store.accept(said("ann", "stop"), Entry::Cut).await;
    assert_eq!(accepted, Ok(Accepted::New(Some(Seq { number: 5, step: 0 }))));

    stale(s.store.journal_intent(&cut.fence, &call(2), "pin").await);
    stale(s.store.commit(&cut.fence, sends("ann", 2, 1)).await);
    assert_eq!(s.store.renew(std::slice::from_ref(&cut.fence), LEASE).await, Ok(vec![cut.fence.clone()]));
    let next = s.claim().await;
    assert_eq!(next.inbound, said("ann", "stop"));
    assert!(next.fence.epoch > cut.fence.epoch + 1, "the cut and the claim raise the epoch: {next:?}");
    assert_eq!((next.attempt, next.pin.clone(), next.journal.as_slice()), (1, None, [].as_slice()));
    assert_eq!(next.conversation.as_ref().map(|open| open.generation), Some(1), "its turn ends the conversation");
    s.store.journal_intent(&next.fence, &call(2), "its own").await.expect("intent");
    s.store.retry(&next.fence, 0).await.expect("retry");
    let next = s.claim().await;
    assert_eq!((next.journal.as_slice(), next.pin.as_deref()), ([call(2)].as_slice(), Some("its own")));
    s.commit(&next, Commit::default()).await;
    assert_eq!(s.claims().await, [], "what waited is consumed");
    assert_eq!(s.post().await, [], "the cut turn sent nothing");
}

async fn a_cut_spares_what_was_sent_later(mut s: Subject) {
    for (id, at) in [("before", 1_000), ("after", 3_000)] {
        s.accept(&sent("ann", id, at)).await;
    }
    let cut = s.claim().await;
    s.store.accept(sent("ann", "stop", 2_000), Entry::Cut).await.expect("accept");
    stale(s.store.commit(&cut.fence, Commit::default()).await);
    s.crash().await;
    for id in ["stop", "after"] {
        let claim = s.claim().await;
        assert_eq!((claim.inbound.id.as_str(), claim.attempt), (id, 1));
        s.commit(&claim, Commit::default()).await;
    }
    assert_eq!(s.claims().await, []);
}

async fn a_cut_is_stored_once(s: Subject) {
    s.store.accept(said("ann", "stop"), Entry::Cut).await.expect("accept");
    let claim = s.claim().await;
    s.accept(&said("ann", "e1")).await;
    assert_eq!(s.store.accept(said("ann", "stop"), Entry::Cut).await, Ok(Accepted::Duplicate));
    assert_eq!(s.store.glance(&place("ann")).await.expect("glance").inbox, 2, "nothing is cut");
    s.commit(&claim, Commit::default()).await;
}

async fn a_cut_ends_a_backoff(s: Subject) {
    s.accept(&said("ann", "e1")).await;
    let claim = s.claim().await;
    s.store.retry(&claim.fence, s.now() + 60_000).await.expect("retry");
    assert_eq!(s.claims().await, []);
    s.store.accept(said("ann", "stop"), Entry::Cut).await.expect("accept");
    assert_eq!(s.claim().await.inbound.id, "stop");
}

async fn an_answer_passes_the_inbox_by(mut s: Subject) {
    s.accept(&said("ann", "e1")).await;
    let running = s.claim().await;
    let answer: Vec<Message> = (0..2).map(|index| message("ann", 9, index)).collect();
    let accept = || s.store.accept(said("ann", "help"), Entry::Answer(answer.clone()));
    assert_eq!(accept().await, Ok(Accepted::New(None)));
    assert_eq!(accept().await, Ok(Accepted::Duplicate));
    s.commit(&running, Commit::default()).await;
    let elsewhere = s.store.accept(said("new", "h2"), Entry::Answer(vec![message("new", 9, 0)])).await;
    assert_eq!(elsewhere, Ok(Accepted::New(None)), "a place that nobody knew");
    s.crash().await;
    let ann = Glance { outbox: 2, ..Glance::default() };
    assert_eq!(s.store.glance(&place("ann")).await, Ok(ann), "once, and no event");
    let texts: Vec<_> = s.post().await.into_iter().map(|posting| posting.message).collect();
    assert_eq!(texts, [answer[0].clone(), message("new", 9, 0)]);
    assert_eq!(s.accept(&said("ann", "e2")).await.number, 2, "an answer takes no position");
}

async fn the_inbox_wakes_its_waiter(s: Subject) {
    s.forget_wakes();
    s.accept(&said("ann", "e1")).await;
    s.inbox_wakes("accept").await;
    s.accept(&said("ann", "e2")).await;
    let claim = s.claim().await;
    s.forget_wakes();
    s.store.hand_back(&claim.fence).await.expect("hand_back");
    s.inbox_wakes("hand_back").await;
    let claim = s.claim().await;
    s.forget_wakes();
    s.store.retry(&claim.fence, s.now() + 5).await.expect("retry");
    s.inbox_wakes("retry, for what is due next has changed").await;
    s.clock.advance(SECOND);
    let claim = s.claim().await;
    s.forget_wakes();
    s.commit(&claim, Commit::default()).await;
    s.inbox_wakes("commit").await;
    s.forget_wakes();
    s.store.accept(said("ann", "stop"), Entry::Cut).await.expect("accept");
    s.inbox_wakes("a cut").await;
}

async fn an_inbox_holds_so_many_events(s: Subject) {
    for number in 0..INBOX {
        s.accept(&sent("ann", &format!("e{number}"), 1_000 - number as u64)).await;
    }
    let more = said("ann", "more");
    for entry in [Entry::Queue, Entry::Hold(s.now() + 1)] {
        assert_eq!(s.store.accept(more.clone(), entry).await, Ok(Accepted::Full));
    }
    assert_eq!(s.store.accept(said("ann", "e1"), Entry::Queue).await, Ok(Accepted::Duplicate), "it waits there");
    assert_eq!(s.store.glance(&place("ann")).await.expect("glance").inbox, INBOX as u64);
    let answer = Entry::Answer(vec![message("ann", 1, 0)]);
    assert_eq!(s.store.accept(said("ann", "status"), answer).await, Ok(Accepted::New(None)));
    s.accept(&said("bob", "b1")).await;
    let claim = s.claims().await.into_iter().find(|claim| claim.fence.place == place("ann")).expect("ann's");
    assert_eq!(s.store.accept(more.clone(), Entry::Queue).await, Ok(Accepted::Full), "the running one counts");
    s.commit(&claim, Commit::default()).await;
    s.accept(&more).await;
    assert_eq!(s.store.accept(said("ann", "late"), Entry::Queue).await, Ok(Accepted::Full));
    let cut = s.store.accept(said("ann", "cancel"), Entry::Cut).await;
    assert!(matches!(cut, Ok(Accepted::New(Some(_)))), "{cut:?}");
    s.accept(&said("ann", "again")).await;
}
