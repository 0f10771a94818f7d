//! The store's contract in memory, for scenarios and crash simulation: it outlives the engine as long as somebody
//! keeps it. Nothing survives the process.

mod components;
mod effects;
mod operate;
mod place;
mod turn;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::Notify;

use crate::model::{
    Call, CallResult, Completion, DeadLetter, Digest, Doubt, EffectId, Exchange, FlowName, Inbound, Letter, Message,
    Millis, Place,
};
use crate::ports::{
    Accepted, Backlog, Claim, Cleared, Clock, Commit, Deploy, Entry, Fence, Glance, OpenCount, Posted, Posting,
    Receipt, Seats, Store, StoreError, Underway,
};
use place::PlaceState;

/// A store in memory. Share it by `Arc`; a simulated crash drops the engine and calls [`reopen`](Self::reopen).
pub struct MemoryStore {
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
    inbox: Notify,
    outbox: Notify,
    timers: Notify,
    components_changed: Notify,
}

/// All that is stored.
#[derive(Default)]
struct State {
    seen: HashMap<String, Millis>,
    places: BTreeMap<Place, PlaceState>,
    /// Where each unsent message lies.
    unsent: HashMap<EffectId, Place>,
    /// Posted messages that can be closed, and since when.
    posted: HashMap<EffectId, (Millis, Posted)>,
    /// Decides between places that are ready since the same millisecond.
    ticks: u64,
    completions: BTreeMap<u64, Completion>,
    last_completion: u64,
    dead: BTreeMap<u64, DeadLetter>,
    last_dead: u64,
    /// Which of the hosts that share the store this is.
    host: u64,
    /// At which host somebody waits for the messages of a place.
    homes: BTreeMap<Place, u64>,
    doubts: BTreeMap<u64, Doubt>,
    last_doubt: u64,
    components: BTreeMap<Digest, Component>,
    current: BTreeMap<FlowName, Digest>,
    /// What was current of each flow, the latest last.
    deployed: BTreeMap<FlowName, Vec<Digest>>,
}

/// A component, and when it was last current or held by a conversation.
struct Component {
    bytes: Vec<u8>,
    held: Millis,
}

impl MemoryStore {
    /// An empty store.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            clock,
            state: Mutex::default(),
            inbox: Notify::new(),
            outbox: Notify::new(),
            timers: Notify::new(),
            components_changed: Notify::new(),
        }
    }

    /// What opening a store does after its only host died: claims end with their attempts counted, and what was
    /// being sent is in doubt.
    pub fn reopen(&self) {
        let now = self.clock.now();
        self.lock().places.values_mut().for_each(|place| place.release(now));
        self.inbox.notify_one();
        self.outbox.notify_one();
    }

    /// What opening a store does that other hosts share: the messages that somebody waited for at the former host stay
    /// there until they wait here.
    pub fn reopen_elsewhere(&self) {
        self.lock().host += 1;
    }

    /// No operation panics half-way, so a poisoned lock guards sound data.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// When a lease taken now ends.
fn end_of(lease: Duration, now: Millis) -> Millis {
    now.saturating_add(Millis::try_from(lease.as_millis()).unwrap_or(Millis::MAX))
}

#[async_trait]
impl Store for MemoryStore {
    async fn accept(&self, inbound: Inbound, entry: Entry) -> Result<Accepted, StoreError> {
        let accepted = self.lock().accept(self.clock.now(), inbound, entry);
        self.inbox.notify_one();
        self.outbox.notify_one();
        Ok(accepted)
    }

    async fn claim(&self, most: usize, lease: Duration) -> Result<Vec<Claim>, StoreError> {
        Ok(self.lock().claim(self.clock.now(), most, lease))
    }

    async fn renew(&self, fences: &[Fence], lease: Duration) -> Result<Vec<Fence>, StoreError> {
        Ok(self.lock().renew(self.clock.now(), fences, lease))
    }

    async fn journal_intent(&self, fence: &Fence, call: &Call, pin: &str) -> Result<(), StoreError> {
        let mut state = self.lock();
        let place = state.owned(fence)?;
        place.pin.get_or_insert_with(|| pin.to_owned());
        place.journal.entry(call.number).or_insert_with(|| Call { result: None, ..call.clone() });
        Ok(())
    }

    async fn journal_result(&self, fence: &Fence, number: u32, result: &CallResult) -> Result<(), StoreError> {
        let mut state = self.lock();
        let Some(call) = state.owned(fence)?.journal.get_mut(&number) else {
            return Err(StoreError::Corrupt(format!("journal of `{}`: call {number} has no intent", fence.place)));
        };
        call.result.get_or_insert_with(|| result.clone());
        Ok(())
    }

    async fn doubt(&self, fence: &Fence, doubt: &Doubt) -> Result<(), StoreError> {
        let mut state = self.lock();
        state.owned(fence)?;
        let known = |one: &Doubt| (&one.effect, one.done) == (&doubt.effect, doubt.done);
        if !state.doubts.values().any(known) {
            state.last_doubt += 1;
            let position = state.last_doubt;
            state.doubts.insert(position, doubt.clone());
        }
        Ok(())
    }

    async fn commit(&self, fence: &Fence, commit: Commit) -> Result<(), StoreError> {
        let timers = !commit.timers.is_empty();
        self.lock().commit(self.clock.now(), fence, commit)?;
        self.inbox.notify_one();
        self.outbox.notify_one();
        if timers {
            self.timers.notify_one();
        }
        Ok(())
    }

    async fn retry(&self, fence: &Fence, not_before: Millis) -> Result<(), StoreError> {
        let mut state = self.lock();
        let tick = state.tick();
        state.owned(fence)?.let_go(not_before, tick);
        self.inbox.notify_one();
        Ok(())
    }

    async fn hand_back(&self, fence: &Fence) -> Result<(), StoreError> {
        let mut state = self.lock();
        let tick = state.tick();
        let place = state.owned(fence)?;
        place.attempt = place.attempt.saturating_sub(1);
        place.let_go(self.clock.now(), tick);
        self.inbox.notify_one();
        Ok(())
    }

    async fn inbox_changed(&self) {
        self.inbox.notified().await;
    }

    async fn history(&self, place: &Place, generation: u64, most: usize) -> Result<Vec<Exchange>, StoreError> {
        let state = self.lock();
        let history = state.places.get(place).and_then(|place| place.history_of(generation)).unwrap_or_default();
        Ok(history[history.len().saturating_sub(most)..].to_vec())
    }

    async fn fire_timers(&self) -> Result<Option<Millis>, StoreError> {
        let (fired, next) = self.lock().fire_timers(self.clock.now());
        if fired {
            self.inbox.notify_one();
        }
        Ok(next)
    }

    async fn timers_changed(&self) {
        self.timers.notified().await;
    }

    async fn outbox_claim(&self, most: usize, lease: Duration) -> Result<Vec<Posting>, StoreError> {
        Ok(self.lock().outbox_claim(self.clock.now(), most, lease))
    }

    async fn outbox_renew(&self, posting: &Posting, lease: Duration) -> Result<(), StoreError> {
        self.lock().outbox_renew(self.clock.now(), posting, lease)
    }

    async fn outbox_sent(
        &self,
        posting: &Posting,
        receipt: Option<&Receipt>,
        look: Option<Millis>,
    ) -> Result<(), StoreError> {
        self.lock().outbox_sent(self.clock.now(), posting, receipt, look)?;
        self.outbox.notify_one();
        Ok(())
    }

    async fn outbox_look(&self, message: &Message, due: Millis) -> Result<(), StoreError> {
        self.lock().outbox_look(message, due);
        self.outbox.notify_one();
        Ok(())
    }

    async fn outbox_later(&self, posting: &Posting, due: Millis, in_doubt: bool) -> Result<(), StoreError> {
        self.lock().outbox_later(self.clock.now(), posting, due, in_doubt)?;
        self.outbox.notify_one();
        Ok(())
    }

    async fn outbox_never(&self, posting: &Posting, reason: &str) -> Result<(), StoreError> {
        self.lock().outbox_never(self.clock.now(), posting, reason)?;
        self.inbox.notify_one();
        self.outbox.notify_one();
        Ok(())
    }

    async fn outbox_wake(&self, place: &Place) -> Result<(), StoreError> {
        self.lock().outbox_wake(self.clock.now(), place);
        self.outbox.notify_one();
        Ok(())
    }

    async fn outbox_changed(&self) {
        self.outbox.notified().await;
    }

    async fn inbox_due(&self) -> Result<Option<Millis>, StoreError> {
        let first = self.lock().places.values().filter_map(|place| place.ready.map(|(due, _)| due)).min();
        Ok(first.map(|due| due.max(self.clock.now())))
    }

    async fn outbox_due(&self) -> Result<Option<Millis>, StoreError> {
        Ok(self.lock().outbox_due())
    }

    async fn put_component(&self, flow: &FlowName, bytes: &[u8], deploy: Deploy) -> Result<Option<Digest>, StoreError> {
        let current = self.lock().put_component(self.clock.now(), flow, bytes, deploy);
        self.components_changed.notify_one();
        Ok(current)
    }

    async fn component(&self, digest: &Digest) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.lock().components.get(digest).map(|component| component.bytes.clone()))
    }

    async fn current(&self) -> Result<Vec<(FlowName, Digest)>, StoreError> {
        Ok(self.lock().current.clone().into_iter().collect())
    }

    async fn drop_current(&self, flow: &FlowName) -> Result<(), StoreError> {
        self.lock().drop_current(self.clock.now(), flow);
        self.components_changed.notify_one();
        Ok(())
    }

    async fn components_changed(&self) {
        self.components_changed.notified().await;
    }

    async fn glance(&self, place: &Place) -> Result<Glance, StoreError> {
        let now = self.clock.now();
        Ok(self.lock().places.get(place).map(|place| place.glance(now)).unwrap_or_default())
    }

    async fn underway(&self, place: &Place) -> Result<Option<Underway>, StoreError> {
        Ok(self.lock().places.get(place).and_then(PlaceState::underway))
    }

    async fn conversations(&self, after: Option<&Place>, most: usize) -> Result<Vec<(Place, Glance)>, StoreError> {
        Ok(self.lock().conversations(self.clock.now(), after, most))
    }

    async fn clear(&self, place: &Place) -> Result<Cleared, StoreError> {
        Ok(self.lock().clear(self.clock.now(), place))
    }

    async fn backlog(&self) -> Result<Backlog, StoreError> {
        let now = self.clock.now();
        Ok(self.lock().places.values().map(|place| place.glance(now)).fold(Backlog::default(), |sum, one| Backlog {
            inbox: sum.inbox + one.inbox,
            running: sum.running + u64::from(one.running),
            outbox: sum.outbox + one.outbox,
        }))
    }

    async fn open_conversations(&self) -> Result<Vec<OpenCount>, StoreError> {
        let mut counts = BTreeMap::new();
        for talk in self.lock().places.values().filter_map(|place| place.talk.as_ref()) {
            let version = (talk.conversation.flow.clone(), talk.conversation.digest.clone());
            *counts.entry(version).or_default() += 1;
        }
        Ok(counts
            .into_iter()
            .map(|((flow, digest), conversations)| OpenCount { flow, digest, conversations })
            .collect())
    }

    async fn completions(
        &self,
        flow: &FlowName,
        after: u64,
        most: usize,
    ) -> Result<Vec<(u64, Completion)>, StoreError> {
        let state = self.lock();
        let later = state.completions.iter().filter(|(no, one)| **no > after && one.flow == *flow);
        Ok(later.take(most).map(|(no, one)| (*no, one.clone())).collect())
    }

    async fn completed_flows(&self) -> Result<Vec<FlowName>, StoreError> {
        let flows: BTreeSet<_> = self.lock().completions.values().map(|one| one.flow.clone()).collect();
        Ok(flows.into_iter().collect())
    }

    async fn completion_drop(&self, flow: &FlowName, position: u64) -> Result<bool, StoreError> {
        let mut state = self.lock();
        let found = state.completions.get(&position).is_some_and(|one| one.flow == *flow);
        Ok(found && state.completions.remove(&position).is_some())
    }

    async fn dead(&self, after: u64, most: usize) -> Result<Vec<(u64, DeadLetter)>, StoreError> {
        let state = self.lock();
        let later = state.dead.iter().filter(|(id, _)| **id > after);
        Ok(later.take(most).map(|(id, letter)| (*id, letter.clone())).collect())
    }

    async fn dead_retry(&self, id: u64) -> Result<bool, StoreError> {
        let now = self.clock.now();
        let mut state = self.lock();
        let Some(letter) = state.dead.remove(&id) else { return Ok(false) };
        match letter.letter {
            Letter::Event(inbound) => {
                state.append(now, Inbound { sent: None, ..inbound }, now);
            }
            Letter::Message(message) => state.post(now, message),
        }
        self.inbox.notify_one();
        self.outbox.notify_one();
        Ok(true)
    }

    async fn dead_drop(&self, id: u64) -> Result<bool, StoreError> {
        Ok(self.lock().dead.remove(&id).is_some())
    }

    async fn doubts(&self, after: u64, most: usize) -> Result<Vec<(u64, Doubt)>, StoreError> {
        let state = self.lock();
        let later = state.doubts.iter().filter(|(position, _)| **position > after);
        Ok(later.take(most).map(|(position, doubt)| (*position, doubt.clone())).collect())
    }

    async fn doubt_drop(&self, position: u64) -> Result<bool, StoreError> {
        Ok(self.lock().doubts.remove(&position).is_some())
    }

    async fn seats(&self, seats: Seats, _lease: Duration) -> Result<usize, StoreError> {
        // There is one host.
        Ok(seats.wanted.min(seats.all))
    }

    async fn sweep(&self, offered: &[Digest]) -> Result<(), StoreError> {
        self.lock().sweep(self.clock.now(), offered);
        Ok(())
    }
}
