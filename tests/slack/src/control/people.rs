use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Done, cannot, done};
use crate::core::Core;
use crate::delivery::Answer;
use crate::model::Message;
use crate::people::{Operation, Writing, next_heard};
use crate::replies;
use crate::state;

type Shared = State<Arc<Core>>;

pub(super) fn routes() -> Router<Arc<Core>> {
    Router::new()
        .route("/people", post(appear))
        .route("/people/{user}/says", post(says))
        .route("/people/{user}/edits", post(edits))
        .route("/people/{user}/deletes", post(deletes))
        .route("/people/{user}/operates", post(operates))
        .route("/people/{user}/commands", post(commands))
        .route("/people/{user}/shortcut", post(shortcut))
        .route("/people/{user}/submits", post(submits))
        .route("/people/{user}/closes", post(closes))
        .route("/people/{user}/leaves", post(leaves))
        .route("/people/{user}/hears", get(hears))
        .route("/people/{user}/messages", get(messages))
        .route("/people/{user}/form", get(form))
}

#[derive(Deserialize)]
struct Newcomer {
    name: String,
    locale: Option<String>,
    tz: Option<String>,
    tz_offset: Option<i64>,
}

async fn appear(State(core): Shared, Json(newcomer): Json<Newcomer>) -> Done {
    let (user, direct) = core.act(|state| {
        let user = state.add_person(&newcomer.name, |user| {
            user.locale = newcomer.locale.unwrap_or(std::mem::take(&mut user.locale));
            user.tz = newcomer.tz.unwrap_or(std::mem::take(&mut user.tz));
            user.tz_offset = newcomer.tz_offset.unwrap_or(user.tz_offset);
        });
        let direct = state.direct(&user.id);
        (user, direct)
    });
    done(json!({ "id": user.id, "direct": direct, "user": user }))
}

async fn says(State(core): Shared, Path(user): Path<String>, Json(writing): Json<Writing>) -> Done {
    done(core.act(|state| state.write(&user, writing)).map_err(cannot)?)
}

#[derive(Deserialize)]
struct Change {
    channel: String,
    ts: String,
    #[serde(default)]
    text: String,
}

async fn edits(State(core): Shared, Path(user): Path<String>, Json(change): Json<Change>) -> Done {
    done(core.act(|state| state.edit(&user, &change.channel, &change.ts, &change.text)).map_err(cannot)?)
}

async fn deletes(State(core): Shared, Path(user): Path<String>, Json(change): Json<Change>) -> Done {
    done(core.act(|state| state.erase(&user, &change.channel, &change.ts)).map_err(cannot)?)
}

async fn operates(State(core): Shared, Path(user): Path<String>, Json(operation): Json<Operation>) -> Done {
    let waiting = core.act(|state| state.operate(&user, &operation)).map_err(cannot)?;
    done(waiting.await.unwrap_or(unanswered()))
}

#[derive(Deserialize)]
struct Command {
    command: String,
    #[serde(default)]
    text: String,
    channel: Option<String>,
}

async fn commands(State(core): Shared, Path(user): Path<String>, Json(typed): Json<Command>) -> Done {
    let sent = core.act(|state| state.command(&user, typed.channel.as_deref(), &typed.command, &typed.text));
    let (waiting, channel) = sent.map_err(cannot)?;
    let answer = waiting.await.unwrap_or(unanswered());
    core.act(|state| replies::command_answer(state, &user, &channel, &answer.payload));
    done(answer)
}

#[derive(Deserialize)]
struct Shortcut {
    callback_id: String,
    /// The message, as channel and time stamp.
    message: Option<(String, String)>,
}

async fn shortcut(State(core): Shared, Path(user): Path<String>, Json(used): Json<Shortcut>) -> Done {
    let on = used.message.as_ref().map(|(channel, ts)| (channel.as_str(), ts.as_str()));
    let waiting = core.act(|state| state.shortcut(&user, &used.callback_id, on)).map_err(cannot)?;
    done(waiting.await.unwrap_or(unanswered()))
}

async fn submits(State(core): Shared, Path(user): Path<String>, Json(fields): Json<Value>) -> Done {
    let (view, waiting) = match core.act(|state| state.submit(&user, &fields)).map_err(cannot)? {
        Ok(sent) => sent,
        Err(kept) => return done(kept),
    };
    let answer = waiting.await.unwrap_or(unanswered());
    done(core.act(|state| state.submitted(&user, &view, &answer)))
}

async fn closes(State(core): Shared, Path(user): Path<String>) -> Done {
    match core.act(|state| state.dismiss(&user)).map_err(cannot)? {
        Some(waiting) => done(waiting.await.unwrap_or(unanswered())),
        None => done(Value::Null),
    }
}

async fn leaves(State(core): Shared, Path(user): Path<String>) -> Done {
    done(core.act(|state| state.leave(&user)).map_err(cannot)?)
}

/// The next message of the bot that the person has not been asked about here; waits for it. 404 if none comes.
async fn hears(State(core): Shared, Path(user): Path<String>, Query(query): Query<HashMap<String, u64>>) -> Done {
    exists(&core, &user)?;
    let patience = Duration::from_millis(query.get("timeout_ms").copied().unwrap_or(30_000));
    let look = |state: &mut state::State| {
        let count = Arc::clone(state.listeners.entry(user.clone()).or_default());
        next_heard(state, &user, &count)
    };
    match core.wait(&user, patience, look).await {
        Some(message) => done(told(&message)),
        None => Err((StatusCode::NOT_FOUND, Json(json!({ "error": "nothing was heard" })))),
    }
}

#[derive(Deserialize)]
struct Where {
    channel: Option<String>,
}

async fn messages(State(core): Shared, Path(user): Path<String>, Query(query): Query<Where>) -> Done {
    exists(&core, &user)?;
    let seen = core.act(|state| {
        let channel = query.channel.unwrap_or_else(|| state.direct(&user));
        state.sight(&user, &channel)
    });
    done(seen.iter().map(told).collect::<Vec<_>>())
}

async fn form(State(core): Shared, Path(user): Path<String>) -> Done {
    done(core.lock().top_view(&user))
}

fn exists(core: &Core, user: &str) -> Result<(), (StatusCode, Json<Value>)> {
    match core.lock().users.contains_key(user) {
        true => Ok(()),
        false => Err(cannot(format!("nobody is {user}"))),
    }
}

/// A message with what a person reads and can choose in it.
fn told(message: &Message) -> Value {
    let mut told = json!(message);
    told["shown"] = message.shown().into();
    told["choices"] = message.choices().into();
    told
}

fn unanswered() -> Answer {
    Answer { acked: false, payload: Value::Null }
}
