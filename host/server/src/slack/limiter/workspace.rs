//! The pace of all posts in a workspace, which Slack limits to "several hundred messages per minute" and no more exactly:
//! a burst, and then a rate that grows while posts wait and halves where Slack refuses one. Pure.

use std::collections::VecDeque;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::time::Duration;

use tokio::time::Instant;

/// So many posts of what was not posted lately may be made at once.
const BURST: f64 = 20.0;
/// By how much the rate grows in a second in which posts wait, where Slack never refused any lately.
const GROWTH: f64 = 1.1;
/// The rate never grows beyond, in posts a second.
const MOST: f64 = 1_000.0;
/// What of the first rate is left at least.
const LEAST: f64 = 0.1;
/// What of the rate that was refused is taken for safe, and how much of the first rate is regained in a second: up to there,
/// and beyond.
const SAFE: f64 = 0.8;
const REGAIN: (f64, f64) = (0.1, 1.0 / 60.0);
/// So long after a refusal the rate grows slowly.
const CAREFUL: Duration = Duration::from_secs(600);
/// Whoever has to wait longer than the first comes again after half of the time, and after the second at most, for the
/// rate may have grown meanwhile.
const EXACT: (Duration, Duration) = (Duration::from_secs(2), Duration::from_secs(5));
/// Whoever does not come again so long after their time has gone.
const GONE: Duration = Duration::from_secs(10);

/// When which post may be made.
#[derive(Debug)]
pub(super) struct Workspace {
    /// The first rate, and the present one, in posts a second.
    first: f64,
    rate: f64,
    /// What was safe when Slack refused a post last.
    safe: f64,
    /// Posts that may be made now.
    tokens: f64,
    /// When these were counted.
    at: Instant,
    stopped_until: Instant,
    refused_at: Option<Instant>,
    /// In the order of their coming.
    waiting: VecDeque<Waiting>,
}

/// Somebody who was told to come again then.
#[derive(Debug)]
struct Waiting {
    who: u64,
    due: Instant,
}

impl Workspace {
    pub(super) fn new(now: Instant, a_minute: u32) -> Self {
        let first = f64::from(a_minute) / 60.0;
        Self {
            first,
            rate: first,
            safe: first,
            tokens: BURST,
            at: now,
            stopped_until: now,
            refused_at: None,
            waiting: VecDeque::new(),
        }
    }

    /// Takes the right to post, or tells when to ask again. Whoever asks again keeps their place before those who came
    /// later; `who` tells who it is.
    pub(super) fn ask(&mut self, who: &str, now: Instant) -> Result<(), Duration> {
        self.pass(now);
        let mut hasher = DefaultHasher::new();
        who.hash(&mut hasher);
        let who = hasher.finish();
        let found = self.waiting.iter().position(|waiting| waiting.who == who);
        let rank = found.unwrap_or(self.waiting.len());
        let lacking = rank as f64 + 1.0 - self.tokens;
        let stop = self.stopped_until.saturating_duration_since(now);
        // A rest of rounding must not send anybody away for nothing.
        if stop.is_zero() && lacking < 1e-3 {
            self.tokens -= 1.0;
            self.waiting.remove(rank);
            return Ok(());
        }
        let wait = stop.max(Duration::from_secs_f64((lacking / self.rate).clamp(0.001, 86_400.0)));
        let (exact, most) = EXACT;
        let wait = if wait > exact { (wait / 2).clamp(exact, most).max(stop) } else { wait };
        match self.waiting.get_mut(rank) {
            Some(waiting) => waiting.due = now + wait,
            None => self.waiting.push_back(Waiting { who, due: now + wait }),
        }
        Err(wait)
    }

    /// How long nobody may post.
    pub(super) fn stopped(&self, now: Instant) -> Duration {
        self.stopped_until.saturating_duration_since(now)
    }

    /// The rest of a message that was begun is posted at once, and others wait for it.
    pub(super) fn take(&mut self, now: Instant) {
        self.pass(now);
        self.tokens -= 1.0;
    }

    /// Slack refused a post, and wants us to wait so long. Answers the new rate in posts a minute; none where others
    /// were refused a moment ago.
    pub(super) fn refused(&mut self, now: Instant, pause: Duration) -> Option<f64> {
        self.pass(now);
        let is_new = self.stopped_until <= now;
        self.stopped_until = self.stopped_until.max(now + pause);
        if !is_new {
            return None;
        }
        self.safe = self.rate * SAFE;
        self.rate = (self.rate / 2.0).max(self.first * LEAST);
        self.tokens = self.tokens.min(0.0);
        self.refused_at = Some(now);
        Some(self.rate * 60.0)
    }

    fn pass(&mut self, now: Instant) {
        let seconds = now.saturating_duration_since(self.at).as_secs_f64();
        self.at = now;
        self.waiting.retain(|waiting| now.saturating_duration_since(waiting.due) < GONE);
        self.tokens = BURST.min(self.tokens + self.rate * seconds);
        let is_held_back = !self.waiting.is_empty() && self.stopped_until <= now;
        let is_careful = self.refused_at.is_some_and(|at| now.saturating_duration_since(at) < CAREFUL);
        let (quickly, slowly) = (self.first * REGAIN.0 * seconds, self.first * REGAIN.1 * seconds);
        self.rate = match (is_held_back, is_careful) {
            (true, false) => self.rate * GROWTH.powf(seconds.min(60.0)),
            (true, true) if self.rate < self.safe => (self.rate + quickly).min(self.safe),
            (true, true) => self.rate + slowly,
            (false, _) if self.rate < self.first => (self.rate + slowly).min(self.first),
            // What grew in a rush is not known to be right for the next one.
            (false, _) => (self.rate - slowly).max(self.first),
        };
        self.rate = self.rate.min(MOST);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: u32 = 300;

    /// A Slack that takes so many posts at once, and then so many a second.
    struct Bucket {
        tokens: f64,
        most: f64,
        rate: f64,
        at: Instant,
    }

    impl Bucket {
        fn takes(&mut self, now: Instant) -> bool {
            let passed = now.saturating_duration_since(self.at).as_secs_f64();
            (self.tokens, self.at) = (self.most.min(self.tokens + self.rate * passed), now);
            let takes = self.tokens >= 1.0;
            self.tokens -= f64::from(u8::from(takes));
            takes
        }
    }

    /// So many post at once, each until theirs is taken: when the last one is, and how often Slack refuses.
    fn rush(people: usize, burst: f64, rate: f64) -> (Duration, u32) {
        let began = Instant::now();
        let mut workspace = Workspace::new(began, START);
        let mut slack = Bucket { tokens: burst, most: burst, rate, at: began };
        let mut due: Vec<_> = (0..people).map(|number| (began, number)).collect();
        let (mut last, mut refusals) = (began, 0);
        while let Some((now, number)) = due.iter().min().copied() {
            due.retain(|(_, other)| *other != number);
            match workspace.ask(&number.to_string(), now) {
                Err(wait) => due.push((now + wait, number)),
                Ok(()) if slack.takes(now) => last = last.max(now),
                Ok(()) => {
                    refusals += 1;
                    workspace.refused(now, Duration::from_secs(1));
                    due.push((now + Duration::from_secs(1), number));
                }
            }
        }
        (last - began, refusals)
    }

    #[tokio::test(start_paused = true)]
    async fn a_rush_finds_the_rate_with_few_refusals() {
        for (burst, rate, ideal) in [(36.0, 5.0, 22.8), (20.0, 5.0, 26.0), (36.0, 3.0, 38.0), (10.0, 5.0, 28.0)] {
            let (took, refusals) = rush(150, burst, rate);
            let took = took.as_secs_f64();
            assert!(refusals <= 10, "{refusals} refusals at {rate} a second");
            assert!(took < ideal * 1.3, "{took} s at {rate} a second, where {ideal} are possible");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn where_nothing_is_refused_the_rate_grows() {
        let (took, refusals) = rush(1_000, 1e9, 1e9);
        assert_eq!(refusals, 0);
        assert!(took < Duration::from_secs(40), "{took:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_waits_keeps_their_place() {
        let now = Instant::now();
        let mut workspace = Workspace::new(now, START);
        assert!((0..20).all(|number| workspace.ask(&format!("m{number}"), now).is_ok()));
        let every = Duration::from_millis(200);
        assert_eq!(workspace.ask("ann", now), Err(every));
        assert_eq!(workspace.ask("bob", now), Err(every * 2));
        assert_eq!(workspace.ask("ann", now), Err(every), "asked again, nothing changes");
        let later = now + every;
        assert!(workspace.ask("cat", later).is_err(), "it is Ann's");
        assert_eq!(workspace.ask("ann", later), Ok(()));
        assert!(workspace.ask("bob", later).is_err());
        // Bob and Cat went away.
        let later = now + GONE * 2;
        assert!((0..20).all(|number| workspace.ask(&format!("n{number}"), later).is_ok()));
    }

    #[tokio::test(start_paused = true)]
    async fn a_refusal_stops_all_and_halves_the_rate_once() {
        let now = Instant::now();
        let mut workspace = Workspace::new(now, START);
        assert_eq!(workspace.ask("ann", now), Ok(()));
        let pause = Duration::from_secs(20);
        assert_eq!(workspace.refused(now, pause), Some(150.0));
        assert_eq!(workspace.refused(now, pause), None, "it was under way already");
        assert_eq!(workspace.ask("bob", now), Err(pause));
        assert_eq!(workspace.stopped(now), pause);
        assert_eq!(workspace.ask("bob", now + pause), Ok(()));
        for _ in 0..20 {
            workspace.pass(workspace.stopped_until);
            workspace.refused(workspace.stopped_until, pause);
        }
        assert!(workspace.rate >= workspace.first * LEAST);
        workspace.pass(now + CAREFUL * 3);
        assert!((workspace.rate - workspace.first).abs() < 1e-9, "in the end it is as before");
    }
}
