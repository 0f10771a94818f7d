//! What operators read: completions, dead letters, counts.

use pesto_engine::model::{Completion, DeadLetter, Digest, Doubt, FlowName, Inbound, Letter};
use pesto_engine::ports::{Backlog, Fence, OpenCount};
use pesto_engine::store::DOUBTS_KEPT;
use rusqlite::params;
use serde::de::DeserializeOwned;

use super::db::{Db, Done, corrupt, decode, encode, limit, time};
use super::inbox::{Event, append};
use super::outbox::{Sealed, post};
use super::turn::owned;

/// A conversation completes once; the first one stands.
pub(super) fn complete(db: &Db, completion: &Completion, json: &str) -> Done<()> {
    let insert = "INSERT INTO completion (conversation, flow, completion) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING";
    db.run(insert, params![completion.conversation, completion.flow.as_str(), json])?;
    Ok(())
}

pub(super) fn completions(db: &Db, flow: &FlowName, after: u64, most: usize) -> Done<Vec<(u64, Completion)>> {
    let page = "SELECT no, completion FROM completion WHERE flow = ?1 AND no > ?2 ORDER BY no LIMIT ?3";
    let page = db.rows(page, params![flow.as_str(), after, limit(most)], |row| Ok((row.get(0)?, row.get(1)?)))?;
    numbered(page, "completion")
}

pub(super) fn completed_flows(db: &Db) -> Done<Vec<FlowName>> {
    let flows = db.rows("SELECT DISTINCT flow FROM completion ORDER BY flow", [], |row| row.get::<_, String>(0))?;
    let read = |flow: String| flow.parse().map_err(|error| corrupt("completion", flow, error));
    Ok(flows.into_iter().map(read).collect::<Result<_, _>>()?)
}

pub(super) fn completion_drop(db: &Db, flow: &FlowName, position: u64) -> Done<bool> {
    Ok(db.run("DELETE FROM completion WHERE no = ?1 AND flow = ?2", params![position, flow.as_str()])? == 1)
}

fn numbered<T: DeserializeOwned>(rows: Vec<(u64, String)>, table: &str) -> Done<Vec<(u64, T)>> {
    let read = |(no, json): (u64, String)| Ok((no, decode(&json, table, no)?));
    rows.into_iter().map(read).collect()
}

pub(super) fn bury(db: &Db, letter: &str) -> Done<()> {
    db.run("INSERT INTO dead (letter) VALUES (?1)", [letter])?;
    Ok(())
}

pub(super) fn dead(db: &Db, after: u64, most: usize) -> Done<Vec<(u64, DeadLetter)>> {
    let page = "SELECT no, letter FROM dead WHERE no > ?1 ORDER BY no LIMIT ?2";
    numbered(db.rows(page, params![after, limit(most)], |row| Ok((row.get(0)?, row.get(1)?)))?, "dead")
}

pub(super) fn dead_retry(db: &Db, id: u64) -> Done<bool> {
    let letter: Option<String> = db.row("SELECT letter FROM dead WHERE no = ?1", [id], |row| row.get(0))?;
    let Some(letter) = letter else { return Ok(false) };
    let letter: DeadLetter = decode(&letter, "dead", id)?;
    dead_drop(db, id)?;
    match letter.letter {
        Letter::Event(inbound) => {
            let inbound = Inbound { sent: None, ..inbound };
            append(db, &Event::new(inbound)?, db.now(), db.now())?;
        }
        Letter::Message(message) => post(db, &Sealed::new(message)?, db.now())?,
    }
    Ok(true)
}

pub(super) fn dead_drop(db: &Db, id: u64) -> Done<bool> {
    Ok(db.run("DELETE FROM dead WHERE no = ?1", [id])? == 1)
}

pub(super) fn doubt(db: &Db, fence: &Fence, doubt: &Doubt) -> Done<()> {
    owned(db, fence)?;
    let insert = "INSERT INTO doubt (effect, done, at, doubt) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING";
    db.run(insert, params![doubt.effect.as_str(), doubt.done.as_str(), db.now(), encode(doubt)?])?;
    Ok(())
}

pub(super) fn doubts(db: &Db, after: u64, most: usize) -> Done<Vec<(u64, Doubt)>> {
    let page = "SELECT no, doubt FROM doubt WHERE no > ?1 ORDER BY no LIMIT ?2";
    numbered(db.rows(page, params![after, limit(most)], |row| Ok((row.get(0)?, row.get(1)?)))?, "doubt")
}

pub(super) fn doubt_drop(db: &Db, position: u64) -> Done<bool> {
    Ok(db.run("DELETE FROM doubt WHERE no = ?1", [position])? == 1)
}

pub(super) fn forget_doubts(db: &Db) -> Done<()> {
    db.run("DELETE FROM doubt WHERE at <= ?1", [db.now().saturating_sub(time(DOUBTS_KEPT))])?;
    Ok(())
}

pub(super) fn backlog(db: &Db) -> Done<Backlog> {
    let count = "SELECT (SELECT count(*) FROM inbox),
        (SELECT count(*) FROM place WHERE ready > ?1 AND rank IS NULL AND claimed),
        (SELECT count(*) FROM outbox WHERE NOT sent)";
    let read = |row: &rusqlite::Row<'_>| Ok(Backlog { inbox: row.get(0)?, running: row.get(1)?, outbox: row.get(2)? });
    Ok(db.row(count, [db.now()], read)?.unwrap_or_default())
}

pub(super) fn open_conversations(db: &Db) -> Done<Vec<OpenCount>> {
    let count = "SELECT flow, digest, count(*) FROM conversation GROUP BY digest, flow ORDER BY flow, digest";
    let all = db.rows(count, [], |row| Ok((row.get::<_, String>(0)?, row.get(1)?, row.get(2)?)))?;
    let named = all.into_iter().map(|(flow, digest, conversations)| match FlowName::try_from(flow) {
        Ok(flow) => Ok(OpenCount { flow, digest: Digest::stored(digest), conversations }),
        Err(error) => Err(corrupt("conversation", digest, error)),
    });
    Ok(named.collect::<Result<_, _>>()?)
}
