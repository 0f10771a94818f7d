//! Calls that a crash fell into.

use serde::{Deserialize, Serialize};

use super::{EffectId, FlowName, Millis, Place};

/// A call that was about to be made when its turn broke off: nobody knows whether it was done. Kept for the operator.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Doubt {
    /// The call: its turn and its number.
    pub effect: EffectId,
    /// Where.
    pub place: Place,
    /// Whose event it was: the person's id.
    pub person: String,
    /// The flow that makes the call.
    pub flow: FlowName,
    /// When the turn came to it again.
    pub at: Millis,
    /// Interface and function, such as `llm.complete`.
    pub what: String,
    /// What was done about it.
    pub done: Resolution,
}

/// What is done about a call in doubt, as the operator wants it for the flow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Resolution {
    /// It is made again.
    #[default]
    Repeated,
    /// It is not: the flow is told, and decides.
    Told,
}

impl Resolution {
    /// As it is listed.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Repeated => "repeated",
            Self::Told => "told",
        }
    }
}
