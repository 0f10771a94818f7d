//! A turn's consequences in one step.

use pesto_engine::model::{Completion, Seq};
use pesto_engine::ports::{Commit, Fence, StoreError, TimerChange};
use rusqlite::params;

use super::conversation::{self, Next};
use super::db::{Db, Done, corrupt, decode, encode};
use super::inbox::{Event, remember};
use super::outbox::{Sealed, post};
use super::{records, timers, turn};

/// [`Commit`], encoded where it comes from and not on the store's thread.
pub(super) struct Parts {
    conversation: Next,
    messages: Vec<Sealed>,
    timers: Vec<TimerChange>,
    exchange: Option<String>,
    completion: Option<(Completion, String)>,
    follow: Option<Event>,
    dead: Option<String>,
}

impl Parts {
    pub(super) fn new(commit: Commit) -> Result<Self, StoreError> {
        let Commit { conversation, messages, timers, exchange, completion, follow, dead } = commit;
        Ok(Self {
            conversation: Next::new(conversation)?,
            messages: messages.into_iter().map(Sealed::new).collect::<Result<_, _>>()?,
            timers,
            exchange: exchange.as_ref().map(encode).transpose()?,
            completion: completion
                .map(|one| Ok::<_, StoreError>((encode(&one)?, one)))
                .transpose()?
                .map(|(json, one)| (one, json)),
            follow: follow.map(Event::new).transpose()?,
            dead: dead.as_ref().map(encode).transpose()?,
        })
    }
}

pub(super) fn commit(db: &Db, fence: &Fence, parts: &Parts) -> Done<()> {
    let place = turn::owned(db, fence)?;
    let (no, now) = (place.no, db.now());
    let first = "SELECT number, step FROM inbox WHERE place = ?1 ORDER BY number, step LIMIT 2";
    let firsts = db.rows(first, [no], |row| Ok(Seq { number: row.get(0)?, step: row.get(1)? }))?;
    let Some(seq) = firsts.first().copied() else {
        return Err(corrupt("inbox", &fence.place, "the claimed event is not there").into());
    };
    let cause = || {
        let find = "SELECT inbound FROM inbox WHERE place = ?1 AND number = ?2 AND step = ?3";
        let json: Option<String> = db.row(find, params![no, seq.number, seq.step], |row| row.get(0))?;
        Ok(decode(&json.unwrap_or_default(), "inbox", format_args!("{}@{seq}", fence.place))?)
    };
    let open = conversation::settle(db, no, &parts.conversation, now, cause)?;
    let gone = "DELETE FROM inbox WHERE place = ?1 AND number = ?2 AND step = ?3";
    db.run(gone, params![no, seq.number, seq.step])?;
    if place.pinned {
        db.run("DELETE FROM journal WHERE place = ?1", [no])?;
    }
    if open {
        parts.timers.iter().try_for_each(|change| timers::change(db, no, change))?;
        parts.exchange.iter().try_for_each(|exchange| conversation::record(db, no, exchange))?;
    }
    if let Some(follow) = &parts.follow {
        let next = seq.follow();
        let insert = "INSERT INTO inbox (place, number, step, inbound) VALUES (?1, ?2, ?3, ?4)";
        db.run(insert, params![no, next.number, next.step, follow.json])?;
        remember(db, &follow.id, now)?;
    }
    parts.messages.iter().try_for_each(|message| post(db, message, now))?;
    if let Some((completion, json)) = &parts.completion {
        records::complete(db, completion, json)?;
    }
    parts.dead.iter().try_for_each(|letter| records::bury(db, letter))?;
    let waits = parts.follow.is_some() || firsts.len() > 1;
    let ready = waits.then_some((now, db.tick())).unzip();
    let end = "UPDATE place SET claimed = 0, attempt = 0, pin = NULL, ready = ?2, tick = ?3,
        generation = coalesce(?4, generation) WHERE no = ?1";
    db.run(end, params![no, ready.0, ready.1, parts.conversation.generation()])?;
    // A timer that was set changes what is due next, too.
    db.inbox.set(db.inbox.get() || waits || !parts.timers.is_empty());
    Ok(())
}
