//! What operators read: completions, dead letters, calls in doubt, counts.

use std::collections::{BTreeMap, BTreeSet};

use pesto_engine::model::{Completion, DeadLetter, Digest, Doubt, Exchange, FlowName, Inbound, Letter, Place};
use pesto_engine::ports::{Backlog, Fence, OpenCount, StoreError};
use pesto_engine::store::DOUBTS_KEPT;
use serde::de::DeserializeOwned;

use super::inbox::push_event;
use super::keys::MOST_SHARDS;
use super::outbox::push_messages;
use super::reply::{Fields, unexpected};
use super::script::{COMPLETED, COUNTS, DEAD_TAKE, DOUBT, DOUBT_SWEEP, DROP, HISTORY, PAGE, Step};
use super::turn::fenced;
use super::{RedisStore, time};
use crate::stored::{corrupt, decode, encode};

pub(super) async fn history(
    store: &RedisStore,
    place: &Place,
    generation: u64,
    most: usize,
) -> Result<Vec<Exchange>, StoreError> {
    let most = most.min(pesto_engine::policy::contract::HISTORY.1);
    let step = store.step(&HISTORY, store.keys.shard(place)).arg(place.as_str()).arg(generation).arg(most);
    store.run(step).await?.fields.list()?.all(|fields| decode(&fields.text()?, "exchange", place))
}

pub(super) async fn backlog(store: &RedisStore) -> Result<Backlog, StoreError> {
    let mut sum = Backlog::default();
    for (_, mut reply) in store.ask_all(|shard| store.step(&COUNTS, shard)).await? {
        sum.inbox += reply.fields.number::<u64>()?;
        sum.running += reply.fields.number::<u64>()?;
        sum.outbox += reply.fields.number::<u64>()?;
    }
    Ok(sum)
}

pub(super) async fn open_conversations(store: &RedisStore) -> Result<Vec<OpenCount>, StoreError> {
    let mut sums = BTreeMap::<(FlowName, Digest), u64>::new();
    for (_, mut reply) in store.ask_all(|shard| store.step(&COUNTS, shard)).await? {
        for _ in 0..3 {
            reply.fields.text()?;
        }
        reply.fields.list()?.all(|fields| {
            let (version, count) = (fields.text()?, fields.number::<u64>()?);
            let (flow, digest) = version.split_once(' ').ok_or_else(|| unexpected(COUNTS.name))?;
            let flow = flow.parse().map_err(|error| corrupt("conversation", digest, error))?;
            *sums.entry((flow, Digest::stored(digest.to_owned()))).or_default() += count;
            Ok(())
        })?;
    }
    let counts = sums.into_iter().map(|((flow, digest), conversations)| OpenCount { flow, digest, conversations });
    Ok(counts.collect())
}

/// Records of all shards in the order of their positions.
async fn page<T: DeserializeOwned>(
    store: &RedisStore,
    what: &'static str,
    (index, records): (&str, &str),
    after: u64,
    most: usize,
) -> Result<Vec<(u64, T)>, StoreError> {
    let ask = |shard| page_of(store, shard, (index, records), after, most);
    let mut all = Vec::new();
    // What is as young as the earliest answer may have neighbours that came after another shard was asked.
    let mut settled = u64::MAX;
    for (_, mut reply) in store.ask_all(ask).await? {
        settled = settled.min(reply.micros);
        all.extend(reply.fields.list()?.all(record)?);
    }
    all.retain(|(position, _)| position / u64::from(MOST_SHARDS) < settled);
    all.sort_unstable();
    all.truncate(most);
    let decoded = all.into_iter().map(|(position, json)| match json {
        Some(json) => Ok((position, decode(&json, what, position)?)),
        None => Err(corrupt(what, position, "it is not there")),
    });
    decoded.collect()
}

fn page_of(store: &RedisStore, shard: u16, (index, records): (&str, &str), after: u64, most: usize) -> Step {
    store.step(&PAGE, shard).arg(index).arg(records).arg(format!("{after:019}")).arg(most)
}

/// A position, and what stands there.
fn record(page: &mut Fields) -> Result<(u64, Option<String>), StoreError> {
    let mut fields = page.list()?;
    Ok((fields.number()?, fields.maybe_text()?))
}

pub(super) async fn completions(
    store: &RedisStore,
    flow: &FlowName,
    after: u64,
    most: usize,
) -> Result<Vec<(u64, Completion)>, StoreError> {
    let keys = (&*format!("completions:{flow}"), &*format!("completion:{flow}"));
    page(store, "completion", keys, after, most).await
}

pub(super) async fn completed_flows(store: &RedisStore) -> Result<Vec<FlowName>, StoreError> {
    let mut flows = BTreeSet::new();
    for (_, mut reply) in store.ask_all(|shard| store.step(&COMPLETED, shard)).await? {
        flows.extend(reply.fields.list()?.all(|fields| {
            let flow = fields.text()?;
            flow.parse::<FlowName>().map_err(|error| corrupt("completion", flow, error))
        })?);
    }
    Ok(flows.into_iter().collect())
}

pub(super) async fn completion_drop(store: &RedisStore, flow: &FlowName, position: u64) -> Result<bool, StoreError> {
    let keys = (&*format!("completions:{flow}"), &*format!("completion:{flow}"));
    drop_record(store, keys, position, flow.as_str()).await
}

async fn drop_record(
    store: &RedisStore,
    (index, records): (&str, &str),
    position: u64,
    flow: &str,
) -> Result<bool, StoreError> {
    let Some(shard) = store.keys.shard_of_position(position) else { return Ok(false) };
    let step = store.step(&DROP, shard).arg(index).arg(records).arg(format!("{position:019}")).arg(flow);
    store.run(step).await?.fields.flag()
}

const DEAD: (&str, &str) = ("dead", "dead:letters");

pub(super) async fn dead(store: &RedisStore, after: u64, most: usize) -> Result<Vec<(u64, DeadLetter)>, StoreError> {
    page(store, "dead", DEAD, after, most).await
}

pub(super) async fn dead_retry(store: &RedisStore, id: u64) -> Result<bool, StoreError> {
    let Some(shard) = store.keys.shard_of_position(id) else { return Ok(false) };
    let mut reply = store.run(page_of(store, shard, DEAD, id.saturating_sub(1), 1)).await?;
    let first = reply.fields.list()?.all(record)?.into_iter().next();
    let Some((_, Some(json))) = first.filter(|(found, _)| *found == id) else { return Ok(false) };
    let letter: DeadLetter = decode(&json, "dead", id)?;
    let step = take(store, shard, id);
    let step = match letter.letter {
        Letter::Event(inbound) => {
            let inbound = Inbound { sent: None, ..inbound };
            stays(store, shard, &inbound.place)?;
            let mut step = step.arg("event").arg(inbound.place.as_str());
            push_event(&mut step, &inbound)?;
            step
        }
        Letter::Message(message) => {
            let place = message.place.clone();
            stays(store, shard, &place)?;
            let mut step = step.arg("message");
            push_messages(&mut step, &place, vec![message])?;
            step
        }
    };
    store.run(step).await?.fields.flag()
}

pub(super) async fn dead_drop(store: &RedisStore, id: u64) -> Result<bool, StoreError> {
    let Some(shard) = store.keys.shard_of_position(id) else { return Ok(false) };
    store.run(take(store, shard, id).arg("drop")).await?.fields.flag()
}

const DOUBTS: (&str, &str) = ("doubts", "doubt");

pub(super) async fn doubt(store: &RedisStore, fence: &Fence, doubt: &Doubt) -> Result<(), StoreError> {
    let step = store.step(&DOUBT, store.keys.shard(&fence.place)).arg(fence.place.as_str()).arg(fence.epoch);
    let step = step.arg(format!("{} {}", doubt.effect, doubt.done.as_str())).arg(time(DOUBTS_KEPT));
    fenced(fence, store.run(step.arg(encode(doubt)?)).await?.fields, DOUBT.name)
}

pub(super) async fn doubts(store: &RedisStore, after: u64, most: usize) -> Result<Vec<(u64, Doubt)>, StoreError> {
    page(store, "doubt", DOUBTS, after, most).await
}

pub(super) async fn doubt_drop(store: &RedisStore, position: u64) -> Result<bool, StoreError> {
    drop_record(store, DOUBTS, position, "").await
}

/// Forgets calls that were in doubt long ago.
pub(super) async fn sweep(store: &RedisStore) -> Result<(), StoreError> {
    const STEP: usize = 500;
    for shard in store.keys.all() {
        let step = || store.step(&DOUBT_SWEEP, shard).arg(time(DOUBTS_KEPT)).arg(STEP);
        while store.run(step()).await?.fields.number::<usize>()? == STEP {}
    }
    Ok(())
}

fn take(store: &RedisStore, shard: u16, id: u64) -> Step {
    store.step(&DEAD_TAKE, shard).arg(format!("{id:019}"))
}

/// A dead letter lies in the shard of its place, or it cannot be put back in one step.
fn stays(store: &RedisStore, shard: u16, place: &Place) -> Result<(), StoreError> {
    match store.keys.shard(place) == shard {
        true => Ok(()),
        false => Err(corrupt("dead", place, "a dead letter lies where its place is not")),
    }
}
