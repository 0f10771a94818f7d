//! Components by digest, and which is current. They lie in a slot of their own; who holds them, lies in the shards.

use std::collections::{BTreeMap, BTreeSet};

use pesto_engine::model::{Digest, FlowName};
use pesto_engine::ports::{Deploy, StoreError};
use pesto_engine::store::{KEPT, REMEMBERED};
use redis::{FromRedisValue as _, Value};

use super::reply::unexpected;
use super::script::{
    COMPONENT_DROP, COMPONENT_KEEP, COMPONENT_OLD, COMPONENT_SET, COMPONENT_UNSET, HELD, Source, Step,
};
use super::upgrade::VERSION;
use super::{RedisStore, time};
use crate::stored::corrupt;

fn step(store: &RedisStore, source: &'static Source) -> Step {
    store.step_at(source, &store.keys.of_components())
}

fn key(store: &RedisStore, digest: &Digest) -> String {
    format!("{}bytes:{digest}", store.keys.of_components())
}

pub(super) async fn put(
    store: &RedisStore,
    flow: &FlowName,
    bytes: &[u8],
    deploy: Deploy,
) -> Result<Option<Digest>, StoreError> {
    let digest = Digest::of(bytes);
    let if_new = if deploy == Deploy::IfNew { "1" } else { "" };
    let keep = step(store, &COMPONENT_KEEP).arg(flow.as_str()).arg(digest.as_str()).arg(if_new);
    let mut kept = store.run(keep).await?.fields;
    match kept.text()?.as_str() {
        "known" => return Ok(kept.maybe_text()?.map(Digest::stored)),
        "there" => {}
        // Twice is as good as once.
        _ => drop(store.link.bulk("component", redis::cmd("SET").arg(key(store, &digest)).arg(bytes)).await?),
    }
    let set = step(store, &COMPONENT_SET).arg(flow.as_str()).arg(digest.as_str()).arg(if_new).arg(REMEMBERED);
    Ok(store.run(set).await?.fields.maybe_text()?.map(Digest::stored))
}

pub(super) async fn drop_current(store: &RedisStore, flow: &FlowName) -> Result<(), StoreError> {
    store.run(step(store, &COMPONENT_UNSET).arg(flow.as_str())).await.map(drop)
}

pub(super) async fn bytes(store: &RedisStore, digest: &Digest) -> Result<Option<Vec<u8>>, StoreError> {
    match store.link.bulk("component", redis::cmd("GET").arg(key(store, digest))).await? {
        Value::BulkString(bytes) => Ok(Some(bytes)),
        Value::Nil => Ok(None),
        _ => Err(unexpected("component")),
    }
}

/// An error where the store was lost under its host: that nothing is current any more would be believed otherwise.
pub(super) async fn current(store: &RedisStore) -> Result<Vec<(FlowName, Digest)>, StoreError> {
    let key = format!("{}current", store.keys.of_components());
    let found = store.link.bulk("current", redis::cmd("HGETALL").arg(key)).await?;
    // Asked last, for the store may be lost at any time.
    is_there(store).await?;
    let all = BTreeMap::<String, String>::from_redis_value(found).map_err(|_| unexpected("current"))?;
    let named = all.into_iter().map(|(flow, digest)| match FlowName::try_from(flow) {
        Ok(flow) => Ok((flow, Digest::stored(digest))),
        Err(error) => Err(corrupt("current", &digest, error)),
    });
    named.collect()
}

/// Whether Redis still has the store that this host connected to, which a later version may have upgraded since.
async fn is_there(store: &RedisStore) -> Result<(), StoreError> {
    let meta = store.keys.meta();
    let found = store.link.bulk("meta", redis::cmd("GET").arg(&meta)).await?;
    let found = Option::<String>::from_redis_value(found).map_err(|_| unexpected("meta"))?;
    let says = match &found {
        None => "is not there".to_owned(),
        Some(found) if is_ours(found, store.keys.shards) => return Ok(()),
        Some(found) => format!("says `{}`", found.chars().take(20).collect::<String>()),
    };
    Err(StoreError::Unavailable(format!(
        "the store in Redis is gone: `{meta}` {says}, so its data was flushed or lost; restore it, or restart the hosts \
         to begin anew"
    )))
}

fn is_ours(meta: &str, shards: u16) -> bool {
    let Some((version, of)) = meta.split_once(' ') else { return false };
    version.parse().is_ok_and(|version: u32| version >= VERSION) && of.parse() == Ok(shards)
}

/// Drops components whose grace is over.
pub(super) async fn sweep(store: &RedisStore, offered: &[Digest]) -> Result<(), StoreError> {
    let mut old = step(store, &COMPONENT_OLD).arg(time(KEPT)).arg(offered.len());
    offered.iter().for_each(|digest| old.push(digest.as_str()));
    let mut candidates: BTreeSet<_> =
        store.run(old).await?.fields.list()?.all(|fields| fields.text())?.into_iter().collect();
    if candidates.is_empty() {
        return Ok(());
    }
    let held = store.ask_all(|shard| {
        let mut step = store.step(&HELD, shard).arg(time(KEPT)).arg(candidates.len());
        candidates.iter().for_each(|digest| step.push(digest));
        step
    });
    let mut held_somewhere = BTreeSet::new();
    for (_, mut reply) in held.await? {
        held_somewhere.extend(reply.fields.list()?.all(|fields| fields.text())?);
    }
    candidates.retain(|digest| !held_somewhere.contains(digest));
    for digest in candidates {
        store.run(step(store, &COMPONENT_DROP).arg(digest).arg(time(KEPT))).await?;
    }
    Ok(())
}
