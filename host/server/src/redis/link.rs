//! The connections. A few, so that one that stalls does not stop all; each carries many steps at once.

use std::collections::BTreeSet;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use pesto_engine::failpoint::{Failpoints, NoAnswer};
use pesto_engine::ports::StoreError;
use redis::cluster::ClusterClient;
use redis::cluster_async::ClusterConnection;
use redis::cluster_routing::{MultipleNodeRoutingInfo, RoutingInfo};
use redis::{Client, Cmd, ErrorKind, FromRedisValue as _, RedisError, RedisResult, Value};
use tokio::runtime::Handle;

use super::address::Way;
use super::error::{explain, may_pass, store_error, wants_script};
use super::primary::{Follower, Primary, TIMEOUT};
use super::reply::Reply;
use super::script::Step;
use super::wake::EVERYBODY;
use crate::config::Redis;

const CONNECTIONS: usize = 4;
/// How long the answer to a component's bytes may take, which are many.
const BULK_TIMEOUT: Duration = Duration::from_secs(60);
/// A step that failed is tried again after each of these: on another connection, for the first may stall, and then on both
/// once more, for all may have been cut, and are made anew by then.
const PAUSES: [Duration; 3] = [Duration::from_millis(50), Duration::from_millis(100), Duration::from_millis(250)];

/// The way to Redis.
pub(super) struct Link {
    pool: Vec<Connection>,
    /// Large values have a connection of their own: whatever stands behind one waits.
    bulk: Connection,
    next: AtomicUsize,
    primary: Arc<Primary>,
    /// To any node of a cluster.
    way: Way,
    /// Where input and output are done, whoever asks: guests' threads may be busy for longer than an answer may take.
    runtime: Handle,
    /// Around each step, where a test wants it.
    points: Option<Arc<Failpoints>>,
}

/// To one server, or to all nodes of a cluster. Both connect again by themselves.
#[derive(Clone)]
enum Connection {
    Server(Follower),
    Cluster(ClusterConnection),
}

impl Connection {
    /// To the cluster of a node.
    async fn to_cluster(node: &Primary, way: &Way, timeout: Duration) -> RedisResult<Self> {
        let builder = ClusterClient::builder([node.found().client.get_connection_info().clone()]);
        let builder = way.tls.iter().fold(builder, |builder, certificates| builder.certs(certificates.clone()));
        // What it sends again has the same operation, as what we do.
        let builder = builder.connection_timeout(TIMEOUT).response_timeout(timeout).retries(3).max_retry_wait(500);
        Ok(Self::Cluster(builder.build()?.get_async_connection().await?))
    }

    async fn query(&mut self, cmd: &Cmd) -> RedisResult<Value> {
        match self {
            Self::Server(connection) => connection.query(cmd).await,
            Self::Cluster(connection) => cmd.query_async(connection).await,
        }
    }

    /// Asks every server that there is.
    async fn query_all(&mut self, cmd: &Cmd) -> RedisResult<Vec<Value>> {
        let Self::Cluster(connection) = self else { return Ok(vec![self.query(cmd).await?]) };
        let all = RoutingInfo::MultiNode((MultipleNodeRoutingInfo::AllNodes, None));
        match connection.route_command(cmd.clone(), all).await? {
            Value::Map(nodes) => Ok(nodes.into_iter().map(|(_, answer)| answer).collect()),
            _ => Err((ErrorKind::UnexpectedReturnType, "not an answer of each node").into()),
        }
    }

    /// Does a step; a server that was restarted is told the script first.
    async fn step(&mut self, step: &Step) -> RedisResult<Value> {
        match self.query(&step.cmd).await {
            Err(error) if wants_script(&error) => {
                self.query(redis::cmd("SCRIPT").arg("LOAD").arg(step.source.code.as_str())).await?;
                self.query(&step.cmd).await
            }
            other => other,
        }
    }
}

impl Link {
    /// Must be called on the runtime that is to do input and output.
    pub(super) async fn open(
        primary: Arc<Primary>,
        redis: &Redis,
        points: Option<Arc<Failpoints>>,
    ) -> RedisResult<Self> {
        let to_server = |timeout| Ok::<_, RedisError>(Connection::Server(Follower::new(primary.clone(), timeout)?));
        let mut first = to_server(TIMEOUT)?;
        let is_cluster = match first.query(redis::cmd("INFO").arg("cluster")).await {
            Ok(Value::BulkString(text)) => String::from_utf8_lossy(&text).contains("cluster_enabled:1"),
            Ok(Value::VerbatimString { text, .. }) => text.contains("cluster_enabled:1"),
            // A user that may not ask is taken for one of a single server.
            Err(error) if error.code().is_none() => return Err(error),
            _ => false,
        };
        let way = Way::like(primary.found().client.get_connection_info(), redis);
        let open = async |timeout| match is_cluster {
            true => Connection::to_cluster(&primary, &way, timeout).await,
            false => to_server(timeout),
        };
        let mut pool = if is_cluster { Vec::new() } else { vec![first] };
        while pool.len() < CONNECTIONS {
            pool.push(open(TIMEOUT).await?);
        }
        let bulk = open(BULK_TIMEOUT).await?;
        Ok(Self { pool, bulk, next: AtomicUsize::new(0), primary, way, runtime: Handle::current(), points })
    }

    /// The connection to begin with. Steps that begin with the same one reach a server in their order.
    pub(super) fn pick(&self) -> usize {
        self.next.fetch_add(1, Ordering::Relaxed)
    }

    /// Does a step. One whose answer was lost is done again, which the scripts know by its operation.
    pub(super) async fn run(&self, begin: usize, step: &Step) -> Result<Reply, StoreError> {
        self.here(self.try_run(begin, step)).await
    }

    async fn try_run(&self, begin: usize, step: &Step) -> Result<Reply, StoreError> {
        let name = step.source.name;
        let mut pauses = PAUSES.into_iter();
        let mut tried = 0;
        loop {
            let mut connection = self.pool[(begin + tried % 2) % CONNECTIONS].clone();
            let answer = match &self.points {
                None => connection.step(step).await,
                Some(points) => match points.step(step.source.point, connection.step(step)).await {
                    Ok(answer) => answer,
                    Err(reason) => Err(no_answer(reason)),
                },
            };
            match answer {
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
        let tries = async {
            let mut pauses = PAUSES.into_iter();
            loop {
                match self.bulk.clone().query(cmd).await {
                    Ok(value) => return Ok(value),
                    Err(error) => pause(&mut pauses, name, &error).await?,
                }
            }
        };
        self.here(tries).await
    }

    /// A single command of the connection's beginning.
    pub(super) async fn command(&self, cmd: &Cmd) -> RedisResult<Value> {
        self.pool[0].clone().query(cmd).await
    }

    /// The same for each server that there is.
    pub(super) async fn command_all(&self, cmd: &Cmd) -> RedisResult<Vec<Value>> {
        self.pool[0].clone().query_all(cmd).await
    }

    /// The server that takes writes.
    pub(super) fn primary(&self) -> &Arc<Primary> {
        &self.primary
    }

    pub(super) fn is_cluster(&self) -> bool {
        matches!(self.pool[0], Connection::Cluster(_))
    }

    /// The other nodes of a cluster, as far as they are known.
    pub(super) async fn other_nodes(&self) -> Vec<Client> {
        if !self.is_cluster() {
            return Vec::new();
        }
        let Ok(slots) = self.command(redis::cmd("CLUSTER").arg("SLOTS")).await else { return Vec::new() };
        // First and last slot, and then the nodes: each a host, a port, and more.
        let ranges = Vec::<Vec<Value>>::from_redis_value(slots).unwrap_or_default();
        let nodes = ranges.iter().flat_map(|range| range.iter().skip(2)).filter_map(|node| match node {
            Value::Array(node) => <(String, u16)>::from_redis_value(Value::Array(node.get(..2)?.to_vec())).ok(),
            _ => None,
        });
        nodes.collect::<BTreeSet<_>>().iter().filter_map(|(host, port)| self.way.to(host, *port).ok()).collect()
    }

    /// Lets what a future begins, such as a new connection, live on our runtime, wherever the future is polled.
    async fn here<T>(&self, future: impl Future<Output = T>) -> T {
        let mut future = pin!(future);
        poll_fn(|context| {
            let _entered = self.runtime.enter();
            future.as_mut().poll(context)
        })
        .await
    }
}

/// What a failpoint makes of a step.
fn no_answer(reason: NoAnswer) -> RedisError {
    match reason {
        NoAnswer::Lost => std::io::Error::from(std::io::ErrorKind::ConnectionReset).into(),
        NoAnswer::Crashed => (ErrorKind::Client, "the host has crashed").into(),
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
