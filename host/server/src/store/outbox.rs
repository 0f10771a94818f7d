//! Messages on their way.

use std::time::Duration;

use pesto_engine::model::{Digest, FlowName, Message, Millis, Place};
use pesto_engine::ports::{Posted, Posting, StoreError};
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
    let last = "SELECT no, closes IS NULL FROM outbox WHERE place = ?1 ORDER BY no DESC LIMIT 1";
    let last: Option<(i64, bool)> = db.row(last, [no], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let due = match &message.closes {
        Some(closes) => {
            if db.row("SELECT 1 FROM posted WHERE id = ?1", [closes], |_| Ok(()))?.is_some() {
                Some(now)
            } else if db.row("SELECT 1 FROM outbox WHERE id = ?1", [closes], |_| Ok(()))?.is_some() {
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
    let first = "SELECT no FROM outbox WHERE place = ?1 AND closes IS NULL ORDER BY no LIMIT 1";
    db.row(first, [place], |row| row.get(0))
}

/// A message that is due.
struct Due {
    place: i64,
    no: i64,
    id: String,
    message: String,
    attempt: u32,
    in_doubt: bool,
    closes: Option<String>,
}

pub(super) fn claim(db: &Db, most: usize, lease: Duration) -> Done<Vec<Posting>> {
    let now = db.now();
    let due = "SELECT place, no, id, message, attempt + 1, in_doubt OR sending, closes FROM outbox
        WHERE due <= ?1 ORDER BY due, place, no LIMIT ?2";
    let due = db.rows(due, params![now, limit(most)], |row| {
        Ok(Due {
            place: row.get(0)?,
            no: row.get(1)?,
            id: row.get(2)?,
            message: row.get(3)?,
            attempt: row.get(4)?,
            in_doubt: row.get(5)?,
            closes: row.get(6)?,
        })
    })?;
    let mut postings = Vec::with_capacity(due.len());
    for Due { place, no, id, message, attempt, in_doubt, closes } in due {
        let closes = closes.map_or(Ok(None), |id| posted(db, &id));
        match decode(&message, "outbox", id).map_err(Fault::from).and_then(|message| Ok((message, closes?))) {
            Ok((message, closes)) => {
                let mark = "UPDATE outbox SET sending = 1, attempt = ?3, in_doubt = ?4, due = ?5
                    WHERE place = ?1 AND no = ?2";
                db.run(mark, params![place, no, attempt, in_doubt, end_of(lease, now)])?;
                postings.push(Posting { message, in_doubt, attempt, closes });
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

/// A message that was taken out of the outbox.
struct Removed {
    place: i64,
    attempt: u32,
    choices: bool,
    closes: Option<String>,
    message: String,
}

/// Takes a message out; what waited behind it is due now.
fn remove(db: &Db, id: &str, now: i64) -> Done<Option<Removed>> {
    let find = "SELECT place, no, due IS NOT NULL, attempt, choices, closes, message FROM outbox WHERE id = ?1";
    let found = db.row(find, [id], |row| {
        let (no, has_time): (i64, bool) = (row.get(1)?, row.get(2)?);
        let (place, attempt, choices) = (row.get(0)?, row.get(3)?, row.get(4)?);
        Ok((no, has_time, Removed { place, attempt, choices, closes: row.get(5)?, message: row.get(6)? }))
    })?;
    let Some((no, has_time, removed)) = found else { return Ok(None) };
    db.run("DELETE FROM outbox WHERE place = ?1 AND no = ?2", params![removed.place, no])?;
    if has_time
        && removed.closes.is_none()
        && let Some(next) = first(db, removed.place)?
    {
        db.run("UPDATE outbox SET due = ?3 WHERE place = ?1 AND no = ?2", params![removed.place, next, now])?;
        db.outbox.set(true);
    }
    Ok(Some(removed))
}

pub(super) fn sent(db: &Db, id: &str, receipt: Option<&str>) -> Done<()> {
    let now = db.now();
    let Some(removed) = remove(db, id, now)? else { return Ok(()) };
    if let Some(closed) = &removed.closes {
        db.run("DELETE FROM posted WHERE id = ?1", [closed])?;
        return Ok(());
    }
    match receipt {
        Some(receipt) if removed.choices => {
            let keep = "INSERT INTO posted (id, at, receipt, message) VALUES (?1, ?2, ?3, ?4)
                ON CONFLICT (id) DO UPDATE SET at = ?2, receipt = ?3";
            db.run(keep, params![id, now, receipt, removed.message])?;
            if db.run("UPDATE outbox SET due = ?2 WHERE closes = ?1", params![id, now])? > 0 {
                db.outbox.set(true);
            }
            Ok(())
        }
        _ if removed.choices => drop_closings(db, id),
        _ => Ok(()),
    }
}

/// A message that was not posted, or not so that it can be found, cannot be closed.
fn drop_closings(db: &Db, id: &str) -> Done<()> {
    db.run("DELETE FROM outbox WHERE closes = ?1", [id])?;
    Ok(())
}

/// Forgets what was posted long ago.
pub(super) fn forget(db: &Db) -> Done<()> {
    db.run("DELETE FROM posted WHERE at <= ?1", [db.now().saturating_sub(time(CLOSABLE))])?;
    Ok(())
}

pub(super) fn later(db: &Db, id: &str, due: Millis, in_doubt: bool) -> Done<()> {
    let wait = "UPDATE outbox SET due = iif(sending = 2, ?2, ?3), in_doubt = ?4, sending = 0
        WHERE id = ?1 AND due IS NOT NULL";
    db.run(wait, params![id, db.now(), time(due), in_doubt])?;
    db.outbox.set(true);
    Ok(())
}

pub(super) fn never(db: &Db, id: &str, reason: &str) -> Done<()> {
    let now = db.now();
    let Some(lost) = remove(db, id, now)?.filter(|lost| lost.closes.is_none()) else { return Ok(()) };
    drop_closings(db, id)?;
    let message: Message = decode(&lost.message, "outbox", id)?;
    let listener = listener(db, lost.place, message.generation)?;
    let number = next_number(db, lost.place)?;
    let (letter, event) = undelivered(message, (lost.attempt, reason), millis(now), number, listener);
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
        WHERE place = (SELECT no FROM place WHERE key = ?1) AND due IS NOT NULL";
    db.run(wake, params![place.as_str(), db.now()])?;
    db.outbox.set(true);
    Ok(())
}

pub(super) fn due(db: &Db) -> Done<Option<Millis>> {
    let first = db.row("SELECT min(due) FROM outbox WHERE due IS NOT NULL", [], |row| row.get(0))?;
    Ok(first.flatten().map(millis))
}
