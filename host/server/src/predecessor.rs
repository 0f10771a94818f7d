//! Who ran in a data folder before. Where hosts share a store, one that comes back after a crash need not wait for the
//! leases of the one that it was: nobody else can have the folder's lock, so that one is gone.

use std::fs::{File, TryLockError};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::path::Path;
use std::time::Duration;

/// The longest name that is read.
const LONGEST: u64 = 100;
/// A host that was killed has its lock until the system has cleared it away: it is asked for so often.
const TRIES: usize = 40;
const PAUSE: Duration = Duration::from_millis(50);

/// The file that names the host of a folder, locked as long as this lives.
pub(crate) struct Signature(File);

impl Signature {
    /// Locks the file in `folder`, which is made if it is not there, and answers who signed last. None where another
    /// process has the lock, and keeps it for two seconds: a host that lives.
    pub(crate) async fn lock(folder: &Path) -> io::Result<Option<(Self, Option<String>)>> {
        for _ in 0..TRIES {
            if let Some(locked) = Self::try_lock(folder)? {
                return Ok(Some(locked));
            }
            tokio::time::sleep(PAUSE).await;
        }
        Ok(None)
    }

    fn try_lock(folder: &Path) -> io::Result<Option<(Self, Option<String>)>> {
        let mut file = crate::private::file(&folder.join("host"))?;
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

    #[tokio::test]
    async fn a_host_learns_who_was_before_it_once_that_is_gone() {
        let folder = tempfile::tempdir().unwrap();
        let (mut first, nobody) = Signature::try_lock(folder.path()).unwrap().unwrap();
        assert_eq!(nobody, None);
        first.sign("the first, with a long name").unwrap();
        assert!(Signature::try_lock(folder.path()).unwrap().is_none(), "it lives");
        let mut waits = Box::pin(Signature::lock(folder.path()));
        assert!(futures_util::poll!(&mut waits).is_pending(), "it may be dying");
        drop(first);
        let (mut second, before) = waits.await.unwrap().unwrap();
        assert_eq!(before.as_deref(), Some("the first, with a long name"));
        second.sign("the second").unwrap();
        drop(second);
        assert_eq!(Signature::try_lock(folder.path()).unwrap().unwrap().1.as_deref(), Some("the second"));
    }
}
