//! The data folder: its lock, its file, its schema.

use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OptionalExtension};

use super::FILE;
use super::db::explain;
use crate::private;

/// What this build reads and writes.
const VERSION: i64 = 4;

/// What makes each schema of the one before it, by its version. What was before the first was a draft.
const UPGRADES: [(i64, &str); 2] = [(3, include_str!("upgrade/3.sql")), (4, include_str!("upgrade/4.sql"))];

/// Why a data folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process has it. It may be reached by its socket.
    #[error("the data folder `{0}` is in use by another process: stop that one, or choose another folder")]
    InUse(PathBuf),
    /// It was written by a later version of Pesto.
    #[error("the store `{path}` has schema {found}, this version knows up to {VERSION}: use a newer version of Pesto")]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its schema's version.
        found: i64,
    },
    /// It was written by a draft of Pesto.
    #[error(
        "the store `{0}` was written by an early draft of Pesto, which nothing can read any more: move it away, or \
         choose another folder"
    )]
    Draft(PathBuf),
    /// It is an SQLite file, but not ours.
    #[error("`{0}` is not a store of Pesto: move it away, or choose another folder")]
    Foreign(PathBuf),
    /// The folder or its lock cannot be made.
    #[error("the data folder `{0}` cannot be used: {1}. Check that this user may write there")]
    Io(PathBuf, io::Error),
    /// SQLite cannot open or read the file.
    #[error("the store `{0}` cannot be opened: {words}", words = explain(.1))]
    Sqlite(PathBuf, rusqlite::Error),
}

/// Makes the folder, if need be, and locks it for as long as the file is held.
pub(super) fn lock(folder: &Path) -> Result<File, OpenError> {
    let io = |error| OpenError::Io(folder.to_owned(), error);
    private::folder(folder).map_err(io)?;
    let file = private::file(&folder.join("pesto.lock")).map_err(io)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(OpenError::InUse(folder.to_owned())),
        Err(TryLockError::Error(error)) => Err(io(error)),
    }
}

/// A connection that writes, on a schema that is there.
pub(super) fn writer(path: &Path) -> Result<Connection, OpenError> {
    let sqlite = |error| OpenError::Sqlite(path.to_owned(), error);
    // SQLite makes the files beside it as this one is.
    private::file(path).map_err(|error| OpenError::Io(path.to_owned(), error))?;
    for beside in ["-wal", "-shm"] {
        let beside = path.with_file_name(format!("{FILE}{beside}"));
        if beside.exists() {
            private::file(&beside).map_err(|error| OpenError::Io(beside, error))?;
        }
    }
    let mut conn = connect(path).map_err(sqlite)?;
    match version(&conn).map_err(sqlite)? {
        Some(VERSION) => {}
        Some(found) if found > VERSION => return Err(OpenError::Newer { path: path.to_owned(), found }),
        Some(found) if found + 1 < UPGRADES[0].0 => return Err(OpenError::Draft(path.to_owned())),
        Some(found) => upgrade(&mut conn, found).map_err(sqlite)?,
        None if is_empty(&conn).map_err(sqlite)? => create(&mut conn).map_err(sqlite)?,
        None => return Err(OpenError::Foreign(path.to_owned())),
    }
    Ok(conn)
}

/// A connection that sees what is committed.
pub(super) fn reader(path: &Path) -> Result<Connection, OpenError> {
    let sqlite = |error| OpenError::Sqlite(path.to_owned(), error);
    let conn = connect(path).map_err(sqlite)?;
    conn.pragma_update(None, "query_only", true).map_err(sqlite)?;
    Ok(conn)
}

fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let conn = Connection::open(path)?;
    // Only a person with a tool of their own can hold SQLite's lock; they get a moment.
    conn.busy_timeout(Duration::from_secs(2))?;
    conn.set_prepared_statement_cache_capacity(128);
    // Without this, SQLite looks at the values that are bound and compiles some statements anew each time.
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    // Before anything is written, or it has no effect: what is deleted gives its room back, in steps.
    conn.pragma_update(None, "auto_vacuum", "incremental")?;
    conn.pragma_update(None, "journal_mode", "wal")?;
    conn.pragma_update(None, "synchronous", "full")?;
    conn.pragma_update(None, "foreign_keys", true)?;
    conn.pragma_update(None, "temp_store", "memory")?;
    conn.pragma_update(None, "cache_size", -16_000)?;
    // The log is written back by the thread that commits, so this bounds its pause: 8 MiB, a few milliseconds.
    conn.pragma_update(None, "wal_autocheckpoint", 2_000)?;
    conn.pragma_update(None, "journal_size_limit", 64 << 20)?;
    Ok(conn)
}

fn version(conn: &Connection) -> rusqlite::Result<Option<i64>> {
    let table = "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'schema'";
    if conn.query_row(table, [], |_| Ok(())).optional()?.is_none() {
        return Ok(None);
    }
    conn.query_row("SELECT version FROM schema", [], |row| row.get(0)).optional()
}

fn is_empty(conn: &Connection) -> rusqlite::Result<bool> {
    conn.query_row("SELECT count(*) = 0 FROM sqlite_schema", [], |row| row.get(0))
}

fn create(conn: &mut Connection) -> rusqlite::Result<()> {
    let all = conn.transaction()?;
    all.execute_batch(include_str!("schema.sql"))?;
    all.execute("INSERT INTO schema VALUES (?1)", [VERSION])?;
    all.commit()
}

/// Takes a schema to this build's, in one step.
fn upgrade(conn: &mut Connection, found: i64) -> rusqlite::Result<()> {
    let all = conn.transaction()?;
    for (_, step) in UPGRADES.iter().filter(|(version, _)| *version > found) {
        all.execute_batch(step)?;
    }
    all.execute("UPDATE schema SET version = ?1", [VERSION])?;
    all.commit()?;
    tracing::info!(from = found, to = VERSION, "the store was taken to a newer schema");
    Ok(())
}
