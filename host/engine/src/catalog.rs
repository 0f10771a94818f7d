//! The flows that are here: which component is current for each name, and components that are ready to run by
//! their digest. Open conversations ask by digest; new ones by name.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::OnceCell;

use crate::fault::{Fault, GuestFault};
use crate::flow::{FlowInfo, Offer, Offers};
use crate::model::{Digest, FlowName};
use crate::ports::{Store, StoreError};
use crate::wasm::{LoadError, Ready, Sandbox};

/// How many components are kept ready besides the current ones. One more pushes out the least recently used; it is
/// compiled again when it is needed.
const KEPT: usize = 64;

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

/// What became of an offered component.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Swap {
    /// It was current before.
    Same,
    /// It is current now.
    Now {
        /// What was current before.
        before: Option<Digest>,
        /// What is current now.
        digest: Digest,
        /// What it says of itself.
        info: FlowInfo,
    },
}

type Cell = Arc<OnceCell<Arc<Ready>>>;

#[derive(Default)]
struct Inner {
    current: BTreeMap<FlowName, Arc<Ready>>,
    offers: Arc<Offers>,
    cells: HashMap<Digest, (Cell, u64)>,
    uses: u64,
}

/// The flows of one host.
pub struct Catalog {
    sandbox: Arc<Sandbox>,
    store: Arc<dyn Store>,
    default: Option<FlowName>,
    inner: Mutex<Inner>,
}

impl Catalog {
    /// An empty catalog. `default` is the flow that takes what no other takes, once it is there.
    pub fn new(sandbox: Arc<Sandbox>, store: Arc<dyn Store>, default: Option<FlowName>) -> Self {
        Self { sandbox, store, default, inner: Mutex::default() }
    }

    /// Makes a component the flow's current one, if it is good.
    pub async fn offer(&self, flow: &FlowName, bytes: Vec<u8>) -> Result<Swap, Refused> {
        let digest = Digest::of(&bytes);
        let before = self.current(flow);
        if before.as_ref().is_some_and(|ready| ready.digest == digest) {
            return Ok(Swap::Same);
        }
        let cell = self.cell(&digest);
        let load = || async { self.sandbox.load(bytes.clone()).await.map(Arc::new) };
        let ready = match cell.get_or_try_init(load).await {
            Ok(ready) => ready.clone(),
            Err(error) => {
                self.inner().cells.remove(&digest);
                return Err(error.into());
            }
        };
        self.store.put_component(flow, &bytes).await?;
        let info = ready.info.clone();
        self.set(flow, Some(ready));
        Ok(Swap::Now { before: before.map(|ready| ready.digest.clone()), digest, info })
    }

    /// Makes a component current that this catalog's sandbox has loaded before, without asking or telling the store:
    /// for tests, which restart the engine often.
    pub fn adopt(&self, flow: &FlowName, ready: Arc<Ready>) {
        let cell = Arc::new(OnceCell::new_with(Some(ready.clone())));
        self.inner().cells.insert(ready.digest.clone(), (cell, 0));
        self.set(flow, Some(ready));
    }

    /// The flow can no longer be started; its open conversations go on.
    pub async fn withdraw(&self, flow: &FlowName) -> Result<(), StoreError> {
        self.store.drop_current(flow).await?;
        self.set(flow, None);
        Ok(())
    }

    /// Takes up a flow's last good component from the store: after a restart, where the folder has a bad one.
    /// Answers whether there is one.
    pub async fn restore(&self, flow: &FlowName) -> Result<bool, Fault> {
        let current = self.store.current().await?;
        let Some((_, digest)) = current.into_iter().find(|(name, _)| name == flow) else { return Ok(false) };
        let ready = self.ready(&digest).await?;
        self.set(flow, Some(ready));
        Ok(true)
    }

    /// The component of a conversation, compiled again if need be.
    pub async fn ready(&self, digest: &Digest) -> Result<Arc<Ready>, Fault> {
        let cell = self.cell(digest);
        let load = || async {
            let Some(bytes) = self.store.component(digest).await? else {
                return Err(lost(digest, "the store does not have it"));
            };
            let ready = self.sandbox.load(bytes).await.map_err(|error| match error {
                LoadError::Host(reason) => Fault::Host(reason),
                error => lost(digest, &error.to_string()),
            })?;
            Ok(Arc::new(ready))
        };
        cell.get_or_try_init(load).await.cloned()
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

    fn set(&self, flow: &FlowName, ready: Option<Arc<Ready>>) {
        let mut inner = self.inner();
        match ready {
            Some(ready) => inner.current.insert(flow.clone(), ready),
            None => inner.current.remove(flow),
        };
        let offer = |(name, ready): (&FlowName, &Arc<Ready>)| {
            let FlowInfo { title, summary, triggers, .. } = ready.info.clone();
            (name.clone(), Offer { digest: ready.digest.clone(), title, summary, triggers })
        };
        let flows = inner.current.iter().map(offer).collect();
        inner.offers = Arc::new(Offers { flows, default: self.default.clone() });
    }

    fn cell(&self, digest: &Digest) -> Cell {
        let mut inner = self.inner();
        inner.uses += 1;
        let uses = inner.uses;
        if let Some((cell, used)) = inner.cells.get_mut(digest) {
            *used = uses;
            return cell.clone();
        }
        if inner.cells.len() >= KEPT + inner.current.len() {
            let current: Vec<_> = inner.current.values().map(|ready| ready.digest.clone()).collect();
            let idle = inner.cells.iter().filter(|(digest, _)| !current.contains(digest));
            if let Some(oldest) = idle.min_by_key(|(_, (_, used))| *used).map(|(digest, _)| digest.clone()) {
                inner.cells.remove(&oldest);
            }
        }
        let cell = Cell::default();
        inner.cells.insert(digest.clone(), (cell.clone(), uses));
        cell
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        // Nothing between lock and unlock can panic and leave the maps half changed.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn lost(digest: &Digest, why: &str) -> Fault {
    GuestFault::ComponentLost(digest.short().to_owned(), why.to_owned()).into()
}
