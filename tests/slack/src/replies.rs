//! Answers of the app at a `response_url`.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde_json::Value;

use crate::api;
use crate::core::Core;
use crate::events::Change;
use crate::model::Message;
use crate::state;

/// Slack's bounds of such an address.
const USES: u32 = 5;
const LIFE: Duration = Duration::from_secs(30 * 60);

pub(crate) async fn reply(
    State(core): State<Arc<Core>>,
    Path((_, id)): Path<(String, String)>,
    body: Bytes,
) -> (StatusCode, String) {
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    match core.act(|state| take(state, &id, &body)) {
        Ok(()) => (StatusCode::OK, "ok".to_owned()),
        Err((status, error)) => (status, error),
    }
}

fn take(state: &mut state::State, id: &str, body: &Value) -> Result<(), (StatusCode, String)> {
    let reply = state.replies.get_mut(id).ok_or((StatusCode::NOT_FOUND, "expired_url".to_owned()))?;
    if reply.made.elapsed() > LIFE {
        return Err((StatusCode::NOT_FOUND, "expired_url".to_owned()));
    }
    if reply.uses >= USES {
        return Err((StatusCode::NOT_FOUND, "used_url".to_owned()));
    }
    reply.uses += 1;
    let reply = reply.clone();
    let clicked = reply.ts.as_ref().and_then(|ts| state.message(&reply.channel, ts)).cloned();
    if body["delete_original"] == true {
        if let Some(clicked) = &clicked {
            api::remove(state, clicked);
        }
        return Ok(());
    }
    let content = read(body)?;
    match clicked {
        Some(before) if body["replace_original"] == true => {
            // Unlike an update, this leaves nothing of what stood there.
            let content = api::Content { blocks: content.blocks.or(Some(Vec::new())), ..content };
            let after = api::changed(state, before.clone(), content);
            api::replace(state, before, after);
        }
        clicked => {
            let only_for = (body["response_type"] != "in_channel").then(|| reply.user.clone());
            say(state, &reply.channel, only_for, clicked.and_then(|message| message.thread_ts), content);
        }
    }
    Ok(())
}

fn read(body: &Value) -> Result<api::Content, (StatusCode, String)> {
    let content = api::Content {
        text: body["text"].as_str().map(str::to_owned),
        blocks: body["blocks"].as_array().cloned(),
        attachments: body["attachments"].as_array().cloned(),
        metadata: None,
    };
    api::content(content).map_err(|refusal| (StatusCode::BAD_REQUEST, refusal.error))
}

/// A message of the bot that came neither through `chat.postMessage` nor under its limit.
pub(crate) fn say(
    state: &mut state::State,
    channel: &str,
    only_for: Option<String>,
    thread_ts: Option<String>,
    content: api::Content,
) {
    let mut blocks = content.blocks.unwrap_or_default();
    crate::blocks::name_all(&mut blocks, &mut state.ids);
    let message = Message {
        ts: state.ids.ts(),
        channel: channel.to_owned(),
        thread_ts,
        user: state.app.bot_user.clone(),
        bot_id: Some(state.app.bot_id.clone()),
        text: content.text.unwrap_or_default(),
        blocks,
        attachments: content.attachments.unwrap_or_default(),
        only_for,
        ..Message::default()
    };
    state.show(message.clone());
    if state.options.echo {
        let bot = state.app.bot_user.clone();
        state.tell_message(&bot, &message, Change::Posted);
    }
}

/// What a slash command is answered at once, with its acknowledgement.
pub(crate) fn command_answer(state: &mut state::State, user: &str, channel: &str, payload: &Value) {
    if let Ok(content) = read(payload)
        && (content.text.is_some() || content.blocks.is_some())
    {
        let only_for = (payload["response_type"] != "in_channel").then(|| user.to_owned());
        say(state, channel, only_for, None, content);
    }
}
