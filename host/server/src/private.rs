//! Folders and files that nobody else on the machine may read: what people said is in them.

use std::fs::{DirBuilder, File, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

const FOLDER: u32 = 0o700;
const FILE: u32 = 0o600;

/// Makes a folder, and those above it, if it is not there. One that is there stays as it is, for somebody chose that.
pub(crate) fn folder(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(FOLDER).create(path)
}

/// Opens a file to read and write it, made if it is not there. One that others could read is closed to them.
pub(crate) fn file(path: &Path) -> io::Result<File> {
    let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(FILE).open(path)?;
    if is_open(&file.metadata()?.permissions()) {
        file.set_permissions(Permissions::from_mode(FILE))?;
    }
    Ok(file)
}

/// Whether others than the owner can use it.
pub(crate) fn is_open(permissions: &Permissions) -> bool {
    permissions.mode() & 0o077 != 0
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn mode(path: &Path) -> u32 {
        std::fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn what_is_made_is_the_owners_alone() {
        let top = tempfile::tempdir().unwrap();
        let data = top.path().join("a/data");
        folder(&data).unwrap();
        file(&data.join("new")).unwrap();
        std::fs::write(data.join("old"), "kept").unwrap();
        std::fs::set_permissions(data.join("old"), Permissions::from_mode(0o644)).unwrap();
        file(&data.join("old")).unwrap();
        assert_eq!(mode(&data), 0o700);
        assert_eq!((mode(&data.join("new")), mode(&data.join("old"))), (0o600, 0o600));
        assert_eq!(std::fs::read(data.join("old")).unwrap(), b"kept");
        std::fs::set_permissions(&data, Permissions::from_mode(0o750)).unwrap();
        folder(&data).unwrap();
        assert_eq!(mode(&data), 0o750, "an operator's choice stays");
    }
}
