use serde::Deserialize;
use serde_json::{Map, Value, json};
use tokio::sync::oneshot;

use crate::blocks::{self, Control};
use crate::delivery::{Answer, Outgoing, Sort};
use crate::model::{Kind, Message};
use crate::state::State;
use crate::wire;

/// What somebody does with a control of a message.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Operation {
    /// The direct messages with the bot where it is not said.
    pub(crate) channel: Option<String>,
    /// The message.
    pub(crate) ts: String,
    /// An action id, a label or a value.
    pub(crate) action: String,
    /// What is chosen or entered: text, a list of texts, or nothing for a button.
    #[serde(default)]
    pub(crate) value: Value,
}

/// Answers come here; the deed itself is done at once.
pub(crate) type Waiting = oneshot::Receiver<Answer>;

impl State {
    /// Clicks a button, chooses in a select, marks checkboxes.
    pub(crate) fn operate(&mut self, user: &str, operation: &Operation) -> Result<Waiting, String> {
        let channel = match &operation.channel {
            Some(channel) => channel.clone(),
            None => self.direct(user),
        };
        self.active(user)?;
        let at = self.ids.ts();
        let message = self.visible(user, &channel, &operation.ts)?;
        let control = blocks::find(&message.blocks, &operation.action).ok_or_else(|| {
            let there: Vec<_> = blocks::controls(&message.blocks).map(|control| control.labels()).collect();
            format!("the message has no {:?}, but {there:?}", operation.action)
        })?;
        let chosen = state_of(&control, &operation.action, &operation.value)?;
        let action = control.action(chosen.as_ref(), &at);
        let mut message = message.clone();
        if let Some(chosen) = chosen.filter(|_| control.kind() != "overflow") {
            let block = message.chosen.entry(control.block_id().to_owned()).or_default();
            block.insert(control.action_id().to_owned(), chosen);
        }
        if let Some(there) = self.message_mut(&channel, &operation.ts) {
            there.chosen = message.chosen.clone();
        }
        let mut payload = self.interaction("block_actions", user);
        payload["container"] = json!({
            "type": "message", "message_ts": message.ts, "channel_id": channel,
            "is_ephemeral": message.only_for.is_some(),
        });
        if let Some(thread) = &message.thread_ts {
            payload["container"]["thread_ts"] = thread.as_str().into();
        }
        payload["channel"] = json!({ "id": channel, "name": self.channel_name(&channel) });
        if message.only_for.is_none() {
            payload["message"] = wire::message(&message, &self.app, false);
        }
        payload["state"] = json!({ "values": values(&message.blocks, &message.chosen) });
        payload["response_url"] = self.response_url(user, &channel, Some(&message.ts)).into();
        payload["actions"] = json!([action]);
        Ok(self.interact(Sort::Interaction, user, payload, false))
    }

    /// Types a slash command in a channel, usually in the direct messages with the bot.
    pub(crate) fn command(
        &mut self,
        user: &str,
        channel: Option<&str>,
        command: &str,
        text: &str,
    ) -> Result<(Waiting, String), String> {
        self.active(user)?;
        let channel = channel.map_or_else(|| self.direct(user), str::to_owned);
        if !self.options.scopes.contains("commands") {
            return Err("the app has no scope for commands".to_owned());
        }
        let name = self.users.get(user).map(|user| user.name.clone()).unwrap_or_default();
        let payload = json!({
            "token": self.app.verification_token, "team_id": self.app.team, "team_domain": "double",
            "channel_id": channel, "channel_name": self.channel_name(&channel), "user_id": user, "user_name": name,
            "command": command, "text": text, "api_app_id": self.app.id, "is_enterprise_install": "false",
            "response_url": self.response_url(user, &channel, None), "trigger_id": self.trigger(user, None),
        });
        Ok((self.interact(Sort::Command, user, payload, true), channel))
    }

    /// Uses a shortcut: on a message if one is given, else from the menu of shortcuts.
    pub(crate) fn shortcut(
        &mut self,
        user: &str,
        callback_id: &str,
        message: Option<(&str, &str)>,
    ) -> Result<Waiting, String> {
        self.active(user)?;
        let mut payload = self.interaction(if message.is_some() { "message_action" } else { "shortcut" }, user);
        payload["callback_id"] = callback_id.into();
        payload["action_ts"] = self.ids.ts().into();
        if let Some((channel, ts)) = message {
            let message = wire::message(self.visible(user, channel, ts)?, &self.app, false);
            payload["message"] = message;
            payload["message_ts"] = ts.into();
            payload["channel"] = json!({ "id": channel, "name": self.channel_name(channel) });
            payload["response_url"] = self.response_url(user, channel, Some(ts)).into();
        }
        Ok(self.interact(Sort::Interaction, user, payload, false))
    }

    /// What all interactions share.
    pub(super) fn interaction(&mut self, kind: &str, user: &str) -> Value {
        let name = self.users.get(user).map(|user| user.name.clone()).unwrap_or_default();
        let trigger = self.trigger(user, None);
        json!({
            "type": kind, "api_app_id": self.app.id, "token": self.app.verification_token,
            "user": { "id": user, "username": name, "name": name, "team_id": self.app.team },
            "team": { "id": self.app.team, "domain": "double" }, "enterprise": null,
            "is_enterprise_install": false, "trigger_id": trigger,
        })
    }

    pub(super) fn interact(&mut self, sort: Sort, user: &str, payload: Value, accepts_answer: bool) -> Waiting {
        let (answer, waiting) = oneshot::channel();
        let event = payload["trigger_id"].as_str().unwrap_or_default().to_owned();
        let moment = self.ids.ts();
        let user = user.to_owned();
        self.outgoing.push(Outgoing { sort, user, moment, event, payload, accepts_answer, answer: Some(answer) });
        waiting
    }

    fn visible(&self, user: &str, channel: &str, ts: &str) -> Result<&Message, String> {
        let message = self.message(channel, ts).ok_or_else(|| format!("{channel} has no message {ts}"))?;
        match message.only_for.as_deref().is_none_or(|only| only == user) {
            true => Ok(message),
            false => Err(format!("{user} does not see {ts}")),
        }
    }

    fn channel_name(&self, channel: &str) -> String {
        match self.channels.get(channel) {
            Some(channel) if matches!(channel.kind, Kind::Direct(_)) => "directmessage".to_owned(),
            Some(channel) if matches!(channel.kind, Kind::Private | Kind::Group) => "privategroup".to_owned(),
            Some(channel) => channel.name.clone(),
            None => String::new(),
        }
    }
}

/// What a control holds after it was operated. A select may be named by the option itself; a button holds nothing.
fn state_of(control: &Control<'_>, named: &str, value: &Value) -> Result<Option<Value>, String> {
    match (control.kind(), value) {
        ("button", _) => Ok(None),
        (_, Value::Null) if control.option(named).is_some() => control.state_with(&named.into()).map(Some),
        (_, value) => control.state_with(value).map(Some),
    }
}

/// `state.values` of a message or a view: what was entered, else what stood there at first.
pub(super) fn values(all: &[Value], entered: &std::collections::BTreeMap<String, Map<String, Value>>) -> Value {
    let mut values = Map::new();
    for control in blocks::controls(all) {
        let entered = entered.get(control.block_id()).and_then(|block| block.get(control.action_id())).cloned();
        let Some(state) = entered.or_else(|| control.initial_state().filter(|_| control.kind() != "overflow")) else {
            continue;
        };
        let block = values.entry(control.block_id().to_owned()).or_insert_with(|| json!({}));
        block[control.action_id()] = state;
    }
    Value::Object(values)
}
