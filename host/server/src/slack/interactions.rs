//! What comes when a person uses a control, a form or a shortcut: the same JSON in the form field `payload` of an
//! HTTP body and in the `payload` of a Socket Mode envelope.
//!
//! Ours are the controls of the form that the rendering of messages gives them: the block's id is the message's
//! effect, a button's action `pick.N` or a select's `pick` picks at once, `mark` marks, `done` picks the marked,
//! `fill.KEY` fills in a field, and `form` opens a form, whose window comes back when it is submitted.

use pesto_engine::model::{Body, EffectId, Place};
use serde_json::Value;

use super::controls::{ACTION_DONE, ACTION_FILL, ACTION_FORM, ACTION_MARK, ACTION_PICK, marks_block};
use super::events::is_direct;
use super::field::{self, Fields, Read, Unfit, direct, ours, thread};
use super::form_view::{entered, whose};
use super::reading::{Identity, Incoming, Opening, Reading, Submission};

/// The longest id of a block that Slack takes, in characters.
const LONGEST_BLOCK_ID: usize = 255;

/// The most options that a control can have.
const MOST_OPTIONS: usize = 100;

/// The longest hash of a view that is one, in characters.
const LONGEST_HASH: usize = 60;

/// The callback id of our forms.
pub(super) const FORM: &str = "form";

/// What an interaction leads to. `received` is when it came, in microseconds since 1970-01-01 UTC: taken where Slack
/// does not say when it was done.
pub(super) fn read(payload: &Value, us: &Identity, received: u64) -> Reading {
    field::settle(interaction(payload, us, received))
}

/// Where the message with the used control stands, as its receipt says it, and an address at which it can be replaced.
pub(super) fn reply_address(payload: &Value) -> Option<(String, String)> {
    let text = |path: &str| payload.pointer(path).and_then(Value::as_str);
    let stands = format!("{}/{}", text("/container/channel_id")?, text("/container/message_ts")?);
    let address = text("/response_url").filter(|address| address.len() <= 1_000)?;
    Some((stands, address.to_owned()))
}

fn interaction(payload: &Value, us: &Identity, received: u64) -> Read {
    let fields = Fields::of(payload)?;
    match fields.text("type")? {
        "block_actions" => {}
        "view_submission" => return submission(fields, us, received),
        "view_closed" => return Ok(Reading::Ignored("a closed form")),
        "shortcut" | "message_action" => return Ok(Reading::Ignored("a shortcut, and we have none")),
        "block_suggestion" => return Ok(Reading::Ignored("a search for options, and we have none to search")),
        _ => return Ok(Reading::Ignored("an interaction of a kind that we do not use")),
    }
    if fields.of_another_app(us)? {
        return Ok(Reading::Ignored("for another app"));
    }
    if fields.get("view")?.is_some() {
        return Ok(Reading::Ignored("a control in a form"));
    }
    // One person's one click, says Slack; the list is a promise for later.
    for action in fields.objects("actions", "actions[].")? {
        if let Some(body) = answered(fields, action)? {
            if !for_us(fields, us)? {
                return Ok(Reading::Ignored("of another workspace"));
            }
            return answer(fields, action, us, received, body);
        }
        if action.text("action_id")? == ACTION_FORM && action.maybe_text("type")? == Some("button") {
            if !for_us(fields, us)? {
                return Ok(Reading::Ignored("of another workspace"));
            }
            let (user, message) = (fields.id("user.id")?, message_of(action)?);
            return Ok(Reading::Open(Opening {
                trigger: fields.trigger("trigger_id")?.to_owned(),
                user: user.to_owned(),
                place: of_message(place(fields, us, user)?, us, user, &message)?.0,
                message,
            }));
        }
    }
    if fields.get("actions")?.is_none() {
        return Err(fields.missing("actions"));
    }
    Ok(Reading::Ignored("a control that picks nothing"))
}

/// The forms are opened by the host, which checks them before there is an event. A window that was submitted once is
/// gone; where it comes again, it is the same window at the same state.
fn submission(fields: Fields<'_>, us: &Identity, received: u64) -> Read {
    if fields.of_another_app(us)? {
        return Ok(Reading::Ignored("for another app"));
    }
    if fields.maybe_text("view.callback_id")? != Some(FORM) {
        return Ok(Reading::Ignored("a form that is not ours"));
    }
    let (place, message) = whose(fields)?;
    // We opened it for a place of our workspace, whatever workspace the person who fills it in belongs to.
    if !place.as_str().strip_prefix(us.team.as_str()).is_some_and(|rest| rest.starts_with('/')) {
        return Ok(Reading::Ignored("of another workspace"));
    }
    let (view, hash) = (fields.id("view.id")?, fields.trigger("view.hash")?);
    if hash.len() > LONGEST_HASH {
        return Err(Unfit::new("view.", "hash", "is longer than 60 characters"));
    }
    let values = entered(fields)?;
    let incoming = Incoming {
        id: format!("slack/{}/{view}/{hash}", us.team),
        team: us.team.clone(),
        user: fields.id("user.id")?.to_owned(),
        place,
        sent: received,
        body: Body::Filled { message: message.clone(), values: values.clone() },
        only_if_open: false,
        below: None,
        instead: None,
        mentioned: Vec::new(),
        heard_at: None,
        name_hint: fields.name(&["user.name", "user.username"]),
        ack: None,
    };
    Ok(Reading::Filled(Submission { incoming, message, values }))
}

/// Bot users are a workspace's own, so a control below our own message is ours whatever workspace the person who
/// used it belongs to.
fn for_us(fields: Fields<'_>, us: &Identity) -> Read<bool> {
    if fields.maybe_text("message.user")? == Some(us.bot_user.as_str()) {
        return Ok(true);
    }
    let named = [fields.maybe_text("team.id")?, fields.maybe_text("user.team_id")?];
    let enterprise = fields.flag("is_enterprise_install")? || fields.named("enterprise.id")?.is_some();
    ours(&named, enterprise, us)
}

/// What a control picks or fills in, if it is one of ours that does.
fn answered(fields: Fields<'_>, action: Fields<'_>) -> Read<Option<Body>> {
    let (id, kind) = (action.text("action_id")?, action.maybe_text("type")?.unwrap_or_default());
    let values = match (id, kind) {
        (ACTION_PICK, "static_select") => match action.maybe_text("selected_option.value")? {
            Some(value) => vec![value.to_owned()],
            None => return Ok(None),
        },
        (ACTION_DONE, "button") => marked(fields, action.text("block_id")?)?,
        (id, "button") if is_numbered(id) => vec![action.text("value")?.to_owned()],
        (id, "datepicker") => {
            let (Some(key), Some(day)) = (id.strip_prefix(ACTION_FILL), action.maybe_text("selected_date")?) else {
                return Ok(None);
            };
            let values = [(key.to_owned(), vec![day.to_owned()])].into();
            return Ok(Some(Body::Filled { message: message_of(action)?, values }));
        }
        _ => return Ok(None),
    };
    Ok(Some(Body::Picked { message: message_of(action)?, values }))
}

/// The message that a control stands below.
fn message_of(action: Fields<'_>) -> Read<EffectId> {
    let block = action.text("block_id")?;
    if block.is_empty() || block.chars().nth(LONGEST_BLOCK_ID).is_some() {
        return Err(Unfit::new("actions[].", "block_id", "is not of 1 to 255 characters"));
    }
    Ok(EffectId::stored(block.to_owned()))
}

/// `pick.N`, for the ids of a message's buttons must differ.
fn is_numbered(id: &str) -> bool {
    let number = id.strip_prefix("pick.").unwrap_or_default();
    (1..=3).contains(&number.len()) && number.bytes().all(|byte| byte.is_ascii_digit())
}

/// The state's keys are ids of blocks, in which dots have no meaning.
fn marked(fields: Fields<'_>, block: &str) -> Read<Vec<String>> {
    let fault = |what| Unfit::new("state.values[].mark", ".selected_options", what);
    let values = fields.get("state.values")?.ok_or_else(|| fields.missing("state.values"))?;
    // A select with many answers may stand in no block of actions, so it has one of its own.
    let blocks = [Some(block.to_owned()), Some(marks_block(&EffectId::stored(block.to_owned())))];
    let marked = blocks.iter().flatten().find_map(|block| values.get(block)?.get(ACTION_MARK));
    let marks = marked.and_then(|mark| mark.get("selected_options"));
    let marks = marks.ok_or_else(|| fault("is missing"))?.as_array().ok_or_else(|| fault("is not a list"))?;
    if marks.len() > MOST_OPTIONS {
        return Err(fault("has more than 100 options"));
    }
    let value = |option: &Value| option.get("value").and_then(Value::as_str).map(str::to_owned);
    marks.iter().map(|option| value(option).ok_or_else(|| fault("has an option without a value"))).collect()
}

fn answer(fields: Fields<'_>, action: Fields<'_>, us: &Identity, received: u64, body: Body) -> Read {
    let user = fields.id("user.id")?;
    let place = place(fields, us, user)?;
    let (place, below) = match &body {
        Body::Picked { message, .. } | Body::Filled { message, .. } => of_message(place, us, user, message)?,
        _ => (place, None),
    };
    Ok(Reading::Event(Incoming {
        id: format!("slack/{}/{}", us.team, fields.trigger("trigger_id")?),
        team: us.team.clone(),
        user: user.to_owned(),
        place,
        sent: action.maybe_ts("action_ts")?.map_or(received, |(_, sent)| sent),
        body,
        only_if_open: false,
        below,
        instead: None,
        mentioned: Vec::new(),
        heard_at: None,
        name_hint: fields.name(&["user.name", "user.username"]),
        ack: None,
    }))
}

/// Where a message belongs that stands at a place, and below what it stands. An answer to what was said in a thread of
/// the direct messages stands there, though it may be of what goes on outside the thread: its id tells.
fn of_message(place: Place, us: &Identity, user: &str, message: &EffectId) -> Read<(Place, Option<String>)> {
    let root = place.thread().filter(|(channel, _)| is_direct(channel)).map(|(_, root)| root.to_owned());
    let outside = direct(us, user)?;
    let is_outside = message.as_str().strip_prefix(outside.as_str()).is_some_and(|rest| rest.starts_with('@'));
    Ok(match root {
        Some(root) if is_outside => (outside, Some(root)),
        _ => (place, None),
    })
}

/// Where the message is that the control stands below.
fn place(fields: Fields<'_>, us: &Identity, user: &str) -> Read<Place> {
    let channel = if fields.get("container.channel_id")?.is_some() {
        fields.id("container.channel_id")?
    } else {
        fields.id("channel.id")?
    };
    let message = fields.ts("container.message_ts")?.0;
    let root = match fields.maybe_ts("container.thread_ts")? {
        Some(root) => Some(root),
        None => fields.maybe_ts("message.thread_ts")?,
    };
    // As with events: the first message of a thread names itself as its root.
    match root.map(|(root, _)| root).filter(|root| *root != message) {
        Some(root) => thread(us, channel, root),
        None if is_direct(channel) => direct(us, user),
        None => thread(us, channel, message),
    }
}
