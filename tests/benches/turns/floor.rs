//! What a turn cannot cost less than on the embedded store: the guest's part, and as many bare writes to SQLite as a
//! turn makes, each of as many pages and with the same sync.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use pesto_engine::clock::SystemClock;
use pesto_engine::ports::Store as _;
use pesto_server::store::{EmbeddedStore, FILE};
use rusqlite::{Connection, params};

use super::guest::Guest;
use super::samples::{LEASE, commit, take};

/// The least turn.
pub(crate) struct Floor {
    guest: Guest,
    conn: Connection,
    /// Pages of the writes of a turn, by step.
    pages: Vec<(&'static str, usize)>,
    count: u8,
}

impl Floor {
    /// A floor that writes in `folder`; `pages` is what a turn writes.
    pub(crate) fn new(guest: Guest, folder: &Path, pages: Vec<(&'static str, usize)>) -> anyhow::Result<Self> {
        let conn = connect(&folder.join("floor.db"))?;
        conn.execute_batch("CREATE TABLE bare (no INTEGER PRIMARY KEY, bytes BLOB NOT NULL) STRICT")?;
        let floor = Self { guest, conn, pages, count: 0 };
        for no in 0..floor.pages.len() {
            floor.conn.execute("INSERT INTO bare VALUES (?1, ?2)", params![no, floor.bytes(no)])?;
        }
        Ok(floor)
    }

    /// Does so many turns; how long each took.
    pub(crate) fn turns(&mut self, turns: usize) -> anyhow::Result<Vec<Duration>> {
        let mut times = Vec::with_capacity(turns);
        for _ in 0..turns {
            let start = Instant::now();
            self.turn()?;
            times.push(start.elapsed());
        }
        Ok(times)
    }

    fn turn(&mut self) -> anyhow::Result<()> {
        self.count = self.count.wrapping_add(1);
        for no in 0..self.pages.len() {
            let bytes = self.bytes(no);
            // Each is a transaction of its own.
            self.conn.prepare_cached("UPDATE bare SET bytes = ?2 WHERE no = ?1")?.execute(params![no, bytes])?;
        }
        self.guest.hear()
    }

    /// What fills so many pages: an overflow page takes 4,092 bytes, and the row itself has one more page.
    fn bytes(&self, no: usize) -> Vec<u8> {
        let pages = self.pages.get(no).map_or(1, |(_, pages)| *pages);
        vec![self.count; 200 + pages.saturating_sub(1) * 4_000]
    }
}

/// As the embedded store opens its file.
fn connect(path: &Path) -> anyhow::Result<Connection> {
    let conn = Connection::open(path)?;
    conn.pragma_update(None, "journal_mode", "wal")?;
    conn.pragma_update(None, "synchronous", "full")?;
    conn.pragma_update(None, "wal_autocheckpoint", 2_000)?;
    Ok(conn)
}

/// How many pages each write of a turn puts into the log: measured on a store of its own, after some turns.
pub(crate) async fn pages(folder: &Path) -> anyhow::Result<Vec<(&'static str, usize)>> {
    let store = EmbeddedStore::open(folder, Arc::new(SystemClock))?;
    let log = Connection::open(folder.join(FILE))?;
    // What was in the log before goes away with the next write after this.
    let written = || log.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, i64>(1)).map(drop);
    let size = || anyhow::Ok(std::fs::metadata(folder.join(format!("{FILE}-wal")))?.len().saturating_sub(32));
    let frames = |bytes: u64| usize::try_from(bytes / (4_096 + 24)).unwrap_or(0);
    let mut pages = Vec::new();
    for number in 1..=20 {
        written()?;
        let turn = take(&store, number).await?;
        let accept = frames(size()?);
        written()?;
        store.commit(&turn.fence, commit(turn.seq, &turn.fence.place)?).await?;
        pages = vec![("accept", accept), ("commit", frames(size()?))];
        for posting in store.outbox_claim(1, LEASE).await? {
            store.outbox_sent(&posting, None, None).await?;
        }
    }
    Ok(pages)
}
