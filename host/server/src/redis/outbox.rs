//! Messages on their way.

use std::time::Duration;

use pesto_engine::model::{Digest, EffectId, FlowName, Message, Millis, Place};
use pesto_engine::ports::{Posted, Posting, Receipt, Stage, StoreError};
use pesto_engine::store::{CLOSABLE, Listener, undelivered};

use super::inbox::push_event;
use super::look::{Taken, take};
use super::reply::{Fields, Reply, unexpected};
use super::script::{
    OUTBOX_CLAIM, OUTBOX_LATER, OUTBOX_LOOK, OUTBOX_LOST, OUTBOX_NEVER, OUTBOX_RENEW, OUTBOX_SENT, OUTBOX_WAKE, SWEEP,
    Source, Step,
};
use super::{RedisStore, length, time};
use crate::stored::{corrupt, decode, encode};

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
        step.push(message.generation);
        step.push(encode(&message)?);
    }
    Ok(())
}

pub(super) async fn claim(store: &RedisStore, most: usize, lease: Duration) -> Result<Vec<Posting>, StoreError> {
    let mut postings = Vec::new();
    for Taken { shard, mut fields } in take(store, &store.wakes.due, &OUTBOX_CLAIM, length(lease), most).await? {
        let (id, attempt) = (fields.text()?, fields.number_or_zero()?);
        if attempt == 0 {
            tracing::error!("a message is put aside for a minute: what is kept of `{id}` is no message");
            continue;
        }
        match posting(&id, attempt, fields) {
            Ok(posting) => postings.push(posting),
            Err(error) => {
                // One message that cannot be read must not stop all the others, so it has to wait.
                tracing::error!("a message is put aside for a minute: {error}");
                let step = store.step(&OUTBOX_LATER, shard).arg("").arg(id).arg(attempt).arg(ASIDE).arg("");
                store.run(step).await?;
            }
        }
    }
    Ok(postings)
}

fn posting(id: &str, attempt: u32, mut fields: Fields) -> Result<Posting, StoreError> {
    let message = decode(&fields.text()?, "outbox", id)?;
    let in_doubt = fields.flag()?;
    let stage = match fields.text()?.as_str() {
        "" if in_doubt => Stage::InDoubt,
        "" => Stage::Unsent,
        sent => Stage::Sent(sent.strip_prefix('=').map(str::to_owned)),
    };
    let closes = match (fields.maybe_text()?, fields.maybe_text()?) {
        (Some(message), Some(receipt)) => Some(Posted { message: decode(&message, "posted", id)?, receipt }),
        _ => None,
    };
    Ok(Posting { message, stage, attempt, closes })
}

/// A step on what an attempt took.
fn about(store: &RedisStore, source: &'static Source, Posting { message, attempt, .. }: &Posting) -> Step {
    let step = store.step(source, store.keys.shard(&message.place)).arg(message.place.as_str());
    step.arg(message.id.as_str()).arg(*attempt)
}

fn told(mut reply: Reply, step: &str) -> Result<(), StoreError> {
    match reply.fields.text()?.as_str() {
        "ok" => Ok(()),
        "stale" => Err(StoreError::Stale),
        _ => Err(unexpected(step)),
    }
}

pub(super) async fn renew(store: &RedisStore, posting: &Posting, lease: Duration) -> Result<(), StoreError> {
    told(store.run(about(store, &OUTBOX_RENEW, posting).arg(length(lease))).await?, OUTBOX_RENEW.name)
}

pub(super) async fn sent(
    store: &RedisStore,
    posting: &Posting,
    receipt: Option<&Receipt>,
    look: Option<Millis>,
) -> Result<(), StoreError> {
    // A mark before it tells an empty receipt from none.
    let receipt = receipt.map(|receipt| format!("={receipt}")).unwrap_or_default();
    let look = look.map(|look| store.distance(look).to_string()).unwrap_or_default();
    told(store.run(about(store, &OUTBOX_SENT, posting).arg(receipt).arg(look)).await?, OUTBOX_SENT.name)
}

pub(super) async fn look(store: &RedisStore, message: &Message, due: Millis) -> Result<(), StoreError> {
    let step = store.step(&OUTBOX_LOOK, store.keys.shard(&message.place)).arg(message.place.as_str());
    let answerable = if message.can_be_answered() { "1" } else { "" };
    let step = step.arg(message.id.as_str()).arg(answerable).arg(encode(message)?).arg(store.distance(due));
    told(store.run(step).await?, OUTBOX_LOOK.name)
}

pub(super) async fn later(
    store: &RedisStore,
    posting: &Posting,
    due: Millis,
    in_doubt: bool,
) -> Result<(), StoreError> {
    let (due, doubt) = (store.distance(due), if in_doubt { "1" } else { "" });
    told(store.run(about(store, &OUTBOX_LATER, posting).arg(due).arg(doubt)).await?, OUTBOX_LATER.name)
}

/// What becomes of a lost message is said in the engine's words, so its place is read first; if that changed meanwhile,
/// it is said anew.
pub(super) async fn never(store: &RedisStore, posting: &Posting, reason: &str) -> Result<(), StoreError> {
    let place = &posting.message.place;
    for _ in 0..TRIES {
        let read = store.run(store.step(&OUTBOX_LOST, store.keys.shard(place)).arg(place.as_str())).await?;
        let mut reply = store.run(bury(about(store, &OUTBOX_NEVER, posting), posting, read, reason)?).await?;
        match reply.fields.text()?.as_str() {
            "ok" => return Ok(()),
            "stale" => return Err(StoreError::Stale),
            "changed" => {}
            _ => return Err(unexpected(OUTBOX_NEVER.name)),
        }
    }
    Err(StoreError::Unavailable(format!("the place `{place}` changes too fast")))
}

fn bury(mut step: Step, posting: &Posting, reply: Reply, reason: &str) -> Result<Step, StoreError> {
    let Reply { now, mut fields, .. } = reply;
    let message = posting.message.clone();
    let last: u64 = fields.number()?;
    let mut talk = fields.list()?;
    let generation = talk.maybe_text()?.unwrap_or_default();
    let listener = match generation == message.generation.to_string() {
        true => Some(listener(talk, &message.place)?),
        false => None,
    };
    let (letter, event) = undelivered(message, (posting.attempt, reason), now, last + 1, listener);
    step = step.arg(last).arg(generation).arg(encode(&letter)?);
    match event {
        Some(event) => push_event(&mut step, &event)?,
        None => step.push(""),
    }
    Ok(step)
}

fn listener(mut talk: Fields, place: &Place) -> Result<Listener, StoreError> {
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
