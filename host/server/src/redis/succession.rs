//! A host that comes back after a crash does not wait for its own leases.

use pesto_engine::ports::StoreError;

use super::RedisStore;
use super::script::SUCCEED;

impl RedisStore {
    /// This host's name. No other host has it, nor will have it.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Ends the leases of a host that is gone for certain. Messages that it was sending still wait for the end of theirs,
    /// for a post may be under way where its host is no more.
    pub async fn succeed(&self, host: &str) -> Result<(), StoreError> {
        self.ask_all(|shard| self.step(&SUCCEED, shard).arg(host)).await?;
        self.run(self.step_at(&SUCCEED, &self.keys.of_hosts()).arg(host)).await.map(drop)
    }
}
