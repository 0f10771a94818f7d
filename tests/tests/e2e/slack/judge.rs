//! What Slack's own models for Python think of all that a host shows.

use std::io::Write as _;
use std::process::{Command, Stdio};

use pesto_tests::host::TestHost;
use pesto_tests::{figure, files};
use serde_json::{Value, json};
use slack_double::{Call, SlackDouble};

use super::{double, hold, setup};
use crate::survey::Plan;

/// Each message and each window that was sent.
fn shown(slack: &SlackDouble) -> Vec<Value> {
    let part = |call: &Call, name: &str| match &call.arguments[name] {
        // Slack takes structured arguments as JSON in a string, too.
        Value::String(text) => serde_json::from_str(text).expect("Slack would refuse it as well"),
        other => other.clone(),
    };
    let sent =
        slack.calls().into_iter().map(|call| json!({ "blocks": part(&call, "blocks"), "view": part(&call, "view") }));
    sent.filter(|one| one["blocks"].is_array() || one["view"].is_object()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn judge_slack_models() {
    let slack = double().await;
    let host = TestHost::start(setup(&slack).flow("feedback")).await;
    slack.has_sockets(1).await;
    let (ann, ben) = (slack.person("Ann"), slack.person("Ben"));
    hold(&ann, &Plan::new(0)).await;
    ben.says("help").await;
    ben.hears().await;
    ben.says("start feedback").await;
    let form = ben.hears().await;
    assert!(ben.clicks(&form, "form").await.acked);
    ben.gets_form().await;
    let shown = shown(&slack);
    assert!(shown.iter().any(|one| one["view"].is_object()) && shown.len() > 10, "{shown:?}");

    let python = files::root().join("target/tools/slack-clients/bin/python");
    let script = files::root().join("tests/slack/clients/python/models.py");
    let mut judge = Command::new(&python);
    let mut judge = judge.arg(script).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap_or_else(|error| {
        panic!("{}: {error}; run scripts/test-setup", python.display());
    });
    let mut input = judge.stdin.take().expect("its input is ours");
    input.write_all(Value::from(shown).to_string().as_bytes()).expect("it reads");
    drop(input);
    let verdict = judge.wait_with_output().expect("it ends");
    assert!(verdict.status.success(), "{}", String::from_utf8_lossy(&verdict.stdout));
    figure(format_args!("judge_slack_models 1 ok"));
    host.idle().await;
}
