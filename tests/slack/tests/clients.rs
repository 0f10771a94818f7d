//! Slack's own clients against the double: what they take for Slack, our host may take for Slack as well.
//!
//! They need what `scripts/test-setup` brings: a Python with `slack_bolt` and `slack_sdk`, and the Node packages of
//! `@slack/bolt`.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use slack_double::{Options, SlackDouble};
use tokio::process::Command;
use tokio::time::timeout;

/// Only a check that fails takes so long.
const PATIENCE: Duration = Duration::from_secs(180);

fn clients() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("clients")
}

fn tools() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/tools")
}

/// Runs a check against a double of its own, and shows what it said where it failed.
async fn check(name: &str, program: &Path, script: &Path) {
    let slack = SlackDouble::start(Options { post_burst: 1, ..Options::default() }).await;
    let mut command = Command::new(program);
    command.arg(script).arg(format!("{}/control", slack.url())).kill_on_drop(true);
    let run = timeout(PATIENCE, command.output()).await;
    let output = run.unwrap_or_else(|_| panic!("the check took longer than {PATIENCE:?}"));
    let output = output.unwrap_or_else(|error| panic!("{}: {error}; run scripts/test-setup", program.display()));
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{}:\n{out}\n{err}\ncounted: {:?}", output.status, slack.counters());
    println!("{out}");
    // Past what the harness keeps back of a test that passes. Whoever closed the output reads no figures.
    let _ = writeln!(std::io::stdout(), "figure judge_{name} 1 ok");
}

#[tokio::test]
async fn judge_slack_python_takes_the_double_for_slack() {
    check("slack_python", &tools().join("slack-clients/bin/python"), &clients().join("python/check.py")).await;
}

#[tokio::test]
async fn judge_slack_javascript_takes_the_double_for_slack() {
    let packages = clients().join("js/node_modules/@slack/bolt");
    assert!(packages.exists(), "{} is missing; run scripts/test-setup", packages.display());
    let own = tools().join("node/bin/node");
    let node = if own.exists() { own } else { PathBuf::from("node") };
    check("slack_javascript", &node, &clients().join("js/check.mjs")).await;
}
