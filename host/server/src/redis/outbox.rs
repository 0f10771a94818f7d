//! Messages on their way.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use pesto_engine::model::{Digest, EffectId, FlowName, Message, Millis, Place};
use pesto_engine::ports::{Posted, Posting, Receipt, StoreError};
use pesto_engine::store::{CLOSABLE, Listener, undelivered};

use super::inbox::{peek, push_event};
use super::reply::{Fields, Reply, unexpected};
use super::script::{OUTBOX_CLAIM, OUTBOX_LATER, OUTBOX_LOST, OUTBOX_NEVER, OUTBOX_SENT, OUTBOX_WAKE, SWEEP, Step};
use super::{RedisStore, any, length, time};
use crate::stored::{corrupt, decode, encode};

/// The index of messages that have a time.
pub(super) const DUE: &str = "due";

/// So many messages are marked in one step at most.
const BATCH: usize = 128;
/// How long a message waits that cannot be read.
const ASIDE: Millis = 60_000;
/// So many receipts are forgotten in one step at most.
const FORGET: usize = 500;
/// How often a place may change while it is told that a message is lost.
const TRIES: usize = 20;

/// Messages as scripts take them. All are of one place, for a step has one shard.
pub(super) fn push_messages(step: &mut Step, place: &Place, messages: Vec<Message>) -> Result<(), StoreError> {
    step.push(messages.len());
    for message in messages {
        if message.place != *place {
            return Err(corrupt("outbox", place, "a message of another place cannot be sent in its turn"));
        }
        step.push(place.as_str());
        step.push(message.id.as_str());
        step.push(if message.can_be_answered() { "1" } else { "" });
        step.push(message.closes.as_ref().map_or("", EffectId::as_str));
        step.push(encode(&message)?);
    }
    Ok(())
}

pub(super) async fn claim(store: &RedisStore, most: usize, lease: Duration) -> Result<Vec<Posting>, StoreError> {
    if most == 0 {
        return Ok(Vec::new());
    }
    let due = peek(store, DUE, most.min(BATCH)).await?.due;
    let mut of_shard = BTreeMap::<u16, Vec<&str>>::new();
    for (shard, member) in &due {
        of_shard.entry(*shard).or_default().push(member);
    }
    let steps = of_shard
        .into_iter()
        .map(|(shard, members)| store.step(&OUTBOX_CLAIM, shard).arg(length(lease)).arg(members.len()).arg(members));
    let mut found = HashMap::new();
    for mut reply in any(store.run_all(steps).await)? {
        found.extend(reply.fields.list()?.all(|postings| {
            let mut fields = postings.list()?;
            Ok((fields.text()?, fields))
        })?);
    }
    let mut postings = Vec::with_capacity(found.len());
    for (_, member) in &due {
        // Behind a rank and a number.
        let Some(id) = member.get(32..) else { continue };
        let Some(fields) = found.remove(id) else { continue };
        match posting(id, fields) {
            Ok(posting) => postings.push(posting),
            Err(error) => {
                // One message that cannot be read must not stop all the others, so it has to wait.
                tracing::error!("a message is put aside for a minute: {error}");
                let until = store.clock.now().saturating_add(ASIDE);
                later(store, &EffectId::stored(id.to_owned()), until, false).await?;
            }
        }
    }
    Ok(postings)
}

fn posting(id: &str, mut fields: Fields) -> Result<Posting, StoreError> {
    let message = decode(&fields.text()?, "outbox", id)?;
    let (attempt, in_doubt) = (fields.number()?, fields.flag()?);
    let closes = match (fields.maybe_text()?, fields.maybe_text()?) {
        (Some(message), Some(receipt)) => Some(Posted { message: decode(&message, "posted", id)?, receipt }),
        _ => None,
    };
    Ok(Posting { message, in_doubt, attempt, closes })
}

/// Does a step where a message lies. Its id mostly tells; otherwise all shards are asked, and one of them knows it.
async fn where_it_lies(
    store: &RedisStore,
    id: &EffectId,
    step: impl Fn(u16) -> Step,
) -> Result<Option<(u16, Reply)>, StoreError> {
    let guess = store.keys.guess(id);
    if let Some(shard) = guess {
        let mut reply = store.run(step(shard)).await?;
        if reply.fields.text()? != "unknown" {
            return Ok(Some((shard, reply)));
        }
    }
    let others: Vec<_> = store.keys.all().filter(|shard| Some(*shard) != guess).collect();
    let replies = store.run_all(others.iter().map(|shard| step(*shard))).await;
    for (shard, reply) in others.into_iter().zip(replies) {
        let mut reply = reply?;
        if reply.fields.text()? != "unknown" {
            return Ok(Some((shard, reply)));
        }
    }
    Ok(None)
}

pub(super) async fn sent(store: &RedisStore, id: &EffectId, receipt: Option<&Receipt>) -> Result<(), StoreError> {
    // A mark before it tells an empty receipt from none.
    let receipt = receipt.map(|receipt| format!("={receipt}")).unwrap_or_default();
    where_it_lies(store, id, |shard| store.step(&OUTBOX_SENT, shard).arg(id.as_str()).arg(&receipt)).await?;
    Ok(())
}

pub(super) async fn later(store: &RedisStore, id: &EffectId, due: Millis, in_doubt: bool) -> Result<(), StoreError> {
    let (due, doubt) = (store.distance(due), if in_doubt { "1" } else { "" });
    where_it_lies(store, id, |shard| store.step(&OUTBOX_LATER, shard).arg(id.as_str()).arg(due).arg(doubt)).await?;
    Ok(())
}

/// What becomes of a lost message is said in the engine's words, so it is read first; if the place changed meanwhile,
/// it is said anew.
pub(super) async fn never(store: &RedisStore, id: &EffectId, reason: &str) -> Result<(), StoreError> {
    for _ in 0..TRIES {
        let lost = where_it_lies(store, id, |shard| store.step(&OUTBOX_LOST, shard).arg(id.as_str())).await?;
        let Some((shard, reply)) = lost else { return Ok(()) };
        let step = bury(store.step(&OUTBOX_NEVER, shard).arg(id.as_str()), id, reply, reason)?;
        match store.run(step).await?.fields.text()?.as_str() {
            "ok" => return Ok(()),
            "changed" => {}
            _ => return Err(unexpected(OUTBOX_NEVER.name)),
        }
    }
    Err(StoreError::Unavailable(format!("the place of the message `{id}` changes too fast")))
}

fn bury(mut step: Step, id: &EffectId, reply: Reply, reason: &str) -> Result<Step, StoreError> {
    let Reply { now, mut fields, .. } = reply;
    let mut found = fields.list()?;
    let last: u64 = fields.number()?;
    let mut talk = fields.list()?;
    let place = found.text()?;
    let message: Message = decode(&found.text()?, "outbox", id)?;
    let attempt: u32 = found.number()?;
    let generation = talk.maybe_text()?.unwrap_or_default();
    let listener = match generation == message.generation.to_string() {
        true => Some(listener(talk, &place)?),
        false => None,
    };
    let (letter, event) = undelivered(message, (attempt, reason), now, last + 1, listener);
    step = step.arg(attempt).arg(last).arg(generation).arg(encode(&letter)?);
    match event {
        Some(event) => push_event(&mut step, &event)?,
        None => step.push(""),
    }
    Ok(step)
}

/// Who hears of a lost message.
fn listener(mut talk: Fields, place: &str) -> Result<Listener, StoreError> {
    let flow = FlowName::try_from(talk.text()?).map_err(|error| corrupt("conversation", place, error))?;
    let digest = Digest::stored(talk.text()?);
    Ok(Listener { flow, digest, person: decode(&talk.text()?, "conversation", place)? })
}

pub(super) async fn wake(store: &RedisStore, place: &Place) -> Result<(), StoreError> {
    store.run(store.step(&OUTBOX_WAKE, store.keys.shard(place)).arg(place.as_str())).await?;
    Ok(())
}

/// Forgets what was posted long ago.
pub(super) async fn sweep(store: &RedisStore) -> Result<(), StoreError> {
    for shard in store.keys.all() {
        loop {
            let step = store.step(&SWEEP, shard).arg(time(CLOSABLE)).arg(FORGET);
            if store.run(step).await?.fields.number::<usize>()? < FORGET {
                break;
            }
        }
    }
    Ok(())
}
