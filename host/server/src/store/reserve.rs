//! Room on the disk for the day when it is full: a file that is given up then, so that a host starts and what can be spared
//! can be removed.

use std::fs;
use std::io::{self, Write as _};
use std::path::Path;

use rustix::fs::{FallocateFlags, fallocate};

use crate::private;

/// The file.
const NAME: &str = "reserve";

/// Enough to write SQLite's log back and to delete much, in bytes.
const SIZE: u64 = 16 << 20;

/// Keeps the room, if it is not kept already and there is as much. What cannot be kept is worth no failure.
pub(super) fn keep(folder: &Path) {
    let path = folder.join(NAME);
    if path.metadata().is_ok_and(|data| data.len() == SIZE) {
        return;
    }
    let kept = private::file(&path).and_then(|file| Ok(fallocate(&file, FallocateFlags::empty(), 0, SIZE)?));
    if let Err(error) = kept {
        tracing::warn!(%error, "no room could be kept for the day when the disk is full");
        give_up(folder);
    }
}

/// Whether the disk is full: SQLite does not always say so.
pub(super) fn is_needed(folder: &Path) -> bool {
    let tried = tempfile::tempfile_in(folder).and_then(|mut file| file.write_all(&[1; 64 << 10]));
    tried.is_err_and(|error| error.kind() == io::ErrorKind::StorageFull)
}

/// Gives the room up. Answers whether there was some.
pub(super) fn give_up(folder: &Path) -> bool {
    fs::remove_file(folder.join(NAME)).is_ok()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn room_is_kept_once_and_given_up_once() {
        let folder = tempfile::tempdir().unwrap();
        assert!(!give_up(folder.path()), "there is none yet");
        let path = folder.path().join(NAME);
        fs::write(&path, "half").unwrap();
        keep(folder.path());
        assert_eq!(path.metadata().unwrap().len(), SIZE);
        assert!(!is_needed(folder.path()), "this disk is not full");
        assert!(give_up(folder.path()) && !path.exists());
    }
}
