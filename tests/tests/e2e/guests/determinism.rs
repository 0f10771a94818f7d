//! A turn that is run again makes the same calls, or ends.

use std::time::Duration;

use pesto_engine::model::{Body, Call, CallResult};
use pesto_engine::ports::{Clock, Entry, Store};
use pesto_engine::router::{FlowEvent, Route, Run};
use pesto_tests::guests;

use crate::engine::World;

/// The person says `go`, and a host that is gone again left this journal.
async fn go_on_from(world: &mut World, journal: &[Call]) {
    world.crash().await;
    let inbound = world.inbound(Body::Said { text: "go".into(), files: vec![] });
    world.store.accept(inbound, Entry::Queue).await.unwrap();
    let claim = world.store.claim(1, Duration::from_secs(30)).await.unwrap().pop().unwrap();
    let event = FlowEvent::Said { text: "go".into(), files: vec![] };
    let pin = serde_json::to_string(&Route::Run(Run { begin: None, event, follow: None, quiet: false, moved: None }))
        .unwrap();
    for call in journal {
        world.store.journal_intent(&claim.fence, call, &pin).await.unwrap();
        if let Some(result) = &call.result {
            world.store.journal_result(&claim.fence, call.number, result).await.unwrap();
        }
    }
    world.crash().await;
    world.start();
}

fn forged(number: u32, result: Option<CallResult>) -> Call {
    Call { number, name: "llm.complete".into(), request: r#"{"forged":true}"#.into(), result }
}

#[tokio::test]
async fn a_request_that_differs_from_the_journal_ends_the_turn_with_both() {
    let mut world = World::new(guests::component("non_deterministic_reply")).await;
    world.begin().await;
    for (at, result) in [None, Some(CallResult { answer: "{}".into(), at: world.clock.now() })].into_iter().enumerate()
    {
        go_on_from(&mut world, &[forged(1, result)]).await;
        let heard = world.settled().await;
        assert!(heard.len() == 1 && heard[0].starts_with("Sorry"), "{heard:?}");
        let dead = world.dead().await.pop().unwrap();
        assert_eq!((world.dead().await.len(), dead.error.as_str()), (at + 1, "non-deterministic"));
        assert!(dead.reason.contains(r#"call 1 was `llm.complete {"forged":true}`"#), "{}", dead.reason);
        assert!(dead.reason.contains(r#"is now `llm.complete {"messages":[["user","#), "{}", dead.reason);
        assert_eq!(dead.journal, [forged(1, dead.journal[0].result.clone())]);
        assert_eq!(world.llm.unheard(), 0, "nobody was asked");
    }
}

#[tokio::test]
async fn a_turn_that_ends_before_its_journal_is_not_deterministic() {
    let mut world = World::new(guests::polite()).await;
    world.begin().await;
    go_on_from(&mut world, &[forged(1, None)]).await;
    world.settled().await;
    let dead = world.dead().await.pop().unwrap();
    assert_eq!(dead.error, "non-deterministic");
    assert!(dead.reason.contains("is now `the end of the turn`"), "{}", dead.reason);
}

#[tokio::test]
async fn a_call_that_was_answered_is_not_made_again() {
    let mut world = World::new(guests::component("non_deterministic_reply")).await;
    world.begin().await;
    world.say("go").await;
    world.llm.asked().await;
    // The crash falls between the intent and the result: it is made again, with the same request.
    world.crash().await;
    world.llm.gave_up(1).await;
    world.start();
    world.llm.asked().await;
    world.llm.answer(1);
    assert_eq!(world.settled().await, ["completed"]);

    // Now the answer is there, and the host goes before the commit.
    world.crash().await;
    let inbound = world.inbound(Body::Said { text: "go".into(), files: vec![] });
    world.store.accept(inbound, Entry::Queue).await.unwrap();
    let points = world.start_crashing("store.commit:before@1!");
    world.llm.asked().await;
    world.llm.answer(1);
    crate::engine::timely(points.crashed()).await;
    world.crash().await;
    world.start();
    assert_eq!(world.settled().await, ["completed"]);
    assert_eq!(world.llm.unheard(), 0, "it is answered from the journal");
    assert_eq!(world.dead().await, []);
}

#[tokio::test]
async fn clocks_and_random_bytes_are_the_turns() {
    let mut said = Vec::new();
    for _ in 0..2 {
        let mut world = World::new(guests::component("wasi_clocks_random")).await;
        world.begin().await;
        world.say("go").await;
        said.extend(world.settled().await);
        world.say("go").await;
        said.extend(world.settled().await);
    }
    assert_eq!(said[..2], said[2..], "the same turn says the same in another process");
    assert_ne!(said[0], said[1], "another turn has other bytes");
    assert!(said[0].starts_with("1800000000.000000000 "), "{said:?}");
}
