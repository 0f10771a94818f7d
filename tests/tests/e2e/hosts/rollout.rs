//! Which version all hosts begin conversations on, while their folders differ.

use pesto_engine::model::Digest;
use pesto_tests::guests;
use pesto_tests::host::TestHost;
use slack_double::{Person, SlackDouble};

use super::{agree, offered, on, stop};
use crate::slack::{double, setup};
use crate::swaps::{FLOW, version};
use redis_rig::server::Server;

/// What a file is warned of that was replaced by another host's.
const REPLACED: &str = "the file is not current";

async fn host(slack: &SlackDouble, redis: &Server, component: &[u8]) -> TestHost {
    TestHost::start(on(redis, setup(slack).component(FLOW, component))).await
}

async fn says(person: &Person, text: &str, answer: &str) {
    person.says(text).await;
    assert_eq!(person.hears().await.shown().trim(), answer);
}

/// Somebody whose conversation begins on this version.
async fn begins(slack: &SlackDouble, name: &str, number: u32) -> Person {
    let person = slack.person(name);
    says(&person, &format!("start {FLOW}"), &format!("v{number:02}!!")).await;
    person
}

/// Does to the file what deploys it once more.
fn touch(host: &TestHost) {
    let file = std::fs::File::options().write(true).open(host.setup.flows().join(format!("{FLOW}.wasm"))).unwrap();
    file.set_modified(std::time::SystemTime::now()).unwrap();
}

fn remove(host: &TestHost) {
    std::fs::remove_file(host.setup.flows().join(format!("{FLOW}.wasm"))).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hosts_agree_on_what_was_deployed_last() {
    let (slack, redis) = (double().await, Server::start());
    let mut one = host(&slack, &redis, &version(1)).await;
    let mut other = host(&slack, &redis, &version(1)).await;
    slack.has_sockets(4).await;
    let ann = begins(&slack, "Ann", 1).await;

    // What is written on one host is offered by all.
    one.setup.deploy(FLOW, &version(2));
    agree([&one, &other], FLOW, Some(&version(2))).await;
    let bob = begins(&slack, "Bob", 2).await;

    // A host that comes back with an old file undoes nothing, until somebody wants it.
    stop(&mut other).await;
    other.again().await;
    let warning = other.log().find(REPLACED, |line| line["message"].as_str().unwrap_or_default().starts_with(REPLACED));
    assert_eq!(warning.await["current"], Digest::of(&version(2)).short());
    agree([&one, &other], FLOW, Some(&version(2))).await;
    touch(&other);
    agree([&one, &other], FLOW, Some(&version(1))).await;

    // A host that comes back with a new file deploys it.
    stop(&mut other).await;
    other.setup.deploy(FLOW, &version(3));
    other.again().await;
    agree([&one, &other], FLOW, Some(&version(3))).await;

    // Whatever was current once is finished by hosts that never had the file.
    one.idle().await;
    one.kill();
    says(&ann, "hello", "01").await;
    says(&bob, "hello", "02").await;
    let cat = begins(&slack, "Cat", 3).await;
    other.idle().await;
    other.kill();
    one.again().await;
    agree([&one], FLOW, Some(&version(3))).await;
    slack.has_sockets(2).await;
    says(&cat, "hello", "03").await;

    // A flow whose file is taken away is over, also where others still have it.
    other.again().await;
    remove(&other);
    agree([&one, &other], FLOW, None).await;
    one.idle().await;
    one.kill();
    one.again().await;
    agree([&one, &other], FLOW, None).await;
    says(&bob, "hello", "02").await;
    touch(&one);
    agree([&one, &other], FLOW, Some(&version(2))).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_is_not_current_ends_nothing_when_it_goes() {
    let (slack, redis) = (double().await, Server::start());
    let one = host(&slack, &redis, &version(1)).await;
    let mut other = host(&slack, &redis, &version(1)).await;
    one.setup.deploy(FLOW, &version(2));
    agree([&one, &other], FLOW, Some(&version(2))).await;
    stop(&mut other).await;
    other.again().await;
    remove(&other);
    let goes_on = "the file that was removed was not current";
    let warning = other.log().find(goes_on, |line| line["message"].as_str().unwrap_or_default().starts_with(goes_on));
    let warning = warning.await;
    assert_eq!((&warning["file"], &warning["flow"]), (&format!("{FLOW}.wasm").into(), &FLOW.into()));
    agree([&one, &other], FLOW, Some(&version(2))).await;

    // One that is current ends the flow for all.
    other.setup.deploy(FLOW, &version(3));
    agree([&one, &other], FLOW, Some(&version(3))).await;
    remove(&other);
    agree([&one, &other], FLOW, None).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_host_that_cannot_run_what_is_current_keeps_its_last_good_one() {
    let (slack, redis) = (double().await, Server::start());
    let one = host(&slack, &redis, &version(1)).await;
    let small = setup(&slack).component(FLOW, &version(1)).table("[limits]\ncomponent_mib = 1");
    let other = TestHost::start(on(&redis, small)).await;
    let large = guests::padded(version(2), 2 << 20);
    one.setup.deploy(FLOW, &large);
    agree([&one], FLOW, Some(&large)).await;
    let cannot = "the current version cannot run on this host";
    other.log().find(cannot, |line| line["message"].as_str().unwrap_or_default().starts_with(cannot)).await;
    assert_eq!(offered(&other, FLOW).as_deref(), Some(Digest::of(&version(1)).short()));
    one.setup.deploy(FLOW, &version(3));
    agree([&one, &other], FLOW, Some(&version(3))).await;
}
