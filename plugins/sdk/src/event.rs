//! What happens in a conversation.

use std::collections::BTreeMap;

use crate::bindings::pesto::flow::types as raw;
use crate::{Date, Timestamp};

/// What happened. Events that this version of the kit does not know never reach a flow: they change nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// The conversation begins, with what followed `start NAME`, or with the whole message where the flow began as
    /// the default one; at most 12,000 bytes, often empty.
    Started(String),
    /// The person wrote.
    Said(Said),
    /// The person changed their last words, to these; nothing came after them. Where the turn says nothing, the host tells
    /// them that the first words count.
    Edited(Said),
    /// The person chose from a message's choices.
    Picked(Picked),
    /// The person filled in a message's form.
    Filled(Filled),
    /// A timer of this conversation is due.
    Timer {
        /// As the flow named it.
        name: String,
        /// When it was due; the turn's `now` may be much later.
        due: Timestamp,
    },
    /// The conversation ends: the person or the operator wants it, or nobody said anything for long. What this turn says is
    /// still said, and then it is over.
    Cancelled,
    /// A message can never be delivered.
    Undelivered {
        /// The flow's key of that message.
        key: String,
        /// In words for the log.
        reason: String,
    },
}

/// What the person wrote: hostile text.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Said {
    /// At most 12,000 bytes.
    pub text: String,
    /// What came with it.
    pub files: Vec<File>,
}

/// A file that came with a message, without its content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// The channel's identifier.
    pub id: String,
    /// As the person named it.
    pub name: String,
    /// Such as `image/png`.
    pub media_type: String,
    /// In bytes.
    pub size: u64,
}

/// What the person chose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picked {
    /// The key of the message that the choices stand below.
    pub key: String,
    /// Known values, each once, as many as the choices allow.
    pub values: Vec<String>,
}

/// What the person filled in. The host has checked it by the form's rules; what is text is hostile all the same.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Filled {
    /// The key of the message that the form stands below.
    pub key: String,
    /// The values by the keys of the fields; a field that was left empty is not there.
    pub values: BTreeMap<String, Vec<String>>,
}

impl Filled {
    /// The first value of a field, or an empty text where it was left empty: words, a number, a date, an option's value.
    pub fn text(&self, field: &str) -> &str {
        self.all(field).first().map(String::as_str).unwrap_or_default()
    }

    /// All values of a field.
    pub fn all(&self, field: &str) -> &[String] {
        self.values.get(field).map(Vec::as_slice).unwrap_or_default()
    }

    /// A number field's number; none where it was left empty.
    pub fn number(&self, field: &str) -> Option<f64> {
        self.text(field).parse().ok()
    }

    /// A date field's day; none where it was left empty.
    pub fn date(&self, field: &str) -> Option<Date> {
        Date::from_iso(self.text(field))
    }
}

/// Who is talking. Names come from people: hostile text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Stable within a workspace.
    pub id: String,
    /// As they call themselves. Empty where it is not known yet: greet nobody by their id.
    pub name: String,
    /// An IETF language tag such as `en-GB`, or empty.
    pub locale: String,
    /// An IANA zone such as `Europe/Rome`, or empty.
    pub time_zone: String,
    /// How far their clocks are ahead of UTC at the turn's now, in seconds, daylight saving time included; none if that
    /// is unknown. [`Turn::local`](crate::Turn::local) has the date and the time that they see.
    pub utc_offset: Option<i32>,
}

impl Event {
    /// The event, or none for one that a later host may send.
    pub(crate) fn read(event: raw::Event) -> Option<Self> {
        Some(match event {
            raw::Event::Started(started) => Self::Started(started.arguments),
            raw::Event::Said(said) => Self::Said(said.into()),
            raw::Event::Edited(said) => Self::Edited(said.into()),
            raw::Event::Picked(picked) => Self::Picked(Picked { key: picked.key, values: picked.values }),
            raw::Event::Filled(filled) => {
                let values = filled.values.into_iter().map(|answer| (answer.key, answer.values)).collect();
                Self::Filled(Filled { key: filled.key, values })
            }
            raw::Event::Timer(fired) => Self::Timer { name: fired.name, due: Timestamp::from_millis(fired.due) },
            raw::Event::Cancelled => Self::Cancelled,
            raw::Event::Undelivered(lost) => Self::Undelivered { key: lost.key, reason: lost.reason },
            raw::Event::Other(_) => return None,
        })
    }
}

impl From<raw::Said> for Said {
    fn from(said: raw::Said) -> Self {
        Self { text: said.text, files: said.files.into_iter().map(File::from).collect() }
    }
}

impl From<raw::File> for File {
    fn from(file: raw::File) -> Self {
        Self { id: file.id, name: file.name, media_type: file.media_type, size: file.size }
    }
}

impl From<raw::Person> for Person {
    fn from(person: raw::Person) -> Self {
        let raw::Person { id, name, locale, time_zone, utc_offset, .. } = person;
        Self { id, name, locale, time_zone, utc_offset }
    }
}
