//! Long waits without an instance. A guest that waits holds its memory and its stack, and what it did can be done again
//! from the journal: so its instance is dropped, the call goes on, and another one finds the answer in the journal.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use serde::Serialize;

use crate::fault::Fault;
use crate::model::Millis;
use crate::policy::Bounds;
use crate::ports::CallError;

use super::{Scope, encode};

/// A call that goes on without its guest, to its answer as the journal keeps it. Dropping it ends the call.
pub(crate) type Parked = Pin<Box<dyn Future<Output = Result<String, Fault>> + Send>>;

/// How long a call is waited for in the instance, if not as long as it takes: not at all where more than half of all
/// instances are taken, or by a turn that did not end before, for few of them are let in at once. Each time, what the turn computed is computed again: who has used as much as one instance may use
/// stays.
fn patience(bounds: &Bounds, free: usize, spent: Duration, again: bool) -> Option<Duration> {
    match () {
        () if spent >= bounds.cpu => None,
        () if again || free < bounds.instances.div_ceil(2) => Some(Duration::ZERO),
        () => Some(bounds.park_after),
    }
}

impl Scope {
    /// Makes a call as long as patience lasts, and then leaves it to [`resume`](Self::resume).
    pub(super) async fn patiently<A: Serialize + 'static>(
        &mut self,
        perform: impl Future<Output = Result<A, CallError>> + Send + 'static,
    ) -> Result<Result<A, CallError>, Fault> {
        let free = self.instances.available_permits();
        let Some(patience) = patience(&self.bounds, free, self.spent, self.again) else {
            return Ok(perform.await);
        };
        let mut perform = Box::pin(perform);
        if let Ok(answer) = tokio::time::timeout(patience, perform.as_mut()).await {
            return Ok(answer);
        }
        self.parked = Some(Box::pin(async move { encode(&perform.await) }));
        Err(Fault::Parked)
    }

    /// Waits for the answer to the call that was left, and journals it. Then the turn can be run again from its beginning,
    /// at `now`.
    pub(crate) async fn resume(&mut self, call: Parked, now: Millis) -> Result<(), Fault> {
        let answer = call.await?;
        self.answered(answer).await?;
        // A new instance has clocks of its own, which begin where those of the one before began.
        self.now = Arc::new(AtomicU64::new(now));
        (self.made, self.journaled) = (0, 0);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patience_is_short_where_instances_are_and_endless_where_running_again_costs_more() {
        let bounds = Bounds { instances: 5, ..Bounds::default() };
        let (little, much) = (Duration::from_millis(1), bounds.cpu);
        for (free, spent, expected) in [
            (5, little, Some(bounds.park_after)),
            (3, little, Some(bounds.park_after)),
            (2, little, Some(Duration::ZERO)),
            (0, little, Some(Duration::ZERO)),
            (0, much, None),
            (5, much, None),
        ] {
            assert_eq!(patience(&bounds, free, spent, false), expected, "{free} free, {spent:?} spent");
        }
        assert_eq!(patience(&bounds, 5, little, true), Some(Duration::ZERO), "a turn that did not end before");
    }
}
