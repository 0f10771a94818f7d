use serde_json::json;

use super::refusal::Refusal;
use super::{Answer, Arguments};
use crate::state::State;

/// That the token is one that this method takes.
pub(super) fn authorise(state: &State, method: &str, arguments: &Arguments) -> Result<(), Refusal> {
    if method == "api.test" {
        return Ok(());
    }
    if arguments.garbled {
        return Err(Refusal::new("invalid_json"));
    }
    let is_open = method == "apps.connections.open";
    if is_open && arguments.text("token").is_some() {
        // Slack takes the app's token in the header alone.
        return Err(Refusal::new("invalid_auth"));
    }
    let token = arguments.bearer.as_deref().or(arguments.text("token")).ok_or_else(|| Refusal::new("not_authed"))?;
    let app = &state.app;
    if token == app.bot_token {
        return match (app.revoked, is_open) {
            (true, _) => Err(Refusal::new("token_revoked")),
            (false, true) => Err(Refusal::new("not_allowed_token_type")),
            (false, false) => Ok(()),
        };
    }
    if token == app.app_token {
        return match is_open || method == "auth.test" {
            true => Ok(()),
            false => Err(Refusal::new("not_allowed_token_type")),
        };
    }
    Err(Refusal::new("invalid_auth"))
}

pub(super) fn api_test(_: &mut State, arguments: &Arguments) -> Answer {
    match arguments.text("error") {
        Some(error) => Err(Refusal::new(error)),
        None => Ok(json!({ "args": arguments.shown() })),
    }
}

pub(super) fn auth_test(state: &mut State, arguments: &Arguments) -> Answer {
    let app = &state.app;
    if arguments.bearer.as_deref() == Some(&app.app_token) {
        return Ok(json!({ "app_id": app.id, "app_name": state.options.bot_name }));
    }
    Ok(json!({
        "url": format!("http://{}/", app.address), "team": "Double", "team_id": app.team,
        "user": state.options.bot_name, "user_id": app.bot_user, "bot_id": app.bot_id, "is_enterprise_install": false,
    }))
}

pub(super) fn bots_info(state: &mut State, arguments: &Arguments) -> Answer {
    let app = &state.app;
    if arguments.text("bot") != Some(app.bot_id.as_str()) {
        return Err(Refusal::new("bot_not_found"));
    }
    Ok(json!({ "bot": {
        "id": app.bot_id, "deleted": false, "name": state.options.bot_name, "updated": 1_700_000_000,
        "app_id": app.id, "user_id": app.bot_user, "icons": {},
    } }))
}

pub(super) fn connections_open(state: &mut State, _: &Arguments) -> Answer {
    if !state.app.socket_mode {
        return Err(Refusal::new("socket_mode_not_enabled"));
    }
    let ticket = uuid::Uuid::new_v4().to_string();
    let url = format!("ws://{}/link?ticket={ticket}&app_id={}", state.app.address, state.app.id);
    state.sockets.tickets.insert(ticket);
    Ok(json!({ "url": url }))
}
