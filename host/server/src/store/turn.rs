//! Claims and the journal.

use std::collections::BTreeMap;
use std::time::Duration;

use pesto_engine::model::{Call, CallResult, Inbound, Millis, Place, Seq};
use pesto_engine::ports::{Claim, Fence, StoreError};
use rusqlite::params;

use super::conversation;
use super::db::{Db, Done, Fault, corrupt, decode, end_of, limit, millis, time};
use super::line::line_up;

/// The owned place of a fence.
pub(super) struct Owned {
    pub(super) no: i64,
    pub(super) current: Position,
    /// Something was journaled.
    pub(super) pinned: bool,
}

/// Where an event stands in its place's inbox.
#[derive(Clone, Copy)]
pub(super) struct Position {
    pub(super) sent: i64,
    pub(super) seq: Seq,
}

impl Position {
    /// From three columns of the place's row.
    pub(super) fn read(row: &rusqlite::Row<'_>, at: usize) -> rusqlite::Result<Self> {
        Ok(Self { sent: row.get(at)?, seq: Seq { number: row.get(at + 1)?, step: row.get(at + 2)? } })
    }

    /// The same where there may be none; the number tells.
    pub(super) fn read_maybe(row: &rusqlite::Row<'_>, at: usize) -> rusqlite::Result<Option<Self>> {
        let is_there = row.get::<_, Option<u64>>(at + 1)?.is_some();
        is_there.then(|| Self::read(row, at)).transpose()
    }
}

pub(super) fn owned(db: &Db, fence: &Fence) -> Done<Owned> {
    let find = "SELECT no, pin IS NOT NULL, current_sent, current_number, current_step FROM place
        WHERE key = ?1 AND epoch = ?2 AND claimed";
    let found = db.row(find, params![fence.place.as_str(), fence.epoch], |row| {
        Ok(Owned { no: row.get(0)?, current: Position::read(row, 2)?, pinned: row.get(1)? })
    })?;
    found.ok_or_else(|| StoreError::Stale.into())
}

/// A place that is ready.
struct Ready {
    no: i64,
    key: String,
    epoch: u64,
    generation: u64,
    attempt: u32,
    pin: Option<String>,
    /// The event of an earlier attempt.
    current: Option<Position>,
}

/// Columns of [`Ready`].
macro_rules! select_ready {
    ($which:literal) => {
        concat!(
            "SELECT no, key, epoch, generation, attempt, pin, current_sent, current_number, current_step FROM place ",
            $which
        )
    };
}

impl Ready {
    fn read(row: &rusqlite::Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            no: row.get(0)?,
            key: row.get(1)?,
            epoch: row.get(2)?,
            generation: row.get(3)?,
            attempt: row.get(4)?,
            pin: row.get(5)?,
            current: Position::read_maybe(row, 6)?,
        })
    }
}

pub(super) fn claim(db: &Db, most: usize, lease: Duration) -> Done<Vec<Claim>> {
    let now = db.now();
    line_up(db, now)?;
    let ready = select_ready!("WHERE rank IS NOT NULL ORDER BY rank, tick LIMIT ?1");
    let ready = db.rows(ready, [limit(most)], Ready::read)?;
    let mut claims = Vec::with_capacity(ready.len());
    for place in ready {
        let no = place.no;
        match claim_one(db, place, end_of(lease, now)) {
            Ok(claim) => claims.push(claim),
            Err(Fault::Store(StoreError::Corrupt(what))) => put_aside(db, no, now, &what)?,
            Err(other) => return Err(other),
        }
    }
    Ok(claims)
}

/// Claims a place whose only event came just now; one that cannot be read is left to whoever claims all that is ready.
pub(super) fn take(db: &Db, place: &Place, lease: Duration) -> Done<Option<Claim>> {
    let Some(ready) = db.row(select_ready!("WHERE key = ?1"), [place.as_str()], Ready::read)? else { return Ok(None) };
    match claim_one(db, ready, end_of(lease, db.now())) {
        Ok(claim) => Ok(Some(claim)),
        Err(Fault::Store(StoreError::Corrupt(_))) => Ok(None),
        Err(other) => Err(other),
    }
}

/// One place that cannot be read must not stop all the others, so it has to wait.
fn put_aside(db: &Db, no: i64, now: i64, what: &str) -> Done<()> {
    const WAIT: i64 = 60_000;
    tracing::error!("a place is put aside for a minute: the store cannot read {what}");
    let wait = "UPDATE place SET ready = ?2, rank = NULL, claimed = 0 WHERE no = ?1";
    db.run(wait, params![no, now.saturating_add(WAIT)])?;
    Ok(())
}

fn claim_one(db: &Db, ready: Ready, end: i64) -> Done<Claim> {
    let Ready { no, key, epoch, generation, attempt, pin, current } = ready;
    let place = Place::try_from(key).map_err(|error| corrupt("place", no, error))?;
    let (Position { sent, seq }, json) =
        next_event(db, no, current)?.ok_or_else(|| corrupt("inbox", &place, "the event to claim is not there"))?;
    let inbound: Inbound = decode(&json, "inbox", format_args!("{place}@{seq}"))?;
    let conversation = conversation::read(db, no, &place)?;
    let journal = if pin.is_some() { journal(db, no)? } else { Vec::new() };
    let lease = "UPDATE place SET epoch = epoch + 1, attempt = attempt + 1, claimed = 1, ready = ?2, rank = NULL,
        current_sent = ?3, current_number = ?4, current_step = ?5 WHERE no = ?1";
    db.run(lease, params![no, end, sent, seq.number, seq.step])?;
    let fence = Fence { place, epoch: epoch + 1 };
    Ok(Claim { fence, seq, inbound, attempt: attempt.saturating_add(1), generation, conversation, journal, pin })
}

/// The event that the next claim takes: of an earlier attempt, or the first one.
pub(super) fn next_event(db: &Db, no: i64, current: Option<Position>) -> Done<Option<(Position, String)>> {
    if let Some(current) = current {
        return current_event(db, no, current);
    }
    let first = "SELECT sent, number, step, inbound FROM inbox WHERE place = ?1 ORDER BY sent, number, step LIMIT 1";
    db.row(first, [no], |row| Ok((Position::read(row, 0)?, row.get(3)?)))
}

pub(super) fn current_event(db: &Db, no: i64, current: Position) -> Done<Option<(Position, String)>> {
    let find = "SELECT inbound FROM inbox WHERE place = ?1 AND sent = ?2 AND number = ?3 AND step = ?4";
    let Position { sent, seq } = current;
    db.row(find, params![no, sent, seq.number, seq.step], |row| Ok((current, row.get(0)?)))
}

pub(super) fn journal(db: &Db, no: i64) -> Done<Vec<Call>> {
    let mut calls = BTreeMap::new();
    let mut all = db.sql("SELECT call, name, at, text FROM journal WHERE place = ?1 ORDER BY call, part")?;
    let mut rows = all.query([no])?;
    while let Some(row) = rows.next()? {
        let (number, text) = (row.get(0)?, row.get(3)?);
        match row.get(1)? {
            Some(name) => {
                calls.insert(number, Call { number, name, request: text, result: None });
            }
            None => {
                let intent = calls.get_mut(&number).ok_or_else(|| corrupt("journal", no, "a result has no intent"))?;
                intent.result = Some(CallResult { answer: text, at: row.get(2)? });
            }
        }
    }
    Ok(calls.into_values().collect())
}

/// Answers the fences that are lost.
pub(super) fn renew(db: &Db, fences: Vec<Fence>, lease: Duration) -> Done<Vec<Fence>> {
    let end = end_of(lease, db.now());
    let prolong = "UPDATE place SET ready = ?2, rank = NULL WHERE no = ?1";
    let mut lost = Vec::new();
    for fence in fences {
        match owned(db, &fence) {
            Ok(place) => drop(db.run(prolong, params![place.no, end])?),
            Err(Fault::Store(StoreError::Stale)) => lost.push(fence),
            Err(other) => return Err(other),
        }
    }
    Ok(lost)
}

pub(super) fn intent(db: &Db, fence: &Fence, call: &Call, pin: &str) -> Done<()> {
    let place = owned(db, fence)?;
    if !place.pinned {
        db.run("UPDATE place SET pin = ?2 WHERE no = ?1", params![place.no, pin])?;
    }
    let insert =
        "INSERT INTO journal (place, call, part, name, text) VALUES (?1, ?2, 0, ?3, ?4) ON CONFLICT DO NOTHING";
    db.run(insert, params![place.no, call.number, call.name, call.request])?;
    Ok(())
}

pub(super) fn result(db: &Db, fence: &Fence, number: u32, result: &CallResult) -> Done<()> {
    let place = owned(db, fence)?;
    let intent = "SELECT 1 FROM journal WHERE place = ?1 AND call = ?2 AND part = 0";
    if db.row(intent, params![place.no, number], |_| Ok(()))?.is_none() {
        return Err(corrupt("journal", &fence.place, format_args!("call {number} has no intent")).into());
    }
    let insert = "INSERT INTO journal (place, call, part, at, text) VALUES (?1, ?2, 1, ?3, ?4) ON CONFLICT DO NOTHING";
    db.run(insert, params![place.no, number, time(result.at), result.answer])?;
    Ok(())
}

pub(super) fn retry(db: &Db, fence: &Fence, not_before: Millis) -> Done<()> {
    let place = owned(db, fence)?;
    let end = "UPDATE place SET claimed = 0, ready = ?2, rank = NULL, tick = ?3 WHERE no = ?1";
    db.run(end, params![place.no, time(not_before), db.tick()])?;
    db.inbox.set(true);
    Ok(())
}

pub(super) fn hand_back(db: &Db, fence: &Fence) -> Done<()> {
    let place = owned(db, fence)?;
    let end = "UPDATE place SET claimed = 0, attempt = max(attempt - 1, 0), ready = ?2, rank = NULL, tick = ?3
        WHERE no = ?1";
    db.run(end, params![place.no, db.now(), db.tick()])?;
    db.inbox.set(true);
    Ok(())
}

pub(super) fn due(db: &Db) -> Done<Option<Millis>> {
    let first = "SELECT coalesce((SELECT ready FROM place WHERE rank IS NOT NULL LIMIT 1),
        (SELECT min(ready) FROM place WHERE ready IS NOT NULL AND rank IS NULL))";
    Ok(db.row(first, [], |row| row.get(0))?.flatten().map(millis))
}
