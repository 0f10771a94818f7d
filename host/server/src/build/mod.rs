//! From Rust sources to components in the deploy folder.

pub mod component;
pub mod install;
mod judge;
pub mod toolchain;
pub mod workspace;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Stdio;

use anyhow::{Context as _, bail};
use pesto_engine::model::Digest;

pub use self::judge::Judge;

use self::install::Installed;
use self::toolchain::Way;
use self::workspace::FlowCrate;
use crate::out::{errln, outln};

/// Compiles flows and puts them into the deploy folder. What happens is told on standard output, one line a flow; what
/// cargo says goes to standard error.
///
/// Nothing is written unless all compile and every one is a flow; and none that a host would refuse, which is an error in
/// the end. What is allowed and perhaps not meant is told on standard error.
pub async fn build(crates: &[FlowCrate], flows: &Path, way: &Way, judge: &Judge) -> anyhow::Result<()> {
    let mut workspaces: BTreeMap<&Path, Vec<&FlowCrate>> = BTreeMap::new();
    for found in crates {
        workspaces.entry(&found.workspace).or_default().push(found);
    }
    for (workspace, members) in &workspaces {
        compile(workspace, members, way)?;
    }
    let mut ready = Vec::new();
    for found in crates {
        let path = found.module(&way.target_folder(&found.target_folder));
        let module = std::fs::read(&path).with_context(|| format!("cargo did not leave {}", path.display()))?;
        let bytes = component::from_module(&module).with_context(|| format!("{} is not a flow", found.name))?;
        ready.push((&found.name, bytes));
    }
    std::fs::create_dir_all(flows).with_context(|| format!("cannot make the folder {}", flows.display()))?;
    let (mut described, mut refused) = (BTreeMap::new(), Vec::new());
    for (name, bytes) in ready {
        match judge.describe(&bytes).await {
            Ok(info) => drop(described.insert(name.clone(), info)),
            Err(error) => {
                errln!("error: {name} is not written, because the host would refuse it: {}", rooted(error, crates));
                refused.push(name.as_str());
                continue;
            }
        }
        let digest = Digest::of(&bytes);
        let path = flows.join(format!("{name}.wasm"));
        let done = install::install(&path, &bytes).with_context(|| format!("cannot write {}", path.display()))?;
        let done = match done {
            Installed::Written => "written to",
            Installed::Unchanged => "unchanged in",
        };
        outln!("{name}: {:.1} kB, digest {}, {done} {}", bytes.len() as f64 / 1e3, digest.short(), path.display());
    }
    for advice in judge.advice(&described) {
        errln!("warning: {advice}");
    }
    anyhow::ensure!(refused.is_empty(), "the host would refuse {}; it says why above", refused.join(", "));
    Ok(())
}

/// The compiler names a source from its workspace's folder on, and an editor finds it from the current folder.
fn rooted(error: anyhow::Error, crates: &[FlowCrate]) -> String {
    let here = std::env::current_dir().unwrap_or_default();
    let mut text = format!("{error:#}");
    for found in crates {
        let folder = found.workspace.strip_prefix(&here).unwrap_or(&found.workspace).join(found.name.as_str());
        text = text.replace(&format!(" {}/src/", found.name), &format!(" {}/src/", folder.display()));
    }
    text
}

fn compile(workspace: &Path, members: &[&FlowCrate], way: &Way) -> anyhow::Result<()> {
    let names = members.iter().map(|found| found.name.as_str()).collect::<Vec<_>>().join(", ");
    errln!("Compiling {names} for {} with {way}", toolchain::TARGET);
    let Some(first) = members.first() else { return Ok(()) };
    let mut cargo = way.build(&first.target_folder);
    for found in members {
        cargo.args(["--package", found.name.as_str()]);
    }
    // The results go to standard output, so cargo must not write there.
    let status = cargo.current_dir(workspace).stdin(Stdio::null()).stdout(std::io::stderr()).status();
    let status = status.with_context(|| format!("cannot start {}", cargo.get_program().display()))?;
    if !status.success() {
        bail!("{names} did not compile: cargo said why above");
    }
    Ok(())
}
