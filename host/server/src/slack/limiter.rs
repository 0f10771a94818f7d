//! Slack's rates: one post a second in a channel, and so many calls of a method a minute.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{Mutex as Gate, OwnedMutexGuard};
use tokio::time::Instant;

/// Between two posts in a channel: "one message a second", says Slack, and its clock is not ours.
const POST: Duration = Duration::from_millis(1_050);
/// Between two calls of a method of the third tier: fifty a minute.
const TIER_3: Duration = Duration::from_millis(1_200);
/// So many calls of such a method may come at once, after a rest: "occasional bursts" are allowed, says Slack.
const BURST: u32 = 40;
/// The longest wait at a gate, for what nobody else can do meanwhile.
const PATIENCE: Duration = Duration::from_secs(8);
/// With more gates than this, those at which nobody waits are forgotten.
const MANY: usize = 4_096;

/// Gates by name, each with its own rate.
#[derive(Debug)]
pub(super) struct Limiter {
    born: Instant,
    gates: Mutex<HashMap<String, Arc<Gate<Open>>>>,
}

/// When a gate opens.
#[derive(Debug)]
pub(super) struct Open {
    /// It is open then.
    next: Instant,
    pace: Duration,
    /// How far behind now `next` may fall: what was not used can be used later.
    slack: Duration,
}

/// The right to make one call now. Dropping it lets the next one come after the pace.
pub(super) struct Turn {
    gate: OwnedMutexGuard<Open>,
    /// What Slack told us to wait.
    pause: Option<Duration>,
}

/// Not now: come again after this long.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct NotNow(pub(super) Duration);

impl Default for Limiter {
    fn default() -> Self {
        Self { born: Instant::now(), gates: Mutex::default() }
    }
}

impl Limiter {
    /// The right to post in a channel, now or not at all: a message that waits here would be in doubt if we died.
    pub(super) async fn post(&self, channel: &str) -> Result<Turn, NotNow> {
        self.turn(&format!("post {channel}"), (POST, 0), Duration::ZERO).await
    }

    /// The right to post the rest of a message in a channel.
    pub(super) async fn post_more(&self, channel: &str) -> Result<Turn, NotNow> {
        self.turn(&format!("post {channel}"), (POST, 0), PATIENCE).await
    }

    /// The right to call a method of Slack's third tier.
    pub(super) async fn method(&self, method: &str) -> Result<Turn, NotNow> {
        self.turn(method, (TIER_3, BURST), PATIENCE).await
    }

    async fn turn(&self, name: &str, (pace, burst): (Duration, u32), patience: Duration) -> Result<Turn, NotNow> {
        let gate = self.gate(name, pace, burst);
        let deadline = Instant::now() + patience;
        // The lock is fair: who came first goes first.
        let Ok(gate) = tokio::time::timeout_at(deadline, gate.lock_owned()).await else { return Err(NotNow(pace)) };
        if gate.next > deadline {
            return Err(NotNow(gate.next - Instant::now()));
        }
        tokio::time::sleep_until(gate.next).await;
        Ok(Turn { gate, pause: None })
    }

    fn gate(&self, name: &str, pace: Duration, burst: u32) -> Arc<Gate<Open>> {
        // Nothing between lock and unlock can panic and leave the map half changed.
        let mut gates = self.gates.lock().unwrap_or_else(PoisonError::into_inner);
        if gates.len() > MANY {
            let now = Instant::now();
            gates.retain(|_, gate| {
                Arc::strong_count(gate) > 1 || gate.try_lock().is_ok_and(|open| open.next + open.slack > now)
            });
        }
        // A host that died may have posted a moment ago.
        let next = self.born + pace;
        let new = || Arc::new(Gate::new(Open { next, pace, slack: pace * burst }));
        gates.entry(name.to_owned()).or_insert_with(new).clone()
    }
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
        let now = Instant::now();
        let open = &mut self.gate;
        open.next = match self.pause {
            Some(pause) => now + pause,
            None => open.next.max(now.checked_sub(open.slack).unwrap_or(now)) + open.pace,
        };
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
        turn.pause(Duration::from_secs(30));
        drop(turn);
        assert_eq!(at(limiter.post_more("C1")).await, Err(NotNow(Duration::from_secs(30))));
        tokio::time::advance(Duration::from_secs(26)).await;
        assert_eq!(at(limiter.post_more("C1")).await, Ok(Duration::from_secs(4)));
    }

    #[tokio::test(start_paused = true)]
    async fn a_method_has_a_burst_and_then_its_pace() {
        let limiter = Limiter::default();
        limiter.method("chat.update").await.map(drop).expect("it waits for its turn");
        tokio::time::advance(Duration::from_secs(60)).await;
        let mut waited = Vec::new();
        for _ in 0..=BURST + 1 {
            waited.push(at(limiter.method("chat.update")).await.expect("it is near"));
        }
        assert!(waited[..BURST as usize].iter().all(Duration::is_zero), "{waited:?}");
        assert_eq!(waited.last(), Some(&TIER_3));
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
        assert_eq!(limiter.gates.lock().expect("nobody panicked").len(), 1);
    }
}
