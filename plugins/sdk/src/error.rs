//! What can go wrong, as types that a flow can act on.

use std::fmt;

use crate::bindings::pesto::flow::types as raw;
use crate::text;

/// Why a turn cannot be handled, in words for the operator's log, at most 2,000 bytes. Made from any error by `?`.
///
/// It is for what should never be; see [`Flow::handle`](crate::Flow::handle).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    reason: String,
}

impl Failure {
    /// The longest reason, in bytes; longer ones are cut.
    pub const MAX: usize = 2_000;

    /// A failure for this reason.
    pub fn new(reason: impl AsRef<str>) -> Self {
        Self { reason: text::cut(reason.as_ref(), Self::MAX) }
    }

    /// Why.
    pub fn reason(&self) -> &str {
        &self.reason
    }
}

/// `Failure` itself is no `Error`, so that this does not overlap with the identity.
impl<E: std::error::Error> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::new(error.to_string())
    }
}

impl From<Failure> for raw::Failure {
    fn from(failure: Failure) -> Self {
        Self { reason: failure.reason, extensions: Vec::new() }
    }
}

/// Why a host call did not do what was asked. `Display` is for the log; [`for_person`](Self::for_person) for people.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum CallError {
    /// This flow does not ask for the right, or the operator does not grant it. Asking again will not help.
    Denied(String),
    /// A limit is reached: try again in a later turn.
    OverQuota {
        /// Seconds after which it may succeed, where that is known.
        retry_after: Option<u32>,
        /// In words for the log.
        reason: String,
    },
    /// The deadline passed.
    Timeout {
        /// Whether the request may have been received, and done.
        sent: bool,
        /// In words for the log.
        reason: String,
    },
    /// The provider could not be reached, or failed.
    Unavailable {
        /// Whether the request may have been received, and done.
        sent: bool,
        /// In words for the log.
        reason: String,
    },
    /// The request is wrong. Asking again will not help.
    Invalid(String),
    /// Somebody else changed the same thing first.
    Conflict(String),
    /// A crash fell into the call, and the operator wants such calls not to be made again: it may have been done. Ask the
    /// person whether to try once more, or do without.
    InDoubt,
    /// The person cancelled while the call ran.
    Cancelled,
    /// An error of a later version.
    Other(String),
}

impl CallError {
    /// One sentence that a person understands: what happened, and what they can do. It holds nothing of the reason,
    /// which is for the operator.
    pub fn for_person(&self) -> String {
        match self {
            Self::Denied(_) => "I am not allowed to do that here; whoever runs me can allow it.".into(),
            Self::OverQuota { retry_after: Some(seconds), .. } => {
                format!("I have reached a limit; please try again in {}.", text::span(*seconds))
            }
            Self::OverQuota { retry_after: None, .. } => {
                "I have reached a limit; please try again in a few minutes.".into()
            }
            Self::Timeout { .. } => "that took too long; please try again, perhaps with a smaller question.".into(),
            Self::Unavailable { .. } => {
                "the service that I need does not answer just now; please try again in a minute.".into()
            }
            Self::Invalid(_) => "that request was refused; please put it in other words.".into(),
            Self::Conflict(_) => "somebody else changed the same thing first; please try again.".into(),
            Self::InDoubt => "I was interrupted and do not know whether it was done; please try again.".into(),
            Self::Cancelled => "that was cancelled.".into(),
            Self::Other(_) => "something went wrong that I do not know; please try again later.".into(),
        }
    }
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sent = |sent: &bool| if *sent { "sent" } else { "not sent" };
        match self {
            Self::Denied(reason) => write!(f, "denied: {reason}"),
            Self::OverQuota { retry_after: Some(seconds), reason } => {
                write!(f, "over quota, retry after {seconds} s: {reason}")
            }
            Self::OverQuota { retry_after: None, reason } => write!(f, "over quota: {reason}"),
            Self::Timeout { sent: was, reason } => write!(f, "timeout ({}): {reason}", sent(was)),
            Self::Unavailable { sent: was, reason } => write!(f, "unavailable ({}): {reason}", sent(was)),
            Self::Invalid(reason) => write!(f, "invalid: {reason}"),
            Self::Conflict(reason) => write!(f, "conflict: {reason}"),
            Self::InDoubt => f.write_str("in doubt"),
            Self::Cancelled => f.write_str("cancelled"),
            Self::Other(name) => write!(f, "an unknown error `{name}`"),
        }
    }
}

impl std::error::Error for CallError {}

impl From<raw::CallError> for CallError {
    fn from(error: raw::CallError) -> Self {
        match error {
            raw::CallError::Denied(reason) => Self::Denied(reason),
            raw::CallError::OverQuota(over) => Self::OverQuota { retry_after: over.retry_after, reason: over.reason },
            raw::CallError::Timeout(reach) => Self::Timeout { sent: reach.sent, reason: reach.reason },
            raw::CallError::Unavailable(reach) => Self::Unavailable { sent: reach.sent, reason: reach.reason },
            raw::CallError::Invalid(reason) => Self::Invalid(reason),
            raw::CallError::Conflict(reason) => Self::Conflict(reason),
            raw::CallError::InDoubt => Self::InDoubt,
            raw::CallError::Cancelled => Self::Cancelled,
            raw::CallError::Other(extension) => Self::Other(extension.name),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn words_for_people_hold_nothing_of_the_reason() {
        let reason = "key sk-123 at http://inner";
        for error in [
            CallError::Denied(reason.into()),
            CallError::OverQuota { retry_after: Some(90), reason: reason.into() },
            CallError::OverQuota { retry_after: None, reason: reason.into() },
            CallError::Timeout { sent: true, reason: reason.into() },
            CallError::Unavailable { sent: false, reason: reason.into() },
            CallError::Invalid(reason.into()),
        ] {
            assert!(!error.for_person().contains("sk-123"));
            assert!(error.to_string().contains("sk-123"));
        }
    }

    #[test]
    fn a_limit_names_the_wait() {
        let error = CallError::OverQuota { retry_after: Some(90), reason: String::new() };
        assert_eq!(error.for_person(), "I have reached a limit; please try again in 2 minutes.");
    }

    #[test]
    fn any_error_becomes_a_failure_of_bounded_length() {
        fn fails() -> Result<(), Failure> {
            Err(CallError::Invalid("x".repeat(5_000)))?
        }
        let failure = fails().unwrap_err();
        assert!(failure.reason().starts_with("invalid: xxx"));
        assert!(failure.reason().len() <= Failure::MAX);
    }
}
