//! The local socket and the host's start, under clients and files that are not as they should be.

use std::process::{Command, Stdio};

use pesto_server::socket::{Client, FromHost, ToHost};
use pesto_tests::host::TestHost;
use pesto_tests::log::Log;
use pesto_tests::setup::Setup;

fn setup() -> Setup {
    Setup::new().flow("onboarding-survey").canned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_failing_store_did_not_take_is_sent_again() {
    let host = TestHost::start(setup()).await;
    let mut ada = host.person("ada");
    ada.start("onboarding-survey");
    ada.hear().await;
    // Somebody else's tool holds the database: nothing can be written.
    let other = rusqlite::Connection::open(host.setup.path().join("data/pesto.db")).expect("the store is there");
    other.execute_batch("BEGIN IMMEDIATE").expect("it can be locked");
    ada.say("Ada");
    host.log().text("bringing clients what waits for them failed").await;
    other.execute_batch("ROLLBACK").expect("it can be freed");
    let asked = ada.hear().await;
    assert!(asked.text.contains("What will you work on?"), "{}", asked.text);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_belongs_to_one_person() {
    let host = TestHost::start(setup()).await;
    let client = Client::connect(&host.setup.socket()).await.expect("it listens");
    let Client { mut from, mut to } = client.expect("the host is there");
    for person in ["ada", "bob"] {
        let nothing = String::new;
        let person = person.to_owned();
        let hello = ToHost::Hello { person, name: nothing(), locale: nothing(), time_zone: nothing() };
        to.send(&hello).await.expect("it reads");
    }
    let mut bye = None;
    while let Some(frame) = from.next().await.expect("it writes frames") {
        bye = Some(frame);
    }
    assert!(matches!(&bye, Some(FromHost::Bye { reason }) if reason.contains("already")), "{bye:?}");
}

#[test]
fn a_file_that_is_no_socket_stays() {
    let setup = setup();
    let precious = setup.path().join("precious");
    std::fs::write(&precious, "work of years").expect("the folder can be written");
    let ended = setup.pesto(&["run"]).env("PESTO_SOCKET", &precious).stdin(Stdio::null()).output();
    let ended = ended.expect("pesto can be started");
    let error = String::from_utf8_lossy(&ended.stderr);
    assert!(!ended.status.success() && error.contains("is no socket"), "{error}");
    assert_eq!(std::fs::read_to_string(precious).expect("it is there"), "work of years");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_host_that_starts_can_be_stopped() {
    let setup = setup();
    let mut command = setup.pesto(&["run"]);
    let stuck = command.env("PESTO_FAILPOINT", "store.put_component:before@1");
    let mut host = stuck.stdin(Stdio::null()).stderr(Stdio::piped()).spawn().expect("pesto can be started");
    let log = Log::collect(host.stderr.take().expect("its standard error is ours"));
    log.failpoint("store.put_component:before", 1).await;
    let sent = Command::new("kill").arg(host.id().to_string()).status();
    assert!(sent.is_ok_and(|status| status.success()));
    assert!(host.wait().expect("it ends").success());
}
