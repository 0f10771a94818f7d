//! The Web API: who calls, what goes wrong on order, what is limited, and then the method.

mod arguments;
mod assistant;
mod chat;
mod conversations;
mod identity;
mod reactions;
mod refusal;
mod users;
mod views;

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::core::Core;
use crate::faults::{Fault, When, millis};
use crate::ids::now_micros;
use crate::records::Call;
use crate::state;
use arguments::Arguments;
use refusal::Refusal;

pub(crate) use chat::{Content, changed, content, remove, replace};
pub(crate) use views::{checked as checked_view, put as put_view};

/// What a method answers: the fields beside `ok`.
type Answer = Result<Value, Refusal>;

struct Method {
    name: &'static str,
    /// Any of these will do; empty is none needed.
    scopes: &'static [&'static str],
    run: fn(&mut state::State, &Arguments) -> Answer,
}

macro_rules! methods {
    ($($name:literal $scopes:expr => $run:path;)*) => {
        &[$(Method { name: $name, scopes: $scopes, run: $run }),*]
    };
}

const READ: &[&str] = &["channels:read", "groups:read", "im:read", "mpim:read"];

static METHODS: &[Method] = methods! {
    "api.test" &[] => identity::api_test;
    "apps.connections.open" &[] => identity::connections_open;
    "assistant.threads.setStatus" &["assistant:write", "chat:write"] => assistant::set_status;
    "auth.test" &[] => identity::auth_test;
    "bots.info" &["users:read"] => identity::bots_info;
    "chat.delete" &["chat:write"] => chat::delete;
    "chat.postEphemeral" &["chat:write"] => chat::post_ephemeral;
    "chat.postMessage" &["chat:write"] => chat::post_message;
    "chat.update" &["chat:write"] => chat::update;
    "conversations.history" &[] => conversations::history;
    "conversations.info" READ => conversations::info;
    "conversations.members" READ => conversations::members;
    "conversations.open" &["im:write", "channels:manage", "groups:write", "mpim:write"] => conversations::open;
    "conversations.replies" &[] => conversations::replies;
    "reactions.add" &["reactions:write"] => reactions::add;
    "reactions.remove" &["reactions:write"] => reactions::remove;
    "usergroups.list" &["usergroups:read"] => users::groups;
    "usergroups.users.list" &["usergroups:read"] => users::group_users;
    "users.info" &["users:read"] => users::info;
    "users.list" &["users:read"] => users::list;
    "views.open" &[] => views::open;
    "views.push" &[] => views::push;
    "views.update" &[] => views::update;
};

pub(crate) async fn call(
    State(core): State<Arc<Core>>,
    Path(path): Path<Vec<String>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let (name, caller) = match path.as_slice() {
        [caller, name] => (name.clone(), Some(caller.clone())),
        names => (names.concat(), None),
    };
    let arguments = Arguments::read(query.as_deref().unwrap_or_default(), &headers, &body);
    let fault = {
        let mut state = core.lock();
        let state = &mut *state;
        let of_caller = caller.as_ref().map(|caller| format!("{caller}/{name}"));
        let of_caller = of_caller.and_then(|name| state.orders.for_caller(&name, &mut state.random));
        let fault = of_caller.or_else(|| state.orders.for_call(&name, &mut state.random));
        if let Some(fault) = &fault {
            state.count_fault(fault.name());
        }
        fault
    };
    if let Some(Fault::Slow { ms, when: When::Before }) = fault {
        sleep(millis(ms)).await;
    }
    let skips = match &fault {
        Some(Fault::RateLimited { after }) => Some(Refusal::rate_limited(*after)),
        Some(Fault::Refused { error }) => Some(Refusal::new(error)),
        Some(Fault::ServerError { when: When::Before } | Fault::Dropped { when: When::Before }) => {
            Some(Refusal::new("internal_error"))
        }
        _ => None,
    };
    // Whoever sees what it leads to does so later.
    let at = now_micros();
    let outcome = match skips {
        Some(refusal) => Err(refusal),
        None => core.act(|state| run(state, &name, &arguments)),
    };
    let status = match &fault {
        Some(Fault::ServerError { .. }) => 500,
        Some(Fault::Dropped { .. }) => 0,
        _ => outcome.as_ref().err().map_or(200, |refusal| refusal.status),
    };
    let (granted, date) = {
        let mut state = core.lock();
        state.record(Call {
            method: name.clone(),
            caller,
            channel: arguments.text("channel").map(str::to_owned),
            status,
            error: outcome.as_ref().err().map(|refusal| refusal.error.clone()),
            done: outcome.is_ok(),
            fault: fault.as_ref().map(|fault| fault.name().to_owned()),
            at,
            arguments: arguments.shown(),
        });
        let granted = state.options.scopes.iter().cloned().collect::<Vec<_>>().join(",");
        (granted, state.options.date.clone())
    };
    match fault {
        Some(Fault::Slow { ms, when: When::After }) => sleep(millis(ms)).await,
        Some(Fault::ServerError { .. }) => {
            return (StatusCode::INTERNAL_SERVER_ERROR, "<!DOCTYPE html><title>Server Error</title>").into_response();
        }
        Some(Fault::Dropped { .. }) => return broken(),
        _ => {}
    }
    let mut response = answer(outcome, &granted);
    if let Some(date) = date.and_then(|date| date.parse().ok()) {
        // The server sets none where there is one.
        response.headers_mut().insert(header::DATE, date);
    }
    response
}

/// An answer that breaks off before its first byte, upon which the server drops the connection.
fn broken() -> Response {
    let body = futures_util::stream::once(async { Err::<Bytes, _>(std::io::Error::other("dropped on order")) });
    Body::from_stream(body).into_response()
}

fn answer(outcome: Answer, granted: &str) -> Response {
    let (status, after, mut body) = match outcome {
        Ok(mut body) => {
            body["ok"] = true.into();
            (200, None, body)
        }
        Err(refusal) => {
            let body = json!({ "ok": false, "error": refusal.error });
            let after = refusal.retry_after;
            let mut body = body;
            for (field, value) in refusal.more {
                body[field] = value;
            }
            (refusal.status, after, body)
        }
    };
    if body.get("error").is_some_and(|error| error == "missing_scope") {
        body["provided"] = granted.into();
    }
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
    let mut response = (status, axum::Json(body)).into_response();
    let mut set = |name: &'static str, value: String| {
        if let Ok(value) = value.parse() {
            response.headers_mut().insert(name, value);
        }
    };
    set("x-oauth-scopes", granted.to_owned());
    set("x-slack-req-id", uuid::Uuid::new_v4().simple().to_string());
    if let Some(after) = after {
        set(header::RETRY_AFTER.as_str(), after.to_string());
    }
    response
}

fn run(state: &mut state::State, name: &str, arguments: &Arguments) -> Answer {
    let method = METHODS
        .iter()
        .find(|method| method.name == name)
        .ok_or_else(|| Refusal::new("unknown_method").with("req_method", name))?;
    identity::authorise(state, name, arguments)?;
    if !method.scopes.is_empty() {
        demand(state, method.scopes)?;
    }
    limit(state, name)?;
    (method.run)(state, arguments)
}

/// That the token has one of these scopes.
fn demand(state: &state::State, scopes: &[&str]) -> Result<(), Refusal> {
    if scopes.iter().any(|scope| state.options.scopes.contains(*scope)) {
        return Ok(());
    }
    Err(Refusal::new("missing_scope").with("needed", &scopes.join(",")))
}

/// The method's tier, where one is in force.
fn limit(state: &mut state::State, name: &str) -> Result<(), Refusal> {
    let Some(&most) = state.options.tiers.get(name) else { return Ok(()) };
    let now = Instant::now();
    let minute = Duration::from_secs(60);
    let recent = state.recent.entry(name.to_owned()).or_default();
    recent.retain(|at| now.duration_since(*at) < minute);
    if recent.len() < most as usize {
        recent.push(now);
        return Ok(());
    }
    let wait = recent.first().map_or(minute, |first| minute.saturating_sub(now.duration_since(*first)));
    state.count("rate_limited");
    state.count(&format!("rate_limited.{name}"));
    Err(Refusal::rate_limited(wait.as_secs() + 1))
}
