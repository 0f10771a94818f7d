use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::operate::{Waiting, values};
use crate::api;
use crate::blocks;
use crate::delivery::{Answer, Sort};
use crate::state::State;
use crate::wire;

/// What became of a form that somebody submitted.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case", tag = "outcome", content = "detail")]
pub enum Submitted {
    /// It was taken, and the view is gone.
    Closed,
    /// The app shows another view, be it in its place or on top.
    Shown,
    /// It stays open, with these words under its fields, by block id.
    Errors(BTreeMap<String, String>),
    /// Slack's client did not send it: these fields, by block id, must not be empty.
    Missing(Vec<String>),
    /// The app did not answer in time or not in a way that Slack understands, and the person sees an error.
    Failed(String),
}

impl State {
    /// Fills in the top view and submits it. Fields are named by block id, action id or label; each gets a text or a list
    /// of texts. `Err` inside `Ok` is what the client finds by itself.
    pub(crate) fn submit(
        &mut self,
        user: &str,
        fields: &Value,
    ) -> Result<Result<(String, Waiting), Submitted>, String> {
        self.active(user)?;
        let view = self.top_view(user).cloned().ok_or_else(|| format!("{user} has no view open"))?;
        let all = view.body["blocks"].as_array().cloned().unwrap_or_default();
        let mut entered: BTreeMap<String, Map<String, Value>> = BTreeMap::new();
        for (name, value) in fields.as_object().into_iter().flatten() {
            let by_label = || blocks::controls(&all).find(|control| control.block["label"]["text"] == name.as_str());
            let control = blocks::find(&all, name).or_else(by_label);
            let control = control.ok_or_else(|| format!("the view has no field {name:?}"))?;
            let state = control.state_with(value)?;
            entered.entry(control.block_id().to_owned()).or_default().insert(control.action_id().to_owned(), state);
        }
        let values = values(&all, &entered);
        let is_missing = |control: &blocks::Control<'_>| {
            let state = &values[control.block_id()][control.action_id()];
            control.is_input() && !control.is_optional() && blocks::is_empty(state)
        };
        let missing: Vec<_> =
            blocks::controls(&all).filter(is_missing).map(|control| control.block_id().to_owned()).collect();
        if !missing.is_empty() {
            return Ok(Err(Submitted::Missing(missing)));
        }
        let mut payload = self.interaction("view_submission", user);
        self.bind_trigger(&payload, &view.id);
        payload["view"] = wire::view(&view, &self.app, values);
        payload["response_urls"] = json!([]);
        Ok(Ok((view.id, self.interact(Sort::Interaction, user, payload, true))))
    }

    /// Closes the top view by its cross; the app hears of it if it asked to.
    pub(crate) fn dismiss(&mut self, user: &str) -> Result<Option<Waiting>, String> {
        self.active(user)?;
        let view = self.top_view(user).cloned().ok_or_else(|| format!("{user} has no view open"))?;
        self.close_top_view(user);
        if view.body["notify_on_close"] != true {
            return Ok(None);
        }
        let mut payload = self.interaction("view_closed", user);
        payload["view"] = wire::view(&view, &self.app, json!({}));
        payload["is_cleared"] = false.into();
        Ok(Some(self.interact(Sort::Interaction, user, payload, false)))
    }

    /// Does what the app answered to a submission.
    pub(crate) fn submitted(&mut self, user: &str, id: &str, answer: &Answer) -> Submitted {
        if !answer.acked {
            return Submitted::Failed("no answer in time".to_owned());
        }
        let payload = &answer.payload;
        match payload["response_action"].as_str() {
            None if payload.get("response_action").is_none() => {
                self.close_top_view(user);
                Submitted::Closed
            }
            Some("clear") => {
                self.close_views(user);
                Submitted::Closed
            }
            Some("errors") => self.mark(user, id, &payload["errors"]),
            Some(action @ ("update" | "push")) => match api::checked_view(self, payload["view"].clone()) {
                Ok(body) => self.exchange_view(user, id, body, action == "push"),
                Err(refusal) => Submitted::Failed(format!("{}: {:?}", refusal.error, refusal.more)),
            },
            other => Submitted::Failed(format!("response_action {other:?}")),
        }
    }

    fn mark(&mut self, user: &str, id: &str, errors: &Value) -> Submitted {
        let errors: BTreeMap<String, String> =
            errors.as_object().into_iter().flatten().map(|(block, text)| (block.clone(), shown(text))).collect();
        let Some(view) = self.views.get_mut(id) else { return Submitted::Closed };
        let all = view.body["blocks"].as_array().cloned().unwrap_or_default();
        let known =
            |block: &String| all.iter().any(|there| there["block_id"] == block.as_str() && there["type"] == "input");
        // Slack shows a warning sign instead of errors for fields that are not there.
        if errors.is_empty() || !errors.keys().all(known) {
            return Submitted::Failed(format!("errors for fields that the view does not have: {errors:?}"));
        }
        view.errors = errors.clone();
        self.ring(user);
        Submitted::Errors(errors)
    }

    fn exchange_view(&mut self, user: &str, id: &str, body: Value, push: bool) -> Submitted {
        let hash = self.hash();
        let Some(view) = self.views.get_mut(id) else { return Submitted::Closed };
        if push {
            let root = view.root.clone();
            api::put_view(self, user, body, Some(root));
        } else {
            view.body = body;
            view.hash = hash;
            view.errors.clear();
            self.ring(user);
        }
        Submitted::Shown
    }

    fn bind_trigger(&mut self, payload: &Value, view: &str) {
        let trigger = payload["trigger_id"].as_str().and_then(|id| self.triggers.get_mut(id));
        if let Some(trigger) = trigger {
            trigger.view = Some(view.to_owned());
        }
    }
}

fn shown(text: &Value) -> String {
    text.as_str().map_or_else(|| text.to_string(), str::to_owned)
}
