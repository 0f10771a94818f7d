use serde_json::json;

use super::bot::Socket;
use crate::{Options, SlackDouble};

#[tokio::test]
async fn a_mention_comes_as_two_events_of_one_moment() {
    let slack = SlackDouble::start(Options::default()).await;
    let ann = slack.person("Ann");
    let general = slack.channel("general");
    let mut socket = Socket::open(&slack).await;
    slack.has_sockets(1).await;
    let said = ann.mentions(&general, "start").await;
    let (one, two) = (socket.next_of("events_api").await, socket.next_of("events_api").await);
    let (one, two) = (&one["payload"], &two["payload"]);
    assert_eq!((&one["event"]["type"], &two["event"]["type"]), (&json!("message"), &json!("app_mention")));
    assert_eq!((&one["event"]["ts"], &two["event"]["ts"]), (&json!(said.ts), &json!(said.ts)));
    assert_ne!(one["event_id"], two["event_id"]);
    assert_eq!(two["event"]["text"], format!("<@{}> start", slack.bot_user()));
}

#[tokio::test]
async fn the_app_hears_only_what_it_may() {
    let slack = SlackDouble::start(Options::default()).await;
    let ann = slack.person("Ann");
    let mut socket = Socket::open(&slack).await;
    slack.has_sockets(1).await;
    let foreign = slack.channel("foreign");
    slack.expel_bot(&foreign);
    ann.mentions(&foreign, "nobody hears this").await;
    slack.take_scope("channels:history");
    let general = slack.channel("general");
    ann.chats(&general, "nor this").await;
    ann.says("but this").await;
    assert_eq!(socket.next_of("events_api").await["payload"]["event"]["text"], "but this");
}

#[tokio::test]
async fn changes_uploads_and_deletions_have_their_subtypes() {
    let slack = SlackDouble::start(Options::default()).await;
    let ann = slack.person("Ann");
    let mut socket = Socket::open(&slack).await;
    slack.has_sockets(1).await;
    let said = ann.uploads("cv.pdf", "my file").await;
    let uploaded = socket.next_of("events_api").await;
    assert_eq!(uploaded["payload"]["event"]["subtype"], "file_share");
    assert_eq!(uploaded["payload"]["event"]["files"][0]["name"], "cv.pdf");
    ann.edits(&said, "no file").await;
    let changed = socket.next_of("events_api").await;
    let event = &changed["payload"]["event"];
    assert_eq!((&event["subtype"], &event["message"]["text"]), (&json!("message_changed"), &json!("no file")));
    assert_eq!(event["previous_message"]["text"], "my file");
    ann.deletes(&said).await;
    let deleted = socket.next_of("events_api").await;
    assert_eq!(deleted["payload"]["event"]["deleted_ts"], said.ts.as_str());
}

#[tokio::test]
async fn a_hundred_people_are_heard_at_once() {
    let slack = SlackDouble::start(Options::default()).await;
    let mut socket = Socket::open(&slack).await;
    slack.has_sockets(1).await;
    let people: Vec<_> = (0..100).map(|number| slack.person(&format!("Person {number}"))).collect();
    for person in &people {
        person.says("hello").await;
    }
    for _ in &people {
        let envelope = socket.next_of("events_api").await;
        socket.ack(&envelope).await;
    }
    slack.is_quiet().await;
    assert_eq!(slack.counter("acks"), 100);
}
