//! Those who wait for a turn, of whom the newest one gets it, and the oldest are sent away.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

/// How many wait at once.
const MOST: usize = 32;

/// Those who wait.
#[derive(Debug, Default)]
pub(super) struct Newest(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    count: u64,
    waiting: BTreeSet<u64>,
}

/// Somebody who waits. Dropping it ends that.
pub(super) struct Place<'a> {
    of: &'a Newest,
    number: u64,
}

impl Newest {
    /// Waits from now on. Where there are too many, the oldest one is sent away.
    pub(super) fn enter(&self) -> Place<'_> {
        self.with(|state| {
            state.count += 1;
            state.waiting.insert(state.count);
            if state.waiting.len() > MOST {
                state.waiting.pop_first();
            }
            Place { of: self, number: state.count }
        })
    }

    fn with<T>(&self, work: impl FnOnce(&mut State) -> T) -> T {
        // Nothing between lock and unlock can panic.
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Place<'_> {
    /// Nobody came later.
    pub(super) fn is_newest(&self) -> bool {
        self.of.with(|state| state.waiting.last() == Some(&self.number))
    }

    /// Too many came later.
    pub(super) fn is_lost(&self) -> bool {
        self.of.with(|state| !state.waiting.contains(&self.number))
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.of.with(|state| state.waiting.remove(&self.number));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_goes_first_and_the_oldest_are_lost() {
        let newest = Newest::default();
        let mut places: Vec<_> = (0..=MOST).map(|_| newest.enter()).collect();
        assert_eq!(places.iter().filter(|place| place.is_lost()).count(), 1);
        assert!(places[0].is_lost() && places[MOST].is_newest());
        drop(places.pop());
        assert!(places[MOST - 1].is_newest());
    }
}
