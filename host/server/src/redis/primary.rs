//! The server that takes writes: where it is, and connections that follow it when a failover makes it another one.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{Client, Cmd, ErrorKind, RedisError, RedisResult, ServerErrorKind, Value};
use tokio::sync::watch;

use super::address::Address;
use super::connect::ConnectError;
use super::error::keeps_out;
use super::sentinel::Sentinel;

/// A step that takes longer is in doubt, and is tried again on another connection.
pub(super) const TIMEOUT: Duration = Duration::from_secs(2);
/// Sentinels are asked that often even if all is well, for what they tell by themselves may get lost.
const LOOK: Duration = Duration::from_secs(5);
/// Whoever finds that a step failed does not ask again before this has passed.
const PAUSE: Duration = Duration::from_millis(200);

/// Where the server is.
pub(super) struct Primary {
    address: Address,
    found: watch::Sender<Found>,
    looked: tokio::sync::Mutex<Looked>,
}

/// Where it was at the last look.
#[derive(Debug, Clone)]
pub(super) struct Found {
    /// Counts how often it was another one, or had to be entered anew.
    pub(super) times: u64,
    /// What it is called in messages, where it can be elsewhere.
    pub(super) at: Option<String>,
    pub(super) client: Client,
}

struct Looked {
    last: Instant,
    in_vain: bool,
}

/// What a failed step says of the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sign {
    /// It is the one.
    None,
    /// It may be another one now.
    Elsewhere,
    /// This connection will never do, whichever server it is.
    Renew,
}

impl Primary {
    /// Looks for it.
    pub(super) async fn find(address: Address) -> Result<Self, ConnectError> {
        let (at, client) = whereabouts(&address).await?;
        let looked = Looked { last: Instant::now(), in_vain: false };
        Ok(Self { address, found: watch::Sender::new(Found { times: 0, at, client }), looked: looked.into() })
    }

    /// Where it was at the last look.
    pub(super) fn found(&self) -> Found {
        self.found.borrow().clone()
    }

    /// Tells of each time that connections must be made anew.
    pub(super) fn moves(&self) -> watch::Receiver<Found> {
        self.found.subscribe()
    }

    /// Whether it can be elsewhere tomorrow.
    pub(super) fn can_move(&self) -> bool {
        matches!(self.address, Address::Sentinels(_))
    }

    /// Looks for it again where an error speaks for that. Answers when connections know.
    pub(super) async fn failed(&self, times: u64, error: &RedisError) {
        match sign(error) {
            Sign::Renew => self.look(Some(times), PAUSE).await,
            Sign::Elsewhere if self.can_move() => self.look(None, PAUSE).await,
            Sign::None | Sign::Elsewhere => {}
        }
    }

    /// Follows what the sentinels tell, for ever. A server that gave its place to another one goes on answering until they
    /// get round to it, and what it takes meanwhile is lost.
    pub(super) async fn watch(self: Arc<Self>) {
        let Address::Sentinels(sentinels) = &self.address else { return };
        let all = sentinels.each.iter().map(|one| self.heed(one, &sentinels.name));
        tokio::join!(join_all(all), self.ask());
    }

    async fn heed(&self, sentinel: &Sentinel, name: &str) {
        loop {
            match sentinel.switched(name).await {
                true => self.look(None, Duration::ZERO).await,
                false => tokio::time::sleep(LOOK).await,
            }
        }
    }

    async fn ask(&self) {
        loop {
            tokio::time::sleep(LOOK).await;
            self.look(None, Duration::ZERO).await;
        }
    }

    /// Looks, if the last look was longer ago than this. Connections that were made when it was found for the `renew`th
    /// time are made anew even if it is the same one.
    async fn look(&self, renew: Option<u64>, pause: Duration) {
        let mut looked = self.looked.lock().await;
        if looked.last.elapsed() < pause {
            return;
        }
        let found = whereabouts(&self.address).await;
        looked.last = Instant::now();
        let was_in_vain = std::mem::replace(&mut looked.in_vain, found.is_err());
        match found {
            Ok((at, client)) => self.note(at, client, renew),
            Err(error) if was_in_vain => tracing::debug!("{error}"),
            Err(error) => tracing::warn!("{error}"),
        }
    }

    fn note(&self, at: Option<String>, client: Client, renew: Option<u64>) {
        let before = self.found();
        if at != before.at {
            tracing::warn!(at, before = before.at, "the sentinels name another Redis server; going there");
        }
        if at != before.at || renew == Some(before.times) {
            self.found.send_replace(Found { times: before.times + 1, at, client });
        }
    }
}

async fn whereabouts(address: &Address) -> Result<(Option<String>, Client), ConnectError> {
    match address {
        Address::Fixed(client) => Ok((None, client.clone())),
        Address::Sentinels(sentinels) => sentinels.ask().await.map(|(at, client)| (Some(at), client)),
    }
}

fn sign(error: &RedisError) -> Sign {
    match (error.kind(), error.code()) {
        // A server that became a replica lets old connections live, unless sentinels made it one.
        (ErrorKind::Server(ServerErrorKind::ReadOnly), _) => Sign::Renew,
        // A connection that was refused once is never made again by itself.
        _ if keeps_out(error) => Sign::Renew,
        (ErrorKind::Io | ErrorKind::Server(ServerErrorKind::BusyLoading | ServerErrorKind::MasterDown), _)
        | (_, Some("NOREPLICAS")) => Sign::Elsewhere,
        _ => Sign::None,
    }
}

/// A connection that is made anew when it breaks, and when the server is another one.
#[derive(Clone)]
pub(super) struct Follower {
    primary: Arc<Primary>,
    /// How long an answer may take.
    timeout: Duration,
    current: Arc<Mutex<(u64, ConnectionManager)>>,
}

impl Follower {
    /// Connects with the first query.
    pub(super) fn new(primary: Arc<Primary>, timeout: Duration) -> RedisResult<Self> {
        let found = primary.found();
        let current = (found.times, manager(found.client, timeout)?);
        Ok(Self { primary, timeout, current: Arc::new(Mutex::new(current)) })
    }

    pub(super) async fn query(&self, cmd: &Cmd) -> RedisResult<Value> {
        let (times, mut connection) = self.current()?;
        let result = cmd.query_async(&mut connection).await;
        if let Err(error) = &result {
            self.primary.failed(times, error).await;
        }
        result
    }

    fn current(&self) -> RedisResult<(u64, ConnectionManager)> {
        // Nothing between lock and unlock can panic.
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        let found = self.primary.found.borrow();
        if current.0 != found.times {
            *current = (found.times, manager(found.client.clone(), self.timeout)?);
        }
        Ok(current.clone())
    }
}

fn manager(client: Client, timeout: Duration) -> RedisResult<ConnectionManager> {
    let config = ConnectionManagerConfig::new()
        .set_connection_timeout(Some(TIMEOUT))
        .set_response_timeout(Some(timeout))
        .set_number_of_retries(2)
        .set_min_delay(Duration::from_millis(50))
        .set_max_delay(Duration::from_secs(1));
    ConnectionManager::new_lazy_with_config(client, config)
}
