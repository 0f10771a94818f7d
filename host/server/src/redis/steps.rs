//! Takes steps: each is one operation, and whoever it wakes is woken.

use std::sync::atomic::Ordering;

use futures_util::future::join_all;
use pesto_engine::ports::StoreError;

use super::reply::Reply;
use super::script::{Source, Step};
use super::{RedisStore, TimeSource, time};

impl RedisStore {
    /// A step on a shard, as one operation.
    pub(super) fn step(&self, source: &'static Source, shard: u16) -> Step {
        self.step_on(source, Some(shard), &self.keys.of_shard(shard))
    }

    /// A step on keys that belong to no shard.
    pub(super) fn step_at(&self, source: &'static Source, prefix: &str) -> Step {
        self.step_on(source, None, prefix)
    }

    fn step_on(&self, source: &'static Source, shard: Option<u16>, prefix: &str) -> Step {
        let now = match self.time {
            TimeSource::Server => String::new(),
            TimeSource::Host => time(self.clock.now()).to_string(),
        };
        // `succeed.lua` knows by its beginning whose it is.
        let operation = format!("{}-{}", self.host, self.operations.fetch_add(1, Ordering::Relaxed));
        Step::new(source, shard, prefix, [&now, &operation, &self.host, &self.channel])
    }

    pub(super) async fn run(&self, step: Step) -> Result<Reply, StoreError> {
        self.run_from(self.link.pick(), &step).await
    }

    async fn run_from(&self, connection: usize, step: &Step) -> Result<Reply, StoreError> {
        let reply = self.link.run(connection, step).await?;
        self.wakes.wake(&reply.woken, step.shard, 0);
        Ok(reply)
    }

    /// Does steps side by side; those of one server in their order.
    pub(super) async fn run_all(&self, steps: impl IntoIterator<Item = Step>) -> Vec<Result<Reply, StoreError>> {
        let connection = self.link.pick();
        let steps: Vec<_> = steps.into_iter().collect();
        join_all(steps.iter().map(|step| self.run_from(connection, step))).await
    }

    /// Asks every shard.
    pub(super) async fn ask_all(&self, step: impl Fn(u16) -> Step) -> Result<Vec<(u16, Reply)>, StoreError> {
        let replies = self.run_all(self.keys.all().map(step)).await;
        self.keys.all().zip(replies).map(|(shard, reply)| Ok((shard, reply?))).collect()
    }
}
