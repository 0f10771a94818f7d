//! The host's functions behind a trait, so that flows run natively under a double.

use crate::bindings::pesto::flow as wit;
use crate::llm::Completion;
use crate::{CallError, Timestamp};

/// What the person wrote or picked, and what was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exchange {
    /// At most 4,000 bytes; of a pick, the labels.
    pub said: String,
    /// The texts of the turn's messages, joined by a blank line; at most 4,000 bytes, empty if there were none.
    pub answered: String,
    /// When it was accepted.
    pub at: Timestamp,
}

/// How much a line of the log matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs)]
pub enum Level {
    Debug,
    Info,
    Warn,
    Error,
}

pub(crate) trait Host {
    fn complete(&self, request: &wit::llm::Request) -> Result<Completion, CallError>;
    fn recent(&self, limit: Option<u32>) -> Vec<Exchange>;
    fn report(&self, text: &str);
    fn log(&self, level: Level, text: &str);
}

/// The host around the component. Only to be called inside one.
pub(crate) struct Imports;

impl Host for Imports {
    fn complete(&self, request: &wit::llm::Request) -> Result<Completion, CallError> {
        let completion = wit::llm::complete(request)?;
        Ok(Completion {
            text: completion.text,
            model: completion.model,
            cut: completion.cut,
            prompt_tokens: completion.prompt_tokens,
            completion_tokens: completion.completion_tokens,
        })
    }

    fn recent(&self, limit: Option<u32>) -> Vec<Exchange> {
        let exchange = |raw: wit::history::Exchange| Exchange {
            said: raw.said,
            answered: raw.answered,
            at: Timestamp::from_millis(raw.at),
        };
        wit::history::recent(limit).into_iter().map(exchange).collect()
    }

    fn report(&self, text: &str) {
        wit::progress::report(text);
    }

    fn log(&self, level: Level, text: &str) {
        let level = match level {
            Level::Debug => wit::log::Level::Debug,
            Level::Info => wit::log::Level::Info,
            Level::Warn => wit::log::Level::Warn,
            Level::Error => wit::log::Level::Error,
        };
        wit::log::write(level, text);
    }
}
