//! From Rust sources to components in the deploy folder.

pub mod component;
pub mod install;
mod judge;
pub mod toolchain;
pub mod workspace;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Stdio;

use anyhow::Context as _;
use pesto_engine::model::Digest;

pub use self::judge::Judge;

use self::install::Installed;
use self::toolchain::Way;
use self::workspace::FlowCrate;
use crate::out::{errln, outln};

/// Compiles flows and puts them into the deploy folder. What happens is told on standard output, one line a flow; what
/// cargo says goes to standard error.
///
/// What does not compile, is no flow, or would be refused by a host is not written, which is an error in the end; the others
/// are. What is allowed and perhaps not meant is told on standard error.
pub async fn build(crates: &[FlowCrate], flows: &Path, way: &Way, judge: &Judge) -> anyhow::Result<()> {
    let mut workspaces: BTreeMap<&Path, Vec<&FlowCrate>> = BTreeMap::new();
    for found in crates {
        workspaces.entry(&found.workspace).or_default().push(found);
    }
    let mut failed = Vec::new();
    for (workspace, members) in &workspaces {
        failed.extend(compile(workspace, members, way)?);
    }
    std::fs::create_dir_all(flows).with_context(|| format!("cannot make the folder {}", flows.display()))?;
    let (mut described, mut refused) = (BTreeMap::new(), Vec::new());
    for found in crates.iter().filter(|found| !failed.contains(&found.name.as_str())) {
        let name = &found.name;
        let path = found.module(&way.target_folder(&found.target_folder));
        let module = std::fs::read(&path).with_context(|| format!("cargo did not leave {}", path.display()))?;
        let bytes = match component::from_module(&module) {
            Ok(bytes) => bytes,
            Err(error) => {
                errln!("error: {name} is not a flow: {error:#}");
                refused.push(name.as_str());
                continue;
            }
        };
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
    anyhow::ensure!(failed.is_empty(), "{} did not compile: cargo said why above", failed.join(", "));
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

/// Answers which ones do not compile.
fn compile<'c>(workspace: &Path, members: &[&'c FlowCrate], way: &Way) -> anyhow::Result<Vec<&'c str>> {
    let names = members.iter().map(|found| found.name.as_str()).collect::<Vec<_>>().join(", ");
    errln!("Compiling {names} for {} with {way}", toolchain::TARGET);
    let Some(first) = members.first() else { return Ok(Vec::new()) };
    let compiles = |members: &[&FlowCrate], says: Stdio| {
        let mut cargo = way.build(&first.target_folder);
        for found in members {
            cargo.args(["--package", found.name.as_str()]);
        }
        // The results go to standard output, so cargo must not write there.
        let status = cargo.current_dir(workspace).stdin(Stdio::null()).stdout(Stdio::null()).stderr(says).status();
        let status = status.with_context(|| format!("cannot start {}", cargo.get_program().display()))?;
        anyhow::Ok(status.success())
    };
    if compiles(members, Stdio::inherit())? {
        return Ok(Vec::new());
    }
    // It was said why, but not whose fault it is.
    let mut failed = Vec::new();
    for found in members {
        if members.len() == 1 || !compiles(&[*found], Stdio::null())? {
            failed.push(found.name.as_str());
        }
    }
    Ok(failed)
}
