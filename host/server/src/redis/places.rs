//! What goes on at places, for operators; and how all of it is thrown away.

use pesto_engine::model::{Conversation, Inbound, Place};
use pesto_engine::ports::{Cleared, Glance, StoreError, Underway};

use super::RedisStore;
use super::inbox::seq;
use super::reply::Fields;
use super::script::{CLEAR, CONVERSATIONS, GLANCE, UNDERWAY};
use super::turn::journal;
use crate::stored::{Columns, corrupt, decode};

/// A shard is asked for so many conversations of a page, or for all of a shorter one.
const SHORT: usize = 16;

/// An open conversation as scripts answer it.
pub(super) fn talk(fields: &mut Fields, place: &Place) -> Result<Option<Conversation>, StoreError> {
    let Some(generation) = fields.maybe_text()? else { return Ok(None) };
    let generation = generation.parse().map_err(|_| corrupt("conversation", place, "its generation is no number"))?;
    let (flow, digest, rest) = (fields.text()?, fields.text()?, fields.text()?);
    Columns { generation, flow, digest, rest, state: fields.bytes()? }.read(place).map(Some)
}

/// A glance as scripts answer it: counts, then the conversation and who began it.
fn read(fields: &mut Fields, place: &Place) -> Result<Glance, StoreError> {
    let (mut counts, mut open) = (fields.list()?, fields.list()?);
    let (running, inbox, outbox) = (counts.flag()?, counts.number()?, counts.number()?);
    let Some(conversation) = talk(&mut open, place)? else {
        return Ok(Glance { running, inbox, outbox, ..Glance::default() });
    };
    let person = decode(&open.text()?, "conversation", place)?;
    Ok(Glance { conversation: Some(conversation), person: Some(person), running, inbox, outbox })
}

pub(super) async fn glance(store: &RedisStore, place: &Place) -> Result<Glance, StoreError> {
    let step = store.step(&GLANCE, store.keys.shard(place)).arg(place.as_str());
    read(&mut store.run(step).await?.fields, place)
}

pub(super) async fn conversations(
    store: &RedisStore,
    after: Option<&Place>,
    most: usize,
) -> Result<Vec<(Place, Glance)>, StoreError> {
    let from = after.map_or("-".to_owned(), |after| format!("({after}"));
    // Each shard has about its share of a long page: asked for all of it, most of what they answer would be for nothing.
    let share = most.min(SHORT.max(2 * most / usize::from(store.keys.shards)));
    let mut all = Vec::new();
    // A shard may have more behind its last, and what comes after that from another shard is not its turn yet.
    let mut settled = None::<Place>;
    for (_, mut reply) in store.ask_all(|shard| store.step(&CONVERSATIONS, shard).arg(&from).arg(share)).await? {
        let page = reply.fields.list()?.all(|found| {
            let mut fields = found.list()?;
            let key = fields.text()?;
            let place = Place::try_from(key).map_err(|error| corrupt("conversation", "a place", error))?;
            Ok((place.clone(), read(&mut fields, &place)?))
        })?;
        if let Some((last, _)) = page.last().filter(|_| page.len() == share) {
            settled = Some(settled.map_or(last.clone(), |settled| settled.min(last.clone())));
        }
        all.extend(page);
    }
    all.retain(|(place, _)| settled.as_ref().is_none_or(|settled| place <= settled));
    all.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
    all.truncate(most);
    Ok(all)
}

pub(super) async fn underway(store: &RedisStore, place: &Place) -> Result<Option<Underway>, StoreError> {
    let step = store.step(&UNDERWAY, store.keys.shard(place)).arg(place.as_str());
    let mut fields = store.run(step).await?.fields;
    let Some(position) = fields.maybe_text()? else { return Ok(None) };
    let seq = seq(&position).ok_or_else(|| corrupt("inbox", place, "a position is not one"))?;
    let attempt = fields.number()?;
    let inbound: Inbound = decode(&fields.text()?, "inbox", format_args!("{place}@{seq}"))?;
    Ok(Some(Underway { seq, inbound, attempt, journal: journal(fields.list()?, place)? }))
}

pub(super) async fn clear(store: &RedisStore, place: &Place) -> Result<Cleared, StoreError> {
    let step = store.step(&CLEAR, store.keys.shard(place)).arg(place.as_str());
    let mut fields = store.run(step).await?.fields;
    Ok(Cleared { conversations: fields.number()?, events: fields.number()?, messages: fields.number()? })
}
