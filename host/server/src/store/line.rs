//! The order of claims: what can be taken stands in line, by its rank.

use pesto_engine::lane::{Lane, rank};
use pesto_engine::model::Inbound;
use rusqlite::params;

use super::db::{Db, Done, decode, millis, time};
use super::turn::{Position, next_event};

/// So many places come into line in one step at most; whatever else waits goes on between.
const STEP: i64 = 500;

/// Puts what can be claimed by now into line, in the order in which it could be.
pub(super) fn line_up(db: &Db, now: i64) -> Done<()> {
    let due = "SELECT no, ready, current_sent, current_number, current_step FROM place
        WHERE ready <= ?1 AND rank IS NULL ORDER BY ready, tick LIMIT ?2";
    let due = db
        .rows(due, params![now, STEP], |row| Ok((row.get::<_, i64>(0)?, row.get(1)?, Position::read_maybe(row, 2)?)))?;
    for (no, ready, current) in due {
        let event = next_event(db, no, current)?;
        // Whoever claims what cannot be read finds that out.
        let event = event.and_then(|(_, json)| decode::<Inbound>(&json, "inbox", no).ok());
        let lane = event.as_ref().map_or(Lane::Interactive, |event| Lane::of(&event.body));
        let share = event.map(|event| format!("{} {}", lane.patience(), event.person.id));
        let last = "SELECT max(rank) FROM place WHERE share = ?1 AND rank IS NOT NULL";
        let last: Option<i64> = db.row(last, [&share], |row| row.get(0))?.flatten();
        let rank = rank(millis(ready), lane, last.map(millis));
        db.run("UPDATE place SET rank = ?2, share = ?3 WHERE no = ?1", params![no, time(rank), share])?;
    }
    Ok(())
}
