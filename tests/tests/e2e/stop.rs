//! Stopping in good order: what is under way may end, and what does not is given back.

use std::time::Duration;

use pesto_tests::aimock::Aimock;

use crate::llm::host_with;

/// The host gives its turns ten seconds; the rest is for a slow machine.
const DEADLINE: Duration = Duration::from_secs(25);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_turn_under_way_ends_before_the_host_does() {
    let model = Aimock::start(Duration::from_secs(1)).await;
    let mut host = host_with(&model).await;
    let mut ada = host.person("ada");
    ada.say("Still there?");
    model.asked_about("Still there?").await;
    host.terminate();
    host.log().text("the host stops").await;
    // As of a terminal whose Ctrl-C a supervisor hears too.
    host.signal("INT");
    assert!(host.ended(DEADLINE).await.success());
    host.again().await;
    assert_eq!(ada.hear().await.text, "You said: Still there?");
    ada.settle().await;
    assert_eq!(model.asked().len(), 1, "a finished call was made again");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_turn_that_does_not_end_in_time_is_given_back_and_no_attempt_counts() {
    let model = Aimock::start(Duration::ZERO).await;
    let mut host = host_with(&model).await;
    let mut ada = host.person("ada");
    ada.say("How long? (slow)");
    model.asked_about("(slow)").await;
    assert_eq!(attempts(&host), [1]);
    host.terminate();
    assert!(host.ended(DEADLINE).await.success());
    assert_eq!(attempts(&host), [0]);
    host.again().await;
    host.until("the turn runs again", |status| status.turns_waiting == 1).await;
    assert_eq!(attempts(&host), [1]);
    ada.say("cancel");
    ada.settle().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_host_that_is_told_twice_to_stop_ends_at_once() {
    let model = Aimock::start(Duration::ZERO).await;
    let mut host = host_with(&model).await;
    let mut ada = host.person("ada");
    ada.say("How long? (slow)");
    model.asked_about("(slow)").await;
    host.terminate();
    host.log().text("the host stops").await;
    host.terminate();
    assert_eq!(host.ended(DEADLINE).await.code(), Some(1));
    assert_eq!(attempts(&host), [1], "it was not given back");
    host.again().await;
    host.until("the turn runs again", |status| status.turns_waiting == 1).await;
    ada.say("cancel");
    ada.settle().await;
}

/// Attempts of each place, from the store's file: a count that nothing shows to people.
fn attempts(host: &pesto_tests::host::TestHost) -> Vec<u32> {
    let store = rusqlite::Connection::open(host.setup.path().join("data/pesto.db")).expect("the store is there");
    let mut query = store.prepare("SELECT attempt FROM place ORDER BY no").expect("the store has places");
    let rows = query.query_map([], |row| row.get(0)).expect("places can be read");
    rows.collect::<Result<_, _>>().expect("attempts are numbers")
}
