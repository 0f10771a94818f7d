use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

use super::refusal::Refusal;
use super::{Answer, Arguments};
use crate::blocks;
use crate::events::Change;
use crate::model::{Kind, Message};
use crate::state::State;
use crate::wire;

/// What a message says.
#[derive(Debug, Default)]
pub(crate) struct Content {
    pub(crate) text: Option<String>,
    pub(crate) blocks: Option<Vec<Value>>,
    pub(crate) attachments: Option<Vec<Value>>,
    pub(crate) metadata: Option<Value>,
}

/// Slack cuts the text of a post there, and does not say so.
const LONGEST_TEXT: usize = 40_000;
/// An update's text is refused above this.
const LONGEST_UPDATE: usize = 4_000;
/// Found by others: Slack documents no such bound on a message's blocks as a whole.
const MOST_CHARACTERS: usize = 13_200;

/// What a call says. Only an update may bring empty metadata, which takes the old away.
fn read(arguments: &Arguments, is_update: bool) -> Result<Content, Refusal> {
    let array = |name: &str, error: &str| match arguments.json(name) {
        Ok(None) => Ok(None),
        Ok(Some(Value::Array(all))) => Ok(Some(all)),
        _ => Err(Refusal::new(error)),
    };
    let metadata = match arguments.json("metadata") {
        Ok(None) => None,
        Ok(Some(Value::Object(fields))) if is_update && fields.is_empty() => Some(json!({})),
        Ok(Some(metadata)) if metadata["event_type"].is_string() && metadata["event_payload"].is_object() => {
            Some(metadata)
        }
        _ => return Err(Refusal::new("invalid_metadata_format")),
    };
    content(Content {
        text: arguments.any_text("text").map(str::to_owned),
        blocks: array("blocks", "invalid_blocks_format")?,
        attachments: array("attachments", "invalid_attachments")?,
        metadata,
    })
}

/// Checks a message's content as Slack does.
pub(crate) fn content(mut content: Content) -> Result<Content, Refusal> {
    if let Some(blocks) = &content.blocks {
        let problems = blocks::problems(blocks, &blocks::MESSAGE);
        if !problems.is_empty() {
            return Err(Refusal::new("invalid_blocks").because(&problems));
        }
        if blocks::characters(blocks) > MOST_CHARACTERS {
            return Err(Refusal::new("msg_blocks_too_long"));
        }
    }
    if let Some(text) = &mut content.text
        && let Some((cut, _)) = text.char_indices().nth(LONGEST_TEXT)
    {
        text.truncate(cut);
    }
    Ok(content)
}

fn says_something(content: &Content) -> Result<(), Refusal> {
    let blank = content.text.as_deref().is_none_or(|text| text.trim().is_empty());
    let none = |list: &Option<Vec<Value>>| list.as_ref().is_none_or(Vec::is_empty);
    if blank && none(&content.blocks) && none(&content.attachments) {
        return Err(Refusal::new("no_text"));
    }
    Ok(())
}

/// The channel that a call means: its id, or a person's, whose direct messages are meant then.
fn channel(state: &mut State, arguments: &Arguments) -> Result<String, Refusal> {
    let named = arguments.text("channel").ok_or_else(|| Refusal::new("channel_not_found"))?;
    if state.users.get(named).is_some_and(|user| !user.is_bot) {
        return Ok(state.direct(named));
    }
    let channel = state.channels.get(named).ok_or_else(|| Refusal::new("channel_not_found"))?;
    let is_in = channel.members.contains(&state.app.bot_user);
    if !is_in && channel.kind != Kind::Public {
        return Err(Refusal::new("channel_not_found"));
    }
    if !is_in {
        return Err(Refusal::new("not_in_channel"));
    }
    Ok(channel.id.clone())
}

fn not_archived(state: &State, channel: &str) -> Result<(), Refusal> {
    match state.channels.get(channel) {
        Some(channel) if channel.archived => Err(Refusal::new("is_archived")),
        _ => Ok(()),
    }
}

/// The bot's message, not yet shown. In a thread only if the thread is there.
fn compose(state: &mut State, channel: &str, thread_ts: Option<&str>, content: Content) -> Message {
    let mut blocks = content.blocks.unwrap_or_default();
    blocks::name_all(&mut blocks, &mut state.ids);
    Message {
        ts: state.ids.ts(),
        channel: channel.to_owned(),
        // A reply to a reply stands in the thread of the first message.
        thread_ts: thread_ts.map(|ts| state.message(channel, ts).map_or(ts, Message::thread).to_owned()),
        user: state.app.bot_user.clone(),
        bot_id: Some(state.app.bot_id.clone()),
        text: content.text.unwrap_or_default(),
        blocks,
        attachments: content.attachments.unwrap_or_default(),
        metadata: content.metadata,
        ..Message::default()
    }
}

/// When a burst of posts will be whole again after one more; how long it has to wait where it is used up.
fn one_more(full: Option<Instant>, now: Instant, burst: u32, interval: Duration) -> Result<Instant, Duration> {
    let full = full.map_or(now, |full| full.max(now));
    let used = full.duration_since(now);
    let saved = interval * burst.saturating_sub(1);
    if used > saved { Err(used - saved) } else { Ok(full + interval) }
}

/// What a post takes off the bursts of its channel and of the workspace.
struct Pace {
    of_channel: Instant,
    of_workspace: Instant,
}

fn pace(state: &mut State, channel: &str) -> Result<Pace, Refusal> {
    let now = Instant::now();
    let full = state.channels.get(channel).and_then(|channel| channel.posts_full);
    let of_channel = one_more(full, now, state.options.post_burst, state.options.post_interval);
    let of_workspace = match state.options.workspace_posts {
        Some((burst, a_minute)) => one_more(state.posts_full, now, burst, Duration::from_secs(60) / a_minute.max(1)),
        None => Ok(now),
    };
    match (of_channel, of_workspace) {
        (Ok(of_channel), Ok(of_workspace)) => Ok(Pace { of_channel, of_workspace }),
        (of_channel, of_workspace) => {
            state.count("rate_limited");
            state.count("rate_limited.chat.postMessage");
            let wait = of_channel.err().max(of_workspace.err()).unwrap_or_default();
            Err(Refusal::rate_limited(wait.as_secs_f64().ceil() as u64))
        }
    }
}

pub(super) fn post_message(state: &mut State, arguments: &Arguments) -> Answer {
    let channel = channel(state, arguments)?;
    not_archived(state, &channel)?;
    let Pace { of_channel, of_workspace } = pace(state, &channel)?;
    let content = read(arguments, false)?;
    says_something(&content)?;
    let message = compose(state, &channel, arguments.text("thread_ts"), content);
    state.posts_full = Some(of_workspace);
    if let Some(channel) = state.channels.get_mut(&channel) {
        channel.posts_full = Some(of_channel);
    }
    let shown = wire::message(&message, &state.app, false);
    let ts = message.ts.clone();
    state.show(message.clone());
    if state.options.echo {
        let bot = state.app.bot_user.clone();
        state.tell_message(&bot, &message, Change::Posted);
    }
    Ok(json!({ "channel": channel, "ts": ts, "message": shown }))
}

pub(super) fn post_ephemeral(state: &mut State, arguments: &Arguments) -> Answer {
    let channel = channel(state, arguments)?;
    let user = arguments.text("user").ok_or_else(|| Refusal::new("user_not_in_channel"))?.to_owned();
    if !state.channels.get(&channel).is_some_and(|channel| channel.members.contains(&user)) {
        return Err(Refusal::new("user_not_in_channel"));
    }
    not_archived(state, &channel)?;
    let content = read(arguments, false)?;
    says_something(&content)?;
    let mut message = compose(state, &channel, arguments.text("thread_ts"), content);
    message.only_for = Some(user);
    let ts = message.ts.clone();
    state.show(message);
    Ok(json!({ "message_ts": ts }))
}

/// A message of the bot that everybody sees.
fn own(state: &State, channel: &str, arguments: &Arguments, not_ours: &str) -> Result<Message, Refusal> {
    let ts = arguments.text("ts").ok_or_else(|| Refusal::new("message_not_found"))?;
    let found = state.message(channel, ts).filter(|message| message.only_for.is_none());
    let message = found.ok_or_else(|| Refusal::new("message_not_found"))?;
    if message.user != state.app.bot_user {
        return Err(Refusal::new(not_ours));
    }
    Ok(message.clone())
}

pub(super) fn update(state: &mut State, arguments: &Arguments) -> Answer {
    // Here a person's id does not stand for their direct messages.
    let named = arguments.text("channel").filter(|named| state.channels.contains_key(*named));
    let channel = named.ok_or_else(|| Refusal::new("channel_not_found"))?.to_owned();
    let before = own(state, &channel, arguments, "cant_update_message")?;
    not_archived(state, &channel).map_err(|_| Refusal::new("is_inactive"))?;
    let content = read(arguments, true)?;
    if content.text.as_deref().is_some_and(|text| text.chars().count() > LONGEST_UPDATE) {
        return Err(Refusal::new("msg_too_long"));
    }
    says_something(&content)?;
    let after = changed(state, before.clone(), content);
    replace(state, before, after.clone());
    Ok(json!({
        "channel": channel, "ts": after.ts, "text": after.text,
        "message": wire::message(&after, &state.app, false),
    }))
}

/// The message with another content. What is not sent stays; only an empty list takes blocks away, and only an empty
/// object metadata.
pub(crate) fn changed(state: &mut State, mut message: Message, content: Content) -> Message {
    if let Some(text) = content.text {
        message.text = text;
    }
    if let Some(mut blocks) = content.blocks {
        blocks::name_all(&mut blocks, &mut state.ids);
        message.blocks = blocks;
        message.chosen.clear();
    }
    if let Some(attachments) = content.attachments {
        message.attachments = attachments;
    }
    message.metadata = content
        .metadata
        .or(message.metadata)
        .filter(|metadata| metadata.as_object().is_none_or(|fields| !fields.is_empty()));
    message.edited = Some(state.ids.ts());
    message
}

/// Puts the changed message in the old one's place, and tells those who see it and the app.
pub(crate) fn replace(state: &mut State, before: Message, after: Message) {
    let hearers = state.hearers(&after);
    if let Some(there) = state.message_mut(&after.channel, &after.ts) {
        *there = after.clone();
    }
    for user in hearers {
        state.ring(&user);
    }
    if state.options.echo {
        let bot = state.app.bot_user.clone();
        state.tell_message(&bot, &after, Change::Changed(Box::new(before)));
    }
}

pub(super) fn delete(state: &mut State, arguments: &Arguments) -> Answer {
    let channel = channel(state, arguments)?;
    let message = own(state, &channel, arguments, "cant_delete_message")?;
    remove(state, &message);
    Ok(json!({ "channel": channel, "ts": message.ts }))
}

/// Takes a message of the bot away.
pub(crate) fn remove(state: &mut State, message: &Message) {
    let hearers = state.hearers(message);
    if let Some(channel) = state.channels.get_mut(&message.channel) {
        channel.messages.remove(&message.ts);
    }
    for user in hearers {
        state.ring(&user);
    }
    if state.options.echo {
        let bot = state.app.bot_user.clone();
        state.tell_message(&bot, message, Change::Deleted);
    }
}
