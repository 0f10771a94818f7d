//! Timers of open conversations.

use std::collections::HashMap;
use std::fmt::Display;

use pesto_engine::model::{Inbound, Millis, Place};
use pesto_engine::ports::StoreError;
use pesto_engine::store::timer_event;

use super::RedisStore;
use super::inbox::push_event;
use super::look::{ask, first};
use super::reply::unexpected;
use super::script::{Step, TIMERS_DUE, TIMERS_FIRE};
use crate::stored::{corrupt, decode};

/// So many timers of a shard fire in one round at most; whatever else waits for the server goes on between.
const STEP: usize = 64;
/// After so many rounds whoever asked asks again.
const ROUNDS: usize = 100;

/// A timer that is due, and what its event is made from. It is in the order of due time, place and name.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Due {
    due: Millis,
    rank: String,
    name: String,
    place: String,
    last: u64,
    generation: u64,
    person: String,
    shard: u16,
    now: Millis,
}

/// Fires what is due, and answers when the next one is.
pub(super) async fn fire(store: &RedisStore) -> Result<Option<Millis>, StoreError> {
    let index = &store.wakes.timers;
    for _ in 0..ROUNDS {
        let looks = index.due(store.clock.now()).into_iter().map(|candidate| {
            let step = store.step(&TIMERS_DUE, candidate.shard).arg(STEP);
            let look = async move {
                let mut reply = store.run(step).await?;
                first(store, index, candidate, &mut reply)?;
                let (shard, now) = (candidate.shard, reply.now);
                reply.fields.list()?.all(|timers| {
                    let mut fields = timers.list()?;
                    let (place, name) = (fields.text()?, fields.text()?);
                    let Some(due) = fields.maybe_text()? else {
                        aside(&place, &name, "a key that it needs is of another type");
                        return Ok(None);
                    };
                    let due = due.parse().map_err(|_| unexpected(TIMERS_DUE.name))?;
                    let (rank, last, generation) = (fields.text()?, fields.number()?, fields.number()?);
                    Ok(Some(Due { due, rank, name, place, last, generation, person: fields.text()?, shard, now }))
                })
            };
            (candidate, look)
        });
        let mut all: Vec<_> = ask(store, index, looks).await?.into_iter().flatten().flatten().collect();
        if all.is_empty() {
            break;
        }
        all.sort_unstable();
        for reply in store.run_all(runs(store, &all)).await {
            reply?;
        }
    }
    Ok(index.next())
}

/// Steps that fire them in order, each as long as the shard stays the same.
fn runs(store: &RedisStore, all: &[Due]) -> Vec<Step> {
    // A place's next number, beyond those that its earlier timers take.
    let mut numbers = HashMap::new();
    let mut steps = Vec::new();
    for run in all.chunk_by(|one, next| one.shard == next.shard) {
        let mut step = store.step(&TIMERS_FIRE, run[0].shard).arg(run.len());
        for timer in run {
            let Due { due, name, place, last, generation, .. } = timer;
            let number = numbers.entry(place.as_str()).or_insert(*last);
            step = step.arg(place).arg(name).arg(*due).arg(*number).arg(*generation);
            match event(timer, *number + 1).and_then(|event| push_event(&mut step, &event)) {
                Ok(()) => *number += 1,
                Err(error) => {
                    aside(place, name, error);
                    step.push(&["", ""]);
                }
            }
        }
        steps.push(step);
    }
    steps
}

fn event(timer: &Due, number: u64) -> Result<Inbound, StoreError> {
    let Due { due, name, place: key, generation, person, now, .. } = timer;
    let place = Place::try_from(key.clone()).map_err(|error| corrupt("place", key, error))?;
    let person = decode(person, "conversation", key)?;
    Ok(timer_event(&place, number, *now, person, (*generation, name.clone(), *due)))
}

/// One timer that is broken must not stop the others.
fn aside(place: &str, name: &str, why: impl Display) {
    tracing::error!("the timer `{name}` of `{place}` is put aside for a minute: {why}");
}
