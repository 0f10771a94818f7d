//! Control words beside a running turn, and what does not enter.

use pesto_engine::intake::Rejected;
use pesto_engine::model::{Body, Control, EffectId, File, Values};
use pesto_engine::policy::{Access, Who, contract};
use pesto_engine::ports::{Accepted, Entry, Store};
use pesto_tests::guests;

use super::{World, place, until};

/// A world in which a turn waits for a model.
async fn waiting() -> World {
    let mut world = World::new(guests::component("non_deterministic_reply")).await;
    world.begin().await;
    world.say("go").await;
    world.llm.asked().await;
    world
}

/// A world in which Ann goes on with what only somebody else may begin now.
async fn begun_before_it_was_for_some() -> World {
    let mut world = World::new(guests::component("non_deterministic_reply")).await;
    world.access = Access([(super::flow(), [Who::User("somebody".into())].into())].into());
    world.begin().await;
    world.crash().await;
    world.start();
    world
}

#[tokio::test]
async fn cancel_ends_the_running_turn_and_what_waits_behind_it() {
    let mut world = waiting().await;
    world.say("and then?").await;
    world.say("Cancel").await;
    assert_eq!(world.settled().await, ["Cancelled."], "what waited behind it is gone");
    world.llm.gave_up(1).await;
    assert_eq!(world.conversation().await, None);
    assert_eq!(world.dead().await, []);
}

#[tokio::test]
async fn restart_ends_the_running_turn_and_begins_anew() {
    let mut world = waiting().await;
    let before = world.conversation().await.unwrap().generation;
    world.say("restart").await;
    assert_eq!(world.settled().await, ["ready"]);
    assert_eq!(world.conversation().await.unwrap().generation, before + 1);
    world.llm.gave_up(1).await;
}

#[tokio::test]
async fn restart_ends_nothing_that_cannot_begin_anew() {
    let mut world = begun_before_it_was_for_some().await;
    world.say("go").await;
    world.llm.asked().await;
    world.say("restart").await;
    world.posted(2).await;
    let heard = world.heard();
    assert!(heard.len() == 1 && heard[0].contains("`flow`"), "{heard:?}");
    world.llm.answer(1);
    assert_eq!(world.settled().await, ["completed"]);
}

#[tokio::test]
async fn a_turn_that_lost_its_place_ends_when_the_next_one_begins() {
    let mut world = waiting().await;
    // As another host does, or this one where the next turn is faster than the cut.
    let cancel = world.inbound(Body::Control(Control::Cancel));
    world.store.accept(cancel, Entry::Cut).await.unwrap();
    assert_eq!(world.settled().await, ["Cancelled."]);
    world.llm.gave_up(1).await;
}

#[tokio::test]
async fn status_and_help_are_answered_beside_the_running_turn() {
    let mut world = waiting().await;
    world.say("and then?").await;
    world.say("status").await;
    world.say("help").await;
    let posted = world.posted(3).await;
    assert_eq!(
        posted[1].text,
        "We are in the middle of A hostile guest. I am working on your message, and one more waits."
    );
    assert!(posted[2].text.contains("`start flow`"), "{}", posted[2].text);
    assert_eq!(world.llm.given_up(), 0, "the turn goes on");
    world.heard();
    world.llm.answer(1);
    assert_eq!(world.settled().await, ["completed", "ok"]);
}

#[tokio::test]
async fn an_event_counts_once() {
    let mut world = World::new(guests::polite()).await;
    world.begin().await;
    let inbound = world.inbound(Body::Said { text: "hello".into(), files: vec![] });
    let first = world.engine().accept(inbound.clone()).await.unwrap();
    assert!(matches!(first, Accepted::New(Some(_))));
    assert_eq!(world.engine().accept(inbound).await.unwrap(), Accepted::Duplicate);
    assert_eq!(world.settled().await, ["ok"]);
}

#[tokio::test]
async fn what_is_passed_over_is_known_and_never_handled() {
    let mut world = World::new(guests::polite()).await;
    world.begin().await;
    let late = world.inbound(Body::Filled { message: EffectId::stored("m".into()), values: Values::new() });
    assert_eq!(world.engine().pass_over(late.clone()).await.unwrap(), Accepted::New(None));
    assert_eq!(world.engine().pass_over(late.clone()).await.unwrap(), Accepted::Duplicate);
    assert_eq!(world.engine().accept(late).await.unwrap(), Accepted::Duplicate);
    assert_eq!(world.settled().await, Vec::<String>::new());
    let said = world.inbound(Body::Said { text: "hello".into(), files: vec![] });
    world.engine().accept(said.clone()).await.unwrap();
    assert_eq!(world.engine().pass_over(said).await.unwrap(), Accepted::Duplicate, "it was taken before");
    assert_eq!(world.settled().await, ["ok"]);
}

#[tokio::test]
async fn a_control_word_that_comes_twice_counts_once() {
    let mut world = waiting().await;
    let cancel = world.inbound(Body::Said { text: "cancel".into(), files: vec![] });
    world.engine().accept(cancel.clone()).await.unwrap();
    assert_eq!(world.settled().await, ["Cancelled."]);
    world.begin().await;
    assert_eq!(world.engine().accept(cancel).await.unwrap(), Accepted::Duplicate);
    assert!(world.conversation().await.is_some(), "the next conversation is not hit");
}

#[tokio::test]
async fn what_is_too_long_does_not_enter() {
    let mut world = World::new(guests::polite()).await;
    let file = |name: &str| File { id: "F".into(), name: name.into(), media_type: "x/y".into(), size: 1 };
    let long = "x".repeat(12_001);
    for body in [
        Body::Said { text: long.clone(), files: vec![] },
        Body::Said { text: "hello".into(), files: vec![file(&long)] },
        Body::Said { text: "hello".into(), files: vec![file("many"); 5_000] },
        Body::Start { flow: super::flow(), arguments: long.clone() },
        Body::Filled {
            message: EffectId::stored("m".into()),
            values: Values::from([("field".to_owned(), vec![long.clone(); 6])]),
        },
    ] {
        let inbound = world.inbound(body);
        let rejected = world.engine().accept(inbound).await;
        assert!(matches!(rejected, Err(Rejected::TooLong { .. })), "{rejected:?}");
    }
    for id in ["", &"x".repeat(201)] {
        let mut inbound = world.inbound(Body::Said { text: "hello".into(), files: vec![] });
        inbound.id = id.to_owned();
        assert_eq!(world.engine().accept(inbound).await, Err(Rejected::BadId));
    }
    let fits = world.inbound(Body::Said { text: "x".repeat(12_000), files: vec![] });
    assert!(world.engine().accept(fits).await.is_ok());
    until("an answer", || Some(world.messenger.messages()).filter(|all| !all.is_empty())).await;
}

#[tokio::test]
async fn a_cancel_that_comes_late_ends_nothing_that_began_meanwhile() {
    const SECOND: u64 = 1_000_000;
    let mut world = World::new(guests::polite()).await;
    let sent = super::BEGIN * 1_000;
    let mut start = world.inbound(Body::Start { flow: super::flow(), arguments: String::new() });
    start.sent = Some(sent);
    world.engine().accept(start).await.unwrap();
    assert_eq!(world.settled().await, ["ready"]);
    for (before, ends) in [(60, false), (1, true)] {
        let mut cancel = world.inbound(Body::Said { text: "cancel".into(), files: vec![] });
        cancel.sent = Some(sent - before * SECOND);
        assert!(matches!(world.engine().accept(cancel).await, Ok(Accepted::New(_))));
        world.advance(1_000);
        let heard = world.settled().await;
        assert_eq!(heard.iter().any(|text| text.starts_with("Your `cancel` came late")), !ends, "{heard:?}");
        assert_eq!(world.conversation().await.is_none(), ends, "sent {before} s before the beginning");
    }
}

#[tokio::test]
async fn in_what_is_for_some_only_others_take_no_part() {
    let mut world = begun_before_it_was_for_some().await;
    let by = |world: &mut World, id: &str, body| {
        let mut inbound = world.inbound(body);
        inbound.person.id = id.to_owned();
        inbound.manner.overheard = matches!(inbound.body, Body::Said { .. });
        inbound
    };
    let said = |text: &str| Body::Said { text: text.into(), files: vec![] };
    for (body, heard) in [
        (said("go"), vec![]),
        (said("restart"), vec![]),
        (Body::Control(Control::Cancel), vec!["Sorry, not everybody can take part in this conversation."]),
    ] {
        let inbound = by(&mut world, "bob", body);
        world.engine().accept(inbound).await.unwrap();
        assert_eq!(world.settled().await, heard);
    }
    // While a turn runs, too. Who began it goes on, though they could not begin it now.
    world.say("go").await;
    world.llm.asked().await;
    let cancel = by(&mut world, "bob", said("cancel"));
    world.engine().accept(cancel).await.unwrap();
    world.llm.answer(1);
    assert_eq!(world.settled().await, ["completed"]);
    let go = by(&mut world, "somebody", said("hello"));
    world.engine().accept(go).await.unwrap();
    assert!(world.settled().await.is_empty(), "who may begin it has no part in what is somebody else's");
}

#[tokio::test]
async fn what_an_inbox_cannot_hold_is_refused_and_told_with_a_count() {
    let mut world = waiting().await;
    for number in 1..contract::INBOX {
        world.say(&format!("more {number}")).await;
    }
    let said = || Body::Said { text: "too much".into(), files: vec![] };
    let events = [world.inbound(said()), world.inbound(said())];
    for event in &events {
        assert_eq!(world.engine().accept(event.clone()).await, Err(Rejected::Full));
        world.engine().tell_full(event);
    }
    // A mention in Slack comes as two events with one id.
    world.engine().tell_full(&events[0]);
    for _ in 0..10 {
        tokio::task::yield_now().await;
    }
    world.advance(3_000);
    let text = world.posted(2).await[1].text.clone();
    assert!(text.contains("what you sent last, 2 messages, is lost"), "{text}");
    assert_eq!(world.store.glance(&place()).await.unwrap().inbox, contract::INBOX as u64);
    assert_eq!(world.engine().gauges().events_refused(), 2);
    world.say("cancel").await;
    assert_eq!(world.settled().await.last().map(String::as_str), Some("Cancelled."));
    world.llm.gave_up(1).await;
}
