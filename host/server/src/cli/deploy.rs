//! Which deploy folder an author's command means, and whether what lies there is up to date.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::config::{Config, Environment, Scope};

/// What commands take that write or read components without a host.
#[derive(Debug, clap::Args)]
pub(super) struct Deploy {
    /// Where the components are; by default `flows` of the configuration, or else the folder flows.
    #[arg(long = "flows", value_name = "DIR")]
    folder: Option<PathBuf>,
    /// The configuration file; pesto.toml of the current folder if it is there.
    #[arg(long, value_name = "FILE", env = "PESTO_CONFIG")]
    config: Option<PathBuf>,
}

impl Deploy {
    /// The host's configuration, if there is a file of it and it is right as far as an author needs it.
    pub(super) fn config(&self) -> Option<Config> {
        let config = Config::load_for(Scope::Store, self.config.as_deref(), &Environment::of_process()).ok()?;
        config.file.is_some().then_some(config)
    }

    /// The folder that is meant. Of the configuration only this is read, for an author needs no operator's keys.
    pub(super) fn folder(&self) -> anyhow::Result<PathBuf> {
        match &self.folder {
            Some(folder) => Ok(folder.clone()),
            None => Ok(Config::flows_folder(self.config.as_deref(), &Environment::of_process())?),
        }
    }
}

/// The first source of a flow that is younger than its component: its manifest, and what lies in `src`. None where
/// times cannot be read, for this is only to warn.
pub(super) fn younger_source(component: &Path, flow: &Path) -> Option<PathBuf> {
    let built = modified(component)?;
    let sources = std::iter::once(flow.join("Cargo.toml")).chain(files(&flow.join("src"), 8));
    sources.into_iter().find(|source| modified(source).is_some_and(|changed| changed > built))
}

fn modified(path: &Path) -> Option<SystemTime> {
    std::fs::metadata(path).and_then(|data| data.modified()).ok()
}

/// All files below a folder, not deeper than `depth`: a link may lead in a circle.
fn files(folder: &Path, depth: usize) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .flat_map(|entry| {
            let path = entry.path();
            match path.is_dir() {
                true if depth == 0 => Vec::new(),
                true => files(&path, depth - 1),
                false => vec![path],
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::fs::{self, File};
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_source_that_was_changed_after_the_build_is_found() {
        let top = tempfile::tempdir().unwrap();
        let flow = top.path().join("lunch");
        fs::create_dir_all(flow.join("src/deep")).unwrap();
        let (component, source) = (top.path().join("lunch.wasm"), flow.join("src/deep/words.rs"));
        for path in [&flow.join("Cargo.toml"), &flow.join("src/lib.rs"), &source, &component] {
            fs::write(path, "").unwrap();
        }
        let later = |path: &Path, by: u64| {
            let time = fs::metadata(path).unwrap().modified().unwrap() + Duration::from_secs(by);
            File::options().write(true).open(path).unwrap().set_modified(time).unwrap();
        };
        later(&component, 60);
        assert_eq!(younger_source(&component, &flow), None);
        later(&source, 120);
        assert_eq!(younger_source(&component, &flow), Some(source));
        assert_eq!(younger_source(&top.path().join("absent.wasm"), &flow), None);
    }
}
