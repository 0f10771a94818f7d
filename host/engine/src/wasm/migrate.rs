//! Lets a component take over a conversation of another version of its flow. It has no right while it does, and
//! little time.

use std::sync::Arc;

use crate::fault::{Fault, GuestFault};
use crate::flow::Former;

use super::executor::{Meter, WaitedTooLong};
use super::pool::Pool;
use super::since_v0_1::migration;
use super::state::GuestState;
use super::{ALONE, Ready, Sandbox, guarded, too_long, trap};

impl Ready {
    /// Whether it takes over conversations of other versions.
    pub fn migrates(&self) -> bool {
        self.migration.is_some()
    }
}

impl Sandbox {
    /// Asks a component to take a conversation over, on [`threads`](Self::threads): the state from which it goes on, or
    /// none. `label` names flow and turn in log lines.
    pub async fn migrate(&self, ready: &Ready, label: String, former: Former) -> Result<Option<Vec<u8>>, Fault> {
        let Some(pre) = ready.migration.clone() else { return Ok(None) };
        let meter = Arc::new(Meter::default());
        // The turn holds room for an instance, which those who have memory may wait for.
        let Ok((_guest, memory)) = tokio::time::timeout(ALONE, self.pool.memory(ready.needs)).await else {
            return Err(Fault::Host(Pool::full().to_owned()));
        };
        let memory = (self.bounds.memory, memory);
        let state = GuestState::new(self.io.clone(), meter.clone(), label, memory, 0, None);
        let mut store = self.store(state, &meter);
        let guest = async move {
            let answer = match pre.instantiate_async(&mut store).await {
                Ok(migrates) => migration::migrate(&migrates, &mut store, former).await,
                Err(error) => Err(error),
            };
            let last = store.into_data().finish().last;
            answer.map_err(|error| trap::fault_after(error, last.as_deref()))
        };
        match tokio::time::timeout(ALONE, guarded(self.executor.guest(meter, guest))).await {
            Ok(Ok(Ok(Ok(answer)))) => Ok(answer.and_then(|state| bounded(state, self.bounds.state))?),
            Ok(Ok(Ok(Err(fault)))) => Err(fault),
            Ok(Ok(Err(WaitedTooLong))) => Err(too_long().into()),
            Ok(Err(_)) => Err(Fault::Host("the host panicked while it ran the guest".to_owned())),
            Err(_) => Err(GuestFault::TurnDeadline(ALONE.as_secs()).into()),
        }
    }
}

fn bounded(state: Option<Vec<u8>>, most: usize) -> Result<Option<Vec<u8>>, GuestFault> {
    match state.as_ref().map(Vec::len).filter(|got| *got > most) {
        Some(got) => Err(GuestFault::StateTooLarge { got, most }),
        None => Ok(state),
    }
}
