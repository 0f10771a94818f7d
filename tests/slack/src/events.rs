use serde_json::{Value, json};

use crate::delivery::{Outgoing, Sort};
use crate::model::{Kind, Message};
use crate::state::State;
use crate::wire;

/// What a change of a message looks like in an event.
pub(crate) enum Change {
    Posted,
    /// With the message as it was before.
    Changed(Box<Message>),
    Deleted,
}

impl State {
    /// Sends the events of a change to the app, if it is in the channel, subscribed, and has the scope.
    pub(crate) fn tell_message(&mut self, by: &str, message: &Message, change: Change) {
        let Some(channel) = self.channels.get(&message.channel) else { return };
        let (events, scope) = match channel.kind {
            Kind::Public => ("message.channels", "channels:history"),
            Kind::Private => ("message.groups", "groups:history"),
            Kind::Group => ("message.mpim", "mpim:history"),
            Kind::Direct(_) => ("message.im", "im:history"),
        };
        let channel_type = wire::channel_type(&channel.kind);
        let is_direct = channel_type == "im";
        if !self.bot_is_in(&message.channel) || message.only_for.is_some() {
            return;
        }
        let at = match change {
            Change::Posted => message.ts.clone(),
            Change::Changed(_) | Change::Deleted => self.ids.ts(),
        };
        let mut shown = wire::message(message, &self.app, true);
        let root = message.thread_ts.as_ref().filter(|root| **root != message.ts);
        if let Some(root) = root.and_then(|root| channel.messages.get(root)) {
            shown["parent_user_id"] = root.user.as_str().into();
        }
        let event = match &change {
            Change::Posted => {
                let mut event = shown.clone();
                event["channel"] = message.channel.as_str().into();
                event["event_ts"] = at.as_str().into();
                event["channel_type"] = channel_type.into();
                if !message.files.is_empty() {
                    event["display_as_bot"] = false.into();
                }
                event
            }
            Change::Changed(before) => json!({
                "type": "message", "subtype": "message_changed", "hidden": true, "channel": message.channel,
                "channel_type": channel_type, "ts": at, "event_ts": at,
                "message": shown, "previous_message": wire::message(before, &self.app, true),
            }),
            Change::Deleted => json!({
                "type": "message", "subtype": "message_deleted", "hidden": true, "channel": message.channel,
                "channel_type": channel_type, "ts": at, "event_ts": at, "deleted_ts": message.ts,
                "previous_message": shown,
            }),
        };
        if self.may_hear(events, scope) {
            self.tell(by, &at, event);
        }
        let mention = format!("<@{}>", self.app.bot_user);
        let mentioned = matches!(change, Change::Posted) && message.bot_id.is_none() && message.text.contains(&mention);
        // A mention in a direct message is no app_mention.
        if mentioned && !is_direct && self.may_hear("app_mention", "app_mentions:read") {
            let mut event = shown;
            event["type"] = "app_mention".into();
            event["channel"] = message.channel.as_str().into();
            event["event_ts"] = at.as_str().into();
            self.tell(by, &at, event);
        }
    }

    fn may_hear(&self, events: &str, scope: &str) -> bool {
        self.options.subscriptions.contains(events) && self.options.scopes.contains(scope)
    }

    /// Puts an event into its envelope, to be sent as soon as the change is complete.
    pub(crate) fn tell(&mut self, by: &str, at: &str, event: Value) {
        if self.app.revoked && event["type"] != "tokens_revoked" && event["type"] != "app_uninstalled" {
            return;
        }
        let id = self.ids.next("Ev");
        let app = &self.app;
        let payload = json!({
            "token": app.verification_token, "team_id": app.team, "context_team_id": app.team,
            "context_enterprise_id": null, "api_app_id": app.id, "event": event, "type": "event_callback",
            "event_id": id, "event_time": at.split('.').next().and_then(|seconds| seconds.parse::<u64>().ok()),
            "authorizations": [{
                "enterprise_id": null, "team_id": app.team, "user_id": app.bot_user, "is_bot": true,
                "is_enterprise_install": false,
            }],
            "is_ext_shared_channel": false, "event_context": format!("4-{id}"),
        });
        self.outgoing.push(Outgoing {
            sort: Sort::Event,
            user: by.to_owned(),
            moment: at.to_owned(),
            event: id,
            payload,
            accepts_answer: false,
            answer: None,
        });
    }
}
