//! Brings committed messages to people: in order for each place, looked up first where a crash left it open
//! whether they were posted.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;

use crate::dispatch::reap;
use crate::engine::Engine;
use crate::model::Millis;
use crate::ports::{PostError, Posting, Receipt, StoreError};

/// Messages under way at once, one for a place. Many, for a channel may wait until a person has seen theirs: more
/// than a channel lets in people at once, so that those who look away hold up nobody else.
const MOST: usize = 4_096;
/// How long a post may take. Shorter than the lease, so that a successor never looks up what is still under way.
const TIMEOUT: Duration = Duration::from_secs(20);
const LEASE: Duration = Duration::from_secs(60);
/// No time at all: [`Store::outbox_wake`](crate::ports::Store::outbox_wake) comes first.
const NEVER: Millis = 1 << 52;

impl Engine {
    /// The loop that posts. It ends when the engine stops.
    pub(crate) async fn send(self: Arc<Self>) {
        let room = Arc::new(Semaphore::new(MOST));
        let mut posts = JoinSet::new();
        while !self.is_stopping() {
            reap(&mut posts);
            let Ok(permit) = room.clone().acquire_owned().await else { return };
            let postings = match self.ports.store.outbox_claim(room.available_permits() + 1, LEASE).await {
                Ok(postings) => postings,
                Err(error) => {
                    self.store_failed("taking messages from the outbox", &error).await;
                    continue;
                }
            };
            if postings.is_empty() {
                drop(permit);
                match self.ports.store.outbox_due().await {
                    Ok(due) => self.wait(self.ports.store.outbox_changed(), due).await,
                    Err(error) => self.store_failed("looking for what is due", &error).await,
                }
                continue;
            }
            let mut permit = Some(permit);
            for posting in postings {
                let permit = match permit.take() {
                    Some(permit) => permit,
                    // There is room for as many as were taken, and only this loop takes of it.
                    None => match room.clone().acquire_owned().await {
                        Ok(permit) => permit,
                        Err(_) => return,
                    },
                };
                posts.spawn(self.clone().post(posting, permit));
            }
        }
        while posts.join_next().await.is_some() {}
    }

    async fn post(self: Arc<Self>, posting: Posting, permit: OwnedSemaphorePermit) {
        let raised = self.gauges.posting();
        let mut doubt = posting.in_doubt;
        let outcome = match tokio::time::timeout(TIMEOUT, self.try_post(&posting, &mut doubt)).await {
            Ok(outcome) => outcome,
            Err(_) => Err(PostError::InDoubt(format!("no answer within {} s", TIMEOUT.as_secs()))),
        };
        drop(raised);
        if let Err(error) = self.settle_post(&posting, outcome, doubt).await {
            // Its mark runs out, and it is looked up and posted again.
            tracing::error!(id = %posting.message.id, %error, "what became of a message could not be stored");
        }
        self.active();
        drop(permit);
    }

    /// `doubt` says whether the message may have been posted before; a look can end it.
    async fn try_post(&self, posting: &Posting, doubt: &mut bool) -> Result<Option<Receipt>, PostError> {
        let (messenger, message) = (&self.ports.messenger, &posting.message);
        if message.closes.is_some() {
            // Without a receipt it is too old to be found.
            let Some(posted) = &posting.closes else { return Ok(None) };
            return messenger.close(posted, &message.text).await.map(|()| None);
        }
        if *doubt {
            if let Some(receipt) = messenger.posted(message).await? {
                return Ok(Some(receipt));
            }
            *doubt = false;
        }
        messenger.post(message).await
    }

    async fn settle_post(
        &self,
        posting: &Posting,
        outcome: Result<Option<Receipt>, PostError>,
        doubt: bool,
    ) -> Result<(), StoreError> {
        let (store, id) = (&self.ports.store, &posting.message.id);
        let now = self.ports.clock.now();
        // Not longer, for a message that waited for a channel's rate has many attempts before the first that fails; not
        // shorter, for a channel may take one post a second.
        let backoff = now + (600_u64 << posting.attempt.min(4));
        match outcome {
            Ok(receipt) => store.outbox_sent(id, receipt.as_ref()).await,
            // Who comes while this is written wakes the message all the same: the store remembers.
            Err(PostError::Away) => store.outbox_later(id, NEVER, doubt).await,
            // The messenger knows when, so it knows why.
            Err(PostError::Later(Some(after), reason)) => {
                tracing::debug!(%id, attempt = posting.attempt, "a message waits: {reason}");
                let due = now + u64::try_from(after.as_millis()).unwrap_or(NEVER);
                store.outbox_later(id, due, doubt).await
            }
            Err(PostError::Later(None, reason)) => {
                tracing::warn!(%id, attempt = posting.attempt, "a message could not be posted yet: {reason}");
                store.outbox_later(id, backoff, doubt).await
            }
            Err(PostError::InDoubt(reason)) => {
                tracing::warn!(%id, attempt = posting.attempt, "a message may or may not have been posted: {reason}");
                store.outbox_later(id, backoff, true).await
            }
            Err(PostError::Never(reason)) if posting.message.closes.is_some() => {
                tracing::debug!(%id, "a message cannot be closed any more: {reason}");
                store.outbox_never(id, &reason).await
            }
            Err(PostError::Never(reason)) => {
                tracing::error!(%id, "a message can never be posted, and goes to the dead letters: {reason}");
                store.outbox_never(id, &reason).await
            }
        }
    }
}
