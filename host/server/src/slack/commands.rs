//! The slash command: `/pesto [start] NAME [arguments]|list|cancel|restart|status|help`, or whatever name the operator
//! gave it. A flow's trigger is as good as its name. It acts on the person's direct messages, wherever it is given.

use pesto_engine::model::{Body, Control, FlowName};
use serde_json::{Map, Value};

use super::field::{self, Fields, Read, direct, ours};
use super::incoming_text::{from_slack, mentioned};
use super::reading::{Ack, Identity, Incoming, Reading};
use super::words::Told;

/// Words that end a conversation, whatever the channel. Here nothing else can be meant.
const ENDS: [&str; 6] = ["stop", "end", "exit", "quit", "abort", "leave"];
/// What people say beside a control word.
const POLITE: [&str; 12] =
    ["please", "pls", "plz", "bitte", "now", "it", "this", "that", "all", "everything", "thanks", "pesto"];

/// The fields of a form as the object that Socket Mode sends. Of fields with one name, the last counts.
pub(super) fn from_form(fields: impl IntoIterator<Item = (String, String)>) -> Value {
    Value::Object(fields.into_iter().map(|(name, value)| (name, Value::String(value))).collect::<Map<_, _>>())
}

/// What a slash command leads to. `received` is when it came, in microseconds since 1970-01-01 UTC by our clock, for
/// Slack does not say when it was given.
pub(super) fn read(payload: &Value, us: &Identity, received: u64) -> Reading {
    field::settle(command(payload, us, received))
}

fn command(payload: &Value, us: &Identity, received: u64) -> Read {
    let fields = Fields::of(payload)?;
    // Slack sends it to a command's address now and then.
    if fields.named("ssl_check")?.is_some() {
        return Ok(Reading::Ignored("a check of the certificate"));
    }
    if fields.named("command")?.is_none() {
        return Err(fields.missing("command"));
    }
    if fields.of_another_app(us)? {
        return Ok(Reading::Ignored("for another app"));
    }
    if !ours(&[fields.maybe_text("team_id")?], fields.named("enterprise_id")?.is_some(), us)? {
        return Ok(Reading::Ignored("of another workspace"));
    }
    let user = fields.id("user_id")?;
    let slack_text = fields.maybe_text("text")?.unwrap_or_default();
    let (body, told) = order(&from_slack(slack_text, &us.bot_user));
    let app = fields.get("api_app_id")?.map(|_| fields.id("api_app_id")).transpose()?;
    Ok(Reading::Event(Incoming {
        id: format!("slack/{}/{}", us.team, fields.trigger("trigger_id")?),
        team: us.team.clone(),
        user: user.to_owned(),
        place: direct(us, user)?,
        sent: received,
        body,
        only_if_open: false,
        below: None,
        instead: None,
        mentioned: mentioned(slack_text),
        heard_at: None,
        name_hint: fields.name(&["user_name"]),
        ack: Some(Ack { told, address: app.map(|app| address(us, app)) }),
    }))
}

/// Of the direct messages, which Slack opens by workspace and app.
fn address(us: &Identity, app: &str) -> String {
    format!("slack://app?team={}&amp;id={app}&amp;tab=messages", us.team)
}

/// The control that words say, whatever politeness stands beside it.
fn control(word: &str, rest: &str) -> Option<Control> {
    let bare = |word: &str| word.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase();
    let word = bare(word);
    let said = Control::parse(&word).or_else(|| ENDS.contains(&word.as_str()).then_some(Control::Cancel))?;
    rest.split_whitespace().map(bare).all(|word| word.is_empty() || POLITE.contains(&word.as_str())).then_some(said)
}

/// What the words order, and what is answered at once. A control is one here whatever a flow wants to hear next: this
/// is the way to be sure.
fn order(text: &str) -> (Body, Told) {
    let text = text.trim();
    let (word, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    let (word, rest) = (word.to_lowercase(), rest.trim());
    let help = Body::Control(Control::Help);
    match (word.as_str(), rest) {
        ("" | "list", "") => (help, Told::Elsewhere),
        ("start", "") => (help, Told::Which),
        ("start", rest) => {
            let (name, arguments) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
            match name.to_lowercase().parse::<FlowName>() {
                Ok(flow) => (Body::Start { flow, arguments: arguments.trim().to_owned() }, Told::Elsewhere),
                Err(_) => (help, Told::NoName),
            }
        }
        (word, rest) => match (control(word, rest), word.parse::<FlowName>()) {
            (Some(control), _) => (Body::Control(control), Told::Elsewhere),
            (None, Ok(flow)) if control(word, "").is_none() => {
                (Body::Start { flow, arguments: rest.to_owned() }, Told::Elsewhere)
            }
            _ => (help, Told::Unknown),
        },
    }
}
