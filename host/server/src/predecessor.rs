//! Who ran in a data folder before. Where hosts share a store, one that comes back after a crash need not wait for the
//! leases of the one that it was: nobody else can have the folder's lock, so that one is gone.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::path::Path;

/// The longest name that is read.
const LONGEST: u64 = 100;

/// The file that names the host of a folder, locked as long as this lives.
pub(crate) struct Signature(File);

impl Signature {
    /// Locks the file in `folder`, which is made if it is not there, and answers who signed last. None where another
    /// process has the lock: a command beside a host.
    pub(crate) fn lock(folder: &Path) -> io::Result<Option<(Self, Option<String>)>> {
        let mut file =
            OpenOptions::new().read(true).write(true).create(true).truncate(false).open(folder.join("host"))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(TryLockError::Error(error)) => return Err(error),
        }
        let mut name = Vec::new();
        (&mut file).take(LONGEST).read_to_end(&mut name)?;
        let name = String::from_utf8(name).ok().filter(|name| !name.is_empty());
        Ok(Some((Self(file), name)))
    }

    /// Signs with this host's name. A crash before that leaves the former name, which is as good.
    pub(crate) fn sign(&mut self, name: &str) -> io::Result<()> {
        self.0.rewind()?;
        self.0.set_len(0)?;
        self.0.write_all(name.as_bytes())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_host_learns_who_was_before_it_once_that_is_gone() {
        let folder = tempfile::tempdir().unwrap();
        let (mut first, nobody) = Signature::lock(folder.path()).unwrap().unwrap();
        assert_eq!(nobody, None);
        first.sign("the first, with a long name").unwrap();
        assert!(Signature::lock(folder.path()).unwrap().is_none(), "it lives");
        drop(first);
        let (mut second, before) = Signature::lock(folder.path()).unwrap().unwrap();
        assert_eq!(before.as_deref(), Some("the first, with a long name"));
        second.sign("the second").unwrap();
        drop(second);
        assert_eq!(Signature::lock(folder.path()).unwrap().unwrap().1.as_deref(), Some("the second"));
    }
}
