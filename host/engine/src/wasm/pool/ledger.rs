//! Counts the room that each flow has, and lets turns wait for it, by the rule of [`pool`](super).

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

use crate::fault::Fault;
use crate::model::FlowName;

use super::shares::{Claimant, Had, Pot};

/// Whose room it is; none: of components that are described or take a conversation over.
pub(super) type Account = Option<FlowName>;

/// What an instance takes from the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Wanted {
    pub(super) slots: usize,
    pub(super) bytes: usize,
}

/// The room of all.
#[derive(Debug)]
pub(super) struct Ledger(Mutex<State>);

#[derive(Debug)]
struct State {
    slots: Pot,
    bytes: Pot,
    flows: HashMap<Account, Flow>,
    tickets: u64,
    /// The only turn of a flow waits for what is shared out. Turns that came later get none of it, or one that needs
    /// much would starve.
    claimed: bool,
}

#[derive(Debug, Default)]
struct Flow {
    slots: Had,
    bytes: Had,
    guests: usize,
    waiting: VecDeque<Waiter>,
    /// The first that waits cannot go yet.
    held_up: bool,
}

#[derive(Debug)]
struct Waiter {
    ticket: u64,
    wanted: Wanted,
    granted: oneshot::Sender<Granted>,
}

/// An instance's room, and its memory.
pub(super) type Granted = (Guest, Memory);

impl State {
    fn flow(&mut self, account: &Account) -> &mut Flow {
        self.flows.entry(account.clone()).or_default()
    }

    /// Takes what an instance needs, if it may be had.
    fn take(&mut self, account: &Account, wanted: Wanted) -> Option<(Had, Had)> {
        let behind = self.claimed;
        let flow = self.flows.entry(account.clone()).or_default();
        let lone = flow.guests == 0;
        let slots = self.slots.find(wanted.slots, Claimant { had: flow.slots, lone, behind })?;
        let bytes = self.bytes.find(wanted.bytes, Claimant { had: flow.bytes, lone, behind })?;
        self.slots.take(slots);
        self.bytes.take(bytes);
        flow.slots.add(slots);
        flow.bytes.add(bytes);
        flow.guests += 1;
        Some((slots, bytes))
    }

    /// Forgets a flow that has nothing and waits for nothing.
    fn tidy(&mut self, account: &Account) {
        if self.flows.get(account).is_some_and(|flow| {
            flow.guests == 0 && flow.slots.all() == 0 && flow.bytes.all() == 0 && flow.waiting.is_empty()
        }) {
            self.flows.remove(account);
        }
    }
}

impl Ledger {
    pub(super) fn new(instances: usize, bytes: usize) -> Arc<Self> {
        Arc::new(Self(Mutex::new(State {
            slots: Pot::of_slots(instances),
            bytes: Pot::of_bytes(bytes),
            flows: HashMap::new(),
            tickets: 0,
            claimed: false,
        })))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing between lock and unlock can panic and leave the state half changed.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What needs more than a flow may have takes all that it may have.
    fn bounded(state: &State, wanted: Wanted) -> Wanted {
        Wanted { slots: wanted.slots.min(state.slots.half()), bytes: wanted.bytes.min(state.bytes.half()) }
    }

    /// Room for an instance, if it may be had and no turn of its flow waits.
    pub(super) fn find(self: &Arc<Self>, account: &Account, wanted: Wanted) -> Option<Granted> {
        let mut state = self.lock();
        let wanted = Self::bounded(&state, wanted);
        if !state.flow(account).waiting.is_empty() {
            return None;
        }
        let taken = state.take(account, wanted);
        state.tidy(account);
        taken.map(|taken| self.granted(account, taken))
    }

    /// Waits for room for an instance, and holds none meanwhile.
    pub(super) async fn wait(self: &Arc<Self>, account: &Account, wanted: Wanted) -> Granted {
        if let Some(granted) = self.find(account, wanted) {
            return granted;
        }
        let (granted, is_granted) = oneshot::channel();
        let mut ticket = 0;
        self.pass(|state| {
            let wanted = Self::bounded(state, wanted);
            state.tickets += 1;
            ticket = state.tickets;
            state.flow(account).waiting.push_back(Waiter { ticket, wanted, granted });
        });
        let _waits = Waits { ledger: self, account, ticket };
        let Ok(granted) = is_granted.await else { unreachable!("a waiter leaves the queue when it is granted, or us") };
        granted
    }

    fn granted(self: &Arc<Self>, account: &Account, (slots, bytes): (Had, Had)) -> Granted {
        let guest = Guest { ledger: self.clone(), account: account.clone(), slots };
        (guest, Memory { ledger: self.clone(), account: account.clone(), bytes })
    }

    /// Changes something, and grants room to all turns that may have it then, in the order of the rule.
    fn pass(self: &Arc<Self>, change: impl FnOnce(&mut State)) {
        let mut gone = Vec::new();
        let mut state = self.lock();
        change(&mut state);
        state.claimed = false;
        while let Some(account) = first(&state.flows) {
            let flow = state.flow(&account);
            let Some(wanted) = flow.waiting.front().map(|waiter| waiter.wanted) else { break };
            let lone = flow.guests == 0;
            match state.take(&account, wanted) {
                Some(taken) => {
                    let Some(waiter) = state.flow(&account).waiting.pop_front() else { break };
                    // A turn that waits no more gives it back, which needs the lock.
                    gone.extend(waiter.granted.send(self.granted(&account, taken)).err());
                }
                None => {
                    state.flow(&account).held_up = true;
                    state.claimed |= lone;
                }
            }
        }
        state.flows.values_mut().for_each(|flow| flow.held_up = false);
        drop(state);
        drop(gone);
    }
}

/// The flow of which somebody waits longest, of those that are not held up.
fn first(flows: &HashMap<Account, Flow>) -> Option<Account> {
    let waiting = flows.iter().filter(|(_, flow)| !flow.held_up);
    let waiting = waiting.filter_map(|(account, flow)| Some((flow.waiting.front()?.ticket, account)));
    waiting.min_by_key(|(ticket, _)| *ticket).map(|(_, account)| account.clone())
}

/// Leaves the queue when it is dropped, for others may have waited behind.
struct Waits<'a> {
    ledger: &'a Arc<Ledger>,
    account: &'a Account,
    ticket: u64,
}

impl Drop for Waits<'_> {
    fn drop(&mut self) {
        let mut state = self.ledger.lock();
        let waiting = &mut state.flow(self.account).waiting;
        let left = waiting.binary_search_by_key(&self.ticket, |waiter| waiter.ticket).ok();
        let left = left.and_then(|at| waiting.remove(at));
        state.tidy(self.account);
        drop(state);
        if left.is_some() {
            self.ledger.pass(|_| {});
        }
    }
}

/// An instance's room. It is free again when this is dropped.
#[derive(Debug)]
pub(in crate::wasm) struct Guest {
    ledger: Arc<Ledger>,
    account: Account,
    slots: Had,
}

impl Guest {
    pub(super) fn slots(&self) -> usize {
        self.slots.all()
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        self.ledger.pass(|state| {
            state.slots.give(self.slots);
            let flow = state.flow(&self.account);
            flow.slots.take(self.slots);
            flow.guests -= 1;
            state.tidy(&self.account);
        });
    }
}

/// Memory of one turn, be it of its instance or of its journal. It is free again when this is dropped.
#[derive(Debug)]
pub(crate) struct Memory {
    ledger: Arc<Ledger>,
    account: Account,
    bytes: Had,
}

impl Memory {
    pub(super) fn none(ledger: &Arc<Ledger>, account: Account) -> Self {
        Self { ledger: ledger.clone(), account, bytes: Had::default() }
    }

    /// Makes it `bytes` in all, if it is less and there is as much.
    pub(crate) fn grow(&mut self, bytes: usize) -> Result<(), Fault> {
        let more = bytes.saturating_sub(self.bytes.all());
        if more == 0 {
            return Ok(());
        }
        let mut state = self.ledger.lock();
        let State { bytes: pot, flows, .. } = &mut *state;
        let flow = flows.entry(self.account.clone()).or_default();
        // Turns that wait do not hold it up, because they wait for what it has.
        let who = Claimant { had: flow.bytes, lone: flow.guests <= 1, behind: false };
        let Some(taken) = pot.find(more, who) else {
            return Err(Fault::Host(format!(
                "no memory for the instance: all instances and journals together may have {} MiB, and a flow half of \
                 what the others leave; raise limits.memory_total_mib, or lower limits.memory_mib",
                pot.total() >> 20
            )));
        };
        pot.take(taken);
        flow.bytes.add(taken);
        self.bytes.add(taken);
        Ok(())
    }

    /// Makes it `bytes` in all, whether there is as much or not: it is in use already, and others have to wait.
    pub(crate) fn set(&mut self, bytes: usize) {
        let had = self.bytes.all();
        if bytes < had {
            drop(self.split(had - bytes));
        } else if bytes > had {
            let mut state = self.ledger.lock();
            let more = state.bytes.force(bytes - had);
            state.flow(&self.account).bytes.add(more);
            self.bytes.add(more);
        }
    }

    /// Takes so much of it away, or all.
    pub(super) fn split(&mut self, bytes: usize) -> Self {
        let bytes = self.bytes.split(bytes);
        Self { ledger: self.ledger.clone(), account: self.account.clone(), bytes }
    }

    /// Of a flow that has `total` bytes to itself.
    #[cfg(test)]
    pub(crate) fn alone(total: usize) -> Self {
        Self::none(&Ledger::new(1, total), None)
    }

    #[cfg(test)]
    pub(crate) fn bytes(&self) -> usize {
        self.bytes.all()
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        if self.bytes.all() == 0 {
            return;
        }
        self.ledger.pass(|state| {
            state.bytes.give(self.bytes);
            state.flow(&self.account).bytes.take(self.bytes);
            state.tidy(&self.account);
        });
    }
}
