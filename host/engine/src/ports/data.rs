//! What the ports speak of.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::model::{
    Call, Completion, Conversation, DeadLetter, Digest, Exchange, FlowName, Inbound, Message, Millis, Person, Place,
    Seq,
};

/// Why a store did not do what was asked. The step was done whole or not at all, but for `Unavailable`, where it
/// may have been done: every step may be repeated.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// Somebody else owns the place now: the turn must stop and touch nothing.
    #[error("the place is owned by a later epoch")]
    Stale,
    /// The store is away, full or locked. Later it may work.
    #[error("the store is not available: {0}")]
    Unavailable(String),
    /// What the store holds cannot be read. It will not work later.
    #[error("the store holds what cannot be read: {0}")]
    Corrupt(String),
}

/// Ownership of a place. A write with an old epoch answers [`StoreError::Stale`].
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Fence {
    /// Which place.
    pub place: Place,
    /// Raised by each claim and each cut.
    pub epoch: u64,
}

/// How an event enters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// Into the place's inbox, by the time at which it was sent.
    Queue,
    /// The same; and where nothing waited or ran at the place, it is claimed for so long in the same step.
    Take(Duration),
    /// As `Queue`, but it is not claimed before this time: one that was sent earlier may be on its way.
    Hold(Millis),
    /// In place of the running turn, which it ends (its journal goes), and of all that waits; but what was sent after it,
    /// where it tells when it was sent, stays and comes behind it. The epoch is raised.
    Cut,
    /// Not at all: these messages go to the outbox instead.
    Answer(Vec<Message>),
}

/// What became of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Accepted {
    /// It is stored, at this position; an answered one has none.
    New(Option<Seq>),
    /// It is stored, and its turn is claimed.
    Taken(Box<Claim>),
    /// It had been stored before, and nothing changed.
    Duplicate,
    /// As many events as a place may have wait already, and nothing changed.
    Full,
}

/// A turn to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// What every write of this turn must carry.
    pub fence: Fence,
    /// The event's position.
    pub seq: Seq,
    /// The event.
    pub inbound: Inbound,
    /// Counts from 1; a crash of the host counts, a turn handed back does not.
    pub attempt: u32,
    /// The generation of the place's latest conversation, open or not; 0 if there was none.
    pub generation: u64,
    /// The open conversation.
    pub conversation: Option<Conversation>,
    /// The calls of earlier attempts, by number.
    pub journal: Vec<Call>,
    /// What the first intent of the turn pinned.
    pub pin: Option<String>,
}

/// What a turn leads to: one write, and the end of the claim.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Commit {
    /// What becomes of the conversation.
    pub conversation: After,
    /// Messages of this generation that surely were not posted leave the outbox, with what closes them. It happens before
    /// `messages` enter.
    pub drops: Option<u64>,
    /// To the outbox, in this order.
    pub messages: Vec<Message>,
    /// Applied in order, to timers of the conversation after this turn.
    pub timers: Vec<TimerChange>,
    /// To the conversation's history.
    pub exchange: Option<Exchange>,
    /// A completed survey.
    pub completion: Option<Completion>,
    /// An event that comes before all that waits, at [`Seq::follow`] of this one.
    pub follow: Option<Inbound>,
    /// The event goes to the dead letters.
    pub dead: Option<DeadLetter>,
}

/// What becomes of a place's conversation.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum After {
    /// It stays as it was, or stays away.
    #[default]
    Unchanged,
    /// It is this one. Another generation than before drops the former's timers and history.
    Open(Box<Conversation>),
    /// It is over; this was its generation. Timers and history go.
    Closed(u64),
}

/// A change of a timer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TimerChange {
    /// Set, or set anew.
    Set(String, Millis),
    /// Ended, if it runs.
    Stop(String),
}

/// What is known of a message in the outbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stage {
    /// It was never tried, or surely not posted.
    Unsent,
    /// It may have been posted: look it up first.
    InDoubt,
    /// It was posted, with this receipt if any; but another attempt at it may have come late: look for copies.
    Sent(Option<Receipt>),
}

/// A message to take care of now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Posting {
    /// The message.
    pub message: Message,
    /// What is known of it.
    pub stage: Stage,
    /// Counts from 1, and fences: what is said of an earlier attempt answers [`StoreError::Stale`].
    pub attempt: u32,
    /// What [`Message::closes`] names, if a receipt of it is there.
    pub closes: Option<Posted>,
}

/// A posted message whose choices may still have to be taken away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Posted {
    /// The message.
    pub message: Message,
    /// Where it stands, in the words of its messenger.
    pub receipt: Receipt,
}

/// A place at a glance.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Glance {
    /// The open conversation.
    pub conversation: Option<Conversation>,
    /// Who began it.
    pub person: Option<Person>,
    /// A turn is running.
    pub running: bool,
    /// Events in the inbox, the running one included.
    pub inbox: u64,
    /// Messages not yet sent.
    pub outbox: u64,
}

/// An event whose turn is not done: it runs, or is to be tried again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Underway {
    /// The event's position.
    pub seq: Seq,
    /// The event.
    pub inbound: Inbound,
    /// Counts from 1.
    pub attempt: u32,
    /// The calls so far, by number.
    pub journal: Vec<Call>,
}

/// What was thrown away at a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Cleared {
    /// Open conversations: one or none.
    pub conversations: u64,
    /// Events that waited or were being handled.
    pub events: u64,
    /// Messages not yet sent.
    pub messages: u64,
}

/// How much of all places is unfinished.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Backlog {
    /// Events accepted and not committed.
    pub inbox: u64,
    /// Of these, the ones whose turn is claimed.
    pub running: u64,
    /// Messages committed and not sent.
    pub outbox: u64,
}

/// Open conversations of a flow's version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenCount {
    /// The flow.
    pub flow: FlowName,
    /// The version.
    pub digest: Digest,
    /// How many.
    pub conversations: u64,
}

/// A host's part in something that all hosts together have so much of, such as connections that a provider counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seats {
    /// What there is for all hosts. All say the same.
    pub all: usize,
    /// What this host has in use.
    pub held: usize,
    /// What it wants at most.
    pub wanted: usize,
}

/// When a component becomes its flow's current one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deploy {
    /// In any case.
    Always,
    /// If it was not the current one before, as far back as the store remembers:
    /// [`REMEMBERED`](crate::store::REMEMBERED) versions.
    IfNew,
}

/// Who speaks in a request to a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// The flow's instructions.
    System,
    /// The person.
    User,
    /// The model.
    Assistant,
}

/// A question to a model, within its bounds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LlmRequest {
    /// At least one.
    pub messages: Vec<(Role, String)>,
    /// None means the operator's default.
    pub model: Option<String>,
    /// The longest answer, in tokens.
    pub max_tokens: Option<u32>,
    /// From 0 to 2.
    pub temperature: Option<f32>,
}

/// A model's answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LlmCompletion {
    /// Hostile text.
    pub text: String,
    /// The model that answered.
    pub model: String,
    /// Cut at its longest.
    pub cut: bool,
    /// 0 where the provider does not say.
    pub prompt_tokens: u32,
    /// 0 where the provider does not say.
    pub completion_tokens: u32,
}

/// Why a call to the outside failed; the flow sees it, so it holds no secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum CallError {
    /// Not asked for, or not granted.
    Denied(String),
    /// A limit is reached.
    OverQuota {
        /// Seconds, where known.
        retry_after: Option<u32>,
        /// In words.
        reason: String,
    },
    /// The deadline passed.
    Timeout {
        /// The request may have been received.
        sent: bool,
        /// In words.
        reason: String,
    },
    /// Not reached, or failing.
    Unavailable {
        /// The request may have been received.
        sent: bool,
        /// In words.
        reason: String,
    },
    /// The request is wrong.
    Invalid(String),
    /// Somebody else changed the same thing first.
    Conflict(String),
    /// A crash fell into it, and the operator does not want it to be made again.
    InDoubt,
    /// The person cancelled while it ran.
    Cancelled,
}

/// Where a message stands, in the words of the messenger that posted it, so that it finds it again.
pub type Receipt = String;

/// Why a message was not posted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PostError {
    /// Nobody is there; [`Store::outbox_wake`](super::Store::outbox_wake) will say when somebody is.
    Away,
    /// It was surely not posted, and may be after this long; none leaves the backoff to the engine.
    Later(Option<Duration>, String),
    /// It may have been posted.
    InDoubt(String),
    /// It never can be.
    Never(String),
}

/// What became of the copies of a message.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Copies {
    /// Where the one stands that stays, if there is one.
    pub kept: Option<Receipt>,
    /// How many were taken away.
    pub removed: u32,
}
