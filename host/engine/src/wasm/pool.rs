//! Room for instances, and the memory of all of them together with the journals of their turns. A turn waits for both,
//! holding neither.
//!
//! The rule, for instances and for memory alike: **a flow gets at most half of what the other flows leave.** Flows that
//! take all they can get have a half, a quarter, an eighth of it, so each further flow finds room. The last sixteenth is
//! kept for flows that run nothing: one instance each, with at most a quarter of the memory that is kept.
//!
//! A component may need more than its flow's share. So the only instance of a flow may have whatever is left, up to a half
//! at its beginning. A turn that waits for that is not overtaken: turns that come later get only what is kept.
//!
//! A turn without room waits. Turns go on in the order in which they came; one whose flow has its share is passed over
//! until the flow has less, or others leave more. Each release wakes every turn that can go on. No flow waits for ever,
//! because its turns end, and then its next turn is its only one.

mod ledger;
mod shares;

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use wasmtime::component::Component;
use wasmtime::{Enabled, PoolingAllocationConfig};

use crate::model::FlowName;
use crate::policy::Bounds;

use super::state;

pub(crate) use ledger::Memory;
use ledger::{Guest, Ledger, Wanted};

/// Descriptions and takeovers at once, beside turns.
pub(super) const SPARE: usize = 8;
/// What WebAssembly counts memory in, in bytes.
const PAGE: usize = 64 << 10;
/// The most that a memory keeps of its pages between two instances, in bytes: what a flow made from JavaScript or Python
/// writes in a turn.
const KEPT: usize = 1 << 20;

/// What an instance of a component takes from the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Needs {
    /// In instances of a component with one memory and two tables at most.
    slots: usize,
    /// Memory, in bytes.
    bytes: usize,
}

impl Needs {
    pub(super) fn of(component: &Component, bounds: &Bounds) -> Self {
        // One that imports modules is refused, for the host has none.
        let required = component.resources_required();
        let (memories, tables) = required.as_ref().map_or((1, 1), |all| (all.num_memories, all.num_tables));
        let each = required.and_then(|all| all.max_initial_memory_size).unwrap_or_default();
        let pages = each.saturating_mul(memories.into()).min((bounds.memory / PAGE) as u64);
        Self { slots: memories.max(tables.div_ceil(2)).max(1) as usize, bytes: pages as usize * PAGE }
    }
}

/// What all instances share.
pub(super) struct Pool {
    /// What instances take while they are there, and turns that were claimed before it is known whose they are.
    slots: Arc<Semaphore>,
    /// For turns that did not end before: one of them may be what the host went down with.
    again: Arc<Semaphore>,
    ledger: Arc<Ledger>,
}

/// Turns at once that did not end before.
const AGAIN: usize = 16;

/// An instance's room. It is free again when this is dropped.
pub(super) struct Admitted {
    _guest: Guest,
    _slots: OwnedSemaphorePermit,
    _again: Option<OwnedSemaphorePermit>,
}

/// Memory of an instance, and of its turn's journal.
pub(super) struct Memories {
    pub(super) instance: Memory,
    pub(super) journal: Memory,
}

impl Pool {
    pub(super) fn new(bounds: &Bounds) -> Self {
        Self {
            slots: Arc::new(Semaphore::new(bounds.instances)),
            again: Arc::new(Semaphore::new(AGAIN)),
            ledger: Ledger::new(bounds.instances, bounds.memory_total),
        }
    }

    /// Room for instances. Whoever has some can go on to [`admit`](Self::admit).
    pub(super) fn instances(&self) -> &Arc<Semaphore> {
        &self.slots
    }

    /// Waits until there is room for an instance of this flow's component, and for `journal` bytes. `held` is room for
    /// one that may be had already; it is given back where more must be waited for. `again` says that the turn did not
    /// end before.
    pub(super) async fn admit(
        &self,
        flow: &FlowName,
        needs: Needs,
        journal: usize,
        held: Option<OwnedSemaphorePermit>,
        again: bool,
    ) -> (Admitted, Memories) {
        let account = Some(flow.clone());
        let wanted = Wanted { slots: needs.slots, bytes: needs.bytes.saturating_add(journal) };
        // What is held and not enough is given back before anything is waited for.
        if let Some(slot) = held.filter(|_| needs.slots == 1 && !again)
            && let Some((guest, memory)) = self.ledger.find(&account, wanted)
        {
            return (Admitted { _guest: guest, _slots: slot, _again: None }, parted(memory, journal));
        }
        let again = if again { Some(take(&self.again, 1).await) } else { None };
        let (guest, memory) = self.ledger.wait(&account, wanted).await;
        let slots = take(&self.slots, guest.slots()).await;
        (Admitted { _guest: guest, _slots: slots, _again: again }, parted(memory, journal))
    }

    /// Memory for a component that is described or takes a conversation over; all of these count as one more flow. The
    /// caller must limit its wait, because turns may wait for the instance that it holds.
    pub(super) async fn memory(&self, needs: Needs) -> (Guest, Memory) {
        self.ledger.wait(&None, Wanted { slots: 0, bytes: needs.bytes }).await
    }

    /// Why memory was waited for in vain.
    pub(super) fn full() -> &'static str {
        "no memory for the component: others have all there is; raise limits.memory_total_mib"
    }

    /// Memory of the flow, none as yet.
    pub(super) fn no_memory(&self, flow: &FlowName) -> Memory {
        Memory::none(&self.ledger, Some(flow.clone()))
    }
}

fn parted(mut memory: Memory, journal: usize) -> Memories {
    let journal = memory.split(journal);
    Memories { instance: memory, journal }
}

async fn take(room: &Arc<Semaphore>, count: usize) -> OwnedSemaphorePermit {
    let count = u32::try_from(count).unwrap_or(u32::MAX);
    let Ok(taken) = room.clone().acquire_many_owned(count).await else {
        unreachable!("these semaphores are never closed")
    };
    taken
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
mod tests;
