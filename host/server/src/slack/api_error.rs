//! What became of a call to the Web API that did not succeed: whether it may have been done decides what a message's
//! next attempt is.

use std::time::Duration;

use slack_morphism::errors::SlackClientError;

use super::http_client::NoReply;
use super::limiter::NotNow;

/// Why a method did not do what was asked. Holds no token and no text of people.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum ApiError {
    /// Not done: too many requests. How long to wait, where Slack says so.
    #[error("Slack limits our requests")]
    Limited(Option<Duration>),
    /// Not done, and Slack's code says why.
    #[error("Slack refuses it: {0}")]
    Refused(String),
    /// Not tried: it would come too late to be worth anything.
    #[error("it would come too late")]
    Late,
    /// Surely not received.
    #[error("{0}")]
    Unsent(String),
    /// Perhaps done.
    #[error("{0}")]
    Unanswered(String),
}

impl From<NotNow> for ApiError {
    fn from(NotNow(wait): NotNow) -> Self {
        Self::Limited(Some(wait))
    }
}

/// What became of a call, by the error that its client tells.
pub(super) fn judge(error: SlackClientError) -> ApiError {
    match error {
        SlackClientError::RateLimitError(limited) => ApiError::Limited(limited.retry_after),
        SlackClientError::ApiError(refused) if matches!(refused.code.as_str(), "ratelimited" | "rate_limited") => {
            ApiError::Limited(None)
        }
        // Slack says of these that part of the work may be done.
        SlackClientError::ApiError(refused)
            if matches!(refused.code.as_str(), "fatal_error" | "internal_error" | "request_timeout") =>
        {
            ApiError::Unanswered(format!("Slack failed: {}", refused.code))
        }
        SlackClientError::ApiError(refused) => ApiError::Refused(code(&refused.code)),
        SlackClientError::HttpError(failed) => {
            ApiError::Unanswered(format!("Slack answered with HTTP status {}", failed.status_code.as_u16()))
        }
        SlackClientError::HttpProtocolError(failed) => match failed.cause.and_then(|cause| cause.downcast().ok()) {
            Some(lost) => {
                let NoReply { sent, .. } = *lost;
                let reason = lost.to_string();
                if sent { ApiError::Unanswered(reason) } else { ApiError::Unsent(reason) }
            }
            None => ApiError::Unanswered("the connection to Slack failed".to_owned()),
        },
        _ => ApiError::Unsent("the request to Slack could not be made".to_owned()),
    }
}

/// Whether a refusal passes by itself.
pub(super) fn is_passing(code: &str) -> bool {
    ["accesslimited", "service_unavailable", "team_added_to_org"].contains(&code)
}

/// Slack's codes are short words; whatever else a server says is not repeated.
fn code(code: &str) -> String {
    // No token is made of these alone.
    let plain = code.len() <= 60 && code.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    if plain { code.to_owned() } else { "an unknown reason".to_owned() }
}

#[cfg(test)]
mod tests {
    use super::code;

    #[test]
    fn a_token_in_the_place_of_a_code_is_not_repeated() {
        assert_eq!(code("not_in_channel"), "not_in_channel");
        for text in ["xoxb-1234567890-abcdefGHIJ", "xapp-1-a-b", "invalid auth xoxb", "Bearer", &"x".repeat(61)] {
            assert_eq!(code(text), "an unknown reason", "{text}");
        }
    }
}
