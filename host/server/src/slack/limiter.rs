//! Slack's rates: one post a second in a channel, and so many calls of a method a minute.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Mutex as Gate, OwnedMutexGuard};
use tokio::time::Instant;

/// Between two posts in a channel: "one message a second", says Slack, and its clock is not ours.
const POST: Duration = Duration::from_millis(1_050);
/// The longest wait for a turn. What would wait longer comes again.
const PATIENCE: Duration = Duration::from_secs(8);
/// The longest wait where nobody waits for the end of it: what comes too late for an event is there for the next one.
const BESIDE: Duration = Duration::from_secs(60);
/// The longest wait where Slack itself, or a person, waits for the end of it.
const HASTE: Duration = Duration::from_millis(500);
/// With more channels than this, those in which nobody waits are forgotten.
const MANY: usize = 4_096;

/// How often a method may be called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Pace {
    /// Between two calls.
    every: Duration,
    /// So much of what was not called lately may be called at once.
    burst: Duration,
    /// The longest wait for a turn.
    patience: Duration,
}

/// The pace of a method; none where something else limits it. Slack documents the calls a minute, and of bursts only
/// that occasional ones are allowed, from the fourth tier on generous ones. A host that starts begins with a burst, for
/// it has to look up what the one before it left open; what is too much is refused, and the refusal is heeded.
fn pace(method: &str) -> Option<Pace> {
    let (a_minute, at_once, patience) = match method {
        "usergroups.users.list" => (20, 16, BESIDE),
        "reactions.add" => (50, 40, HASTE),
        "users.info" => (100, 300, BESIDE),
        "chat.postEphemeral" => (100, 100, PATIENCE),
        "views.open" => (100, 300, HASTE),
        "assistant.threads.setStatus" => (600, 600, HASTE),
        "chat.delete" | "chat.update" | "conversations.history" | "conversations.open" | "conversations.replies" => {
            (50, 40, PATIENCE)
        }
        // Each channel has its own, and the others are called once in a while.
        _ => return None,
    };
    let every = Duration::from_secs(60) / a_minute;
    Some(Pace { every, burst: every * at_once, patience })
}

/// When what may happen next.
#[derive(Debug)]
pub(super) struct Limiter {
    born: Instant,
    channels: Mutex<HashMap<String, Arc<Gate<Instant>>>>,
    /// The first time of a method that is not promised to anybody.
    methods: Mutex<HashMap<&'static str, Instant>>,
}

/// The right to post in a channel now. Dropping it lets the next post come a second later.
pub(super) struct Turn {
    next: OwnedMutexGuard<Instant>,
    /// What Slack told us to wait.
    pause: Option<Duration>,
}

/// Not now: come again after this long.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct NotNow(pub(super) Duration);

impl Default for Limiter {
    fn default() -> Self {
        Self { born: Instant::now(), channels: Mutex::default(), methods: Mutex::default() }
    }
}

impl Limiter {
    /// The right to post in a channel, now or not at all: a message that waits here would be in doubt if we died.
    pub(super) async fn post(&self, channel: &str) -> Result<Turn, NotNow> {
        self.turn(channel, Duration::ZERO).await
    }

    /// The right to post the rest of a message in a channel.
    pub(super) async fn post_more(&self, channel: &str) -> Result<Turn, NotNow> {
        self.turn(channel, PATIENCE).await
    }

    async fn turn(&self, channel: &str, patience: Duration) -> Result<Turn, NotNow> {
        let gate = self.gate(channel);
        let deadline = Instant::now() + patience;
        // The lock is fair: who came first goes first.
        let Ok(next) = tokio::time::timeout_at(deadline, gate.lock_owned()).await else { return Err(NotNow(POST)) };
        if *next > deadline {
            return Err(NotNow(*next - Instant::now()));
        }
        tokio::time::sleep_until(*next).await;
        Ok(Turn { next, pause: None })
    }

    /// How long a method would have to wait now.
    pub(super) fn wait(&self, method: &'static str) -> Duration {
        lock(&self.methods).get(method).map_or(Duration::ZERO, |next| next.saturating_duration_since(Instant::now()))
    }

    /// Waits until a method may be called. The time is promised when this begins, so that nobody who waits is overtaken.
    pub(super) async fn method(&self, method: &'static str) -> Result<(), NotNow> {
        let Some(pace) = pace(method) else { return Ok(()) };
        self.take(method, pace).await
    }

    /// The same for what goes on with a call before it, and would have to begin anew: it waits as long as it takes.
    pub(super) async fn method_again(&self, method: &'static str) -> Result<(), NotNow> {
        let Some(pace) = pace(method) else { return Ok(()) };
        self.take(method, Pace { patience: Duration::MAX, ..pace }).await
    }

    async fn take(&self, method: &'static str, pace: Pace) -> Result<(), NotNow> {
        let Pace { every, burst, patience } = pace;
        let now = Instant::now();
        let turn = {
            let mut methods = lock(&self.methods);
            let unused = now.checked_sub(burst).unwrap_or(now);
            let next = methods.entry(method).or_insert(unused);
            let turn = (*next).max(unused);
            let wait = turn.saturating_duration_since(now);
            if wait > patience {
                return Err(NotNow(wait - patience + every));
            }
            *next = turn + every;
            turn
        };
        tokio::time::sleep_until(turn).await;
        Ok(())
    }

    /// Slack said that a method must wait this long.
    pub(super) fn pause(&self, method: &'static str, wait: Duration) {
        let until = Instant::now() + wait;
        let mut methods = lock(&self.methods);
        let next = methods.entry(method).or_insert(until);
        *next = until.max(*next);
    }

    fn gate(&self, channel: &str) -> Arc<Gate<Instant>> {
        let mut channels = lock(&self.channels);
        if channels.len() > MANY {
            let now = Instant::now();
            channels.retain(|_, gate| Arc::strong_count(gate) > 1 || gate.try_lock().is_ok_and(|next| *next > now));
        }
        // A host that died may have posted a moment ago.
        let new = || Arc::new(Gate::new(self.born + POST));
        channels.entry(channel.to_owned()).or_insert_with(new).clone()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nothing between lock and unlock can panic and leave a map half changed.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Turn {
    /// Slack said to wait this long.
    pub(super) fn pause(&mut self, pause: Duration) {
        self.pause = Some(pause);
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        // From the end of the call, for it is when it arrives that counts.
        *self.next = Instant::now() + self.pause.unwrap_or(POST).max(POST);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn at<T>(work: impl Future<Output = Result<T, NotNow>>) -> Result<Duration, NotNow> {
        let began = Instant::now();
        work.await.map(|_| began.elapsed())
    }

    #[tokio::test(start_paused = true)]
    async fn a_channel_gets_a_post_a_second_and_others_do_not_wait() {
        let limiter = Limiter::default();
        assert_eq!(at(limiter.post("C1")).await, Err(NotNow(POST)), "a host before us may have posted");
        tokio::time::advance(POST).await;
        assert_eq!(at(limiter.post("C1")).await, Ok(Duration::ZERO));
        assert_eq!(at(limiter.post("C2")).await, Ok(Duration::ZERO));
        assert_eq!(at(limiter.post("C1")).await, Err(NotNow(POST)));
        assert_eq!(at(limiter.post_more("C1")).await, Ok(POST));
        tokio::time::advance(POST).await;
        let slow = limiter.post("C2").await.expect("it is its turn");
        tokio::time::advance(Duration::from_secs(3)).await;
        assert_eq!(at(limiter.post("C2")).await, Err(NotNow(POST)), "one at a time");
        drop(slow);
        assert_eq!(at(limiter.post("C2")).await, Err(NotNow(POST)), "counted from the end of the call");
    }

    #[tokio::test(start_paused = true)]
    async fn who_would_wait_too_long_comes_again() {
        let limiter = Limiter::default();
        let mut turn = limiter.post_more("C1").await.expect("it is its turn");
        turn.pause(Duration::ZERO);
        drop(turn);
        assert_eq!(at(limiter.post("C1")).await, Err(NotNow(POST)), "whatever Slack says, a second");
        let mut turn = limiter.post_more("C1").await.expect("it is its turn");
        turn.pause(Duration::from_secs(30));
        drop(turn);
        assert_eq!(at(limiter.post_more("C1")).await, Err(NotNow(Duration::from_secs(30))));
        tokio::time::advance(Duration::from_secs(26)).await;
        assert_eq!(at(limiter.post_more("C1")).await, Ok(Duration::from_secs(4)));
    }

    #[tokio::test(start_paused = true)]
    async fn a_method_has_a_burst_and_then_its_pace() {
        let limiter = Limiter::default();
        let every = Duration::from_millis(1_200);
        for _ in 0..=40 {
            assert_eq!(at(limiter.method("chat.update")).await, Ok(Duration::ZERO));
        }
        assert_eq!(limiter.wait("chat.update"), every);
        assert_eq!(at(limiter.method("chat.update")).await, Ok(every));
        limiter.pause("chat.update", Duration::from_secs(30));
        assert_eq!(at(limiter.method("chat.update")).await, Err(NotNow(Duration::from_secs(22) + every)));
        assert_eq!(at(limiter.method("conversations.history")).await, Ok(Duration::ZERO), "another method");
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_is_kept_waiting_for_a_window() {
        let limiter = Limiter::default();
        limiter.pause("views.open", Duration::from_secs(1));
        assert_eq!(at(limiter.method("views.open")).await, Err(NotNow(Duration::from_millis(1_100))));
        tokio::time::advance(Duration::from_millis(600)).await;
        assert_eq!(at(limiter.method("views.open")).await, Ok(Duration::from_millis(400)));
        assert_eq!(at(limiter.method("chat.postMessage")).await, Ok(Duration::ZERO), "channels have a pace, not it");
    }

    #[tokio::test(start_paused = true)]
    async fn every_turn_of_a_method_is_used_however_many_wait() {
        let limiter = Limiter::default();
        let began = Instant::now();
        let mut waiting: Vec<_> = (0..100).map(|_| Box::pin(limiter.method("conversations.history"))).collect();
        let mut turns = 0;
        while !waiting.is_empty() {
            let results = futures_util::future::join_all(waiting).await;
            turns += results.iter().filter(|result| result.is_ok()).count();
            let again = results.iter().filter(|result| result.is_err()).count();
            waiting = (0..again).map(|_| Box::pin(limiter.method("conversations.history"))).collect();
        }
        assert_eq!((turns, began.elapsed()), (100, Duration::from_millis(1_200) * 59));
    }

    #[tokio::test(start_paused = true)]
    async fn idle_gates_are_forgotten() {
        let limiter = Limiter::default();
        tokio::time::advance(POST).await;
        for number in 0..=MANY {
            drop(limiter.post(&number.to_string()).await);
        }
        tokio::time::advance(POST * 2).await;
        drop(limiter.post("one more").await);
        assert_eq!(limiter.channels.lock().expect("nobody panicked").len(), 1);
    }
}
