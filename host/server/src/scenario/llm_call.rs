//! A call to a model in a scenario: what must be asked, and what is answered.

use pesto_engine::ports::CallError;
use pesto_engine::scripted::Reply;
use serde::{Deserialize, Deserializer};

use super::wanted::Wanted;

/// A call to a model.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LlmCall {
    /// What must have been asked: all texts of the request, joined by newlines.
    pub(super) asked: Option<Wanted>,
    answers: Option<String>,
    /// The answer was cut at its longest.
    cut: Option<bool>,
    fails: Option<Fails>,
    /// Whether a request that timed out or found nobody may have been received; true by default.
    sent: Option<bool>,
    /// In how many seconds a limit is over, or null where that is not known; 30 by default.
    #[serde(rename = "retry-after", default, deserialize_with = "given")]
    retry_after: Option<Option<u32>>,
}

/// Tells a null from a key that is not there.
fn given<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<u32>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Fails {
    Timeout,
    Unavailable,
    Denied,
    OverQuota,
    Invalid,
    Conflict,
    InDoubt,
    Cancelled,
}

impl LlmCall {
    /// What the model answers.
    pub(super) fn answer(&self) -> Result<Result<Reply, CallError>, String> {
        let reason = "the scenario wants it so".to_owned();
        let reaches = matches!(self.fails, Some(Fails::Timeout | Fails::Unavailable));
        if self.sent.is_some() && !reaches {
            return Err("`sent` is for `fails: timeout` and `fails: unavailable`".to_owned());
        }
        if self.retry_after.is_some() && !matches!(self.fails, Some(Fails::OverQuota)) {
            return Err("`retry-after` is for `fails: over-quota`".to_owned());
        }
        if self.cut.is_some() && self.answers.is_none() {
            return Err("`cut` is for `answers`".to_owned());
        }
        let sent = self.sent.unwrap_or(true);
        match (&self.answers, self.fails) {
            (Some(text), None) => Ok(Ok(Reply { text: text.clone(), cut: self.cut.unwrap_or_default() })),
            (None, Some(fails)) => Ok(Err(match fails {
                Fails::Timeout => CallError::Timeout { sent, reason },
                Fails::Unavailable => CallError::Unavailable { sent, reason },
                Fails::Denied => CallError::Denied(reason),
                Fails::OverQuota => CallError::OverQuota { retry_after: self.retry_after.unwrap_or(Some(30)), reason },
                Fails::Invalid => CallError::Invalid(reason),
                Fails::Conflict => CallError::Conflict(reason),
                Fails::InDoubt => CallError::InDoubt,
                Fails::Cancelled => CallError::Cancelled,
            })),
            _ => Err("a call to a model must have either `answers` or `fails`".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn answer(call: &str) -> Result<Reply, CallError> {
        serde_yaml_ng::from_str::<LlmCall>(call).unwrap().answer().unwrap()
    }

    #[test]
    fn all_errors_of_the_contract_can_be_had() {
        assert_eq!(answer("{answers: a, cut: true}"), Ok(Reply { text: "a".to_owned(), cut: true }));
        assert!(matches!(answer("{fails: timeout, sent: false}"), Err(CallError::Timeout { sent: false, .. })));
        assert!(matches!(answer("{fails: unavailable}"), Err(CallError::Unavailable { sent: true, .. })));
        let quota = |call: &str| match answer(call) {
            Err(CallError::OverQuota { retry_after, .. }) => retry_after,
            other => panic!("{other:?}"),
        };
        assert_eq!(quota("{fails: over-quota}"), Some(30));
        assert_eq!(quota("{fails: over-quota, retry-after: 90}"), Some(90));
        assert_eq!(quota("{fails: over-quota, retry-after: null}"), None);
        assert!(matches!(answer("{fails: conflict}"), Err(CallError::Conflict(_))));
        assert_eq!(answer("{fails: in-doubt}"), Err(CallError::InDoubt));
        assert_eq!(answer("{fails: cancelled}"), Err(CallError::Cancelled));
    }
}
