//! Takes steps: each is one operation, and whoever it wakes is woken.

use std::sync::atomic::Ordering;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::future::join_all;
use futures_util::stream::FuturesUnordered;
use pesto_engine::ports::StoreError;

use super::primary::TIMEOUT;
use super::reply::Reply;
use super::script::{Source, Step};
use super::{RedisStore, TimeSource, time};

/// Where some nodes of a cluster have answered, so long the next answer is waited for: the client does nothing else on a
/// connection while it finds out that a node hangs.
const BEHIND: Duration = Duration::from_secs(TIMEOUT.as_secs() + 1);

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

    /// Asks shards side by side, and tells which ones failed. An error only where no shard answers; and where some have
    /// answered, a node of a cluster that hangs is waited for no longer: it must not hold up the places of the others. What it
    /// was told to give out comes back by its lease.
    pub(super) async fn side_by_side<K: PartialEq + Copy, T>(
        &self,
        asks: impl Iterator<Item = (K, impl Future<Output = Result<T, StoreError>>)>,
        failed: impl Fn(K),
    ) -> Result<Vec<T>, StoreError> {
        let (mut silent, mut steps) = (Vec::new(), FuturesUnordered::new());
        for (shard, ask) in asks {
            silent.push(shard);
            steps.push(async move { (shard, ask.await) });
        }
        let (mut answers, mut error) = (Vec::with_capacity(silent.len()), None);
        loop {
            let next = match self.link.is_cluster() && !answers.is_empty() {
                true => tokio::time::timeout(BEHIND, steps.next()).await.ok().flatten(),
                false => steps.next().await,
            };
            match next {
                Some((shard, Ok(answer))) => {
                    silent.retain(|other| *other != shard);
                    answers.push(answer);
                }
                Some((_, Err(failure))) => drop(error.get_or_insert(failure)),
                None => break,
            }
        }
        if !steps.is_empty() {
            error.get_or_insert(StoreError::Unavailable("a node of the cluster hangs".to_owned()));
        }
        silent.into_iter().for_each(failed);
        match error {
            Some(error) if answers.is_empty() => return Err(error),
            Some(error) => tracing::error!(%error, "a part of the store does not answer; the rest goes on"),
            None => {}
        }
        Ok(answers)
    }
}
