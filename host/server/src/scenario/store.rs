//! Where scenarios keep what they store, and what a dead host leaves of it.

use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;

use pesto_engine::engine::LEASE;
use pesto_engine::failpoint::Failpoints;
use pesto_engine::memory::MemoryStore;
use pesto_engine::ports::Store;
use pesto_engine::scripted::ManualClock;
use tempfile::TempDir;
use uuid::Uuid;

use crate::config::Secret;
use crate::redis::{Options, RedisStore, TimeSource};
use crate::store::{EmbeddedStore, FILE};

/// A conversation lies in one shard. Hosts look at the others, too, and a few are as good as many.
const SHARDS: u16 = 4;

/// A kind of store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreKind {
    /// In memory: the fastest.
    Memory,
    /// In a file, as a host has it by default. Each conversation gets a temporary folder.
    Embedded,
    /// In an empty database of a Redis. Each conversation gets keys of its own.
    Redis(Secret),
}

impl FromStr for StoreKind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "memory" => Ok(Self::Memory),
            "embedded" => Ok(Self::Embedded),
            url if ["redis://", "unix://", "redis+unix://"].iter().any(|scheme| url.starts_with(scheme)) => {
                Ok(Self::Redis(Secret::new(url.to_owned())))
            }
            _ => Err("write `memory`, `embedded`, or the URL of an empty database in Redis, such as \
                      redis://HOST:6379/9 or unix:///PATH"
                .to_owned()),
        }
    }
}

/// A store in use, and what lies under it.
pub(super) enum Kept {
    Memory(Arc<MemoryStore>),
    Embedded(TempDir, Arc<EmbeddedStore>),
    Redis(Options, Arc<RedisStore>),
}

impl Kept {
    /// A store with nothing in it. One in Redis has failpoints around its own steps, too.
    pub(super) async fn fresh(
        kind: &StoreKind,
        clock: &Arc<ManualClock>,
        points: &Arc<Failpoints>,
    ) -> anyhow::Result<Self> {
        match kind {
            StoreKind::Memory => Ok(Self::Memory(Arc::new(MemoryStore::new(clock.clone())))),
            StoreKind::Embedded => Self::open(TempDir::new()?, clock).await,
            StoreKind::Redis(url) => {
                let prefix = Uuid::new_v4().simple().to_string();
                let options =
                    Options { prefix, shards: SHARDS, time: TimeSource::Host, ..Options::new(url.clone().into()) };
                Self::connect(options, clock, points).await
            }
        }
    }

    pub(super) fn store(&self) -> Arc<dyn Store> {
        match self {
            Self::Memory(store) => store.clone(),
            Self::Embedded(_, store) => store.clone(),
            Self::Redis(_, store) => store.clone(),
        }
    }

    /// Opens what a host that dies at this moment leaves behind.
    pub(super) async fn crash(&mut self, clock: &Arc<ManualClock>, points: &Arc<Failpoints>) -> anyhow::Result<()> {
        match self {
            Self::Memory(store) => store.reopen(),
            // Closing would tidy the files up, so what a dead process leaves is copied while the store is still open.
            Self::Embedded(folder, _) => *self = Self::open(copy(folder.path())?, clock).await?,
            // The next host has another name, and what the dead one held is free when its leases ran out.
            Self::Redis(options, _) => {
                clock.advance(LEASE);
                *self = Self::connect(options.clone(), clock, points).await?;
            }
        }
        Ok(())
    }

    async fn open(folder: TempDir, clock: &Arc<ManualClock>) -> anyhow::Result<Self> {
        let (path, clock) = (folder.path().to_owned(), clock.clone());
        // The disk is waited for apart, for other conversations go on meanwhile.
        let store = tokio::task::spawn_blocking(move || EmbeddedStore::open(&path, clock)).await??;
        Ok(Self::Embedded(folder, Arc::new(store)))
    }

    async fn connect(options: Options, clock: &Arc<ManualClock>, points: &Arc<Failpoints>) -> anyhow::Result<Self> {
        let options = Options { points: Some(points.clone()), ..options };
        // What its settings may lose when Redis crashes is no matter here: it does not.
        let (store, _) = RedisStore::connect(options.clone(), clock.clone()).await?;
        Ok(Self::Redis(options, Arc::new(store)))
    }
}

fn copy(folder: &Path) -> std::io::Result<TempDir> {
    let left = TempDir::new()?;
    for file in [FILE.to_owned(), format!("{FILE}-wal")] {
        std::fs::copy(folder.join(&file), left.path().join(&file))?;
    }
    Ok(left)
}
