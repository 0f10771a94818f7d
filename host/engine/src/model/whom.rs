//! Whom a conversation belongs to, how a person spoke, and who sees an answer.

use serde::{Deserialize, Serialize};

use super::{Inbound, Micros, Millis, Person};

/// Who is heard in a conversation where several people talk, beside whoever began it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Audience {
    /// Nobody.
    #[default]
    Starter,
    /// Whoever mentions us there, with what they say. Commands and clicks remain the starter's.
    Mentions,
    /// Everybody, with all that they do.
    Everyone,
}

impl Audience {
    /// All there are, by the names that flows give them.
    pub const ALL: [(&str, Self); 3] =
        [("starter", Self::Starter), ("mentions", Self::Mentions), ("everyone", Self::Everyone)];
}

/// How a conversation began.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Beginning {
    /// When its first event was accepted.
    pub at: Millis,
    /// When that was sent, by its channel's clock.
    pub sent: Option<Micros>,
    /// Whose event it was: the person's id. The conversation is theirs.
    pub by: String,
    /// As that person called themselves then: hostile text; empty where it was not known.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// Who else is heard, as the version says with which it began.
    #[serde(default)]
    pub audience: Audience,
    /// What that version calls itself; empty where nobody knows.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub title: String,
}

impl Beginning {
    /// With this event. Who else is heard is for the flow to say.
    pub fn of(inbound: &Inbound) -> Self {
        let Inbound { at, sent, person, .. } = inbound;
        let (by, name) = (person.id.clone(), person.name.clone());
        Self { at: *at, sent: *sent, by, name, ..Self::default() }
    }

    /// Whose answers are recorded: whoever began the conversation, also where `person` had the last word in it.
    pub fn owner(&self, person: &Person) -> Person {
        if person.id == self.by {
            return person.clone();
        }
        let (id, name) = (self.by.clone(), self.name.clone());
        Person { id, name, locale: String::new(), time_zone: String::new(), utc_offset: None, groups: Vec::new() }
    }
}

/// How a person spoke, as far as it matters beside what they said.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Manner {
    /// Not to us, but where others talk: it is for us only if the person takes part in what is open there.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub overheard: bool,
    /// Below this message of the place, by the channel's name for it: the answer belongs there too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub below: Option<String>,
}

impl Manner {
    /// Whether there is nothing to say of it, as of most events.
    pub fn is_plain(&self) -> bool {
        *self == Self::default()
    }
}

/// Where in its place a message appears, and before whom.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Aim {
    /// Only this person sees it, by their id, where the channel can do that. It need not last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub only_for: Option<String>,
    /// Below this message of the place: [`Manner::below`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub below: Option<String>,
    /// The language in which a channel labels its controls, as [`texts`](crate::texts) tags it; empty for the default.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub language: String,
}

impl Aim {
    /// Before all, as an answer to what this person said so.
    pub(crate) fn answers(inbound: &Inbound) -> Self {
        let words = crate::texts::of(&inbound.person.locale);
        let language = if words.tag() == crate::texts::DEFAULT.tag() { "" } else { words.tag() }.to_owned();
        Self { only_for: None, below: inbound.manner.below.clone(), language }
    }

    /// Whether it appears before all, as most messages do.
    pub fn is_plain(&self) -> bool {
        *self == Self::default()
    }
}
