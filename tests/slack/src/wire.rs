//! The shapes in which Slack shows users, channels, messages and views.

use serde_json::{Value, json};

use crate::model::{Channel, Kind, Message, User, View};
use crate::state::App;

pub(crate) fn user(user: &User, app: &App, with_locale: bool) -> Value {
    let mut shown = json!({
        "id": user.id, "team_id": app.team, "name": user.name, "deleted": user.deleted, "color": "9f69e7",
        "real_name": user.real_name, "tz": user.tz, "tz_label": user.tz, "tz_offset": user.tz_offset,
        "profile": {
            "title": "", "phone": "", "skype": "", "real_name": user.real_name,
            "real_name_normalized": user.real_name, "display_name": user.real_name,
            "display_name_normalized": user.real_name, "status_text": "", "status_emoji": "", "team": app.team,
        },
        "is_admin": false, "is_owner": false, "is_primary_owner": false, "is_restricted": user.is_guest,
        "is_ultra_restricted": false, "is_bot": user.is_bot, "is_app_user": false, "updated": 1_700_000_000,
    });
    if with_locale {
        shown["locale"] = user.locale.as_str().into();
    }
    if user.deleted {
        // A deactivated account has neither a time zone nor roles any more.
        for field in ["tz", "tz_label", "tz_offset", "real_name", "color"] {
            shown.as_object_mut().map(|fields| fields.remove(field));
        }
    }
    shown
}

pub(crate) fn channel(channel: &Channel, app: &App) -> Value {
    if let Kind::Direct(user) = &channel.kind {
        return json!({
            "id": channel.id, "created": channel.created, "is_archived": channel.archived, "is_im": true,
            "is_org_shared": false, "user": user, "context_team_id": app.team, "priority": 0,
            "is_user_deleted": false,
        });
    }
    json!({
        "id": channel.id, "name": channel.name, "name_normalized": channel.name, "is_channel": true,
        "is_group": false, "is_im": false, "is_mpim": channel.kind == Kind::Group,
        "is_private": matches!(channel.kind, Kind::Private | Kind::Group),
        "created": channel.created, "is_archived": channel.archived, "is_general": false, "unlinked": 0,
        "is_shared": false, "is_org_shared": false, "is_member": channel.members.contains(&app.bot_user),
        "num_members": channel.members.len(), "context_team_id": app.team, "creator": app.bot_user,
        "topic": { "value": "", "creator": "", "last_set": 0 },
        "purpose": { "value": "", "creator": "", "last_set": 0 }, "previous_names": [],
    })
}

pub(crate) fn channel_type(kind: &Kind) -> &'static str {
    match kind {
        Kind::Public => "channel",
        Kind::Private => "group",
        Kind::Group => "mpim",
        Kind::Direct(_) => "im",
    }
}

/// A message as in `conversations.history`, in events and in interactions.
pub(crate) fn message(message: &Message, app: &App, with_metadata: bool) -> Value {
    let mut shown = json!({
        "type": "message", "user": message.user, "ts": message.ts, "text": message.text, "team": app.team,
    });
    let mut set = |field: &str, value: Value| {
        shown[field] = value;
    };
    if let Some(subtype) = &message.subtype {
        set("subtype", subtype.as_str().into());
    }
    if let Some(id) = &message.client_msg_id {
        set("client_msg_id", id.as_str().into());
    }
    if let Some(bot) = &message.bot_id {
        set("bot_id", bot.as_str().into());
        set("app_id", app.id.as_str().into());
        set(
            "bot_profile",
            json!({ "id": bot, "app_id": app.id, "name": "bot", "deleted": false, "team_id": app.team }),
        );
    }
    if !message.blocks.is_empty() {
        set("blocks", message.blocks.clone().into());
    }
    if !message.attachments.is_empty() {
        set("attachments", message.attachments.clone().into());
    }
    if let Some(thread) = &message.thread_ts {
        set("thread_ts", thread.as_str().into());
    }
    if let Some(at) = &message.edited {
        set("edited", json!({ "user": message.user, "ts": at }));
    }
    if !message.files.is_empty() {
        set("files", message.files.clone().into());
        set("upload", false.into());
    }
    if !message.reactions.is_empty() {
        let one = |(name, users): (&String, &std::collections::BTreeSet<String>)| json!({ "name": name, "users": users, "count": users.len() });
        set("reactions", message.reactions.iter().map(one).collect());
    }
    if with_metadata && let Some(metadata) = &message.metadata {
        set("metadata", metadata.clone());
    }
    shown
}

/// A view as in answers and interactions, with what stands in its fields.
pub(crate) fn view(view: &View, app: &App, values: Value) -> Value {
    let mut shown = json!({
        "id": view.id, "team_id": app.team, "type": "modal", "blocks": [], "private_metadata": "", "callback_id": "",
        "state": { "values": values }, "hash": view.hash, "title": null, "clear_on_close": false,
        "notify_on_close": false, "close": null, "submit": null, "previous_view_id": null,
        "root_view_id": view.root, "app_id": app.id, "external_id": "", "app_installed_team_id": app.team,
        "bot_id": app.bot_id,
    });
    for (field, value) in view.body.as_object().into_iter().flatten() {
        shown[field] = value.clone();
    }
    shown
}

/// A text as the block that Slack's own clients make of it: markup becomes elements, and entities the signs they mean.
pub(crate) fn rich_text(text: &str, block_id: String) -> Value {
    json!({
        "type": "rich_text", "block_id": block_id,
        "elements": [{ "type": "rich_text_section", "elements": elements(text) }],
    })
}

fn elements(mut text: &str) -> Vec<Value> {
    let mut elements = Vec::new();
    let plain = |text: &str| {
        let text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
        (!text.is_empty()).then(|| json!({ "type": "text", "text": text }))
    };
    while let Some((before, rest)) = text.split_once('<') {
        let Some((inside, after)) = rest.split_once('>') else { break };
        elements.extend(plain(before));
        let (what, label) = inside.split_once('|').unwrap_or((inside, inside));
        elements.push(match what.split_at_checked(1) {
            Some(("@", user)) => json!({ "type": "user", "user_id": user }),
            Some(("#", channel)) => json!({ "type": "channel", "channel_id": channel }),
            Some(("!", range)) => json!({ "type": "broadcast", "range": range }),
            _ => json!({ "type": "link", "url": what, "text": label }),
        });
        text = after;
    }
    elements.extend(plain(text));
    elements
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_becomes_elements() {
        let text = |text: &str| json!({ "type": "text", "text": text });
        assert_eq!(elements("1 &lt; 2 &amp;amp; 3"), [text("1 < 2 &amp; 3")]);
        let link = json!({ "type": "link", "url": "https://a.example", "text": "a" });
        let user = json!({ "type": "user", "user_id": "U1" });
        assert_eq!(elements("<@U1> see <https://a.example|a>"), [user, text(" see "), link]);
        assert_eq!(elements("an open <end"), [text("an open <end")]);
    }
}
