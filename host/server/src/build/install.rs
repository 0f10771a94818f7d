//! Files appear in the deploy folder whole, or not at all.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::Path;
use std::time::SystemTime;

/// What became of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Installed {
    /// It holds these bytes now, also after a crash of the machine.
    Written,
    /// It held them before. Only its time is new: it is as young as its sources.
    Unchanged,
}

/// Puts a component into the deploy folder in one step: a hidden file, which no scan takes for a component, is written
/// beside it and renamed.
pub fn install(path: &Path, bytes: &[u8]) -> io::Result<Installed> {
    if fs::read(path).is_ok_and(|before| before == bytes) {
        File::options().append(true).open(path)?.set_modified(SystemTime::now())?;
        return Ok(Installed::Unchanged);
    }
    let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "not the path of a file"));
    };
    let hidden = folder.join(format!(".{}.{}.tmp", name.display(), std::process::id()));
    let written = write(&hidden, bytes).and_then(|()| fs::rename(&hidden, path));
    if written.is_err() {
        // The first error is the one to tell.
        let _ = fs::remove_file(&hidden);
    }
    written?;
    // The name must survive too. The current folder is meant where the path has none.
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    File::open(folder)?.sync_all()?;
    Ok(Installed::Written)
}

fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn writes_what_changed_and_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ask.wasm");
        assert_eq!(install(&path, b"one").unwrap(), Installed::Written);
        let modified = || fs::metadata(&path).unwrap().modified().unwrap();
        File::options().append(true).open(&path).unwrap().set_modified(SystemTime::UNIX_EPOCH).unwrap();
        assert_eq!(install(&path, b"one").unwrap(), Installed::Unchanged);
        assert!(modified() > SystemTime::UNIX_EPOCH);
        assert_eq!(install(&path, b"two").unwrap(), Installed::Written);
        assert_eq!(fs::read(&path).unwrap(), b"two");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_failure_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ask.wasm");
        fs::create_dir(&path).unwrap();
        install(&path, b"one").unwrap_err();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
