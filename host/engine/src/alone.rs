//! Turns that no person caused: how soon the next one of a conversation may come. Pure.
//!
//! A flow that answers each timer with the next one would never rest. So a timer has a least delay, a conversation has a
//! bucket of such turns that whatever a person does fills, and timers wait where too much of what the flow said is unsent.

use crate::life;
use crate::model::{Body, Conversation, Inbound, Millis};
use crate::policy::contract;
use crate::ports::{After, Commit, TimerChange};

/// How long a timer waits each time that too many messages are unsent, in milliseconds.
const WAIT: Millis = 60_000;

const COST: Millis = contract::ALONE.1 * 1000;
const BUCKET: Millis = contract::ALONE.0 * COST;

/// When the bucket is full again after a turn.
pub(crate) fn spent(before: Millis, by_person: bool, now: Millis) -> Millis {
    if by_person { 0 } else { before.max(now).saturating_add(COST) }
}

/// When a timer fires that is set for `after` seconds from now.
pub(crate) fn due(now: Millis, after: u64, alone: Millis) -> Millis {
    later(now.saturating_add(after.saturating_mul(1000)), now, alone)
}

/// The time at which a timer fires that is wanted for `due`.
pub(crate) fn later(due: Millis, now: Millis, alone: Millis) -> Millis {
    due.max(now + contract::TIMER_LEAST * 1000).max(alone.saturating_sub(BUCKET))
}

/// What an event that no person caused leads to where its conversation has to wait: a timer is set anew, and that a
/// message was lost is not told. The host's own timers wait for nothing.
pub(crate) fn waits(event: &Inbound, open: &Conversation, unsent: u64) -> Option<Commit> {
    match &event.body {
        Body::Timer { generation, name, due }
            if unsent > contract::UNSENT
                && *generation == open.generation
                && open.timers.get(name) == Some(due)
                && life::host_timer(name).is_none() =>
        {
            let due = event.at.saturating_add(WAIT);
            let mut open = open.clone();
            open.timers.insert(name.clone(), due);
            let timers = vec![TimerChange::Set(name.clone(), due)];
            Some(Commit { conversation: After::Open(Box::new(open)), timers, ..Commit::default() })
        }
        Body::Undelivered { .. } if open.alone.saturating_sub(BUCKET) > event.at => Some(Commit::default()),
        _ => None,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::turn::tests::within;

    const NOW: Millis = 1_000_000;

    #[test]
    fn a_flow_that_nobody_talks_to_slows_down() {
        let (mut now, mut alone, mut times) = (NOW, spent(0, true, NOW), Vec::new());
        for _ in 0..200 {
            now = due(now, 0, alone);
            times.push((now - NOW) / 1000);
            alone = spent(alone, false, now);
        }
        assert_eq!(times[..3], [1, 2, 3], "a timer that is set for now");
        assert_eq!(
            (times[59], times[199] - times[198]),
            (60, 10),
            "a minute at this pace, then one each 10 s: {times:?}"
        );
        assert_eq!(due(now, 0, spent(alone, true, now)), now + 1000, "a person fills the bucket");
        assert_eq!(due(now, 3600, alone), now + 3_600_000, "what is far ahead is not touched");
        assert_eq!(due(now, u64::MAX, alone), u64::MAX);
    }

    #[test]
    fn an_hour_alone_is_four_hundred_turns_at_most() {
        let (mut now, mut alone, mut turns) = (NOW, 0, 0);
        while now < NOW + 3_600_000 {
            now = due(now, 0, alone);
            alone = spent(alone, false, now);
            turns += 1;
        }
        assert!((360..=425).contains(&turns), "{turns}");
    }

    #[test]
    fn timers_wait_while_too_much_is_unsent() {
        let timer = |name: &str, due| within(Body::Timer { generation: 2, name: name.into(), due });
        let mut claim = timer("nag", NOW - 5);
        claim.inbound.at = NOW;
        let open = claim.conversation.clone().unwrap();
        assert_eq!(waits(&claim.inbound, &open, contract::UNSENT), None);
        let commit = waits(&claim.inbound, &open, contract::UNSENT + 1).unwrap();
        assert_eq!(commit.timers, [TimerChange::Set("nag".into(), NOW + WAIT)]);
        let After::Open(left) = commit.conversation else { panic!("it stays") };
        assert_eq!(left.timers, [("nag".to_owned(), NOW + WAIT)].into(), "so that it is known when it fires");
        assert_eq!(waits(&timer("nag", 7).inbound, &open, 1_000), None, "one that was stopped is dropped as ever");
        let hosts = timer(life::SILENCE, NOW);
        let mut silent = open.clone();
        silent.timers.insert(life::SILENCE.into(), NOW);
        assert_eq!(waits(&hosts.inbound, &silent, 1_000), None, "the end comes all the same");
    }

    #[test]
    fn a_flow_whose_messages_are_lost_hears_it_so_often_only() {
        let mut lost = within(Body::Undelivered { generation: 2, key: "k".into(), reason: "gone".into() });
        lost.inbound.at = NOW;
        let mut open = lost.conversation.clone().unwrap();
        let mut told = 0;
        while waits(&lost.inbound, &open, 0).is_none() {
            open.alone = spent(open.alone, false, NOW);
            told += 1;
        }
        assert_eq!((told, waits(&lost.inbound, &open, 0)), (61, Some(Commit::default())));
        lost.inbound.at += COST;
        assert_eq!(waits(&lost.inbound, &open, 0), None);
    }
}
