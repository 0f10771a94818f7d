//! Compiles components in a process of its own, under limits: a small file can hold what takes gigabytes or minutes, and
//! whatever it does ends with that process. What was compiled goes into the cache of the data folder, where the host finds
//! it; what was too much, and what the host itself went down with, is remembered.

mod child;
mod code;
mod ledger;

use std::collections::HashMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;
use pesto_engine::model::Digest;
use pesto_engine::wasm::{Compiler, Compiling, LoadError};
use tokio::sync::Semaphore;

use crate::memory;

pub use child::{Args, run};
use child::{Ended, Limits};
use ledger::{Known, Ledger};

/// The folder of compiled code, in the data folder.
pub const FOLDER: &str = "compiled";

/// After so many compilations that broke off a component is refused. One may be for want of memory at that time.
const MOST_BROKEN: u32 = 3;

/// After so many ends of the host while a component was compiled it is not tried again. One may be a coincidence.
const MOST_DEATHS: u32 = 2;

static HAS_COMMAND: AtomicBool = AtomicBool::new(false);

/// Says that this process is the `pesto` command, which can be started again to compile. Others compile inside.
pub fn this_is_pesto() {
    HAS_COMMAND.store(true, Ordering::SeqCst);
}

/// A component of so many bytes is small, and waits behind no large one.
const SMALL: usize = 2 << 20;

/// Compiles in children, and keeps what they made.
pub struct Workshop {
    ledger: Arc<Ledger>,
    limits: Limits,
    /// How often the compilation of each component broke off.
    broken: Mutex<HashMap<Digest, u32>>,
    at_once: Semaphore,
    /// For small ones, beside those.
    small: Semaphore,
}

/// Where a host compiles: its folder of compiled code lies in `data`, which only it writes to. With the workshop, if
/// children compile.
pub fn compiling(data: &Path) -> std::io::Result<(Compiling, Option<Arc<Workshop>>)> {
    let folder = std::path::absolute(data)?.join(FOLDER);
    let cache = folder.join("cache");
    if !HAS_COMMAND.load(Ordering::SeqCst) {
        return Ok((Compiling { cache: Some(cache), compiler: None }, None));
    }
    let workshop = Arc::new(Workshop::open(&folder, memory::there_is())?);
    Ok((Compiling { cache: Some(cache), compiler: Some(workshop.clone()) }, Some(workshop)))
}

impl Workshop {
    fn open(folder: &Path, memory: u64) -> std::io::Result<Self> {
        let cores = std::thread::available_parallelism().map_or(2, usize::from) as u64;
        // Half of the memory is for instances. Of the rest a child may have all where that is little, for an interpreter
        // needs it: if there is too little after all, the kernel ends the child and not the host.
        let half = memory / 2;
        let each = half.clamp(512 << 20, 2 << 30);
        let limits = Limits { memory_mib: each >> 20, cpu_s: 120 };
        let at_once = usize::try_from((half / 2 / each).clamp(1, cores)).unwrap_or(1);
        let ledger = Arc::new(Ledger::open(folder, &format!("{limits:?} {}", child::build()))?);
        Ok(Self {
            ledger,
            limits,
            broken: Mutex::default(),
            at_once: Semaphore::new(at_once),
            small: Semaphore::new(1),
        })
    }

    /// Nothing is compiled any more: the host stops, and is not killed.
    pub fn close(&self) {
        self.ledger.close();
    }
}

#[async_trait]
impl Compiler for Workshop {
    async fn compile(&self, digest: &Digest, bytes: &Bytes) -> Result<usize, LoadError> {
        let (ledger, asked) = (self.ledger.clone(), digest.clone());
        // It reads all of the code.
        let known = tokio::task::spawn_blocking(move || ledger.known(&asked)).await;
        match known.map_err(|error| LoadError::Host(error.to_string()))? {
            Known::Good(size) => return Ok(size),
            Known::Refused(words) => return Err(LoadError::TooComplex(words)),
            Known::Wrong(words) => return Err(LoadError::DoesNotCompile(words)),
            Known::Killed(times, path) if times >= MOST_DEATHS => {
                let remedy =
                    format!("to have it tried again, remove {} and touch the component's file", path.display());
                return Err(LoadError::KilledTheHost { times, remedy });
            }
            Known::Killed(..) | Known::Nothing => {}
        }
        let turn = tokio::select! {
            turn = self.at_once.acquire() => turn,
            turn = self.small.acquire(), if bytes.len() <= SMALL => turn,
        };
        let Ok(_turn) = turn else { unreachable!("the semaphores are never closed") };
        let (short, size) = (digest.short(), bytes.len());
        tracing::info!(digest = short, bytes = size, "a component is compiled");
        let under_way = self.ledger.begin(digest);
        let made = self.ledger.workplace(digest);
        let ended = child::compile(&self.limits, &made, bytes).await;
        drop(under_way);
        match ended {
            Ended::Good(size) => match self.ledger.good(digest, &made, size) {
                Ok(()) => Ok(size),
                Err(error) => {
                    Err(LoadError::Host(format!("compiled code cannot be kept in {}: {error}", made.display())))
                }
            },
            Ended::Wrong(words) => {
                self.ledger.wrong(digest, &words);
                Err(LoadError::DoesNotCompile(words))
            }
            Ended::TooMuch(words) => {
                self.ledger.refused(digest, &words);
                Err(LoadError::TooComplex(words))
            }
            Ended::Broke(words) => {
                let mut broken = self.broken.lock().unwrap_or_else(PoisonError::into_inner);
                let times = broken.entry(digest.clone()).or_default();
                *times += 1;
                Err(if *times < MOST_BROKEN { LoadError::Host(words) } else { LoadError::TooComplex(words) })
            }
            Ended::Host(reason) => Err(LoadError::Host(reason)),
        }
    }
}
