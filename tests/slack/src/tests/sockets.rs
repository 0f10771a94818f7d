use std::time::Duration;

use super::bot::{Socket, buttons, call_as, post_to};
use crate::{Options, SlackDouble};
use serde_json::json;

#[tokio::test]
async fn a_person_is_heard_and_answered_over_a_socket() {
    let slack = SlackDouble::start(Options::default()).await;
    let ann = slack.person("Ann");
    let mut socket = Socket::open(&slack).await;
    let hello = socket.next().await.unwrap();
    assert_eq!((&hello["type"], &hello["num_connections"]), (&json!("hello"), &json!(1)));

    let said = ann.says("hello & <good> morning").await;
    let envelope = socket.next_of("events_api").await;
    let event = &envelope["payload"]["event"];
    assert_eq!(event["text"], "hello &amp; &lt;good&gt; morning");
    assert_eq!((&event["channel_type"], &event["ts"]), (&json!("im"), &json!(said.ts)));
    assert_eq!(envelope["retry_attempt"], 0);
    socket.ack(&envelope).await;
    slack.is_quiet().await;
    assert_eq!(slack.acks().len(), 1);

    let message = json!({ "text": "What will it be?", "blocks": buttons(&["Tea", "Coffee"]) });
    post_to(&slack, ann.id(), message).await;
    let asked = ann.hears().await;
    assert_eq!(asked.choices(), ["Tea", "Coffee"]);
    let echo = socket.next_of("events_api").await;
    assert!(echo["payload"]["event"]["bot_id"].is_string());
    socket.ack(&echo).await;

    let (answer, _) = tokio::join!(ann.clicks(&asked, "Coffee"), async {
        let envelope = socket.next_of("interactive").await;
        let payload = &envelope["payload"];
        assert_eq!(payload["type"], "block_actions");
        assert_eq!(payload["actions"][0]["action_id"], "pick.1");
        assert_eq!(payload["actions"][0]["value"], "coffee");
        assert_eq!(payload["message"]["ts"], asked.ts.as_str());
        assert!(envelope.get("retry_attempt").is_none());
        socket.ack(&envelope).await;
    });
    assert!(answer.acked);
}

#[tokio::test]
async fn what_is_not_acknowledged_goes_to_another_socket() {
    let slack = SlackDouble::start(Options { ack_timeout: Duration::from_millis(50), ..Options::default() }).await;
    let ann = slack.person("Ann");
    let (mut one, mut two) = (Socket::open(&slack).await, Socket::open(&slack).await);
    slack.has_sockets(2).await;
    ann.says("hello").await;
    let (first, second) = tokio::join!(one.next_of("events_api"), two.next_of("events_api"));
    let (first, second) = if first["retry_attempt"] == 0 { (first, second) } else { (second, first) };
    assert_eq!((&first["retry_attempt"], &second["retry_attempt"]), (&json!(0), &json!(1)));
    assert_eq!(second["retry_reason"], "timeout");
    assert_eq!(first["payload"]["event_id"], second["payload"]["event_id"]);
    assert_ne!(first["envelope_id"], second["envelope_id"]);
    one.ack(&first).await;
    one.ack(&second).await;
    two.ack(&first).await;
    two.ack(&second).await;
    slack.is_quiet().await;
}

#[tokio::test]
async fn an_event_without_a_socket_waits_for_its_retries() {
    let delays = vec![Duration::from_millis(20); 1_000];
    let slack = SlackDouble::start(Options { retry_delays: delays, ..Options::default() }).await;
    let ann = slack.person("Ann");
    ann.says("hello").await;
    let mut socket = Socket::open(&slack).await;
    let envelope = socket.next_of("events_api").await;
    assert!(envelope["retry_attempt"].as_u64() >= Some(1));
    assert_eq!(envelope["retry_reason"], "connection_failed");
}

#[tokio::test]
async fn a_click_that_is_not_acknowledged_fails_and_is_not_repeated() {
    // Without retries of events the socket gets the click alone, never also what the app hears of its own post.
    let (ack_timeout, retry_delays) = (Duration::from_millis(50), Vec::new());
    let slack = SlackDouble::start(Options { ack_timeout, retry_delays, ..Options::default() }).await;
    let ann = slack.person("Ann");
    post_to(&slack, ann.id(), json!({ "text": "?", "blocks": buttons(&["Tea"]) })).await;
    let asked = ann.hears().await;
    assert!(!ann.clicks(&asked, "Tea").await.acked);
    let _socket = Socket::open(&slack).await;
    slack.has_sockets(1).await;
    assert!(!ann.clicks(&asked, "Tea").await.acked);
    assert_eq!(slack.counter("envelopes"), 1);
    assert_eq!(slack.counter("lost.interactive"), 2);
}

#[tokio::test]
async fn there_are_no_more_sockets_than_slack_allows() {
    let slack = SlackDouble::start(Options { max_sockets: 1, ..Options::default() }).await;
    let mut one = Socket::open(&slack).await;
    assert_eq!(one.next().await.unwrap()["type"], "hello");
    let mut two = Socket::open(&slack).await;
    assert_eq!(two.next().await.unwrap()["reason"], "too_many_websockets");
    assert_eq!(two.next().await, None);
}

#[tokio::test]
async fn a_socket_that_refreshes_gets_nothing_new_and_is_closed() {
    let slack = SlackDouble::start(Options { refresh_grace: Duration::from_millis(50), ..Options::default() }).await;
    let ann = slack.person("Ann");
    let mut one = Socket::open(&slack).await;
    slack.has_sockets(1).await;
    assert!(slack.faults().refresh_socket());
    let mut two = Socket::open(&slack).await;
    slack.has_sockets(1).await;
    ann.says("hello").await;
    assert_eq!(one.next_of("disconnect").await["reason"], "refresh_requested");
    assert_eq!(one.next().await, None);
    assert_eq!(two.next_of("events_api").await["payload"]["event"]["text"], "hello");
}

#[tokio::test]
async fn a_silent_socket_loses_what_is_sent_to_it_until_slack_notices() {
    let (ack_timeout, retry_delays) = (Duration::from_millis(50), vec![Duration::from_millis(20); 1_000]);
    let slack = SlackDouble::start(Options { ack_timeout, retry_delays, ..Options::default() }).await;
    let ann = slack.person("Ann");
    let mut silent = Socket::open(&slack).await;
    assert_eq!(silent.next().await.unwrap()["type"], "hello");
    assert!(slack.faults().silence_socket());
    ann.says("one").await;
    // Nobody acknowledges, so Slack takes the socket for dead, and the retries go to the new one.
    let mut socket = Socket::open(&slack).await;
    let envelope = socket.next_of("events_api").await;
    assert_eq!(envelope["payload"]["event"]["text"], "one");
    socket.ack(&envelope).await;
    slack.is_quiet().await;
    assert!(tokio::time::timeout(Duration::from_millis(20), silent.next()).await.is_err());
}

#[tokio::test]
async fn a_disabled_link_ends_all_sockets_and_gives_no_new_one() {
    let slack = SlackDouble::start(Options::default()).await;
    let mut socket = Socket::open(&slack).await;
    assert_eq!(socket.next().await.unwrap()["type"], "hello");
    slack.faults().disable_link();
    assert_eq!(socket.next_of("disconnect").await["reason"], "link_disabled");
    assert_eq!(socket.next().await, None);
    let answer = call_as(&slack, &slack.app_token(), "apps.connections.open", json!({})).await;
    assert_eq!(answer["ok"], false);
}
