//! What a payload from Slack leads to, and who we are to Slack.

use std::fmt;

use pesto_engine::model::{Body, EffectId, Place, Values};

use super::words::Told;

/// Who we are in the workspace that the app is installed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Identity {
    /// The workspace's id.
    pub(super) team: String,
    /// The id of the app's bot user: what people mention, and the author of our messages.
    pub(super) bot_user: String,
    /// The id of the bot behind that user.
    pub(super) bot_id: String,
    /// The app's id, where it is known. Payloads that name another app are ignored.
    pub(super) app: Option<String>,
}

/// What a payload from Slack leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Reading {
    /// Store this, then acknowledge.
    Event(Incoming),
    /// A person changed what they wrote: [`Incoming::sent`] says when that was. Tell them what becomes of it, where it
    /// was for us.
    Edited(Incoming),
    /// Open the window of a form, then acknowledge.
    Open(Opening),
    /// Check this, and store it or say what is wrong with it.
    Filled(Submission),
    /// Acknowledge; nothing is to be done, and why (for the debug log, no user text).
    Ignored(&'static str),
    /// It is not what Slack sends: acknowledge, and warn the operator with this text (no user text, no secrets).
    Malformed(String),
    /// The operator should know this, and nothing else is to be done.
    Notice(Notice),
}

/// A click on a form's button.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Opening {
    /// What lets a window be opened, within three seconds of the click and once.
    pub(super) trigger: String,
    /// Who clicked.
    pub(super) user: String,
    /// Where the conversation is.
    pub(super) place: Place,
    /// The message whose form it is.
    pub(super) message: EffectId,
}

/// A submitted window.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Submission {
    /// What to store if it keeps the form's rules: [`Body::Filled`] with the message and values below.
    pub(super) incoming: Incoming,
    /// The message whose form it is.
    pub(super) message: EffectId,
    /// What was entered: hostile text.
    pub(super) values: Values,
}

/// Something that a person did, on its way to the engine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Incoming {
    /// What it is deduplicated by: retries and other deliveries of the same have the same. 1 to 200 bytes.
    pub(super) id: String,
    /// Our workspace, also where the person belongs to another one that shares a channel with it.
    pub(super) team: String,
    /// Who did it.
    pub(super) user: String,
    /// Where the conversation is.
    pub(super) place: Place,
    /// When it was done, in microseconds since 1970-01-01 UTC, by Slack's clock.
    pub(super) sent: u64,
    /// What was done. Of a text or of arguments any length: the engine refuses what is too long, in words.
    pub(super) body: Body,
    /// A reply in a channel's thread without a mention: only for us where a conversation is open there.
    pub(super) only_if_open: bool,
    /// Below this message, by its ts: the answer belongs there too.
    pub(super) below: Option<String>,
    /// The place is a thread below a post of ours in the person's direct messages, which are this: it is theirs if the
    /// post is of what goes on there.
    pub(super) instead: Option<Place>,
    /// People whom the body's text mentions by their id, as `@U123`, each once.
    pub(super) mentioned: Vec<String>,
    /// Where a sign that it was heard can be put: channel and ts of the person's message.
    pub(super) heard_at: Option<(String, String)>,
    /// The name that the payload itself tells, if any: hostile text, at most [`LONGEST_NAME`] characters.
    pub(super) name_hint: Option<String>,
    /// What a slash command is answered at once, only to the person.
    pub(super) ack: Option<Ack>,
}

/// What a slash command is answered at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ack {
    /// What.
    pub(super) told: Told,
    /// Of the direct messages, where it is known.
    pub(super) address: Option<String>,
}

/// The longest name of a person or a file, in characters.
pub(super) const LONGEST_NAME: usize = 200;

/// What an operator should know of the app's standing with Slack. Its text says what to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Notice {
    /// The app was removed from the workspace.
    Uninstalled,
    /// The bot's token is no longer good.
    TokensRevoked,
    /// Slack drops events, for there are more than it delivers.
    RateLimited {
        /// The minute in which it began, in seconds since 1970-01-01 UTC; none where Slack does not say.
        minute: Option<u64>,
    },
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Uninstalled => f.write_str(
                "the app was removed from the Slack workspace: install it again, and give its new bot token",
            ),
            Self::TokensRevoked => {
                f.write_str("Slack revoked the bot's token: install the app again, and give its new bot token")
            }
            Self::RateLimited { minute } => {
                f.write_str("Slack drops events, for more than 30,000 came within an hour")?;
                if let Some(minute) = minute {
                    write!(f, " (since the minute {minute}, in seconds since 1970)")?;
                }
                f.write_str(": take the app out of busy channels, or unsubscribe from their messages")
            }
        }
    }
}

/// What is said to an operator whose app is installed for a whole organisation: such events name no workspace.
pub(super) const ORGANISATION: &str =
    "names an organisation and no workspace: install the app in one workspace, not for the whole organisation";
