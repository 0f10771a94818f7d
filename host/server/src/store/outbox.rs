//! Messages on their way.

use std::time::Duration;

use pesto_engine::model::{Digest, FlowName, Message, Millis, Place};
use pesto_engine::ports::{Posted, Posting, Stage, StoreError};
use pesto_engine::store::{CLOSABLE, Listener, undelivered};
use rusqlite::params;

use super::db::{Db, Done, Fault, corrupt, decode, encode, end_of, limit, millis, time};
use super::inbox::{Event, append, next_number, place_no};
use super::records;

/// A message, encoded where it comes from and not on the store's thread.
pub(super) struct Sealed {
    id: String,
    place: Place,
    choices: bool,
    closes: Option<String>,
    json: String,
}

impl Sealed {
    pub(super) fn new(message: Message) -> Result<Self, StoreError> {
        let json = encode(&message)?;
        Ok(Self {
            id: message.id.as_str().to_owned(),
            choices: message.can_be_answered(),
            closes: message.closes.map(|id| id.as_str().to_owned()),
            place: message.place,
            json,
        })
    }
}

/// Puts a message at the end of its place's outbox, unless it is there. Only the first one of a place has a time, and
/// what closes a message that was sent; what closes a message that can be closed no more is dropped.
pub(super) fn post(db: &Db, message: &Sealed, now: i64) -> Done<()> {
    let no = place_no(db, &message.place)?;
    let last = "SELECT no, closes IS NULL AND NOT sent FROM outbox WHERE place = ?1 ORDER BY no DESC LIMIT 1";
    let last: Option<(i64, bool)> = db.row(last, [no], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let due = match &message.closes {
        Some(closes) => {
            if db.row("SELECT 1 FROM posted WHERE id = ?1", [closes], |_| Ok(()))?.is_some() {
                Some(now)
            } else if db.row("SELECT 1 FROM outbox WHERE id = ?1 AND NOT sent", [closes], |_| Ok(()))?.is_some() {
                None
            } else {
                return Ok(());
            }
        }
        None => match last {
            None => Some(now),
            Some((_, true)) => None,
            Some((_, false)) => first(db, no)?.is_none().then_some(now),
        },
    };
    let append = "INSERT INTO outbox (place, no, id, message, due, choices, closes)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT DO NOTHING";
    let number = last.map_or(1, |(last, _)| last + 1);
    db.run(append, params![no, number, message.id, message.json, due, message.choices, message.closes])?;
    db.outbox.set(true);
    Ok(())
}

/// The first message of a place that stands in its order.
fn first(db: &Db, place: i64) -> Done<Option<i64>> {
    let first = "SELECT no FROM outbox
        WHERE place = ?1 AND closes IS NULL AND NOT sent ORDER BY no LIMIT 1";
    db.row(first, [place], |row| row.get(0))
}

/// A message that is due.
struct Due {
    place: i64,
    no: i64,
    id: String,
    message: String,
    attempt: u32,
    stage: Stage,
    closes: Option<String>,
}

pub(super) fn claim(db: &Db, most: usize, lease: Duration) -> Done<Vec<Posting>> {
    let now = db.now();
    let due = "SELECT place, no, id, message, attempt + 1, in_doubt OR sending, sent, receipt, closes FROM outbox
        WHERE due <= ?1 ORDER BY due, place, no LIMIT ?2";
    let due = db.rows(due, params![now, limit(most)], |row| {
        let stage = match (row.get(5)?, row.get(6)?) {
            (_, true) => Stage::Sent(row.get(7)?),
            (true, false) => Stage::InDoubt,
            (false, false) => Stage::Unsent,
        };
        let (place, no, id, message, attempt) = (row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?);
        Ok(Due { place, no, id, message, attempt, stage, closes: row.get(8)? })
    })?;
    let mut postings = Vec::with_capacity(due.len());
    for Due { place, no, id, message, attempt, stage, closes } in due {
        let closes = closes.map_or(Ok(None), |id| posted(db, &id));
        match decode(&message, "outbox", id).map_err(Fault::from).and_then(|message| Ok((message, closes?))) {
            Ok((message, closes)) => {
                let mark = "UPDATE outbox SET sending = 1, attempt = ?3, in_doubt = ?4, due = ?5
                    WHERE place = ?1 AND no = ?2";
                db.run(mark, params![place, no, attempt, stage == Stage::InDoubt, end_of(lease, now)])?;
                postings.push(Posting { message, stage, attempt, closes });
            }
            Err(Fault::Store(error)) => put_aside(db, (place, no), now, &error)?,
            Err(error) => return Err(error),
        }
    }
    Ok(postings)
}

/// A message that was posted, and where.
fn posted(db: &Db, id: &str) -> Done<Option<Posted>> {
    let find = "SELECT message, receipt FROM posted WHERE id = ?1";
    let found: Option<(String, String)> = db.row(find, [id], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let Some((message, receipt)) = found else { return Ok(None) };
    Ok(Some(Posted { message: decode(&message, "posted", id)?, receipt }))
}

/// One message that cannot be read must not stop all the others, so it has to wait.
fn put_aside(db: &Db, key: (i64, i64), now: i64, error: &StoreError) -> Done<()> {
    const WAIT: i64 = 60_000;
    tracing::error!("a message is put aside for a minute: {error}");
    let wait = "UPDATE outbox SET due = ?3 WHERE place = ?1 AND no = ?2";
    db.run(wait, params![key.0, key.1, now.saturating_add(WAIT)])?;
    Ok(())
}

/// Which message an attempt took.
pub(super) struct Taken {
    id: String,
    attempt: u32,
}

impl Taken {
    pub(super) fn new(posting: &Posting) -> Self {
        Self { id: posting.message.id.as_str().to_owned(), attempt: posting.attempt }
    }
}

/// What an attempt took, if nobody took it after that.
struct Row {
    place: i64,
    no: i64,
    choices: bool,
    closes: Option<String>,
    sent: bool,
    message: String,
}

fn find(db: &Db, Taken { id, attempt }: &Taken) -> Done<Row> {
    let find = "SELECT place, no, choices, closes, sent, message FROM outbox
        WHERE id = ?1 AND attempt = ?2 AND sending";
    let found = db.row(find, params![id, attempt], |row| {
        let (place, no, choices, closes) = (row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?);
        Ok(Row { place, no, choices, closes, sent: row.get(4)?, message: row.get(5)? })
    })?;
    Ok(found.ok_or(StoreError::Stale)?)
}

pub(super) fn renew(db: &Db, taken: &Taken, lease: Duration) -> Done<()> {
    let row = find(db, taken)?;
    let until = end_of(lease, db.now());
    db.run("UPDATE outbox SET due = ?3 WHERE place = ?1 AND no = ?2", params![row.place, row.no, until])?;
    Ok(())
}

/// A message leaves the order of its place; what waited behind it is due now.
fn advance(db: &Db, row: &Row, now: i64) -> Done<()> {
    if row.closes.is_none()
        && !row.sent
        && let Some(next) = first(db, row.place)?
    {
        db.run("UPDATE outbox SET due = ?3 WHERE place = ?1 AND no = ?2", params![row.place, next, now])?;
        db.outbox.set(true);
    }
    Ok(())
}

fn remove(db: &Db, row: &Row, now: i64) -> Done<()> {
    db.run("DELETE FROM outbox WHERE place = ?1 AND no = ?2", params![row.place, row.no])?;
    advance(db, row, now)
}

pub(super) fn sent(db: &Db, taken: &Taken, receipt: Option<&str>, look: Option<Millis>) -> Done<()> {
    let now = db.now();
    let row = find(db, taken)?;
    match look.filter(|_| !row.sent) {
        Some(due) => {
            let keep = "UPDATE outbox SET sent = 1, sending = 0, receipt = ?3, due = ?4 WHERE place = ?1 AND no = ?2";
            db.run(keep, params![row.place, row.no, receipt, time(due)])?;
            db.outbox.set(true);
            advance(db, &row, now)?;
        }
        None => remove(db, &row, now)?,
    }
    if row.sent {
        let moved = "UPDATE posted SET receipt = ?2 WHERE id = ?1 AND ?2 IS NOT NULL";
        db.run(moved, params![taken.id, receipt])?;
        return Ok(());
    }
    if let Some(closed) = &row.closes {
        db.run("DELETE FROM posted WHERE id = ?1", [closed])?;
        return Ok(());
    }
    match receipt {
        Some(receipt) if row.choices => {
            let keep = "INSERT INTO posted (id, at, receipt, message) VALUES (?1, ?2, ?3, ?4)
                ON CONFLICT (id) DO UPDATE SET at = ?2, receipt = ?3";
            db.run(keep, params![taken.id, now, receipt, row.message])?;
            if db.run("UPDATE outbox SET due = ?2 WHERE closes = ?1", params![taken.id, now])? > 0 {
                db.outbox.set(true);
            }
            Ok(())
        }
        _ if row.choices => drop_closings(db, &taken.id),
        _ => Ok(()),
    }
}

/// Copies of a message are to be looked for then, or later where that was said before, unless whoever has it looks anyway.
pub(super) fn look(db: &Db, message: &Sealed, due: Millis) -> Done<()> {
    let place = place_no(db, &message.place)?;
    let add = "INSERT INTO outbox (place, no, id, message, due, choices, sent, receipt)
        SELECT ?1, 1 + coalesce((SELECT max(no) FROM outbox WHERE place = ?1), 0), ?2, ?3, ?4, ?5, 1,
            (SELECT receipt FROM posted WHERE id = ?2)
        WHERE true ON CONFLICT (id) DO UPDATE SET due = max(due, ?4) WHERE sent AND NOT sending";
    db.run(add, params![place, message.id, message.json, time(due), message.choices])?;
    db.outbox.set(true);
    Ok(())
}

/// A message that was not posted, or not so that it can be found, cannot be closed.
fn drop_closings(db: &Db, id: &str) -> Done<()> {
    db.run("DELETE FROM outbox WHERE closes = ?1", [id])?;
    Ok(())
}

/// Takes what of a generation was surely not posted out of its place's outbox.
pub(super) fn drop_unsent(db: &Db, place: i64, generation: u64, now: i64) -> Done<()> {
    let drop = "DELETE FROM outbox WHERE place = ?1 AND closes IS NULL AND NOT sent AND NOT sending AND NOT in_doubt
        AND json_extract(message, '$.generation') = ?2 RETURNING id";
    for id in db.rows(drop, params![place, generation], |row| row.get::<_, String>(0))? {
        drop_closings(db, &id)?;
    }
    if let Some(next) = first(db, place)? {
        let rouse = "UPDATE outbox SET due = ?3 WHERE place = ?1 AND no = ?2 AND due IS NULL";
        db.run(rouse, params![place, next, now])?;
        db.outbox.set(true);
    }
    Ok(())
}

/// Forgets what was posted long ago.
pub(super) fn forget(db: &Db) -> Done<()> {
    db.run("DELETE FROM posted WHERE at <= ?1", [db.now().saturating_sub(time(CLOSABLE))])?;
    Ok(())
}

pub(super) fn later(db: &Db, taken: &Taken, due: Millis, in_doubt: bool) -> Done<()> {
    let row = find(db, taken)?;
    let wait = "UPDATE outbox SET due = iif(sending = 2, ?3, ?4), in_doubt = ?5, sending = 0
        WHERE place = ?1 AND no = ?2";
    db.run(wait, params![row.place, row.no, db.now(), time(due), in_doubt])?;
    db.outbox.set(true);
    Ok(())
}

pub(super) fn never(db: &Db, taken: &Taken, reason: &str) -> Done<()> {
    let now = db.now();
    let lost = find(db, taken)?;
    remove(db, &lost, now)?;
    if lost.closes.is_some() {
        return Ok(());
    }
    let id = &taken.id;
    drop_closings(db, id)?;
    let message: Message = decode(&lost.message, "outbox", id)?;
    let listener = listener(db, lost.place, message.generation)?;
    let number = next_number(db, lost.place)?;
    let (letter, event) = undelivered(message, (taken.attempt, reason), millis(now), number, listener);
    records::bury(db, &encode(&letter)?)?;
    if let Some(event) = event {
        append(db, &Event::new(event)?, now, now)?;
    }
    Ok(())
}

fn listener(db: &Db, place: i64, generation: u64) -> Done<Option<Listener>> {
    let find = "SELECT flow, digest, person FROM conversation WHERE place = ?1 AND generation = ?2";
    let found: Option<(String, String, String)> =
        db.row(find, params![place, generation], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    let Some((flow, digest, person)) = found else { return Ok(None) };
    let flow = FlowName::try_from(flow).map_err(|error| corrupt("conversation", place, error))?;
    Ok(Some(Listener { flow, digest: Digest::stored(digest), person: decode(&person, "conversation", place)? }))
}

/// What is being sent is not sent twice; but should it fail, it is not waited for.
pub(super) fn wake(db: &Db, place: &Place) -> Done<()> {
    let wake = "UPDATE outbox SET due = iif(sending, due, ?2), sending = iif(sending, 2, 0)
        WHERE place = (SELECT no FROM place WHERE key = ?1) AND due IS NOT NULL AND NOT sent";
    db.run(wake, params![place.as_str(), db.now()])?;
    db.outbox.set(true);
    Ok(())
}

pub(super) fn due(db: &Db) -> Done<Option<Millis>> {
    let first = db.row("SELECT min(due) FROM outbox WHERE due IS NOT NULL", [], |row| row.get(0))?;
    Ok(first.flatten().map(millis))
}
