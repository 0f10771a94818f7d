use serde_json::json;
use tokio::time::Instant;

use super::refusal::Refusal;
use super::{Answer, Arguments};
use crate::state::State;

/// Shows that the bot works on something, for a while; an empty status takes it away, as the bot's next message does.
pub(super) fn set_status(state: &mut State, arguments: &Arguments) -> Answer {
    let channel = arguments.text("channel_id").unwrap_or_default().to_owned();
    if !state.bot_is_in(&channel) {
        return Err(Refusal::new("channel_not_found"));
    }
    if arguments.text("thread_ts").is_none() {
        return Err(Refusal::new("invalid_thread_ts"));
    }
    let status = arguments.any_text("status").ok_or_else(|| Refusal::new("invalid_arguments"))?.to_owned();
    let mut members = Vec::new();
    if let Some(channel) = state.channels.get_mut(&channel) {
        channel.status = (!status.is_empty()).then(|| (status, Instant::now()));
        members.extend(channel.members.iter().cloned());
    }
    for user in members {
        state.ring(&user);
    }
    Ok(json!({}))
}
