//! Deploys what is in the flows folder, and keeps the catalog in step with what is current.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Context as _;
use pesto_engine::catalog::Refused;
use pesto_engine::engine::Engine;
use pesto_engine::model::{Digest, FlowName};
use pesto_engine::ports::Deploy;

use crate::app;
use crate::build::Judge;
use crate::config::Config;
use crate::rollout::{self, Authority, Look};
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

/// The deploy folder of a host.
pub struct Folder {
    path: PathBuf,
    engine: Arc<Engine>,
    authority: Authority,
    /// What each file was when it was looked at last; none before the first look.
    seen: Option<BTreeMap<PathBuf, Look>>,
    refusals: Refusals,
    /// What was advised of the flows that are current: it is said once.
    advised: BTreeSet<String>,
}

impl Folder {
    /// A folder that is not looked at yet.
    pub fn new(path: &Path, authority: Authority, engine: Arc<Engine>) -> Self {
        let (refusals, advised) = (Refusals::default(), BTreeSet::new());
        Self { path: path.to_owned(), engine, authority, seen: None, refusals, advised }
    }

    /// Where refusals can be read.
    pub fn refusals(&self) -> Refusals {
        self.refusals.clone()
    }

    /// Keeps folder, store and catalog in step.
    pub async fn follow(mut self) -> anyhow::Result<()> {
        let (_watch, mut notices) = Watch::start(&self.path)?;
        let store = self.engine.ports().store.clone();
        loop {
            if let Err(error) = self.sync().await {
                tracing::error!("the flows could not be brought up to date, trying again: {error:#}");
            }
            tokio::select! {
                notice = notices.recv() => notice.context("the watch of the flows folder ended")?,
                () = store.components_changed() => {}
                () = tokio::time::sleep(SWEEP) => {}
            }
        }
    }

    /// Deploys what is new in the folder, and takes up what is current by the store.
    pub async fn sync(&mut self) -> anyhow::Result<()> {
        let path = self.path.clone();
        // A folder that is away, as while another is put in its place, must not end every flow.
        let scan = if self.seen.is_some() { watch::scan_again } else { watch::scan };
        let found = tokio::task::spawn_blocking(move || scan(&path)).await?;
        let found = found.with_context(|| {
            format!("{} cannot be read, and until it can all flows stay as they are", self.path.display())
        })?;
        let names: BTreeSet<_> = found.iter().map(|file| file_name(&file.path)).collect();
        self.refusals.map(|map| map.retain(|name, _| names.contains(name)));
        let former = self.seen.take();
        let mut seen = BTreeMap::new();
        for file in &found {
            let before = former.as_ref().map(|former| former.get(&file.path));
            let mut look = rollout::look(self.authority, before, (file.size, file.change));
            if !look.done {
                self.take_up(file, &mut look).await;
            }
            seen.insert(file.path.clone(), look);
        }
        let withdrawn = self.withdraw(former.as_ref(), &found).await;
        self.seen = match (&withdrawn, former) {
            (Ok(()), _) => Some(seen),
            // What is gone must be found missing once more.
            (Err(_), former) => former.map(|former| former.into_iter().chain(seen).collect()),
        };
        withdrawn?;
        self.engine.catalog.follow().await?;
        let advice = self.engine.advice();
        advice.difference(&self.advised).for_each(|advice| tracing::warn!("{advice}"));
        self.advised = advice;
        Ok(())
    }

    /// Deploys a file, or refuses it, and notes whether that is done, and not to be tried again.
    async fn take_up(&self, file: &Found, look: &mut Look) {
        let name = file_name(&file.path);
        let flow = match &file.name {
            Ok(flow) => flow,
            Err(error) => {
                look.done = true;
                return self.refuse(&name, "bad-name", &format!("{error}; rename the file"));
            }
        };
        match self.offer(flow, file, look.deploy).await {
            Ok(digest) => {
                look.done = true;
                look.digest = Some(digest);
                self.refusals.map(|map| drop(map.remove(&name)));
            }
            Err(Refused::Component(error)) => {
                look.done = true;
                self.refuse(&name, error.name(), &error.to_string());
            }
            Err(Refused::Host(reason)) => {
                tracing::error!(file = name, reason, "a component could not be taken up; trying again");
            }
        }
    }

    /// Answers what the file holds, current or not.
    async fn offer(&self, flow: &FlowName, file: &Found, deploy: Deploy) -> Result<Digest, Refused> {
        let (path, size, most) = (file.path.clone(), file.size, self.engine.bounds().component);
        let bytes = tokio::task::spawn_blocking(move || read(&path, size, most)).await;
        let bytes = bytes.map_err(io::Error::from).flatten().map_err(|error| Refused::Host(error.to_string()))?;
        let digest = Digest::of(&bytes);
        let current = self.engine.catalog.offer(flow, bytes, deploy).await?;
        if current.as_ref() != Some(&digest) {
            let current = current.as_ref().map_or("none", Digest::short);
            tracing::warn!(%flow, digest = digest.short(), current, "the file is not current: another version was deployed \
                after it, or the flow was removed; touch the file, and it is deployed again");
        }
        Ok(digest)
    }

    fn refuse(&self, name: &str, error: &str, reason: &str) {
        tracing::warn!(file = name, error, "component refused: {reason}");
        self.refusals.map(|map| map.insert(name.to_owned(), format!("{error}: {reason}")));
    }

    /// Ends the flows whose files are gone, but for those that another host's file has taken over.
    async fn withdraw(&self, former: Option<&BTreeMap<PathBuf, Look>>, found: &[Found]) -> anyhow::Result<()> {
        let store = &self.engine.ports().store;
        let before: Vec<_> = match (former, self.authority) {
            (Some(former), _) => {
                former.iter().filter_map(|(path, look)| Some((watch::flow(path).ok()?, Some(look)))).collect()
            }
            // Their files may have gone while the host was down.
            (None, Authority::Folder) => store.current().await?.into_iter().map(|(flow, _)| (flow, None)).collect(),
            (None, Authority::Store) => Vec::new(),
        };
        let is_there = |flow: &FlowName| found.iter().any(|file| file.name.as_ref() == Ok(flow));
        let gone: Vec<_> = before.iter().filter(|(flow, _)| !is_there(flow)).collect();
        if gone.is_empty() {
            return Ok(());
        }
        let current: BTreeMap<_, _> = store.current().await?.into_iter().collect();
        for (flow, look) in gone {
            let current = current.get(flow);
            if look.is_none_or(|look| look.ends(current)) {
                store.drop_current(flow).await?;
            } else {
                let (file, current) = (format!("{flow}.wasm"), current.map_or("none", Digest::short));
                tracing::warn!(file, %flow, current, "the file that was removed was not current, and the flow goes on: \
                    another version was deployed after it; remove that one's file, and the flow ends");
            }
        }
        Ok(())
    }
}

/// What a host would say of the files in its folder.
#[derive(Debug, Default)]
pub struct Tried {
    /// Names and reasons of those that it would refuse.
    pub refused: Vec<(String, String)>,
    /// What is allowed of the others and perhaps not meant.
    pub advice: Vec<String>,
}

/// Tries the files as a host would that has just begun, with none of their versions in its store.
pub async fn tried(found: &[Found], config: &Config) -> anyhow::Result<Tried> {
    let (judge, most) = (Judge::new(Some(config))?, app::bounds(config)?.component);
    let (mut refused, mut described) = (Vec::new(), BTreeMap::new());
    for Found { name, path, size, .. } in found {
        let reason = match (name, read(path, *size, most)) {
            (Err(error), _) => format!("{error}; rename the file"),
            (_, Err(error)) => error.to_string(),
            (Ok(flow), Ok(bytes)) => match judge.describe(&bytes).await {
                Ok(info) => {
                    described.insert(flow.clone(), info);
                    continue;
                }
                Err(error) => error.to_string(),
            },
        };
        refused.push((file_name(path), reason));
    }
    Ok(Tried { refused, advice: judge.advice(&described) })
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
