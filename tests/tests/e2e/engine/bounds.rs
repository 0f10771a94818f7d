//! Flows that never rest, and flows that hold on to people.

use std::time::Duration;

use pesto_engine::policy::contract;
use pesto_engine::ports::{Clock as _, PostError, Store as _};
use pesto_tests::guests;

use super::{World, place, timely};

/// Waits until the timer that was due has led to the next one; answers how many messages are unsent.
async fn rested(world: &World) -> u64 {
    let rests = async {
        loop {
            let glance = world.store.glance(&place()).await.unwrap();
            let next = glance.conversation.and_then(|open| open.timers.get("again").copied());
            if glance.inbox == 0 && next.is_some_and(|next| next > world.clock.now()) {
                return glance.outbox;
            }
            tokio::task::yield_now().await;
        }
    };
    timely(rests).await
}

#[tokio::test]
async fn a_flow_that_never_rests_is_bounded_and_cancel_ends_its_flood() {
    let mut world = World::new(guests::component("restless")).await;
    world.begin().await;
    let full = PostError::Later(Some(Duration::from_secs(86_400)), "the channel's rate".to_owned());
    world.messenger.refuse([full]);
    world.say("loop").await;
    let mut most = 0;
    for _ in 0..100 {
        most = most.max(rested(&world).await);
        world.advance(1_000);
    }
    let bound = contract::UNSENT + contract::MESSAGES as u64;
    assert!((contract::UNSENT..=bound).contains(&most), "{most} messages in 100 s");
    world.say("cancel").await;
    assert_eq!(world.settled().await, ["Cancelled."], "nothing of the flood comes any more");
}

#[tokio::test]
async fn a_control_word_said_twice_is_one_whatever_the_flow_wants() {
    let mut world = World::with_patience(guests::component("holds_on"), 8, Duration::from_millis(500)).await;
    world.begin().await;
    for word in ["go", "cancel", "restart", "cancel"] {
        world.say(word).await;
        assert_eq!(world.settled().await, ["mine"], "{word}");
    }
    world.say("Cancel").await;
    assert_eq!(world.settled().await, ["Cancelled."], "though the flow calls a model that does not answer");
    assert!(world.conversation().await.is_none());
    let dead = world.dead().await;
    assert_eq!(
        dead.iter().map(|letter| (letter.error.as_str(), letter.attempts)).collect::<Vec<_>>(),
        [("cancel-deadline", 1)]
    );
    assert!(dead[0].settled);
    world.llm.asked().await;
    world.llm.gave_up(1).await;
}
