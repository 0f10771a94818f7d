use serde_json::{Value, json};
use tokio::time::Instant;

use super::refusal::Refusal;
use super::{Answer, Arguments};
use crate::blocks;
use crate::model::View;
use crate::state::State;
use crate::wire;

/// How many views can lie on one another.
const MOST_VIEWS: usize = 3;

/// The view as it would stand, or what is wrong with it.
pub(crate) fn checked(state: &mut State, mut body: Value) -> Result<Value, Refusal> {
    if body.to_string().len() > 250_000 {
        return Err(Refusal::new("view_too_large"));
    }
    let mut problems = Vec::new();
    let mut no = |at: &str, what: &str| problems.push(format!("[ERROR] {what} [json-pointer:/view/{at}]"));
    if body["type"] != "modal" {
        no("type", "must be modal");
    }
    let count = |value: &Value| value.as_str().map_or(0, |text| text.chars().count());
    for (field, required) in [("title", true), ("submit", false), ("close", false)] {
        match (&body[field], required) {
            (Value::Null, false) => {}
            (Value::Null, true) => no(field, "missing required field"),
            (text, _) if text["type"] != "plain_text" => no(field, "must be plain_text"),
            (text, _) if count(&text["text"]) == 0 => no(field, "must be more than 0 characters"),
            (text, _) if count(&text["text"]) > 24 => no(field, "must be less than 25 characters"),
            _ => {}
        }
    }
    for (field, most) in [("private_metadata", 3_000), ("callback_id", 255), ("external_id", 255)] {
        if count(&body[field]) > most {
            no(field, &format!("must be less than {} characters", most + 1));
        }
    }
    let blocks = body["blocks"].as_array().cloned().unwrap_or_default();
    let has_input = blocks.iter().any(|block| block["type"] == "input");
    if has_input && body["submit"].is_null() {
        no("submit", "required when the view has inputs");
    }
    problems.extend(blocks::problems(&blocks, &blocks::MODAL));
    if !problems.is_empty() {
        return Err(Refusal::new("invalid_arguments").because(&problems));
    }
    if let Some(blocks) = body.get_mut("blocks").and_then(Value::as_array_mut) {
        blocks::name_all(blocks, &mut state.ids);
    }
    Ok(body)
}

fn body(state: &mut State, arguments: &Arguments) -> Result<Value, Refusal> {
    match arguments.json("view") {
        Ok(Some(view @ Value::Object(_))) => checked(state, view),
        _ => Err(Refusal::new("invalid_arguments")),
    }
}

/// Uses up the trigger, and gives the person who pulled it.
fn exchange(state: &mut State, arguments: &Arguments) -> Result<(String, Option<String>), Refusal> {
    let life = state.options.trigger_life;
    let id = arguments.text("trigger_id").unwrap_or_default();
    let trigger = state.triggers.get_mut(id).ok_or_else(|| Refusal::new("invalid_trigger_id"))?;
    if trigger.exchanged {
        return Err(Refusal::new("exchanged_trigger_id"));
    }
    if Instant::now().duration_since(trigger.made) > life {
        return Err(Refusal::new("expired_trigger_id"));
    }
    trigger.exchanged = true;
    Ok((trigger.user.clone(), trigger.view.clone()))
}

/// Puts a view on top of the person's.
pub(crate) fn put(state: &mut State, user: &str, body: Value, root: Option<String>) -> View {
    let id = state.ids.next("V");
    let view = View {
        hash: state.hash(),
        user: user.to_owned(),
        root: root.unwrap_or_else(|| id.clone()),
        body,
        errors: std::collections::BTreeMap::new(),
        id: id.clone(),
    };
    state.views.insert(id.clone(), view.clone());
    state.stacks.entry(user.to_owned()).or_default().push(id);
    state.ring(user);
    view
}

pub(super) fn open(state: &mut State, arguments: &Arguments) -> Answer {
    let body = body(state, arguments)?;
    let (user, _) = exchange(state, arguments)?;
    // A person has one modal, so a new one takes the place of what was there.
    state.close_views(&user);
    let view = put(state, &user, body, None);
    Ok(json!({ "view": wire::view(&view, &state.app, json!({})) }))
}

pub(super) fn push(state: &mut State, arguments: &Arguments) -> Answer {
    let body = body(state, arguments)?;
    let (user, from) = exchange(state, arguments)?;
    let stack = state.stacks.get(&user).map_or(0, Vec::len);
    let root = from.and_then(|id| state.views.get(&id)).map(|view| view.root.clone());
    let root = root.ok_or_else(|| Refusal::new("not_found"))?;
    if stack >= MOST_VIEWS {
        return Err(Refusal::new("push_limit_reached"));
    }
    let view = put(state, &user, body, Some(root));
    Ok(json!({ "view": wire::view(&view, &state.app, json!({})) }))
}

pub(super) fn update(state: &mut State, arguments: &Arguments) -> Answer {
    let body = body(state, arguments)?;
    let external = arguments.text("external_id");
    let by_external = state.views.values().find(|view| external.is_some_and(|id| view.body["external_id"] == id));
    let id = arguments.text("view_id").map(str::to_owned).or_else(|| by_external.map(|view| view.id.clone()));
    let id = id.ok_or_else(|| Refusal::new("not_found"))?;
    let hash = state.hash();
    let view = state.views.get_mut(&id).ok_or_else(|| Refusal::new("not_found"))?;
    if arguments.text("hash").is_some_and(|hash| hash != view.hash) {
        return Err(Refusal::new("hash_conflict"));
    }
    view.body = body;
    view.hash = hash;
    view.errors.clear();
    let view = view.clone();
    state.ring(&view.user);
    Ok(json!({ "view": wire::view(&view, &state.app, json!({})) }))
}

impl State {
    pub(crate) fn hash(&mut self) -> String {
        format!("{}.{:08x}", self.ids.micros() / 1_000_000, self.random.next() as u32)
    }

    /// Takes all views of a person away.
    pub(crate) fn close_views(&mut self, user: &str) {
        for id in self.stacks.remove(user).unwrap_or_default() {
            self.views.remove(&id);
        }
        self.ring(user);
    }

    /// Takes the top view of a person away.
    pub(crate) fn close_top_view(&mut self, user: &str) {
        if let Some(id) = self.stacks.get_mut(user).and_then(Vec::pop) {
            self.views.remove(&id);
        }
        self.ring(user);
    }
}
