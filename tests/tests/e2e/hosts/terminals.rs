//! People in terminals of several hosts: whichever host does a turn, the one they are at shows it, and each message
//! once.

use std::collections::HashSet;

use pesto_engine::model::Message;
use pesto_tests::host::TestHost;
use pesto_tests::person::Person;
use pesto_tests::setup::Setup;

use super::on;
use crate::survey::{CLOSING, FLOW, Plan, records};
use redis_rig::server::Server;

fn setup(redis: &Server) -> Setup {
    on(redis, Setup::new().flow(FLOW).canned())
}

/// Answers whatever is asked until this is asked, and leaves that open.
async fn answer_until(person: &mut Person, plan: &Plan, key: &str) -> Message {
    loop {
        let message = person.hear().await;
        if message.key == key {
            return message;
        }
        plan.answer(person, &message.key);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_another_host_does_is_shown_where_the_person_is() {
    let redis = Server::start();
    // This one has room for one turn, which never ends, so all of Ann's are the other one's.
    let narrow = setup(&redis).table("[limits]\nturns_in_flight = 1");
    let one = TestHost::start_with(narrow, &[("PESTO_FAILPOINT", "store.commit:before@1")]).await;
    let mut stuck = one.person("p0");
    stuck.start(FLOW);
    one.log().failpoint("store.commit:before", 1).await;
    let other = TestHost::start(setup(&redis)).await;
    let (ann_plan, bob_plan) = (Plan::new(1), Plan::new(2));
    let (mut ann, mut bob) = (one.person("p1"), other.person("p2"));
    for (person, plan) in [(&mut ann, &ann_plan), (&mut bob, &bob_plan)] {
        person.start(FLOW);
        answer_until(person, plan, CLOSING).await;
        person.settle().await;
        let keys: Vec<_> = person.messages.iter().map(|message| message.key.as_str()).collect();
        assert_eq!(keys, plan.path(), "{}", plan.id);
    }
    let mut records = records(&other);
    assert_eq!(records.remove("p1"), Some(vec![ann_plan.record()]));
    assert_eq!(records.remove("p2"), Some(vec![bob_plan.record()]));
    assert_eq!(one.status().turns_committed, 0);
    // It stands where it was told to, and does not stop in good order; its turn is left in the store.
    drop((ann, stuck));
    one.abandon();
    other.abandon();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_goes_to_another_host_goes_on_there() {
    let redis = Server::start();
    // Its third message is shown and never known to be: whoever takes over is in doubt about it.
    let failpoint = [("PESTO_FAILPOINT", "store.outbox_sent:before@3")];
    let mut one = TestHost::start_with(setup(&redis), &failpoint).await;
    let other = TestHost::start(setup(&redis)).await;
    let plan = Plan::new(1);
    let mut ann = one.person("p1");
    ann.start(FLOW);
    let asked = answer_until(&mut ann, &plan, plan.path()[2]).await;
    one.log().failpoint("store.outbox_sent:before", 3).await;
    one.kill();

    let mut there = other.person("p1");
    let again = there.hear().await;
    assert_eq!(again.id, asked.id, "it may not have been shown");
    plan.answer(&mut there, &again.key);
    answer_until(&mut there, &plan, CLOSING).await;
    there.settle().await;
    let mut ids = HashSet::new();
    let shown: Vec<_> = ann.messages.iter().chain(&there.messages).filter(|message| ids.insert(&message.id)).collect();
    let keys: Vec<_> = shown.iter().map(|message| message.key.as_str()).collect();
    assert_eq!(keys, plan.path());
    assert_eq!(records(&other)["p1"], [plan.record()]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_speaks_is_answered_where_they_spoke_last() {
    let redis = Server::start();
    let one = TestHost::start(setup(&redis)).await;
    let other = TestHost::start(setup(&redis)).await;
    let mut here = one.person("p1");
    assert_eq!(here.answers_to("help").await.len(), 1);
    let mut there = other.person("p1");
    assert_eq!(there.answers_to("help").await.len(), 1);
    drop(there);
    assert_eq!(here.answers_to("help").await.len(), 1);
}
