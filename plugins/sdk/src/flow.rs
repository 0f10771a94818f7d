//! The trait that a flow implements, and what a flow says of itself.

use serde::{Serialize, de::DeserializeOwned};

use crate::bindings::pesto::flow::types::{Extension, FlowInfo};
use crate::{Event, Failure, Turn};

/// A kind of conversation.
pub trait Flow {
    /// What is kept from turn to turn, as JSON of at most 64 KiB. A conversation begins with its default.
    type State: Serialize + DeserializeOwned + Default;

    /// Says what this flow is. Called when the component is loaded, with no host call allowed: a panic here
    /// refuses the component.
    fn describe() -> About;

    /// Handles one event. What was done with `turn` happens when this returns `Ok`.
    ///
    /// An error, like a panic, ends the turn without a trace; the event is tried once more, and then kept for the
    /// operator. So it is for what should never be, not for a wrong answer or a model that is away.
    fn handle(event: Event, turn: &mut Turn<Self::State>) -> Result<(), Failure>;
}

/// What a flow may ask of the operator. A call without its right answers [`CallError::Denied`](crate::CallError).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Right {
    /// To ask language models.
    Llm,
}

impl Right {
    fn name(self) -> &'static str {
        match self {
            Self::Llm => "llm",
        }
    }
}

/// What a flow says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct About {
    pub(crate) title: String,
    pub(crate) summary: String,
    version: String,
    triggers: Vec<String>,
    rights: Vec<Right>,
    audience: Option<&'static str>,
}

impl About {
    /// `title` is what people see, at most 80 characters; `summary` one sentence for `help`, at most 300.
    pub fn new(title: impl Into<String>, summary: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            summary: summary.into(),
            version: String::new(),
            triggers: Vec::new(),
            rights: Vec::new(),
            audience: None,
        }
    }

    /// The author's version, at most 40 characters; most give `env!("CARGO_PKG_VERSION")`. The host shows it and never
    /// compares it; a version that takes conversations over is told it.
    pub fn version(mut self, version: impl Into<String>) -> Self {
        self.version = version.into();
        self
    }

    /// A word or a phrase that starts this flow when it is the whole message; at most 16, of at most 40 characters.
    pub fn trigger(mut self, words: impl Into<String>) -> Self {
        self.triggers.push(words.into());
        self
    }

    /// A right that this flow wants. It gets those that the operator grants as well.
    pub fn asks(mut self, right: Right) -> Self {
        self.rights.push(right);
        self
    }

    /// In a thread of a channel, everybody is heard, with all that they say and pick: [`Turn::person`] tells who it
    /// was. Otherwise a conversation belongs to whoever began it, and others are not heard in it. What it records is
    /// recorded of whoever began it in any case.
    pub fn hears_everyone(mut self) -> Self {
        self.audience = Some("everyone");
        self
    }

    /// In a thread of a channel, the words of others are heard where they mention the bot; all else remains with
    /// whoever began the conversation.
    pub fn hears_mentions(mut self) -> Self {
        self.audience = Some("mentions");
        self
    }
}

impl From<About> for FlowInfo {
    fn from(about: About) -> Self {
        let audience =
            about.audience.map(|audience| Extension { name: "audience".to_owned(), json: format!("\"{audience}\"") });
        Self {
            title: about.title,
            summary: about.summary,
            version: about.version,
            triggers: about.triggers,
            asks: about.rights.into_iter().map(|right| right.name().to_owned()).collect(),
            extensions: audience.into_iter().collect(),
        }
    }
}
