//! People in Slack: the real host between its flows and a double of Slack.

mod campaign;
mod doctor;
mod forms;
mod judge;
mod looks;
mod pace;
mod talk;
mod whom;
mod zones;

use std::time::Duration;

use pesto_tests::setup::Setup;
use slack_double::{Message, Options, Person, SlackDouble};

use crate::survey::{CLOSING, FLOW, Plan, Reply};

/// A folder for a host in this workspace, over Socket Mode.
pub(crate) fn setup(slack: &SlackDouble) -> Setup {
    workspace(slack, "app_token_env = \"SLACK_APP_TOKEN\"\n").variable("SLACK_APP_TOKEN", &slack.app_token())
}

/// The same over HTTP.
fn http_setup(slack: &SlackDouble, port: u16) -> Setup {
    let lines = format!("listen = \"127.0.0.1:{port}\"\nsigning_secret_env = \"SLACK_SIGNING_SECRET\"\n");
    workspace(slack, &lines).variable("SLACK_SIGNING_SECRET", &slack.signing_secret())
}

/// The double takes as many posts in all as there are, unless it is told otherwise.
const UNHURRIED: &str = "posts_a_minute = 60000";

/// A folder for a host in this workspace, with further lines for `[slack]`.
fn workspace(slack: &SlackDouble, lines: &str) -> Setup {
    let url = slack.api_url();
    let table =
        format!("[slack]\nbase_url = \"{url}\"\nbot_token_env = \"SLACK_BOT_TOKEN\"\nidle_s = 2\n{UNHURRIED}\n{lines}");
    Setup::new().flow(FLOW).canned().table(&table).variable("SLACK_BOT_TOKEN", &slack.bot_token())
}

/// Between two clicks where nobody answers.
const PAUSE: Duration = Duration::from_millis(200);

pub(crate) async fn double() -> SlackDouble {
    SlackDouble::start(Options::default()).await
}

/// Holds the survey to its end; what the bot wrote, in order.
pub(crate) async fn hold(person: &Person, plan: &Plan) -> Vec<Message> {
    person.says(&format!("start {FLOW}")).await;
    let mut heard = Vec::new();
    for key in plan.path() {
        let message = person.hears().await;
        if key != CLOSING {
            answer(person, &message, plan.reply(key)).await;
        }
        heard.push(message);
    }
    heard
}

/// Answers a question with its controls where it has some that fit, or in words.
pub(crate) async fn answer(person: &Person, question: &Message, reply: Reply) {
    let wanted: Vec<String> = match &reply {
        Reply::Say(text) => text.split(", ").map(str::to_owned).collect(),
        Reply::Pick(values) => values.iter().map(|&value| value.to_owned()).collect(),
    };
    let blocks = serde_json::Value::Array(question.blocks.clone());
    let options = options(&blocks);
    let option = |wanted: &String| {
        let fits = |(label, value): &&(String, String)| [label, value].iter().any(|it| it.eq_ignore_ascii_case(wanted));
        options.iter().find(fits).map(|(label, _)| label.as_str())
    };
    let picked: Option<Vec<_>> = wanted.iter().map(option).collect();
    match (picked, reply) {
        (Some(labels), _) if has_marks(&blocks) => {
            person.marks(question, "mark", &labels).await;
            click(person, question, "done").await;
        }
        (Some(labels), _) => click(person, question, labels[0]).await,
        (None, Reply::Say(text)) => drop(person.says(&text).await),
        (None, Reply::Pick(values)) => panic!("{values:?} cannot be picked from {options:?}"),
    }
}

/// Clicks as people do: again, where Slack shows that nobody answered. Unlike events, it sends no click twice by itself.
async fn click(person: &Person, question: &Message, control: &str) {
    while person.rereads(question).is_some_and(|now| now.has_controls()) {
        if person.clicks(question, control).await.acked {
            return;
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Label and value of whatever can be clicked or marked.
fn options(blocks: &serde_json::Value) -> Vec<(String, String)> {
    use serde_json::Value;
    match blocks {
        Value::Array(all) => all.iter().flat_map(options).collect(),
        Value::Object(one) => {
            let text = |path: &str| blocks.pointer(path).and_then(Value::as_str).map(str::to_owned);
            let own = text("/text/text").zip(text("/value")).filter(|_| text("/action_id").as_deref() != Some("done"));
            own.into_iter().chain(one.values().flat_map(options)).collect()
        }
        _ => Vec::new(),
    }
}

fn has_marks(blocks: &serde_json::Value) -> bool {
    blocks.to_string().contains("\"action_id\":\"mark\"")
}
