//! Claims and the journal.

use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use pesto_engine::model::{Call, CallResult, Inbound, Place};
use pesto_engine::ports::{Claim, Fence, StoreError};

use super::inbox::seq;
use super::look::{Taken, take};
use super::places::talk;
use super::reply::{Fields, unexpected};
use super::script::{CLAIM, INTENT, LET_GO, RENEW, RESULT};
use super::{RedisStore, length};
use crate::stored::{corrupt, decode, encode};

/// So many leases of a shard are prolonged in one step at most; whatever else waits for the server goes on between.
const BATCH: usize = 128;
/// How long a place waits that cannot be read.
const ASIDE: i64 = 60_000;

pub(super) async fn claim(store: &RedisStore, most: usize, lease: Duration) -> Result<Vec<Claim>, StoreError> {
    let mut claims = Vec::new();
    for Taken { mut fields, .. } in take(store, &store.wakes.ready, &CLAIM, length(lease), most).await? {
        let key = fields.text()?;
        let place = Place::try_from(key.clone()).map_err(|error| corrupt("place", key, error))?;
        if let Some(claim) = read_or_put_aside(store, place, fields).await? {
            claims.push(claim);
        }
    }
    Ok(claims)
}

/// One place that cannot be read must not stop all the others, so it has to wait.
async fn read_or_put_aside(store: &RedisStore, place: Place, mut fields: Fields) -> Result<Option<Claim>, StoreError> {
    let Some(position) = fields.maybe_text()? else {
        tracing::error!("a place is put aside for a minute: the event to claim is not in the inbox of `{place}`");
        return Ok(None);
    };
    let fence = Fence { place, epoch: fields.number()? };
    match read(fence.clone(), &position, fields) {
        Ok(claim) => Ok(Some(claim)),
        Err(error) => {
            put_aside(store, &fence, &error).await?;
            Ok(None)
        }
    }
}

/// Ends a claim that cannot be read.
pub(super) async fn put_aside(store: &RedisStore, fence: &Fence, error: &StoreError) -> Result<(), StoreError> {
    tracing::error!("a place is put aside for a minute: {error}");
    let_go(store, fence, ASIDE, false).await
}

fn read(fence: Fence, position: &str, mut fields: Fields) -> Result<Claim, StoreError> {
    let place = &fence.place;
    let seq = seq(position).ok_or_else(|| corrupt("inbox", place, "a position is not one"))?;
    let attempt = fields.number()?;
    let generation = fields.number_or_zero()?;
    let pin = fields.maybe_text()?;
    let inbound: Inbound = decode(&fields.text()?, "inbox", format_args!("{place}@{seq}"))?;
    let conversation = talk(&mut fields.list()?, place)?;
    let journal = journal(fields.list()?, place)?;
    Ok(Claim { seq, inbound, attempt, generation, conversation, journal, pin, fence })
}

/// Fields are named by a call's number and what they are, so that a result does not write the request again.
pub(super) fn journal(fields: Fields, place: &Place) -> Result<Vec<Call>, StoreError> {
    let mut calls = BTreeMap::new();
    let mut results = Vec::new();
    fields.all(|fields| {
        let (field, json) = (fields.text()?, fields.text()?);
        let (number, part) = field.split_once(':').ok_or_else(|| unexpected(CLAIM.name))?;
        let number: u32 = number.parse().map_err(|_| unexpected(CLAIM.name))?;
        if part == "result" {
            results.push((number, decode(&json, "journal", place)?));
        } else {
            let (name, request) = decode(&json, "journal", place)?;
            calls.insert(number, Call { number, name, request, result: None });
        }
        Ok(())
    })?;
    for (number, result) in results {
        let intent = calls.get_mut(&number).ok_or_else(|| corrupt("journal", place, "a result has no intent"))?;
        intent.result = Some(result);
    }
    Ok(calls.into_values().collect())
}

/// Answers the fences that are lost, where a shard says so.
pub(super) async fn renew(store: &RedisStore, fences: &[Fence], lease: Duration) -> Result<Vec<Fence>, StoreError> {
    let mut of_shard = BTreeMap::<u16, Vec<&Fence>>::new();
    for fence in fences {
        of_shard.entry(store.keys.shard(&fence.place)).or_default().push(fence);
    }
    let shards = of_shard.into_iter().map(|(shard, fences)| {
        let renew = async move {
            let mut lost = Vec::new();
            for batch in fences.chunks(BATCH) {
                let mut step = store.step(&RENEW, shard).arg(length(lease)).arg(batch.len());
                for fence in batch {
                    step = step.arg(fence.place.as_str()).arg(fence.epoch);
                }
                let indices = store.run(step).await?.fields.list()?.all(|fields| fields.number::<usize>())?;
                lost.extend(indices.into_iter().filter_map(|index| batch.get(index).copied()));
            }
            Ok(lost)
        };
        (shard, renew)
    });
    let lost: HashSet<_> = store.side_by_side(shards, |_| {}).await?.into_iter().flatten().collect();
    // In the order in which they were asked about.
    Ok(fences.iter().filter(|fence| lost.contains(fence)).cloned().collect())
}

pub(super) async fn intent(store: &RedisStore, fence: &Fence, call: &Call, pin: &str) -> Result<(), StoreError> {
    let json = encode(&(&call.name, &call.request))?;
    let step = store.step(&INTENT, store.keys.shard(&fence.place)).arg(fence.place.as_str()).arg(fence.epoch);
    let reply = store.run(step.arg(pin).arg(format!("{}:intent", call.number)).arg(json)).await;
    fenced(fence, reply?.fields, INTENT.name)
}

pub(super) async fn result(
    store: &RedisStore,
    fence: &Fence,
    number: u32,
    result: &CallResult,
) -> Result<(), StoreError> {
    let step = store.step(&RESULT, store.keys.shard(&fence.place)).arg(fence.place.as_str()).arg(fence.epoch);
    let step = step.arg(format!("{number}:intent")).arg(format!("{number}:result")).arg(encode(result)?);
    let mut fields = store.run(step).await?.fields;
    match fields.text()?.as_str() {
        "ok" => Ok(()),
        "stale" => Err(StoreError::Stale),
        "no intent" => Err(corrupt("journal", &fence.place, format_args!("call {number} has no intent"))),
        _ => Err(unexpected(RESULT.name)),
    }
}

/// Ends a claim without consequences; the place waits for so long. It counts as an attempt, or not.
pub(super) async fn let_go(store: &RedisStore, fence: &Fence, wait: i64, counts: bool) -> Result<(), StoreError> {
    let step = store.step(&LET_GO, store.keys.shard(&fence.place)).arg(fence.place.as_str()).arg(fence.epoch);
    let reply = store.run(step.arg(wait).arg(if counts { "1" } else { "" })).await;
    fenced(fence, reply?.fields, LET_GO.name)
}

/// The answer of a step that wants a claim.
pub(super) fn fenced(fence: &Fence, mut fields: Fields, step: &str) -> Result<(), StoreError> {
    match fields.text()?.as_str() {
        "ok" => Ok(()),
        "stale" => Err(StoreError::Stale),
        "gone" => Err(corrupt("inbox", &fence.place, "the claimed event is not there")),
        _ => Err(unexpected(step)),
    }
}
