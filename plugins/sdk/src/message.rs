//! What a flow says.

use crate::bindings::pesto::flow::types as raw;
use crate::form::Form;
use crate::text;

/// A message to the person. Any string is one, without choices.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    /// The flow's own name for this message, at most 80 bytes; what answers it brings it back. Where it is empty, the turn
    /// gives it one.
    pub key: String,
    /// Plain text with `*bold*`, `_italic_` and code in backquotes; the Markdown of a model may stand in it as it is. More
    /// than 12,000 bytes are cut; a blank message is not sent.
    pub text: String,
    /// What the person can pick.
    pub choices: Option<Choices>,
    /// What the person can fill in; not beside choices.
    pub form: Option<Form>,
}

impl Message {
    /// The longest text, in bytes.
    pub const MAX: usize = 12_000;

    /// A message that says this.
    pub fn new(text: impl Into<String>) -> Self {
        Self { key: String::new(), text: text.into(), choices: None, form: None }
    }

    /// Names the message.
    pub fn key(mut self, key: impl Into<String>) -> Self {
        self.key = key.into();
        self
    }

    /// Offers one of these to be picked.
    pub fn choices<C: Into<Choice>>(self, options: impl IntoIterator<Item = C>) -> Self {
        self.choices_between(1, 1, options)
    }

    /// Offers at least `least` and at most `most` of these to be picked.
    pub fn choices_between<C: Into<Choice>>(
        mut self,
        least: u32,
        most: u32,
        options: impl IntoIterator<Item = C>,
    ) -> Self {
        self.choices = Some(Choices { options: options.into_iter().map(Into::into).collect(), least, most });
        self
    }

    /// Offers this to be filled in.
    pub fn form(mut self, form: Form) -> Self {
        self.form = Some(form);
        self
    }
}

impl<T: Into<String>> From<T> for Message {
    fn from(text: T) -> Self {
        Self::new(text)
    }
}

impl From<Message> for raw::Message {
    fn from(message: Message) -> Self {
        Self {
            key: message.key,
            text: text::cut(&message.text, Message::MAX),
            choices: message.choices.map(Into::into),
            form: message.form.map(Into::into),
            extensions: Vec::new(),
        }
    }
}

/// What a person can pick: 1 to 100 options with unique values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choices {
    /// In the order shown.
    pub options: Vec<Choice>,
    /// How many must be picked, at least 1.
    pub least: u32,
    /// How many may be picked.
    pub most: u32,
}

impl From<Choices> for raw::Choices {
    fn from(choices: Choices) -> Self {
        Self {
            options: choices.options.into_iter().map(Into::into).collect(),
            least: choices.least,
            most: choices.most,
            extensions: Vec::new(),
        }
    }
}

/// One option. Made from a text, which is then value and label, or from a pair of value and label.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// What comes back, at most 150 bytes.
    pub value: String,
    /// What the person reads, at most 75 characters.
    pub label: String,
}

impl Choice {
    /// The longest value, in bytes.
    pub const MAX_VALUE: usize = 150;
    /// The longest label, in characters.
    pub const MAX_LABEL: usize = 75;
}

impl From<&str> for Choice {
    fn from(text: &str) -> Self {
        Self { value: text.to_owned(), label: text.to_owned() }
    }
}

impl From<String> for Choice {
    fn from(text: String) -> Self {
        Self { value: text.clone(), label: text }
    }
}

impl<V: Into<String>, L: Into<String>> From<(V, L)> for Choice {
    fn from((value, label): (V, L)) -> Self {
        Self { value: value.into(), label: label.into() }
    }
}

impl From<Choice> for raw::Choice {
    fn from(choice: Choice) -> Self {
        Self { value: choice.value, label: choice.label, extensions: Vec::new() }
    }
}
