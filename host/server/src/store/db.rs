//! A connection as the operations see it.

use std::cell::Cell;
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
            inbox: Cell::new(false),
            outbox: Cell::new(false),
            timers: Cell::new(false),
            components: Cell::new(false),
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
