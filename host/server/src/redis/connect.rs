//! Connecting: where Redis is, what store this is, and whether Redis keeps what it is told.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use pesto_engine::failpoint::Failpoints;
use pesto_engine::ports::Clock;
use redis::{FromRedisValue as _, RedisError, RedisResult, Value};
use tokio::task::JoinSet;
use uuid::Uuid;

use super::error::{explain, may_pass, wants_script};
use super::keys::{Keys, MOST_SHARDS};
use super::link::Link;
use super::primary::{Found, Primary};
use super::script::{SEATS, Step};
use super::upgrade::{VERSION, upgrade};
use super::wake::{Wakes, listen, subscribe};
use super::{RedisStore, TimeSource, address, settings};
use crate::config::Redis;

/// How many shards a new store has. One is a unit of work for a node of a cluster, and of looking around for a host.
const SHARDS: u16 = 16;

/// What who only looks is told of a Redis without a store.
const NONE_YET: &str = "Redis has no store of Pesto's: the next host that starts makes one. If hosts run on it, its data was \
                        flushed or lost: restore it, or restart them to begin anew.";

/// Where a store is, and what it is like.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where Redis is, and how it is reached.
    pub redis: Redis,
    /// Begins all keys, so that several stores can share a Redis.
    pub prefix: String,
    /// How many shards a new store is made with; one that is there keeps its own.
    pub shards: u16,
    /// Whether a store is made where there is none, and an older one is taken to today's schema.
    pub make: bool,
    /// Whose clock leases and due times go by.
    pub time: TimeSource,
    /// This host brings messages to people at terminals only, and leaves those of other workspaces to other hosts.
    pub terminals_only: bool,
    /// Places to crash at before and after each step, named `redis.` and the script: for tests.
    pub points: Option<Arc<Failpoints>>,
}

impl Options {
    /// The store in a Redis, as hosts use it.
    pub fn new(redis: Redis) -> Self {
        let (prefix, time) = ("pesto".to_owned(), TimeSource::Server);
        Self { redis, prefix, shards: SHARDS, make: true, time, terminals_only: false, points: None }
    }
}

/// Why a store cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The text is no URL of a Redis.
    #[error(
        "it is not a URL that can be used: write redis://USER:PASSWORD@HOST:PORT/DATABASE, unix:///PATH, or \
         redis+sentinel://USER:PASSWORD@HOST:PORT,HOST:PORT/MASTER with the hosts of the sentinels and what they call \
         the server; with TLS, rediss for redis"
    )]
    Url,
    /// Redis is not reached, or is not ready yet.
    #[error("{0}")]
    Away(String),
    /// Redis does not let us in.
    #[error("{0}")]
    Redis(String),
    /// The store was written by a later version of Pesto, or by none.
    #[error(
        "the store in Redis has schema {0}, this version knows up to {VERSION}: use a newer version of Pesto, or \
         another database"
    )]
    Version(String),
    /// The key is another program's.
    #[error("the key `{0}` in Redis is not Pesto's: choose another database, or remove the key")]
    Foreign(String),
    /// A database for tests has so many keys.
    #[error(
        "the database in Redis has keys already ({0}): name an empty one, such as redis://HOST:6379/9, for what tests \
         leave in it is thrown away"
    )]
    NotEmpty(u64),
}

impl From<RedisError> for ConnectError {
    fn from(error: RedisError) -> Self {
        match may_pass(&error) {
            true => Self::Away(explain(&error)),
            false => Self::Redis(explain(&error)),
        }
    }
}

impl ConnectError {
    /// The same of the server that was tried.
    fn at(self, server: Found) -> Self {
        let server = match server.at {
            Some(named) => format!("{named}, which the sentinels name"),
            // No more than host and port, or a path.
            None => server.client.get_connection_info().addr().to_string(),
        };
        let said = |words| format!("{server}: {words}");
        match self {
            Self::Away(words) => Self::Away(said(words)),
            Self::Redis(words) => Self::Redis(said(words)),
            other => other,
        }
    }
}

impl RedisStore {
    /// Connects to a store, which is made if it is not there. The texts warn of settings of Redis with which
    /// acknowledged events can be lost, and of a store that is not there and was not to be made.
    pub async fn connect(options: Options, clock: Arc<dyn Clock>) -> Result<(Self, Vec<String>), ConnectError> {
        let Options { redis, prefix, shards, make, time, terminals_only, points } = options;
        let primary = Arc::new(Primary::find(address::read(&redis)?).await?);
        let found = |error: ConnectError| error.at(primary.found());
        let link = Arc::new(Link::open(primary.clone(), &redis, points).await.map_err(|error| found(error.into()))?);
        let mut keys = Keys { prefix, shards: shards.clamp(1, MOST_SHARDS) };
        let made_with = made_with(&link, &keys, make).await.map_err(found)?;
        keys.shards = made_with.unwrap_or(keys.shards);
        let mut warnings = settings::warnings(&link).await;
        warnings.extend(made_with.is_none().then(|| NONE_YET.to_owned()));
        let host = Uuid::new_v4().simple().to_string();
        let wakes = Arc::new(Wakes::new(keys.shards, terminals_only));
        let channel = keys.channel();
        // In the slot that is needed anyway: another part of a cluster may be away.
        let prefix = format!("{}:", keys.meta());
        let step = Step::new(&SEATS, None, &prefix, ["", "", &host, &channel]).arg(&[0; 4]);
        try_step(&link, &step).await.map_err(|error| found(error.into()))?;
        let first = subscribe(&link, &channel).await.map_err(|error| found(error.into()))?;
        let mut tasks = JoinSet::new();
        tasks.spawn(listen(link.clone(), channel.clone(), host.clone(), (wakes.clone(), clock.clone()), first));
        tasks.spawn(settings::watch(link.clone()));
        tasks.spawn(primary.watch());
        let operations = AtomicU64::new(0);
        Ok((Self { channel, link, keys, clock, time, host, operations, wakes, _tasks: tasks }, warnings))
    }
}

/// Answers how many shards the store has, if it is there. Where `make` says so, it is made, or taken to today's schema.
async fn made_with(link: &Link, keys: &Keys, make: bool) -> Result<Option<u16>, ConnectError> {
    let meta = keys.meta();
    if make {
        let new = format!("{VERSION} {}", keys.shards);
        link.command(redis::cmd("SET").arg(&meta).arg(new).arg("NX")).await?;
    }
    loop {
        let found = link.command(redis::cmd("GET").arg(&meta)).await.map_err(|error| match error.code() {
            Some("WRONGTYPE") => ConnectError::Foreign(meta.clone()),
            _ => error.into(),
        })?;
        if matches!(found, Value::Nil) && !make {
            return Ok(None);
        }
        let found = String::from_redis_value(found).unwrap_or_default();
        let (version, shards) = found.split_once(' ').ok_or_else(|| ConnectError::Foreign(meta.clone()))?;
        let shards = shards.parse().ok().filter(|shards| (1..=MOST_SHARDS).contains(shards));
        let shards = shards.ok_or_else(|| ConnectError::Foreign(meta.clone()))?;
        match version.parse() {
            Ok(VERSION) => return Ok(Some(shards)),
            Ok(1..VERSION) if !make => return Ok(Some(shards)),
            // Whoever was first to raise it, it is another one afterwards.
            Ok(older @ 1..VERSION) => {
                upgrade(link, &Keys { prefix: keys.prefix.clone(), shards }, (older, &found)).await?
            }
            _ => return Err(ConnectError::Version(version.chars().take(20).collect())),
        }
    }
}

/// Does a step that changes nothing: what Redis lets nobody, or not this user, do in one, is said at once and not of each
/// step again.
async fn try_step(link: &Link, step: &Step) -> RedisResult<()> {
    let Err(error) = link.command(&step.cmd).await else { return Ok(()) };
    match wants_script(&error) {
        true => drop(link.command(redis::cmd("SCRIPT").arg("LOAD").arg(step.source.code.as_str())).await?),
        // Its answer may have been lost.
        false if may_pass(&error) => {}
        false => return Err(error),
    }
    link.command(&step.cmd).await.map(drop)
}
