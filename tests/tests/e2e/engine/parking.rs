//! Turns that wait without an instance, and are run again.

use pesto_engine::model::{Body, Inbound, Place};
use pesto_tests::guests;

use super::{World, flow, timely};

/// The calls that the guest makes.
const CALLS: usize = 3;

async fn world(instances: usize) -> World {
    let mut world = World::with_instances(guests::component("work_before_waits"), instances).await;
    world.begin().await;
    world
}

/// What the person heard and was shown when each call took its time.
async fn held(instances: usize) -> (Vec<String>, Vec<String>) {
    let mut world = world(instances).await;
    world.say("go").await;
    for _ in 0..CALLS {
        world.llm.asked().await;
        world.advance(1_500);
        world.llm.answer(1);
    }
    let heard = world.settled().await;
    assert_eq!((world.llm.unheard(), world.llm.given_up()), (0, 0), "each call is made once");
    assert_eq!(world.engine().gauges().calls_replayed(), 0, "nothing of an earlier attempt");
    (heard, world.messenger.progress_lines().into_iter().map(|(_, line)| line).collect())
}

#[tokio::test]
async fn a_turn_that_left_its_instances_says_what_it_says_in_one() {
    let (parked, whole) = (held(1).await, held(8).await);
    assert_eq!(parked, whole);
    assert_eq!(whole.1, ["asking 1", "asking 2", "asking 3"]);
}

#[tokio::test]
async fn who_waits_does_not_keep_the_instance_from_others() {
    let mut world = world(1).await;
    world.say("go").await;
    world.llm.asked().await;
    let bob = Place::direct("T1", "bob").unwrap();
    let start = Body::Start { flow: flow(), arguments: String::new() };
    let hello = Inbound { place: bob.clone(), ..world.inbound(start) };
    world.engine().accept(hello).await.unwrap();
    timely(world.engine().settled(&bob)).await.unwrap();
    assert_eq!(world.heard(), ["ready"]);
    world.llm.answer(CALLS);
    assert_eq!(world.settled().await.len(), 1);
}

#[tokio::test]
async fn cancelling_ends_a_call_without_an_instance() {
    let mut world = world(1).await;
    world.say("go").await;
    world.llm.asked().await;
    world.say("cancel").await;
    world.llm.gave_up(1).await;
    assert_eq!(world.settled().await, ["Cancelled."]);
}

#[tokio::test]
async fn a_stopping_host_waits_for_turns_without_an_instance() {
    let mut world = world(1).await;
    world.say("go").await;
    world.llm.asked().await;
    let engine = world.engine().clone();
    let stop = tokio::spawn(async move { engine.stop(u64::MAX).await });
    world.llm.answer(CALLS);
    timely(stop).await.unwrap();
    assert_eq!(world.engine().gauges().turns_committed(), 2, "the turn was done");
}

#[tokio::test]
async fn a_crash_while_it_waits_is_as_any_other() {
    let mut world = world(1).await;
    world.say("go").await;
    world.llm.asked().await;
    world.llm.answer(1);
    world.llm.asked().await;
    world.crash().await;
    world.start();
    // The second call is in doubt, and made again. What the crash ended may still take an answer that nobody hears.
    world.llm.answer(CALLS);
    assert_eq!(world.settled().await.len(), 1);
    assert_eq!(world.engine().gauges().calls_replayed(), 1);
}
