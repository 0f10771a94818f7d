//! A language model to talk to: the npm package aimock, a server that others wrote, with the rules of
//! `tests/aimock/model.mjs`.

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::Value;

use crate::files;
use crate::log::Log;

/// A running model. It ends when it is dropped.
pub struct Aimock {
    child: Child,
    log: Log,
    url: String,
}

impl Aimock {
    /// Starts a model that takes so long for each answer.
    pub async fn start(latency: Duration) -> Self {
        let folder = files::root().join("tests/aimock");
        let package = folder.join("node_modules/@copilotkit/aimock/package.json");
        assert!(package.is_file(), "{} is not there: run `scripts/test-setup`, or `make test`", package.display());
        let mut child = Command::new(files::node())
            .arg(folder.join("model.mjs"))
            .arg(latency.as_millis().to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("node can be started; `scripts/test-setup` brings one");
        let log = Log::collect(child.stdout.take().expect("its standard output is ours"));
        let url = log.wait("listening").await["url"].as_str().expect("an address").to_owned();
        Self { child, log, url }
    }

    /// The base URL for a configuration.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The requests that it has begun to answer: objects with `text`, what the person said last, `closing` and
    /// `model`.
    pub fn asked(&self) -> Vec<Value> {
        let lines = self.log.lines();
        lines
            .iter()
            .filter_map(|line| serde_json::from_str::<Value>(line).ok())
            .filter(|line| line["message"] == "asked")
            .collect()
    }

    /// Waits until it was asked something that contains these words.
    pub async fn asked_about(&self, words: &str) {
        let about = |line: &Value| line["text"].as_str().is_some_and(|text| text.contains(words));
        self.log.find(words, |line| line["message"] == "asked" && about(line)).await;
    }
}

impl Drop for Aimock {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
