use serde_json::{Value, json};

use super::bot::{buttons, call, call_as, post_to, request};
use crate::{Options, SlackDouble};

async fn error(slack: &SlackDouble, method: &str, arguments: Value) -> String {
    let answer = call(slack, method, arguments).await;
    assert_eq!(answer["ok"], false, "{answer}");
    answer["error"].as_str().unwrap().to_owned()
}

fn unhurried() -> Options {
    Options { post_interval: std::time::Duration::ZERO, ..Options::default() }
}

#[tokio::test]
async fn tokens_and_scopes_are_checked() {
    let slack = SlackDouble::start(Options::default()).await;
    assert_eq!(call_as(&slack, "xoxb-wrong", "auth.test", json!({})).await["error"], "invalid_auth");
    let bot = slack.bot_token();
    assert_eq!(call_as(&slack, &bot, "apps.connections.open", json!({})).await["error"], "not_allowed_token_type");
    let app = slack.app_token();
    assert_eq!(call_as(&slack, &app, "chat.postMessage", json!({})).await["error"], "not_allowed_token_type");
    let in_body = call_as(&slack, &app, "apps.connections.open", json!({ "token": app })).await;
    assert_eq!(in_body["error"], "invalid_auth");
    assert_eq!(error(&slack, "nothing.known", json!({})).await, "unknown_method");

    let answer = request(&slack, &bot, "auth.test", json!({})).await.unwrap();
    assert!(answer.header("x-oauth-scopes").unwrap().contains("chat:write"));
    slack.take_scope("chat:write");
    let answer = call(&slack, "chat.postMessage", json!({ "channel": "C1", "text": "a" })).await;
    assert_eq!((&answer["error"], &answer["needed"]), (&json!("missing_scope"), &json!("chat:write")));
    slack.revoke_token();
    assert_eq!(error(&slack, "auth.test", json!({})).await, "token_revoked");
}

#[tokio::test]
async fn two_posts_within_a_second_are_one_too_many() {
    let slack = SlackDouble::start(Options { post_burst: 1, ..Options::default() }).await;
    let (ann, bob) = (slack.person("Ann"), slack.person("Bob"));
    post_to(&slack, ann.id(), json!({ "text": "one" })).await;
    post_to(&slack, bob.id(), json!({ "text": "another channel" })).await;
    let arguments = json!({ "channel": ann.id(), "text": "two" });
    let limited = request(&slack, &slack.bot_token(), "chat.postMessage", arguments).await.unwrap();
    assert_eq!((limited.status, limited.header("retry-after")), (429, Some("1")));
    assert_eq!(slack.counter("rate_limited.chat.postMessage"), 1);
    assert_eq!(ann.sees().len(), 1);
}

#[tokio::test]
async fn a_channel_and_the_workspace_take_a_burst() {
    let slack = SlackDouble::start(Options { workspace_posts: Some((4, 60)), ..Options::default() }).await;
    let (ann, bob) = (slack.person("Ann"), slack.person("Bob"));
    let post = async |person: &crate::Person| {
        let arguments = json!({ "channel": person.id(), "text": "one" });
        request(&slack, &slack.bot_token(), "chat.postMessage", arguments).await.unwrap().status
    };
    let mut of_ann = Vec::new();
    for _ in 0..4 {
        of_ann.push(post(&ann).await);
    }
    assert_eq!(of_ann, [200, 200, 200, 429]);
    assert_eq!((post(&bob).await, post(&bob).await), (200, 429), "what was refused counts for nothing");
}

/// Otherwise a person could be seen to have answered what was not there yet.
#[tokio::test]
async fn a_call_is_recorded_before_anybody_sees_what_it_did() {
    let slack = SlackDouble::start(unhurried()).await;
    let ann = slack.person("Ann");
    post_to(&slack, ann.id(), json!({ "text": "one" })).await;
    let calls = slack.calls();
    let post = calls.iter().find(|call| call.method == "chat.postMessage").unwrap();
    let shown = ann.sees()[0].ts.replace('.', "").parse::<u64>().unwrap();
    assert!(post.at <= shown, "at {} of what was shown at {shown}", post.at);
}

#[tokio::test]
async fn history_shows_metadata_only_when_asked() {
    let slack = SlackDouble::start(unhurried()).await;
    let ann = slack.person("Ann");
    let metadata = json!({ "event_type": "pesto", "event_payload": { "id": "e1" } });
    post_to(&slack, ann.id(), json!({ "text": "one", "metadata": metadata })).await;
    let channel = ann.direct();
    let plain = call(&slack, "conversations.history", json!({ "channel": channel })).await;
    assert!(plain["messages"][0].get("metadata").is_none());
    let all = json!({ "channel": channel, "include_all_metadata": true });
    let full = call(&slack, "conversations.history", all).await;
    assert_eq!(full["messages"][0]["metadata"], metadata);
    assert_eq!(
        error(&slack, "chat.postMessage", json!({ "channel": channel, "text": "a", "metadata": {} })).await,
        "invalid_metadata_format"
    );
}

#[tokio::test]
async fn history_goes_from_new_to_old_in_pages_and_within_times() {
    let slack = SlackDouble::start(unhurried()).await;
    let ann = slack.person("Ann");
    let mut sent = Vec::new();
    for text in ["a", "b", "c"] {
        sent.push(post_to(&slack, ann.id(), json!({ "text": text })).await["ts"].clone());
    }
    let channel = ann.direct();
    let texts = |answer: &Value| -> Vec<String> {
        let messages = answer["messages"].as_array().unwrap();
        messages.iter().map(|message| message["text"].as_str().unwrap().to_owned()).collect()
    };
    let page = call(&slack, "conversations.history", json!({ "channel": channel, "limit": 2 })).await;
    assert_eq!((texts(&page), &page["has_more"]), (vec!["c".to_owned(), "b".to_owned()], &json!(true)));
    let cursor = &page["response_metadata"]["next_cursor"];
    let rest = call(&slack, "conversations.history", json!({ "channel": channel, "limit": 2, "cursor": cursor })).await;
    assert_eq!((texts(&rest), &rest["has_more"]), (vec!["a".to_owned()], &json!(false)));
    let between = json!({ "channel": channel, "oldest": sent[0], "latest": sent[2] });
    assert_eq!(texts(&call(&slack, "conversations.history", between).await), ["b"]);
    let inclusive = json!({ "channel": channel, "oldest": sent[1], "inclusive": true });
    assert_eq!(texts(&call(&slack, "conversations.history", inclusive).await), ["c", "b"]);
}

#[tokio::test]
async fn threads_are_apart_from_the_channel() {
    let slack = SlackDouble::start(unhurried()).await;
    let ann = slack.person("Ann");
    let root = ann.says("a thread, please").await;
    let reply = json!({ "channel": root.channel, "text": "here", "thread_ts": root.ts });
    let posted = call(&slack, "chat.postMessage", reply).await;
    assert_eq!(posted["message"]["thread_ts"], root.ts.as_str());
    let history = call(&slack, "conversations.history", json!({ "channel": root.channel })).await;
    assert_eq!(history["messages"].as_array().unwrap().len(), 1);
    assert_eq!(history["messages"][0]["reply_count"], 1);
    let thread = json!({ "channel": root.channel, "ts": root.ts });
    let replies = call(&slack, "conversations.replies", thread).await;
    assert_eq!(replies["messages"][1]["text"], "here");
    assert_eq!(ann.hears().await.thread_ts, Some(root.ts));
}

#[tokio::test]
async fn what_slack_refuses_is_refused() {
    let slack = SlackDouble::start(unhurried()).await;
    let ann = slack.person("Ann");
    let general = slack.channel("general");
    let post = |arguments: Value| error(&slack, "chat.postMessage", arguments);
    assert_eq!(post(json!({ "channel": "C404", "text": "a" })).await, "channel_not_found");
    assert_eq!(post(json!({ "channel": general })).await, "no_text");
    assert_eq!(post(json!({ "channel": general, "text": " " })).await, "no_text");
    assert_eq!(post(json!({ "channel": general, "blocks": "{" })).await, "invalid_blocks_format");
    let long = json!([{ "type": "header", "text": { "type": "plain_text", "text": "h".repeat(151) } }]);
    let refused = call(&slack, "chat.postMessage", json!({ "channel": general, "blocks": long })).await;
    assert_eq!(refused["error"], "invalid_blocks");
    assert!(refused["response_metadata"]["messages"][0].as_str().unwrap().contains("must be less than 151"));
    let section = json!({ "type": "section", "text": { "type": "mrkdwn", "text": "s".repeat(2_900) } });
    let many = vec![section; 5];
    assert_eq!(post(json!({ "channel": general, "blocks": many })).await, "msg_blocks_too_long");
    slack.archive(&general);
    assert_eq!(post(json!({ "channel": general, "text": "a" })).await, "is_archived");

    let said = ann.says("mine").await;
    let update = json!({ "channel": said.channel, "ts": said.ts, "text": "yours" });
    assert_eq!(error(&slack, "chat.update", update).await, "cant_update_message");
    let by_person = json!({ "channel": ann.id(), "ts": said.ts, "text": "yours" });
    assert_eq!(error(&slack, "chat.update", by_person).await, "channel_not_found");
    let nothing = json!({ "channel": said.channel, "ts": "1.000000", "text": "a" });
    assert_eq!(error(&slack, "chat.update", nothing).await, "message_not_found");
    assert_eq!(error(&slack, "users.info", json!({ "user": "U404" })).await, "user_not_found");
    ann.leaves().await;
    assert_eq!(error(&slack, "conversations.open", json!({ "users": ann.id() })).await, "user_disabled");
}

#[tokio::test]
async fn an_update_replaces_text_and_controls() {
    let slack = SlackDouble::start(unhurried()).await;
    let ann = slack.person("Ann");
    post_to(&slack, ann.id(), json!({ "text": "?", "blocks": buttons(&["Tea"]) })).await;
    let asked = ann.hears().await;
    // What is not sent stays, and that is how bots leave their buttons behind.
    let only_text = json!({ "channel": asked.channel, "ts": asked.ts, "text": "Tea it is" });
    assert_eq!(call(&slack, "chat.update", only_text).await["ok"], true);
    assert_eq!(ann.rereads(&asked).unwrap().choices(), ["Tea"]);
    let update = json!({ "channel": asked.channel, "ts": asked.ts, "text": "Tea it is", "blocks": [] });
    assert_eq!(call(&slack, "chat.update", update).await["ok"], true);
    let now = ann.sees_change(&asked, |message| !message.has_controls()).await;
    assert_eq!((now.shown().as_str(), now.edited.is_some()), ("Tea it is", true));
    assert_eq!(ann.sees().len(), 1);
}

#[tokio::test]
async fn people_have_a_language_and_groups() {
    let slack = SlackDouble::start(Options::default()).await;
    let ann = slack.person_with("Ann", |user| "de-DE".clone_into(&mut user.locale));
    let info = call(&slack, "users.info", json!({ "user": ann.id(), "include_locale": true })).await;
    assert_eq!((&info["user"]["locale"], &info["user"]["tz"]), (&json!("de-DE"), &json!("Europe/Berlin")));
    let group = slack.group("staff", &[&ann]);
    let users = call(&slack, "usergroups.users.list", json!({ "usergroup": group })).await;
    assert_eq!(users["users"], json!([ann.id()]));
}

#[tokio::test]
async fn reactions_and_status_are_seen() {
    let slack = SlackDouble::start(Options::default()).await;
    let ann = slack.person("Ann");
    let said = ann.says("hello").await;
    let reaction = json!({ "channel": said.channel, "timestamp": said.ts, "name": "eyes" });
    assert_eq!(call(&slack, "reactions.add", reaction.clone()).await["ok"], true);
    assert_eq!(error(&slack, "reactions.add", reaction).await, "already_reacted");
    assert!(ann.rereads(&said).unwrap().reactions.contains_key("eyes"));
    let status = json!({ "channel_id": said.channel, "thread_ts": said.ts, "status": "is thinking" });
    assert_eq!(call(&slack, "assistant.threads.setStatus", status).await["ok"], true);
    assert_eq!(ann.sees_status().as_deref(), Some("is thinking"));
    post_to(&slack, ann.id(), json!({ "text": "thought" })).await;
    assert_eq!(ann.sees_status(), None);
}

#[tokio::test]
async fn a_status_fades() {
    let life = std::time::Duration::ZERO;
    let slack = SlackDouble::start(Options { status_life: life, ..Options::default() }).await;
    let ann = slack.person("Ann");
    let said = ann.says("hello").await;
    let status = json!({ "channel_id": said.channel, "thread_ts": said.ts, "status": "is thinking" });
    assert_eq!(call(&slack, "assistant.threads.setStatus", status).await["ok"], true);
    assert_eq!(ann.sees_status(), None);
}

#[tokio::test]
async fn tiers_are_enforced_when_they_are_asked_for() {
    let tiers = [("users.info".to_owned(), 2)].into();
    let slack = SlackDouble::start(Options { tiers, ..Options::default() }).await;
    let ann = slack.person("Ann");
    let info = async || request(&slack, &slack.bot_token(), "users.info", json!({ "user": ann.id() })).await.unwrap();
    assert_eq!((info().await.status, info().await.status), (200, 200));
    let limited = info().await;
    assert_eq!(limited.status, 429);
    assert!((59..=60).contains(&limited.header("retry-after").unwrap().parse().unwrap()));
    assert_eq!(slack.counter("rate_limited.users.info"), 1);
}

#[tokio::test]
async fn a_response_url_replaces_all_and_is_used_up() {
    use super::bot::Socket;
    use crate::http_client::post;

    let slack = SlackDouble::start(unhurried()).await;
    let ann = slack.person("Ann");
    post_to(&slack, ann.id(), json!({ "text": "?", "blocks": buttons(&["Tea"]) })).await;
    let asked = ann.hears().await;
    let mut socket = Socket::open(&slack).await;
    slack.has_sockets(1).await;
    let app = async {
        let envelope = socket.next_of("interactive").await;
        socket.ack(&envelope).await;
        envelope["payload"]["response_url"].as_str().unwrap().to_owned()
    };
    let (url, _) = tokio::join!(app, ann.clicks(&asked, "Tea"));
    let respond = async |body: Value| post(&url, &[], &body.to_string()).await.unwrap().status;
    assert_eq!(respond(json!({ "replace_original": true, "text": "Tea" })).await, 200);
    assert!(!ann.rereads(&asked).unwrap().has_controls());
    for _ in 0..4 {
        assert_eq!(respond(json!({ "text": "only for you" })).await, 200);
    }
    assert_eq!(respond(json!({ "text": "once too often" })).await, 404);
    assert_eq!(ann.hears().await.only_for.as_deref(), Some(ann.id()));
}
