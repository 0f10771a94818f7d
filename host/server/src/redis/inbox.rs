//! Accept.

use std::time::Duration;

use pesto_engine::lane::Lane;
use pesto_engine::model::{Inbound, Micros, Seq};
use pesto_engine::policy::contract;
use pesto_engine::ports::{Accepted, Claim, Entry, Fence, StoreError};
use pesto_engine::store::KEPT;

use super::outbox::push_messages;
use super::places::talk;
use super::reply::{Fields, unexpected};
use super::script::{ACCEPT, Step};
use super::{RedisStore, length, time};
use crate::stored::encode;

pub(super) async fn accept(store: &RedisStore, inbound: Inbound, entry: Entry) -> Result<Accepted, StoreError> {
    let (mut hold, mut lease, mut messages) = (0, Duration::ZERO, Vec::new());
    let how = match entry {
        Entry::Queue => "queue",
        Entry::Take(length) => {
            lease = length;
            "take"
        }
        Entry::Hold(until) => {
            hold = store.distance(until);
            "queue"
        }
        Entry::Cut => "cut",
        Entry::Answer(all) => {
            messages = all;
            "answer"
        }
    };
    let place = &inbound.place;
    let shard = store.keys.shard(place);
    let mut step = store.step(&ACCEPT, shard);
    step = step.arg(&inbound.id).arg(time(KEPT)).arg(how).arg(place.as_str());
    if how == "answer" {
        push_messages(&mut step, place, messages)?;
    } else {
        step = step.arg(sent(inbound.sent)).arg(hold).arg(contract::INBOX).arg(length(lease));
        push_event(&mut step, &inbound)?;
    }
    let mut fields = store.run(step).await?.fields;
    let number = match fields.text()?.as_str() {
        "full" => return Ok(Accepted::Full),
        "duplicate" => return Ok(Accepted::Duplicate),
        "" => return Ok(Accepted::New(None)),
        number => number.parse().map_err(|_| unexpected(ACCEPT.name))?,
    };
    let seq = Seq { number, step: 0 };
    if fields.is_empty() {
        return Ok(Accepted::New(Some(seq)));
    }
    // Only its end is of interest to others, who were told; this host knows of it without looking.
    store.wakes.ready.expect(shard, store.clock.now().saturating_add(length(lease)));
    let fence = Fence { place: place.clone(), epoch: fields.number()? };
    match taken(fence.clone(), seq, inbound, fields) {
        Ok(claim) => Ok(Accepted::Taken(Box::new(claim))),
        Err(error) => {
            super::turn::put_aside(store, &fence, &error).await?;
            Ok(Accepted::New(Some(seq)))
        }
    }
}

/// A claim as the step answers it, whose event is known: it is the first attempt at it.
fn taken(fence: Fence, seq: Seq, inbound: Inbound, mut fields: Fields) -> Result<Claim, StoreError> {
    let generation = fields.number_or_zero()?;
    let conversation = talk(&mut fields.list()?, &fence.place)?;
    Ok(Claim { fence, seq, inbound, attempt: 1, generation, conversation, journal: Vec::new(), pin: None })
}

/// When an event was sent, as its position in the inbox begins; empty means at the end.
fn sent(sent: Option<Micros>) -> String {
    sent.map(|sent| format!("{sent:020}")).unwrap_or_default()
}

/// An event as scripts take it: whose it is, and itself.
pub(super) fn push_event(step: &mut Step, inbound: &Inbound) -> Result<(), StoreError> {
    step.push(encode(&inbound.person)?);
    step.push(with_patience(encode(inbound)?, Lane::of(&inbound.body)));
    Ok(())
}

/// An event's JSON as it is kept. What scripts want to know of it comes first; whoever reads an event passes over it, and
/// so does a host of schema 1.
fn with_patience(mut json: String, lane: Lane) -> String {
    if lane.patience() > 0 {
        // It is an object, and never an empty one.
        json.insert_str(1, &format!("\"patience\":{},", lane.patience()));
    }
    json
}

/// A position in an inbox: 20 digits of when it was sent, 16 of its number, 10 of its step.
pub(super) fn seq(position: &str) -> Option<Seq> {
    Some(Seq { number: position.get(21..37)?.parse().ok()?, step: position.get(38..)?.parse().ok()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_begins_with_its_patience_where_it_has_some() {
        let json = || r#"{"id":"e1"}"#.to_owned();
        assert_eq!(with_patience(json(), Lane::Interactive), json());
        assert_eq!(with_patience(json(), Lane::Batch), r#"{"patience":60000,"id":"e1"}"#);
    }

    #[test]
    fn a_position_is_read_as_it_is_written() {
        let position = format!("{}.{:016}.{:010}", sent(Some(1_700_000_000_000_000)), 12, 3);
        assert_eq!(seq(&position), Some(Seq { number: 12, step: 3 }));
        assert_eq!(seq("1"), None);
    }
}
