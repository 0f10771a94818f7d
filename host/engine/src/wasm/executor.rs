//! Where guests run: threads of their own, as many as there are cores, so that no guest can keep the threads that
//! do input and output from their work. A guest that runs long yields at each tick, so that all get their share;
//! its CPU time is counted while it runs, not while it queues or waits.
//!
//! A turn's other steps run here too, between claim and commit, for going from one thread to another takes as long as
//! a write to the disk. They are short, and they wait for their share as guests do.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::time::Sleep;

use crate::policy::contract;

/// How often a running guest is looked at.
const TICK: Duration = Duration::from_millis(5);

/// The guests' threads.
pub(super) struct Executor {
    runtime: Option<Runtime>,
    running: Arc<AtomicUsize>,
    ticker: std::thread::Thread,
}

impl Executor {
    /// Starts `threads` threads, and one that ticks while a guest is there.
    pub(super) fn new(engine: &wasmtime::Engine, threads: usize) -> std::io::Result<Self> {
        let runtime =
            Builder::new_multi_thread().worker_threads(threads).thread_name("pesto-guest").enable_all().build()?;
        let running = Arc::new(AtomicUsize::new(0));
        let (weak, count) = (engine.weak(), running.clone());
        let ticker = std::thread::Builder::new().name("pesto-tick".into()).spawn(move || {
            loop {
                std::thread::sleep(TICK);
                let Some(engine) = weak.upgrade() else { return };
                engine.increment_epoch();
                drop(engine);
                if count.load(Ordering::SeqCst) == 0 {
                    // An idle host must not wake up two hundred times a second. The time limit lets the thread
                    // see that the engine is gone.
                    std::thread::park_timeout(Duration::from_secs(1));
                }
            }
        })?;
        Ok(Self { runtime: Some(runtime), running, ticker: ticker.thread().clone() })
    }

    /// The threads, to run on them what has to do with guests.
    pub(super) fn threads(&self) -> &Handle {
        match &self.runtime {
            Some(runtime) => runtime.handle(),
            None => unreachable!("the runtime is taken in drop only"),
        }
    }

    /// A guest, to be polled on these threads; dropping it ends it. An error where it waited by itself for longer than it
    /// may.
    pub(super) fn guest<F: Future>(&self, meter: Arc<Meter>, guest: F) -> Metered<F> {
        let present = Present::new(&self.running, &self.ticker);
        Metered { meter, guest: Box::pin(guest), alarm: None, _present: present }
    }
}

impl Drop for Executor {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// Counts guests that are there, running or waiting, so that the ticker can rest when there is none.
struct Present(Arc<AtomicUsize>);

impl Present {
    fn new(count: &Arc<AtomicUsize>, ticker: &std::thread::Thread) -> Self {
        if count.fetch_add(1, Ordering::SeqCst) == 0 {
            ticker.unpark();
        }
        Self(count.clone())
    }
}

impl Drop for Present {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// The time of one guest, in nanoseconds: what it computed, and what it waited by itself.
#[derive(Debug, Default)]
pub(super) struct Meter {
    spent: AtomicU64,
    polled_at: AtomicU64,
    waited: AtomicU64,
    /// It waits for a call that it made.
    outside: AtomicBool,
    /// It was made to let others run, and does not wait.
    yielded: AtomicBool,
}

/// A guest waited for longer than [`contract::WAIT`].
#[derive(Debug)]
pub(super) struct WaitedTooLong;

impl Meter {
    /// What the guest has used, to be asked on the thread that runs it.
    pub(super) fn spent(&self) -> Duration {
        let now = thread_time().saturating_sub(self.polled_at.load(Ordering::Relaxed));
        Duration::from_nanos(self.spent.load(Ordering::Relaxed) + now)
    }

    /// What the guest has waited by itself, by WASI's clocks.
    pub(super) fn waited(&self) -> Duration {
        Duration::from_nanos(self.waited.load(Ordering::Relaxed))
    }

    /// It waited so long before, in an earlier instance of its turn.
    pub(super) fn with_waited(self, waited: Duration) -> Self {
        self.waits(waited);
        self
    }

    fn waits(&self, time: Duration) {
        self.waited.fetch_add(u64::try_from(time.as_nanos()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    /// Whether a call to the outside is being made, for which a guest may wait longer.
    pub(super) fn outside(&self, is: bool) {
        self.outside.store(is, Ordering::Relaxed);
    }

    /// The guest lets others run for a moment.
    pub(super) fn yields(&self) {
        self.yielded.store(true, Ordering::Relaxed);
    }

    /// Does on the guest's thread what is not the guest's work.
    pub(super) fn apart<T>(&self, work: impl FnOnce() -> T) -> T {
        let start = thread_time();
        let result = work();
        self.polled_at.fetch_add(thread_time().saturating_sub(start), Ordering::Relaxed);
        result
    }
}

fn thread_time() -> u64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::try_from(time).map_or(0, |time| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX))
}

/// A guest whose time is counted.
pub(super) struct Metered<F> {
    meter: Arc<Meter>,
    guest: Pin<Box<F>>,
    /// Since when it waits by itself, and what ends it where it waits too long.
    alarm: Option<(Instant, Pin<Box<Sleep>>)>,
    _present: Present,
}

impl<F: Future> Future for Metered<F> {
    type Output = Result<F::Output, WaitedTooLong>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        if let Some((since, _)) = self.alarm.take() {
            self.meter.waits(since.elapsed());
        }
        self.meter.polled_at.store(thread_time(), Ordering::Relaxed);
        let poll = self.guest.as_mut().poll(context);
        let polled_at = self.meter.polled_at.load(Ordering::Relaxed);
        self.meter.spent.fetch_add(thread_time().saturating_sub(polled_at), Ordering::Relaxed);
        let yielded = self.meter.yielded.swap(false, Ordering::Relaxed);
        if let Poll::Ready(ended) = poll {
            return Poll::Ready(Ok(ended));
        }
        if yielded || self.meter.outside.load(Ordering::Relaxed) {
            return Poll::Pending;
        }
        let left = contract::WAIT.saturating_sub(self.meter.waited());
        let mut alarm = Box::pin(tokio::time::sleep(left));
        // A new timer takes a millisecond at least, so one that is over already would be waited for again and again.
        if left.is_zero() || alarm.as_mut().poll(context).is_ready() {
            return Poll::Ready(Err(WaitedTooLong));
        }
        self.alarm = Some((Instant::now(), alarm));
        Poll::Pending
    }
}
