//! The slash command: `/pesto start NAME [arguments]|list|cancel|restart|status|help`, or whatever name the operator
//! gave it. It acts on the person's direct messages, wherever it is given.

use pesto_engine::model::{Body, Control, FlowName};
use serde_json::{Map, Value};

use super::field::{self, Fields, Read, direct, ours};
use super::incoming_text::from_slack;
use super::reading::{Identity, Incoming, Reading};

/// The answer goes to the direct messages, which may not be where the person looks.
const ELSEWHERE: &str = "I answer in our direct messages.";
const WHICH: &str = "Say which one: `start` and its name. I answer in our direct messages.";
const NO_NAME: &str = "There is nothing of that name. I answer in our direct messages with what I can do.";
const UNKNOWN: &str = "I know `start` and a name, `list`, `cancel`, `restart`, `status` and `help`. \
     I answer in our direct messages with what I can do.";

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
    let text = from_slack(fields.maybe_text("text")?.unwrap_or_default(), &us.bot_user);
    let (body, ack_text) = order(&text);
    Ok(Reading::Event(Incoming {
        id: format!("slack/{}/{}", us.team, fields.trigger("trigger_id")?),
        team: us.team.clone(),
        user: user.to_owned(),
        place: direct(us, user)?,
        sent: received,
        body,
        only_if_open: false,
        heard_at: None,
        name_hint: fields.name(&["user_name"]),
        ack_text: Some(ack_text),
    }))
}

/// What the words order, and what is answered at once. A control is one here whatever a flow wants to hear next: this
/// is the way to be sure.
fn order(text: &str) -> (Body, &'static str) {
    let text = text.trim();
    let (word, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    let (word, rest) = (word.to_lowercase(), rest.trim());
    let help = Body::Control(Control::Help);
    match (word.as_str(), rest) {
        ("" | "list", "") => (help, ELSEWHERE),
        ("start", "") => (help, WHICH),
        ("start", rest) => {
            let (name, arguments) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
            match name.to_lowercase().parse::<FlowName>() {
                Ok(flow) => (Body::Start { flow, arguments: arguments.trim().to_owned() }, ELSEWHERE),
                Err(_) => (help, NO_NAME),
            }
        }
        (word, "") => Control::parse(word).map_or((help, UNKNOWN), |control| (Body::Control(control), ELSEWHERE)),
        _ => (help, UNKNOWN),
    }
}
