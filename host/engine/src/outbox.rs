//! Brings committed messages to people: in order for each place, looked up first where a crash left it open
//! whether they were posted.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use tokio::sync::OwnedSemaphorePermit;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::dispatch::reap;
use crate::engine::Engine;
use crate::model::Millis;
use crate::ports::{Copies, PostError, Posting, Receipt, Stage, StoreError};

/// Messages under way at once, one for a place. Many, for a channel may wait until a person has seen theirs: more
/// than a channel lets in people at once, so that those who look away hold up nobody else.
pub(crate) const MOST_POSTS: u32 = 4_096;
/// How long a post may take.
const TIMEOUT: Duration = Duration::from_secs(20);
/// How long a mark lasts that is not renewed.
const LEASE: Duration = Duration::from_secs(10);
/// Between two renewals of the mark of a post that takes long.
const RENEW: Duration = Duration::from_secs(3);
/// So much earlier than its mark a post ends, so that a successor never looks up what is still under way.
const MARGIN: Duration = Duration::from_secs(3);
/// After this long copies are looked for of what was posted after a doubt: a request that we gave up may have been
/// carried out late, and so may one of a host that stood still meanwhile.
const LOOK: Millis = 30_000;
/// How often it is tried to close a message: that only takes buttons away, which answer with a word by then.
const CLOSINGS: u32 = 5;
/// No time at all: [`Store::outbox_wake`](crate::ports::Store::outbox_wake) comes first.
const NEVER: Millis = 1 << 52;

/// What becomes of a message after an attempt to post it.
enum End {
    /// It stands there, and copies are looked for at that time.
    Sent(Option<Receipt>, Option<Millis>),
    /// It is tried again then, in doubt or not.
    Later(Millis, bool),
    /// It is given up.
    Never(String),
}

impl Engine {
    /// The loop that posts. It ends when the engine stops.
    pub(crate) async fn send(self: Arc<Self>) {
        let mut posts = JoinSet::new();
        loop {
            reap(&mut posts);
            let Ok(mut room) = self.posts.clone().acquire_owned().await else { return };
            if self.is_stopping() {
                // Whoever stops waited for the room, and no longer waits for what is taken now.
                break;
            }
            let more = u32::try_from(self.posts.available_permits()).unwrap_or_default();
            if let Ok(more) = self.posts.clone().try_acquire_many_owned(more) {
                room.merge(more);
            }
            // Before the marks begin, so that our time is over before theirs, wherever this host stands still.
            let marked = Instant::now();
            let taken = self.ports.store.outbox_claim(room.num_permits(), LEASE);
            let Some(postings) = self.of_store("taking messages from the outbox", taken).await else { continue };
            let nothing = postings.is_empty();
            for posting in postings {
                // No store answers more than it was asked for.
                let Some(permit) = room.split(1) else { break };
                posts.spawn(self.clone().post(posting, marked, permit));
            }
            drop(room);
            if nothing
                && let Some(due) =
                    self.of_store("looking for messages that are due", self.ports.store.outbox_due()).await
            {
                self.wait(self.ports.store.outbox_changed(), due).await;
            }
        }
        while posts.join_next().await.is_some() {}
    }

    async fn post(self: Arc<Self>, posting: Posting, marked: Instant, permit: OwnedSemaphorePermit) {
        let raised = self.gauges.posting();
        let outcome = self.while_marked(&posting, marked, self.try_post(&posting)).await;
        let outcome = outcome.unwrap_or_else(|| Err(PostError::InDoubt("no answer in time".to_owned())));
        drop(raised);
        // What of a request that was given up may yet come is not there at once.
        let copy = match &outcome {
            _ if posting.message.closes.is_some() || matches!(posting.stage, Stage::Sent(_)) => None,
            Ok(_) => Some(0),
            Err(PostError::InDoubt(_)) => Some(LOOK),
            Err(_) => None,
        };
        let end = self.ending(&posting, outcome);
        // Untold it would be in doubt.
        let settled = self.insist("telling what became of messages", || self.settle_post(&posting, &end)).await;
        match (settled, copy) {
            (Err(StoreError::Stale), Some(wait)) => self.came_late(&posting, wait).await,
            (Err(StoreError::Stale), None) => {
                tracing::debug!(id = %posting.message.id, "another attempt at a message came first");
            }
            // Its mark runs out, and it is looked up and posted again.
            (Err(error), _) => {
                tracing::error!(id = %posting.message.id, %error, "what became of a message could not be stored");
            }
            (Ok(()), _) => {}
        }
        self.active();
        drop(permit);
    }

    /// We posted a message, or may have, though our mark had run out, and another host may have posted it too.
    async fn came_late(&self, posting: &Posting, wait: Millis) {
        let id = &posting.message.id;
        tracing::warn!(%id, "a message may have been posted late, for this host had stood still; copies are looked for");
        let due = self.ports.clock.now() + wait;
        let look = || self.ports.store.outbox_look(&posting.message, due);
        if let Err(error) = self.insist("asking for looks for copies", look).await {
            tracing::error!(%id, %error, "that copies of a message are to be looked for could not be stored");
        }
    }

    async fn try_post(&self, posting: &Posting) -> Result<Option<Receipt>, PostError> {
        let (messenger, message) = (&self.ports.messenger, &posting.message);
        if message.closes.is_some() {
            // Without a receipt it is too old to be found.
            let Some(posted) = &posting.closes else { return Ok(None) };
            return messenger.close(posted, &message.text).await.map(|()| None);
        }
        match &posting.stage {
            Stage::Unsent => {}
            Stage::InDoubt => {
                if let Some(receipt) = messenger.posted(message).await? {
                    return Ok(Some(receipt));
                }
            }
            Stage::Sent(receipt) => {
                let Copies { kept, removed } = messenger.remove_copies(message, receipt.as_ref()).await?;
                if removed > 0 {
                    tracing::warn!(id = %message.id, removed, "late copies of a message were taken away");
                }
                return Ok(kept.or_else(|| receipt.clone()));
            }
        }
        messenger.post(message).await
    }

    /// What an attempt leads to, which is said in the log.
    fn ending(&self, posting: &Posting, outcome: Result<Option<Receipt>, PostError>) -> End {
        let id = &posting.message.id;
        let now = self.ports.clock.now();
        // That it was not found ends no doubt: the request of a host that stands still may come later than any look.
        let doubt = posting.stage == Stage::InDoubt;
        // Not longer, for a message that waited for a channel's rate has many attempts before the first that fails; not
        // shorter, for a channel may take one post a second.
        let backoff = now + (600_u64 << posting.attempt.min(4));
        match outcome {
            Ok(receipt) => {
                let look = doubt && posting.message.closes.is_none();
                End::Sent(receipt, look.then_some(now + LOOK))
            }
            Err(error) if posting.message.closes.is_some() && posting.attempt >= CLOSINGS => {
                tracing::debug!(%id, "a message is closed no more: {error:?}");
                End::Never("it was tried often enough".to_owned())
            }
            // Who comes while this is written wakes the message all the same: the store remembers.
            Err(PostError::Away) => End::Later(NEVER, doubt),
            // The messenger knows when, so it knows why.
            Err(PostError::Later(Some(after), reason)) => {
                tracing::debug!(%id, attempt = posting.attempt, "a message waits: {reason}");
                End::Later(now + u64::try_from(after.as_millis()).unwrap_or(NEVER), doubt)
            }
            Err(PostError::Later(None, reason)) => {
                tracing::warn!(%id, attempt = posting.attempt, "a message could not be posted yet: {reason}");
                End::Later(backoff, doubt)
            }
            Err(PostError::InDoubt(reason)) => {
                tracing::warn!(%id, attempt = posting.attempt, "a message may or may not have been posted: {reason}");
                End::Later(backoff, true)
            }
            Err(PostError::Never(reason)) if matches!(posting.stage, Stage::Sent(_)) => {
                tracing::debug!(%id, "copies of a message cannot be looked for any more: {reason}");
                End::Sent(None, None)
            }
            Err(PostError::Never(reason)) if posting.message.closes.is_some() => {
                tracing::debug!(%id, "a message cannot be closed any more: {reason}");
                End::Never(reason)
            }
            Err(PostError::Never(reason)) => {
                tracing::error!(%id, "a message can never be posted, and goes to the dead letters: {reason}");
                End::Never(reason)
            }
        }
    }

    async fn settle_post(&self, posting: &Posting, end: &End) -> Result<(), StoreError> {
        let store = &self.ports.store;
        match end {
            End::Sent(receipt, look) => store.outbox_sent(posting, receipt.as_ref(), *look).await,
            End::Later(due, in_doubt) => store.outbox_later(posting, *due, *in_doubt).await,
            End::Never(reason) => store.outbox_never(posting, reason).await,
        }
    }

    /// What `work` gives, as long as the message is ours. A host that stood still does not go on with it: whoever took it
    /// over may have done it already. So the clock is asked before each step, where a timer alone would be asked after it.
    async fn while_marked<T>(&self, posting: &Posting, marked: Instant, work: impl Future<Output = T>) -> Option<T> {
        let end = marked + TIMEOUT;
        let (mut ours, mut renewal) = (marked + LEASE - MARGIN, marked + RENEW);
        let mut work = pin!(work);
        loop {
            let steps = poll_fn(|context| match Instant::now() < ours.min(end) {
                true => work.as_mut().poll(context).map(Some),
                false => Poll::Ready(None),
            });
            if let Ok(done) = tokio::time::timeout_at(renewal.min(ours).min(end), steps).await {
                return done;
            }
            let now = Instant::now();
            match self.ports.store.outbox_renew(posting, LEASE).await {
                Ok(()) => ours = now + LEASE - MARGIN,
                Err(StoreError::Stale) => return None,
                Err(error) => tracing::warn!(id = %posting.message.id, %error, "a mark could not be renewed"),
            }
            renewal = Instant::now() + RENEW;
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;
    use crate::broker::Ports;
    use crate::contract::samples::said;
    use crate::engine::Settings;
    use crate::memory::MemoryStore;
    use crate::model::{Aim, Choice, Choices, EffectId, Message, Place};
    use crate::ports::{Clock as _, Entry, Store};
    use crate::scripted::{CannedLlm, ManualClock, RecordingMessenger};

    fn engine(messenger: Arc<RecordingMessenger>) -> (Arc<Engine>, Arc<ManualClock>) {
        let clock = Arc::new(ManualClock::new(1_000));
        let store = Arc::new(MemoryStore::new(clock.clone()));
        let ports = Ports { store, llm: Arc::new(CannedLlm), messenger, clock: clock.clone() };
        (Engine::new(ports, Settings::default()).unwrap(), clock)
    }

    fn message() -> Message {
        Message {
            id: EffectId::stored("T1/ann@1/m0".to_owned()),
            place: Place::direct("T1", "ann").unwrap(),
            generation: 1,
            key: String::new(),
            text: "hello".to_owned(),
            choices: None,
            form: None,
            closes: None,
            aim: Aim::default(),
        }
    }

    /// A message waits for its first attempt.
    async fn send(store: &dyn Store) {
        store.accept(said("ann", "e1"), Entry::Answer(vec![message()])).await.unwrap();
    }

    async fn post(engine: &Arc<Engine>, posting: Posting, marked: Instant) {
        let permit = engine.posts.clone().acquire_owned().await.unwrap();
        engine.clone().post(posting, marked, permit).await;
    }

    #[tokio::test]
    async fn copies_are_looked_for_also_where_the_late_one_was_given_up() {
        let (engine, clock) = engine(Arc::default());
        let store = engine.ports().store.clone();
        send(store.as_ref()).await;
        let late = store.outbox_claim(1, LEASE).await.unwrap().remove(0);
        clock.advance(LEASE);
        for wait in [LOOK, 0] {
            let other = store.outbox_claim(1, LEASE).await.unwrap().remove(0);
            post(&engine, other, Instant::now()).await;
            clock.advance(Duration::from_millis(wait));
        }
        assert_eq!(store.outbox_claim(1, LEASE).await.unwrap(), [], "the other host looked already");
        // It stood still in the middle of its request: what of that is on its way, nobody knows.
        post(&engine, late, Instant::now().checked_sub(LEASE).unwrap()).await;
        assert_eq!(store.outbox_claim(1, LEASE).await.unwrap(), [], "it may not have come yet");
        clock.advance(Duration::from_millis(LOOK));
        assert!(matches!(store.outbox_claim(1, LEASE).await.unwrap().remove(0).stage, Stage::Sent(_)));
    }

    #[tokio::test]
    async fn copies_are_looked_for_also_where_the_post_after_a_doubt_had_to_wait() {
        let messenger = Arc::new(RecordingMessenger::default());
        let (engine, clock) = engine(messenger.clone());
        let store = engine.ports().store.clone();
        send(store.as_ref()).await;
        let mut stages = Vec::new();
        // The first one stands still; the second looks, finds nothing, and has to wait; the third posts.
        messenger.refuse([PostError::Later(Some(Duration::from_secs(1)), "the channel's rate".to_owned())]);
        for attempt in 0..4 {
            let posting = store.outbox_claim(1, LEASE).await.unwrap().remove(0);
            stages.push(posting.stage.clone());
            if attempt > 0 {
                post(&engine, posting, Instant::now()).await;
            }
            clock.advance(Duration::from_millis(LOOK));
        }
        assert_eq!(
            stages,
            [Stage::Unsent, Stage::InDoubt, Stage::InDoubt, Stage::Sent(Some("T1/ann@1/m0".to_owned()))]
        );
        assert_eq!(messenger.messages().len(), 1);
        assert_eq!(store.outbox_claim(1, LEASE).await.unwrap(), []);
    }

    #[tokio::test]
    async fn what_only_takes_buttons_away_is_not_tried_for_ever() {
        let messenger = Arc::new(RecordingMessenger::default());
        let (engine, clock) = engine(messenger.clone());
        let store = engine.ports().store.clone();
        let options = vec![Choice { value: "a".to_owned(), label: "A".to_owned() }];
        let asked = Message { choices: Some(Choices { options, least: 1, most: 1 }), ..message() };
        store.accept(said("ann", "e1"), Entry::Answer(vec![asked.clone()])).await.unwrap();
        post(&engine, store.outbox_claim(1, LEASE).await.unwrap().remove(0), Instant::now()).await;
        let id = EffectId::stored("T1/ann@2/c0".to_owned());
        let closing = Message { id, choices: None, text: String::new(), closes: Some(asked.id.clone()), ..asked };
        store.accept(said("ann", "e2"), Entry::Answer(vec![closing])).await.unwrap();
        messenger.refuse((0..2 * CLOSINGS).map(|_| PostError::InDoubt("no answer".to_owned())));
        let mut tries = 0;
        while let Some(posting) = store.outbox_claim(1, LEASE).await.unwrap().pop() {
            post(&engine, posting, Instant::now()).await;
            clock.advance(Duration::from_millis(LOOK));
            tries += 1;
        }
        assert_eq!(tries, CLOSINGS);
        assert_eq!(store.glance(&message().place).await.unwrap().outbox, 0);
        assert_eq!(store.dead(0, 10).await, Ok(Vec::new()), "nobody misses it");
    }

    #[tokio::test]
    async fn what_has_to_be_told_is_told_when_the_store_is_back() {
        let (engine, clock) = engine(Arc::default());
        let tries = AtomicU32::new(0);
        let step = async || match tries.fetch_add(1, Ordering::Relaxed) {
            0 | 1 => Err(StoreError::Unavailable("away".to_owned())),
            _ => Err::<(), _>(StoreError::Stale),
        };
        let time = async {
            loop {
                clock.advance(Duration::from_secs(1));
                tokio::task::yield_now().await;
            }
        };
        tokio::select! {
            told = engine.insist("telling", step) => assert_eq!(told, Err(StoreError::Stale)),
            () = time => {}
        }
        assert_eq!(tries.into_inner(), 3);
    }

    #[tokio::test]
    async fn who_stops_waits_until_it_is_stored_what_became_of_messages() {
        let (engine, clock) = engine(Arc::default());
        let permit = engine.posts.clone().acquire_owned().await.unwrap();
        let mut stop = pin!(engine.stop(clock.now() + 5_000));
        tokio::select! {
            biased;
            () = stop.as_mut() => unreachable!("a message is on its way"),
            () = std::future::ready(()) => {}
        }
        drop(permit);
        stop.await;
    }

    #[tokio::test]
    async fn a_host_that_stood_still_does_not_go_on() {
        let (engine, _) = engine(Arc::default());
        let posting = Posting { message: message(), stage: Stage::Unsent, attempt: 1, closes: None };
        for (still, goes_on) in [(Duration::ZERO, true), (LEASE - MARGIN, false)] {
            let marked = Instant::now().checked_sub(still).unwrap();
            let mut went_on = false;
            let outcome = engine.while_marked(&posting, marked, async { went_on = true }).await;
            assert_eq!((outcome.is_some(), went_on), (goes_on, goes_on), "after {still:?}");
        }
    }
}
