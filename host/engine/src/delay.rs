//! How long a text waits for one that was sent earlier, where the channel may deliver out of order.
//!
//! Two texts in a row come over two connections a few milliseconds apart. On a machine that has much to do it may be
//! many more, and that shows: what was sent and what is accepted drift apart. The two clocks are not the same one, so
//! the smallest distance seen lately counts as none.

use std::sync::{Mutex, PoisonError};

use crate::model::{Micros, Millis};

/// The wait where nothing is late. Hardly anybody feels it.
const LEAST: Millis = 200;
/// The longest wait, however late things come.
const MOST: Millis = 1_000;
/// A clock that was set right is believed after a while: the smallest distance grows by so much in a second.
const DRIFT: i64 = 10;

/// What is known of the way from a channel to us.
#[derive(Debug, Default)]
pub(crate) struct Delays(Mutex<Option<Smallest>>);

/// The smallest distance between the channel's clock and ours, and when that was.
#[derive(Debug, Clone, Copy)]
struct Smallest {
    distance: i64,
    at: Millis,
}

impl Delays {
    /// Until when a text waits that was sent then and is accepted now.
    pub(crate) fn hold(&self, now: Millis, sent: Micros) -> Millis {
        let distance =
            i64::try_from(now).unwrap_or(i64::MAX).saturating_sub(i64::try_from(sent / 1_000).unwrap_or(i64::MAX));
        // Nothing between lock and unlock can panic.
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let smallest = match *known {
            Some(Smallest { distance: smallest, at }) => {
                let seconds = i64::try_from(now.saturating_sub(at) / 1_000).unwrap_or(i64::MAX);
                distance.min(smallest.saturating_add(seconds.saturating_mul(DRIFT)))
            }
            None => distance,
        };
        // Within a second nothing drifts, so that many events in a row do not hide it.
        if known.is_none_or(|known| smallest < known.distance || now.saturating_sub(known.at) >= 1_000) {
            *known = Some(Smallest { distance: smallest, at: now });
        }
        let late = Millis::try_from(distance.saturating_sub(smallest)).unwrap_or(0);
        now + MOST.min(LEAST.saturating_add(late.saturating_mul(2)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Millis = 1_700_000_000_000;

    /// Accepted so long after `NOW`, sent so long before it by the channel's clock.
    fn wait(delays: &Delays, after: Millis, distance: i64) -> Millis {
        let now = NOW + after;
        let sent = u64::try_from(i64::try_from(now).unwrap_or_default() - distance).unwrap_or_default() * 1_000;
        delays.hold(now, sent) - now
    }

    #[test]
    fn what_comes_late_waits_longer() {
        let delays = Delays::default();
        assert_eq!(wait(&delays, 0, 40), LEAST, "the first one is taken for timely");
        assert_eq!(wait(&delays, 1, 40), LEAST);
        assert_eq!(wait(&delays, 2, 140), LEAST + 200);
        assert_eq!(wait(&delays, 3, 30_000), MOST);
        assert_eq!(wait(&delays, 4, 10), LEAST);
    }

    #[test]
    fn clocks_need_not_agree() {
        for skew in [-3_600_000, 3_600_000] {
            let delays = Delays::default();
            assert_eq!(wait(&delays, 0, skew), LEAST);
            assert_eq!(wait(&delays, 5, skew + 50), LEAST + 100);
        }
    }

    #[test]
    fn a_clock_that_was_set_is_believed_after_a_while() {
        let delays = Delays::default();
        wait(&delays, 0, 0);
        assert_eq!(wait(&delays, 1, 5_000), MOST);
        let waits: Vec<_> = (1..=600).map(|second| wait(&delays, second * 1_000, 5_000)).collect();
        assert_eq!((waits.first(), waits.last()), (Some(&MOST), Some(&LEAST)));
    }

    #[test]
    fn hostile_times_break_nothing() {
        let delays = Delays::default();
        for sent in [0, u64::MAX, 1, u64::MAX / 2] {
            assert!((NOW + LEAST..=NOW + MOST).contains(&delays.hold(NOW, sent)));
        }
    }
}
