//! A turn's consequences in one step.

use pesto_engine::model::Completion;
use pesto_engine::ports::{Commit, Fence, StoreError, TimerChange};
use rusqlite::params;

use super::conversation::{self, Next};
use super::db::{Db, Done, corrupt, decode, encode};
use super::inbox::{Event, remember};
use super::outbox::{Sealed, drop_unsent, post};
use super::turn::{self, Position};
use super::{records, timers};

/// [`Commit`], encoded where it comes from and not on the store's thread.
pub(super) struct Parts {
    conversation: Next,
    drops: Option<u64>,
    messages: Vec<Sealed>,
    timers: Vec<TimerChange>,
    exchange: Option<String>,
    completion: Option<(Completion, String)>,
    follow: Option<Event>,
    dead: Option<String>,
}

impl Parts {
    pub(super) fn new(commit: Commit) -> Result<Self, StoreError> {
        let Commit { conversation, drops, messages, timers, exchange, completion, follow, dead } = commit;
        Ok(Self {
            conversation: Next::new(conversation)?,
            drops,
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
    let (no, now, Position { sent, seq }) = (place.no, db.now(), place.current);
    let cause = || {
        let found = turn::current_event(db, no, place.current)?;
        let json = found.map(|(_, json)| json).unwrap_or_default();
        Ok(decode(&json, "inbox", format_args!("{}@{seq}", fence.place))?)
    };
    let open = conversation::settle(db, no, &parts.conversation, now, cause)?;
    let gone = "DELETE FROM inbox WHERE place = ?1 AND sent = ?2 AND number = ?3 AND step = ?4";
    if db.run(gone, params![no, sent, seq.number, seq.step])? == 0 {
        return Err(corrupt("inbox", &fence.place, "the claimed event is not there").into());
    }
    if place.pinned {
        db.run("DELETE FROM journal WHERE place = ?1", [no])?;
    }
    if open {
        parts.timers.iter().try_for_each(|change| timers::change(db, no, change))?;
        parts.exchange.iter().try_for_each(|exchange| conversation::record(db, no, exchange))?;
    }
    if let Some(follow) = &parts.follow {
        let next = seq.follow();
        let insert = "INSERT INTO inbox (place, sent, number, step, hold, inbound) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
        db.run(insert, params![no, sent, next.number, next.step, now, follow.json])?;
        remember(db, &follow.id, now)?;
    }
    parts.drops.iter().try_for_each(|generation| drop_unsent(db, no, *generation, now))?;
    parts.messages.iter().try_for_each(|message| post(db, message, now))?;
    if let Some((completion, json)) = &parts.completion {
        records::complete(db, completion, json)?;
    }
    parts.dead.iter().try_for_each(|letter| records::bury(db, letter))?;
    let next = "SELECT hold FROM inbox WHERE place = ?1 ORDER BY sent, number, step LIMIT 1";
    let next: Option<i64> = db.row(next, [no], |row| row.get(0))?;
    let waits = next.is_some();
    let ready = next.map(|hold| (now.max(hold), db.tick())).unzip();
    let end = "UPDATE place SET claimed = 0, attempt = 0, pin = NULL, current_number = NULL, ready = ?2, tick = ?3,
        rank = NULL, generation = coalesce(?4, generation) WHERE no = ?1";
    db.run(end, params![no, ready.0, ready.1, parts.conversation.generation()])?;
    db.inbox.set(db.inbox.get() || waits);
    db.timers.set(db.timers.get() || !parts.timers.is_empty());
    Ok(())
}
