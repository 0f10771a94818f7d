//! Keeps the catalog in step with the flows folder.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Context as _;
use pesto_engine::catalog::{Refused, Swap};
use pesto_engine::engine::Engine;
use pesto_engine::model::FlowName;
use pesto_engine::policy::Bounds;
use pesto_engine::wasm::Sandbox;

use crate::app;
use crate::config::Config;
use crate::watch::{self, Found, Watch};

/// How often the folder is scanned without a notice: file systems lose notices.
const SWEEP: Duration = Duration::from_secs(5);

/// Why files in the folder are not flows, by file name.
#[derive(Debug, Clone, Default)]
pub struct Refusals(Arc<Mutex<BTreeMap<String, String>>>);

impl Refusals {
    /// All of them, sorted.
    pub fn list(&self) -> Vec<(String, String)> {
        self.map(|map| map.clone().into_iter().collect())
    }

    fn map<T>(&self, act: impl FnOnce(&mut BTreeMap<String, String>) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// A state of a file, as [`Found::change`] has it, and its size.
type Stamp = (u64, (u64, i64, i64));

/// The deploy folder of a host.
pub struct Folder {
    path: PathBuf,
    engine: Arc<Engine>,
    /// What each file looked like when it was offered.
    seen: BTreeMap<PathBuf, Stamp>,
    refusals: Refusals,
}

impl Folder {
    /// A folder that is not looked at yet.
    pub fn new(path: &Path, engine: Arc<Engine>) -> Self {
        Self { path: path.to_owned(), engine, seen: BTreeMap::new(), refusals: Refusals::default() }
    }

    /// Where refusals can be read.
    pub fn refusals(&self) -> Refusals {
        self.refusals.clone()
    }

    /// Brings the catalog in step, then and whenever the folder changes.
    pub async fn follow(mut self) -> anyhow::Result<()> {
        let (_watch, mut notices) = Watch::start(&self.path)?;
        loop {
            if let Err(error) = self.sync().await {
                tracing::error!("the flows folder could not be read: {error:#}");
            }
            tokio::select! {
                notice = notices.recv() => notice.context("the watch of the flows folder ended")?,
                () = tokio::time::sleep(SWEEP) => {}
            }
        }
    }

    /// Brings the catalog in step with what is in the folder now.
    pub async fn sync(&mut self) -> anyhow::Result<()> {
        let path = self.path.clone();
        let found = tokio::task::spawn_blocking(move || watch::scan(&path)).await??;
        let mut present = BTreeSet::new();
        let paths: BTreeSet<_> = found.iter().map(|file| file.path.clone()).collect();
        for file in found {
            if let Some(flow) = self.look(file).await {
                present.insert(flow);
            }
        }
        self.seen.retain(|path, _| paths.contains(path));
        let names: BTreeSet<_> = paths.iter().map(|path| file_name(path)).collect();
        self.refusals.map(|map| map.retain(|name, _| names.contains(name)));
        self.withdraw(&present).await
    }

    /// Offers a file if it changed. Answers its flow's name, if it has one.
    async fn look(&mut self, file: Found) -> Option<FlowName> {
        let stamp = (file.size, file.change);
        let changed = self.seen.insert(file.path.clone(), stamp) != Some(stamp);
        let name = file_name(&file.path);
        let flow = match file.name {
            Ok(flow) => flow,
            Err(error) => {
                if changed {
                    self.refuse(&name, "bad-name", &format!("{error}; rename the file"));
                }
                return None;
            }
        };
        if changed {
            self.offer(&flow, &file.path, &name, file.size).await;
        }
        Some(flow)
    }

    async fn offer(&mut self, flow: &FlowName, path: &Path, name: &str, size: u64) {
        let (from, most) = (path.to_owned(), self.engine.bounds().component);
        let bytes = match tokio::task::spawn_blocking(move || read(&from, size, most)).await {
            Ok(Ok(bytes)) => bytes,
            Ok(Err(error)) => return self.again(path, name, &error.to_string()),
            Err(error) => return self.again(path, name, &error.to_string()),
        };
        match self.engine.catalog.offer(flow, bytes).await {
            Ok(Swap::Same) => self.refusals.map(|map| drop(map.remove(name))),
            Ok(Swap::Now { before, digest, info }) => {
                self.refusals.map(|map| drop(map.remove(name)));
                let (version, digest) = (info.version, digest.short());
                match before {
                    None => tracing::info!(%flow, version, digest, "flow loaded"),
                    Some(before) => tracing::info!(%flow, version, digest, before = before.short(), "flow swapped"),
                }
            }
            Err(Refused::Component(error)) => {
                self.refuse(name, error.name(), &error.to_string());
                self.fall_back(flow).await;
            }
            Err(Refused::Host(reason)) => self.again(path, name, &reason),
        }
    }

    /// After a restart the catalog is empty, and the last good version is in the store alone.
    async fn fall_back(&self, flow: &FlowName) {
        if self.engine.catalog.current(flow).is_some() {
            return;
        }
        match self.engine.catalog.restore(flow).await {
            Ok(true) => tracing::info!(%flow, "the last good version stays"),
            Ok(false) => {}
            Err(error) => tracing::error!(%flow, %error, "the last good version could not be taken up"),
        }
    }

    /// Something of ours failed: the file is looked at again with the next scan.
    fn again(&mut self, path: &Path, name: &str, reason: &str) {
        self.seen.remove(path);
        tracing::error!(file = name, reason, "a component could not be taken up; trying again");
    }

    fn refuse(&self, name: &str, error: &str, reason: &str) {
        tracing::warn!(file = name, error, "component refused: {reason}");
        self.refusals.map(|map| map.insert(name.to_owned(), format!("{error}: {reason}")));
    }

    async fn withdraw(&self, present: &BTreeSet<FlowName>) -> anyhow::Result<()> {
        // What the store has from before a restart counts too: its file may have gone while the host was down.
        let stored = self.engine.ports().store.current().await?;
        let gone: BTreeSet<_> =
            stored.into_iter().map(|(flow, _)| flow).filter(|flow| !present.contains(flow)).collect();
        for flow in gone {
            self.engine.catalog.withdraw(&flow).await?;
            tracing::info!(%flow, "flow removed; its open conversations go on");
        }
        Ok(())
    }
}

/// Tries the files as a host would that has just begun, with none of their versions in its store. Answers the names and
/// reasons of those that it would refuse.
pub async fn refused(found: &[Found], config: &Config) -> anyhow::Result<Vec<(String, String)>> {
    // Nothing is run but descriptions, one after the other.
    let bounds = Bounds { turns_in_flight: 1, ..app::bounds(config)? };
    let most = bounds.component;
    let sandbox = Sandbox::new(Arc::new(bounds)).map_err(|error| anyhow::anyhow!("no sandbox: {error:#}"))?;
    let mut refused = Vec::new();
    for Found { name, path, size, .. } in found {
        let reason = match (name, read(path, *size, most)) {
            (Err(error), _) => Some(format!("{error}; rename the file")),
            (_, Err(error)) => Some(error.to_string()),
            (_, Ok(bytes)) => sandbox.load(bytes).await.err().map(|error| format!("{}: {error}", error.name())),
        };
        refused.extend(reason.map(|reason| (file_name(path), reason)));
    }
    Ok(refused)
}

/// A component's bytes, and one more at most where there are more than `most`: beyond the bound the rest tells nothing
/// more, and could fill the memory.
fn read(path: &Path, size: u64, most: usize) -> io::Result<Vec<u8>> {
    let most = most as u64 + 1;
    let mut bytes = Vec::with_capacity(usize::try_from(size.min(most)).unwrap_or_default());
    std::fs::File::open(path)?.take(most).read_to_end(&mut bytes).map(|_| bytes)
}

/// A file's name, without its folder.
pub(crate) fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}
