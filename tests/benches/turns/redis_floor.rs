//! What a turn cannot cost less than in Redis: the guest's part, and the two scripts that the cheapest correct design
//! needs. *Accept* must be durable before the channel hears of it, and *commit* must show all of a turn at once; nothing
//! else needs a step of its own, for a claim can be part of either. Each bare script gets as many bytes as our step does,
//! by the server's count, and writes them to one key. They go over the same client, as many connections and the same
//! runtime as the host's, to the same server; delivery, which comes after the commit, has no part in it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use pesto_engine::clock::SystemClock;
use pesto_engine::ports::Store as _;
use pesto_server::config::Secret;
use pesto_server::redis::{Options, RedisStore};
use redis::aio::MultiplexedConnection;
use redis::{Client, Connection, Script};
use redis_rig::server::Server;
use tokio::task::JoinSet;

use super::guest::Guest;
use super::samples::{LEASE, commit, take};

/// As many as the host has.
const CONNECTIONS: usize = 4;

/// The least turn.
pub(crate) struct RedisFloor {
    guest: Guest,
    script: Script,
    connections: Vec<MultiplexedConnection>,
    /// What each script of a turn gets.
    payloads: Vec<String>,
    next: AtomicUsize,
}

impl RedisFloor {
    /// A floor on the same server as the store; `payloads` is what a turn's steps get, in bytes.
    pub(crate) async fn new(guest: Guest, server: &Server, payloads: &[(&str, usize)]) -> anyhow::Result<Self> {
        let client = Client::open(server.url())?;
        let mut connections = Vec::new();
        while connections.len() < CONNECTIONS {
            connections.push(client.get_multiplexed_async_connection().await?);
        }
        let script = Script::new("redis.call('SET', KEYS[1], ARGV[1])");
        let payloads = payloads.iter().map(|(_, bytes)| "x".repeat(*bytes)).collect();
        Ok(Self { guest, script, connections, payloads, next: AtomicUsize::new(0) })
    }

    /// Does so many turns, one after the other; how long each took.
    pub(crate) async fn turns(&self, turns: usize) -> anyhow::Result<Vec<Duration>> {
        let mut times = Vec::with_capacity(turns);
        for _ in 0..turns {
            let start = Instant::now();
            self.turn().await?;
            times.push(start.elapsed());
        }
        Ok(times)
    }

    /// Does so many turns, so many at once; how long all took.
    pub(crate) async fn many(self: &Arc<Self>, turns: usize, at_once: usize) -> anyhow::Result<Duration> {
        let start = Instant::now();
        let mut tasks = JoinSet::new();
        for _ in 0..at_once {
            let floor = self.clone();
            tasks.spawn(async move { floor.turns(turns / at_once).await });
        }
        while let Some(task) = tasks.join_next().await {
            task??;
        }
        Ok(start.elapsed())
    }

    async fn turn(&self) -> anyhow::Result<()> {
        let turn = self.next.fetch_add(1, Ordering::Relaxed);
        let mut connection = self.connections[turn % CONNECTIONS].clone();
        for (no, payload) in self.payloads.iter().enumerate() {
            if no == 1 {
                self.guest.hear()?;
            }
            // Many keys, as there are many places.
            let mut call = self.script.key(format!("bare:{no}:{}", turn % 1_000));
            call.arg(payload).invoke_async::<()>(&mut connection).await?;
        }
        Ok(())
    }
}

/// How many bytes the server gets for each of the steps that a turn cannot do without: measured on a store of its own,
/// after some turns.
pub(crate) async fn payloads(server: &Server) -> anyhow::Result<Vec<(&'static str, usize)>> {
    let options = Options { prefix: "payloads".to_owned(), ..Options::new(Secret::new(server.url()).into()) };
    let (store, _) = RedisStore::connect(options, Arc::new(SystemClock)).await?;
    let mut counts = Counts::of(server)?;
    let asking = counts.asking()?;
    let mut payloads = Vec::new();
    for number in 1..=20 {
        let before = counts.bytes()?;
        let turn = take(&store, number).await?;
        let accept = counts.bytes()? - before - asking;
        let before = counts.bytes()?;
        store.commit(&turn.fence, commit(turn.seq, &turn.fence.place)?).await?;
        payloads = vec![("accept", accept), ("commit", counts.bytes()? - before - asking)];
        for posting in store.outbox_claim(1, LEASE).await? {
            store.outbox_sent(&posting, None, None).await?;
        }
    }
    Ok(payloads)
}

/// What a server counts.
pub(crate) struct Counts(Connection);

impl Counts {
    pub(crate) fn of(server: &Server) -> anyhow::Result<Self> {
        Ok(Self(Client::open(server.url())?.get_connection()?))
    }

    /// Steps that it was asked for.
    pub(crate) fn steps(&mut self) -> anyhow::Result<usize> {
        self.find("commandstats", "cmdstat_evalsha:calls=")
    }

    /// Commands, those inside steps too.
    pub(crate) fn commands(&mut self) -> anyhow::Result<usize> {
        self.find("stats", "total_commands_processed:")
    }

    /// Bytes that it got.
    fn bytes(&mut self) -> anyhow::Result<usize> {
        self.find("stats", "total_net_input_bytes:")
    }

    /// What asking for them costs: at times others ask for something meanwhile.
    fn asking(&mut self) -> anyhow::Result<usize> {
        let mut least = usize::MAX;
        for _ in 0..20 {
            let before = self.bytes()?;
            least = least.min(self.bytes()? - before);
        }
        Ok(least)
    }

    fn find(&mut self, section: &str, name: &str) -> anyhow::Result<usize> {
        let info: String = redis::cmd("INFO").arg(section).query(&mut self.0)?;
        let line = info.lines().find_map(|line| line.strip_prefix(name));
        let number = line.and_then(|line| line.split(',').next());
        Ok(number.with_context(|| format!("Redis does not count `{name}`"))?.trim().parse()?)
    }
}
