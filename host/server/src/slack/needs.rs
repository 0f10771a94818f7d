//! What the app must be allowed in a workspace: the one list, which `pesto doctor` demands and the manifest in
//! `examples/slack` asks for. The tests below keep it in step with the methods that are called and the events that are
//! read.

/// A scope of the bot token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scope {
    /// As Slack calls it.
    pub name: &'static str,
    /// What does not work without it, to be read after "without it".
    pub loss: &'static str,
    /// It is needed only where the configuration names user groups.
    pub for_groups: bool,
}

const fn scope(name: &'static str, loss: &'static str) -> Scope {
    Scope { name, loss, for_groups: false }
}

/// The scopes of the bot token: all that are needed, and none that is not.
pub const SCOPES: &[Scope] = &[
    scope("app_mentions:read", "nobody can call the bot in a channel"),
    scope("channels:history", "answers in threads of public channels are not heard"),
    scope("chat:write", "the bot cannot say anything"),
    scope("commands", "there is no slash command"),
    scope("groups:history", "answers in threads of private channels are not heard"),
    scope("im:history", "direct messages are not heard"),
    scope("im:write", "direct messages cannot be answered"),
    scope("mpim:history", "answers in threads of group direct messages are not heard"),
    scope("reactions:write", "people do not see that they were heard"),
    Scope { name: "usergroups:read", loss: "flows that are only for user groups are for nobody", for_groups: true },
    scope("users:read", "flows know neither names nor languages nor time zones"),
];

/// The scope of the app-level token, which Socket Mode needs.
pub const APP_SCOPE: &str = "connections:write";

/// The bot events to subscribe to.
pub const EVENTS: &[&str] = &[
    "app_mention",
    "app_uninstalled",
    "message.channels",
    "message.groups",
    "message.im",
    "message.mpim",
    "tokens_revoked",
];

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::collections::BTreeSet;
    use std::path::Path;

    use regex::Regex;
    use serde_json::Value;

    use super::*;

    /// What each method needs, by Slack's reference of methods. A status needs what a post needs.
    const METHODS: &[(&str, &[&str])] = &[
        ("apps.connections.open", &[]),
        ("assistant.threads.setStatus", &["chat:write"]),
        ("auth.test", &[]),
        ("bots.info", &["users:read"]),
        ("chat.postMessage", &["chat:write"]),
        ("chat.postEphemeral", &["chat:write"]),
        ("chat.delete", &["chat:write"]),
        ("chat.postEphemeral", &["chat:write"]),
        ("chat.update", &["chat:write"]),
        ("conversations.history", &["im:history"]),
        ("conversations.open", &["im:write"]),
        ("conversations.replies", &["channels:history", "groups:history", "im:history", "mpim:history"]),
        ("reactions.add", &["reactions:write"]),
        ("reactions.remove", &["reactions:write"]),
        ("usergroups.users.list", &["usergroups:read"]),
        ("users.info", &["users:read"]),
        ("users.list", &["users:read"]),
        ("views.open", &[]),
    ];

    /// What it takes to be sent an event, by Slack's reference of events.
    fn of_event(event: &str) -> Option<&'static str> {
        match event {
            "app_mention" => Some("app_mentions:read"),
            "message.channels" => Some("channels:history"),
            "message.groups" => Some("groups:history"),
            "message.im" => Some("im:history"),
            "message.mpim" => Some("mpim:history"),
            "app_uninstalled" | "tokens_revoked" => None,
            other => panic!("say what scope `{other}` needs"),
        }
    }

    fn names() -> BTreeSet<&'static str> {
        SCOPES.iter().map(|scope| scope.name).collect()
    }

    #[test]
    fn the_scopes_are_those_of_the_methods_and_events() {
        let source = include_str!("api.rs");
        let called = Regex::new(r#""([a-z]+(?:\.[a-z]+)*\.[a-z]+[A-Za-z]*)""#).unwrap();
        let called: BTreeSet<_> = called.captures_iter(source).map(|found| found.get(1).unwrap().as_str()).collect();
        let listed: BTreeSet<_> = METHODS.iter().map(|(method, _)| *method).collect();
        assert_eq!(called, listed, "say above what scopes each method in api.rs needs");

        let of_methods = METHODS.iter().flat_map(|(_, scopes)| *scopes).copied();
        let needed: BTreeSet<_> =
            of_methods.chain(EVENTS.iter().filter_map(|event| of_event(event))).chain(["commands"]).collect();
        assert_eq!(names(), needed);
    }

    #[test]
    fn the_events_are_those_that_are_read() {
        let read: BTreeSet<_> = crate::slack::cases::events_that_matter().into_iter().collect();
        let listed: BTreeSet<_> = EVENTS.iter().map(|event| (*event).to_owned()).collect();
        assert_eq!(read, listed);
    }

    fn example(file: &str) -> std::path::PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/slack").join(file)
    }

    #[test]
    fn the_manifest_asks_for_just_that() {
        let manifest = std::fs::read_to_string(example("manifest.yaml")).unwrap();
        let manifest: Value = serde_yaml_ng::from_str(&manifest).unwrap();
        let list = |path: &str| {
            let list = manifest.pointer(path).and_then(Value::as_array).unwrap_or_else(|| panic!("no {path}"));
            list.iter().map(|name| name.as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(list("/oauth_config/scopes/bot"), names().into_iter().collect::<Vec<_>>());
        assert_eq!(list("/settings/event_subscriptions/bot_events"), EVENTS);
        assert_eq!(manifest.pointer("/oauth_config/scopes/user"), None);
        for on in ["/settings/socket_mode_enabled", "/settings/interactivity/is_enabled"] {
            assert_eq!(manifest.pointer(on), Some(&Value::Bool(true)), "{on}");
        }
        // Without the first, nobody can write to the bot; with the second, people only read.
        let tab = |key: &str| manifest["features"]["app_home"][key].as_bool();
        assert_eq!((tab("messages_tab_enabled"), tab("messages_tab_read_only_enabled")), (Some(true), Some(false)));
        assert_eq!(manifest["features"]["slash_commands"][0]["command"], "/pesto");
        assert!(manifest["features"]["bot_user"]["display_name"].is_string());
    }

    #[test]
    fn the_example_is_right_over_socket_mode_and_over_http() {
        let load = |file: &Path, secret| {
            let variables = [("SLACK_BOT_TOKEN", "xoxb-1"), secret].into_iter().collect();
            crate::config::Config::load(Some(file), &variables).unwrap().slack.unwrap()
        };
        let slack = load(&example("pesto.toml"), ("SLACK_APP_TOKEN", "xapp-1"));
        assert!(slack.app_token.is_some() && slack.http.is_none());

        // As the README beside it says.
        let mut text = std::fs::read_to_string(example("pesto.toml")).unwrap();
        for (from, to) in [
            ("\napp_token_env", "\n# app_token_env"),
            ("\n# listen", "\nlisten"),
            ("\n# signing_secret_env", "\nsigning_secret_env"),
        ] {
            assert!(text.contains(from), "{from}");
            text = text.replace(from, to);
        }
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("pesto.toml");
        std::fs::write(&file, text).unwrap();
        let slack = load(&file, ("SLACK_SIGNING_SECRET", "0123"));
        assert!(slack.app_token.is_none() && slack.http.is_some());
    }
}
