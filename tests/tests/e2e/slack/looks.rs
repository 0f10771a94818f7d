//! What people see: that they were heard, what models write, and calendars.

use std::time::Duration;

use pesto_tests::aimock::Aimock;
use pesto_tests::host::TestHost;
use pesto_tests::setup::Setup;
use serde_json::Value;
use slack_double::{Message, Person, SlackDouble};

use super::double;
use crate::survey::FLOW;

/// A host whose default flow asks a model.
async fn host(slack: &SlackDouble, model: &Aimock) -> TestHost {
    let url = slack.api_url();
    let table = format!(
        "[slack]\nbase_url = \"{url}\"\nbot_token_env = \"SLACK_BOT_TOKEN\"\napp_token_env = \"SLACK_APP_TOKEN\"\n"
    );
    let setup = Setup::new().line("default_flow = \"ask\"").flow("ask").flow(FLOW).model(model.url()).table(&table);
    let setup = setup.variable("SLACK_BOT_TOKEN", &slack.bot_token()).variable("SLACK_APP_TOKEN", &slack.app_token());
    let host = TestHost::start(setup).await;
    slack.has_sockets(2).await;
    host
}

fn is_heard(message: &Message) -> bool {
    message.reactions.contains_key("eyes")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_model_shows_a_sign_until_its_answer_is_there() {
    let (slack, model) = (double().await, Aimock::start(Duration::from_millis(3_000)).await);
    let host = host(&slack, &model).await;
    let ann = slack.person("Ann");
    let asked = ann.says("Why?").await;
    ann.sees_change(&asked, is_heard).await;
    assert!(ann.sees().iter().all(|message| message.user == ann.id()), "there is no answer yet: {}", ann.story());
    assert_eq!(ann.hears().await.shown(), "You said: Why?");
    ann.sees_change(&asked, |message| !is_heard(message)).await;

    // What waits behind it is seen to be heard, and keeps its sign.
    let first = ann.says("One?").await;
    ann.sees_change(&first, is_heard).await;
    let second = ann.says("Two?").await;
    ann.sees_change(&second, is_heard).await;
    assert_eq!(ann.hears().await.shown(), "You said: Why? | One?");
    ann.sees_change(&first, |message| !is_heard(message)).await;
    assert!(is_heard(&ann.rereads(&second).expect("it stands there")), "{}", ann.story());
    assert_eq!(ann.hears().await.shown(), "You said: Why? | One? | Two?");
    ann.sees_change(&second, |message| !is_heard(message)).await;
    host.idle().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_model_writes_looks_as_it_should() {
    let (slack, model) = (double().await, Aimock::start(Duration::ZERO).await);
    let host = host(&slack, &model).await;
    let ann = slack.person("Ann");
    let question = "so:\n# Plan\n- **Bold** <!channel>\n- [a link](https://a.example/b)\n\n\
                    | Name | Age |\n|---|---|\n| Ann | 5 |\n\n```sh\nls **\n```";
    ann.says(question).await;
    let answer = ann.hears().await;
    let shown = "You said: so:\n*Plan*\n• *Bold* &lt;!channel&gt;\n• a link (<https://a.example/b>)\n\n\
                 ```\nName | Age\n-----+----\nAnn  | 5\n```\n\n```\nls **\n```";
    assert_eq!(answer.blocks[0]["text"]["text"], shown);
    host.idle().await;
}

/// The date picker below a message.
fn calendar(message: &Message) -> Option<&Value> {
    message.blocks.iter().find_map(|block| block["elements"].as_array()?.iter().find(|it| it["type"] == "datepicker"))
}

/// Goes on with a survey until it asks for a date.
async fn asked_for_a_date(ann: &Person) -> Message {
    ann.says(&format!("start {FLOW}")).await;
    let plan = crate::survey::Plan::new(0);
    for key in plan.path() {
        let asked = ann.hears().await;
        if calendar(&asked).is_some() {
            return asked;
        }
        super::answer(ann, &asked, plan.reply(key)).await;
    }
    panic!("no date was asked for: {}", ann.story())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_date_is_chosen_in_a_calendar_or_written() {
    let slack = double().await;
    let host = TestHost::start(super::setup(&slack)).await;
    slack.has_sockets(2).await;
    let ann = slack.person("Ann");
    let asked = asked_for_a_date(&ann).await;
    let action = calendar(&asked).and_then(|it| it["action_id"].as_str()).expect("it has an id").to_owned();
    assert!(ann.chooses(&asked, &action, "2999-01-01").await.acked);
    let refused = ann.hears().await.shown();
    assert!(refused.contains("Please choose a date"), "{refused}");
    assert!(calendar(&ann.rereads(&asked).expect("it stands there")).is_some(), "the question is still open");
    let today = std::time::SystemTime::now();
    let day = humantime::format_rfc3339_seconds(today + Duration::from_secs(7 * 86_400)).to_string();
    let day = day.get(..10).expect("a date");
    assert!(ann.chooses(&asked, &action, day).await.acked);
    let next = ann.hears().await;
    assert!(calendar(&next).is_none(), "{}", next.shown());
    let now = ann.sees_change(&asked, |message| !message.has_controls()).await;
    assert!(now.shown().contains(&format!("✓ {day}")), "{}", now.shown());

    ann.says("back").await;
    let again = ann.hears().await;
    assert!(calendar(&again).is_some(), "{}", again.shown());
    ann.says("tomorrow").await;
    let words = ann.hears().await.shown();
    assert!(words.starts_with("That is "), "{words}");
    host.idle().await;
}
