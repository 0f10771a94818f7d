//! The flows that are here: which component is current for each name, and components that are ready to run by
//! their digest. Open conversations ask by digest; new ones by name.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::join_all;
use tokio::sync::{Mutex as TurnByTurn, OnceCell, Semaphore};

use crate::fault::{Fault, GuestFault};
use crate::flow::{FlowInfo, Offer, Offers};
use crate::model::{Digest, FlowName};
use crate::ports::{Deploy, Store, StoreError};
use crate::wasm::{LoadError, Ready, Sandbox, Shelf};

/// The code of components that are not current: half of what the current ones may have, and so many times the largest file
/// at least. More pushes out the least recently used; it is taken from the cache, or compiled, when it is needed again.
const SHELF: usize = 8;

/// Components that are fetched from the store and loaded at once.
const LOADS: usize = 4;

/// How long a component waits for room for its code, before it is tried again later.
const ROOM: Duration = Duration::from_secs(60);

/// Why a component did not become current. The last good one stays.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The component is at fault.
    #[error(transparent)]
    Component(LoadError),
    /// The host is at fault; trying again may help.
    #[error("{0}")]
    Host(String),
}

impl From<LoadError> for Refused {
    fn from(error: LoadError) -> Self {
        match error {
            LoadError::Host(reason) => Self::Host(reason),
            error => Self::Component(error),
        }
    }
}

impl From<StoreError> for Refused {
    fn from(error: StoreError) -> Self {
        Self::Host(error.to_string())
    }
}

type Cell = Arc<OnceCell<Arc<Ready>>>;

#[derive(Default)]
struct Inner {
    current: BTreeMap<FlowName, Arc<Ready>>,
    offers: Arc<Offers>,
    cells: HashMap<Digest, (Cell, u64)>,
    uses: u64,
    /// What is current elsewhere and cannot run here.
    unfit: BTreeMap<FlowName, Digest>,
    /// What somebody is taking up.
    loading: BTreeSet<Digest>,
    /// How many make each flow ready.
    awaited: BTreeMap<FlowName, usize>,
}

impl Inner {
    /// Makes a component current here, if all current code still fits.
    fn take_up(&mut self, flow: &FlowName, ready: &Arc<Ready>, most: usize) -> Result<Option<Arc<Ready>>, LoadError> {
        self.room_for(flow, ready, most)?;
        self.unfit.remove(flow);
        // It is counted among the current ones.
        drop(ready.shelve(None));
        let before = self.current.insert(flow.clone(), ready.clone());
        Ok(before.filter(|before| !self.is_current(&before.digest)))
    }

    fn room_for(&self, flow: &FlowName, ready: &Ready, most: usize) -> Result<(), LoadError> {
        let others = self.current.iter().filter(|(other, _)| *other != flow);
        // Two names for the same component share its code.
        let others: BTreeMap<_, _> = others.map(|(_, ready)| (&ready.digest, ready.size)).collect();
        if others.contains_key(&ready.digest) {
            return Ok(());
        }
        let left = most.saturating_sub(others.values().sum());
        if ready.size <= left { Ok(()) } else { Err(LoadError::NoRoom { got: ready.size, left }) }
    }

    /// Lets go of what is current here, and gives its room to what had none.
    fn end(&mut self, flow: &FlowName) -> Option<Arc<Ready>> {
        self.unfit.clear();
        let gone = self.current.remove(flow).filter(|gone| !self.is_current(&gone.digest))?;
        // Whoever is still on it takes it from the cache.
        self.cells.remove(&gone.digest);
        Some(gone)
    }

    fn is_current(&self, digest: &Digest) -> bool {
        self.current.values().any(|ready| ready.digest == *digest)
    }

    fn renew_offers(&mut self, default: Option<&FlowName>) {
        let offer = |(name, ready): (&FlowName, &Arc<Ready>)| {
            let FlowInfo { title, summary, triggers, .. } = ready.info.clone();
            (name.clone(), Offer { digest: ready.digest.clone(), title, summary, triggers })
        };
        let flows = self.current.iter().map(offer).collect();
        let awaited = self.awaited.keys().filter(|flow| !self.current.contains_key(*flow)).cloned().collect();
        self.offers = Arc::new(Offers { flows, default: default.cloned(), awaited, ..Offers::default() });
    }
}

/// A digest among those that are being taken up, until this is dropped.
struct Loading<'a>(&'a Catalog, Digest);

impl Drop for Loading<'_> {
    fn drop(&mut self) {
        self.0.inner().loading.remove(&self.1);
        self.0.shelf.look_again();
    }
}

/// A flow that is made ready, until this is dropped: whoever wants to start it is told so.
#[must_use]
pub struct Awaited<'a>(&'a Catalog, FlowName);

impl Drop for Awaited<'_> {
    fn drop(&mut self) {
        self.0.change(|inner| {
            if let Some(count) = inner.awaited.get_mut(&self.1) {
                *count -= 1;
                if *count == 0 {
                    inner.awaited.remove(&self.1);
                }
            }
        });
    }
}

/// The flows of one host.
pub struct Catalog {
    sandbox: Arc<Sandbox>,
    store: Arc<dyn Store>,
    default: Option<FlowName>,
    inner: Mutex<Inner>,
    shelf: Arc<Shelf>,
    loads: Semaphore,
    /// Held while a component is deployed: two would fit where there is room for one.
    deploying: TurnByTurn<()>,
}

impl Catalog {
    /// An empty catalog. `default` is the flow that takes what no other takes, once it is there.
    pub fn new(sandbox: Arc<Sandbox>, store: Arc<dyn Store>, default: Option<FlowName>) -> Self {
        let shelf = Shelf::new((sandbox.bounds().code / 2).max(SHELF * sandbox.bounds().component));
        let (loads, deploying) = (Semaphore::new(LOADS), TurnByTurn::new(()));
        Self { sandbox, store, default, inner: Mutex::default(), shelf, loads, deploying }
    }

    /// Notes that a flow is made ready.
    pub fn awaits(&self, flow: &FlowName) -> Awaited<'_> {
        self.change(|inner| *inner.awaited.entry(flow.clone()).or_default() += 1);
        Awaited(self, flow.clone())
    }

    /// Deploys a component of this digest for all hosts, if it is good, and takes it up. Answers what is current then.
    pub async fn offer(
        &self,
        flow: &FlowName,
        digest: Digest,
        bytes: Vec<u8>,
        deploy: Deploy,
    ) -> Result<Option<Digest>, Refused> {
        let bytes = Bytes::from(bytes);
        let cell = self.cell(&digest);
        let _loading = self.begin_loading(&digest);
        let load = || self.load(bytes.clone());
        let ready = match cell.get_or_try_init(load).await {
            Ok(ready) => ready,
            Err(error) => {
                let mut inner = self.inner();
                // Somebody else may have tried it once more, and it went well.
                if inner.cells.get(&digest).is_some_and(|(cell, _)| !cell.initialized()) {
                    inner.cells.remove(&digest);
                }
                return Err(error.into());
            }
        };
        let _turn = self.deploying.lock().await;
        self.inner().room_for(flow, ready, self.most_code())?;
        let current = self.store.put_component(flow, &bytes, deploy).await?;
        self.inner().unfit.remove(flow);
        self.look().await.map_err(|fault| Refused::Host(fault.to_string()))?;
        Ok(current)
    }

    /// Takes up what is current by the store, for all hosts offer the same. What must be loaded first is loaded side by
    /// side, and taken up as it comes. Where a component cannot run here, which is logged once, the last good one stays. An
    /// error is worth another try; the other flows are taken up all the same.
    ///
    /// Can be called again while it runs: what another call loads is left to that one.
    pub async fn follow(&self) -> Result<(), Fault> {
        let take_up = |(flow, digest)| async move {
            let _loading = self.begin_loading(&digest)?;
            let _awaited = self.awaits(&flow);
            match self.ready(&digest).await {
                // Only now it is known whether that is still current.
                Ok(_) => self.look().await.err(),
                Err(Fault::Guest(error)) => {
                    self.cannot_run(flow, digest.clone(), &error.to_string());
                    None
                }
                Err(fault) => Some(fault),
            }
        };
        let missing = self.look().await?;
        let failed = join_all(missing.into_iter().map(take_up)).await.into_iter().flatten().next();
        failed.map_or(Ok(()), Err)
    }

    /// Takes up what is current by the store and loaded. Answers the rest.
    async fn look(&self) -> Result<Vec<(FlowName, Digest)>, Fault> {
        let current: BTreeMap<_, _> = self.store.current().await?.into_iter().collect();
        let here = self.all();
        for flow in here.keys().filter(|flow| !current.contains_key(flow)) {
            let gone = self.change(|inner| inner.end(flow));
            self.shelve(gone);
            tracing::info!(%flow, "flow removed; its open conversations go on");
        }
        let mut missing = Vec::new();
        for (flow, digest) in current {
            let before = here.get(&flow).map(|ready| &ready.digest);
            if before == Some(&digest) || self.inner().unfit.get(&flow) == Some(&digest) {
                continue;
            }
            let Some(ready) = self.loaded(&digest) else {
                missing.push((flow, digest));
                continue;
            };
            let most = self.most_code();
            match self.change(|inner| inner.take_up(&flow, &ready, most)) {
                Ok(former) => self.shelve(former),
                Err(error) => {
                    self.cannot_run(flow, digest, &error.to_string());
                    continue;
                }
            }
            let (version, digest) = (&ready.info.version, digest.short());
            match before {
                None => tracing::info!(%flow, version, digest, "flow loaded"),
                Some(before) => tracing::info!(%flow, version, digest, before = before.short(), "flow swapped"),
            }
        }
        Ok(missing)
    }

    fn cannot_run(&self, flow: FlowName, digest: Digest, error: &str) {
        let mut inner = self.inner();
        let stays = if inner.current.contains_key(&flow) { "its last good one stays" } else { "it is not on offer" };
        tracing::error!(%flow, digest = digest.short(), error, "the current version cannot run on this host; {stays}");
        inner.unfit.insert(flow, digest);
    }

    fn most_code(&self) -> usize {
        self.sandbox.bounds().code
    }

    fn begin_loading(&self, digest: &Digest) -> Option<Loading<'_>> {
        self.inner().loading.insert(digest.clone()).then(|| Loading(self, digest.clone()))
    }

    fn loaded(&self, digest: &Digest) -> Option<Arc<Ready>> {
        self.inner().cells.get(digest).and_then(|(cell, _)| cell.get().cloned())
    }

    /// Makes a component current that this catalog's sandbox has loaded before, without asking or telling the store:
    /// for tests, which restart the engine often.
    pub fn adopt(&self, flow: &FlowName, ready: Arc<Ready>) {
        let cell = Arc::new(OnceCell::new_with(Some(ready.clone())));
        self.change(|inner| {
            inner.cells.insert(ready.digest.clone(), (cell, 0));
            inner.current.insert(flow.clone(), ready);
        });
    }

    /// The component of a conversation, compiled again if need be.
    pub async fn ready(&self, digest: &Digest) -> Result<Arc<Ready>, Fault> {
        let cell = self.cell(digest);
        let load = || async {
            let Ok(_load) = self.loads.acquire().await else { unreachable!("the semaphore is never closed") };
            let Some(bytes) = self.store.component(digest).await? else {
                return Err(lost(digest, "the store does not have it"));
            };
            self.load(bytes.into()).await.map_err(|error| match error {
                LoadError::Host(reason) => Fault::Host(reason),
                error => lost(digest, &error.to_string()),
            })
        };
        if let Some(ready) = cell.get() {
            return Ok(ready.clone());
        }
        cell.get_or_try_init(load).await.cloned()
    }

    /// Takes a component into this process, once there is room for its code.
    async fn load(&self, bytes: Bytes) -> Result<Arc<Ready>, LoadError> {
        let fits = |size| {
            let most = self.shelf.each();
            if size <= most { Ok(()) } else { Err(LoadError::TooMuchCode { got: size, most }) }
        };
        let prepared = self.sandbox.prepare(bytes).await?;
        let mut room = None;
        if let Some(size) = prepared.size {
            fits(size)?;
            // What is read is not in its place yet.
            let twice = 2 * size;
            let take = self.shelf.take(twice, || self.make_room(twice));
            let Ok(taken) = tokio::time::timeout(ROOM, take).await else {
                return Err(LoadError::Host(
                    "no room for its code: conversations on former versions need all".to_owned(),
                ));
            };
            room = Some(taken);
        }
        let ready = self.sandbox.finish(prepared).await?;
        fits(ready.size)?;
        let mut room = room.unwrap_or_else(|| self.shelf.force(ready.size));
        room.shrink(ready.size);
        ready.shelve(Some(room));
        Ok(Arc::new(ready))
    }

    /// Counts what is current no more, for as long as somebody is on it.
    fn shelve(&self, gone: Option<Arc<Ready>>) {
        if let Some(gone) = gone {
            gone.shelve(Some(self.shelf.force(gone.size)));
        }
        self.make_room(0);
        self.shelf.look_again();
    }

    /// The flows that can be started.
    pub fn offers(&self) -> Arc<Offers> {
        self.inner().offers.clone()
    }

    /// The flow's current component.
    pub fn current(&self, flow: &FlowName) -> Option<Arc<Ready>> {
        self.inner().current.get(flow).cloned()
    }

    /// All current components.
    pub fn all(&self) -> BTreeMap<FlowName, Arc<Ready>> {
        self.inner().current.clone()
    }

    /// Changes what is current or awaited, and what is on offer with it.
    fn change<T>(&self, change: impl FnOnce(&mut Inner) -> T) -> T {
        let mut inner = self.inner();
        let changed = change(&mut inner);
        inner.renew_offers(self.default.as_ref());
        changed
    }

    fn cell(&self, digest: &Digest) -> Cell {
        let mut inner = self.inner();
        inner.uses += 1;
        let uses = inner.uses;
        if let Some((cell, used)) = inner.cells.get_mut(digest) {
            *used = uses;
            return cell.clone();
        }
        let cell = Cell::default();
        inner.cells.insert(digest.clone(), (cell.clone(), uses));
        cell
    }

    /// Lets go of compiled code that was not used for longest, until so much is free on the shelf. An instance keeps what it
    /// runs.
    fn make_room(&self, bytes: usize) {
        let mut inner = self.inner();
        if self.shelf.has(bytes) {
            return;
        }
        let current: BTreeSet<_> = inner.current.values().map(|ready| ready.digest.clone()).collect();
        let idle =
            inner.cells.iter().filter(|(digest, _)| !current.contains(digest) && !inner.loading.contains(digest));
        let idle = idle.filter(|(_, (cell, _))| cell.initialized());
        let mut idle: Vec<_> = idle.map(|(digest, (_, used))| (*used, digest.clone())).collect();
        idle.sort_unstable();
        for (_, digest) in idle {
            if self.shelf.has(bytes) {
                break;
            }
            inner.cells.remove(&digest);
        }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        // Nothing between lock and unlock can panic and leave the maps half changed.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn lost(digest: &Digest, why: &str) -> Fault {
    GuestFault::ComponentLost(digest.short().to_owned(), why.to_owned()).into()
}
