//! The compiled code that a host trusts: which files of the cache a component's are, with their digests. A file that is gone
//! or was changed is compiled again, and never by the host itself.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use pesto_engine::model::Digest;

/// All compiled code that is kept, in bytes. What was not used for longest goes.
const MOST: u64 = 1 << 30;
/// How deep the cache's folders are.
const DEPTH: u32 = 4;

/// Moves what was made in a folder of its own into the cache, and answers the list that [`is_whole`] takes: a line for
/// each file, its digest and its path within the cache.
pub(super) fn take_over(made: &Path, cache: &Path) -> io::Result<String> {
    let mut list = String::new();
    for file in files_below(made, DEPTH) {
        let Ok(path) = file.strip_prefix(made) else { continue };
        let Some(name) = path.to_str() else { continue };
        // Beside the code stands how often it was used, which changes.
        if path.extension().is_none() {
            list.push_str(&format!("{} {name}\n", Digest::of(&fs::read(&file)?)));
        }
        let kept = cache.join(path);
        if let Some(folder) = kept.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::rename(&file, &kept)?;
    }
    tidy(cache, MOST);
    Ok(list)
}

/// Whether all files of a list are in the cache as they were made. They count as used now.
pub(super) fn is_whole(list: &str, cache: &Path) -> bool {
    let is_there = |line: &str| {
        let Some((digest, path)) = line.split_once(' ') else { return false };
        let path = cache.join(path);
        let same = fs::read(&path).is_ok_and(|bytes| Digest::of(&bytes).as_str() == digest);
        if same && let Ok(file) = fs::File::options().append(true).open(&path) {
            // Where that fails it goes a little early.
            let _ = file.set_modified(SystemTime::now());
        }
        same
    };
    !list.is_empty() && list.lines().all(is_there)
}

/// Removes what was used longest ago, where there is more than `most`.
fn tidy(cache: &Path, most: u64) {
    let aged = |path: PathBuf| {
        let data = path.metadata().ok()?;
        Some((data.modified().ok()?, data.len(), path))
    };
    let mut files: Vec<_> = files_below(cache, DEPTH).into_iter().filter_map(aged).collect();
    files.sort();
    let mut all: u64 = files.iter().map(|(_, size, _)| size).sum();
    for (_, size, path) in files {
        if all <= most {
            break;
        }
        all -= size;
        drop(fs::remove_file(path));
    }
}

/// All files below a folder, without following links.
pub(super) fn files_below(folder: &Path, depth: u32) -> Vec<PathBuf> {
    let mut all = Vec::new();
    for path in fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()) {
        if path.is_symlink() {
            continue;
        }
        if !path.is_dir() {
            all.push(path);
        } else if depth > 0 {
            all.extend(files_below(&path, depth - 1));
        }
    }
    all
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn what_was_made_is_whole_until_it_is_changed_or_gone() {
        let folder = tempfile::tempdir().unwrap();
        let (made, cache) = (folder.path().join("made"), folder.path().join("cache"));
        fs::create_dir_all(made.join("modules/wasmtime-48")).unwrap();
        fs::write(made.join("modules/wasmtime-48/abc"), "code").unwrap();
        fs::write(made.join("modules/wasmtime-48/abc.stats"), "once").unwrap();
        let list = take_over(&made, &cache).unwrap();
        let kept = cache.join("modules/wasmtime-48/abc");
        assert!(kept.is_file() && is_whole(&list, &cache));
        fs::write(cache.join("modules/wasmtime-48/abc.stats"), "twice").unwrap();
        assert!(is_whole(&list, &cache), "it was used");
        assert!(!is_whole("", &cache), "nothing was made");
        fs::write(&kept, "mode").unwrap();
        assert!(!is_whole(&list, &cache), "a bit was flipped");
        fs::remove_file(&kept).unwrap();
        assert!(!is_whole(&list, &cache));
    }

    #[test]
    fn what_was_used_longest_ago_goes_first() {
        let folder = tempfile::tempdir().unwrap();
        let age = |name: &str, seconds| {
            let path = folder.path().join(name);
            fs::write(&path, "12345678").unwrap();
            let then = SystemTime::now() - std::time::Duration::from_secs(seconds);
            fs::File::options().append(true).open(&path).unwrap().set_modified(then).unwrap();
            path
        };
        let (old, new, older) = (age("old", 20), age("new", 10), age("older", 30));
        tidy(folder.path(), 16);
        assert!(!older.exists() && old.exists() && new.exists());
    }
}
