//! The open conversation of a place, and its history.

use pesto_engine::model::{Conversation, Exchange, Inbound, Place};
use pesto_engine::policy::contract;
use pesto_engine::ports::{After, StoreError};
use rusqlite::params;

use super::components::let_go_of;
use super::db::{Db, Done, decode, encode, limit};
use crate::stored::Columns;

/// [`After`], encoded where it comes from and not on the store's thread.
pub(super) enum Next {
    Unchanged,
    Open { conversation: Box<Conversation>, rest: String },
    Closed(u64),
}

impl Next {
    pub(super) fn new(after: After) -> Result<Self, StoreError> {
        Ok(match after {
            After::Unchanged => Self::Unchanged,
            After::Closed(generation) => Self::Closed(generation),
            After::Open(conversation) => Self::Open { rest: Columns::rest(&conversation)?, conversation },
        })
    }

    /// The generation that the place has from now on, where that may change.
    pub(super) fn generation(&self) -> Option<u64> {
        match self {
            Self::Unchanged => None,
            Self::Open { conversation, .. } => Some(conversation.generation),
            Self::Closed(generation) => Some(*generation),
        }
    }
}

pub(super) fn read(db: &Db, no: i64, place: &Place) -> Done<Option<Conversation>> {
    let find = "SELECT generation, flow, digest, rest, state FROM conversation WHERE place = ?1";
    let found = db.row(find, [no], columns)?;
    Ok(found.map(|columns| columns.read(place)).transpose()?)
}

/// The first columns of a row.
pub(super) fn columns(row: &rusqlite::Row<'_>) -> rusqlite::Result<Columns> {
    let (flow, digest, rest) = (row.get(1)?, row.get(2)?, row.get(3)?);
    Ok(Columns { generation: row.get(0)?, flow, digest, rest, state: row.get(4)? })
}

/// Changes the conversation of a place; `cause` reads the event that led to it. Answers whether one is open now.
pub(super) fn settle(db: &Db, no: i64, next: &Next, now: i64, cause: impl FnOnce() -> Done<Inbound>) -> Done<bool> {
    match next {
        Next::Unchanged => Ok(db.row("SELECT 1 FROM conversation WHERE place = ?1", [no], |_| Ok(()))?.is_some()),
        Next::Closed(_) => {
            end(db, no, now)?;
            Ok(false)
        }
        Next::Open { conversation, rest } => {
            // What every turn does must not touch the index of versions.
            let go_on = "UPDATE conversation SET rest = ?5, state = ?6
                WHERE place = ?1 AND generation = ?2 AND flow = ?3 AND digest = ?4";
            let Conversation { generation, flow, digest, state, .. } = &**conversation;
            let values = params![no, generation, flow.as_str(), digest.as_str(), rest, state];
            if db.run(go_on, values)? == 0 && !migrate(db, values, now)? {
                end(db, no, now)?;
                let person = encode(&cause()?.person)?;
                let begin = "INSERT INTO conversation (place, generation, flow, digest, rest, state, person)
                    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
                let values = params![no, generation, flow.as_str(), digest.as_str(), rest, state, person];
                db.run(begin, values)?;
            }
            Ok(true)
        }
    }
}

/// Moves the same conversation to another version. Answers whether there was one.
fn migrate(db: &Db, values: &[&dyn rusqlite::ToSql], now: i64) -> Done<bool> {
    let former = "SELECT digest FROM conversation WHERE place = ?1 AND generation = ?2";
    let Some(former) = db.row(former, &values[..2], |row| row.get::<_, String>(0))? else { return Ok(false) };
    let migrate = "UPDATE conversation SET flow = ?3, digest = ?4, rest = ?5, state = ?6
        WHERE place = ?1 AND generation = ?2";
    db.run(migrate, values)?;
    let_go_of(db, &former, now)?;
    Ok(true)
}

/// Ends the open conversation, if there is one, with its timers and history.
pub(super) fn end(db: &Db, no: i64, now: i64) -> Done<()> {
    let former = db.row("SELECT digest FROM conversation WHERE place = ?1", [no], |row| row.get::<_, String>(0))?;
    let Some(former) = former else { return Ok(()) };
    db.run("DELETE FROM timer WHERE place = ?1", [no])?;
    db.run("DELETE FROM exchange WHERE place = ?1", [no])?;
    db.run("DELETE FROM conversation WHERE place = ?1", [no])?;
    let_go_of(db, &former, now)
}

pub(super) fn record(db: &Db, no: i64, exchange: &str) -> Done<()> {
    let last = "SELECT no FROM exchange WHERE place = ?1 ORDER BY no DESC LIMIT 1";
    let last: Option<i64> = db.row(last, [no], |row| row.get(0))?;
    let append = "INSERT INTO exchange (place, no, exchange) VALUES (?1, ?2, ?3)";
    let number = last.unwrap_or(0) + 1;
    db.run(append, params![no, number, exchange])?;
    // Nobody can read more, and a conversation may go on for ever.
    let forget = "DELETE FROM exchange WHERE place = ?1 AND no <= ?2 - ?3";
    db.run(forget, params![no, number, limit(contract::HISTORY.1)])?;
    Ok(())
}

pub(super) fn history(db: &Db, place: &Place, generation: u64, most: usize) -> Done<Vec<Exchange>> {
    let last = "SELECT exchange.exchange FROM place
        JOIN conversation ON conversation.place = place.no AND conversation.generation = ?2
        JOIN exchange ON exchange.place = place.no
        WHERE place.key = ?1 ORDER BY exchange.no DESC LIMIT ?3";
    let last = db.rows(last, params![place.as_str(), generation, limit(most)], |row| row.get::<_, String>(0))?;
    Ok(last.iter().rev().map(|json| decode(json, "exchange", place)).collect::<Result<_, _>>()?)
}
