use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};

use crate::delivery;
use crate::state::State;

/// The state behind its lock, with the rule that what a change leads to is sent in the order of the changes.
pub(crate) struct Core {
    state: Mutex<State>,
    /// Turns true when the double ends.
    pub(crate) over: watch::Sender<bool>,
}

impl Core {
    pub(crate) fn new(state: State) -> Self {
        Self { state: Mutex::new(state), over: watch::channel(false).0 }
    }

    /// Changes something; what is to be sent for it is on its way when this returns.
    pub(crate) fn act<T>(self: &Arc<Self>, change: impl FnOnce(&mut State) -> T) -> T {
        let mut state = self.lock();
        let result = change(&mut state);
        for outgoing in std::mem::take(&mut state.outgoing) {
            delivery::dispatch(self, &mut state, outgoing);
        }
        result
    }

    /// Waits until something is there; looks again whenever something happens to this person, or with the empty name
    /// to anything else. None if it is not there after `patience`.
    pub(crate) async fn wait<T>(
        self: &Arc<Self>,
        user: &str,
        patience: Duration,
        mut look: impl FnMut(&mut State) -> Option<T>,
    ) -> Option<T> {
        let mut bell = self.lock().listen(user);
        let until = Instant::now() + patience;
        loop {
            bell.borrow_and_update();
            if let Some(found) = look(&mut self.lock()) {
                return Some(found);
            }
            timeout_at(until, bell.changed()).await.ok()?.ok()?;
        }
    }

    /// Waits for the end of the double.
    pub(crate) async fn is_over(&self) {
        let mut over = self.over.subscribe();
        // An error means that the sender is gone, and that is the end as well.
        let _ = over.wait_for(|over| *over).await;
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        // A test that panics inside must not hide its own message behind a poisoned lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
