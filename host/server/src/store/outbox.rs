//! Messages on their way.

use std::time::Duration;

use pesto_engine::model::{Digest, FlowName, Message, Millis, Place};
use pesto_engine::ports::{Posting, StoreError};
use pesto_engine::store::{Listener, undelivered};
use rusqlite::{Row, params};

use super::db::{Db, Done, corrupt, decode, encode, end_of, limit, millis, time};
use super::inbox::{Event, append, next_number, place_no};
use super::records;

/// A message, encoded where it comes from and not on the store's thread.
pub(super) struct Sealed {
    id: String,
    place: Place,
    json: String,
}

impl Sealed {
    pub(super) fn new(message: Message) -> Result<Self, StoreError> {
        let json = encode(&message)?;
        Ok(Self { id: message.id.as_str().to_owned(), place: message.place, json })
    }
}

/// Puts a message at the end of its place's outbox, unless it is there. Only the first one of a place has a time.
pub(super) fn post(db: &Db, message: &Sealed, now: i64) -> Done<()> {
    let no = place_no(db, &message.place)?;
    let last = "SELECT no FROM outbox WHERE place = ?1 ORDER BY no DESC LIMIT 1";
    let last: Option<i64> = db.row(last, [no], |row| row.get(0))?;
    let due = last.is_none().then_some(now);
    let append = "INSERT INTO outbox (place, no, id, message, due) VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO NOTHING";
    db.run(append, params![no, last.unwrap_or(0) + 1, message.id, message.json, due])?;
    db.outbox.set(true);
    Ok(())
}

/// A message that is due.
struct Due {
    place: i64,
    no: i64,
    id: String,
    message: String,
    attempt: u32,
    in_doubt: bool,
}

pub(super) fn claim(db: &Db, most: usize, lease: Duration) -> Done<Vec<Posting>> {
    let now = db.now();
    let due = "SELECT place, no, id, message, attempt + 1, in_doubt OR sending FROM outbox
        WHERE due <= ?1 ORDER BY due, place LIMIT ?2";
    let due = db.rows(due, params![now, limit(most)], |row| {
        Ok(Due {
            place: row.get(0)?,
            no: row.get(1)?,
            id: row.get(2)?,
            message: row.get(3)?,
            attempt: row.get(4)?,
            in_doubt: row.get(5)?,
        })
    })?;
    let mut postings = Vec::with_capacity(due.len());
    for Due { place, no, id, message, attempt, in_doubt } in due {
        match decode(&message, "outbox", id) {
            Ok(message) => {
                let mark = "UPDATE outbox SET sending = 1, attempt = ?3, in_doubt = ?4, due = ?5
                    WHERE place = ?1 AND no = ?2";
                db.run(mark, params![place, no, attempt, in_doubt, end_of(lease, now)])?;
                postings.push(Posting { message, in_doubt, attempt });
            }
            Err(error) => put_aside(db, (place, no), now, &error)?,
        }
    }
    Ok(postings)
}

/// One message that cannot be read must not stop all the others, so it has to wait.
fn put_aside(db: &Db, key: (i64, i64), now: i64, error: &StoreError) -> Done<()> {
    const WAIT: i64 = 60_000;
    tracing::error!("a message is put aside for a minute: {error}");
    let wait = "UPDATE outbox SET due = ?3 WHERE place = ?1 AND no = ?2";
    db.run(wait, params![key.0, key.1, now.saturating_add(WAIT)])?;
    Ok(())
}

/// Takes a message out and reads what is asked of it; what waited behind it is due now.
fn remove<T>(db: &Db, id: &str, now: i64, read: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>) -> Done<Option<T>> {
    let find = "SELECT place, no, due IS NOT NULL, attempt, message FROM outbox WHERE id = ?1";
    let found = db.row(find, [id], |row| {
        let key: (i64, i64, bool) = (row.get(0)?, row.get(1)?, row.get(2)?);
        Ok((key, read(row)?))
    })?;
    let Some(((place, no, first), found)) = found else { return Ok(None) };
    db.run("DELETE FROM outbox WHERE place = ?1 AND no = ?2", params![place, no])?;
    if first {
        let next = "UPDATE outbox SET due = ?2 WHERE place = ?1
            AND no = (SELECT min(no) FROM outbox WHERE place = ?1)";
        if db.run(next, params![place, now])? == 1 {
            db.outbox.set(true);
        }
    }
    Ok(Some(found))
}

pub(super) fn sent(db: &Db, id: &str) -> Done<()> {
    remove(db, id, db.now(), |_| Ok(())).map(drop)
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
    let lost = remove(db, id, now, |row| Ok((row.get(0)?, row.get(3)?, row.get(4)?)))?;
    let Some((place, attempts, json)): Option<(i64, u32, String)> = lost else { return Ok(()) };
    let message: Message = decode(&json, "outbox", id)?;
    let listener = listener(db, place, message.generation)?;
    let number = next_number(db, place)?;
    let (letter, event) = undelivered(message, (attempts, reason), millis(now), number, listener);
    records::bury(db, &encode(&letter)?)?;
    if let Some(event) = event {
        append(db, &Event::new(event)?, now)?;
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
