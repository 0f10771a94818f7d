//! Looks at an index by time, in the shards where something may be due, and takes what is.

use std::collections::BTreeMap;

use pesto_engine::lane::SHARE;
use pesto_engine::model::Millis;
use pesto_engine::ports::StoreError;

use super::RedisStore;
use super::index::{Candidate, Index};
use super::reply::{Fields, Reply, unexpected};
use super::script::{PEEK, Source};

/// So much is taken from a shard in one step at most; whatever else waits for the server goes on between.
const BATCH: usize = 128;
/// With so much room for each shard nobody asks first which of them has what comes first.
const PLENTY: usize = 4;
/// A shard that does not answer is left alone for so long.
const PAUSE: Millis = 1_000;

/// What a step took, with its place in the index.
pub(super) struct Taken {
    pub(super) shard: u16,
    pub(super) fields: Fields,
}

/// When the first entry of all is due.
pub(super) async fn next(store: &RedisStore, index: &Index) -> Result<Option<Millis>, StoreError> {
    peek(store, index, index.unknown(store.clock.now()), 0).await?;
    Ok(index.next())
}

/// Takes up to `most` of what is due, in the order of the index, with a script that answers what it took; `argument` is
/// its own.
pub(super) async fn take(
    store: &RedisStore,
    index: &Index,
    script: &'static Source,
    argument: u64,
    most: usize,
) -> Result<Vec<Taken>, StoreError> {
    if most == 0 {
        return Ok(Vec::new());
    }
    let due = index.due(store.clock.now());
    let each = most / due.len().max(1);
    let wanted: Vec<_> = match due.len() {
        1 => due.into_iter().map(|candidate| (candidate, most.min(BATCH))).collect(),
        _ if each >= PLENTY => due.into_iter().map(|candidate| (candidate, each.min(BATCH))).collect(),
        _ => longest(peek(store, index, due, most.min(BATCH)).await?, most),
    };
    let took = wanted.into_iter().map(|(candidate, most)| {
        let step = store.step(script, candidate.shard).arg(argument).arg(most).arg(SHARE).arg(index.name);
        let take = async move {
            let mut reply = store.run(step).await?;
            first(store, index, candidate, &mut reply)?;
            reply.fields.list()?.all(|entries| {
                let mut fields = entries.list()?;
                Ok((fields.number::<Millis>()?, fields.text()?, Taken { shard: candidate.shard, fields }))
            })
        };
        (candidate, take)
    });
    let mut all: Vec<_> = ask(store, index, took).await?.into_iter().flatten().collect();
    all.sort_by(|one, other| (one.0, &one.1).cmp(&(other.0, &other.1)));
    Ok(all.into_iter().map(|(_, _, taken)| taken).collect())
}

/// What is due in a shard, each with its time or rank, and member.
type Due = (Candidate, Vec<(Millis, String)>);

/// Looks at shards. A look that only wants to know the first entry has `most` of 0.
async fn peek(
    store: &RedisStore,
    index: &Index,
    candidates: Vec<Candidate>,
    most: usize,
) -> Result<Vec<Due>, StoreError> {
    let looks = candidates.into_iter().map(|candidate| {
        let step = store.step(&PEEK, candidate.shard).arg(index.name).arg(most).arg(SHARE);
        let look = async move {
            let mut reply = store.run(step).await?;
            first(store, index, candidate, &mut reply)?;
            let due = reply.fields.list()?.all(|due| {
                let mut fields = due.list()?;
                Ok((fields.number::<Millis>()?, fields.text()?))
            })?;
            Ok((candidate, due))
        };
        (candidate, look)
    });
    ask(store, index, looks).await
}

/// Asks shards side by side. One that does not answer is left alone for a while.
pub(super) async fn ask<T>(
    store: &RedisStore,
    index: &Index,
    asks: impl Iterator<Item = (Candidate, impl Future<Output = Result<T, StoreError>>)>,
) -> Result<Vec<T>, StoreError> {
    let failed = |candidate| index.failed(candidate, store.clock.now() + PAUSE);
    store.side_by_side(asks, failed).await
}

/// Notes what a reply says of the first entry of a shard.
pub(super) fn first(
    store: &RedisStore,
    index: &Index,
    candidate: Candidate,
    reply: &mut Reply,
) -> Result<(), StoreError> {
    let first = match reply.fields.maybe_text()? {
        Some(first) => Some(store.here(first.parse().map_err(|_| unexpected(index.name))?, reply.now)),
        None => None,
    };
    index.looked(candidate, first);
    Ok(())
}

/// How many entries of each shard are among those that come first.
fn longest(shards: Vec<Due>, most: usize) -> Vec<(Candidate, usize)> {
    let mut all: Vec<_> =
        shards.iter().flat_map(|(candidate, due)| due.iter().map(|entry| (entry, *candidate))).collect();
    all.sort_by(|one, other| one.0.cmp(other.0));
    let mut counts = BTreeMap::new();
    for (_, candidate) in all.into_iter().take(most) {
        counts.entry(candidate.shard).or_insert((candidate, 0)).1 += 1;
    }
    counts.into_values().collect()
}
