//! Against a provider of a few lines on the loopback, which counts what it is asked.

#![allow(clippy::unwrap_used)]

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::*;
use crate::config::Secret;

const GOOD: &str = r#"{"model":"small-2","choices":[{"message":{"content":"Hello"},"finish_reason":"length"}],
    "usage":{"prompt_tokens":7,"completion_tokens":2}}"#;

/// Answers every request in the same way, for as long as the test runs.
struct Double {
    url: String,
    asked: Arc<AtomicUsize>,
    last: Arc<Mutex<String>>,
}

impl Double {
    async fn start(reply: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/v1", listener.local_addr().unwrap());
        let double = Self { url, asked: Arc::default(), last: Arc::default() };
        let (asked, last) = (double.asked.clone(), double.last.clone());
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let request = request(&mut stream).await;
                asked.fetch_add(1, Ordering::SeqCst);
                *last.lock().unwrap() = request;
                // Fails where the other side has read enough.
                let _ = stream.write_all(reply.as_bytes()).await;
                let _ = stream.shutdown().await;
            }
        });
        double
    }

    async fn answering(status: &str, headers: &str, body: &str) -> Self {
        let length = body.len();
        Self::start(format!(
            "HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {length}\r\n{headers}\r\n{body}"
        ))
        .await
    }

    fn provider(&self) -> Provider {
        Provider {
            base_url: self.url.clone(),
            key: Some(Secret::new("sk-key".into())),
            model: "small".into(),
            models: vec!["large".into()],
            max_tokens: 100,
            timeout: Duration::from_secs(30),
        }
    }

    async fn asked(&self) -> Result<LlmCompletion, CallError> {
        OpenAi::new(&self.provider()).unwrap().complete(question()).await
    }
}

/// A whole request as text.
async fn request(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    loop {
        let mut piece = [0; 4096];
        let read = stream.read(&mut piece).await.unwrap_or(0);
        bytes.extend_from_slice(&piece[..read]);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length =
                head.to_lowercase().lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
            if body.len() >= length.unwrap_or(0) {
                return text;
            }
        }
        assert!(read > 0, "a request broke off");
    }
}

fn question() -> LlmRequest {
    LlmRequest {
        messages: vec![(Role::System, "Be short.".into()), (Role::User, "Hi".into()), (Role::Assistant, "Yes?".into())],
        model: None,
        max_tokens: Some(5_000),
        temperature: Some(0.5),
    }
}

#[tokio::test]
async fn asks_and_reads_the_answer() {
    let double = Double::answering("200 OK", "", GOOD).await;
    let completion = double.asked().await.unwrap();
    let wanted = LlmCompletion {
        text: "Hello".into(),
        model: "small-2".into(),
        cut: true,
        prompt_tokens: 7,
        completion_tokens: 2,
    };
    assert_eq!(completion, wanted);
    let last = double.last.lock().unwrap().clone();
    let (head, body) = last.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("POST /v1/chat/completions HTTP/1.1\r\n"), "{head}");
    assert!(head.contains("authorization: Bearer sk-key"), "{head}");
    let body: serde_json::Value = serde_json::from_str(body).unwrap();
    assert_eq!(
        body,
        serde_json::json!({
            "model": "small",
            "messages": [
                {"role": "system", "content": "Be short."},
                {"role": "user", "content": "Hi"},
                {"role": "assistant", "content": "Yes?"},
            ],
            "max_tokens": 100,
            "temperature": 0.5,
        })
    );
}

#[tokio::test]
async fn what_a_provider_miscounts_is_an_answer_all_the_same() {
    for usage in
        ["null", "-1", "\"many\"", r#"{"prompt_tokens":null,"completion_tokens":-1}"#, r#"{"prompt_tokens":1e99}"#]
    {
        let body = format!(r#"{{"choices":[{{"message":{{"content":"Hello"}}}}],"usage":{usage}}}"#);
        let completion = Double::answering("200 OK", "", &body).await.asked().await.unwrap();
        assert_eq!((completion.text.as_str(), completion.prompt_tokens), ("Hello", 0), "{usage}");
    }
}

#[tokio::test]
async fn each_failure_is_one_request_and_says_what_it_is() {
    let body = r#"{"error":{"message":"no: sk-key","type":"t","code":null}}"#;
    let over =
        |retry_after| CallError::OverQuota { retry_after, reason: "the provider limits how often it is asked".into() };
    let fails = fault::unavailable(true, "the provider fails");
    for (status, headers, wanted) in [
        ("429 Too Many Requests", "retry-after: 1\r\n", over(Some(1))),
        ("429 Too Many Requests", "", over(None)),
        ("500 Oops", "", fails.clone()),
        ("503 Busy", "retry-after: 0\r\n", fails.clone()),
        ("529 Busy", "", fails),
        ("400 Bad", "", CallError::Invalid("the provider refuses the request: no: …".into())),
        ("404 Gone", "", CallError::Invalid("the provider does not know the model or the address: no: …".into())),
        ("408 Slow", "", CallError::Timeout { sent: true, reason: "the provider gave up waiting".into() }),
        ("401 Who", "", fault::unavailable(true, "the provider does not let us in; the operator must look at it")),
        ("307 There", "location: /v1/x\r\n", fault::unavailable(true, "the provider answers from another address")),
    ] {
        let double = Double::answering(status, headers, body).await;
        assert_eq!(double.asked().await, Err(wanted), "{status}");
        assert_eq!(double.asked.load(Ordering::SeqCst), 1, "{status}");
    }
}

#[tokio::test]
async fn a_reply_that_is_no_completion_is_an_error_after_one_request() {
    for (body, wanted) in [
        ("{", fault::NOT_A_COMPLETION),
        ("[]", fault::NOT_A_COMPLETION),
        ("<html>", fault::NOT_A_COMPLETION),
        (r#"{"choices":[]}"#, "the provider answered without a choice"),
        (r#"{"choices":[{"message":{"content":null}}]}"#, "the provider answered without text"),
    ] {
        let double = Double::answering("200 OK", "", body).await;
        assert_eq!(double.asked().await, Err(fault::unavailable(true, wanted)), "{body}");
        assert_eq!(double.asked.load(Ordering::SeqCst), 1, "{body}");
    }
}

#[tokio::test]
async fn a_lean_reply_will_do() {
    let double = Double::answering("200 OK", "", r#"{"choices":[{"message":{"refusal":"No."}}]}"#).await;
    let completion = double.asked().await.unwrap();
    assert_eq!((completion.text.as_str(), completion.model.as_str()), ("No.", "small"));
}

#[tokio::test]
async fn a_flood_is_cut() {
    let long = fault::unavailable(true, "the provider's answer is longer than 1 MiB");
    let announced = Double::start("HTTP/1.1 200 OK\r\ncontent-length: 9000000000\r\n\r\nx".into()).await;
    assert_eq!(announced.asked().await, Err(long.clone()));
    let chunk = format!("10000\r\n{}\r\n", "x".repeat(0x10000));
    let head = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
    let endless = Double::start(format!("{head}{}", chunk.repeat(20))).await;
    assert_eq!(endless.asked().await, Err(long));
    let error =
        Double::start(format!("HTTP/1.1 500 Oops\r\ntransfer-encoding: chunked\r\n\r\n{}", chunk.repeat(4))).await;
    assert_eq!(error.asked().await, Err(fault::unavailable(true, "the provider fails")));
}

#[tokio::test]
async fn what_breaks_off_may_have_been_received() {
    let double = Double::start("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{".into()).await;
    let error = double.asked().await.unwrap_err();
    assert!(matches!(error, CallError::Unavailable { sent: true, .. }), "{error:?}");
    let double = Double::start(String::new()).await;
    let error = double.asked().await.unwrap_err();
    assert!(matches!(error, CallError::Unavailable { sent: true, .. }), "{error:?}");
    assert_eq!(double.asked.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn nobody_there_means_nothing_was_sent() {
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/v1", free.local_addr().unwrap());
    drop(free);
    let double = Double { url, asked: Arc::default(), last: Arc::default() };
    let wanted = fault::unavailable(false, "the provider cannot be reached (connection refused)");
    assert_eq!(double.asked().await, Err(wanted));
}

#[tokio::test]
async fn a_model_that_is_not_offered_is_not_asked_for() {
    let double = Double::answering("200 OK", "", GOOD).await;
    let model = OpenAi::new(&double.provider()).unwrap();
    let error = model.complete(LlmRequest { model: Some("huge".into()), ..question() }).await.unwrap_err();
    assert_eq!(error, CallError::Invalid("the operator does not offer this model; use one of small, large".into()));
    assert_eq!(double.asked.load(Ordering::SeqCst), 0);
    model.complete(LlmRequest { model: Some("large".into()), ..question() }).await.unwrap();
    assert_eq!(double.asked.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_provider_without_a_key_gets_none() {
    let double = Double::answering("200 OK", "", GOOD).await;
    let provider = Provider { key: None, ..double.provider() };
    OpenAi::new(&provider).unwrap().complete(question()).await.unwrap();
    let last = double.last.lock().unwrap().to_lowercase();
    assert!(!last.contains("authorization"), "{last}");
}

#[tokio::test]
async fn nothing_that_is_printed_holds_the_key() {
    let double = Double::answering("200 OK", "", GOOD).await;
    let model = OpenAi::new(&double.provider()).unwrap();
    assert!(!format!("{model:?}").contains("sk-key"), "{model:?}");
}
