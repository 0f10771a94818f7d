//! Forms: a window opens behind a button, says what is wrong, and is taken once.

use pesto_tests::host::TestHost;
use pesto_tests::setup::Setup;
use serde_json::{Value, json};
use slack_double::{DeliveryFault, Message, Person, RequestUrls, SlackDouble, Submitted};

use super::{double, http_setup};

const FLOW: &str = "feedback";

/// What fills in the form as it should be.
fn good() -> Value {
    json!({ "score": "4", "why": "  Good talks\nand bad coffee ", "day": "2026-01-05", "contact": "yes" })
}

async fn start(slack: &SlackDouble) -> TestHost {
    start_with(slack, "").await
}

/// The same with further lines for the flow.
async fn start_with(slack: &SlackDouble, lines: &str) -> TestHost {
    let url = slack.api_url();
    let table = format!(
        "[slack]\nbase_url = \"{url}\"\nbot_token_env = \"SLACK_BOT_TOKEN\"\napp_token_env = \"SLACK_APP_TOKEN\"\n"
    );
    let mut setup = Setup::new().flow(FLOW).table(&table);
    setup.replace(&format!("[flow.{FLOW}]\n"), &format!("[flow.{FLOW}]\n{lines}"));
    let setup = setup.variable("SLACK_BOT_TOKEN", &slack.bot_token()).variable("SLACK_APP_TOKEN", &slack.app_token());
    let host = TestHost::start(setup).await;
    slack.has_sockets(2).await;
    host
}

/// The message with the form's button.
async fn asked(person: &Person) -> Message {
    person.says(&format!("start {FLOW}")).await;
    person.hears().await
}

/// What was recorded, one row a conversation.
fn recorded(host: &TestHost) -> Vec<Value> {
    let (status, rows, errors) = host.command(&["answers", FLOW, "--format", "jsonl"]);
    assert!(status.success(), "{errors}");
    rows.lines().map(|row| serde_json::from_str::<Value>(row).expect("a row")["answers"].clone()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_form_is_opened_mended_and_taken() {
    let slack = double().await;
    let host = start(&slack).await;
    let ann = slack.person("Ann");
    let message = asked(&ann).await;
    assert_eq!(message.choices(), ["Feedback"]);
    assert!(ann.clicks(&message, "form").await.acked);
    let view = ann.gets_form().await;
    assert_eq!(view.body["title"]["text"], "Feedback");
    let kinds: Vec<_> = view.body["blocks"].as_array().unwrap().iter().map(|one| &one["element"]["type"]).collect();
    assert_eq!(kinds, ["radio_buttons", "plain_text_input", "datepicker", "radio_buttons"]);

    let missing = ann.submits(json!({ "score": "4" })).await;
    assert_eq!(missing, Submitted::Missing(vec!["day".to_owned(), "contact".to_owned()]));
    let mut wrong = good();
    wrong["why"] = "x".into();
    wrong["day"] = "2999-01-01".into();
    let Submitted::Errors(errors) = ann.submits(wrong).await else { panic!("it is wrong: {}", ann.story()) };
    assert_eq!(errors.keys().collect::<Vec<_>>(), ["day", "why"]);
    assert_eq!(errors["why"], "Please write at least 3 characters.");
    assert!(errors["day"].starts_with("Please choose a date up to "), "{errors:?}");
    assert_eq!(recorded(&host), Vec::<Value>::new());

    assert_eq!(ann.submits(good()).await, Submitted::Closed);
    assert_eq!(ann.hears().await.shown(), "Thank you! We will come back to you.");
    let record = json!({ "score": 4, "why": "Good talks\nand bad coffee", "day": "2026-01-05", "contact": true });
    assert_eq!(recorded(&host), [record]);
    let now = ann.sees_change(&message, |message| !message.has_controls()).await;
    assert!(now.shown().contains("✓ Submitted"), "{}", now.shown());
    host.idle().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_form_is_for_those_who_may_take_part() {
    let slack = double().await;
    let (ann, bob, channel) = (slack.person("Ann"), slack.person("Bob"), slack.channel("general"));
    let host = start_with(&slack, &format!("only = [\"user:{}\"]\n", ann.id())).await;
    ann.mentions(&channel, &format!("start {FLOW}")).await;
    let message = ann.hears().await;
    bob.chats(&channel, "hello").await;
    assert!(bob.clicks(&message, "form").await.acked);
    let told = bob.hears().await;
    assert!(told.shown().contains("not everybody can take part"), "{}", told.shown());
    assert_eq!(told.only_for.as_deref(), Some(bob.id()), "nobody else needs to know");
    assert_eq!(slack.counter("calls.views.open"), 0);
    assert!(ann.clicks(&message, "form").await.acked);
    ann.gets_form().await;
    assert_eq!(ann.submits(good()).await, Submitted::Closed);
    assert_eq!(ann.hears().await.shown(), "Thank you! We will come back to you.");
    host.idle().await;
}

/// The answers to a submission go back as the bodies of HTTP answers.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_form_is_mended_and_taken_over_http() {
    let slack = double().await;
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let host = TestHost::start(http_setup(&slack, port).flow(FLOW)).await;
    host.log().wait("Slack's requests are taken at /slack").await;
    let url = format!("http://127.0.0.1:{port}/slack");
    slack.use_http(RequestUrls::all(&url)).await.expect("the host answers the challenge");
    let ann = slack.person("Ann");
    let message = asked(&ann).await;
    assert!(ann.clicks(&message, "form").await.acked);
    ann.gets_form().await;
    let mut wrong = good();
    wrong["why"] = "x".into();
    let errors = [("why".to_owned(), "Please write at least 3 characters.".to_owned())];
    assert_eq!(ann.submits(wrong).await, Submitted::Errors(errors.into()));
    assert_eq!(ann.submits(good()).await, Submitted::Closed);
    assert_eq!(ann.hears().await.shown(), "Thank you! We will come back to you.");
    host.idle().await;
    assert_eq!(recorded(&host).len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_form_that_is_no_longer_open_is_not_taken() {
    let slack = double().await;
    let host = start(&slack).await;
    let ann = slack.person("Ann");
    let first = asked(&ann).await;
    ann.clicks(&first, "form").await;
    ann.gets_form().await;
    // Words instead of the form close it, and the flow shows another.
    ann.says("It was fine.").await;
    let second = ann.hears().await;
    assert_eq!(second.choices(), ["Feedback"]);
    assert_eq!(ann.submits(good()).await, Submitted::Shown);
    let view = ann.form().expect("the window says so");
    assert!(view.body.to_string().contains("no longer open"), "{}", view.body);
    ann.closes_form().await;

    // The button that was there when the person pressed it.
    let ended = ann.clicks(&second, "form");
    assert!(ended.await.acked);
    ann.gets_form().await;
    ann.says("cancel").await;
    assert_eq!(ann.hears().await.shown(), "All right. Nothing was recorded.");
    assert_eq!(ann.submits(good()).await, Submitted::Shown);
    host.idle().await;
    assert_eq!(recorded(&host), Vec::<Value>::new());
}

/// Slack's servers may send a click and a submission twice, when an answer was lost on its way.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_form_that_comes_twice_counts_once_and_nobody_is_told() {
    let slack = double().await;
    let host = start(&slack).await;
    let ann = slack.person("Ann");
    let message = asked(&ann).await;
    slack.faults().next_events(&ann, 1, DeliveryFault::Duplicate);
    assert!(ann.clicks(&message, "form").await.acked);
    ann.gets_form().await;
    slack.faults().next_events(&ann, 1, DeliveryFault::Duplicate);
    assert_eq!(ann.submits(good()).await, Submitted::Closed);
    assert_eq!(ann.hears().await.shown(), "Thank you! We will come back to you.");
    host.idle().await;
    assert_eq!(recorded(&host).len(), 1);
    slack.is_quiet().await;
    let said = ann.sees().iter().filter(|message| message.bot_id.is_some()).count();
    assert_eq!(said, 2, "{}", ann.story());
}

/// Others in the channel see the button, and get neither a window nor the starter's answers.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_form_is_its_starters() {
    let slack = double().await;
    let host = start(&slack).await;
    let (ann, ben) = (slack.person("Ann"), slack.person("Ben"));
    let channel = slack.private_channel("team", &[&ann, &ben]);
    ann.mentions(&channel, &format!("start {FLOW}")).await;
    let message = ann.hears().await;
    tokio::join!(ann.clicks(&message, "form"), ben.clicks(&message, "form"));
    ann.gets_form().await;
    let told = ben.hears().await;
    assert!(told.shown().contains("This is Ann's conversation"), "{}", told.shown());
    assert_eq!(told.only_for.as_deref(), Some(ben.id()));
    assert!(ben.form().is_none());
    assert_eq!(ann.submits(good()).await, Submitted::Closed);
    assert_eq!(ann.hears().await.shown(), "Thank you! We will come back to you.");
    host.idle().await;
    assert_eq!(recorded(&host).len(), 1);
}
