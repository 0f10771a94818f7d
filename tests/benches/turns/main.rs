//! What a turn costs on this machine, beside what it cannot cost less than. The last lines are
//! `figure NAME VALUE UNIT`; all figures of a run are measured on the same disk, in the same folder of the build.
//!
//! - [`guest`], [`floor`], [`redis_floor`]: a turn without an engine: the component, and bare writes to a store
//! - [`rig`]: an engine on one of the stores, as the host composes it
//! - [`samples`]: what goes through it
//! - [`turns`], [`calls`], [`waiting`], [`slack`], [`restart`]: what is measured

mod calls;
mod floor;
mod guest;
mod redis_floor;
mod restart;
mod rig;
mod samples;
mod slack;
mod turns;
mod waiting;

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use pesto_server::build::{self, toolchain::Way, workspace};

/// Where the stores are: on the disk of the build, which a folder for temporary files may not be, or in the folder that
/// `PESTO_BENCH_FOLDER` names.
fn scratch() -> PathBuf {
    std::env::var_os("PESTO_BENCH_FOLDER").map_or_else(|| env!("CARGO_TARGET_TMPDIR").into(), PathBuf::from)
}

/// What is measured, in the order of measuring.
type Figure = (&'static str, f64, &'static str);

fn main() -> anyhow::Result<()> {
    let runtime = tokio::runtime::Runtime::new()?;
    let component = runtime.block_on(component())?;
    // A name, or a part of one, measures that alone.
    let wanted: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    let wants = |name: &str| wanted.is_empty() || wanted.iter().any(|word| name.contains(word.as_str()));
    let mut figures: Vec<Figure> = Vec::new();
    // Memory first, before the rest leaves its traces in it, and the least of it first.
    for (name, turns) in
        [("waiting_1k_rss_mib", 1_000), ("waiting_10k_rss_mib", 10_000), ("waiting_100k_rss_mib", 100_000)]
    {
        if wants(name) {
            figures.extend(runtime.block_on(waiting::memory(&component, name, turns))?);
        }
    }
    if wants("store_p99_ms") {
        figures.extend(runtime.block_on(waiting::store(&component, 10_000, 8))?);
    }
    if wants("embedded_turns") {
        figures.extend(turns::measure_embedded(&runtime, &component)?);
    }
    if wants("redis_turns") {
        figures.extend(turns::measure_redis(&runtime, &component)?);
    }
    if wants("host_calls") {
        figures.extend(runtime.block_on(calls::measure(&component))?);
    }
    if wants("slack") {
        figures.extend(runtime.block_on(slack::measure(&component))?);
    }
    if wants("restart_10_js_flows_s") {
        figures.extend(runtime.block_on(restart::measure())?);
    }
    for (name, value, unit) in figures {
        println!("figure {name} {value:.2} {unit}");
    }
    Ok(())
}

/// The engine's errors are of a type of their own.
fn wasm(error: wasmtime::Error) -> anyhow::Error {
    anyhow::anyhow!("{error:#}")
}

/// The flow of the benchmarks, compiled if need be.
async fn component() -> anyhow::Result<Vec<u8>> {
    let flow = Path::new(env!("CARGO_MANIFEST_DIR")).join("bench-flow");
    let way = Way::choose(std::env::var(build::toolchain::FORCE).ok().as_deref())?;
    let flows = Path::new(env!("CARGO_TARGET_TMPDIR")).join("bench-flows");
    build::build(&workspace::find(&[flow], Path::new(""))?, &flows, &way, &build::Judge::new(None)?).await?;
    std::fs::read(flows.join("bench-flow.wasm")).context("the benchmark's flow was not built")
}
