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
use tokio::sync::Semaphore;
use tokio::task::{JoinError, JoinSet};
use tokio::time::Instant;

use crate::app;
use crate::build::Judge;
use crate::config::Config;
use crate::rollout::{self, Authority, Look};
use crate::watch::{self, Found, Watch};

/// How often the folder is scanned without a notice: file systems lose notices.
const SWEEP: Duration = Duration::from_secs(5);

/// How long reading the folder, or a file of it, may take before it is said.
const SLOW: Duration = Duration::from_secs(10);

/// How long it takes at least to take up what is loaded.
const LOADED: Duration = Duration::from_secs(1);

/// Files read at once. One whose read blocks, as on a file server that is away, keeps its thread.
const READS: usize = 64;

/// What large files may have in memory together until each is taken up, in KiB; one of them at least goes in.
const ROOM: u32 = 128 << 10;

/// A file of so many KiB is not large, and waits behind no large one.
const SMALL: u64 = 2 << 10;

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
    authority: Authority,
    hand: Hand,
    /// What each file was when it was looked at last; none before the first look.
    seen: Option<BTreeMap<PathBuf, Look>>,
    /// Files that are being taken up, side by side: as each was looked at, with what became of it.
    jobs: JoinSet<(PathBuf, Look)>,
    under_way: BTreeSet<PathBuf>,
    /// What was advised of the flows that are current: it is said once.
    advised: BTreeSet<String>,
}

/// What it takes to take a file up.
#[derive(Clone)]
struct Hand {
    engine: Arc<Engine>,
    refusals: Refusals,
    reads: Arc<Semaphore>,
    room: Arc<Semaphore>,
}

impl Folder {
    /// A folder that is not looked at yet.
    pub fn new(path: &Path, authority: Authority, engine: Arc<Engine>) -> Self {
        let room = Arc::new(Semaphore::new(ROOM as usize));
        let hand = Hand { engine, refusals: Refusals::default(), reads: Arc::new(Semaphore::new(READS)), room };
        let (jobs, under_way, advised) = (JoinSet::new(), BTreeSet::new(), BTreeSet::new());
        Self { path: path.to_owned(), authority, hand, seen: None, jobs, under_way, advised }
    }

    /// Where refusals can be read.
    pub fn refusals(&self) -> Refusals {
        self.hand.refusals.clone()
    }

    /// Keeps folder, store and catalog in step.
    pub async fn follow(mut self) -> anyhow::Result<()> {
        let (_watch, mut notices) = Watch::start(&self.path)?;
        let store = self.hand.engine.ports().store.clone();
        // What another host deployed is compiled here while the rest is followed.
        let mut following = JoinSet::new();
        let (mut scan, mut follow) = (true, true);
        let mut sweep = Instant::now() + SWEEP;
        loop {
            if scan && let Err(error) = self.scan().await {
                tracing::error!("the flows could not be brought up to date, trying again: {error:#}");
            }
            if follow {
                let engine = self.hand.engine.clone();
                following.spawn(async move { engine.catalog.follow().await });
            }
            (scan, follow) = tokio::select! {
                notice = notices.recv() => {
                    notice.context("the watch of the flows folder ended")?;
                    (true, true)
                }
                () = store.components_changed() => (false, true),
                // The file may have changed again, or gone; one that could not be taken up is tried later.
                Some(job) = self.jobs.join_next() => (self.ended(job)?, true),
                Some(followed) = following.join_next() => {
                    if let Err(error) = followed? {
                        tracing::error!("the flows could not be brought up to date, trying again: {error}");
                    }
                    self.advise();
                    (false, false)
                }
                () = tokio::time::sleep_until(sweep) => {
                    sweep = Instant::now() + SWEEP;
                    (true, true)
                }
            };
        }
    }

    /// Deploys what is new in the folder, and takes up what is current by the store. What is not done within `patience`
    /// goes on in [`follow`](Self::follow).
    pub async fn sync(&mut self, patience: Duration) -> anyhow::Result<()> {
        let until = Instant::now() + patience;
        // What was current has its room before what is new.
        if let Ok(followed) = tokio::time::timeout_at(until, self.hand.engine.catalog.follow()).await {
            followed?;
        }
        self.scan().await?;
        while let Ok(Some(job)) = tokio::time::timeout_at(until, self.jobs.join_next()).await {
            self.ended(job)?;
        }
        if !self.under_way.is_empty() {
            let files: Vec<_> = self.under_way.iter().map(|path| file_name(path)).collect();
            tracing::warn!(?files, "these files take long, and the host goes on without them until they are good");
        }
        // What is loaded already is taken up all the same.
        let until = until.max(Instant::now() + LOADED);
        match tokio::time::timeout_at(until, self.hand.engine.catalog.follow()).await {
            Ok(followed) => {
                followed?;
                self.advise();
                Ok(())
            }
            Err(_) => {
                tracing::warn!("some current flows take long, and the host goes on without them until they are good");
                Ok(())
            }
        }
    }

    /// Looks at the folder, and begins to take up what is new in it.
    async fn scan(&mut self) -> anyhow::Result<()> {
        let path = self.path.clone();
        // A folder that is away, as while another is put in its place, must not end every flow.
        let scan = if self.seen.is_some() { watch::scan_again } else { watch::scan };
        let found = tokio::time::timeout(SLOW, tokio::task::spawn_blocking(move || scan(&path))).await;
        let found = found.map_err(|_| io::Error::from(io::ErrorKind::TimedOut)).and_then(|found| found?);
        let found = found.with_context(|| {
            format!("{} cannot be read, and until it can all flows stay as they are", self.path.display())
        })?;
        let names: BTreeSet<_> = found.iter().map(|file| file_name(&file.path)).collect();
        self.hand.refusals.map(|map| map.retain(|name, _| names.contains(name)));
        let former = self.seen.take();
        let mut seen = BTreeMap::new();
        // What is small is taken up soon.
        let mut by_size: Vec<_> = found.iter().collect();
        by_size.sort_by_key(|file| file.size);
        for file in by_size {
            let before = former.as_ref().map(|former| former.get(&file.path));
            let look = rollout::look(self.authority, before, (file.size, file.change));
            if let (true, Some(Some(before))) = (self.under_way.contains(&file.path), before) {
                // First it must be known what became of it as it was.
                seen.insert(file.path.clone(), before.clone());
                continue;
            }
            if !look.done && self.under_way.insert(file.path.clone()) {
                self.jobs.spawn(self.hand.clone().take_up(file.clone(), look.clone()));
            }
            seen.insert(file.path.clone(), look);
        }
        let there: BTreeSet<_> = found.iter().map(|file| &file.path).chain(&self.under_way).cloned().collect();
        let withdrawn = self.withdraw(former.as_ref(), &there).await;
        let under_way = former.iter().flatten().filter(|(path, _)| self.under_way.contains(*path));
        for (path, look) in under_way {
            seen.entry(path.clone()).or_insert_with(|| look.clone());
        }
        self.seen = match (&withdrawn, former) {
            (Ok(()), _) => Some(seen),
            // What is gone must be found missing once more.
            (Err(_), former) => former.map(|former| former.into_iter().chain(seen).collect()),
        };
        withdrawn
    }

    /// Says what is allowed of the current flows and perhaps not meant.
    fn advise(&mut self) {
        let advice = self.hand.engine.advice();
        advice.difference(&self.advised).for_each(|advice| tracing::warn!("{advice}"));
        self.advised = advice;
    }

    /// Notes what became of a file. Answers whether that is known now.
    fn ended(&mut self, job: Result<(PathBuf, Look), JoinError>) -> anyhow::Result<bool> {
        let (path, look) = job.context("a file of the flows folder could not be looked at")?;
        self.under_way.remove(&path);
        let done = look.done;
        if let Some(seen) = &mut self.seen {
            seen.insert(path, look);
        }
        Ok(done)
    }

    /// Ends the flows whose files are gone, but for those that another host's file has taken over.
    async fn withdraw(
        &self,
        former: Option<&BTreeMap<PathBuf, Look>>,
        there: &BTreeSet<PathBuf>,
    ) -> anyhow::Result<()> {
        let store = &self.hand.engine.ports().store;
        let before: Vec<_> = match (former, self.authority) {
            (Some(former), _) => {
                former.iter().filter_map(|(path, look)| Some((watch::flow(path).ok()?, Some(look)))).collect()
            }
            // Their files may have gone while the host was down.
            (None, Authority::Folder) => store.current().await?.into_iter().map(|(flow, _)| (flow, None)).collect(),
            (None, Authority::Store) => Vec::new(),
        };
        let there: BTreeSet<_> = there.iter().filter_map(|path| watch::flow(path).ok()).collect();
        let is_there = |flow: &FlowName| there.contains(flow);
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

impl Hand {
    /// Deploys a file, or refuses it, and notes whether that is done, and not to be tried again.
    async fn take_up(self, file: Found, mut look: Look) -> (PathBuf, Look) {
        let name = file_name(&file.path);
        let flow = match &file.name {
            Ok(flow) => flow,
            Err(error) => {
                look.done = true;
                self.refuse(&name, "bad-name", &format!("{error}; rename the file"));
                return (file.path, look);
            }
        };
        let _awaited = self.engine.catalog.awaits(flow);
        match self.offer(flow, &file, look.deploy).await {
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
        (file.path, look)
    }

    /// Answers what the file holds, current or not.
    async fn offer(&self, flow: &FlowName, file: &Found, deploy: Deploy) -> Result<Digest, Refused> {
        let kib = file.size.min(self.engine.bounds().component as u64) >> 10;
        let weight = if kib <= SMALL { 0 } else { u32::try_from(kib).unwrap_or(ROOM).min(ROOM) };
        let _room = self.room.acquire_many(weight).await.map_err(|error| Refused::Host(error.to_string()))?;
        let bytes = self.read(file).await.map_err(|error| Refused::Host(error.to_string()))?;
        let digested = tokio::task::spawn_blocking(move || (Digest::of(&bytes), bytes)).await;
        let (digest, bytes) = digested.map_err(|error| Refused::Host(error.to_string()))?;
        // If it kills the host, this is the last line of its log.
        tracing::info!(%flow, file = file_name(&file.path), digest = digest.short(), bytes = bytes.len(), "a file is looked at");
        let current = self.engine.catalog.offer(flow, digest.clone(), bytes, deploy).await?;
        if current.as_ref() != Some(&digest) {
            let current = current.as_ref().map_or("none", Digest::short);
            tracing::warn!(%flow, digest = digest.short(), current, "the file is not current: another version was deployed \
                after it, or the flow was removed; touch the file, and it is deployed again");
        }
        Ok(digest)
    }

    /// Reads a file as long as it takes, and says where that is long.
    async fn read(&self, file: &Found) -> io::Result<Vec<u8>> {
        let (path, size, most) = (file.path.clone(), file.size, self.engine.bounds().component);
        let permit = self.reads.clone().acquire_owned().await.map_err(io::Error::other)?;
        let mut reading = tokio::task::spawn_blocking(move || {
            let bytes = read(&path, size, most);
            drop(permit);
            bytes
        });
        if let Ok(bytes) = tokio::time::timeout(SLOW, &mut reading).await {
            return bytes?;
        }
        self.refuse(&file_name(&file.path), "unreadable", &unread());
        reading.await?
    }

    fn refuse(&self, name: &str, error: &str, reason: &str) {
        tracing::warn!(file = name, error, "component refused: {reason}");
        self.refusals.map(|map| map.insert(name.to_owned(), format!("{error}: {reason}")));
    }
}

fn unread() -> String {
    format!("it could not be read within {} s; it is taken up if that ends", SLOW.as_secs())
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
        let (file, size) = (path.clone(), *size);
        let bytes = tokio::time::timeout(SLOW, tokio::task::spawn_blocking(move || read(&file, size, most))).await;
        let reason = match (name, bytes) {
            (Err(error), _) => format!("{error}; rename the file"),
            (_, Err(_)) => format!("unreadable: {}", unread()),
            (Ok(flow), Ok(bytes)) => match bytes? {
                Err(error) => error.to_string(),
                Ok(bytes) => match judge.describe(&bytes).await {
                    Ok(info) => {
                        described.insert(flow.clone(), info);
                        continue;
                    }
                    Err(error) => error.to_string(),
                },
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
