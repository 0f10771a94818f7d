//! What a flow may do: rights and bounds. Pure.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::flow::Offers;
use crate::model::{Audience, Conversation, FlowName, Person, Place, Resolution};

/// A capability that a flow asks for and an operator grants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Right {
    /// Language models.
    Llm,
}

impl Right {
    /// All there are.
    pub const ALL: [Self; 1] = [Self::Llm];

    /// As it is written in configurations and descriptions.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Llm => "llm",
        }
    }
}

impl fmt::Display for Right {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Nothing has this name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no right of this name; the rights are: llm")]
pub struct UnknownRight;

impl FromStr for Right {
    type Err = UnknownRight;

    fn from_str(name: &str) -> Result<Self, UnknownRight> {
        Self::ALL.into_iter().find(|right| right.as_str() == name).ok_or(UnknownRight)
    }
}

/// A set of rights.
pub type Rights = BTreeSet<Right>;

/// What the operator grants, by flow; a flow that is not here gets nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Grants(pub BTreeMap<FlowName, Rights>);

impl Grants {
    /// What a flow is granted.
    pub fn of(&self, flow: &FlowName) -> Rights {
        self.0.get(flow).cloned().unwrap_or_default()
    }

    /// Whether the flow may: it asks for the right, and it is granted. The error is for the flow's author.
    pub fn check(&self, flow: &FlowName, asks: &Rights, right: Right) -> Result<(), String> {
        if !asks.contains(&right) {
            return Err(format!("this flow does not ask for the right `{right}` in its description"));
        }
        if !self.0.get(flow).is_some_and(|granted| granted.contains(&right)) {
            return Err(format!("the operator does not grant the right `{right}` to `{flow}`"));
        }
        Ok(())
    }
}

/// What is done about calls in doubt, by flow; those of a flow that is not here are made again.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct InDoubt(pub BTreeMap<FlowName, Resolution>);

impl InDoubt {
    /// What is done about this flow's.
    pub fn of(&self, flow: &FlowName) -> Resolution {
        self.0.get(flow).copied().unwrap_or_default()
    }
}

/// What stands among a person's groups if they are a full member of the workspace: no guest, and of no other company.
/// No group can have this name.
pub const MEMBERS: &str = "@members";

/// Who may start a flow, and take part in what others started.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Who {
    /// A person, by their id.
    User(String),
    /// Whoever is in this group.
    Group(String),
    /// Whoever writes in this channel.
    Channel(String),
    /// Full members of the workspace.
    Members,
}

/// What a person may do in a conversation that goes on at a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// All: it is theirs, or it hears everybody.
    Whole,
    /// Speak to it, by a mention; nothing else.
    Words,
    /// Nothing: it is somebody else's.
    Nothing,
    /// Nothing: the operator says whom its flow is for.
    Barred,
}

impl std::str::FromStr for Who {
    type Err = ();

    /// `user:ID`, `group:ID`, `channel:ID` or `members`.
    fn from_str(text: &str) -> Result<Self, ()> {
        if text == "members" {
            return Ok(Self::Members);
        }
        let (kind, id) = text.split_once(':').ok_or(())?;
        let plain = (1..=80).contains(&id.len())
            && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
        match kind {
            _ if !plain => Err(()),
            "user" => Ok(Self::User(id.to_owned())),
            "group" => Ok(Self::Group(id.to_owned())),
            "channel" => Ok(Self::Channel(id.to_owned())),
            _ => Err(()),
        }
    }
}

/// Whom the operator lets start flows; a flow that is not here is for everybody.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Access(pub BTreeMap<FlowName, BTreeSet<Who>>);

impl Access {
    /// Whether this person may start the flow at this place.
    pub fn allows(&self, flow: &FlowName, person: &Person, place: &Place) -> bool {
        let Some(only) = self.0.get(flow) else { return true };
        only.iter().any(|who| match who {
            Who::User(id) => person.id == *id,
            Who::Group(id) => person.groups.contains(id),
            Who::Channel(id) => place.thread().is_some_and(|(channel, _)| channel == id),
            Who::Members => person.groups.iter().any(|group| group == MEMBERS),
        })
    }

    /// What this person may do in a conversation that goes on at the place: who began it always may do all.
    pub fn part(&self, person: &Person, place: &Place, open: &Conversation) -> Part {
        if open.began.by == person.id {
            return Part::Whole;
        }
        if !self.allows(&open.flow, person, place) {
            return Part::Barred;
        }
        match open.began.audience {
            Audience::Starter => Part::Nothing,
            Audience::Mentions => Part::Words,
            Audience::Everyone => Part::Whole,
        }
    }

    /// What is left of the flows on offer for this person at this place.
    pub fn narrow(&self, offers: &Arc<Offers>, person: &Person, place: &Place) -> Arc<Offers> {
        let all = offers.flows.keys().chain(&offers.awaited);
        let barred: BTreeSet<_> = all.filter(|flow| !self.allows(flow, person, place)).cloned().collect();
        if barred.is_empty() {
            return offers.clone();
        }
        let mut left = Offers { barred, ..Offers::clone(offers) };
        left.flows.retain(|flow, _| !left.barred.contains(flow));
        left.awaited.retain(|flow| !left.barred.contains(flow));
        Arc::new(left)
    }
}

/// What a turn may use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bounds {
    /// Over all its memories, in bytes.
    pub memory: usize,
    /// While it runs, not while it waits.
    pub cpu: Duration,
    /// From its claim to its commit.
    pub turn: Duration,
    /// The same for a turn in which a flow hears `cancelled`, which is tried once only: a person who wants to leave must
    /// not be held.
    pub cancelled: Duration,
    /// Calls to the host, log lines apart.
    pub host_calls: u32,
    /// Of the state that it keeps, in bytes.
    pub state: usize,
    /// How long a call to a model may take.
    pub llm: Duration,
    /// Of a component, in bytes.
    pub component: usize,
    /// The code of all current flows together, compiled, in bytes. Other code may have half as much, or
    /// eight times `component`.
    pub code: usize,
    /// Turns that may be under way at once.
    pub turns_in_flight: usize,
    /// Turns that may hold an instance of their component at once; the others wait without one.
    pub instances: usize,
    /// Memory that all instances and the journals of their turns may have together, in bytes. A flow has at most half of
    /// what the other flows leave.
    pub memory_total: usize,
    /// How long a call is waited for in the instance, unless more than half of all are taken.
    pub park_after: Duration,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            memory: 64 << 20,
            cpu: Duration::from_secs(1),
            turn: Duration::from_secs(600),
            cancelled: Duration::from_secs(10),
            host_calls: 100,
            state: 64 << 10,
            llm: Duration::from_secs(60),
            component: 32 << 20,
            code: 1 << 30,
            turns_in_flight: 20_000,
            instances: 1_000,
            memory_total: 4 << 30,
            park_after: Duration::from_secs(1),
        }
    }
}

/// Bounds of the contract itself, the same everywhere.
pub mod contract {
    use std::time::Duration;

    /// Of a person's text and of a message, in bytes.
    pub const TEXT: usize = 12_000;
    /// Messages of a turn.
    pub const MESSAGES: usize = 20;
    /// Keys of messages and names of timers, in bytes.
    pub const KEY: usize = 80;
    /// Options of a message.
    pub const OPTIONS: usize = 100;
    /// An option's value, in bytes.
    pub const VALUE: usize = 150;
    /// An option's label, in characters.
    pub const LABEL: usize = 75;
    /// Fields of a form.
    pub const FIELDS: usize = 20;
    /// A form's title and what its button says, in characters.
    pub const TITLE: usize = 24;
    /// A field's hint, in characters.
    pub const HINT: usize = 150;
    /// What can be written into a field, in characters.
    pub const WRITTEN: u32 = 3_000;
    /// How far from zero a number's bounds may be.
    pub const NUMBER: f64 = 1e15;
    /// All texts of a form, in bytes. With them and its options, a form fits into Slack's 250,000 characters.
    pub const FORM: usize = 32 << 10;
    /// What is filled into a form, keys and values together, in bytes.
    pub const FILLED: usize = 64 << 10;
    /// Events that wait at a place, the running one included: more are not taken from people.
    pub const INBOX: usize = 100;
    /// Versions of its flow that a conversation remembers not to move to.
    pub const TRIED: usize = 20;
    /// Timers of a conversation.
    pub const TIMERS: usize = 16;
    /// The longest timer, in seconds.
    pub const TIMER: u64 = 366 * 24 * 3600;
    /// The shortest timer, in seconds: what is set for less fires then.
    pub const TIMER_LEAST: u64 = 1;
    /// Turns that no person caused and that a conversation may have in a row, one as soon as the other; and the seconds
    /// that each further one waits. Whatever a person does fills the bucket.
    pub const ALONE: (u64, u64) = (60, 10);
    /// Unsent messages of a place beyond which its timers wait.
    pub const UNSENT: u64 = 200;
    /// How far anybody's clocks are from UTC, in seconds.
    pub const OFFSET: u32 = 18 * 3600;
    /// Answers, in bytes.
    pub const ANSWERS: usize = 64 << 10;
    /// A failure's reason, in bytes.
    pub const REASON: usize = 2_000;
    /// How long a turn may wait by itself, by WASI's clocks, all its waits together. Calls to the host are not counted.
    pub const WAIT: Duration = Duration::from_secs(5);
    /// Log lines of a turn, and their bytes together.
    pub const LOG: (u32, usize) = (1_000, 64 << 10);
    /// Log lines of a flow over its turns, in bytes: at once, and for each second. More is dropped and counted.
    pub const LOG_RATE: (u64, u64) = (1 << 20, 64 << 10);
    /// The journal that a dead letter keeps: requests and answers together, in bytes of JSON.
    pub const DEAD_JOURNAL: usize = 256 << 10;
    /// Dead letters of a flow, in bytes together: the oldest go beyond it.
    pub const DEAD: usize = 64 << 20;
    /// A progress line, in characters.
    pub const PROGRESS: usize = 300;
    /// The text of a request to a model, in bytes.
    pub const PROMPT: usize = 256 << 10;
    /// Messages of a request to a model.
    pub const PROMPTS: usize = 1_000;
    /// The journal of a turn: requests and answers together, in bytes of JSON.
    pub const JOURNAL: usize = 8 << 20;
    /// Exchanges of the history: by default, and at most.
    pub const HISTORY: (usize, usize) = (10, 50);
    /// A text of the history, in bytes.
    pub const EXCHANGE: usize = 4_000;
    /// Messages whose choices or forms are open at once; older ones can no longer be answered.
    pub const OPEN_QUESTIONS: usize = 20;
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::contract::samples::person;
    use crate::model::Body;
    use crate::turn::tests::within;

    #[test]
    fn a_conversation_is_its_starters_unless_it_says_otherwise() {
        let place: Place = "T1/C1/1.2".parse().unwrap();
        let only = ["user:ann", "user:bob"].map(|who| who.parse().unwrap()).into();
        let access = Access([("survey".parse().unwrap(), only)].into());
        for (audience, part) in
            [(Audience::Starter, Part::Nothing), (Audience::Mentions, Part::Words), (Audience::Everyone, Part::Whole)]
        {
            let mut open = within(Body::Reset).conversation.unwrap();
            open.began.audience = audience;
            let part_of = |name: &str| access.part(&person(name), &place, &open);
            assert_eq!((part_of("ann"), part_of("bob"), part_of("cat")), (Part::Whole, part, Part::Barred));
        }
    }

    #[test]
    fn members_are_those_of_whom_it_is_known() {
        let place = Place::direct("T1", "ann").unwrap();
        let access = Access([("survey".parse().unwrap(), ["members".parse().unwrap()].into())].into());
        let mut ann = person("ann");
        assert!(!access.allows(&"survey".parse().unwrap(), &ann, &place));
        ann.groups.push(MEMBERS.to_owned());
        assert!(access.allows(&"survey".parse().unwrap(), &ann, &place));
        assert!(format!("group:{MEMBERS}").parse::<Who>().is_err(), "no group has this name");
    }
}
