//! What is known of components by their digest: which ones were compiled, were too much, or may have killed the host. Each
//! is a small file. A file that cannot be written costs a repetition and no more.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use pesto_engine::model::Digest;

use super::code;

/// How long it counts that a component was compiled well. Its code may have left the cache.
const GOOD: Duration = Duration::from_secs(30 * 24 * 3_600);

/// Where children compile, each in a folder of its own.
const MAKING: &str = "making";

/// What is known of a component.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Known {
    Nothing,
    /// It was compiled under the same limits, and its code is there: so many bytes when it is used.
    Good(usize),
    /// It is no component that could be compiled, in these words.
    Wrong(String),
    /// It was too much for the same limits, in these words.
    Refused(String),
    /// The host ended so often in a row while it was compiled, by this file.
    Killed(u32, PathBuf),
}

#[derive(Debug)]
pub(super) struct Ledger {
    folder: PathBuf,
    /// Limits and compiler: with others, results are others.
    settings: String,
    /// What is compiled now.
    running: Mutex<BTreeSet<PathBuf>>,
}

/// A component that is being compiled. A host that ends before this is dropped was perhaps killed by it.
pub(super) struct UnderWay<'a> {
    ledger: &'a Ledger,
    path: PathBuf,
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        if self.ledger.running().remove(&self.path) {
            drop(fs::remove_file(&self.path));
        }
    }
}

impl Ledger {
    pub(super) fn open(folder: &Path, settings: &str) -> io::Result<Self> {
        for part in ["cache", "good", "refused", "wrong", "running"] {
            fs::create_dir_all(folder.join(part))?;
        }
        // A child left these whose host ended.
        drop(fs::remove_dir_all(folder.join(MAKING)));
        for file in files(&folder.join("good")) {
            let old = file
                .metadata()
                .and_then(|data| data.modified())
                .is_ok_and(|at| at.elapsed().is_ok_and(|age| age > GOOD));
            if old {
                drop(fs::remove_file(file));
            }
        }
        Ok(Self { folder: folder.to_owned(), settings: settings.to_owned(), running: Mutex::default() })
    }

    pub(super) fn known(&self, digest: &Digest) -> Known {
        let running = self.path("running", digest);
        if self.running().contains(&running) {
            return Known::Nothing;
        }
        if let Some(times) = deaths(&running) {
            return Known::Killed(times, running);
        }
        let of_settings = |part| {
            let text = fs::read_to_string(self.path(part, digest)).ok()?;
            Some(text.strip_prefix(&self.settings)?.strip_prefix('\n')?.to_owned())
        };
        if let Some(words) = of_settings("refused") {
            return Known::Refused(words);
        }
        if let Some(words) = of_settings("wrong") {
            return Known::Wrong(words);
        }
        let good = of_settings("good").and_then(|kept| {
            let (size, list) = kept.split_once('\n')?;
            let size = size.parse().ok()?;
            code::is_whole(list, &self.folder.join("cache")).then_some(Known::Good(size))
        });
        good.unwrap_or(Known::Nothing)
    }

    /// A component is being compiled from now on.
    pub(super) fn begin(&self, digest: &Digest) -> UnderWay<'_> {
        let path = self.path("running", digest);
        let times = if self.running().contains(&path) { 0 } else { deaths(&path).unwrap_or(0) };
        let written = fs::write(&path, (times + 1).to_string());
        if let Err(error) = written {
            tracing::warn!(path = %path.display(), %error, "it cannot be noted what is compiled");
        }
        self.running().insert(path.clone());
        UnderWay { ledger: self, path }
    }

    /// The folder in which a component is compiled: empty, as far as that can be.
    pub(super) fn workplace(&self, digest: &Digest) -> PathBuf {
        let path = self.path(MAKING, digest);
        drop(fs::remove_dir_all(&path));
        path
    }

    /// Keeps what was made there, which takes so many bytes when it is used.
    pub(super) fn good(&self, digest: &Digest, made: &Path, size: usize) -> io::Result<()> {
        let list = code::take_over(made, &self.folder.join("cache"))?;
        drop(fs::remove_dir_all(made));
        self.note("good", digest, &format!("{size}\n{list}"));
        Ok(())
    }

    pub(super) fn wrong(&self, digest: &Digest, words: &str) {
        self.note("wrong", digest, words);
    }

    pub(super) fn refused(&self, digest: &Digest, words: &str) {
        self.note("refused", digest, words);
    }

    /// Forgets what is under way: it ends well, or with the host.
    pub(super) fn close(&self) {
        for path in std::mem::take(&mut *self.running()) {
            drop(fs::remove_file(path));
        }
    }

    fn note(&self, part: &str, digest: &Digest, words: &str) {
        let path = self.path(part, digest);
        if let Err(error) = fs::write(&path, format!("{}\n{words}", self.settings)) {
            tracing::warn!(path = %path.display(), %error, "what became of a component cannot be noted");
        }
    }

    fn path(&self, part: &str, digest: &Digest) -> PathBuf {
        self.folder.join(part).join(digest.to_string())
    }

    fn running(&self) -> MutexGuard<'_, BTreeSet<PathBuf>> {
        // Nothing between lock and unlock can panic and leave the set half changed.
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How often the host ended while a component was compiled, by its file.
fn deaths(running: &Path) -> Option<u32> {
    fs::read_to_string(running).ok()?.trim().parse().ok()
}

fn files(folder: &Path) -> impl Iterator<Item = PathBuf> {
    fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn digest() -> Digest {
        Digest::of(b"component")
    }

    #[test]
    fn what_the_host_ended_with_is_known_at_the_next_start() {
        let folder = tempfile::tempdir().unwrap();
        let start = || Ledger::open(folder.path(), "settings").unwrap();
        for times in 1..4 {
            let host = start();
            if times > 1 {
                let Known::Killed(before, path) = host.known(&digest()) else { panic!("it is not known") };
                assert_eq!(before, times - 1);
                assert!(path.exists());
            }
            let under_way = host.begin(&digest());
            assert_eq!(host.known(&digest()), Known::Nothing, "it has killed nobody yet");
            std::mem::forget(under_way);
        }
        let host = start();
        drop(host.begin(&digest()));
        assert_eq!(host.known(&digest()), Known::Nothing, "it came to an end");
        let host = start();
        std::mem::forget(host.begin(&digest()));
        host.close();
        assert_eq!(start().known(&digest()), Known::Nothing, "the host stopped in good order");
    }

    #[test]
    fn what_was_found_holds_for_the_same_settings() {
        let folder = tempfile::tempdir().unwrap();
        let start = |settings| Ledger::open(folder.path(), settings).unwrap();
        start("small").refused(&digest(), "too much\nfor it");
        assert_eq!(start("small").known(&digest()), Known::Refused("too much\nfor it".to_owned()));
        assert_eq!(start("large").known(&digest()), Known::Nothing);
        start("large").wrong(&digest(), "no component");
        assert_eq!(start("large").known(&digest()), Known::Wrong("no component".to_owned()));
        let other = Digest::of(b"another");
        let host = start("large");
        let made = host.workplace(&other);
        fs::create_dir_all(&made).unwrap();
        fs::write(made.join("abc"), "code").unwrap();
        host.good(&other, &made, 7).unwrap();
        assert_eq!((start("large").known(&other), made.exists()), (Known::Good(7), false));
        fs::remove_file(folder.path().join("cache/abc")).unwrap();
        assert_eq!(start("large").known(&other), Known::Nothing, "it is compiled again");
    }

    #[test]
    fn what_a_child_left_whose_host_ended_is_removed() {
        let folder = tempfile::tempdir().unwrap();
        let made = Ledger::open(folder.path(), "settings").unwrap().workplace(&digest());
        fs::create_dir_all(&made).unwrap();
        fs::write(made.join("abc.wip-atomic-write-mod"), "half").unwrap();
        Ledger::open(folder.path(), "settings").unwrap();
        assert!(!made.exists());
    }
}
