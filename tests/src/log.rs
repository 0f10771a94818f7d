//! What a host logged: JSON lines from its standard error, kept in order, and awaited.

use std::io::{BufRead, BufReader, Read};
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;
use tokio::sync::watch;

use crate::PATIENCE;

/// The lines of one process.
#[derive(Clone)]
pub struct Log {
    lines: Arc<Mutex<Vec<String>>>,
    count: watch::Receiver<(usize, bool)>,
}

impl Log {
    /// Collects lines until the other end is closed.
    pub fn collect(from: impl Read + Send + 'static) -> Self {
        let lines = Arc::new(Mutex::new(Vec::new()));
        let (counted, count) = watch::channel((0, false));
        let kept = lines.clone();
        std::thread::spawn(move || {
            for line in BufReader::new(from).lines().map_while(Result::ok) {
                let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
                kept.push(line);
                counted.send_replace((kept.len(), false));
            }
            counted.send_modify(|(_, ended)| *ended = true);
        });
        Self { lines, count }
    }

    /// All lines so far.
    pub fn lines(&self) -> Vec<String> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The first line with this message, now or later. Panics, with all that was logged, where the process ends
    /// before or too much time passes.
    pub async fn wait(&self, message: &str) -> Value {
        self.find(message, |line| line["message"] == message).await
    }

    /// Waits until a failpoint, such as `store.commit:before`, was hit so often; only hits that hang are logged.
    pub async fn failpoint(&self, point: &str, hit: u64) {
        let reached = |line: &Value| line["message"] == "failpoint reached" && line["point"] == point;
        let count = |line: &Value| line["hit"].as_u64().unwrap_or_default();
        self.find(&format!("hit {hit} of {point}"), |line| reached(line) && count(line) >= hit).await;
    }

    /// The first line with this text in it, JSON or not.
    pub async fn text(&self, text: &str) -> String {
        self.search(text, |line| line.contains(text).then(|| line.to_owned())).await
    }

    /// The first line that fits, now or later; `what` is for the message where there is none.
    pub async fn find(&self, what: &str, fits: impl Fn(&Value) -> bool) -> Value {
        self.search(what, |line| serde_json::from_str(line).ok().filter(&fits)).await
    }

    async fn search<T>(&self, what: &str, mut find: impl FnMut(&str) -> Option<T>) -> T {
        let mut count = self.count.clone();
        let mut seen = 0;
        let search = async {
            loop {
                let (got, ended) = *count.borrow_and_update();
                if let Some(found) = self.lines().iter().take(got).skip(seen).find_map(|line| find(line)) {
                    return Some(found);
                }
                seen = got;
                if ended || count.changed().await.is_err() {
                    return None;
                }
            }
        };
        match tokio::time::timeout(PATIENCE, search).await {
            Ok(Some(found)) => found,
            Ok(None) => panic!("the process ended without `{what}`:\n{}", self.lines().join("\n")),
            Err(_) => panic!("`{what}` did not come in time:\n{}", self.lines().join("\n")),
        }
    }
}
