//! Components by digest, and which is current.

use pesto_engine::model::{Digest, FlowName};
use pesto_engine::ports::Deploy;
use pesto_engine::store::{KEPT, REMEMBERED};
use rusqlite::params;

use super::db::{Db, Done, corrupt, limit, time};

pub(super) fn put(db: &Db, flow: &FlowName, digest: &Digest, bytes: &[u8], deploy: Deploy) -> Done<Option<Digest>> {
    let now = db.now();
    let known = "SELECT 1 FROM deployed WHERE flow = ?1 AND digest = ?2";
    if deploy == Deploy::IfNew && db.row(known, params![flow.as_str(), digest.as_str()], |_| Ok(()))?.is_some() {
        return of(db, flow);
    }
    let keep = "INSERT INTO component (digest, held) VALUES (?1, ?2) ON CONFLICT DO NOTHING";
    if db.run(keep, params![digest.as_str(), now])? == 1 {
        db.run("INSERT INTO component_bytes (digest, bytes) VALUES (?1, ?2)", params![digest.as_str(), bytes])?;
    }
    replace(db, flow, now)?;
    db.run("INSERT INTO current (flow, digest) VALUES (?1, ?2)", params![flow.as_str(), digest.as_str()])?;
    remember(db, flow, digest)?;
    Ok(Some(digest.clone()))
}

fn remember(db: &Db, flow: &FlowName, digest: &Digest) -> Done<()> {
    let remember = "INSERT OR REPLACE INTO deployed (flow, digest, no)
        SELECT ?1, ?2, coalesce(max(no), 0) + 1 FROM deployed WHERE flow = ?1";
    db.run(remember, params![flow.as_str(), digest.as_str()])?;
    let forget = "DELETE FROM deployed WHERE flow = ?1 AND digest NOT IN
        (SELECT digest FROM deployed WHERE flow = ?1 ORDER BY no DESC LIMIT ?2)";
    db.run(forget, params![flow.as_str(), limit(REMEMBERED)])?;
    Ok(())
}

pub(super) fn drop_current(db: &Db, flow: &FlowName) -> Done<()> {
    replace(db, flow, db.now())
}

fn replace(db: &Db, flow: &FlowName, now: i64) -> Done<()> {
    db.components.set(true);
    let Some(former) = of(db, flow)? else { return Ok(()) };
    db.run("DELETE FROM current WHERE flow = ?1", [flow.as_str()])?;
    let_go_of(db, former.as_str(), now)
}

/// A flow's current component.
fn of(db: &Db, flow: &FlowName) -> Done<Option<Digest>> {
    let current = "SELECT digest FROM current WHERE flow = ?1";
    db.row(current, [flow.as_str()], |row| row.get(0).map(Digest::stored))
}

/// These are held now, whoever else lets go of them.
pub(super) fn keep(db: &Db, offered: &[Digest]) -> Done<()> {
    offered.iter().try_for_each(|digest| let_go_of(db, digest.as_str(), db.now()))
}

/// A component's grace begins anew: something stopped to hold it.
pub(super) fn let_go_of(db: &Db, digest: &str, now: i64) -> Done<()> {
    db.run("UPDATE component SET held = ?2 WHERE digest = ?1", params![digest, now])?;
    Ok(())
}

pub(super) fn bytes(db: &Db, digest: &Digest) -> Done<Option<Vec<u8>>> {
    db.row("SELECT bytes FROM component_bytes WHERE digest = ?1", [digest.as_str()], |row| row.get(0))
}

pub(super) fn current(db: &Db) -> Done<Vec<(FlowName, Digest)>> {
    let all = db.rows("SELECT flow, digest FROM current ORDER BY flow", [], |row| {
        Ok((row.get::<_, String>(0)?, Digest::stored(row.get(1)?)))
    })?;
    let named = all.into_iter().map(|(flow, digest)| match FlowName::try_from(flow) {
        Ok(flow) => Ok((flow, digest)),
        Err(error) => Err(corrupt("current", &digest, error)),
    });
    Ok(named.collect::<Result<_, _>>()?)
}

/// Drops one component whose grace is over. Answers whether there was one: bytes are many, so each is a step.
pub(super) fn forget(db: &Db) -> Done<bool> {
    let old = db.now().saturating_sub(time(KEPT));
    let drop = "DELETE FROM component WHERE digest = (SELECT digest FROM component WHERE held <= ?1
        AND NOT EXISTS (SELECT 1 FROM current WHERE current.digest = component.digest)
        AND NOT EXISTS (SELECT 1 FROM conversation WHERE conversation.digest = component.digest) LIMIT 1)";
    Ok(db.run(drop, [old])? == 1)
}
