//! What the host keeps for one running guest, and the bounds that it enforces.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rand::SeedableRng;
use rand::rngs::StdRng;
use tokio::runtime::Handle;
use wasmtime::ResourceLimiter;
use wasmtime::component::ResourceTable;
use wasmtime_wasi::{HostMonotonicClock, HostWallClock, WasiCtx, WasiCtxView, WasiView};

use crate::broker::Scope;
use crate::fault::{Fault, GuestFault};
use crate::log_rate::Line;
use crate::policy::contract;
use crate::text::line;

use super::Said;
use super::executor::Meter;
use super::pool::Memory;
use super::written::Written;

/// Elements that all tables of a component may have together.
pub(super) const TABLE_ELEMENTS: usize = 100_000;
/// Core instances, memories and tables of one component.
pub(super) const INSTANCES: usize = 64;
pub(super) const MEMORIES: usize = 8;
pub(super) const TABLES: usize = 32;

/// Handles that a guest may hold at once: WASI's, each of which costs the host some memory, and its own.
pub(super) const HANDLES: usize = 1_000;

/// What is kept of what a component said that is refused: lines, and bytes of each.
const LINES: usize = 10;
const LINE: usize = 500;

/// What clocks show where no turn runs, in milliseconds. Some runtimes take 0 for a broken clock.
const NO_TURN: u64 = 1_000;

/// A call to the outside.
type Outside<'a, A> = Pin<Box<dyn Future<Output = Result<A, Fault>> + Send + 'a>>;

pub(super) struct GuestState {
    wasi: Option<Wasi>,
    seed: u64,
    pub(super) limiter: Limiter,
    /// None where no turn runs, while the component describes itself or takes a conversation over: then every call traps.
    scope: Option<Box<Scope>>,
    io: Handle,
    meter: Arc<Meter>,
    /// What earlier instances of the turn have computed.
    spent: Duration,
    calls: u32,
    most_calls: u32,
    lines: u32,
    bytes: usize,
    label: String,
    /// The last error that it logged: where it panics, the panic's words.
    last: Option<String>,
    /// Where what is logged and written is kept besides: of a component that describes itself.
    record: Option<Record>,
}

/// What a component logs and writes, for whoever refuses it. It can be read when the guest is gone.
#[derive(Clone, Default)]
pub(super) struct Record {
    lines: Arc<Mutex<Vec<String>>>,
    written: Written,
}

impl Record {
    /// The last lines.
    pub(super) fn said(&self) -> Said {
        // Nothing between lock and unlock can panic and leave the list half changed.
        let mut lines = std::mem::take(&mut *self.lines.lock().unwrap_or_else(PoisonError::into_inner));
        lines.extend(String::from_utf8_lossy(&self.written.take()).lines().map(|text| line(text, LINE)));
        let first = lines.len().saturating_sub(LINES);
        Said(lines.split_off(first))
    }

    fn log(&self, text: &str) {
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        lines.push(line(text, LINE));
        let excess = lines.len().saturating_sub(LINES);
        lines.drain(..excess);
    }
}

/// What is left of a guest that ended.
pub(super) struct Left {
    /// The way to the outside, unless it had none.
    pub(super) scope: Option<Box<Scope>>,
    /// What it said last, if it said that something is wrong: for whoever tells of a trap.
    pub(super) last: Option<String>,
}

/// The longest last words that are kept, in bytes.
const LAST_WORDS: usize = 2_000;
/// The last lines of standard output and error are where a language's runtime says why it gives up.
const LAST_LINES: usize = 3;

/// WASI with nothing in it but time, randomness and a bounded standard output and error. Made when it is first
/// used, for most flows never do.
///
/// A guest can wait by WASI's clocks, for [`contract::WAIT`] in all: that costs a slot and memory, and no thread.
struct Wasi {
    context: WasiCtx,
    table: ResourceTable,
    written: Written,
}

impl Wasi {
    fn new(seed: u64, clock: TurnClock, written: Written) -> Self {
        let context = WasiCtx::builder()
            .stderr(written.clone())
            .stdout(written.clone())
            .wall_clock(clock.clone())
            .monotonic_clock(clock)
            .secure_random(StdRng::seed_from_u64(seed))
            .insecure_random(StdRng::seed_from_u64(!seed))
            .insecure_random_seed(u128::from(seed))
            .max_random_size(64 << 10)
            .allow_tcp(false)
            .allow_udp(false)
            .build();
        let mut table = ResourceTable::new();
        table.set_max_capacity(HANDLES);
        Self { context, table, written }
    }
}

impl GuestState {
    /// `label` names flow and turn in log lines; `seed` feeds WASI's randomness; `meter` counts the guest's time; it may
    /// have `most_memory`, as far as `memory` goes.
    pub(super) fn new(
        io: Handle,
        meter: Arc<Meter>,
        label: String,
        (most_memory, memory): (usize, Memory),
        seed: u64,
        scope: Option<Box<Scope>>,
    ) -> Self {
        Self {
            meter,
            wasi: None,
            seed,
            limiter: Limiter { memory: 0, most_memory, budget: memory, elements: 0 },
            most_calls: scope.as_ref().map_or(0, |scope| scope.bounds.host_calls),
            spent: scope.as_ref().map_or(Duration::ZERO, |scope| scope.spent),
            scope,
            io,
            calls: 0,
            lines: 0,
            bytes: 0,
            label,
            last: None,
            record: None,
        }
    }

    /// The same, with what it says kept.
    pub(super) fn recorded(mut self, record: &Record) -> Self {
        self.record = Some(record.clone());
        self
    }

    /// Counts a host call.
    pub(super) fn count_call(&mut self) -> wasmtime::Result<()> {
        self.calls += 1;
        if self.scope.is_some() && self.calls > self.most_calls {
            return Err(trap(GuestFault::HostCallLimit(self.most_calls)));
        }
        Ok(())
    }

    /// The way to the outside, for what is done at once.
    pub(super) fn scope(&mut self, call: &str) -> wasmtime::Result<&mut Scope> {
        self.scope.as_deref_mut().ok_or_else(|| not_now(call))
    }

    /// Makes a call that waits, and ends with the guest. Its steps are done on the guest's thread and are not counted
    /// as the guest's; its timers, sockets and tasks are those of the input and output threads.
    pub(super) async fn outside<A, F>(&mut self, call: &str, perform: F) -> wasmtime::Result<A>
    where
        F: for<'a> FnOnce(&'a mut Scope) -> Outside<'a, A>,
    {
        let scope = self.scope.as_deref_mut().ok_or_else(|| not_now(call))?;
        let (io, meter) = (&self.io, &self.meter);
        scope.spent = self.spent + meter.spent();
        scope.waited = meter.waited();
        meter.outside(true);
        let mut steps = perform(scope);
        let answer = poll_fn(|context| {
            let _io = io.enter();
            meter.apart(|| steps.as_mut().poll(context))
        });
        let answer = answer.await;
        meter.outside(false);
        answer.map_err(wasmtime::Error::new)
    }

    /// Writes a line to the log, marked with flow and turn, unless an earlier instance of the turn wrote it.
    pub(super) fn log(&mut self, level: tracing::Level, text: &str) -> Result<(), GuestFault> {
        self.lines += 1;
        self.bytes += text.len();
        let (lines, bytes) = contract::LOG;
        if self.lines > lines {
            return Err(GuestFault::LogLimit(format!("{lines} lines in one turn")));
        }
        if self.bytes > bytes {
            return Err(GuestFault::LogLimit(format!("{bytes} bytes in one turn")));
        }
        if level == tracing::Level::ERROR {
            // A panic's place and its words are on two lines.
            self.last = Some(line(&text.replacen(":\n", ": ", 1), LAST_WORDS));
        }
        if let Some(scope) = &self.scope {
            if scope.repeats() {
                return Ok(());
            }
            if let Some(log) = &scope.log {
                log.push(level, text);
            }
        }
        if let Some(scope) = &self.scope {
            let (flow, (_, rate)) = (&scope.flow, contract::LOG_RATE);
            match scope.logs.take(flow, text.len(), scope.ports.clock.now()) {
                Line::Write(0) => {}
                Line::Write(dropped) => tracing::warn!(%flow, dropped, "log lines of a flow were dropped"),
                Line::Drop(first) => {
                    if first {
                        tracing::warn!(%flow, "a flow logs more than {rate} bytes a second, and lines are dropped");
                    }
                    return Ok(());
                }
            }
        }
        if let Some(record) = &self.record {
            record.log(text);
        }
        let (text, label) = (line(text, bytes), self.label.as_str());
        match level {
            tracing::Level::ERROR => tracing::error!(target: "flow", turn = label, "{text}"),
            tracing::Level::WARN => tracing::warn!(target: "flow", turn = label, "{text}"),
            tracing::Level::INFO => tracing::info!(target: "flow", turn = label, "{text}"),
            _ => tracing::debug!(target: "flow", turn = label, "{text}"),
        }
        Ok(())
    }

    /// The end of the guest: logs what it wrote to standard output and error, unless it will write it again, and gives the
    /// scope back.
    pub(super) fn finish(mut self) -> Left {
        if self.scope.as_ref().is_some_and(|scope| scope.parked.is_some()) {
            return Left { scope: self.scope, last: None };
        }
        let written = self.wasi.take().map(|wasi| wasi.written.take()).unwrap_or_default();
        let written = String::from_utf8_lossy(&written);
        let mut last: Vec<_> = written.lines().rev().filter(|text| !text.trim().is_empty()).take(LAST_LINES).collect();
        last.reverse();
        if self.last.is_none() && !last.is_empty() {
            self.last = Some(line(&last.join(" | "), LAST_WORDS));
        }
        for text in written.lines() {
            if self.log(tracing::Level::INFO, text).is_err() {
                break;
            }
        }
        Left { scope: self.scope, last: self.last }
    }
}

pub(super) fn trap(fault: GuestFault) -> wasmtime::Error {
    wasmtime::Error::new(Fault::Guest(fault))
}

fn not_now(call: &str) -> wasmtime::Error {
    trap(GuestFault::Trap(format!("it called {call} outside of a turn, when no call is allowed")))
}

impl WasiView for GuestState {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        let wasi = self.wasi.get_or_insert_with(|| {
            let now = self.scope.as_ref().map_or_else(|| Arc::new(AtomicU64::new(NO_TURN)), |scope| scope.now.clone());
            let written = self.record.as_ref().map(|record| record.written.clone()).unwrap_or_default();
            Wasi::new(self.seed, TurnClock(now), written)
        });
        WasiCtxView { ctx: &mut wasi.context, table: &mut wasi.table }
    }
}

/// WASI's clocks: the turn's now, moved on by each journaled result, so that a re-run sees the same.
#[derive(Clone)]
struct TurnClock(Arc<AtomicU64>);

impl TurnClock {
    fn now(&self) -> Duration {
        Duration::from_millis(self.0.load(Ordering::Relaxed))
    }
}

impl HostWallClock for TurnClock {
    fn resolution(&self) -> Duration {
        Duration::from_millis(1)
    }

    fn now(&self) -> Duration {
        self.now()
    }
}

impl HostMonotonicClock for TurnClock {
    fn resolution(&self) -> u64 {
        1_000_000
    }

    fn now(&self) -> u64 {
        u64::try_from(self.now().as_nanos()).unwrap_or(u64::MAX)
    }
}

/// Bounds of memories and tables, over all that a component has: limits for each one add up.
pub(super) struct Limiter {
    memory: usize,
    most_memory: usize,
    /// What it has of the memory of all instances.
    budget: Memory,
    elements: usize,
}

impl ResourceLimiter for Limiter {
    fn memory_growing(&mut self, current: usize, desired: usize, _most: Option<usize>) -> wasmtime::Result<bool> {
        let total = self.memory.saturating_add(desired.saturating_sub(current));
        if total > self.most_memory {
            return Err(trap(GuestFault::MemoryLimit(self.most_memory as u64 >> 20)));
        }
        self.budget.grow(total).map_err(wasmtime::Error::new)?;
        self.memory = total;
        Ok(true)
    }

    fn table_growing(&mut self, current: usize, desired: usize, _most: Option<usize>) -> wasmtime::Result<bool> {
        let total = self.elements.saturating_add(desired.saturating_sub(current));
        if total > TABLE_ELEMENTS {
            return Err(trap(GuestFault::TableLimit(format!("{TABLE_ELEMENTS} elements"))));
        }
        self.elements = total;
        Ok(true)
    }

    fn instances(&self) -> usize {
        INSTANCES
    }

    fn memories(&self) -> usize {
        MEMORIES
    }

    fn tables(&self) -> usize {
        TABLES
    }
}
