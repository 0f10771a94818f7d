//! A language model that answers by rule, so that its answer tells what it was told: all that the person said, or the
//! name in the answers of a survey. Each run of a host has an address of its own here, so that it is known who asked.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::extract::{Path, State};
use axum::routing::post;
use axum::{Json, Router};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::records::{Asked, Phase, now};

/// The quickest answer, and how much longer the slowest takes, in milliseconds.
const LATENCY: (u64, u64) = (500, 1_500);

/// A running model.
pub struct Model {
    address: SocketAddr,
    book: Arc<Book>,
}

#[derive(Default)]
struct Book {
    count: AtomicU64,
    lines: Mutex<Vec<Asked>>,
}

/// A request that is not answered yet.
struct Request {
    book: Arc<Book>,
    asked: Asked,
}

impl Request {
    fn note(&self, phase: Phase) {
        self.book.lock().push(Asked { at: now(), phase, ..self.asked.clone() });
    }
}

impl Drop for Request {
    /// The server drops what it does for a connection that is gone.
    fn drop(&mut self) {
        if self.asked.phase == Phase::Asked {
            self.note(Phase::Gone);
        }
    }
}

impl Book {
    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Asked>> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Model {
    /// Starts it on a free port.
    pub async fn start() -> anyhow::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let book = Arc::<Book>::default();
        let routes = Router::new().route("/{run}/v1/chat/completions", post(complete)).with_state(Arc::clone(&book));
        tokio::spawn(async move { axum::serve(listener, routes).await });
        Ok(Self { address, book })
    }

    /// The base URL for a run of a host.
    pub fn url(&self, run: &str) -> String {
        format!("http://{}/{run}/v1", self.address)
    }

    /// All that happened so far.
    pub fn asked(&self) -> Vec<Asked> {
        self.book.lock().clone()
    }
}

async fn complete(State(book): State<Arc<Book>>, Path(run): Path<String>, Json(body): Json<Value>) -> Json<Value> {
    let (about, text) = answer(&body);
    let request = book.count.fetch_add(1, Ordering::Relaxed);
    let mut request =
        Request { asked: Asked { at: now(), run, request, phase: Phase::Asked, about }, book: Arc::clone(&book) };
    request.note(Phase::Asked);
    tokio::time::sleep(latency(&request.asked.about)).await;
    request.asked.phase = Phase::Answered;
    request.note(Phase::Answered);
    Json(json!({
        "id": "1", "object": "chat.completion", "created": 1, "model": "campaign",
        "choices": [{ "index": 0, "finish_reason": "stop", "message": { "role": "assistant", "content": text } }],
        "usage": { "prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2 },
    }))
}

/// What is asked, and the answer to it.
fn answer(body: &Value) -> (String, String) {
    let said = |role: &str| -> Vec<&str> {
        let messages = body["messages"].as_array().map(Vec::as_slice).unwrap_or_default();
        messages.iter().filter(|it| it["role"] == role).filter_map(|it| it["content"].as_str()).collect()
    };
    let users = said("user");
    let last = users.last().copied().unwrap_or_default();
    if said("system").concat().contains("completed the onboarding survey") {
        let answers: Value = serde_json::from_str(last).unwrap_or_default();
        let name = answers["name"].as_str().unwrap_or_default();
        return (format!("closing {name}"), format!("Thank you, {name}. Your desk is waiting."));
    }
    (last.to_owned(), format!("{SAID}{}", users.join(SEPARATOR)))
}

/// What an answer to a question begins with.
pub const SAID: &str = "You said: ";
/// Between the person's words that the model was told.
pub const SEPARATOR: &str = " / ";

/// Depends on the words alone, so that the same words always take as long.
fn latency(about: &str) -> Duration {
    let sum = about.bytes().fold(7_u64, |sum, byte| sum.wrapping_mul(31).wrapping_add(u64::from(byte)));
    Duration::from_millis(LATENCY.0 + sum % LATENCY.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_tells_what_was_told() {
        let body = json!({ "messages": [
            { "role": "system", "content": "You help." },
            { "role": "user", "content": "one" }, { "role": "assistant", "content": "You said: one" },
            { "role": "user", "content": "two" },
        ] });
        assert_eq!(answer(&body), ("two".to_owned(), "You said: one / two".to_owned()));
        let body = json!({ "messages": [
            { "role": "system", "content": "Somebody has completed the onboarding survey." },
            { "role": "user", "content": "{\"name\":\"Ann\"}" },
        ] });
        assert_eq!(answer(&body).0, "closing Ann");
    }
}
