//! What the engine speaks of, as types: people, events, conversations, messages. Plain data, serialised by the stores.

mod doubt;
mod form;
mod id;
mod whom;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use doubt::{Doubt, Resolution};
pub use form::{Field, FieldKind, Finite, Form, Values};
pub use id::{BadName, Digest, EffectId, FlowName, Place, Seq, TurnId};
pub use whom::{Aim, Audience, Beginning, Manner};

/// Milliseconds since 1970-01-01 UTC.
pub type Millis = u64;

/// Microseconds since 1970-01-01 UTC.
pub type Micros = u64;

/// Who is talking.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// Stable within a workspace.
    pub id: String,
    /// As they call themselves: hostile text.
    pub name: String,
    /// An IETF language tag, or empty.
    pub locale: String,
    /// An IANA time zone, or empty.
    pub time_zone: String,
    /// How far their clocks were ahead of UTC when the channel told, in seconds: for a zone whose rules are not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub utc_offset: Option<i32>,
    /// The groups that they are in, of those that the operator names, and [`MEMBERS`](crate::policy::MEMBERS) of a full
    /// member: flows do not hear of it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<String>,
}

/// A file that came with a message, without its content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct File {
    /// The channel's identifier.
    pub id: String,
    /// As the person named it.
    pub name: String,
    /// Such as `image/png`.
    pub media_type: String,
    /// In bytes.
    pub size: u64,
}

/// A whole message that commands the host and not the flow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Control {
    /// End the conversation.
    Cancel,
    /// End it and begin the same flow again.
    Restart,
    /// Say what is going on.
    Status,
    /// Say what can be done.
    Help,
}

impl Control {
    /// The word that says it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Cancel => "cancel",
            Self::Restart => "restart",
            Self::Status => "status",
            Self::Help => "help",
        }
    }

    /// The control word that is the whole of `text`, ignoring case and blanks around it.
    pub fn exactly(text: &str) -> Option<Self> {
        Self::called(&text.trim().to_lowercase())
    }

    /// The same, ignoring what people write around a word: `cancel.`, `*Cancel!*`, `cancel please`, and `?` for help.
    pub fn parse(text: &str) -> Option<Self> {
        // Nobody writes so much around a word.
        if text.len() > 200 {
            return None;
        }
        Self::called(&pesto_reading::plain(text)).or_else(|| pesto_reading::wants_help(text).then_some(Self::Help))
    }

    fn called(word: &str) -> Option<Self> {
        [Self::Cancel, Self::Restart, Self::Status, Self::Help].into_iter().find(|control| control.word() == word)
    }
}

/// What happened at a place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Body {
    /// A flow is to begin.
    Start {
        /// Which.
        flow: FlowName,
        /// What the flow is told, at most 12,000 bytes.
        arguments: String,
    },
    /// The person wrote.
    Said {
        /// At most 12,000 bytes.
        text: String,
        /// What came with it.
        files: Vec<File>,
    },
    /// The person changed what they wrote.
    Edited {
        /// The new words, at most 12,000 bytes.
        text: String,
        /// When the old ones were sent: what tells which they were.
        was: Micros,
    },
    /// The person chose.
    Picked {
        /// The message whose choices these are.
        message: EffectId,
        /// The values chosen, as the channel sent them: not yet checked.
        values: Vec<String>,
    },
    /// The person filled in a form.
    Filled {
        /// The message whose form this is.
        message: EffectId,
        /// The values of each field, as the channel sent them: not yet checked, or by rules that may have changed.
        values: Values,
    },
    /// A control word that was taken beside a running turn.
    Control(Control),
    /// The operator ends the conversation, without its flow.
    Reset,
    /// A timer of the conversation is due.
    Timer {
        /// Whose: a timer of an earlier generation is dropped.
        generation: u64,
        /// As the flow named it.
        name: String,
        /// When it was due.
        due: Millis,
    },
    /// A message can never be delivered.
    Undelivered {
        /// Of the conversation that sent it.
        generation: u64,
        /// The flow's key of the message.
        key: String,
        /// Why, for the log.
        reason: String,
    },
}

impl Body {
    /// Whether a person did it, and not the host.
    pub fn is_a_persons(&self) -> bool {
        !matches!(self, Self::Reset | Self::Timer { .. } | Self::Undelivered { .. })
    }
}

/// An event on its way into a place's inbox.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inbound {
    /// What it is deduplicated by, unique over all channels; at most 200 bytes.
    pub id: String,
    /// Whose inbox.
    pub place: Place,
    /// Who.
    pub person: Person,
    /// When it was accepted. The turn's `now`.
    pub at: Millis,
    /// When it was sent, by the clock of a channel that may deliver out of order: what waits is handled in this order.
    /// None means behind all that waits.
    #[serde(default)]
    pub sent: Option<Micros>,
    /// How it was said or done.
    #[serde(default, skip_serializing_if = "Manner::is_plain")]
    pub manner: Manner,
    /// What.
    pub body: Body,
}

/// Something that can be picked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice {
    /// What comes back.
    pub value: String,
    /// What the person reads.
    pub label: String,
}

/// What can be picked below a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choices {
    /// Values are unique.
    pub options: Vec<Choice>,
    /// How many must be picked.
    pub least: u32,
    /// How many may be picked.
    pub most: u32,
}

/// A message on its way to a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Its effect; what a channel deduplicates by.
    pub id: EffectId,
    /// Where to.
    pub place: Place,
    /// The generation of the conversation that sends it; 0 for the host's own words.
    pub generation: u64,
    /// The flow's name for it.
    pub key: String,
    /// Not empty, but for one that closes another.
    pub text: String,
    /// What can be picked.
    pub choices: Option<Choices>,
    /// What can be filled in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub form: Option<Form>,
    /// This is no message of its own: it takes away the choices or the form below that one, and its text says what was
    /// chosen, if anything was. It is posted as soon as that one is, and holds up nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closes: Option<EffectId>,
    /// Where it appears, and before whom.
    #[serde(default, skip_serializing_if = "Aim::is_plain")]
    pub aim: Aim,
}

impl Message {
    /// What the person can answer it with, other than words.
    pub fn asks(&self) -> Option<Asks> {
        let choices = self.choices.clone().map(Asks::Choices);
        choices.or_else(|| self.form.clone().map(Asks::Form))
    }

    /// Whether it can be answered with more than words: then a channel may have to take that away later.
    pub fn can_be_answered(&self) -> bool {
        self.choices.is_some() || self.form.is_some()
    }
}

/// What a person can answer a message with, other than words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Asks {
    /// Picks.
    Choices(Choices),
    /// What is filled in.
    Form(Form),
}

/// A message that the person may still answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenQuestion {
    /// Which.
    pub message: EffectId,
    /// The flow's key of it.
    pub key: String,
    /// With what.
    pub asks: Asks,
}

/// The host's question whether to end a conversation, be it for another flow or for none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Switch {
    /// The flow to start then.
    pub flow: Option<FlowName>,
    /// Its arguments.
    pub arguments: String,
    /// The message that asks.
    pub message: EffectId,
}

/// A place's exchange with one flow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conversation {
    /// Counts the conversations of a place from 1.
    pub generation: u64,
    /// The flow that conducts it.
    pub flow: FlowName,
    /// The version it is on: the one it began with, unless a later one took it over.
    pub digest: Digest,
    /// What the flow keeps, opaque to us.
    pub state: Vec<u8>,
    /// The next text is no command.
    pub literal_next: bool,
    /// Messages that may still be answered, oldest first; the host's own question among them.
    pub questions: Vec<OpenQuestion>,
    /// The person asked for another flow, or wants to leave, and we asked back whether this conversation is to end.
    pub switch_to: Option<Switch>,
    /// The timers that run, with their due times; the store fires them.
    pub timers: BTreeMap<String, Millis>,
    /// How it began.
    pub began: Beginning,
    /// When the latest event was accepted that a person caused and its flow handled.
    pub last: Millis,
    /// When the bucket of turns that no person caused is full again; a time that is over means that it is full.
    #[serde(default)]
    pub alone: Millis,
    /// The control word that the person said last, where the flow took it as text. Said once more, it is a command.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub passed: Option<Control>,
    /// When the person's last words were sent, where nothing came after them: they may still be changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spoken: Option<Micros>,
    /// What the flow said last, or its beginning, on one line: most likely the question that the person is to answer.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub asked: String,
    /// Versions that it does not move to, the latest ones: it was on them, or they did not take it over.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tried: Vec<Digest>,
}

impl Conversation {
    /// The form of a message, while it is open.
    pub fn form(&self, message: &EffectId) -> Option<&Form> {
        let open = self.questions.iter().find(|open| open.message == *message)?;
        match &open.asks {
            Asks::Form(form) => Some(form),
            Asks::Choices(_) => None,
        }
    }

    /// What people call it: the title of its flow.
    pub fn title(&self) -> &str {
        if self.began.title.is_empty() { self.flow.as_str() } else { &self.began.title }
    }

    /// Place and generation: unique.
    pub fn id(&self, place: &Place) -> String {
        format!("{place}#{}", self.generation)
    }
}

/// One message of a person and what was answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exchange {
    /// What the person wrote; of a pick, the labels; of a form, a line for each field.
    pub said: String,
    /// The texts of the turn's messages.
    pub answered: String,
    /// When it was accepted.
    pub at: Millis,
}

/// The record of a host call of an unfinished turn.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Call {
    /// Counts the journaled calls of a turn from 1.
    pub number: u32,
    /// Interface and function, such as `llm.complete`.
    pub name: String,
    /// The request as JSON. A re-run must ask the same.
    pub request: String,
    /// What was answered; none while the call runs, or where a crash cut it off.
    pub result: Option<CallResult>,
}

/// What a host call answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallResult {
    /// The answer as JSON, be it an error or not.
    pub answer: String,
    /// When it came: the guest's clock moves on to it.
    pub at: Millis,
}

/// The answers of a finished conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Completion {
    /// The conversation's id. One conversation completes at most once.
    pub conversation: String,
    /// The flow.
    pub flow: FlowName,
    /// Its version.
    pub digest: Digest,
    /// Who answered.
    pub person: Person,
    /// When it was completed.
    pub at: Millis,
    /// A JSON object.
    pub answers: String,
}

/// What could not be handled, kept for the operator.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeadLetter {
    /// When it was given up.
    pub at: Millis,
    /// The flow it was for, where one was chosen.
    pub flow: Option<(FlowName, Digest)>,
    /// The name of the error, such as `cpu-deadline`.
    pub error: String,
    /// The error in words for the operator. Holds no secret.
    pub reason: String,
    /// How often it was tried.
    pub attempts: u32,
    /// What it is.
    pub letter: Letter,
    /// The host calls of the last attempt.
    pub journal: Vec<Call>,
    /// What the event asked for was done all the same: a conversation was cancelled although its flow failed. It must
    /// not be put back, for it would cancel the next one.
    #[serde(default)]
    pub settled: bool,
}

/// What a dead letter holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Letter {
    /// An event that no turn could handle.
    Event(Inbound),
    /// A message that can never be delivered.
    Message(Message),
}
