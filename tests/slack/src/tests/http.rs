use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use super::bot::{buttons, post_to};
use crate::{DeliveryFault, Options, RequestUrls, SlackDouble, callback, form};

/// A request as the app got it.
struct Request {
    headers: HeaderMap,
    body: String,
}

impl Request {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    fn field(&self, name: &str) -> String {
        form::decode(&self.body).into_iter().find(|(field, _)| field == name).unwrap().1
    }
}

/// An app that answers as it is told, and 200 when it is told nothing.
#[derive(Clone)]
struct App {
    answers: Arc<Mutex<Vec<Response>>>,
    requests: mpsc::UnboundedSender<Request>,
}

async fn answer(State(app): State<App>, headers: HeaderMap, body: String) -> Response {
    let json: Value = serde_json::from_str(&body).unwrap_or_default();
    if json["type"] == "url_verification" {
        return json["challenge"].as_str().unwrap().to_owned().into_response();
    }
    app.requests.send(Request { headers, body }).unwrap();
    let told = app.answers.lock().unwrap().pop();
    told.unwrap_or_else(|| StatusCode::OK.into_response())
}

async fn app(slack: &SlackDouble, answers: Vec<Response>) -> mpsc::UnboundedReceiver<Request> {
    let (requests, came) = mpsc::unbounded_channel();
    let answers = Arc::new(Mutex::new(answers.into_iter().rev().collect()));
    let routes = Router::new().route("/slack", post(answer)).with_state(App { answers, requests });
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/slack", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, routes).await });
    slack.use_http(RequestUrls::all(&url)).await.unwrap();
    came
}

fn hasty() -> Options {
    Options { retry_delays: vec![Duration::ZERO; 3], ..Options::default() }
}

#[tokio::test]
async fn requests_are_signed_over_the_raw_body() {
    let slack = SlackDouble::start(Options::default()).await;
    let mut requests = app(&slack, Vec::new()).await;
    slack.person("Ann").says("häï & <you>").await;
    let request = requests.recv().await.unwrap();
    let timestamp = request.header("x-slack-request-timestamp").parse().unwrap();
    let signature = callback::signature(&slack.signing_secret(), timestamp, &request.body);
    assert_eq!(request.header("x-slack-signature"), signature);
    assert_eq!(request.header("x-slack-retry-num"), "");
    assert_eq!(request.json()["event"]["text"], "häï &amp; &lt;you&gt;");
    slack.is_quiet().await;
    assert_eq!(slack.acks()[0].status, Some(200));
}

#[tokio::test]
async fn an_event_that_fails_is_repeated_three_times() {
    let slack = SlackDouble::start(hasty()).await;
    let errors = (0..4).map(|_| StatusCode::INTERNAL_SERVER_ERROR.into_response()).collect();
    let mut requests = app(&slack, errors).await;
    slack.person("Ann").says("hello").await;
    let mut ids = Vec::new();
    for retry in ["", "1", "2", "3"] {
        let request = requests.recv().await.unwrap();
        assert_eq!(request.header("x-slack-retry-num"), retry);
        assert_eq!(request.header("x-slack-retry-reason"), if retry.is_empty() { "" } else { "http_error" });
        ids.push(request.json()["event_id"].clone());
    }
    assert!(ids.iter().all(|id| *id == ids[0]));
    slack.has_counted("lost.events_api", 1).await;
}

#[tokio::test]
async fn an_app_can_refuse_retries() {
    let slack = SlackDouble::start(hasty()).await;
    let refusal = (StatusCode::NOT_FOUND, [("x-slack-no-retry", "1")]).into_response();
    let mut requests = app(&slack, vec![refusal]).await;
    let ann = slack.person("Ann");
    ann.says("one").await;
    requests.recv().await.unwrap();
    slack.has_counted("lost.events_api", 1).await;
    ann.says("two").await;
    assert_eq!(requests.recv().await.unwrap().json()["event"]["text"], "two");
}

#[tokio::test]
async fn interactions_and_commands_are_forms_and_are_answered() {
    let slack = SlackDouble::start(Options::default()).await;
    let answer = axum::Json(json!({ "response_type": "ephemeral", "text": "on it" })).into_response();
    let mut requests = app(&slack, vec![answer]).await;
    let ann = slack.person("Ann");
    assert!(ann.commands("/pesto", "list & more").await.acked);
    let request = requests.recv().await.unwrap();
    assert_eq!((request.field("command"), request.field("text")), ("/pesto".to_owned(), "list & more".to_owned()));
    let heard = ann.hears().await;
    assert_eq!((heard.text.as_str(), heard.only_for.as_deref()), ("on it", Some(ann.id())));

    slack.take_subscription("message.im");
    post_to(&slack, ann.id(), json!({ "text": "?", "blocks": buttons(&["Tea"]) })).await;
    let asked = ann.hears().await;
    assert!(ann.clicks(&asked, "Tea").await.acked);
    let payload: Value = serde_json::from_str(&requests.recv().await.unwrap().field("payload")).unwrap();
    assert_eq!((&payload["type"], &payload["user"]["id"]), (&json!("block_actions"), &json!(ann.id())));
}

#[tokio::test]
async fn events_come_twice_and_again_over_http_too() {
    let slack = SlackDouble::start(hasty()).await;
    let mut requests = app(&slack, Vec::new()).await;
    let ann = slack.person("Ann");
    for (fault, second) in [(DeliveryFault::Duplicate, ""), (DeliveryFault::RetriedThoughAcked, "1")] {
        slack.faults().next_events(&ann, 1, fault);
        ann.says("hello").await;
        let (one, two) = (requests.recv().await.unwrap(), requests.recv().await.unwrap());
        assert_eq!(one.json()["event_id"], two.json()["event_id"]);
        assert_eq!((one.header("x-slack-retry-num"), two.header("x-slack-retry-num")), ("", second));
    }
}

#[tokio::test]
async fn an_address_that_fails_the_challenge_is_not_taken() {
    let slack = SlackDouble::start(Options::default()).await;
    let routes = Router::new().route("/wrong", post(async || "something else"));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, routes).await });
    for (path, why) in [("wrong", "the answer was not the challenge"), ("missing", "HTTP status 404")] {
        let urls = RequestUrls::all(&format!("http://{address}/{path}"));
        assert_eq!(slack.use_http(urls).await, Err(why.to_owned()));
    }
}
