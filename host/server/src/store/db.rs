//! A connection as the operations see it.

use std::cell::Cell;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use pesto_engine::model::Millis;
use pesto_engine::ports::{Clock, StoreError};
use rusqlite::{CachedStatement, Connection, ErrorCode, OptionalExtension, Params, Row};

pub(super) use crate::stored::{corrupt, decode, encode};

/// Why an operation failed; it is undone.
#[derive(Debug)]
pub(super) enum Fault {
    Store(StoreError),
    Sqlite(rusqlite::Error),
}

pub(super) type Done<T> = Result<T, Fault>;

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<Fault> for StoreError {
    fn from(fault: Fault) -> Self {
        use rusqlite::Error as E;
        match fault {
            Fault::Store(error) => error,
            Fault::Sqlite(E::SqliteFailure(code, text)) if !is_damage(code.code) => {
                Self::Unavailable(explain(&E::SqliteFailure(code, text)))
            }
            Fault::Sqlite(error) => Self::Corrupt(explain(&error)),
        }
    }
}

fn is_damage(code: ErrorCode) -> bool {
    matches!(code, ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase)
}

/// An error for the operator, with what to do about it.
pub(super) fn explain(error: &rusqlite::Error) -> String {
    let rusqlite::Error::SqliteFailure(code, _) = error else { return error.to_string() };
    match code.code {
        ErrorCode::DiskFull => "its disk is full, and nothing is taken until there is room".to_owned(),
        ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => {
            format!("another program has locked its file, and nothing is taken until that one lets go ({error})")
        }
        ErrorCode::SystemIoFailure | ErrorCode::ReadOnly => {
            format!("its file cannot be read or written: look at the disk, and at who may write there ({error})")
        }
        code if is_damage(code) => format!(
            "its file is damaged: stop the host, and put a backup in its place or what the command `.recover` of \
             SQLite's shell saves of it ({error})"
        ),
        _ => error.to_string(),
    }
}

/// What an operation works on.
pub(super) struct Db {
    pub(super) conn: Connection,
    clock: Arc<dyn Clock>,
    tick: Cell<i64>,
    /// The file that must stay where it is, and its number.
    file: Option<(PathBuf, u64)>,
    /// A claim may find more once this is committed.
    pub(super) inbox: Cell<bool>,
    /// The same for messages.
    pub(super) outbox: Cell<bool>,
    /// The same for timers.
    pub(super) timers: Cell<bool>,
    /// Another component may be current.
    pub(super) components: Cell<bool>,
}

impl Db {
    pub(super) fn new(conn: Connection, clock: Arc<dyn Clock>, tick: i64) -> Self {
        Self {
            conn,
            clock,
            tick: Cell::new(tick),
            file: None,
            inbox: Cell::new(false),
            outbox: Cell::new(false),
            timers: Cell::new(false),
            components: Cell::new(false),
        }
    }

    /// The same for a file that must stay where it is: what is written into one that was removed is lost.
    pub(super) fn of_file(self, path: &Path) -> std::io::Result<Self> {
        let number = std::fs::metadata(path)?.ino();
        Ok(Self { file: Some((path.to_owned(), number)), ..self })
    }

    /// Whether the file is where it was.
    pub(super) fn is_there(&self) -> Done<()> {
        match &self.file {
            Some((path, number)) if std::fs::metadata(path).map(|there| there.ino()).ok() != Some(*number) => {
                let reason = format!(
                    "its file `{}` was removed or replaced under the running host, and nothing is taken any more: stop \
                     the host, and put a backup in its place",
                    path.display()
                );
                Err(StoreError::Unavailable(reason).into())
            }
            _ => Ok(()),
        }
    }

    pub(super) fn now(&self) -> i64 {
        time(self.clock.now())
    }

    /// Orders what is ready since the same millisecond.
    pub(super) fn tick(&self) -> i64 {
        self.tick.update(|tick| tick + 1);
        self.tick.get()
    }

    pub(super) fn sql(&self, sql: &str) -> Done<CachedStatement<'_>> {
        Ok(self.conn.prepare_cached(sql)?)
    }

    /// Answers how many rows changed.
    pub(super) fn run(&self, sql: &str, params: impl Params) -> Done<usize> {
        Ok(self.sql(sql)?.execute(params)?)
    }

    /// The first row, if there is one.
    pub(super) fn row<T>(
        &self,
        sql: &str,
        params: impl Params,
        read: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Done<Option<T>> {
        Ok(self.sql(sql)?.query_row(params, read).optional()?)
    }

    pub(super) fn rows<T>(
        &self,
        sql: &str,
        params: impl Params,
        read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Done<Vec<T>> {
        Ok(self.sql(sql)?.query_map(params, read)?.collect::<Result<_, _>>()?)
    }
}

/// Gives room that was deleted back to the disk, in a step. Answers whether there is more.
pub(super) fn shrink(db: &Db) -> Done<bool> {
    // In pages of 4 KiB: what is kept for what comes next, and what is given back in one step.
    const KEPT: i64 = 1_000;
    const STEP: i64 = 1_000;
    let free = || Ok::<i64, Fault>(db.row("PRAGMA freelist_count", [], |row| row.get(0))?.unwrap_or_default());
    let before = free()?;
    if before <= KEPT {
        return Ok(false);
    }
    // It gives a page back each time that it is asked for a row.
    db.rows(&format!("PRAGMA incremental_vacuum({STEP})"), [], |_| Ok(()))?;
    // A file of an earlier version gives nothing back.
    Ok((KEPT..before).contains(&free()?))
}

/// A time as SQLite has it: what is later than its integers reach never comes.
pub(super) fn time(millis: Millis) -> i64 {
    i64::try_from(millis).unwrap_or(i64::MAX)
}

/// A time from SQLite; none is before 1970.
pub(super) fn millis(time: i64) -> Millis {
    Millis::try_from(time).unwrap_or(0)
}

/// When a lease taken now ends.
pub(super) fn end_of(lease: std::time::Duration, now: i64) -> i64 {
    now.saturating_add(i64::try_from(lease.as_millis()).unwrap_or(i64::MAX))
}

pub(super) fn limit(most: usize) -> i64 {
    i64::try_from(most).unwrap_or(i64::MAX)
}
