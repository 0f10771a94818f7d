//! Accept: once, in order.

use std::time::Duration;

use pesto_engine::lane::{Lane, rank};
use pesto_engine::model::{Inbound, Micros, Millis, Place, Seq};
use pesto_engine::policy::contract;
use pesto_engine::ports::{Accepted, StoreError};
use pesto_engine::store::KEPT;
use rusqlite::params;

use super::db::{Db, Done, encode, millis, time};
use super::outbox::Sealed;

/// [`pesto_engine::ports::Entry`] with its messages encoded.
pub(super) enum Sealing {
    Queue,
    Take(Duration),
    Hold(Millis),
    Cut,
    Answer(Vec<Sealed>),
}

/// An event, encoded where it comes from and not on the store's thread.
pub(super) struct Event {
    pub(super) id: String,
    pub(super) place: Place,
    pub(super) sent: Option<Micros>,
    pub(super) json: String,
    lane: Lane,
}

impl Event {
    pub(super) fn new(inbound: Inbound) -> Result<Self, StoreError> {
        let json = encode(&inbound)?;
        Ok(Self { lane: Lane::of(&inbound.body), id: inbound.id, place: inbound.place, sent: inbound.sent, json })
    }
}

pub(super) fn accept(db: &Db, event: &Event, entry: &Sealing) -> Done<Accepted> {
    let now = db.now();
    let waiting = waiting(db, &event.place)?;
    let joins = matches!(entry, Sealing::Queue | Sealing::Take(_) | Sealing::Hold(_));
    if joins && waiting.is_some_and(|waiting| waiting >= contract::INBOX) {
        return Ok(if is_known(db, &event.id, now)? { Accepted::Duplicate } else { Accepted::Full });
    }
    if !remember(db, &event.id, now)? {
        return Ok(Accepted::Duplicate);
    }
    match entry {
        Sealing::Take(lease) if waiting.is_none() => {
            let woken = db.inbox.get();
            let seq = append(db, event, now, now)?;
            if let Some(claim) = super::turn::take(db, &event.place, *lease)? {
                // Nobody has to look for it.
                db.inbox.set(woken);
                return Ok(Accepted::Taken(Box::new(claim)));
            }
            Ok(Some(seq))
        }
        Sealing::Queue | Sealing::Take(_) => append(db, event, now, now).map(Some),
        Sealing::Hold(until) => append(db, event, now, time(*until)).map(Some),
        Sealing::Cut => {
            cut(db, &event.place, event.sent)?;
            append(db, event, now, now).map(Some)
        }
        Sealing::Answer(messages) => {
            messages.iter().try_for_each(|message| super::outbox::post(db, message, now))?;
            Ok(None)
        }
    }
    .map(Accepted::New)
}

/// How many events wait at a place; none where nothing waits or runs.
fn waiting(db: &Db, place: &Place) -> Done<Option<usize>> {
    let count = "SELECT (SELECT count(*) FROM inbox WHERE inbox.place = place.no) FROM place
        WHERE key = ?1 AND ready IS NOT NULL";
    db.row(count, [place.as_str()], |row| row.get(0))
}

fn is_known(db: &Db, id: &str, now: i64) -> Done<bool> {
    let find = "SELECT 1 FROM seen WHERE id = ?1 AND at > ?2";
    Ok(db.row(find, params![id, now.saturating_sub(time(KEPT))], |_| Ok(()))?.is_some())
}

/// Answers whether the id is new.
pub(super) fn remember(db: &Db, id: &str, now: i64) -> Done<bool> {
    let insert = "INSERT INTO seen (id, at) VALUES (?1, ?2) ON CONFLICT DO NOTHING";
    if db.run(insert, params![id, now])? == 1 {
        return Ok(true);
    }
    let renew = "UPDATE seen SET at = ?2 WHERE id = ?1 AND at <= ?3";
    Ok(db.run(renew, params![id, now, now.saturating_sub(time(KEPT))])? == 1)
}

/// Puts an event into its place's inbox, whatever its id: by the time it was sent, or at the end.
pub(super) fn append(db: &Db, event: &Event, now: i64, hold: i64) -> Done<Seq> {
    let find = "SELECT no, last + 1, ready IS NULL FROM place WHERE key = ?1";
    let found = db.row(find, [event.place.as_str()], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    let (place, number, idle): (i64, u64, bool) = match found {
        Some(found) => found,
        None => (place_no(db, &event.place)?, 1, true),
    };
    let due = now.max(hold);
    if idle {
        let rouse = "UPDATE place SET last = ?2, ready = ?3, tick = ?4 WHERE no = ?1";
        db.run(rouse, params![place, number, due, db.tick()])?;
    } else {
        // What comes in behind others, and may go sooner, takes its place along, if that stands in line.
        let hurry = "UPDATE place SET last = ?2, rank = min(rank, ?3) WHERE no = ?1";
        db.run(hurry, params![place, number, time(rank(millis(due), event.lane, None))])?;
    }
    let insert = "INSERT INTO inbox (place, sent, number, step, hold, inbound)
        VALUES (?1, coalesce(?2, (SELECT max(sent) FROM inbox WHERE place = ?1), 0), ?3, 0, ?4, ?5)";
    db.run(insert, params![place, event.sent.map(time), number, hold, event.json])?;
    db.inbox.set(true);
    Ok(Seq { number, step: 0 })
}

/// The number that the next event of a place will have.
pub(super) fn next_number(db: &Db, place: i64) -> Done<u64> {
    Ok(db.row("SELECT last + 1 FROM place WHERE no = ?1", [place], |row| row.get(0))?.unwrap_or(1))
}

/// The number of a place's row, made if it is not there.
pub(super) fn place_no(db: &Db, place: &Place) -> Done<i64> {
    if let Some(no) = db.row("SELECT no FROM place WHERE key = ?1", [place.as_str()], |row| row.get(0))? {
        return Ok(no);
    }
    db.run("INSERT INTO place (key) VALUES (?1)", [place.as_str()])?;
    Ok(db.conn.last_insert_rowid())
}

/// Ends the running turn and all that waits, but for what was sent later.
fn cut(db: &Db, place: &Place, sent: Option<Micros>) -> Done<()> {
    let no = place_no(db, place)?;
    let end = "UPDATE place SET epoch = epoch + 1, attempt = 0, claimed = 0, ready = NULL, rank = NULL, pin = NULL,
        current_number = NULL WHERE no = ?1";
    db.run(end, [no])?;
    db.run("DELETE FROM inbox WHERE place = ?1 AND sent <= coalesce(?2, sent)", params![no, sent.map(time)])?;
    db.run("DELETE FROM journal WHERE place = ?1", [no])?;
    Ok(())
}

/// Forgets old ids among the `STEP` that come after one; answers where to go on.
pub(super) fn forget(db: &Db, after: &str) -> Done<Option<String>> {
    const STEP: i64 = 2_000;
    let old = db.now().saturating_sub(time(KEPT));
    let last = "SELECT id FROM seen WHERE id > ?1 ORDER BY id LIMIT 1 OFFSET ?2";
    let last: Option<String> = db.row(last, params![after, STEP - 1], |row| row.get(0))?;
    match &last {
        Some(last) => db.run("DELETE FROM seen WHERE id > ?1 AND id <= ?2 AND at <= ?3", params![after, last, old])?,
        None => db.run("DELETE FROM seen WHERE id > ?1 AND at <= ?2", params![after, old])?,
    };
    Ok(last)
}
