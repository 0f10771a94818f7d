//! Signs of life: what people see while their answer is not there yet. Best effort and bounded; nothing waits for them.
//!
//! Below a thread Slack shows a line that a flow reports ([`Signs::say`]). Elsewhere, and where a flow reports nothing, the
//! person's own message gets an emoji, which goes away when the answer stands there. To use it:
//!
//! - [`Signs::expect`] when a person did something that is to be answered: the sign comes at `due`, unless it was answered by then.
//! - [`Signs::show`] when something of a place has to wait: the sign comes now, on what was last heard there.
//! - [`Signs::answered`] after each post. A message that still waits in the inbox keeps its sign.
//!
//! All are cheap and return at once. A sign also goes away when the store says that nothing waits at its place, for another
//! host may have answered, or nobody.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use futures_util::future::BoxFuture;
use pesto_engine::model::Place;
use pesto_engine::text;
use tokio::runtime::Handle;
use tokio::sync::{Semaphore, watch};
use tokio::task::AbortHandle;
use tokio::time::{Instant, sleep, sleep_until, timeout};

use super::api_error::ApiError;

/// An answer that comes sooner needs no sign before it. With Slack's own time, the sign is there within a second.
pub(super) const SOON: Duration = Duration::from_millis(600);

/// The emoji that says: heard, and the answer is to come.
const HEARD: &str = "eyes";
/// Emoji that stand at once.
const MOST: usize = 30;
/// How often it is looked whether a sign is still true.
const LOOK: Duration = Duration::from_secs(5);
/// How long a sign stands at most.
const LONGEST: Duration = Duration::from_secs(15 * 60);
/// How often it is tried to take an emoji away, and the wait between where Slack says none.
const TRIES: u32 = 20;
const AGAIN: Duration = Duration::from_secs(2);
/// What was heard longer ago than this is far up by now, and no place for a sign.
const RECENT: Duration = Duration::from_secs(10 * 60);
/// With more places than this, those in which no sign stands are forgotten.
const PLACES: usize = 4_096;

/// Slack takes a line below a thread away after two minutes.
const REFRESH: Duration = Duration::from_secs(90);
/// Such a line is shown for so long at most: a turn that takes longer says something new.
const LINES: u32 = 20;
/// The longest such line, in characters.
const LINE: usize = 100;

/// A message: its channel and its time stamp.
pub(super) type At = (String, String);

/// What makes signs visible.
#[async_trait]
pub(super) trait Hand: Send + Sync + 'static {
    /// Puts an emoji below a message, if it can be taken away again.
    async fn react(&self, channel: &str, ts: &str, emoji: &str) -> Result<(), ApiError>;
    /// Takes it away.
    async fn unreact(&self, channel: &str, ts: &str, emoji: &str) -> Result<(), ApiError>;
    /// Shows a line below a thread; an empty one takes it away.
    async fn status(&self, channel: &str, thread: &str, line: &str) -> Result<(), ApiError>;
}

/// Whether events of a place, or messages to it, wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Pending {
    /// Something that a person did is not handled yet.
    pub(super) events: bool,
    /// A message is not posted yet.
    pub(super) messages: bool,
}

/// Tells what is pending at a place; none where that cannot be told.
pub(super) type Look = Box<dyn Fn(Place) -> BoxFuture<'static, Option<Pending>> + Send + Sync>;

/// The signs of a workspace. Clones are the same signs.
#[derive(Clone)]
pub(super) struct Signs(Arc<Inner>);

struct Inner {
    hand: Arc<dyn Hand>,
    runtime: Handle,
    look: OnceLock<Look>,
    room: Arc<Semaphore>,
    heard: Mutex<HashMap<Place, Heard>>,
    lines: Mutex<HashMap<Place, AbortHandle>>,
}

/// What was heard last at a place.
struct Heard {
    at: At,
    since: Instant,
    /// Told of each post; a sign that stands or is to come listens.
    posts: watch::Sender<()>,
}

/// Of one sign.
struct Listener {
    posts: watch::Receiver<()>,
    /// No other sign stood or was to come when this began.
    alone: bool,
}

impl Heard {
    fn listen(&self) -> Listener {
        Listener { alone: self.posts.receiver_count() == 0, posts: self.posts.subscribe() }
    }
}

impl Signs {
    /// Shows nothing yet. Timers and calls run on `runtime`.
    pub(super) fn new(hand: Arc<dyn Hand>, runtime: Handle) -> Self {
        let room = Arc::new(Semaphore::new(MOST));
        Self(Arc::new(Inner {
            hand,
            runtime,
            look: OnceLock::new(),
            room,
            heard: Mutex::default(),
            lines: Mutex::default(),
        }))
    }

    /// From now on `look` tells what is pending.
    pub(super) fn look(&self, look: Look) {
        // A second one would tell the same.
        let _ = self.0.look.set(look);
    }

    /// A person did something at a place that is to be answered: at `due` a sign below the message `at` says that it was
    /// heard, if it is not answered by then.
    pub(super) fn expect(&self, place: &Place, at: At, due: Instant) {
        let posts = {
            let mut heard = lock(&self.0.heard);
            if heard.len() >= PLACES {
                heard.retain(|_, heard| heard.posts.receiver_count() > 0);
            }
            let (since, room) = (Instant::now(), heard.len() < PLACES);
            match heard.get_mut(place) {
                Some(heard) => {
                    (heard.at, heard.since) = (at.clone(), since);
                    heard.listen()
                }
                None if room => {
                    let new = Heard { at: at.clone(), since, posts: watch::Sender::new(()) };
                    let listener = new.listen();
                    heard.insert(place.clone(), new);
                    listener
                }
                None => return,
            }
        };
        self.0.runtime.spawn(self.clone().stand(place.clone(), at, due, posts));
    }

    /// Something of a place has to wait: a sign says now that it was heard, unless one does so already.
    pub(super) fn show(&self, place: &Place) {
        self.remind(place, Instant::now());
    }

    /// Messages of a place were posted.
    pub(super) fn answered(&self, place: &Place) {
        if let Some(heard) = lock(&self.0.heard).get(place) {
            heard.posts.send_replace(());
        }
    }

    /// A flow says what it does: shown below a thread. Elsewhere Slack has no place for it, and there is a sign soon.
    pub(super) fn say(&self, place: &Place, line: &str) {
        let Some((channel, thread)) = place.thread() else {
            if line.is_empty() {
                self.answered(place);
            } else {
                self.remind(place, Instant::now() + SOON);
            }
            return;
        };
        // The line says more than an emoji would.
        self.answered(place);
        let (channel, thread, line) = (channel.to_owned(), thread.to_owned(), text::line(line, LINE));
        // An empty one takes the last one away, and stays away.
        let times = if line.is_empty() { 1 } else { LINES };
        let hand = self.0.hand.clone();
        let shown = self.0.runtime.spawn(async move {
            for _ in 0..times {
                if let Err(error) = hand.status(&channel, &thread, &line).await {
                    tracing::debug!("a status is not shown: {error}");
                }
                sleep(REFRESH).await;
            }
        });
        let mut lines = lock(&self.0.lines);
        lines.retain(|_, line| !line.is_finished());
        if let Some(former) = lines.insert(place.clone(), shown.abort_handle()) {
            former.abort();
        }
    }

    /// A post takes the line below its thread away: nobody must bring it back. To be said before the post.
    pub(super) fn end_line(&self, place: &Place) {
        if let Some(line) = lock(&self.0.lines).remove(place) {
            line.abort();
        }
    }

    fn remind(&self, place: &Place, due: Instant) {
        let last = {
            let heard = lock(&self.0.heard);
            let mut last = heard.get(place).filter(|heard| heard.since.elapsed() < RECENT);
            last = last.filter(|heard| heard.posts.receiver_count() == 0);
            last.map(|heard| (heard.at.clone(), heard.listen()))
        };
        if let Some((at, posts)) = last {
            self.0.runtime.spawn(self.clone().stand(place.clone(), at, due, posts));
        }
    }

    /// The life of one sign.
    async fn stand(self, place: Place, at: At, due: Instant, Listener { mut posts, alone }: Listener) {
        tokio::select! {
            () = sleep_until(due) => {}
            // The usual way: an answer to what waited alone is the answer to it, and the store need not be asked.
            _ = posts.changed() => if alone || !self.still_waits(&place, &at).await { return },
        }
        sleep_until(due).await;
        if self.pending(&place).await.is_some_and(|pending| !pending.events && !pending.messages) {
            return;
        }
        let Ok(_room) = self.0.room.clone().try_acquire_owned() else { return };
        let (channel, ts) = &at;
        match self.0.hand.react(channel, ts, HEARD).await {
            // It may stand there.
            Ok(()) | Err(ApiError::Unanswered(_)) => {}
            Err(error) => {
                // Among them: another sign stands there already, which goes away by itself.
                tracing::debug!("a sign that a message was heard is not shown: {error}");
                return;
            }
        }
        let until = Instant::now() + LONGEST;
        while Instant::now() < until {
            match timeout(LOOK, posts.changed()).await {
                Ok(Ok(())) if self.still_waits(&place, &at).await => {}
                Ok(_) => break,
                Err(_) => match self.pending(&place).await {
                    Some(pending) if !pending.events && !pending.messages => break,
                    _ => {}
                },
            }
        }
        self.take_away(channel, ts).await;
    }

    async fn take_away(&self, channel: &str, ts: &str) {
        for _ in 0..TRIES {
            match self.0.hand.unreact(channel, ts, HEARD).await {
                Ok(()) | Err(ApiError::Refused(_)) => return,
                Err(ApiError::Limited(wait)) => sleep(wait.unwrap_or(AGAIN)).await,
                Err(_) => sleep(AGAIN).await,
            }
        }
        tracing::debug!("a sign that a message was heard cannot be taken away");
    }

    /// Whether this is what was heard last at its place, and is not handled yet: what was posted answered another.
    async fn still_waits(&self, place: &Place, at: &At) -> bool {
        let is_last = lock(&self.0.heard).get(place).is_some_and(|heard| heard.at == *at);
        is_last && self.pending(place).await.is_some_and(|pending| pending.events)
    }

    async fn pending(&self, place: &Place) -> Option<Pending> {
        match self.0.look.get() {
            Some(look) => look(place.clone()).await,
            None => None,
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nothing between lock and unlock can panic and leave a map half changed.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
