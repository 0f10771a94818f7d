//! Long waits without an instance. A guest that waits holds its memory and its stack, and what it did can be done again
//! from the journal: so its instance is dropped, the call goes on, and another one finds the answer in the journal. A
//! turn that finds no memory for its next call leaves its instance too, and waits for both.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use serde::Serialize;

use crate::fault::Fault;
use crate::model::{Millis, TurnId};
use crate::policy::Bounds;
use crate::ports::CallError;

use super::{COPIES, Scope, encode};

/// A call that goes on without its guest, to its answer as the journal keeps it; none where the turn left for want of
/// memory. Dropping it ends the call.
pub(crate) type Parked = Pin<Box<dyn Future<Output = Result<Option<String>, Fault>> + Send>>;

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
        self.parked = Some(Box::pin(async move { encode(&perform.await).map(Some) }));
        Err(Fault::Parked)
    }

    /// Takes memory for a call whose request has so many bytes. If there is none, the turn leaves its instance and waits
    /// for it. A turn that waited already, or that has computed as much as one instance may, is tried again later.
    pub(super) fn make_room(&mut self, request: usize) -> Result<(), Fault> {
        let calling = COPIES * request;
        let Err(full) = self.memory.grow(self.journal.held() + calling) else {
            (self.calling, self.short) = (calling, None);
            return Ok(());
        };
        if self.spent >= self.bounds.cpu || self.short.is_some_and(|(call, _)| call == self.made) {
            return Err(full);
        }
        tracing::debug!(place = %self.place(), call = self.made, "a turn waits for memory for a call");
        self.short = Some((self.made, calling));
        self.parked = Some(Box::pin(async { Ok(None) }));
        Err(Fault::Parked)
    }

    /// Memory that the turn's next instance must find beside its own, in bytes.
    pub(crate) fn needs(&self) -> usize {
        self.journal.weight() + self.short.map_or(0, |(_, calling)| calling)
    }

    /// Keeps nothing that only a guest needs, because the guest has ended.
    pub(crate) fn rest(&mut self) {
        self.journal.rest();
        self.memory.set(self.calling);
    }

    /// Waits for the answer to the call that was left, and journals it. Then the turn can be run again from its
    /// beginning, at `now`.
    pub(crate) async fn resume(&mut self, call: Parked, now: Millis) -> Result<(), Fault> {
        self.rest();
        if let Some(answer) = call.await? {
            self.answered(answer).await?;
            self.rest();
        }
        // A new instance has clocks of its own, which begin where those of the one before began.
        self.now = Arc::new(AtomicU64::new(now));
        (self.made, self.journaled) = (0, 0);
        Ok(())
    }

    /// Has the journal in memory again, as far as the turn left it in the store.
    pub(crate) async fn recall(&mut self) -> Result<(), Fault> {
        if !self.journal.is_away() {
            return Ok(());
        }
        // If the place was lost, this may be another turn's journal; the fence keeps what follows from being written.
        match self.ports.store.underway(self.place()).await? {
            Some(turn) if TurnId::new(self.place(), turn.seq) == self.turn => self.journal.back(turn.journal),
            _ => return Err(Fault::Stale),
        }
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
