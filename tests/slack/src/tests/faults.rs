use std::time::Duration;

use serde_json::json;

use super::bot::{Socket, call, request};
use crate::{DeliveryFault, Fault, Options, SlackDouble, When};

#[tokio::test]
async fn calls_fail_before_or_after_the_work() {
    let slack = SlackDouble::start(Options { post_interval: Duration::ZERO, ..Options::default() }).await;
    let ann = slack.person("Ann");
    let post = async || {
        let arguments = json!({ "channel": ann.id(), "text": "a" });
        request(&slack, &slack.bot_token(), "chat.postMessage", arguments).await.map(|answer| answer.status).ok()
    };
    let faults = slack.faults();
    for (fault, status, messages) in [
        (Fault::RateLimited { after: 7 }, Some(429), 0),
        (Fault::ServerError { when: When::Before }, Some(500), 0),
        (Fault::ServerError { when: When::After }, Some(500), 1),
        (Fault::Dropped { when: When::Before }, None, 1),
        (Fault::Dropped { when: When::After }, None, 2),
        (Fault::Slow { ms: 1, when: When::After }, Some(200), 3),
    ] {
        faults.next("chat.postMessage", fault.clone());
        assert_eq!(post().await, status, "{fault:?}");
        assert_eq!(ann.sees().len(), messages, "{fault:?}");
    }
    assert_eq!(post().await, Some(200));
    assert_eq!(slack.injected().values().sum::<u64>(), 6);
    assert_eq!(slack.counter("rate_limited"), 0);
    faults.next("auth.test", Fault::Refused { error: "internal_error".to_owned() });
    assert_eq!(call(&slack, "auth.test", json!({})).await["error"], "internal_error");
}

#[tokio::test]
async fn events_come_twice_again_late_and_swapped() {
    let slack = SlackDouble::start(Options::default()).await;
    let ann = slack.person("Ann");
    let mut socket = Socket::open(&slack).await;
    slack.has_sockets(1).await;
    let mut next = async || {
        let envelope = socket.next_of("events_api").await;
        socket.ack(&envelope).await;
        (envelope["payload"]["event"]["text"].as_str().unwrap().to_owned(), envelope["retry_attempt"].as_u64().unwrap())
    };
    let faults = slack.faults();
    let is = |text: &str, attempt| (text.to_owned(), attempt);

    faults.next_events(&ann, 1, DeliveryFault::Duplicate);
    ann.says("twice").await;
    assert_eq!((next().await, next().await), (is("twice", 0), is("twice", 0)));

    faults.next_events(&ann, 1, DeliveryFault::RetriedThoughAcked);
    ann.says("again").await;
    assert_eq!((next().await, next().await), (is("again", 0), is("again", 1)));

    faults.next_events(&ann, 1, DeliveryFault::Swapped);
    ann.says("one").await;
    ann.says("two").await;
    assert_eq!((next().await, next().await), (is("two", 0), is("one", 0)));

    faults.next_events(&ann, 1, DeliveryFault::Delayed { ms: 30 });
    ann.says("late").await;
    ann.says("early").await;
    assert_eq!((next().await, next().await), (is("early", 0), is("late", 0)));

    let injected = slack.injected();
    assert!(["duplicate", "retried_though_acked", "swapped", "delayed"].iter().all(|kind| injected[*kind] == 1));
    slack.is_quiet().await;
}

#[tokio::test]
async fn what_has_nothing_to_swap_with_is_sent_after_all() {
    let patience = Duration::from_millis(20);
    let slack = SlackDouble::start(Options { swap_patience: patience, ..Options::default() }).await;
    let ann = slack.person("Ann");
    let mut socket = Socket::open(&slack).await;
    slack.has_sockets(1).await;
    slack.faults().next_events(&ann, 1, DeliveryFault::Swapped);
    ann.says("alone").await;
    assert_eq!(socket.next_of("events_api").await["payload"]["event"]["text"], "alone");
    assert!(slack.injected().is_empty());
}

#[tokio::test]
async fn sockets_are_cut_and_refused_on_order() {
    let slack = SlackDouble::start(Options::default()).await;
    let mut socket = Socket::open(&slack).await;
    slack.has_sockets(1).await;
    assert!(slack.faults().cut_socket());
    assert_eq!(socket.next().await.map(|hello| hello["type"].clone()), Some(json!("hello")));
    assert_eq!(socket.next().await, None);
    slack.faults().too_many_sockets(1);
    let mut refused = Socket::open(&slack).await;
    assert_eq!(refused.next().await.unwrap()["reason"], "too_many_websockets");
    let mut taken = Socket::open(&slack).await;
    assert_eq!(taken.next().await.unwrap()["type"], "hello");
}
