//! Composes the parts and keeps them going: the loops that claim turns, post messages, fire timers and clean up.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio::sync::{Semaphore, oneshot, watch};
use tokio::task::JoinSet;

use crate::advice::advice;
use crate::answered::Answered;
use crate::broker::Ports;
use crate::catalog::Catalog;
use crate::delay::Delays;
use crate::flow::Offers;
use crate::flow_log::FlowLog;
use crate::gauge::Gauges;
use crate::handover::Taken;
use crate::life::{Expiries, Expiry};
use crate::log_rate::LogRates;
use crate::model::{Conversation, FlowName, Millis, Person, Place, Seq};
use crate::outage::Outages;
use crate::outbox::MOST_POSTS;
use crate::policy::{Access, Bounds, Grants, InDoubt, Part};
use crate::ports::{Fence, StoreError};
use crate::wasm::{Compiling, Sandbox};

/// How long a turn's claim lasts without renewal. A host that stops for longer loses its turns to another.
pub const LEASE: Duration = Duration::from_secs(10);
/// Between two clean-ups.
const SWEEP: Millis = 600_000;

/// What the operator decides.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// What turns may use.
    pub bounds: Bounds,
    /// What flows may do.
    pub grants: Grants,
    /// Who may start flows.
    pub access: Access,
    /// What is done about calls in doubt.
    pub in_doubt: InDoubt,
    /// How long conversations may be silent.
    pub expiries: Expiries,
    /// The flow that takes what no other takes.
    pub default_flow: Option<FlowName>,
    /// Hears what flows log, for whoever holds a conversation and wants its lines; a host has its log.
    pub flow_log: Option<FlowLog>,
    /// Where components are compiled.
    pub compiling: Compiling,
}

/// In milliseconds.
pub(crate) fn length(duration: Duration) -> Millis {
    Millis::try_from(duration.as_millis()).unwrap_or(Millis::MAX)
}

pub(crate) struct RunningTurn {
    pub(crate) fence: Fence,
    pub(crate) seq: Seq,
    /// Whose event it is: the person's id.
    pub(crate) by: String,
    /// The turn leaves no trace, for the person cancelled, or the place has another owner: `true` where only the store
    /// said so.
    pub(crate) lost: oneshot::Sender<bool>,
}

/// One host's engine.
pub struct Engine {
    pub(crate) ports: Ports,
    pub(crate) bounds: Arc<Bounds>,
    pub(crate) grants: Arc<Grants>,
    pub(crate) access: Access,
    pub(crate) in_doubt: InDoubt,
    pub(crate) expiries: Expiries,
    pub(crate) flow_log: Option<FlowLog>,
    pub(crate) delays: Delays,
    pub(crate) answered: Answered,
    pub(crate) sandbox: Arc<Sandbox>,
    pub(crate) gauges: Arc<Gauges>,
    pub(crate) logs: Arc<LogRates>,
    /// The flows.
    pub catalog: Catalog,
    pub(crate) running: Mutex<HashMap<Place, RunningTurn>>,
    /// Ids of events that were not taken a moment ago, by their place.
    pub(crate) bursts: Mutex<HashMap<Place, HashSet<String>>>,
    /// For turns.
    pub(crate) room: Arc<Semaphore>,
    /// For messages, from before they are taken until it is stored what became of them.
    pub(crate) posts: Arc<Semaphore>,
    /// To the loop that does turns, once it was started.
    pub(crate) taken: OnceLock<UnboundedSender<Taken>>,
    activity: watch::Sender<u64>,
    stopping: watch::Sender<bool>,
    /// The host has no more time for turns: whatever runs or begins yet is given back.
    pub(crate) late: watch::Sender<bool>,
    pub(crate) outages: Outages,
}

/// The engine's loops. Dropping it ends them and their turns at once, as a crash would.
pub struct Loops(JoinSet<()>);

impl Engine {
    /// Composes an engine. Must be called on the runtime that is to do input and output.
    pub fn new(ports: Ports, settings: Settings) -> wasmtime::Result<Arc<Self>> {
        let sandbox = Sandbox::compiling(Arc::new(settings.bounds.clone()), settings.compiling.clone())?;
        let sandbox = Arc::new(sandbox);
        Ok(Self::with_sandbox(ports, settings, sandbox))
    }

    /// Composes an engine on a sandbox that outlives it: compiled components are costly, and a test restarts the
    /// engine often. It was made with the same bounds.
    pub fn with_sandbox(ports: Ports, settings: Settings, sandbox: Arc<Sandbox>) -> Arc<Self> {
        let Settings { bounds, grants, access, in_doubt, expiries, default_flow, flow_log, compiling: _ } = settings;
        Arc::new(Self {
            catalog: Catalog::new(sandbox.clone(), ports.store.clone(), default_flow),
            room: Arc::new(Semaphore::new(bounds.turns_in_flight)),
            posts: Arc::new(Semaphore::new(MOST_POSTS as usize)),
            ports,
            bounds: Arc::new(bounds),
            grants: Arc::new(grants),
            access,
            in_doubt,
            expiries,
            flow_log,
            delays: Delays::default(),
            answered: Answered::default(),
            sandbox,
            gauges: Arc::default(),
            logs: Arc::default(),
            running: Mutex::default(),
            bursts: Mutex::default(),
            taken: OnceLock::new(),
            activity: watch::Sender::new(0),
            stopping: watch::Sender::new(false),
            late: watch::Sender::new(false),
            outages: Outages::default(),
        })
    }

    /// Starts the loops.
    pub fn start(self: &Arc<Self>) -> Loops {
        let (sender, taken) = unbounded_channel();
        let _ = self.taken.set(sender);
        let mut loops = JoinSet::new();
        // What it claims runs on the same threads, so that none has to be woken for it.
        loops.spawn_on(self.clone().dispatch(taken), self.sandbox.threads());
        loops.spawn(self.clone().renew());
        loops.spawn(self.clone().send());
        loops.spawn(self.clone().fire());
        loops.spawn(self.clone().sweep());
        Loops(loops)
    }

    /// Stops taking turns and messages, waits for those under way, and gives back the turns that are not done at
    /// `deadline`. A message that is not posted by then is looked up when the next host starts.
    pub async fn stop(&self, deadline: Millis) {
        self.stopping.send_replace(true);
        let all = u32::try_from(self.bounds.turns_in_flight).unwrap_or(u32::MAX);
        let done = async {
            let _ = self.room.acquire_many(all).await;
            let _ = self.posts.acquire_many(MOST_POSTS).await;
        };
        tokio::select! {
            () = done => return,
            () = self.ports.clock.until(deadline) => {}
        }
        self.late.send_replace(true);
        let _ = self.room.acquire_many(all).await;
    }

    /// The flows that a person can start at a place.
    pub fn offers(&self, person: &Person, place: &Place) -> Arc<Offers> {
        self.access.narrow(&self.catalog.offers(), person, place)
    }

    /// What this person may do in a conversation that goes on at the place.
    pub fn part(&self, person: &Person, place: &Place, open: &Conversation) -> Part {
        self.access.part(person, place, open)
    }

    /// Whether the flow takes what no other takes: its conversations are never in the middle of anything.
    pub(crate) fn is_default(&self, flow: &FlowName) -> bool {
        self.catalog.offers().default.as_ref() == Some(flow)
    }

    /// How long conversations of the flow may be silent. Nobody is reminded of the default flow.
    pub(crate) fn expiry(&self, flow: &FlowName) -> Option<Expiry> {
        let expiry = self.expiries.of(flow)?;
        Some(if self.is_default(flow) { Expiry { remind: None, ..expiry } } else { expiry })
    }

    /// Whether a turn of the place is running on this host.
    pub fn is_busy(&self, place: &Place) -> bool {
        self.running().contains_key(place)
    }

    /// Whether the loops were started: otherwise what is stored waits for a host.
    pub fn is_started(&self) -> bool {
        self.taken.get().is_some()
    }

    /// Counts of what goes on.
    pub fn gauges(&self) -> &Arc<Gauges> {
        &self.gauges
    }

    /// What the engine works with.
    pub fn ports(&self) -> &Ports {
        &self.ports
    }

    /// What turns may use.
    pub fn bounds(&self) -> &Bounds {
        &self.bounds
    }

    /// What flows are granted.
    pub fn grants(&self) -> &Grants {
        &self.grants
    }

    /// Waits until a place has no event and no message left that could go now. A conversation may be open. Only this
    /// host's work is waited for: where others share the store, ask again after a while.
    pub async fn settled(&self, place: &Place) -> Result<(), StoreError> {
        let mut activity = self.activity.subscribe();
        loop {
            let glance = self.ports.store.glance(place).await?;
            if glance.inbox == 0 && glance.outbox == 0 {
                return Ok(());
            }
            // The sender lives as long as we do.
            let _ = activity.changed().await;
        }
    }

    /// Somebody is at a place to whom a messenger answered [`PostError::Away`](crate::ports::PostError::Away): what
    /// waits for them is posted now.
    pub async fn arrived(&self, place: &Place) -> Result<(), StoreError> {
        self.ports.store.outbox_wake(place).await
    }

    /// Something ended that [`settled`](Self::settled) may wait for.
    pub(crate) fn active(&self) {
        self.activity.send_modify(|count| *count += 1);
    }

    /// Ends the turn of a place that is older than the event at `seq`.
    pub(crate) fn cut(&self, place: &Place, seq: Seq) {
        let mut running = self.running();
        if running.get(place).is_some_and(|turn| turn.seq < seq)
            && let Some(turn) = running.remove(place)
        {
            let _ = turn.lost.send(false);
        }
    }

    pub(crate) fn running(&self) -> MutexGuard<'_, HashMap<Place, RunningTurn>> {
        // Nothing between lock and unlock can panic and leave the map half changed.
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is allowed of the current flows and perhaps not meant, in sentences.
    pub fn advice(&self) -> BTreeSet<String> {
        let all = self.catalog.all();
        advice(all.iter().map(|(flow, ready)| (flow, &ready.info)), &self.grants)
    }

    pub(crate) fn is_stopping(&self) -> bool {
        *self.stopping.borrow()
    }

    /// Waits for `changed`, for the time at which something is due, or for the engine's end.
    pub(crate) async fn wait(&self, changed: impl Future<Output = ()>, due: Option<Millis>) {
        let mut stopping = self.stopping.subscribe();
        let due = async {
            match due {
                Some(due) => self.ports.clock.until(due).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = changed => {}
            () = due => {}
            _ = stopping.wait_for(|stopping| *stopping) => {}
        }
    }

    async fn renew(self: Arc<Self>) {
        let third = length(LEASE) / 3;
        loop {
            self.ports.clock.until(self.ports.clock.now() + third).await;
            let fences: Vec<Fence> = self.running().values().map(|turn| turn.fence.clone()).collect();
            if fences.is_empty() {
                continue;
            }
            match self.ports.store.renew(&fences, LEASE).await {
                Ok(lost) => lost.iter().for_each(|fence| self.lost(fence)),
                Err(error) => tracing::error!(%error, "renewing leases failed"),
            }
        }
    }

    fn lost(&self, fence: &Fence) {
        let mut running = self.running();
        if running.get(&fence.place).is_some_and(|turn| turn.fence == *fence)
            && let Some(turn) = running.remove(&fence.place)
        {
            // It may have committed while its lease was looked at: only a turn that still runs says that it was lost.
            let _ = turn.lost.send(true);
        }
    }

    async fn fire(self: Arc<Self>) {
        while !self.is_stopping() {
            if let Some(next) = self.of_store("firing timers", self.ports.store.fire_timers()).await {
                self.wait(self.ports.store.timers_changed(), next).await;
            }
        }
    }

    async fn sweep(self: Arc<Self>) {
        loop {
            let offered: Vec<_> = self.catalog.all().values().map(|ready| ready.digest.clone()).collect();
            if let Err(error) = self.ports.store.sweep(&offered).await {
                tracing::warn!(%error, "cleaning up failed");
            }
            if let Err(error) = self.bound_letters().await {
                tracing::warn!(%error, "the size of the dead letters cannot be looked at");
            }
            self.ports.clock.until(self.ports.clock.now() + SWEEP).await;
        }
    }
}

impl Loops {
    /// Waits until a loop ends, which only a stop or a fault of ours makes happen.
    pub async fn ended(&mut self) {
        self.0.join_next().await;
    }

    /// Ends them and their turns at once, as a crash would, and waits until nothing is claimed any more.
    pub async fn crash(mut self) {
        self.0.shutdown().await;
    }
}
