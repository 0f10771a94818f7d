//! The pace of posts in one channel: a burst, and then one a second. Pure.

use std::time::Duration;

use tokio::time::Instant;

/// Between two posts in a channel: "one message a second", says Slack, and its clock is not ours.
pub(super) const POST: Duration = Duration::from_millis(1_050);
/// After Slack refused a post, a channel has no burst for so long.
const CAREFUL: Duration = Duration::from_secs(60);

/// When the next post in a channel may be made.
#[derive(Debug)]
pub(super) struct Channel {
    /// When it would be as if nothing had been posted: by as much as this is away, the burst is used up.
    full_at: Instant,
    under_way: u32,
    not_before: Instant,
    careful_until: Instant,
}

impl Channel {
    /// A host that died may have used up the burst a moment before `born`.
    pub(super) fn new(born: Instant, burst: u32) -> Self {
        Self { full_at: born + POST * burst, under_way: 0, not_before: born, careful_until: born }
    }

    /// How long the next post has to wait. A post counts from its end, for it is when it arrives that counts.
    pub(super) fn wait(&self, now: Instant, burst: u32) -> Duration {
        let burst = if now < self.careful_until { 1 } else { burst };
        let at = self.full_at.max(now) + POST * self.under_way;
        let saved = POST * burst.saturating_sub(1);
        at.saturating_duration_since(now).saturating_sub(saved).max(self.not_before.saturating_duration_since(now))
    }

    /// Whether a post now keeps to one a second, whatever burst there is.
    pub(super) fn is_strict(&self, now: Instant) -> bool {
        self.under_way == 0 && self.full_at <= now
    }

    pub(super) fn begin(&mut self) {
        self.under_way += 1;
    }

    /// A post came to its end; Slack may have told us to wait.
    pub(super) fn end(&mut self, now: Instant, refused: Option<Duration>) {
        self.under_way = self.under_way.saturating_sub(1);
        self.full_at = self.full_at.max(now) + POST;
        if let Some(pause) = refused {
            self.not_before = now + pause.max(POST);
            self.careful_until = self.not_before + CAREFUL;
        }
    }

    /// Whether nothing of it matters any more.
    pub(super) fn is_idle(&self, now: Instant) -> bool {
        self.is_strict(now) && self.not_before <= now && self.careful_until <= now
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Posts at once, and answers how long it would have to wait.
    fn post(channel: &mut Channel, now: Instant, burst: u32) -> Duration {
        let wait = channel.wait(now, burst);
        if wait.is_zero() {
            channel.begin();
            channel.end(now, None);
        }
        wait
    }

    #[tokio::test(start_paused = true)]
    async fn a_burst_is_saved_up_a_post_a_second() {
        let born = Instant::now();
        let mut channel = Channel::new(born, 3);
        assert_eq!(post(&mut channel, born, 3), POST, "a host before us may have used it up");
        let now = born + POST * 3;
        let waits: Vec<_> = (0..4).map(|_| post(&mut channel, now, 3)).collect();
        assert_eq!(waits, [Duration::ZERO, Duration::ZERO, Duration::ZERO, POST]);
        assert_eq!(post(&mut channel, now + POST, 3), Duration::ZERO);
        assert_eq!(post(&mut channel, now + POST, 3), POST);
        assert!(!channel.is_idle(now + POST) && channel.is_idle(now + POST * 4));
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_under_way_counts_until_after_its_end() {
        let born = Instant::now();
        let mut channel = Channel::new(born, 1);
        let now = born + POST;
        channel.begin();
        assert_eq!(channel.wait(now + POST * 5, 1), POST, "one at a time");
        assert_eq!(channel.wait(now + POST * 5, 2), Duration::ZERO);
        channel.end(now + POST * 5, None);
        assert_eq!(channel.wait(now + POST * 5, 1), POST);
    }

    #[tokio::test(start_paused = true)]
    async fn after_a_refusal_there_is_no_burst_for_a_minute() {
        let born = Instant::now();
        let mut channel = Channel::new(born, 3);
        let now = born + POST * 3;
        channel.begin();
        channel.end(now, Some(Duration::from_secs(5)));
        assert_eq!(channel.wait(now, 3), Duration::from_secs(5));
        let later = now + Duration::from_secs(30);
        assert_eq!(post(&mut channel, later, 3), Duration::ZERO);
        assert_eq!(post(&mut channel, later, 3), POST);
        let later = now + Duration::from_secs(70);
        assert_eq!((post(&mut channel, later, 3), post(&mut channel, later, 3)), (Duration::ZERO, Duration::ZERO));
    }
}
