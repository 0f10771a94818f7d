//! What things are called: places, flows, versions, positions, turns, effects.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// A name or an identifier that is not of the form its type wants.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what} `{value}` is not valid: {rule}")]
pub struct BadName {
    what: &'static str,
    value: String,
    rule: &'static str,
}

impl BadName {
    fn new(what: &'static str, value: &str, rule: &'static str) -> Self {
        let value = value.chars().take(80).collect::<String>().escape_debug().to_string();
        Self { what, value, rule }
    }
}

/// Where talk happens, and the actor: one conversation at a time, one turn at a time.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Place(String);

impl Place {
    /// The longest key of a place, in bytes.
    pub const MAX: usize = 250;
    const RULE: &'static str = "use 1 to 80 bytes for each part, without blanks, control characters, `/`, `#` and `@`";

    /// A person's direct messages in a workspace.
    pub fn direct(workspace: &str, person: &str) -> Result<Self, BadName> {
        Self::part(workspace)?;
        Self::part(person)?;
        Ok(Self(format!("{workspace}/{person}")))
    }

    fn part(text: &str) -> Result<(), BadName> {
        let fits = (1..=80).contains(&text.len());
        let clean = !text.contains(|c: char| c.is_whitespace() || c.is_control() || "/#@".contains(c));
        if fits && clean { Ok(()) } else { Err(BadName::new("place", text, Self::RULE)) }
    }

    /// The workspace.
    pub fn workspace(&self) -> &str {
        self.0.split('/').next().unwrap_or_default()
    }

    /// Whose direct messages these are, outside threads.
    pub fn person(&self) -> Option<&str> {
        let mut parts = self.0.split('/').skip(1);
        let person = parts.next();
        if parts.next().is_none() { person } else { None }
    }

    /// Channel and thread.
    pub fn thread(&self) -> Option<(&str, &str)> {
        let mut parts = self.0.split('/').skip(1);
        Some((parts.next()?, parts.next()?))
    }

    /// The key: unique over all workspaces.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Place {
    type Error = BadName;

    fn try_from(key: String) -> Result<Self, BadName> {
        let parts: Vec<_> = key.split('/').collect();
        if !(2..=3).contains(&parts.len()) {
            return Err(BadName::new("place", &key, "it has two or three parts divided by `/`"));
        }
        parts.into_iter().try_for_each(Self::part)?;
        Ok(Self(key))
    }
}

impl std::str::FromStr for Place {
    type Err = BadName;

    fn from_str(key: &str) -> Result<Self, BadName> {
        key.to_owned().try_into()
    }
}

impl From<Place> for String {
    fn from(place: Place) -> Self {
        place.0
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The name of a flow: the stem of its file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct FlowName(String);

impl FlowName {
    /// What a name may look like, for messages.
    pub const RULE: &'static str = "use 1 to 64 of a-z, 0-9 and `-`, beginning with a letter";

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for FlowName {
    type Error = BadName;

    fn try_from(name: String) -> Result<Self, BadName> {
        let good = (1..=64).contains(&name.len())
            && name.starts_with(|c: char| c.is_ascii_lowercase())
            && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
        if good { Ok(Self(name)) } else { Err(BadName::new("flow name", &name, Self::RULE)) }
    }
}

impl std::str::FromStr for FlowName {
    type Err = BadName;

    fn from_str(name: &str) -> Result<Self, BadName> {
        name.to_owned().try_into()
    }
}

impl From<FlowName> for String {
    fn from(name: FlowName) -> Self {
        name.0
    }
}

impl fmt::Display for FlowName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// SHA-256 of a component's bytes, in hexadecimal: the identity of a flow's version.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Digest(String);

impl Digest {
    /// The digest of a component.
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// All 64 digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The first 12 digits, for people.
    pub fn short(&self) -> &str {
        self.0.get(..12).unwrap_or(&self.0)
    }

    /// A digest that a store kept.
    pub fn stored(text: String) -> Self {
        Self(text)
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The position of an event in its place's inbox, never used twice. A follow-up of an event has its number and
/// the next step, and so comes before whatever else waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Seq {
    /// Counts the accepted events of a place from 1.
    pub number: u64,
    /// 0 for what was accepted, then its follow-ups.
    pub step: u32,
}

impl Seq {
    /// The position of the event that follows from this one.
    pub fn follow(self) -> Self {
        Self { number: self.number, step: self.step + 1 }
    }
}

impl fmt::Display for Seq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.step {
            0 => write!(f, "{}", self.number),
            step => write!(f, "{}.{step}", self.number),
        }
    }
}

/// The handling of one event: a place and a position.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TurnId(String);

impl TurnId {
    /// The turn that handles the event at `seq`.
    pub fn new(place: &Place, seq: Seq) -> Self {
        Self(format!("{place}@{seq}"))
    }

    /// The id of the turn's host call with this number.
    pub fn call(&self, number: u32) -> EffectId {
        EffectId(format!("{self}/c{number}"))
    }

    /// The id of the turn's closing of an earlier message, with this index.
    pub fn closing(&self, index: usize) -> EffectId {
        EffectId(format!("{self}/x{index}"))
    }

    /// The id of the turn's message with this index.
    pub fn message(&self, index: usize) -> EffectId {
        EffectId(format!("{self}/m{index}"))
    }

    /// A number that no other turn has, for the guest's seed: the head of a hash of the id.
    pub fn seed(&self) -> u64 {
        let hash = Sha256::digest(self.0.as_bytes());
        hash.iter().take(8).fold(0, |seed, byte| seed << 8 | u64::from(*byte))
    }
}

impl fmt::Display for TurnId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Identifies what is done outside: a turn and the number of its call or message. Never an attempt.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EffectId(String);

impl EffectId {
    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// An id that a store kept or a channel brought back.
    pub fn stored(text: String) -> Self {
        Self(text)
    }

    /// The id of a message that answers an event beside the inbox.
    pub fn beside(inbound: &str, index: usize) -> Self {
        Self(format!("{inbound}/a{index}"))
    }
}

impl fmt::Display for EffectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
