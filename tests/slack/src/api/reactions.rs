use serde_json::json;

use super::refusal::Refusal;
use super::{Answer, Arguments};
use crate::model::Message;
use crate::state::State;

pub(super) fn add(state: &mut State, arguments: &Arguments) -> Answer {
    let name = name(arguments)?;
    let bot = state.app.bot_user.clone();
    let users = message(state, arguments)?.reactions.entry(name).or_default();
    if !users.insert(bot) {
        return Err(Refusal::new("already_reacted"));
    }
    ring(state, arguments);
    Ok(json!({}))
}

pub(super) fn remove(state: &mut State, arguments: &Arguments) -> Answer {
    let name = name(arguments)?;
    let bot = state.app.bot_user.clone();
    let message = message(state, arguments)?;
    let users = message.reactions.get_mut(&name).ok_or_else(|| Refusal::new("no_reaction"))?;
    if !users.remove(&bot) {
        return Err(Refusal::new("no_reaction"));
    }
    if users.is_empty() {
        message.reactions.remove(&name);
    }
    ring(state, arguments);
    Ok(json!({}))
}

/// An emoji's name as Slack has them; which of them exist is not checked.
fn name(arguments: &Arguments) -> Result<String, Refusal> {
    let name = arguments.text("name").unwrap_or_default().trim_matches(':');
    let fits = |letter: char| letter.is_alphanumeric() || "_-+':".contains(letter);
    if name.is_empty() || !name.chars().all(fits) {
        return Err(Refusal::new("invalid_name"));
    }
    Ok(name.to_owned())
}

fn message<'a>(state: &'a mut State, arguments: &Arguments) -> Result<&'a mut Message, Refusal> {
    let channel = arguments.text("channel").unwrap_or_default().to_owned();
    if !state.bot_is_in(&channel) {
        return Err(Refusal::new("channel_not_found"));
    }
    if state.channels.get(&channel).is_some_and(|channel| channel.archived) {
        return Err(Refusal::new("is_archived"));
    }
    let ts = arguments.text("timestamp").ok_or_else(|| Refusal::new("no_item_specified"))?;
    state.message_mut(&channel, ts).ok_or_else(|| Refusal::new("message_not_found"))
}

/// Lets those in the channel look again.
fn ring(state: &mut State, arguments: &Arguments) {
    let channel = arguments.text("channel").and_then(|id| state.channels.get(id));
    let members: Vec<_> = channel.into_iter().flat_map(|channel| channel.members.clone()).collect();
    for user in members {
        state.ring(&user);
    }
}
