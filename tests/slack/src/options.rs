use std::collections::{BTreeMap, BTreeSet};
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

/// What a double begins with. The default is Slack as documented, on a free port of this machine, with every scope
/// that a conversational bot asks for.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where to listen; port 0 is a free one.
    pub listen: SocketAddr,
    /// Of the generator that spreads events over sockets and draws faults.
    pub seed: u64,
    /// The bot's name, without `@`.
    pub bot_name: String,
    /// The scopes of the bot token. A method that needs another answers `missing_scope`.
    pub scopes: BTreeSet<String>,
    /// The bot events that the app subscribed to, such as `message.im`. Others are not sent.
    pub subscriptions: BTreeSet<String>,
    /// How long an envelope or a request may stay unanswered. Slack: 3 s.
    pub ack_timeout: Duration,
    /// The waits before an event is sent again. Slack: none, 1 minute, 5 minutes.
    pub retry_delays: Vec<Duration>,
    /// How long a trigger can be exchanged for a view. Slack: 3 s.
    pub trigger_life: Duration,
    /// How long the bot's status is shown. Slack: 2 minutes.
    pub status_life: Duration,
    /// The time after which a channel takes one post more. Slack: 1 s.
    pub post_interval: Duration,
    /// Posts that a channel takes at once, where there were none for as many intervals. Slack allows "short bursts", and
    /// does not say how short.
    pub post_burst: u32,
    /// Posts that the workspace takes at once, and in a minute: without a limit by default. Slack: "several hundred
    /// messages per minute".
    pub workspace_posts: Option<(u32, u32)>,
    /// Calls a minute, by method. None by default; [`documented_tiers`] has Slack's.
    pub tiers: BTreeMap<String, u32>,
    /// How many sockets an app may hold. Slack: 10.
    pub max_sockets: usize,
    /// Sockets of another host with the same token. They take up room, and events never go to them.
    pub other_sockets: usize,
    /// What the Web API's `Date` header says instead of the time, as `Wed, 21 Oct 2015 07:28:00 GMT`.
    pub date: Option<String>,
    /// How often the server pings a socket.
    pub ping_interval: Duration,
    /// The lifetime of a socket that `hello` tells, in the end of which it is asked to refresh.
    pub connection_time: Duration,
    /// How long a socket that was asked to refresh stays open.
    pub refresh_grace: Duration,
    /// How long an event that is to be swapped waits for another one of the same person.
    pub swap_patience: Duration,
    /// How long the methods that wait for something, such as `hears`, wait before they fail the test.
    pub patience: Duration,
    /// Whether the app hears of its own messages, as it does from Slack.
    pub echo: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            seed: 1,
            bot_name: "pesto".to_owned(),
            scopes: owned(&[
                "app_mentions:read",
                "assistant:write",
                "channels:history",
                "channels:read",
                "chat:write",
                "commands",
                "groups:history",
                "groups:read",
                "im:history",
                "im:read",
                "im:write",
                "mpim:history",
                "reactions:write",
                "usergroups:read",
                "users:read",
            ]),
            subscriptions: owned(&[
                "app_mention",
                "app_uninstalled",
                "message.channels",
                "message.groups",
                "message.im",
                "message.mpim",
                "tokens_revoked",
            ]),
            ack_timeout: Duration::from_secs(3),
            retry_delays: [0, 60, 300].map(Duration::from_secs).to_vec(),
            trigger_life: Duration::from_secs(3),
            status_life: Duration::from_secs(120),
            post_interval: Duration::from_secs(1),
            post_burst: 3,
            workspace_posts: None,
            tiers: BTreeMap::new(),
            max_sockets: 10,
            other_sockets: 0,
            date: None,
            ping_interval: Duration::from_secs(10),
            connection_time: Duration::from_secs(18_060),
            refresh_grace: Duration::from_secs(10),
            swap_patience: Duration::from_secs(1),
            patience: Duration::from_secs(30),
            echo: true,
        }
    }
}

/// Slack's documented calls a minute of the methods that the double has. A tier says "about" or "or more": these are
/// its numbers taken literally.
#[must_use]
pub fn documented_tiers() -> BTreeMap<String, u32> {
    [
        ("apps.connections.open", 50),
        ("chat.update", 50),
        ("chat.delete", 50),
        ("chat.postEphemeral", 100),
        ("conversations.open", 50),
        ("conversations.info", 50),
        ("conversations.history", 50),
        ("conversations.replies", 50),
        ("conversations.members", 100),
        ("users.info", 100),
        ("users.list", 20),
        ("usergroups.list", 20),
        ("usergroups.users.list", 20),
        ("views.open", 100),
        ("views.update", 100),
        ("reactions.add", 50),
        ("reactions.remove", 20),
    ]
    .map(|(method, calls)| (method.to_owned(), calls))
    .into()
}

/// Where events go instead of to sockets.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
pub struct RequestUrls {
    /// Gets the Events API's events.
    pub events: String,
    /// Gets clicks, submissions and shortcuts.
    pub interactivity: String,
    /// Gets slash commands.
    pub commands: String,
}

impl RequestUrls {
    /// One address for everything, as Bolt has it.
    #[must_use]
    pub fn all(url: &str) -> Self {
        Self { events: url.to_owned(), interactivity: url.to_owned(), commands: url.to_owned() }
    }
}

fn owned(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|&name| name.to_owned()).collect()
}
