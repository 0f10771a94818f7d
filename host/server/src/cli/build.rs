//! `pesto build`: compiles flows into the deploy folder, once or on every change.

use std::path::{Path, PathBuf};
use std::sync::mpsc;

use notify::{Event, EventKind, RecursiveMode, Watcher as _};
use tokio::time::Instant;

use crate::build::toolchain::{FORCE, Way};
use crate::build::workspace::{self, FlowCrate};
use crate::build::{Judge, build};
use crate::cli::deploy::Deploy;
use crate::out::errln;
use crate::watch;

/// Compiles Rust flows into the flows folder.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Crates or workspaces; all flows of the plugins folder where none is named, or else the current folder.
    pub paths: Vec<PathBuf>,
    /// The workspace of the flows.
    #[arg(long, value_name = "DIR", default_value = "plugins")]
    pub plugins: PathBuf,
    #[command(flatten)]
    deploy: Deploy,
    /// Builds again on every change, until it is stopped.
    #[arg(long)]
    pub watch: bool,
}

/// Builds. With `--watch` it only ends where there is nothing to watch.
pub async fn run(args: &Args) -> anyhow::Result<()> {
    let way = Way::choose(std::env::var(FORCE).ok().as_deref())?;
    let flows = args.deploy.folder()?;
    let find = || workspace::find(&args.paths, &args.plugins);
    let mut crates = find()?;
    let judge = Judge::new(args.deploy.config().as_ref())?;
    if !args.watch {
        return build(&crates, &flows, &way, &judge).await;
    }
    loop {
        // Watching begins before the build, so that a change during it leads to the next one.
        let changes = Changes::of(&crates, &flows)?;
        if let Err(error) = build(&crates, &flows, &way, &judge).await {
            errln!("error: {error:#}");
        }
        errln!("Waiting for a change.");
        loop {
            changes.next()?;
            match find() {
                Ok(found) => {
                    crates = found;
                    break;
                }
                // A manifest is broken for the moment: its next change may put it right.
                Err(error) => errln!("error: {error:#}"),
            }
        }
    }
}

/// Changes of the sources.
struct Changes {
    _watcher: notify::RecommendedWatcher,
    changes: mpsc::Receiver<()>,
}

impl Changes {
    /// Watches the workspaces of these crates, but not what cargo and this command write there.
    fn of(crates: &[FlowCrate], flows: &Path) -> anyhow::Result<Self> {
        let mut ignored: Vec<PathBuf> = crates.iter().map(|found| found.target_folder.clone()).collect();
        ignored.extend(flows.canonicalize());
        let (changed, changes) = mpsc::sync_channel(1);
        let passing = ignored.clone();
        let mut watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
            if event.as_ref().map_or(true, |event| concerns_sources(event, &passing)) {
                // Full means that a change is waiting already.
                let _ = changed.try_send(());
            }
        })?;
        let mut workspaces: Vec<_> = crates.iter().map(|found| found.workspace.clone()).collect();
        workspaces.sort();
        workspaces.dedup();
        for workspace in &workspaces {
            watcher.watch(workspace, RecursiveMode::NonRecursive)?;
            for entry in std::fs::read_dir(workspace)? {
                let path = entry?.path();
                // A watch for each folder in a target folder would use up the machine's.
                if path.is_dir() && !is_ignored(&path, &ignored) && !path.ends_with("target") {
                    watcher.watch(&path, RecursiveMode::Recursive)?;
                }
            }
            // The contract, where it lies beside the workspace.
            if let Some(wit) = workspace.parent().map(|parent| parent.join("wit")).filter(|wit| wit.is_dir()) {
                watcher.watch(&wit, RecursiveMode::Recursive)?;
            }
        }
        Ok(Self { _watcher: watcher, changes })
    }

    /// Waits for a change and for the end of its burst.
    fn next(&self) -> anyhow::Result<()> {
        self.changes.recv()?;
        let first = Instant::now();
        let mut last = first;
        let left = |first, last| watch::due(first, last).saturating_duration_since(Instant::now());
        while self.changes.recv_timeout(left(first, last)).is_ok() {
            last = Instant::now();
        }
        Ok(())
    }
}

/// Whether an event may stand for a changed source.
fn concerns_sources(event: &Event, ignored: &[PathBuf]) -> bool {
    let read_only = matches!(event.kind, EventKind::Access(_));
    !read_only && (event.paths.is_empty() || event.paths.iter().any(|path| !is_ignored(path, ignored)))
}

/// Hidden files, those of editors among them, cargo's lock file, which a build writes, and the given folders.
fn is_ignored(path: &Path, ignored: &[PathBuf]) -> bool {
    let name = path.file_name().unwrap_or_default().as_encoded_bytes();
    let passing = name.starts_with(b".") || name.ends_with(b"~") || name == b"Cargo.lock";
    passing || ignored.iter().any(|folder| path.starts_with(folder))
}

#[cfg(test)]
mod tests {
    use notify::event::{AccessKind, ModifyKind};

    use super::*;

    #[test]
    fn only_sources_count() {
        let ignored = [PathBuf::from("/p/target")];
        let changed = |path: &str| {
            let event = Event::new(EventKind::Modify(ModifyKind::Any)).add_path(PathBuf::from(path));
            concerns_sources(&event, &ignored)
        };
        assert!(changed("/p/ask/src/lib.rs"));
        assert!(changed("/p/ask/Cargo.toml"));
        for path in ["/p/target/release/x.d", "/p/Cargo.lock", "/p/ask/src/.lib.rs.swp", "/p/ask/src/lib.rs~"] {
            assert!(!changed(path), "{path}");
        }
        let read = Event::new(EventKind::Access(AccessKind::Any)).add_path(PathBuf::from("/p/ask/src/lib.rs"));
        assert!(!concerns_sources(&read, &ignored));
    }
}
