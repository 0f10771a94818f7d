//! What a flow says of itself, what a turn of it leads to, and which flows can be started, whatever version of the
//! contract they were built for.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Audience, Choices, Digest, FlowName, Form, Millis, Person, Place, TurnId};
use crate::policy::Rights;

/// A component's description of itself, within its bounds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FlowInfo {
    /// What people see.
    pub title: String,
    /// A sentence for `help`.
    pub summary: String,
    /// The author's version.
    pub version: String,
    /// Lower-case words that start it.
    pub triggers: Vec<String>,
    /// What it asks for.
    pub asks: Rights,
    /// Who is heard in its conversations beside whoever began them.
    pub audience: Audience,
}

/// A conversation as another version of its flow left it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Former {
    /// What that version calls itself; empty where it cannot be loaded any more.
    pub version: String,
    /// The state.
    pub state: Vec<u8>,
}

/// What a turn may know; the same in each attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Context {
    /// The turn.
    pub turn: TurnId,
    /// The conversation's id.
    pub conversation: String,
    /// The place.
    pub place: Place,
    /// Who is talking.
    pub person: Person,
    /// How far the person's clocks are ahead of UTC at that time, in seconds, if it is known.
    pub utc_offset: Option<i32>,
    /// When the event was accepted.
    pub now: Millis,
    /// Unique to the turn.
    pub seed: u64,
}

/// What a turn leads to, as the flow returned it: not yet checked.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Outcome {
    /// The next turn's state.
    pub state: Vec<u8>,
    /// To be sent.
    pub messages: Vec<Reply>,
    /// Changes of timers, in order.
    pub timers: Vec<TimerWish>,
    /// A JSON object.
    pub answers: Option<String>,
    /// The conversation is over.
    pub finished: bool,
    /// The next text is no command.
    pub literal_next: bool,
}

/// A message as a flow wants it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The flow's name for it.
    pub key: String,
    /// The text.
    pub text: String,
    /// What can be picked.
    pub choices: Option<Choices>,
    /// What can be filled in; not beside choices.
    pub form: Option<Form>,
}

/// A change of a timer as a flow wants it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TimerWish {
    /// Set this name, so many seconds after the turn's now.
    Set(String, u64),
    /// Set this name to a time on the person's clocks.
    SetAt(String, LocalTime),
    /// Stop this name.
    Stop(String),
}

/// A time on somebody's clocks, as a flow wrote it: not yet checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocalTime {
    /// Such as `2026-03-31`.
    pub date: String,
    /// Such as `09:30`.
    pub time: String,
}

/// A flow that can be started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// Its current version.
    pub digest: Digest,
    /// What people see.
    pub title: String,
    /// A sentence for `help`.
    pub summary: String,
    /// Lower-case words that start it.
    pub triggers: Vec<String>,
}

/// The flows that can be started.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Offers {
    /// By name.
    pub flows: BTreeMap<FlowName, Offer>,
    /// What takes a message that nothing else takes; only if it is among `flows`.
    pub default: Option<FlowName>,
    /// What is made ready, and can be started soon; not among `flows`.
    pub awaited: BTreeSet<FlowName>,
    /// What is for others only; not among the rest.
    pub barred: BTreeSet<FlowName>,
}
