//! What every store does alike: how long things are kept, and the events that a store makes itself.

use crate::model::{Body, DeadLetter, Digest, FlowName, Inbound, Letter, Manner, Message, Millis, Person, Place};

/// How long event ids and components without a holder are kept, in milliseconds.
pub const KEPT: Millis = 24 * 60 * 60 * 1000;

/// How many of a flow's versions are remembered to have been current, the latest ones.
pub const REMEMBERED: usize = 100;

/// How long a posted message can be closed, in milliseconds.
pub const CLOSABLE: Millis = 30 * KEPT;

/// How long calls in doubt are listed, in milliseconds.
pub const DOUBTS_KEPT: Millis = 30 * KEPT;

/// The error of a dead letter that holds a message.
pub const UNDELIVERABLE: &str = "undeliverable";

/// Who hears of timers and lost messages: the open conversation that they belong to.
#[derive(Debug, Clone)]
pub struct Listener {
    /// Its flow.
    pub flow: FlowName,
    /// Its version.
    pub digest: Digest,
    /// Who began it: there is nobody closer to whom a host's event belongs.
    pub person: Person,
}

/// The event of a due timer, to be the `number`th of its place. The number makes the id unique.
pub fn timer_event(
    place: &Place,
    number: u64,
    now: Millis,
    person: Person,
    (generation, name, due): (u64, String, Millis),
) -> Inbound {
    let body = Body::Timer { generation, name, due };
    Inbound {
        id: format!("{place}@{number}/timer"),
        place: place.clone(),
        person,
        at: now,
        sent: None,
        manner: Manner::default(),
        body,
    }
}

/// What becomes of a message that can never be delivered: a dead letter and, where its conversation is still open,
/// an event to be the `number`th of its place.
pub fn undelivered(
    message: Message,
    (attempts, reason): (u32, &str),
    now: Millis,
    number: u64,
    listener: Option<Listener>,
) -> (DeadLetter, Option<Inbound>) {
    let flow = listener.as_ref().map(|listener| (listener.flow.clone(), listener.digest.clone()));
    let event = listener.map(|listener| Inbound {
        id: format!("{}@{number}/undelivered", message.place),
        place: message.place.clone(),
        person: listener.person,
        at: now,
        sent: None,
        manner: Manner::default(),
        body: Body::Undelivered { generation: message.generation, key: message.key.clone(), reason: reason.to_owned() },
    });
    let letter = DeadLetter {
        at: now,
        flow,
        error: UNDELIVERABLE.to_owned(),
        reason: reason.to_owned(),
        attempts,
        letter: Letter::Message(message),
        journal: Vec::new(),
        settled: false,
    };
    (letter, event)
}
