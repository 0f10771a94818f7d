//! Conversations in which nobody says anything any more: the person is reminded, and then they end. Pure.
//!
//! Two timers of the host's, in the conversation's table of timers, have names that no flow can give. `SILENCE` runs
//! from the beginning on and is not moved with each event, for that would be a write more in each turn: when it fires, it
//! is set anew if something was heard meanwhile. `EXPIRY` runs from the reminder on, and whatever is heard stops it.

use std::collections::BTreeMap;

use crate::model::{Body, Conversation, FlowName, Millis};
use crate::ports::{After, Claim, Commit, TimerChange};
use crate::texts;
use crate::turn;

/// Begins the names of the host's timers: a control character, which a flow's timer cannot have.
const HOST: char = '\u{1}';
pub(crate) const SILENCE: &str = "\u{1}silence";
pub(crate) const EXPIRY: &str = "\u{1}expiry";

/// How long a conversation may be silent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Expiry {
    /// Then it ends.
    pub after: Millis,
    /// Then the person is reminded, if at all; before the end.
    pub remind: Option<Millis>,
}

const DAY: Millis = 86_400_000;

impl Expiry {
    /// Where nothing else is decided: an end after 30 days.
    pub const DEFAULT: Self = Self::after(30 * DAY);

    /// An end after so long, with a reminder when a quarter of it is left.
    pub const fn after(after: Millis) -> Self {
        Self { after, remind: Some(after - after / 4) }
    }

    /// What comes first.
    fn first(&self) -> Millis {
        self.remind.unwrap_or(self.after)
    }
}

/// How long conversations may be silent, by flow.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Expiries {
    /// Those of flows that are not named; none never end by themselves.
    pub default: Option<Expiry>,
    /// The same for a flow.
    pub flows: BTreeMap<FlowName, Option<Expiry>>,
}

impl Expiries {
    /// For this flow.
    pub fn of(&self, flow: &FlowName) -> Option<Expiry> {
        self.flows.get(flow).copied().unwrap_or(self.default)
    }
}

/// What a timer of the host's leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    /// The conversation ends: its flow hears `cancelled`.
    Expire,
    /// This, and the flow hears nothing.
    Commit(Box<Commit>),
}

/// A timer's name as people read it, if it is one of the host's.
pub fn host_timer(name: &str) -> Option<&str> {
    name.strip_prefix(HOST)
}

/// Whether an event is a timer of the host's. One that a flow hears of, as `cancelled`, is the end of the host's patience.
pub(crate) fn is_hosts(body: &Body) -> bool {
    matches!(body, Body::Timer { name, .. } if host_timer(name).is_some())
}

/// The flow handled something: a conversation that goes on has its timer. What no person caused is no sign of life, and
/// lets the end come nearer.
pub(crate) fn heard(commit: &mut Commit, expiry: Option<Expiry>, by_person: bool) {
    let After::Open(conversation) = &mut commit.conversation else { return };
    if !by_person && conversation.timers.contains_key(EXPIRY) {
        return;
    }
    if conversation.timers.remove(EXPIRY).is_some() {
        commit.timers.push(TimerChange::Stop(EXPIRY.to_owned()));
    }
    let Some(expiry) = expiry else { return };
    let (now, due) = (conversation.last, conversation.last.saturating_add(expiry.first()));
    // One that should have fired was lost with its event.
    let runs = conversation.timers.get(SILENCE).is_some_and(|set| (now..=due).contains(set));
    if !runs {
        set(conversation, &mut commit.timers, SILENCE, due);
    }
}

/// What this event leads to, if it is a timer of the host's that belongs to the open conversation.
pub(crate) fn step(claim: &Claim, open: &Conversation, expiry: Option<Expiry>) -> Option<Step> {
    let Body::Timer { generation, name, due } = &claim.inbound.body else { return None };
    if *generation != open.generation || host_timer(name).is_none() {
        return None;
    }
    let mut open = open.clone();
    if open.timers.get(name) != Some(due) {
        // It was stopped or set anew after it had fired.
        return Some(Step::Commit(Box::default()));
    }
    open.timers.remove(name);
    let (now, mut timers, mut messages) = (claim.inbound.at, Vec::new(), Vec::new());
    if let Some(expiry) = expiry {
        let next = open.last.saturating_add(expiry.first());
        if name == EXPIRY {
            return Some(Step::Expire);
        }
        if next > now {
            set(&mut open, &mut timers, SILENCE, next);
        } else if let Some(remind) = expiry.remind {
            // However late the reminder comes, there is as much time after it.
            let left = expiry.after.saturating_sub(remind);
            messages.push(turn::notice(claim, &texts::of(&claim.inbound.person.locale).remind(open.title(), left)));
            set(&mut open, &mut timers, EXPIRY, now.saturating_add(left));
        } else {
            return Some(Step::Expire);
        }
    }
    let conversation = After::Open(Box::new(open));
    Some(Step::Commit(Box::new(Commit { conversation, timers, messages, ..Commit::default() })))
}

fn set(conversation: &mut Conversation, timers: &mut Vec<TimerChange>, name: &str, due: Millis) {
    conversation.timers.insert(name.to_owned(), due);
    timers.push(TimerChange::Set(name.to_owned(), due));
}

#[cfg(test)]
mod tests;
