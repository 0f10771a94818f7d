use serde_json::{Value, json};

use super::refusal::Refusal;
use super::{Answer, Arguments, demand};
use crate::model::{Channel, Kind, Message};
use crate::state::State;
use crate::wire;

/// A channel that the bot can see.
fn seen<'a>(state: &'a State, arguments: &Arguments) -> Result<&'a Channel, Refusal> {
    let named = arguments.text("channel").unwrap_or_default();
    let channel = state.channels.get(named).ok_or_else(|| Refusal::new("channel_not_found"))?;
    if channel.kind != Kind::Public && !channel.members.contains(&state.app.bot_user) {
        return Err(Refusal::new("channel_not_found"));
    }
    Ok(channel)
}

/// A channel whose messages the bot may read.
fn readable<'a>(state: &'a State, arguments: &Arguments) -> Result<&'a Channel, Refusal> {
    let channel = seen(state, arguments)?;
    let scope = match channel.kind {
        Kind::Public => "channels:history",
        Kind::Private => "groups:history",
        Kind::Group => "mpim:history",
        Kind::Direct(_) => "im:history",
    };
    demand(state, &[scope])?;
    if !channel.members.contains(&state.app.bot_user) {
        return Err(Refusal::new("not_in_channel"));
    }
    Ok(channel)
}

pub(super) fn open(state: &mut State, arguments: &Arguments) -> Answer {
    if let Some(known) = arguments.text("channel") {
        let channel = state.channels.get(known).ok_or_else(|| Refusal::new("channel_not_found"))?;
        return Ok(json!({ "no_op": true, "already_open": true, "channel": { "id": channel.id } }));
    }
    let users = arguments.text("users").ok_or_else(|| Refusal::new("users_list_not_supplied"))?;
    if users.contains(',') {
        return Err(Refusal::new("not_enough_users"));
    }
    let user = state.users.get(users).ok_or_else(|| Refusal::new("user_not_found"))?;
    if user.deleted {
        return Err(Refusal::new("user_disabled"));
    }
    let was_there = state.channels.values().any(|channel| channel.kind == Kind::Direct(users.to_owned()));
    let id = state.direct(users);
    let mut answer = json!({ "no_op": was_there, "already_open": was_there, "channel": { "id": id } });
    if arguments.flag("return_im")
        && let Some(channel) = state.channels.get(&id)
    {
        answer["channel"] = wire::channel(channel, &state.app);
    }
    Ok(answer)
}

pub(super) fn info(state: &mut State, arguments: &Arguments) -> Answer {
    let channel = seen(state, arguments)?;
    let mut shown = wire::channel(channel, &state.app);
    if let Kind::Direct(user) = &channel.kind {
        shown["is_user_deleted"] = state.users.get(user).is_some_and(|user| user.deleted).into();
    }
    if arguments.flag("include_locale") {
        shown["locale"] = "en-US".into();
    }
    Ok(json!({ "channel": shown }))
}

pub(super) fn members(state: &mut State, arguments: &Arguments) -> Answer {
    let members: Vec<_> = seen(state, arguments)?.members.iter().map(|user| json!(user)).collect();
    page(members, arguments, 100, 1000, "members")
}

/// The messages of a channel from newest to oldest, without those that stand in threads only.
pub(super) fn history(state: &mut State, arguments: &Arguments) -> Answer {
    let channel = readable(state, arguments)?;
    let outside = |message: &&Message| message.thread_ts.as_ref().is_none_or(|root| *root == message.ts);
    let messages = chosen(channel, arguments, outside).rev().map(|message| shown(state, channel, message, arguments));
    page(messages.collect(), arguments, 100, 999, "messages")
}

/// The messages of a thread from oldest to newest, its first message included.
pub(super) fn replies(state: &mut State, arguments: &Arguments) -> Answer {
    let channel = readable(state, arguments)?;
    let named = arguments.text("ts").ok_or_else(|| Refusal::new("thread_not_found"))?;
    let root = channel.messages.get(named).map(Message::thread).ok_or_else(|| Refusal::new("thread_not_found"))?;
    // The thread's first message comes whatever the times asked for.
    let head = channel.messages.get(root).into_iter().filter(|message| message.only_for.is_none());
    let rest = chosen(channel, arguments, |message| message.thread() == root && message.ts != root);
    let messages = head.chain(rest).map(|message| shown(state, channel, message, arguments));
    page(messages.collect(), arguments, 1000, 1000, "messages")
}

fn chosen<'a>(
    channel: &'a Channel,
    arguments: &Arguments,
    fits: impl Fn(&&'a Message) -> bool,
) -> impl DoubleEndedIterator<Item = &'a Message> {
    let oldest = arguments.text("oldest").unwrap_or("0").to_owned();
    let latest = arguments.text("latest").map(str::to_owned);
    let inclusive = arguments.flag("inclusive");
    let between = move |ts: &str| {
        let after = ts > pad(&oldest).as_str() || (inclusive && ts == pad(&oldest));
        let before =
            latest.as_deref().is_none_or(|latest| ts < pad(latest).as_str() || (inclusive && ts == pad(latest)));
        after && before
    };
    channel.messages.values().filter(move |message| message.only_for.is_none() && between(&message.ts)).filter(fits)
}

/// A time as a time stamp of full width, since callers may send `0` or whole seconds.
fn pad(time: &str) -> String {
    let (seconds, micros) = time.split_once('.').unwrap_or((time, ""));
    format!("{seconds:0>10}.{micros:0<6}")
}

fn shown(state: &State, channel: &Channel, message: &Message, arguments: &Arguments) -> Value {
    let mut shown = wire::message(message, &state.app, arguments.flag("include_all_metadata"));
    let replies: Vec<_> = channel
        .messages
        .values()
        .filter(|other| other.thread_ts.as_ref() == Some(&message.ts) && other.ts != message.ts)
        .collect();
    if let Some(last) = replies.last() {
        shown["thread_ts"] = message.ts.as_str().into();
        shown["reply_count"] = replies.len().into();
        shown["latest_reply"] = last.ts.as_str().into();
    }
    shown
}

/// One page of a list; the cursor is opaque to callers and tells where to go on.
pub(super) fn page(all: Vec<Value>, arguments: &Arguments, usual: usize, most: usize, field: &str) -> Answer {
    let limit = match arguments.number("limit") {
        None | Some(0) => usual,
        Some(limit) => limit.min(most),
    };
    let from = match arguments.text("cursor") {
        None => 0,
        Some(cursor) => {
            let place =
                cursor.strip_prefix("next:").and_then(|place| place.trim_end_matches('=').parse::<usize>().ok());
            place.ok_or_else(|| Refusal::new("invalid_cursor"))?
        }
    };
    let total = all.len();
    let items: Vec<_> = all.into_iter().skip(from).take(limit).collect();
    let end = from + items.len();
    let more = end < total;
    let cursor = if more { format!("next:{end}=") } else { String::new() };
    let mut answer = json!({ field: items, "response_metadata": { "next_cursor": cursor } });
    if field == "messages" {
        answer["has_more"] = more.into();
        answer["pin_count"] = 0.into();
    }
    Ok(answer)
}
