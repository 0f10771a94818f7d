//! Which crates are flows: those that make a `cdylib`.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, bail};
use pesto_engine::model::FlowName;
use serde::Deserialize;

/// A crate that makes a flow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FlowCrate {
    /// The package's name, which becomes the flow's.
    pub name: FlowName,
    /// The workspace it belongs to, or its own folder.
    pub workspace: PathBuf,
    /// Where cargo puts what it makes.
    pub target_folder: PathBuf,
    /// The library's name.
    library: String,
}

impl FlowCrate {
    /// The core module that cargo leaves in a target folder.
    pub fn module(&self, target_folder: &Path) -> PathBuf {
        let file = format!("{}.wasm", self.library.replace('-', "_"));
        target_folder.join(super::toolchain::TARGET).join("release").join(file)
    }
}

/// The flows of `paths`, each a crate or a workspace. Without any, those of the workspace `plugins`, or else the crate
/// of the current folder. Members that lie outside their workspace's folder are taken only where they are named.
pub fn find(paths: &[PathBuf], plugins: &Path) -> anyhow::Result<Vec<FlowCrate>> {
    let has_crate = |folder: &Path| folder.join("Cargo.toml").is_file();
    let paths = match paths {
        [] if has_crate(plugins) => vec![plugins.to_owned()],
        [] if has_crate(Path::new(".")) => vec![PathBuf::from(".")],
        [] => bail!(
            "there is nothing to build: neither {} nor the current folder has a Cargo.toml. Name a flow's folder, or \
             make a flow with `pesto new NAME`",
            plugins.display()
        ),
        paths => paths.to_vec(),
    };
    let mut found = Vec::new();
    for path in paths {
        let manifest = path.join("Cargo.toml");
        let manifest = manifest.canonicalize().with_context(|| {
            format!("{} cannot be read: name the folder of a flow or of a workspace", manifest.display())
        })?;
        for flow in flows(&metadata(&manifest)?, &manifest)? {
            if !found.contains(&flow) {
                found.push(flow);
            }
        }
    }
    Ok(found)
}

/// The flow of a manifest, or of all members that lie below it.
fn flows(metadata: &Metadata, manifest: &Path) -> anyhow::Result<Vec<FlowCrate>> {
    let own: Vec<_> = metadata.packages.iter().filter(|package| package.manifest_path == manifest).collect();
    let members: Vec<_> = match own.as_slice() {
        [] => metadata.packages.iter().filter(|it| it.manifest_path.starts_with(&metadata.workspace_root)).collect(),
        _ => own,
    };
    let mut flows = Vec::new();
    for package in members {
        let is_library = |target: &&Target| target.crate_types.iter().any(|kind| kind == "cdylib");
        let Some(target) = package.targets.iter().find(is_library) else { continue };
        let name = package.name.parse::<FlowName>();
        flows.push(FlowCrate {
            name: name
                .with_context(|| format!("the package in {} cannot be a flow", package.manifest_path.display()))?,
            workspace: metadata.workspace_root.clone(),
            target_folder: metadata.target_directory.clone(),
            library: target.name.clone(),
        });
    }
    if flows.is_empty() {
        let folder = manifest.parent().unwrap_or(manifest);
        bail!("{} holds no flow: a flow's Cargo.toml says crate-type = [\"cdylib\"] in [lib]", folder.display());
    }
    Ok(flows)
}

fn metadata(manifest: &Path) -> anyhow::Result<Metadata> {
    let cargo = super::toolchain::any_cargo();
    let arguments = ["metadata", "--no-deps", "--format-version", "1", "--manifest-path"].map(OsStr::new);
    let output = Command::new(&cargo).args(arguments).arg(manifest).output();
    let output = output.with_context(|| format!("cannot start {}: is Rust installed?", cargo.display()))?;
    if !output.status.success() {
        let reason = String::from_utf8_lossy(&output.stderr);
        if let Some((member, workspace)) = gone(&reason) {
            bail!("{member} is gone, and {workspace} still names it: take it out of the list `members`");
        }
        bail!("cargo cannot read {}: {}", manifest.display(), reason.trim());
    }
    serde_json::from_slice(&output.stdout).context("cargo's metadata cannot be read")
}

/// A member whose folder was deleted, and the manifest that names it, in the words of cargo.
fn gone(reason: &str) -> Option<(&str, &str)> {
    let (member, rest) = reason.split_once("failed to load manifest for workspace member `")?.1.split_once('`')?;
    let workspace = rest.split_once("referenced by workspace at `").and_then(|(_, rest)| rest.split_once('`'));
    let workspace = workspace.map_or("the workspace's Cargo.toml", |(workspace, _)| workspace);
    (!Path::new(member).join("Cargo.toml").exists()).then_some((member, workspace))
}

#[derive(Debug, Deserialize)]
struct Metadata {
    packages: Vec<Package>,
    workspace_root: PathBuf,
    target_directory: PathBuf,
}

#[derive(Debug, Deserialize)]
struct Package {
    name: String,
    manifest_path: PathBuf,
    targets: Vec<Target>,
}

#[derive(Debug, Deserialize)]
struct Target {
    name: String,
    crate_types: Vec<String>,
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn metadata() -> Metadata {
        let package = |name: &str, folder: &str, kind: &str| {
            let target = serde_json::json!({"name": name, "crate_types": [kind]});
            serde_json::json!({"name": name, "manifest_path": format!("{folder}/Cargo.toml"), "targets": [target]})
        };
        serde_json::from_value(serde_json::json!({
            "packages": [
                package("pesto-sdk", "/p/plugins/sdk", "lib"),
                package("two-words", "/p/plugins/two-words", "cdylib"),
                package("guest", "/p/tests/guests/guest", "cdylib"),
            ],
            "workspace_root": "/p/plugins",
            "target_directory": "/p/plugins/target",
        }))
        .unwrap()
    }

    fn names(manifest: &str) -> Vec<String> {
        flows(&metadata(), Path::new(manifest)).unwrap().into_iter().map(|flow| flow.name.into()).collect()
    }

    #[test]
    fn a_workspace_means_its_own_flows() {
        assert_eq!(names("/p/plugins/Cargo.toml"), ["two-words"]);
    }

    #[test]
    fn a_crate_outside_must_be_named() {
        assert_eq!(names("/p/tests/guests/guest/Cargo.toml"), ["guest"]);
    }

    #[test]
    fn a_library_is_no_flow() {
        let error = flows(&metadata(), Path::new("/p/plugins/sdk/Cargo.toml")).unwrap_err().to_string();
        assert!(error.starts_with("/p/plugins/sdk holds no flow"), "{error}");
    }

    #[test]
    fn a_member_that_was_deleted_is_named() {
        let top = tempfile::tempdir().unwrap();
        let manifest = top.path().join("Cargo.toml");
        std::fs::write(&manifest, "[workspace]\nresolver = \"3\"\nmembers = [\"friday\"]\n").unwrap();
        let error = super::metadata(&manifest).unwrap_err().to_string();
        let (friday, manifest) = (top.path().join("friday"), manifest.display());
        let wanted = format!("{} is gone, and {manifest} still names it: take it out", friday.display());
        assert!(error.starts_with(&wanted), "{error}");
    }

    #[test]
    fn the_module_is_named_by_the_library() {
        let flow = &flows(&metadata(), Path::new("/p/plugins/Cargo.toml")).unwrap()[0];
        let path = flow.module(Path::new("/t"));
        assert_eq!(path, Path::new("/t/wasm32-unknown-unknown/release/two_words.wasm"));
    }
}
