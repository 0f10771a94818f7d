//! The host as a process: readiness, leftovers, one host a folder, stopping.

use pesto_tests::host::TestHost;
use pesto_tests::setup::Setup;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_host_is_ready_talks_and_is_gone_on_with_after_a_kill() {
    let mut host = TestHost::start(Setup::new().flow("onboarding-survey").canned()).await;
    let mut ada = host.person("ada");
    ada.start("onboarding-survey");
    let first = ada.hear().await;
    assert!(first.text.contains("What should we call you?"), "{}", first.text);
    host.idle().await;
    host.kill();
    host.again().await;
    let asked = ada.answers_to("Ada").await;
    assert_eq!(asked.len(), 1, "{asked:?}");
    assert!(asked[0].contains("What will you work on?"), "{asked:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[should_panic(expected = "the host left work undone")]
async fn a_message_that_stays_in_the_outbox_fails_a_test() {
    let setup = Setup::new().flow("onboarding-survey").canned();
    let host = TestHost::start_with(setup, &[("PESTO_FAILPOINT", "messenger.post:before@1")]).await;
    let mut ada = host.person("ada");
    ada.start("onboarding-survey");
    host.log().failpoint("messenger.post:before", 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_host_that_stops_itself_goes_on_where_it_was() {
    let setup = Setup::new().flow("onboarding-survey").canned();
    let host = TestHost::start_with(setup, &[("PESTO_FAILPOINT", "messenger.post:before@1!stop")]).await;
    let mut ada = host.person("ada");
    ada.start("onboarding-survey");
    host.stopped().await;
    assert!(ada.messages.is_empty());
    host.signal("CONT");
    assert!(ada.hear().await.text.contains("What should we call you?"));
    assert_eq!(ada.answers_to("Ada").await.len(), 1, "it stops once");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[should_panic(expected = "0 dead letters, and the test expects 1")]
async fn a_dead_letter_too_few_fails_a_test() {
    let mut host = TestHost::start(Setup::new()).await;
    host.expect_dead(1);
}
