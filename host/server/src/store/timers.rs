//! Timers of open conversations.

use pesto_engine::model::{Millis, Place};
use pesto_engine::ports::TimerChange;
use pesto_engine::store::timer_event;
use rusqlite::params;

use super::db::{Db, Done, corrupt, decode, millis, time};
use super::inbox::{Event, append, next_number};

/// So many timers fire in one step at most; whatever else waits goes on between.
const STEP: usize = 256;

pub(super) fn change(db: &Db, no: i64, change: &TimerChange) -> Done<()> {
    match change {
        TimerChange::Set(name, due) => {
            let set = "INSERT INTO timer (place, name, due) VALUES (?1, ?2, ?3)
                ON CONFLICT (place, name) DO UPDATE SET due = excluded.due";
            db.run(set, params![no, name, time(*due)])?;
        }
        TimerChange::Stop(name) => {
            db.run("DELETE FROM timer WHERE place = ?1 AND name = ?2", params![no, name])?;
        }
    }
    Ok(())
}

/// A timer and its conversation.
struct Due {
    place: i64,
    key: String,
    generation: u64,
    person: String,
    name: String,
    due: i64,
}

/// Fires some of those that are due. Answers whether more may be due, and when the next one is.
pub(super) fn fire(db: &Db) -> Done<(bool, Option<Millis>)> {
    let now = db.now();
    let due = "SELECT timer.place, key, conversation.generation, person, name, due FROM timer
        JOIN place ON place.no = timer.place JOIN conversation ON conversation.place = timer.place
        WHERE due <= ?1 ORDER BY due, timer.place, name LIMIT ?2";
    let due = db.rows(due, params![now, STEP], |row| {
        Ok(Due {
            place: row.get(0)?,
            key: row.get(1)?,
            generation: row.get(2)?,
            person: row.get(3)?,
            name: row.get(4)?,
            due: row.get(5)?,
        })
    })?;
    let more = due.len() == STEP;
    for Due { place, key, generation, person, name, due } in due {
        db.run("DELETE FROM timer WHERE place = ?1 AND name = ?2", params![place, name])?;
        let person = decode(&person, "conversation", &key)?;
        let key = Place::try_from(key).map_err(|error| corrupt("place", place, error))?;
        let number = next_number(db, place)?;
        let event = timer_event(&key, number, millis(now), person, (generation, name, millis(due)));
        append(db, &Event::new(event)?, now, now)?;
    }
    let next = db.row("SELECT min(due) FROM timer", [], |row| row.get::<_, Option<i64>>(0))?.flatten();
    Ok((more, next.map(millis)))
}
