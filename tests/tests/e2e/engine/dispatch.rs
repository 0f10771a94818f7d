//! How turns fail, and what is left then.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use pesto_engine::broker::Ports;
use pesto_engine::model::{Body, Call};
use pesto_engine::ports::{
    Accepted, After, CallError, Claim, Clock, Commit, Entry, Llm, LlmCompletion, LlmRequest, Store, TimerChange,
};
use pesto_tests::guests;

use super::{World, place};

const LEASE: Duration = Duration::from_secs(30);

async fn claim(world: &World) -> Claim {
    world.store.claim(1, LEASE).await.unwrap().pop().expect("something to claim")
}

#[tokio::test]
async fn a_trap_is_tried_once_more_and_given_up() {
    let mut world = World::new(guests::component("trap")).await;
    world.begin().await;
    let before = world.conversation().await;
    world.say("go").await;
    let heard = world.settled().await;
    assert!(heard.len() == 1 && heard[0].starts_with("Sorry"), "{heard:?}");
    let dead = world.dead().await;
    assert_eq!(dead.len(), 1);
    assert_eq!((dead[0].error.as_str(), dead[0].attempts), ("trap", 2));
    assert_eq!(world.conversation().await, before, "as if it had not been said");
    world.say("hello").await;
    assert_eq!(world.settled().await, ["ok"]);
}

#[tokio::test]
async fn a_flow_that_traps_when_it_is_cancelled_is_over_all_the_same() {
    let mut world = World::new(guests::trapping_on_cancel()).await;
    world.begin().await;
    world.say("cancel").await;
    assert_eq!(world.settled().await, ["Cancelled."]);
    assert_eq!(world.conversation().await, None);
    assert_eq!(world.dead().await[0].error, "trap");
    world.begin().await;
    world.say("restart").await;
    assert_eq!(world.settled().await, ["Cancelled.", "ready"], "what was to come next comes");
}

#[tokio::test]
async fn a_fault_of_the_host_backs_off_and_is_given_up_at_last() {
    let mut world = World::new(guests::polite()).await;
    world.begin().await;
    world.crash().await;
    // Somebody else's hand: what is pinned cannot be read.
    let inbound = world.inbound(Body::Said { text: "hello".into(), files: vec![] });
    world.store.accept(inbound, Entry::Queue).await.unwrap();
    let first = claim(&world).await;
    let call = Call { number: 1, name: "x".into(), request: "{}".into(), result: None };
    world.store.journal_intent(&first.fence, &call, "no route").await.unwrap();
    world.store.hand_back(&first.fence).await.unwrap();
    world.start();
    let mut waits = Vec::new();
    while world.dead().await.is_empty() {
        let now = world.clock.now();
        let due = super::timely(async {
            loop {
                let due = world.store.inbox_due().await.unwrap();
                // While the turn runs, its lease is what is due; that must not be taken for the backoff.
                let idle = !world.store.glance(&place()).await.unwrap().running;
                match world.store.inbox_due().await.unwrap() {
                    Some(still) if idle && due == Some(still) && still > now => break due,
                    None if !world.dead().await.is_empty() => break None,
                    _ => tokio::task::yield_now().await,
                }
            }
        })
        .await;
        let Some(due) = due else { break };
        waits.push(due - now);
        world.clock.advance_to(due);
    }
    assert_eq!(waits.len(), 9, "ten attempts: {waits:?}");
    assert!(waits.windows(2).all(|pair| pair[0] < pair[1] || pair[1] >= 51_200), "{waits:?}");
    let dead = world.dead().await;
    assert_eq!((dead[0].error.as_str(), dead[0].attempts), ("host-failed", 10));
    world.settled().await;
    world.say("hello").await;
    assert_eq!(world.settled().await, ["ok"], "the place is free again");
}

#[tokio::test]
async fn a_turn_that_takes_the_host_down_each_time_is_not_tried_for_ever() {
    let mut world = World::new(guests::polite()).await;
    world.begin().await;
    world.crash().await;
    let inbound = world.inbound(Body::Said { text: "hello".into(), files: vec![] });
    world.store.accept(inbound, Entry::Queue).await.unwrap();
    for attempt in 1..=10 {
        assert_eq!(claim(&world).await.attempt, attempt, "a crash counts");
        world.store.reopen();
    }
    world.start();
    let heard = world.settled().await;
    assert!(heard.len() == 1 && heard[0].starts_with("Sorry"), "{heard:?}");
    assert_eq!(world.dead().await[0].error, "never-ends");
}

#[tokio::test]
async fn a_turn_that_waits_is_not_blamed_where_hosts_die() {
    let mut world = World::new(guests::component("non_deterministic_reply")).await;
    world.begin().await;
    world.say("go").await;
    for _ in 0..12 {
        world.llm.asked().await;
        world.crash().await;
        world.start();
    }
    // A call of a host that is gone would take the answer.
    world.llm.gave_up(12).await;
    world.llm.answer(1);
    assert_eq!(world.settled().await, ["completed"]);
}

#[tokio::test]
async fn a_stopping_host_hands_back_what_is_not_done() {
    let mut world = World::new(guests::component("non_deterministic_reply")).await;
    world.begin().await;
    world.say("go").await;
    world.llm.asked().await;
    let engine = world.engine().clone();
    let deadline = world.clock.now() + 5_000;
    let stop = tokio::spawn(async move { engine.stop(deadline).await });
    world.advance(5_000);
    super::timely(stop).await.unwrap();
    world.llm.gave_up(1).await;
    let claim = claim(&world).await;
    assert_eq!((claim.attempt, claim.journal.len()), (1, 1), "it is no attempt, and its journal stays");
    world.store.hand_back(&claim.fence).await.unwrap();
    world.crash().await;
    world.start();
    world.llm.answer(1);
    assert_eq!(world.settled().await, ["completed"]);
}

#[tokio::test]
async fn what_a_host_takes_as_it_stops_is_handed_back() {
    let mut world = World::new(guests::polite()).await;
    world.begin().await;
    let inbound = world.inbound(Body::Said { text: "hello".into(), files: vec![] });
    let (engine, loops) = world.running.take().unwrap();
    loops.crash().await;
    assert!(matches!(engine.accept(inbound).await, Ok(Accepted::New(Some(_)))));
    let claim = claim(&world).await;
    assert_eq!((claim.fence.epoch, claim.attempt), (3, 1), "it was taken, and that is no attempt");
}

#[tokio::test]
async fn a_timer_reaches_the_flow_when_it_is_due() {
    let mut world = World::new(guests::polite()).await;
    world.begin().await;
    world.crash().await;
    let due = world.clock.now() + 60_000;
    set_timer(&mut world, due).await;
    world.start();
    world.settled().await;
    world.clock.advance_to(due);
    world.posted(2).await;
    assert_eq!(world.settled().await, ["ok"]);
    assert_eq!(world.conversation().await.unwrap().timers, [].into(), "it fires once");
}

/// The open conversation sets a timer in a turn of its own.
async fn set_timer(world: &mut World, due: u64) {
    let inbound = world.inbound(Body::Said { text: "later".into(), files: vec![] });
    world.store.accept(inbound, Entry::Queue).await.unwrap();
    let claim = claim(world).await;
    let mut open = claim.conversation.clone().unwrap();
    open.timers.insert("nag".into(), due);
    let timers = vec![TimerChange::Set("nag".into(), due)];
    let commit = Commit { conversation: After::Open(Box::new(open)), timers, ..Commit::default() };
    world.store.commit(&claim.fence, commit).await.unwrap();
}

/// A model that never comes to an end.
struct Verbose;

#[async_trait]
impl Llm for Verbose {
    async fn complete(&self, _: LlmRequest) -> Result<LlmCompletion, CallError> {
        let text = "\u{1}".repeat(1 << 20);
        Ok(LlmCompletion { text, model: "m".repeat(1 << 20), cut: false, prompt_tokens: 0, completion_tokens: 0 })
    }
}

#[tokio::test]
async fn a_turn_cannot_fill_the_journal() {
    let mut world = World::new(guests::component("host_call_flood")).await;
    world.begin().await;
    world.crash().await;
    let ports = Ports { llm: Arc::new(Verbose), ..world.ports(world.messenger.clone()) };
    world.start_on(ports);
    world.say("go").await;
    world.settled().await;
    let dead = world.dead().await.pop().unwrap();
    assert_eq!(dead.error, "journal-limit");
    let bytes: usize = dead.journal.iter().filter_map(|call| Some(call.result.as_ref()?.answer.len())).sum();
    assert!((128 << 10..=256 << 10).contains(&bytes), "{bytes} bytes in {} calls", dead.journal.len());
    assert!(dead.journal.iter().all(|call| call.result.is_some()), "what was answered stays answered");
}

#[tokio::test]
async fn what_a_turn_asked_until_its_time_was_over_is_kept() {
    let flow = guests::component("non_deterministic_reply");
    let mut world = World::with_patience(flow, 8, Duration::from_millis(100)).await;
    world.begin().await;
    world.say("go").await;
    world.settled().await;
    let dead = world.dead().await.pop().unwrap();
    assert_eq!((dead.error.as_str(), dead.journal.len()), ("turn-deadline", 1));
    assert_eq!(dead.journal[0].name, "llm.complete");
}

#[tokio::test]
async fn a_turn_that_says_nothing_leaves_no_line_behind() {
    let mut world = World::new(guests::component("progress_flood")).await;
    world.begin().await;
    world.say("silent").await;
    assert_eq!(world.settled().await, Vec::<String>::new());
    let lines: Vec<_> = world.messenger.progress_lines().into_iter().map(|(_, line)| line).collect();
    assert_eq!(lines, ["still here", ""]);
}
