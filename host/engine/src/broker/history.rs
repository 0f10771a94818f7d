//! The conversation so far. Not journaled: only commits change it, and the turn holds the place.

use crate::fault::Fault;
use crate::model::Exchange;
use crate::policy::contract;

use super::Scope;

impl Scope {
    /// The last exchanges as of the turn's start, oldest first.
    // Exclusive, for a parked call cannot be shared between threads.
    pub(crate) async fn history(&mut self, limit: Option<u32>) -> Result<Vec<Exchange>, Fault> {
        let (default, most) = contract::HISTORY;
        let limit = limit.map_or(default, |limit| limit as usize).min(most);
        Ok(self.ports.store.history(self.place(), self.generation, limit).await?)
    }
}
