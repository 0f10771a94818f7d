//! A flow is replaced by a version that takes its open conversations over, on the real host. The former version is one of
//! `tests/frozen`, as in life: compiled long ago.

use pesto_engine::model::{Digest, FlowName};
use pesto_server::admin::{AdminReply, AdminRequest};
use pesto_tests::host::TestHost;
use pesto_tests::person::Person;
use pesto_tests::setup::Setup;
use pesto_tests::{files, guests};
use redis_rig::server::Server;
use serde_json::{Value, json};

use crate::hosts::{agree, on};

const FLOW: &str = "lunch";

fn setup() -> Setup {
    Setup::new().component(FLOW, &files::frozen("lunch-1"))
}

/// Somebody who has said this in the survey so far.
async fn after(host: &TestHost, id: &str, said: &[&str]) -> Person {
    let mut person = host.person(id);
    person.start(FLOW);
    person.settle().await;
    for text in said {
        assert_eq!(person.answers_to(text).await.len(), 1, "{id} is asked something");
    }
    person
}

/// What is recorded, with the version that recorded it.
fn records(host: &TestHost) -> Vec<(String, Digest, Value)> {
    let flow: FlowName = FLOW.parse().unwrap();
    let AdminReply::Answers { page } = host.ask(AdminRequest::Answers { flow, after: 0 }) else {
        panic!("not answers")
    };
    let records =
        page.into_iter().map(|(_, one)| (one.person.id, one.digest, serde_json::from_str(&one.answers).unwrap()));
    records.collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn people_go_on_with_the_new_version_of_their_survey() {
    let mut host = TestHost::start(setup()).await;
    let mut ann = after(&host, "ann", &["Ann"]).await;
    let mut bob = after(&host, "bob", &["Bob", "market"]).await;
    let mut cat = after(&host, "cat", &["Cat", "canteen", "soup", "no"]).await;
    let new = guests::version("lunch_2");
    host.setup.deploy(FLOW, &new);
    agree([&host], FLOW, Some(&new)).await;

    // The buttons that Ann has are the old version's.
    ann.pick(&["Market"]);
    assert!(ann.settle().await[0].text.ends_with("Which day?"));
    // Bob says which dish, and nobody wants to know any more.
    let asked = bob.answers_to("soup").await;
    assert!(asked[0].starts_with("The questions have changed") && asked[0].ends_with("Which day?"), "{asked:?}");
    // Cat was about to submit; her turn is cut off by a crash between its work and its commit.
    host.idle().await;
    host.kill();
    host.again_with(&[("PESTO_FAILPOINT", "store.commit:before@1!")]).await;
    cat.pick(&["Submit"]);
    host.log().failpoint("store.commit:before", 1).await;
    host.kill();
    host.again().await;
    assert!(cat.hear().await.text.ends_with("Which day?"));

    for person in [&mut ann, &mut bob, &mut cat] {
        person.answers_to("Friday").await;
        while !person.answers_to("submit").await[0].starts_with("Thank you") {
            person.answers_to("no").await;
        }
    }
    let records = records(&host);
    for (id, digest, answers) in &records {
        assert_eq!(*digest, Digest::of(&new));
        let (name, place) = match id.as_str() {
            "ann" => ("Ann", "Market"),
            "bob" => ("Bob", "Market"),
            _ => ("Cat", "Canteen"),
        };
        assert_eq!(*answers, json!({"guest": name, "place": place, "day": "Friday", "drink": false}));
    }
    assert_eq!(records.len(), 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_fails_to_take_over_is_told_once_and_disturbs_nobody() {
    let host = TestHost::start(setup()).await;
    let mut ann = after(&host, "ann", &["Ann"]).await;
    let bad = guests::migrating("", "(func $migrate (result i32) (unreachable))").unwrap();
    host.setup.deploy(FLOW, &bad);
    agree([&host], FLOW, Some(&bad)).await;
    assert!(ann.answers_to("market").await[0].contains("Which dish?"));
    assert!(ann.answers_to("soup").await[0].contains("A drink?"));
    let told = |line: &String| line.contains("could not take a conversation over");
    assert_eq!(host.log().lines().iter().filter(|line| told(line)).count(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_conversation_moves_on_a_host_that_never_had_the_file() {
    let redis = Server::start();
    let mut one = TestHost::start(on(&redis, setup())).await;
    let other = TestHost::start(on(&redis, setup())).await;
    let ann = after(&one, "ann", &["Ann"]).await;
    let new = guests::version("lunch_2");
    one.setup.deploy(FLOW, &new);
    agree([&one, &other], FLOW, Some(&new)).await;
    one.idle().await;
    drop(ann);
    one.kill();

    let mut ann = other.person("ann");
    ann.welcomed().await;
    assert!(ann.answers_to("market").await[0].ends_with("Which day?"));
    one.again().await;
    for said in ["Friday", "skip", "submit"] {
        ann.answers_to(said).await;
    }
    let guest = json!({"guest": "Ann", "place": "Market", "day": "Friday", "drink": null});
    assert_eq!(records(&other), [("ann".to_owned(), Digest::of(&new), guest)]);
}

/// A survey whose version is swapped in the middle, as its author would write it down.
const SCENARIO: &str = r#"
name: Who is at the second question goes on with version 2
begins-on: lunch-1.wasm
steps:
  - start: ""
    bot: [{contains: Who eats?}]
  - say: Ann
    bot: [{contains: Where?}]
  - swap: true
  - pick: Market
    bot: [Which day?]
  - say: Friday
    bot: [{contains: A drink?}]
  - pick: "Yes"
    bot: [{contains: "• Guest: Ann\n• Place: Market\n• Day: Friday\n• Drink: Yes"}]
  - pick: Submit
    bot: [{contains: Thank you}]
    answers: {guest: Ann, place: Market, day: Friday, drink: true}
    ended: true
"#;

#[test]
fn a_scenario_swaps_versions_wherever_the_host_crashes() {
    let setup = Setup::new();
    let scenarios = setup.path().join("plugins/lunch/scenarios");
    std::fs::create_dir_all(&scenarios).unwrap();
    std::fs::write(scenarios.join("moves.yaml"), SCENARIO).unwrap();
    std::fs::write(scenarios.join("lunch-1.wasm"), files::frozen("lunch-1")).unwrap();
    setup.deploy(FLOW, &guests::version("lunch_2"));
    let output = setup.pesto(&["test", "plugins/lunch", "--crash-everywhere"]).output().unwrap();
    let (said, complained) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    assert!(output.status.success() && said.contains("1 passed, 0 failed"), "{said}{complained}");
}
