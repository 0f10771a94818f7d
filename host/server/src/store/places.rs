//! What goes on at places, for operators; and how all of it is thrown away.

use pesto_engine::model::{Inbound, Place};
use pesto_engine::ports::{Cleared, Glance, Underway};
use rusqlite::{Row, params};

use super::conversation;
use super::db::{Db, Done, corrupt, decode, limit};
use super::turn::{Position, current_event, journal};

/// Columns of a place: its number, whether a turn is running at the time `?2`, and how much is in inbox and outbox.
const COUNTS: &str = "no, claimed AND ready > ?2, (SELECT count(*) FROM inbox WHERE place = no),
    (SELECT count(*) FROM outbox WHERE outbox.place = place.no AND NOT sent)";

/// A place's number, and a glance without its conversation, from the columns that begin at `at`.
fn counts(row: &Row<'_>, at: usize) -> rusqlite::Result<(i64, Glance)> {
    let running = row.get::<_, Option<bool>>(at + 1)?.unwrap_or(false);
    let glance = Glance { running, inbox: row.get(at + 2)?, outbox: row.get(at + 3)?, ..Glance::default() };
    Ok((row.get(at)?, glance))
}

pub(super) fn glance(db: &Db, place: &Place) -> Done<Glance> {
    let find = format!("SELECT {COUNTS} FROM place WHERE key = ?1");
    let found = db.row(&find, params![place.as_str(), db.now()], |row| counts(row, 0))?;
    let Some((no, glance)) = found else { return Ok(Glance::default()) };
    let who = "SELECT person FROM conversation WHERE place = ?1";
    let who: Option<String> = db.row(who, [no], |row| row.get(0))?;
    let person = who.map(|json| decode(&json, "conversation", place)).transpose()?;
    Ok(Glance { conversation: conversation::read(db, no, place)?, person, ..glance })
}

pub(super) fn conversations(db: &Db, after: &str, most: usize) -> Done<Vec<(Place, Glance)>> {
    let page = format!(
        "SELECT conversation.generation, flow, digest, rest, x'', person, key, {COUNTS}
            FROM place CROSS JOIN conversation ON conversation.place = place.no
            WHERE key > ?1 ORDER BY key LIMIT ?3"
    );
    let page = db.rows(&page, params![after, db.now(), limit(most)], |row| {
        Ok((row.get::<_, String>(6)?, conversation::columns(row)?, row.get::<_, String>(5)?, counts(row, 7)?.1))
    })?;
    let mut places = Vec::with_capacity(page.len());
    for (key, columns, person, glance) in page {
        let person = Some(decode(&person, "conversation", &key)?);
        let conversation = Some(columns.read(&key)?);
        let place = Place::try_from(key).map_err(|error| corrupt("place", "a key", error))?;
        places.push((place, Glance { conversation, person, ..glance }));
    }
    Ok(places)
}

pub(super) fn underway(db: &Db, place: &Place) -> Done<Option<Underway>> {
    let find = "SELECT no, attempt, current_sent, current_number, current_step FROM place
        WHERE key = ?1 AND current_number IS NOT NULL";
    let found =
        db.row(find, [place.as_str()], |row| Ok((row.get::<_, i64>(0)?, row.get(1)?, Position::read(row, 2)?)))?;
    let Some((no, attempt, current)) = found else { return Ok(None) };
    let Some((Position { seq, .. }, json)) = current_event(db, no, current)? else { return Ok(None) };
    let inbound: Inbound = decode(&json, "inbox", format_args!("{place}@{seq}"))?;
    Ok(Some(Underway { seq, inbound, attempt, journal: journal(db, no)? }))
}

pub(super) fn clear(db: &Db, place: &Place) -> Done<Cleared> {
    let find = "SELECT no FROM place WHERE key = ?1";
    let Some(no) = db.row(find, [place.as_str()], |row| row.get::<_, i64>(0))? else { return Ok(Cleared::default()) };
    let open = db.row("SELECT 1 FROM conversation WHERE place = ?1", [no], |_| Ok(()))?.is_some();
    conversation::end(db, no, db.now())?;
    let end = "UPDATE place SET epoch = epoch + 1, attempt = 0, claimed = 0, ready = NULL, rank = NULL, pin = NULL,
        current_number = NULL WHERE no = ?1";
    db.run(end, [no])?;
    db.run("DELETE FROM journal WHERE place = ?1", [no])?;
    // Only what can be answered is kept after it was posted, so these are few; and nobody is forgotten often.
    db.run("DELETE FROM posted WHERE json_extract(message, '$.place') = ?1", [place.as_str()])?;
    Ok(Cleared {
        conversations: u64::from(open),
        events: db.run("DELETE FROM inbox WHERE place = ?1", [no])? as u64,
        messages: db.run("DELETE FROM outbox WHERE place = ?1 AND NOT sent", [no])? as u64,
    })
}
