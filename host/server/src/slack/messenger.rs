//! The way out: our messages become posts, are looked up where it is not known whether they were made, and lose their
//! controls when they are answered.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use pesto_engine::model::{Message, Place};
use pesto_engine::ports::{Copies, Messenger, PostError, Posted, Receipt};

use super::api_error::{ApiError, is_passing};
use super::healable::Healable;
use super::limiter::NotNow;
use super::mark::{Found, Mark, copies, missing};
use super::render::{self, Payload};
use super::sizes;
use super::{Shared, Spot};

/// The shortest wait, whatever Slack says.
const LEAST: Duration = Duration::from_secs(1);
/// A post that has to wait longer shows a sign.
const SHOWN: Duration = Duration::from_secs(2);
/// After Slack refuses our token: the operator has to do something first.
const REFUSED: Duration = Duration::from_secs(60);

/// Codes that a change of the app or its token heals: nothing is wrong with the message.
const OPERATOR: &[&str] = &[
    "account_inactive",
    "invalid_auth",
    "missing_scope",
    "no_permission",
    "not_allowed_token_type",
    "not_authed",
    "org_login_required",
    "team_access_not_granted",
    "token_expired",
    "token_revoked",
];

/// Posts in Slack.
pub struct SlackMessenger {
    shared: Arc<Shared>,
    healable: Healable,
}

impl SlackMessenger {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self { shared, healable: Healable::default() }
    }

    async fn spot(&self, message: &Message) -> Result<Spot, PostError> {
        // Opening a channel that is open changes nothing, so there is never a doubt.
        let mut spot = self.shared.spot(&message.place).await.map_err(|error| match settle(error) {
            PostError::InDoubt(reason) => PostError::Later(None, reason),
            other => other,
        })?;
        spot.thread = message.aim.below.clone().or(spot.thread);
        Ok(spot)
    }

    /// Posts before one person alone, or not at all: nothing hangs on it, and it cannot be looked up.
    async fn whisper(&self, message: &Message, user: &str) -> Result<(), PostError> {
        let spot = self.spot(message).await?;
        match self.shared.api.whisper(spot.at(), user, &render::ephemeral(&message.text)).await.map_err(settle) {
            Err(PostError::Never(reason) | PostError::InDoubt(reason)) => {
                tracing::debug!(id = %message.id, "a word for one person is not posted: {reason}");
                Ok(())
            }
            done => done,
        }
    }

    /// Posts those parts of a message that are not among `found`. Answers where the last part stands.
    async fn complete(&self, message: &Message, spot: &Spot, found: &[Found]) -> Result<Receipt, PostError> {
        let payloads = render::post(message);
        let marks: Vec<Mark> = found.iter().map(|found| found.mark.clone()).collect();
        let left = missing(&message.id, payloads.len(), &marks);
        let last_found =
            found.iter().filter(|found| found.mark.part == found.mark.of).map(|found| &found.ts).next_back();
        let mut last = last_found.cloned();
        let mut posted = !found.is_empty();
        for payload in left.iter().filter_map(|index| payloads.get(*index)) {
            sizes::check(payload).map_err(PostError::Never)?;
            let begun = posted;
            last = Some(match self.send(message, spot, payload, begun).await {
                // What stands there already is looked up next time.
                Err(PostError::Later(_, reason)) if begun => return Err(PostError::InDoubt(reason)),
                ts => ts?,
            });
            posted = true;
        }
        let ts = last.ok_or_else(|| PostError::Never("it has no text".to_owned()))?;
        Ok(format!("{}/{ts}", spot.channel))
    }

    async fn send(&self, message: &Message, spot: &Spot, payload: &Payload, more: bool) -> Result<String, PostError> {
        let limiter = &self.shared.api.limiter;
        let turn = match more {
            true => limiter.post_more(&spot.channel).await,
            false => limiter.post(&spot.channel, message.id.as_str()),
        };
        let mut turn = turn
            .map_err(|NotNow(wait)| PostError::Later(Some(wait), "Slack's rate allows no more for now".to_owned()))?;
        let sent = self.shared.api.send(spot.at(), payload).await;
        if let Err(ApiError::Limited(pause)) = &sent {
            turn.pause(pause.unwrap_or(Duration::from_secs(1)));
        }
        drop(turn);
        self.healable.judge(message.id.as_str(), sent)
    }
}

#[async_trait]
impl Messenger for SlackMessenger {
    async fn post(&self, message: &Message) -> Result<Option<Receipt>, PostError> {
        self.shared.signs.end_line(&message.place);
        if let Some(user) = &message.aim.only_for {
            self.shared.signs.answered(&message.place);
            return self.whisper(message, user).await.map(|()| None);
        }
        let spot = self.spot(message).await?;
        let posted = self.complete(message, &spot, &[]).await;
        match &posted {
            Ok(_) => self.shared.signs.answered(&message.place),
            Err(PostError::Later(Some(wait), _)) if *wait > SHOWN => self.shared.signs.show(&message.place),
            Err(_) => {}
        }
        posted.map(Some)
    }

    /// Where only some parts of it stand there, the others are posted.
    async fn posted(&self, message: &Message) -> Result<Option<Receipt>, PostError> {
        // What one person sees cannot be looked up; to see it twice does no harm.
        if message.aim.only_for.is_some() {
            return Ok(None);
        }
        let spot = self.spot(message).await?;
        let us = self.shared.identity().await.map_err(settle)?;
        let found = self.shared.api.find(spot.at(), &us.bot_user, &message.id).await.map_err(settle)?;
        if found.is_empty() {
            return Ok(None);
        }
        self.complete(message, &spot, &found).await.map(Some)
    }

    async fn remove_copies(&self, message: &Message, kept: Option<&Receipt>) -> Result<Copies, PostError> {
        if message.aim.only_for.is_some() {
            return Ok(Copies::default());
        }
        let spot = self.spot(message).await?;
        let us = self.shared.identity().await.map_err(settle)?;
        let mut found = self.shared.api.find(spot.at(), &us.bot_user, &message.id).await.map_err(settle)?;
        let kept = kept.and_then(|receipt| receipt.split_once('/')).map(|(_, ts)| ts);
        let copies: Vec<String> = copies(&found, kept).into_iter().map(str::to_owned).collect();
        for ts in &copies {
            self.shared.api.delete(&spot.channel, ts).await.map_err(settle)?;
        }
        found.retain(|found| !copies.contains(&found.ts));
        let last = found.iter().find(|found| found.mark.part == found.mark.of);
        let kept = last.map(|last| format!("{}/{}", spot.channel, last.ts));
        Ok(Copies { kept, removed: u32::try_from(copies.len()).unwrap_or(u32::MAX) })
    }

    async fn close(&self, posted: &Posted, chosen: &str) -> Result<(), PostError> {
        let Some((channel, ts)) = posted.receipt.split_once('/') else {
            return Err(PostError::Never("its receipt is not of Slack".to_owned()));
        };
        let payload = render::answered(&posted.message, chosen);
        if let Some(address) = self.shared.people.reply_address(&posted.receipt)
            && self.shared.api.respond(&address, &payload).await
        {
            return Ok(());
        }
        self.shared.api.update(channel, ts, &payload).await.map_err(settle)
    }

    fn progress(&self, place: &Place, text: &str) {
        self.shared.signs.say(place, text);
    }
}

/// What an error means for a message.
pub(super) fn settle(error: ApiError) -> PostError {
    let reason = error.to_string();
    match error {
        ApiError::Limited(wait) => PostError::Later(Some(wait.unwrap_or(LEAST).max(LEAST)), reason),
        ApiError::Unsent(_) => PostError::Later(None, reason),
        ApiError::Unanswered(_) => PostError::InDoubt(reason),
        ApiError::Refused(code) if is_passing(&code) => PostError::Later(Some(REFUSED), reason),
        ApiError::Refused(code) if OPERATOR.contains(&code.as_str()) => {
            tracing::error!(code, "Slack refuses our token: `pesto doctor` says what to do");
            PostError::Later(Some(REFUSED), reason)
        }
        ApiError::Refused(_) | ApiError::Late => PostError::Never(reason),
    }
}
