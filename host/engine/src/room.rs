//! What a turn needs to begin: a place among the turns under way, and an instance of a component.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Room for some turns. It is free again when this is dropped; a turn gives its instance back while it waits for long.
pub(crate) struct Room {
    turns: OwnedSemaphorePermit,
    instances: OwnedSemaphorePermit,
}

impl Room {
    /// Waits for room for one turn; whoever waited longer comes first.
    pub(crate) async fn wait(turns: Arc<Semaphore>, instances: Arc<Semaphore>) -> Self {
        match (turns.acquire_owned().await, instances.acquire_owned().await) {
            (Ok(turns), Ok(instances)) => Self { turns, instances },
            _ => unreachable!("these semaphores are never closed"),
        }
    }

    /// Room for one turn, if there is some for which nobody waits.
    pub(crate) fn find(turns: &Arc<Semaphore>, instances: &Arc<Semaphore>) -> Option<Self> {
        let turns = turns.clone().try_acquire_owned().ok()?;
        let instances = instances.clone().try_acquire_owned().ok()?;
        Some(Self { turns, instances })
    }

    /// Takes what more there is, and at most so much in all.
    pub(crate) fn grow(&mut self, most: usize) {
        while self.len() < most
            && let Some(more) = Self::find(self.turns.semaphore(), self.instances.semaphore())
        {
            self.turns.merge(more.turns);
            self.instances.merge(more.instances);
        }
    }

    /// For how many turns.
    pub(crate) fn len(&self) -> usize {
        self.turns.num_permits()
    }

    /// Room for one of the turns, if any is left.
    pub(crate) fn split(&mut self) -> Option<Self> {
        Some(Self { turns: self.turns.split(1)?, instances: self.instances.split(1)? })
    }

    /// The turn's place, and the instance's.
    pub(crate) fn parts(self) -> (OwnedSemaphorePermit, OwnedSemaphorePermit) {
        (self.turns, self.instances)
    }
}
