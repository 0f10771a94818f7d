//! A clock that is moved by hand.

use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::watch;

use crate::model::Millis;
use crate::ports::Clock;

/// Time stands still until it is moved; whoever waits for a time that is reached goes on.
#[derive(Debug)]
pub struct ManualClock(watch::Sender<Millis>);

impl ManualClock {
    /// A clock that shows `now`.
    pub fn new(now: Millis) -> Self {
        Self(watch::Sender::new(now))
    }

    /// Moves on by `step`, whole milliseconds only.
    pub fn advance(&self, step: Duration) {
        let step = Millis::try_from(step.as_millis()).unwrap_or(Millis::MAX);
        self.0.send_modify(|now| *now = now.saturating_add(step));
    }

    /// Moves on to `due`; never back.
    pub fn advance_to(&self, due: Millis) {
        self.0.send_modify(|now| *now = due.max(*now));
    }
}

#[async_trait]
impl Clock for ManualClock {
    fn now(&self) -> Millis {
        *self.0.borrow()
    }

    async fn until(&self, due: Millis) {
        // The sender lives as long as this borrow, so the wait cannot end early.
        let _ = self.0.subscribe().wait_for(|now| *now >= due).await;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use futures_util::FutureExt as _;

    use super::*;

    #[tokio::test]
    async fn a_wait_ends_when_its_time_is_reached() {
        let clock = Arc::new(ManualClock::new(1_000));
        clock.until(1_000).await;
        let mut wait = Box::pin(clock.until(1_500));
        assert!((&mut wait).now_or_never().is_none());
        clock.advance(Duration::from_millis(499));
        assert!((&mut wait).now_or_never().is_none());
        clock.advance_to(1_500);
        wait.await;
        clock.advance_to(7);
        assert_eq!(clock.now(), 1_500);
    }
}
