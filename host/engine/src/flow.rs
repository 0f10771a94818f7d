//! What a flow says of itself, what a turn of it leads to, and which flows can be started, whatever version of the
//! contract they were built for.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt;

use crate::model::{Audience, Choices, Digest, FlowName, Form, Millis, Person, Place, TurnId};
use crate::policy::Rights;
use crate::text::line;

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

/// A trigger that never starts its flow.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Clash {
    /// Whose trigger it is.
    pub flow: FlowName,
    /// The trigger, lower-case.
    pub trigger: String,
    /// The flow that has it too and comes first by its name; none where the word is the host's own.
    pub first: Option<FlowName>,
}

impl fmt::Display for Clash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (flow, trigger) = (&self.flow, line(&self.trigger, 40));
        match &self.first {
            Some(first) => {
                write!(f, "the trigger `{trigger}` of `{flow}` never starts it: `{first}` has it too and comes first")?
            }
            None => write!(f, "the trigger `{trigger}` of `{flow}` never starts it: that is a word to the host")?,
        }
        f.write_str("; choose another one")
    }
}

/// The triggers of flows that stand side by side that never start their flow, in the order of the flows' names.
pub fn clashes<'a>(flows: impl IntoIterator<Item = (&'a FlowName, &'a [String])>) -> Vec<Clash> {
    let mut flows: Vec<_> = flows.into_iter().collect();
    flows.sort();
    let mut taken = BTreeMap::<&str, &FlowName>::new();
    let mut clashes = Vec::new();
    for (flow, triggers) in flows {
        for trigger in triggers {
            let first = match taken.entry(trigger) {
                _ if crate::router::is_hosts(trigger) => None,
                Entry::Vacant(free) => {
                    free.insert(flow);
                    continue;
                }
                Entry::Occupied(first) if *first.get() == flow => continue,
                Entry::Occupied(first) => Some((*first.get()).clone()),
            };
            clashes.push(Clash { flow: flow.clone(), trigger: trigger.clone(), first });
        }
    }
    clashes
}

/// The flows that can be started.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Offers {
    /// By name.
    pub flows: BTreeMap<FlowName, Offer>,
    /// What takes a message that nothing else takes; only if it is among `flows`.
    pub default: Option<FlowName>,
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn triggers_that_never_start_their_flow_are_told() {
        let flows: [(FlowName, Vec<String>); 3] =
            [("lunch", vec!["food", "cancel"]), ("aa", vec!["food", "food"]), ("z", vec!["start food", "zeta"])]
                .map(|(name, triggers)| (name.parse().unwrap(), triggers.into_iter().map(str::to_owned).collect()));
        let told: Vec<_> = clashes(flows.iter().map(|(flow, triggers)| (flow, triggers.as_slice())))
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(
            told,
            [
                "the trigger `food` of `lunch` never starts it: `aa` has it too and comes first; choose another one",
                "the trigger `cancel` of `lunch` never starts it: that is a word to the host; choose another one",
                "the trigger `start food` of `z` never starts it: that is a word to the host; choose another one",
            ]
        );
    }
}
