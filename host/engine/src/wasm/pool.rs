//! Room for instances, and the memory of all of them together. A turn waits for both, holding neither; no flow gets more
//! than half, so that one whose turns sleep, or hoard memory, leaves the other half to the others.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use wasmtime::component::Component;
use wasmtime::{Enabled, PoolingAllocationConfig};

use crate::fault::Fault;
use crate::model::FlowName;
use crate::policy::Bounds;

use super::state;

/// Descriptions and takeovers at once, beside turns.
pub(super) const SPARE: usize = 8;
/// What memory is counted in, in bytes.
const PAGE: usize = 64 << 10;
/// The most that a memory keeps of its pages between two instances, in bytes: what a flow made from JavaScript or Python
/// writes in a turn.
const KEPT: usize = 1 << 20;

/// What an instance of a component takes from the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Needs {
    /// In instances of a component with one memory and two tables at most.
    slots: u32,
    /// Memory, in pages.
    pages: u32,
}

impl Needs {
    pub(super) fn of(component: &Component, bounds: &Bounds) -> Self {
        // One that imports modules is refused, for the host has none.
        let required = component.resources_required();
        let (memories, tables) = required.as_ref().map_or((1, 1), |all| (all.num_memories, all.num_tables));
        let each = required.and_then(|all| all.max_initial_memory_size).unwrap_or_default();
        let pages = each.saturating_mul(memories.into()).min((bounds.memory / PAGE) as u64);
        Self { slots: memories.max(tables.div_ceil(2)).max(1), pages: u32::try_from(pages).unwrap_or(u32::MAX) }
    }
}

/// What all instances share.
pub(super) struct Pool {
    all: Share,
    /// For turns that did not end before: one of them may be what the host went down with.
    again: Arc<Semaphore>,
    flows: Mutex<HashMap<FlowName, Weak<Share>>>,
    /// Half of all, for each flow.
    half: (usize, usize),
    total: usize,
}

/// Room of all, or of one flow.
struct Share {
    slots: Arc<Semaphore>,
    pages: Arc<Semaphore>,
}

/// Turns at once that did not end before.
const AGAIN: usize = 16;

impl Share {
    fn new((slots, pages): (usize, usize)) -> Self {
        Self { slots: Arc::new(Semaphore::new(slots)), pages: Arc::new(Semaphore::new(pages)) }
    }
}

/// An instance's room. It is free again when this is dropped.
pub(super) struct Admitted {
    _slots: [OwnedSemaphorePermit; 2],
    _again: Option<OwnedSemaphorePermit>,
    _share: Arc<Share>,
}

impl Pool {
    pub(super) fn new(bounds: &Bounds) -> Self {
        let pages = (bounds.memory_total / PAGE).clamp(1, u32::MAX as usize);
        Self {
            all: Share::new((bounds.instances, pages)),
            again: Arc::new(Semaphore::new(AGAIN)),
            flows: Mutex::default(),
            half: (bounds.instances.div_ceil(2), (pages / 2).max(1)),
            total: bounds.memory_total,
        }
    }

    /// Room for instances. Whoever has some can go on to [`admit`](Self::admit).
    pub(super) fn instances(&self) -> &Arc<Semaphore> {
        &self.all.slots
    }

    /// Waits until there is room for an instance of this flow's component. `held` is room for one that may be had already;
    /// it is given back where more must be waited for. `again` says that the turn did not end before.
    pub(super) async fn admit(
        &self,
        flow: &FlowName,
        needs: Needs,
        held: Option<OwnedSemaphorePermit>,
        again: bool,
    ) -> (Admitted, Memory) {
        let share = self.share(flow);
        // What needs more than there is takes all there is.
        let (slots, pages) = (needs.slots.min(self.half.0 as u32), needs.pages.min(self.half.1 as u32));
        // What is held and not enough is given back before anything is waited for.
        let held = held.filter(|_| slots == 1 && !again);
        if let Some(held) = held
            && let Ok(slot) = share.slots.clone().try_acquire_owned()
            && let Ok(own) = share.pages.clone().try_acquire_many_owned(pages)
            && let Ok(all) = self.all.pages.clone().try_acquire_many_owned(pages)
        {
            return self.admitted([slot, held], None, [own, all], share);
        }
        let again = if again { Some(take(&self.again, 1).await) } else { None };
        let slot = take(&share.slots, slots).await;
        let own = take(&share.pages, pages).await;
        let held = take(&self.all.slots, slots).await;
        let all = take(&self.all.pages, pages).await;
        self.admitted([slot, held], again, [own, all], share)
    }

    fn admitted(
        &self,
        slots: [OwnedSemaphorePermit; 2],
        again: Option<OwnedSemaphorePermit>,
        pages: [OwnedSemaphorePermit; 2],
        share: Arc<Share>,
    ) -> (Admitted, Memory) {
        (
            Admitted { _slots: slots, _again: again, _share: share },
            Memory { pages: Vec::from(pages), total: self.total },
        )
    }

    /// Memory for a component that is described or takes a conversation over.
    pub(super) async fn memory(&self, needs: Needs) -> Memory {
        let pages = take(&self.all.pages, needs.pages.min(self.half.1 as u32)).await;
        Memory { pages: vec![pages], total: self.total }
    }

    fn share(&self, flow: &FlowName) -> Arc<Share> {
        // Nothing between lock and unlock can panic and leave the map half changed.
        let mut flows = self.flows.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(share) = flows.get(flow).and_then(Weak::upgrade) {
            return share;
        }
        let share = Arc::new(Share::new(self.half));
        flows.insert(flow.clone(), Arc::downgrade(&share));
        flows.retain(|_, share| share.strong_count() > 0);
        share
    }
}

async fn take(room: &Arc<Semaphore>, count: u32) -> OwnedSemaphorePermit {
    let Ok(taken) = room.clone().acquire_many_owned(count).await else {
        unreachable!("these semaphores are never closed")
    };
    taken
}

/// The memory of one instance: what it has of all, and of its flow's share. It is free again when this is dropped.
pub(super) struct Memory {
    pages: Vec<OwnedSemaphorePermit>,
    total: usize,
}

impl Memory {
    /// Makes it `bytes` in all, if there is as much.
    pub(super) fn grow(&mut self, bytes: usize) -> Result<(), Fault> {
        let pages = bytes.div_ceil(PAGE);
        for held in &mut self.pages {
            let more = u32::try_from(pages.saturating_sub(held.num_permits())).unwrap_or(u32::MAX);
            if more == 0 {
                continue;
            }
            let Ok(more) = held.semaphore().clone().try_acquire_many_owned(more) else {
                return Err(Fault::Host(format!(
                    "no memory for the instance: all instances together may have {} MiB, and a flow half of that; raise \
                     limits.memory_total_mib, or lower limits.memory_mib",
                    self.total >> 20
                )));
            };
            held.merge(more);
        }
        Ok(())
    }
}

/// The engine's pool for what is admitted here. Core instances are only counted there, memories take addresses.
pub(super) fn config(bounds: &Bounds) -> PoolingAllocationConfig {
    let count = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    let slots = bounds.instances + SPARE;
    let memories = slots + slots / 4 + state::MEMORIES;
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(count(slots))
        .total_stacks(count(slots))
        .total_core_instances(count(slots.saturating_mul(state::INSTANCES)))
        .total_memories(count(memories))
        .total_tables(count(slots.saturating_mul(2) + state::TABLES))
        .max_core_instances_per_component(state::INSTANCES as u32)
        .max_memories_per_component(state::MEMORIES as u32)
        .max_tables_per_component(state::TABLES as u32)
        .max_memories_per_module(state::MEMORIES as u32)
        .max_tables_per_module(state::TABLES as u32)
        .table_elements(state::TABLE_ELEMENTS)
        .max_memory_size(bounds.memory)
        .max_unused_warm_slots(100);
    // Pages that were written are cleaned instead of given back, for a page fault costs more; at most an eighth of what
    // instances may have. Where the kernel cannot tell which they are, all would be cleaned, and that costs more still.
    if PoolingAllocationConfig::is_pagemap_scan_available() {
        let kept = KEPT.min(bounds.memory_total / 8 / memories);
        pool.linear_memory_keep_resident(kept).table_keep_resident(kept.min(64 << 10)).pagemap_scan(Enabled::Yes);
    }
    pool
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn flow(name: &str) -> FlowName {
        name.parse().unwrap()
    }

    fn bounds(instances: usize, pages: usize) -> Bounds {
        Bounds { instances, memory_total: pages * PAGE, ..Bounds::default() }
    }

    fn now<T>(admit: impl Future<Output = T>) -> Option<T> {
        use futures_util::FutureExt as _;
        admit.now_or_never()
    }

    const ONE: Needs = Needs { slots: 1, pages: 1 };

    #[test]
    fn no_flow_has_more_than_half_of_the_instances() {
        let pool = Pool::new(&bounds(4, 100));
        let (one, other) = (flow("one"), flow("other"));
        let held: Vec<_> = (0..2).map(|_| now(pool.admit(&one, ONE, None, false)).unwrap()).collect();
        assert!(now(pool.admit(&one, ONE, None, false)).is_none());
        let slot = pool.instances().clone().try_acquire_owned().unwrap();
        assert!(now(pool.admit(&one, ONE, Some(slot), false)).is_none());
        assert_eq!(pool.instances().available_permits(), 2, "who waits holds nothing");
        let _other = now(pool.admit(&other, ONE, None, false)).unwrap();
        drop(held);
        assert!(now(pool.admit(&one, ONE, None, false)).is_some());
    }

    #[test]
    fn what_needs_more_counts_more() {
        let pool = Pool::new(&bounds(8, 100));
        let heavy = Needs { slots: 3, pages: 1 };
        let _held = now(pool.admit(&flow("one"), heavy, None, false)).unwrap();
        assert!(now(pool.admit(&flow("one"), heavy, None, false)).is_none());
        assert!(now(pool.admit(&flow("other"), heavy, None, false)).is_some());
        let largest = Needs { slots: 64, pages: 1_000 };
        assert!(now(pool.admit(&flow("third"), largest, None, false)).is_some(), "it takes what there is for one flow");
    }

    #[test]
    fn memory_is_waited_for_at_the_beginning_and_refused_later() {
        let pool = Pool::new(&bounds(100, 20));
        let (one, other) = (flow("one"), flow("other"));
        let (_first, mut memory) = now(pool.admit(&one, ONE, None, false)).unwrap();
        memory.grow(10 * PAGE).unwrap();
        let refused = memory.grow(10 * PAGE + 1).unwrap_err();
        assert!(refused.to_string().contains("limits.memory_total_mib"), "{refused}");
        assert!(now(pool.admit(&one, ONE, None, false)).is_none());
        let (_second, mut others) = now(pool.admit(&other, ONE, None, false)).unwrap();
        others.grow(10 * PAGE).unwrap();
        assert!(now(pool.admit(&flow("third"), ONE, None, false)).is_none(), "all is taken");
        drop(memory);
        assert!(now(pool.admit(&flow("third"), ONE, None, false)).is_some());
    }

    #[test]
    fn turns_that_did_not_end_before_go_a_few_at_a_time() {
        let pool = Pool::new(&bounds(1_000, 1_000));
        let held: Vec<_> = (0..AGAIN).map(|_| now(pool.admit(&flow("one"), ONE, None, true)).unwrap()).collect();
        assert!(now(pool.admit(&flow("other"), ONE, None, true)).is_none());
        assert!(now(pool.admit(&flow("other"), ONE, None, false)).is_some());
        let (slot, free) =
            (pool.instances().clone().try_acquire_owned().unwrap(), pool.instances().available_permits());
        let other = flow("other");
        let mut waiting = Box::pin(pool.admit(&other, ONE, Some(slot), true));
        assert!(now(waiting.as_mut()).is_none());
        assert_eq!(pool.instances().available_permits(), free + 1, "who waits holds nothing");
        drop(waiting);
        drop(held);
        assert!(now(pool.admit(&flow("other"), ONE, None, true)).is_some());
    }
}
