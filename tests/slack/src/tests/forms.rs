use serde_json::{Value, json};

use super::bot::{Socket, buttons, call, post_to};
use crate::{Options, SlackDouble, Submitted};

fn form() -> Value {
    let plain = |text: &str| json!({ "type": "plain_text", "text": text });
    json!({
        "type": "modal", "callback_id": "survey", "title": plain("Survey"), "submit": plain("Send"),
        "blocks": [
            { "type": "input", "block_id": "name", "label": plain("Name"),
              "element": { "type": "plain_text_input", "action_id": "name" } },
            { "type": "input", "block_id": "tools", "label": plain("Tools"), "optional": true,
              "element": { "type": "checkboxes", "action_id": "tools", "options": [
                  { "text": plain("Laptop"), "value": "laptop" }, { "text": plain("Phone"), "value": "phone" }] } },
        ],
    })
}

#[tokio::test]
async fn a_form_is_opened_checked_and_taken() {
    let slack = SlackDouble::start(Options::default()).await;
    let ann = slack.person("Ann");
    let mut socket = Socket::open(&slack).await;
    slack.has_sockets(1).await;
    let app = async {
        let command = socket.next_of("slash_commands").await;
        socket.answer(&command, Some(json!({ "text": "one moment" }))).await;
        let trigger = &command["payload"]["trigger_id"];
        let opened = call(&slack, "views.open", json!({ "trigger_id": trigger, "view": form() })).await;
        assert_eq!(opened["ok"], true, "{opened}");
        let again = call(&slack, "views.open", json!({ "trigger_id": trigger, "view": form() })).await;
        assert_eq!(again["error"], "exchanged_trigger_id");
        let submission = socket.next_of("interactive").await;
        let errors = json!({ "response_action": "errors", "errors": { "name": "Too short" } });
        socket.answer(&submission, Some(errors)).await;
        let submission = socket.next_of("interactive").await;
        socket.ack(&submission).await;
        submission["payload"]["view"]["state"]["values"].clone()
    };
    let person = async {
        ann.commands("/pesto", "start survey").await;
        assert_eq!(ann.hears().await.text, "one moment");
        let view = ann.gets_form().await;
        assert_eq!(view.body["callback_id"], "survey");
        assert_eq!(ann.submits(json!({})).await, Submitted::Missing(vec!["name".to_owned()]));
        let wrong = ann.submits(json!({ "name": "A" })).await;
        assert_eq!(wrong, Submitted::Errors([("name".to_owned(), "Too short".to_owned())].into()));
        assert_eq!(ann.submits(json!({ "name": "Ann", "Tools": ["Phone"] })).await, Submitted::Closed);
        assert!(ann.form().is_none());
    };
    let (values, ()) = tokio::join!(app, person);
    assert_eq!(values["name"]["name"], json!({ "type": "plain_text_input", "value": "Ann" }));
    assert_eq!(values["tools"]["tools"]["selected_options"][0]["value"], "phone");
}

#[tokio::test]
async fn marked_boxes_come_with_the_button_that_is_clicked() {
    let slack = SlackDouble::start(Options::default()).await;
    let ann = slack.person("Ann");
    let mut blocks = buttons(&["Done"]);
    let option =
        |label: &str| json!({ "text": { "type": "plain_text", "text": label }, "value": label.to_lowercase() });
    let boxes = json!({ "type": "checkboxes", "action_id": "mark", "options": [option("Rust"), option("Go")] });
    blocks[0]["elements"].as_array_mut().unwrap().insert(0, boxes);
    post_to(&slack, ann.id(), json!({ "text": "?", "blocks": blocks })).await;
    let asked = ann.hears().await;
    let mut socket = Socket::open(&slack).await;
    slack.has_sockets(1).await;
    let app = async {
        let marked = socket.next_of("interactive").await;
        socket.ack(&marked).await;
        let done = socket.next_of("interactive").await;
        socket.ack(&done).await;
        (marked, done)
    };
    let person = async {
        ann.marks(&asked, "mark", &["Go", "rust"]).await;
        ann.clicks(&asked, "Done").await;
    };
    let ((marked, done), ()) = tokio::join!(app, person);
    assert_eq!(marked["payload"]["actions"][0]["selected_options"].as_array().unwrap().len(), 2);
    let state = &done["payload"]["state"]["values"]["choice"]["mark"]["selected_options"];
    assert_eq!((&state[0]["value"], &state[1]["value"]), (&json!("go"), &json!("rust")));
}

#[tokio::test]
async fn a_bad_view_is_refused_and_spares_its_trigger() {
    let slack = SlackDouble::start(Options::default()).await;
    let ann = slack.person("Ann");
    let mut socket = Socket::open(&slack).await;
    slack.has_sockets(1).await;
    let app = async {
        let shortcut = socket.next_of("interactive").await;
        socket.ack(&shortcut).await;
        let mut view = form();
        view["title"]["text"] = "A title that is far too long".into();
        let trigger = &shortcut["payload"]["trigger_id"];
        let refused = call(&slack, "views.open", json!({ "trigger_id": trigger, "view": view })).await;
        assert_eq!(refused["error"], "invalid_arguments");
        call(&slack, "views.open", json!({ "trigger_id": trigger, "view": form() })).await
    };
    let (opened, _) = tokio::join!(app, ann.shortcut("survey", None));
    assert_eq!(opened["ok"], true);
    assert_eq!(
        call(&slack, "views.open", json!({ "trigger_id": "1.2.3", "view": form() })).await["error"],
        "invalid_trigger_id"
    );
    let id = &opened["view"]["id"];
    let stale = json!({ "view_id": id, "hash": "1.a", "view": form() });
    assert_eq!(call(&slack, "views.update", stale).await["error"], "hash_conflict");
}

#[tokio::test]
async fn a_trigger_is_soon_too_old() {
    let slack = SlackDouble::start(Options { trigger_life: std::time::Duration::ZERO, ..Options::default() }).await;
    let ann = slack.person("Ann");
    let mut socket = Socket::open(&slack).await;
    slack.has_sockets(1).await;
    let app = async {
        let shortcut = socket.next_of("interactive").await;
        socket.ack(&shortcut).await;
        shortcut["payload"]["trigger_id"].clone()
    };
    let (trigger, _) = tokio::join!(app, ann.shortcut("survey", None));
    let late = call(&slack, "views.open", json!({ "trigger_id": trigger, "view": form() })).await;
    assert_eq!(late["error"], "expired_trigger_id");
}
