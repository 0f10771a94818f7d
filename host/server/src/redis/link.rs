//! The connections. A few, so that one that stalls does not stop all; each carries many steps at once.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use pesto_engine::ports::StoreError;
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{Client, Cmd, RedisError, RedisResult, Value};

use super::error::{explain, may_pass, store_error, wants_script};
use super::reply::Reply;
use super::script::Step;
use super::wake::EVERYBODY;

const CONNECTIONS: usize = 4;
/// A step that takes longer is in doubt, and is tried again on another connection.
const TIMEOUT: Duration = Duration::from_secs(2);
/// The same for a component's bytes, which are many.
const BULK_TIMEOUT: Duration = Duration::from_secs(60);
/// A step that failed is tried again after each of these.
const PAUSES: [Duration; 2] = [Duration::from_millis(50), Duration::from_millis(250)];

/// The way to Redis.
pub(super) struct Link {
    pool: Vec<ConnectionManager>,
    /// Large values have a connection of their own: whatever stands behind one waits.
    bulk: ConnectionManager,
    next: AtomicUsize,
}

impl Link {
    pub(super) async fn open(client: &Client) -> RedisResult<Self> {
        let config = |timeout| {
            ConnectionManagerConfig::new()
                .set_connection_timeout(Some(TIMEOUT))
                .set_response_timeout(Some(timeout))
                .set_number_of_retries(2)
                .set_min_delay(Duration::from_millis(50))
                .set_max_delay(Duration::from_secs(1))
        };
        // The first one shows whether there is a Redis that lets us in.
        let mut pool = vec![ConnectionManager::new_with_config(client.clone(), config(TIMEOUT)).await?];
        for _ in 1..CONNECTIONS {
            pool.push(ConnectionManager::new_lazy_with_config(client.clone(), config(TIMEOUT))?);
        }
        let bulk = ConnectionManager::new_lazy_with_config(client.clone(), config(BULK_TIMEOUT))?;
        Ok(Self { pool, bulk, next: AtomicUsize::new(0) })
    }

    /// The connection to begin with. Steps that begin with the same one reach a server in their order.
    pub(super) fn pick(&self) -> usize {
        self.next.fetch_add(1, Ordering::Relaxed)
    }

    /// Does a step. One whose answer was lost is done again, which the scripts know by its operation.
    pub(super) async fn run(&self, begin: usize, step: &Step) -> Result<Reply, StoreError> {
        let name = step.source.name;
        let mut pauses = PAUSES.into_iter();
        let mut tried = 0;
        loop {
            let mut connection = self.pool[(begin + tried) % CONNECTIONS].clone();
            match once(&mut connection, step).await {
                Ok(value) => {
                    let mut reply = Reply::new(name, value)?;
                    if tried > 0 {
                        // A repetition changes nothing, and so says nothing of whom the first time has woken.
                        reply.woken = EVERYBODY.to_owned();
                    }
                    return Ok(reply);
                }
                Err(error) => pause(&mut pauses, name, &error).await?,
            }
            tried += 1;
        }
    }

    /// A single command whose value or answer may be large. Twice must be as good as once.
    pub(super) async fn bulk(&self, name: &'static str, cmd: &Cmd) -> Result<Value, StoreError> {
        let mut pauses = PAUSES.into_iter();
        loop {
            match cmd.query_async(&mut self.bulk.clone()).await {
                Ok(value) => return Ok(value),
                Err(error) => pause(&mut pauses, name, &error).await?,
            }
        }
    }

    /// A single command of the connection's beginning.
    pub(super) async fn command(&self, cmd: &Cmd) -> Result<Value, RedisError> {
        cmd.query_async(&mut self.pool[0].clone()).await
    }
}

/// Waits before another try, or answers the error if trying again is over or in vain.
async fn pause(
    pauses: &mut impl Iterator<Item = Duration>,
    name: &'static str,
    error: &RedisError,
) -> Result<(), StoreError> {
    let pause = pauses.next().filter(|_| may_pass(error)).ok_or_else(|| store_error(name, error))?;
    tracing::debug!(step = name, "a step is tried again: {}", explain(error));
    tokio::time::sleep(pause).await;
    Ok(())
}

async fn once(connection: &mut ConnectionManager, step: &Step) -> RedisResult<Value> {
    match step.cmd.query_async(connection).await {
        Err(error) if wants_script(&error) => {
            let _: Value = redis::cmd("SCRIPT").arg("LOAD").arg(step.source.code).query_async(connection).await?;
            step.cmd.query_async(connection).await
        }
        other => other,
    }
}
