//! A host dies while a model answers: the operator decides what becomes of the call, and reads of it in any case.

use std::time::Duration;

use pesto_tests::aimock::Aimock;
use pesto_tests::host::TestHost;
use pesto_tests::setup::Setup;
use serde_json::Value;

/// Asks one question whose answer a crash swallows; what ada reads in the end, how often the model was asked, and what
/// is listed.
async fn crash_in_a_call(in_doubt: &str) -> (String, usize, Vec<Value>) {
    let model = Aimock::start(Duration::ZERO).await;
    let setup = Setup::new().line("default_flow = \"ask\"").flow("ask").model(model.url());
    let setup = setup.variable("PESTO_FLOW__ASK__IN_DOUBT", in_doubt);
    let point = "store.journal_result:before";
    let mut host = TestHost::start_with(setup, &[("PESTO_FAILPOINT", &format!("{point}@1"))]).await;
    let mut ada = host.person("ada");
    ada.say("Which way?");
    host.log().failpoint(point, 1).await;
    host.kill();
    // What was done about the call is journaled as any answer is: a second crash changes nothing.
    host.again_with(&[("PESTO_FAILPOINT", "store.commit:before@1")]).await;
    host.log().failpoint("store.commit:before", 1).await;
    host.kill();
    host.again().await;
    let heard = ada.hear().await.text;
    ada.settle().await;
    host.terminate();
    assert!(host.ended(Duration::from_secs(25)).await.success());
    // Without a host the command opens the store itself.
    let (status, listed, errors) = host.command(&["doubts", "--format", "jsonl"]);
    assert!(status.success(), "{errors}");
    let (_, table, _) = host.command(&["doubts"]);
    assert!(table.starts_with("AT ") && table.contains("local/ada@1/c1"), "{table}");
    let listed = listed.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    (heard, model.asked().len(), listed)
}

fn check(listed: &[Value], done: &str) {
    assert_eq!(listed.len(), 1, "{listed:?}");
    for (key, value) in [
        ("effect", "local/ada@1/c1"),
        ("place", "local/ada"),
        ("person_id", "ada"),
        ("flow", "ask"),
        ("what", "llm.complete"),
        ("done", done),
    ] {
        assert_eq!(listed[0][key], value, "{listed:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_in_doubt_is_made_again_and_listed() {
    let (heard, asked, listed) = crash_in_a_call("repeat").await;
    assert_eq!((heard.as_str(), asked), ("You said: Which way?", 2));
    check(&listed, "repeated");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flow_is_told_of_a_call_in_doubt() {
    let (heard, asked, listed) = crash_in_a_call("tell").await;
    let regret = "I could not answer: I was interrupted and do not know whether it was done; please try again.";
    assert_eq!((heard.as_str(), asked), (regret, 1));
    check(&listed, "told");
}
