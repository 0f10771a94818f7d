use serde_json::{Value, json};

use super::conversations::page;
use super::refusal::Refusal;
use super::{Answer, Arguments};
use crate::state::State;
use crate::wire;

pub(super) fn info(state: &mut State, arguments: &Arguments) -> Answer {
    let user =
        arguments.text("user").and_then(|id| state.users.get(id)).ok_or_else(|| Refusal::new("user_not_found"))?;
    Ok(json!({ "user": wire::user(user, &state.app, arguments.flag("include_locale")) }))
}

pub(super) fn list(state: &mut State, arguments: &Arguments) -> Answer {
    let locale = arguments.flag("include_locale");
    let users: Vec<Value> = state.users.values().map(|user| wire::user(user, &state.app, locale)).collect();
    let mut answer = page(users, arguments, 1000, 1000, "members")?;
    answer["cache_ts"] = 1_700_000_000.into();
    Ok(answer)
}

pub(super) fn groups(state: &mut State, arguments: &Arguments) -> Answer {
    let with_users = arguments.flag("include_users");
    let team = state.app.team.clone();
    let groups = state.groups.iter().map(|group| {
        let mut shown = json!({
            "id": group.id, "team_id": team, "is_usergroup": true, "name": group.handle, "handle": group.handle,
            "description": "", "is_external": false, "date_delete": 0, "user_count": group.users.len(),
        });
        if with_users {
            shown["users"] = json!(group.users);
        }
        shown
    });
    Ok(json!({ "usergroups": groups.collect::<Vec<_>>() }))
}

pub(super) fn group_users(state: &mut State, arguments: &Arguments) -> Answer {
    let id = arguments.text("usergroup").unwrap_or_default();
    let group = state.groups.iter().find(|group| group.id == id).ok_or_else(|| Refusal::new("no_such_subteam"))?;
    Ok(json!({ "users": group.users }))
}
