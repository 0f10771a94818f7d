//! How long a text waits for one that was sent earlier, where the channel may deliver out of order.
//!
//! Two texts in a row may come over two connections, and the second one first. Nobody can see a gap, so only a wait puts
//! them right; and how long it has to be shows in how much later texts lately came than the ones before them. What stands
//! still for a moment makes all of them late alike, and nothing overtakes anything. The channel's clock and ours are not
//! the same one, so the smallest distance between them that was seen lately counts as no lateness.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::model::{Micros, Millis, Place};

/// The wait in a burst, and where texts come late. Hardly anybody feels it.
const BURST: Millis = 200;
/// The longest wait, however late texts come.
const MOST: Millis = 1_000;
/// The wait where several ways are open and nothing is late: their threads and sockets differ by less.
const LEAST: Millis = 10;
/// A text that is later than this shows that something is wrong on its way.
const LATE: Millis = 100;
/// Another text of the same person within this time makes a burst: whoever writes two, writes three.
const RECENT: Millis = 2_000;
/// How long a lateness counts, at least; at most twice as long.
const MINUTE: Millis = 60_000;
/// The same for the smallest distance: a clock that was set is believed after this long, at most twice as long.
const CLOCK: Millis = 300_000;
/// With more people than this who wrote lately, all are taken for people in a burst, which costs time and no order.
const PEOPLE: usize = 50_000;

/// The ways on which a channel delivers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ways {
    /// One, in order: nothing overtakes anything.
    One,
    /// Several at once, such as connections.
    Several,
}

/// A text that came, and how late it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arrival {
    at: Millis,
    late: Millis,
    usual: Millis,
    ways: Ways,
}

/// How long a text is held from its arrival. `burst` says whether its person wrote another one a moment ago, or is being
/// answered.
fn wait(arrival: &Arrival, burst: bool) -> Millis {
    let late = arrival.late.max(arrival.usual);
    match arrival.ways {
        Ways::One => 0,
        Ways::Several if burst || arrival.late > LATE => MOST.min(BURST.saturating_add(late)),
        Ways::Several => late.clamp(LEAST, MOST),
    }
}

/// What is known of the way from a channel to us.
#[derive(Debug, Default)]
pub(crate) struct Delays(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    /// The smallest distance between the channel's clock and ours.
    smallest: Windows<Option<i64>>,
    /// How much later texts came than those before them.
    late: Windows<Lateness>,
    /// How late the last one came.
    last: Millis,
    /// When people wrote last, by place and person.
    wrote: HashMap<(Place, String), Millis>,
}

impl Delays {
    /// A text came that was sent then.
    pub(crate) fn arrived(&self, now: Millis, sent: Micros, ways: Ways) -> Arrival {
        let signed = |time: u64| i64::try_from(time).unwrap_or(i64::MAX);
        let distance = signed(now).saturating_sub(signed(sent / 1_000));
        // Nothing between lock and unlock can panic.
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let smallest = known.smallest.at(now, CLOCK);
        smallest[0] = Some(smallest[0].map_or(distance, |smallest| smallest.min(distance)));
        let floor = smallest.iter().flatten().min().copied().unwrap_or(distance);
        let late = Millis::try_from(distance.saturating_sub(floor)).unwrap_or(0);
        Arrival { at: now, late, usual: Lateness::usual(known.late.at(now, MINUTE)), ways }
    }

    /// Storing a text took so long: it could not be put before another one sooner.
    pub(crate) fn stored(&self, arrival: &Arrival, took: Millis) {
        let late = arrival.late.saturating_add(took);
        // Nobody waits for what comes later than that, such as what is sent again after a time-out.
        if late <= MOST {
            let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let more = late.saturating_sub(std::mem::replace(&mut known.last, late));
            known.late.at(arrival.at, MINUTE)[0].count(more);
        }
    }

    /// Until when this text of a person at a place is held; `busy` says that something of theirs is being worked on.
    pub(crate) fn hold(&self, arrival: &Arrival, place: &Place, person: &str, busy: bool) -> Millis {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let now = arrival.at;
        if known.wrote.len() >= PEOPLE {
            known.wrote.retain(|_, last| now.saturating_sub(*last) < RECENT);
        }
        let full = known.wrote.len() >= PEOPLE;
        let before = if full { Some(now) } else { known.wrote.insert((place.clone(), person.to_owned()), now) };
        let burst = busy || before.is_some_and(|before| now.saturating_sub(before) < RECENT);
        now.saturating_add(wait(arrival, burst))
    }
}

/// What was seen in the current stretch of time and in the one before.
#[derive(Debug, Default)]
struct Windows<T> {
    began: Millis,
    both: [T; 2],
}

impl<T: Default> Windows<T> {
    /// The current one first; `long` is how long one is.
    fn at(&mut self, now: Millis, long: Millis) -> &mut [T; 2] {
        let age = now.saturating_sub(self.began);
        if age >= long {
            let before = if age < 2 * long { std::mem::take(&mut self.both[0]) } else { T::default() };
            *self = Self { began: now, both: [T::default(), before] };
        }
        &mut self.both
    }
}

/// How many texts were so late: by the millisecond up to 32, then by 32.
#[derive(Debug)]
struct Lateness([u32; 64]);

impl Default for Lateness {
    fn default() -> Self {
        Self([0; 64])
    }
}

impl Lateness {
    fn count(&mut self, late: Millis) {
        let index = if late < 32 { late } else { 31 + late / 32 };
        let index = usize::try_from(index).unwrap_or(usize::MAX).min(self.0.len() - 1);
        if let Some(count) = self.0.get_mut(index) {
            *count = count.saturating_add(1);
        }
    }

    /// The largest lateness but for one text in a hundred: one that stuck somewhere must not slow everybody for a minute.
    fn usual(windows: &[Self; 2]) -> Millis {
        let both = || windows[0].0.iter().zip(&windows[1].0).map(|(one, other)| u64::from(*one) + u64::from(*other));
        let mut left_out = both().sum::<u64>() / 100;
        let found = both().enumerate().collect::<Vec<_>>().into_iter().rev().find(|(_, count)| {
            let more = *count > left_out;
            left_out = left_out.saturating_sub(*count);
            more
        });
        let index = found.map_or(0, |(index, _)| index as u64);
        if index < 32 { index } else { (index - 31) * 32 + 31 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Millis = 1_700_000_000_000;

    fn place() -> Place {
        Place::direct("T1", "ann").expect("it is one")
    }

    /// Arrived so long after `NOW`, sent so long before that by the channel's clock.
    fn arrived(delays: &Delays, after: Millis, distance: i64) -> Arrival {
        let now = NOW + after;
        let sent = u64::try_from(i64::try_from(now).unwrap_or_default() - distance).unwrap_or_default() * 1_000;
        let arrival = delays.arrived(now, sent, Ways::Several);
        delays.stored(&arrival, 0);
        arrival
    }

    /// How long a text of somebody is held who wrote nothing before.
    fn alone(delays: &Delays, after: Millis, distance: i64) -> Millis {
        wait(&arrived(delays, after, distance), false)
    }

    #[test]
    fn the_wait_has_three_tiers() {
        let arrival = |late, usual, ways| Arrival { at: NOW, late, usual, ways };
        for (late, usual, ways, burst, expected) in [
            (0, 0, Ways::One, false, 0),
            (500, 500, Ways::One, true, 0),
            (0, 0, Ways::Several, false, LEAST),
            (4, 0, Ways::Several, false, LEAST),
            (0, 18, Ways::Several, false, 18),
            (30, 8, Ways::Several, false, 30),
            (100, 8, Ways::Several, false, 100),
            (0, 300, Ways::Several, false, 300),
            (0, 0, Ways::Several, true, BURST),
            (30, 8, Ways::Several, true, BURST + 30),
            (101, 0, Ways::Several, false, BURST + 101),
            (30_000, 0, Ways::Several, false, MOST),
            (Millis::MAX, Millis::MAX, Ways::Several, true, MOST),
        ] {
            let arrival = arrival(late, usual, ways);
            assert_eq!(wait(&arrival, burst), expected, "{arrival:?}, in a burst: {burst}");
        }
    }

    #[test]
    fn whoever_wrote_a_moment_ago_or_is_being_answered_is_in_a_burst() {
        let delays = Delays::default();
        let held = |after, person: &str, busy| {
            let arrival = arrived(&delays, after, 0);
            delays.hold(&arrival, &place(), person, busy) - arrival.at
        };
        assert_eq!(held(0, "ann", false), LEAST);
        assert_eq!(held(500, "bob", false), LEAST, "somebody else");
        assert_eq!(held(RECENT - 1, "ann", false), BURST);
        assert_eq!(held(2 * RECENT - 1, "ann", false), LEAST, "long after the last one");
        assert_eq!(held(10 * RECENT, "ann", true), BURST);
    }

    #[test]
    fn what_comes_late_makes_all_wait_for_a_minute_and_longer_than_that_itself() {
        let delays = Delays::default();
        assert_eq!(alone(&delays, 0, 40), LEAST, "the first one is taken for timely");
        assert_eq!(alone(&delays, 1, 40), LEAST);
        assert_eq!(alone(&delays, 2, 80), 40, "as late as it is");
        assert_eq!(alone(&delays, 3, 40), 63, "by the grain of the count");
        assert_eq!(alone(&delays, 4, 30_000), MOST);
        assert_eq!(alone(&delays, 5, 40), 63, "what comes so late was sent again, and nobody waits for it");
        assert_eq!(alone(&delays, MINUTE + 5, 40), 63);
        assert_eq!(alone(&delays, 2 * MINUTE + 5, 40), LEAST);
    }

    #[test]
    fn one_in_a_hundred_does_not_count() {
        let delays = Delays::default();
        for number in 0..198 {
            alone(&delays, number, 5);
        }
        assert_eq!((alone(&delays, 200, 95), alone(&delays, 201, 5)), (90, 10), "itself only");
        assert_eq!((alone(&delays, 202, 95), alone(&delays, 203, 5), alone(&delays, 204, 95)), (90, 10, 90));
        assert_eq!(alone(&delays, 205, 5), 95, "three are more");
    }

    #[test]
    fn what_stands_still_for_a_moment_delays_all_alike() {
        let delays = Delays::default();
        for number in 0..200 {
            alone(&delays, number, 5);
        }
        // Nothing for 200 ms, and then all at once, in order.
        for number in 0..40 {
            alone(&delays, 400, 205 - 5 * number);
        }
        assert_eq!(alone(&delays, 401, 5), LEAST);
    }

    #[test]
    fn clocks_need_not_agree() {
        for skew in [-3_600_000, 3_600_000] {
            let delays = Delays::default();
            assert_eq!(alone(&delays, 0, skew), LEAST);
            assert_eq!(alone(&delays, 5, skew + 20), 20);
        }
    }

    #[test]
    fn a_clock_that_was_set_is_believed_after_a_while() {
        let delays = Delays::default();
        alone(&delays, 0, 0);
        assert_eq!(alone(&delays, 1, 5_000), MOST);
        let waits: Vec<_> = (1..=600).map(|second| alone(&delays, second * 1_000, 5_000)).collect();
        assert_eq!((waits.first(), waits.last()), (Some(&MOST), Some(&LEAST)));
    }

    #[test]
    fn seldom_texts_do_not_hide_how_late_one_is() {
        let delays = Delays::default();
        alone(&delays, 0, 0);
        assert_eq!(alone(&delays, CLOCK - 1_000, 60), 60);
    }

    #[test]
    fn a_slow_store_makes_texts_late() {
        let delays = Delays::default();
        let arrival = arrived(&delays, 0, 0);
        delays.stored(&arrival, 20);
        assert_eq!(alone(&delays, 1, 0), 20);
    }

    #[test]
    fn hostile_times_break_nothing() {
        let delays = Delays::default();
        for (now, sent) in [(NOW, 0), (NOW, u64::MAX), (NOW, 1), (0, u64::MAX / 2), (u64::MAX, 0)] {
            let arrival = delays.arrived(now, sent, Ways::Several);
            assert!((LEAST..=MOST).contains(&wait(&arrival, false)), "{arrival:?}");
            assert!(delays.hold(&arrival, &place(), "ann", true) >= now);
        }
    }
}
