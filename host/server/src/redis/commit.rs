//! A turn's consequences in one step.

use pesto_engine::policy::contract;
use pesto_engine::ports::{After, Commit, Fence, StoreError, TimerChange};
use pesto_engine::store::KEPT;

use super::inbox::push_event;
use super::outbox::push_messages;
use super::script::{COMMIT, Step};
use super::turn::fenced;
use super::{RedisStore, time};
use crate::stored::{Columns, encode};

pub(super) async fn commit(store: &RedisStore, fence: &Fence, commit: Commit) -> Result<(), StoreError> {
    let Commit { conversation, drops, messages, timers, exchange, completion, follow, dead } = commit;
    let mut step = store.step(&COMMIT, store.keys.shard(&fence.place));
    step = step.arg(fence.place.as_str()).arg(fence.epoch).arg(time(KEPT));
    step.push(dead.as_ref().map(encode).transpose()?.unwrap_or_default());
    match &completion {
        Some(one) => step = step.arg(&one.conversation).arg(one.flow.as_str()).arg(encode(one)?),
        None => step = step.arg("").arg("").arg(""),
    }
    push_after(&mut step, conversation)?;
    push_messages(&mut step, &fence.place, messages)?;
    step.push(drops.map(|generation| generation.to_string()).unwrap_or_default());
    step.push(timers.len());
    for change in timers {
        match change {
            TimerChange::Set(name, due) => step = step.arg(name).arg(time(due)),
            TimerChange::Stop(name) => step = step.arg(name).arg(""),
        }
    }
    step.push(exchange.as_ref().map(encode).transpose()?.unwrap_or_default());
    step.push(contract::HISTORY.1);
    match &follow {
        Some(inbound) => {
            step.push(&inbound.id);
            push_event(&mut step, inbound)?;
        }
        None => step.push(""),
    }
    fenced(fence, store.run(step).await?.fields, COMMIT.name)
}

fn push_after(step: &mut Step, after: After) -> Result<(), StoreError> {
    match after {
        After::Unchanged => step.push(&["", "", "", "", "", ""]),
        After::Closed(generation) => {
            step.push("closed");
            step.push(generation);
            step.push(&["", "", "", ""]);
        }
        After::Open(conversation) => {
            step.push("open");
            step.push(conversation.generation);
            step.push(conversation.flow.as_str());
            step.push(conversation.digest.as_str());
            step.push(Columns::rest(&conversation)?);
            step.push(conversation.state.as_slice());
        }
    }
    Ok(())
}
