//! Accept.

use pesto_engine::model::{Inbound, Micros, Seq};
use pesto_engine::policy::contract;
use pesto_engine::ports::{Accepted, Entry, StoreError};
use pesto_engine::store::KEPT;

use super::outbox::push_messages;
use super::reply::unexpected;
use super::script::{ACCEPT, Step};
use super::{RedisStore, time};
use crate::stored::encode;

pub(super) async fn accept(store: &RedisStore, inbound: &Inbound, entry: Entry) -> Result<Accepted, StoreError> {
    let (how, hold, messages) = match entry {
        Entry::Queue => ("queue", 0, Vec::new()),
        Entry::Hold(until) => ("queue", store.distance(until), Vec::new()),
        Entry::Cut => ("cut", 0, Vec::new()),
        Entry::Answer(messages) => ("answer", 0, messages),
    };
    let place = &inbound.place;
    let mut step = store.step(&ACCEPT, store.keys.shard(place));
    step = step.arg(&inbound.id).arg(time(KEPT)).arg(how).arg(place.as_str());
    if how == "answer" {
        push_messages(&mut step, place, messages)?;
    } else {
        step = step.arg(sent(inbound.sent)).arg(hold).arg(contract::INBOX);
        push_event(&mut step, inbound)?;
    }
    let answer = store.run(step).await?.fields.text()?;
    match answer.as_str() {
        "full" => Ok(Accepted::Full),
        "duplicate" => Ok(Accepted::Duplicate),
        "" => Ok(Accepted::New(None)),
        number => {
            let number = number.parse().map_err(|_| unexpected(ACCEPT.name))?;
            Ok(Accepted::New(Some(Seq { number, step: 0 })))
        }
    }
}

/// When an event was sent, as its position in the inbox begins; empty means at the end.
fn sent(sent: Option<Micros>) -> String {
    sent.map(|sent| format!("{sent:020}")).unwrap_or_default()
}

/// An event as scripts take it: whose it is, and itself.
pub(super) fn push_event(step: &mut Step, inbound: &Inbound) -> Result<(), StoreError> {
    step.push(encode(&inbound.person)?);
    step.push(encode(inbound)?);
    Ok(())
}

/// A position in an inbox: 20 digits of when it was sent, 16 of its number, 10 of its step.
pub(super) fn seq(position: &str) -> Option<Seq> {
    Some(Seq { number: position.get(21..37)?.parse().ok()?, step: position.get(38..)?.parse().ok()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_is_read_as_it_is_written() {
        let position = format!("{}.{:016}.{:010}", sent(Some(1_700_000_000_000_000)), 12, 3);
        assert_eq!(seq(&position), Some(Seq { number: 12, step: 3 }));
        assert_eq!(seq("1"), None);
    }
}
