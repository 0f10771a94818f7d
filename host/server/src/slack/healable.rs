//! Refusals of a post that somebody can heal, such as by inviting the bot: it is tried again for a while, and said.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use pesto_engine::ports::PostError;
use tokio::time::Instant;

use super::api_error::ApiError;
use super::messenger::settle;

/// How long a message is tried again.
const WHILE: Duration = Duration::from_secs(3_600);
/// Between two attempts: as long as it was tried so far, within these.
const BETWEEN: (Duration, Duration) = (Duration::from_secs(5), Duration::from_secs(60));
/// Messages remembered at once. The others are tried for longer.
const MOST: usize = 4_096;

/// Who can do something about a code of Slack's, and what.
pub(super) fn remedy(code: &str) -> Option<&'static str> {
    Some(match code {
        "not_in_channel" => "the bot is not in the channel: invite it there",
        "restricted_action" => "an administrator restricted who may post there: let the app do so",
        "messages_tab_disabled" => {
            "nobody can write to the app: in its settings, under App Home, switch the Messages Tab on"
        }
        "message_limit_exceeded" => "the workspace is at its limit of messages: an administrator has to raise it",
        "ekm_access_denied" => "an administrator has suspended posts by the workspace's key management",
        _ => return None,
    })
}

/// When messages were refused first, by their ids.
#[derive(Debug, Default)]
pub(super) struct Healable(Mutex<HashMap<String, Instant>>);

impl Healable {
    /// What the outcome of a post means for its message.
    pub(super) fn judge<T>(&self, id: &str, sent: Result<T, ApiError>) -> Result<T, PostError> {
        let now = Instant::now();
        // Nothing between lock and unlock can panic.
        let mut refused = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Err(ApiError::Refused(code)) = &sent else {
            refused.remove(id);
            return sent.map_err(settle);
        };
        let Some(remedy) = remedy(code) else { return sent.map_err(settle) };
        refused.retain(|_, first| now.saturating_duration_since(*first) < WHILE * 2);
        let before = refused.get(id).copied();
        if before.is_none() && refused.len() < MOST {
            refused.insert(id.to_owned(), now);
        }
        let tried = before.map_or(Duration::ZERO, |first| now.saturating_duration_since(first));
        if tried >= WHILE {
            refused.remove(id);
            return sent.map_err(settle);
        }
        if before.is_none() {
            let minutes = WHILE.as_secs() / 60;
            tracing::error!(id, code, "Slack refuses a post, and it is tried again for {minutes} minutes: {remedy}");
        }
        let (least, most) = BETWEEN;
        Err(PostError::Later(Some(tried.clamp(least, most)), format!("Slack refuses it: {code}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(code: &str) -> Result<(), ApiError> {
        Err(ApiError::Refused(code.to_owned()))
    }

    #[tokio::test(start_paused = true)]
    async fn what_can_be_healed_is_tried_again_for_a_while() {
        let healable = Healable::default();
        let (mut tries, began) = (0, Instant::now());
        let last = loop {
            match healable.judge("m1", refused("not_in_channel")) {
                Err(PostError::Later(Some(wait), _)) => tokio::time::advance(wait).await,
                other => break other,
            }
            tries += 1;
        };
        assert!(matches!(last, Err(PostError::Never(_))), "{last:?}");
        assert!((60..80).contains(&tries) && began.elapsed() >= WHILE, "{tries} tries in {:?}", began.elapsed());
        assert!(
            matches!(healable.judge("m1", refused("not_in_channel")), Err(PostError::Later(..))),
            "retried by hand"
        );
        assert_eq!(healable.judge("m1", Ok(1)), Ok(1));
        assert!(healable.0.lock().expect("nobody panicked").is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn what_nobody_heals_is_final() {
        let healable = Healable::default();
        for code in ["is_archived", "channel_not_found", "invalid_blocks"] {
            assert!(matches!(healable.judge("m1", refused(code)), Err(PostError::Never(_))), "{code}");
        }
    }
}
