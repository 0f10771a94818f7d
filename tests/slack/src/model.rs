use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::{Map, Value};
use tokio::time::Instant;

/// Somebody in the workspace; the bot is one, too.
#[derive(Debug, Clone, Serialize)]
pub struct User {
    /// As `U0000000A1`.
    pub id: String,
    /// The handle, lower case and without spaces.
    pub name: String,
    /// The name that people see.
    pub real_name: String,
    /// As `en-US`.
    pub locale: String,
    /// An IANA name, as `Europe/Berlin`.
    pub tz: String,
    /// Seconds east of UTC.
    pub tz_offset: i64,
    /// Whether the account was deactivated.
    pub deleted: bool,
    /// Whether it is a bot.
    pub is_bot: bool,
    /// Whether it is a guest, who is not a full member.
    pub is_guest: bool,
}

/// What kind of channel it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Anybody can join.
    Public,
    /// Only members see it.
    Private,
    /// The talk of a few people and the bot.
    Group,
    /// The talk of the bot and this person.
    Direct(String),
}

#[derive(Debug)]
pub(crate) struct Channel {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) kind: Kind,
    pub(crate) archived: bool,
    pub(crate) created: u64,
    pub(crate) members: BTreeSet<String>,
    pub(crate) messages: BTreeMap<String, Message>,
    /// When the burst of posts will be whole again.
    pub(crate) posts_full: Option<Instant>,
    /// What the bot says it is doing, and since when.
    pub(crate) status: Option<(String, Instant)>,
}

/// A message as it stands in a channel.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Message {
    /// Unique in the workspace, and ordered as text.
    pub ts: String,
    /// The channel's id.
    pub channel: String,
    /// The first message of its thread, where it stands in one.
    pub thread_ts: Option<String>,
    /// Who wrote it.
    pub user: String,
    /// Set where the bot wrote it.
    pub bot_id: Option<String>,
    /// The text; where there are blocks, only their fallback.
    pub text: String,
    /// Block Kit.
    pub blocks: Vec<Value>,
    /// Legacy attachments, kept as they came.
    pub attachments: Vec<Value>,
    /// The bot's own data, which nobody sees.
    pub metadata: Option<Value>,
    /// When it was changed last.
    pub edited: Option<String>,
    /// Who reacted, by emoji name.
    pub reactions: BTreeMap<String, BTreeSet<String>>,
    /// What was uploaded with it.
    pub files: Vec<Value>,
    /// The only person that sees it, if it is ephemeral.
    pub only_for: Option<String>,
    /// As `file_share`.
    pub subtype: Option<String>,
    /// The id that a person's client gave it.
    pub client_msg_id: Option<String>,
    /// What was chosen in its controls and not yet changed by the bot: block id, action id, state.
    pub chosen: BTreeMap<String, Map<String, Value>>,
}

impl Message {
    /// What a person reads: the text of the blocks, or where there are none the text.
    #[must_use]
    pub fn shown(&self) -> String {
        if self.blocks.is_empty() {
            return self.text.clone();
        }
        let lines: Vec<_> = self.blocks.iter().filter_map(crate::blocks::text_of).collect();
        lines.join("\n")
    }

    /// The labels of buttons and options, in order.
    #[must_use]
    pub fn choices(&self) -> Vec<String> {
        crate::blocks::controls(&self.blocks).flat_map(|control| control.labels()).collect()
    }

    /// Whether it has anything to click or choose.
    #[must_use]
    pub fn has_controls(&self) -> bool {
        crate::blocks::controls(&self.blocks).next().is_some()
    }

    /// The thread that an answer to it belongs to: its own, or the one that it begins.
    #[must_use]
    pub fn thread(&self) -> &str {
        self.thread_ts.as_deref().unwrap_or(&self.ts)
    }

    /// A value of the metadata's `event_payload`.
    #[must_use]
    pub fn metadata_value(&self, key: &str) -> Option<&str> {
        self.metadata.as_ref()?.get("event_payload")?.get(key)?.as_str()
    }
}

/// A modal, as a person has it before them.
#[derive(Debug, Clone, Serialize)]
pub struct View {
    /// As `V0000000A1`.
    pub id: String,
    /// Changes with every change of the view.
    pub hash: String,
    /// The person that it was opened for.
    pub user: String,
    /// The first view of its stack.
    pub root: String,
    /// What the app sent: title, blocks, callback id and so on.
    pub body: Value,
    /// Messages under the fields, by block id, as the app answered the last submission.
    pub errors: BTreeMap<String, String>,
}

#[derive(Debug, Clone)]
pub(crate) struct Trigger {
    pub(crate) user: String,
    pub(crate) made: Instant,
    pub(crate) exchanged: bool,
    /// The view in which it was pulled, if any.
    pub(crate) view: Option<String>,
}

#[derive(Debug, Clone)]
pub(crate) struct Group {
    pub(crate) id: String,
    pub(crate) handle: String,
    pub(crate) users: Vec<String>,
}

/// Where a `response_url` leads.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    pub(crate) user: String,
    pub(crate) channel: String,
    /// The message that was clicked, if any.
    pub(crate) ts: Option<String>,
    pub(crate) made: Instant,
    pub(crate) uses: u32,
}

/// Something that reached a person.
#[derive(Debug, Clone)]
pub(crate) struct Heard {
    pub(crate) channel: String,
    pub(crate) ts: String,
}
