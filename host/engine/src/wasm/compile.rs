//! Compiles components: where the composition root says, and not again where the compiled code is kept.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use wasmtime::component::Component;
use wasmtime::{Cache, CacheConfig, Config, Engine};

use crate::model::Digest;

use super::pool::Needs;
use super::since_v0_1::FlowPre;
use super::since_v0_1::migration::MigratesPre;
use super::state::GuestState;
use super::{LoadError, Sandbox, component, trap};

/// The longest compilation, in time. In this process it cannot be broken off, only left to itself; what takes so long is
/// mostly refused for the size of its functions before.
const COMPILE: Duration = Duration::from_secs(120);

/// A memory's data is copied when it is used, and not when an instance begins, up to so many bytes; beyond, if most of them
/// are not zero.
const DENSE: u64 = 1 << 20;

/// All compiled code that is kept on the disk, in bytes. The least recently used goes.
const CACHE: u64 = 1 << 30;

/// Where components are compiled, and where their code is kept. By default in this process, and nowhere.
#[derive(Clone, Default)]
pub struct Compiling {
    /// A folder that nobody else writes to: code in it is trusted.
    pub cache: Option<PathBuf>,
    /// Compiles into the cache, before this process takes the code from there.
    pub compiler: Option<Arc<dyn Compiler>>,
}

impl fmt::Debug for Compiling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Compiling").field("cache", &self.cache).field("compiler", &self.compiler.is_some()).finish()
    }
}

/// Compiles a component where it can harm nobody.
#[async_trait]
pub trait Compiler: Send + Sync {
    /// Has [`compile_into`] done for a component that was inspected, unless its code is kept already. Answers what that
    /// answers. An error is the component's refusal; with none, this process may compile the component itself if its code
    /// is not in the cache.
    async fn compile(&self, digest: &Digest, bytes: &Bytes) -> Result<usize, LoadError>;
}

/// A component that was inspected, and compiled where this process can take the code from.
pub struct Prepared {
    /// Its identity.
    pub digest: Digest,
    /// Its compiled code and data, in bytes; none where it is compiled by this process, which then finds out.
    pub size: Option<usize>,
    bytes: Bytes,
    migrates: bool,
}

/// A component that was not described yet.
pub(super) struct Compiled {
    pub(super) digest: Digest,
    /// Of code and data, in bytes.
    pub(super) size: usize,
    pub(super) needs: Needs,
    pub(super) pre: FlowPre<GuestState>,
    pub(super) migration: Option<MigratesPre<GuestState>>,
}

/// Compiles a component into a cache, for a process with the same release of this crate. Answers the size of code and data,
/// in bytes.
pub fn compile_into(cache: &Path, bytes: &[u8]) -> Result<usize, LoadError> {
    let host = |error: wasmtime::Error| LoadError::Host(trap::words(&error));
    let engine = Engine::new(&config(Some(self::cache(cache).map_err(host)?))).map_err(host)?;
    Component::new(&engine, bytes).map(|component| size(&component)).map_err(|error| trap::uncompiled(&error))
}

pub(super) fn cache(folder: &Path) -> wasmtime::Result<Cache> {
    let mut config = CacheConfig::new();
    config
        .with_directory(std::path::absolute(folder)?)
        .with_files_total_size_soft_limit(CACHE)
        // Code that is packed anew would have another digest.
        .with_optimized_compression_usage_counter_threshold(u64::MAX);
    Cache::new(config)
}

/// What the compiled code depends on.
pub(super) fn config(cache: Option<Cache>) -> Config {
    let mut config = Config::new();
    config
        .cache(cache)
        .epoch_interruption(true)
        // A re-run must compute the same bits.
        .cranelift_nan_canonicalization(true)
        .relaxed_simd_deterministic(true)
        .concurrency_support(false)
        // A few bytes far apart must not become a large image.
        .memory_guaranteed_dense_image_size(DENSE)
        .wasm_memory64(false);
    config
}

impl Sandbox {
    /// Checks a component, and has it compiled.
    pub async fn prepare(&self, bytes: impl Into<Bytes>) -> Result<Prepared, LoadError> {
        let bytes = bytes.into();
        let most = self.bounds.component;
        let inspected = bytes.clone();
        let inspect = move || component::inspect(&inspected, most).map(|migrates| (migrates, Digest::of(&inspected)));
        let (migrates, digest) = apart(inspect).await?;
        let size = match &self.compiler {
            Some(compiler) => Some(compiler.compile(&digest, &bytes).await?),
            None => None,
        };
        Ok(Prepared { digest, size, bytes, migrates })
    }

    /// Takes the code of a component into this process.
    pub(super) async fn compiled(&self, prepared: Prepared) -> Result<Compiled, LoadError> {
        let Prepared { digest, bytes, migrates, .. } = prepared;
        let (engine, linker, bounds) = (self.engine.clone(), self.linker.clone(), self.bounds.clone());
        let compile = move || {
            let component = Component::new(&engine, &bytes).map_err(|error| trap::uncompiled(&error))?;
            let needs = Needs::of(&component, &bounds);
            let size = size(&component);
            let pre = linker.instantiate_pre(&component).map_err(|error| LoadError::DoesNotFit(trap::words(&error)))?;
            let migration = migrates.then(|| MigratesPre::new(pre.clone())).transpose();
            let fitting = migration.and_then(|migration| Ok((FlowPre::new(pre)?, migration)));
            let (pre, migration) = fitting.map_err(|error| LoadError::DoesNotFit(trap::words(&error)))?;
            Ok(Compiled { digest, size, needs, pre, migration })
        };
        apart(compile).await
    }
}

/// Of code and data, in bytes.
fn size(component: &Component) -> usize {
    let image = component.image_range();
    image.end.addr() - image.start.addr()
}

/// Does on a thread of its own what takes long and does not yield.
async fn apart<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, LoadError> + Send + 'static,
) -> Result<T, LoadError> {
    match tokio::time::timeout(COMPILE, tokio::task::spawn_blocking(work)).await {
        Err(_) => Err(LoadError::TooComplex(format!("it did not compile within {} s", COMPILE.as_secs()))),
        Ok(Ok(done)) => done,
        Ok(Err(error)) => Err(LoadError::DoesNotCompile(error.to_string())),
    }
}
