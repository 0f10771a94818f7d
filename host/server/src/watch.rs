//! The deploy folder: what lies in it, and a notice when that may have changed.
//!
//! A notice means only "scan again". The file system's events get lost on some mounts, so the caller scans from time
//! to time without a notice too.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use notify::{Event, EventKind, RecursiveMode, Watcher as _};
use pesto_engine::model::{BadName, FlowName};
use tokio::sync::mpsc;
use tokio::time::Instant;

/// How long a folder must be quiet before a notice: a copied file arrives in pieces.
pub const QUIET: Duration = Duration::from_millis(100);

/// How long a notice waits at most, in a folder that is never quiet.
pub const LONGEST: Duration = Duration::from_millis(500);

/// The most files that a scan looks at; the rest is an error.
pub const MOST_FILES: usize = 1_000;

/// A component's file in the deploy folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The flow's name; the error where the stem is none.
    pub name: Result<FlowName, BadName>,
    /// Where it lies.
    pub path: PathBuf,
    /// In bytes.
    pub size: u64,
    /// Tells states of the file apart: its number, and when its content, owner or name changed last, in seconds and
    /// nanoseconds. Size and time of writing do not, for tools that copy keep both.
    pub change: (u64, i64, i64),
}

/// The files `NAME.wasm` that lie directly in the folder, in the order of their paths. A folder that is not there
/// has none.
///
/// Hidden files, such as half-written ones of `pesto build`, are no components, and neither are folders. A file that
/// goes away during the scan is left out.
pub fn scan(folder: &Path) -> io::Result<Vec<Found>> {
    match scan_again(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        found => found,
    }
}

/// The same of a folder that was there before: not to find it is an error.
pub fn scan_again(folder: &Path) -> io::Result<Vec<Found>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if !is_component(&path) {
            continue;
        }
        // Follows a link, for operators deploy with links too.
        let Ok(data) = fs::metadata(&path) else { continue };
        if !data.is_file() {
            continue;
        }
        if found.len() == MOST_FILES {
            let reason = format!("{} holds more than {MOST_FILES} components", folder.display());
            return Err(io::Error::other(reason));
        }
        found.push(Found {
            name: flow(&path),
            path,
            size: data.len(),
            change: (data.ino(), data.ctime(), data.ctime_nsec()),
        });
    }
    found.sort_by(|one, other| one.path.cmp(&other.path));
    Ok(found)
}

/// The flow that a component's file is named after.
pub fn flow(path: &Path) -> Result<FlowName, BadName> {
    FlowName::try_from(path.file_stem().unwrap_or_default().to_string_lossy().into_owned())
}

/// Whether a path is named like a component: `NAME.wasm`, and not hidden.
pub fn is_component(path: &Path) -> bool {
    let hidden = path.file_name().is_none_or(|name| name.as_encoded_bytes().starts_with(b"."));
    !hidden && path.extension() == Some(OsStr::new("wasm"))
}

/// When a notice is due, of a burst of changes from `first` to `last`.
pub fn due(first: Instant, last: Instant) -> Instant {
    (last + QUIET).min(first + LONGEST)
}

/// Watches a folder until it is dropped.
#[derive(Debug)]
pub struct Watch {
    // Ends the notices when it goes.
    _watcher: notify::RecommendedWatcher,
}

impl Watch {
    /// Watches the folder, which is made if it is not there. Each item means "scan again"; there is at most one
    /// waiting. To be called within a tokio runtime.
    ///
    /// Errors: the folder cannot be made or watched; then only scanning from time to time helps.
    pub fn start(folder: &Path) -> notify::Result<(Self, mpsc::Receiver<()>)> {
        fs::create_dir_all(folder)?;
        // One place is enough: what is told is that something changed, not what.
        let (changed, mut changes) = mpsc::channel(1);
        let mut watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
            if event.as_ref().map_or(true, concerns_components) {
                // Full means that a change is waiting already, closed that nobody listens.
                let _ = changed.try_send(());
            }
        })?;
        watcher.watch(folder, RecursiveMode::NonRecursive)?;
        let (notice, notices) = mpsc::channel(1);
        tokio::spawn(async move {
            while changes.recv().await.is_some() {
                settle(&mut changes).await;
                if let Err(mpsc::error::TrySendError::Closed(())) = notice.try_send(()) {
                    break;
                }
            }
        });
        Ok((Self { _watcher: watcher }, notices))
    }
}

/// Waits until a burst of changes, whose first one was just seen, is over.
async fn settle(changes: &mut mpsc::Receiver<()>) {
    let first = Instant::now();
    let mut last = first;
    while let Ok(Some(())) = tokio::time::timeout_at(due(first, last), changes.recv()).await {
        last = Instant::now();
    }
}

/// Whether an event can change a scan. Reading a file cannot, and must not: a scan would lead to the next one. An
/// error, or an event without a path, may stand for anything.
fn concerns_components(event: &Event) -> bool {
    let read_only = matches!(event.kind, EventKind::Access(kind) if !is_end_of_write(kind));
    !read_only && (event.need_rescan() || event.paths.is_empty() || event.paths.iter().any(|path| is_component(path)))
}

fn is_end_of_write(kind: notify::event::AccessKind) -> bool {
    use notify::event::{AccessKind, AccessMode};
    kind == AccessKind::Close(AccessMode::Write)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use notify::event::{AccessKind, AccessMode, CreateKind};

    use super::*;

    #[test]
    fn finds_components_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["ask.wasm", ".ask.wasm.17.tmp", ".hidden.wasm", "notes.txt", "Bad Name.wasm", "ask.wasm.part"] {
            fs::write(folder.path().join(name), "12345").unwrap();
        }
        fs::create_dir(folder.path().join("folder.wasm")).unwrap();
        let found = scan(folder.path()).unwrap();
        let names: Vec<_> = found.iter().map(|found| found.name.as_ref().map(FlowName::as_str).ok()).collect();
        assert_eq!(names, [None, Some("ask")]);
        assert_eq!(found.iter().map(|found| found.size).collect::<Vec<_>>(), [5, 5]);
        assert!(scan(&folder.path().join("absent")).unwrap().is_empty());
    }

    #[test]
    fn another_file_of_equal_size_and_time_is_another_state() {
        let folder = tempfile::tempdir().unwrap();
        let (old, new) = (folder.path().join("ask.wasm"), folder.path().join("new"));
        fs::write(&old, "12345").unwrap();
        fs::write(&new, "54321").unwrap();
        let before = scan(folder.path()).unwrap();
        let written = fs::metadata(&old).unwrap().modified().unwrap();
        fs::File::options().write(true).open(&new).unwrap().set_modified(written).unwrap();
        fs::rename(&new, &old).unwrap();
        let after = scan(folder.path()).unwrap();
        assert_eq!(after.len(), 1);
        assert_ne!(before[0].change, after[0].change);
    }

    #[test]
    fn a_burst_ends_by_quiet_or_at_its_longest() {
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        assert_eq!(due(start, start), at(100));
        assert_eq!(due(start, at(50)), at(150));
        assert_eq!(due(start, at(450)), at(500));
    }

    #[test]
    fn reading_is_no_change() {
        let event = |kind, path: &str| Event::new(kind).add_path(PathBuf::from(path));
        let opened = EventKind::Access(AccessKind::Open(AccessMode::Read));
        let written = EventKind::Access(AccessKind::Close(AccessMode::Write));
        assert!(!concerns_components(&event(opened, "flows/ask.wasm")));
        assert!(concerns_components(&event(written, "flows/ask.wasm")));
        assert!(concerns_components(&event(EventKind::Create(CreateKind::File), "flows/ask.wasm")));
        assert!(!concerns_components(&event(EventKind::Create(CreateKind::File), "flows/.ask.wasm.1.tmp")));
        assert!(concerns_components(&Event::new(EventKind::Any)));
    }

    /// Waits for the file system and no clock: a watcher that does not work hangs here, and the time limit says so.
    async fn noticed(notices: &mut mpsc::Receiver<()>) {
        tokio::time::timeout(Duration::from_secs(30), notices.recv()).await.unwrap().unwrap();
    }

    #[tokio::test]
    async fn a_rename_and_a_removal_are_noticed() {
        let parent = tempfile::tempdir().unwrap();
        let folder = parent.path().join("made/by/watch");
        let (_watch, mut notices) = Watch::start(&folder).unwrap();
        fs::write(folder.join(".ask.wasm.1.tmp"), "bytes").unwrap();
        fs::rename(folder.join(".ask.wasm.1.tmp"), folder.join("ask.wasm")).unwrap();
        noticed(&mut notices).await;
        assert_eq!(scan(&folder).unwrap().len(), 1);
        fs::remove_file(folder.join("ask.wasm")).unwrap();
        noticed(&mut notices).await;
        assert!(scan(&folder).unwrap().is_empty());
    }

    #[tokio::test]
    async fn notices_end_with_the_watch() {
        let folder = tempfile::tempdir().unwrap();
        let (watch, mut notices) = Watch::start(folder.path()).unwrap();
        drop(watch);
        assert_eq!(tokio::time::timeout(Duration::from_secs(30), notices.recv()).await.unwrap(), None);
    }
}
