//! Asking a language model.

use std::rc::Rc;

use crate::CallError;
use crate::bindings::pesto::flow::llm as raw;
use crate::host::Host;

/// A question to a model, built up in the order that the model reads it. Made by [`Turn::llm`](crate::Turn::llm).
///
/// At most 256 KiB of text together, or the call answers [`CallError::Invalid`].
#[must_use = "nothing is asked before `complete`"]
pub struct Request {
    host: Rc<dyn Host>,
    raw: raw::Request,
}

impl Request {
    pub(crate) fn new(host: Rc<dyn Host>) -> Self {
        let raw = raw::Request {
            messages: Vec::new(),
            model: None,
            max_tokens: None,
            temperature: None,
            extensions: Vec::new(),
        };
        Self { host, raw }
    }

    /// Instructions of the flow. Never put what people wrote in here.
    pub fn system(self, text: impl Into<String>) -> Self {
        self.message(raw::Role::System, text.into())
    }

    /// What the person says, or data from them.
    pub fn user(self, text: impl Into<String>) -> Self {
        self.message(raw::Role::User, text.into())
    }

    /// What the model said before.
    pub fn assistant(self, text: impl Into<String>) -> Self {
        self.message(raw::Role::Assistant, text.into())
    }

    fn message(mut self, role: raw::Role, text: String) -> Self {
        self.raw.messages.push(raw::ChatMessage { role, text });
        self
    }

    /// A model of the operator's configuration, in place of its default.
    pub fn model(mut self, name: impl Into<String>) -> Self {
        self.raw.model = Some(name.into());
        self
    }

    /// The longest answer wanted, in tokens.
    pub fn max_tokens(mut self, tokens: u32) -> Self {
        self.raw.max_tokens = Some(tokens);
        self
    }

    /// From 0, always the likeliest words, to 2.
    pub fn temperature(mut self, temperature: f32) -> Self {
        self.raw.temperature = Some(temperature);
        self
    }

    /// Asks, and waits for the whole answer. The turn waits with it, for a minute at most by default.
    pub fn complete(self) -> Result<Completion, CallError> {
        self.host.complete(&self.raw)
    }
}

/// A model's answer.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Completion {
    /// Text from a model: hostile, like any other. It may be empty.
    pub text: String,
    /// The model that answered.
    pub model: String,
    /// Whether the answer was cut at its longest.
    pub cut: bool,
    /// As the provider counts them; 0 where it does not say.
    pub prompt_tokens: u32,
    /// As the provider counts them; 0 where it does not say.
    pub completion_tokens: u32,
}
