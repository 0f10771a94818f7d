//! What this host knows of an index by time, so that it asks only the shards in which something may be due.

use std::sync::{Mutex, MutexGuard, PoisonError};

use pesto_engine::model::Millis;
use tokio::sync::Notify;
use tokio::time::Instant;

/// An index: what can be claimed, what is to be posted, or which timers run.
pub(super) struct Index {
    /// What scripts call it.
    pub(super) name: &'static str,
    shards: Mutex<Vec<Known>>,
    changed: Notify,
    whole: Mutex<Instant>,
}

/// What is known of it in one shard. Times are the engine's.
#[derive(Debug, Clone, Copy)]
struct Known {
    /// When its first entry is due, as of the last look.
    first: Option<Millis>,
    /// It may have changed since: it is looked at again from then on.
    look: Option<Millis>,
    /// The latest such time: what changes until then may not be told again.
    last: Millis,
    /// Counts the changes that this host heard of.
    changes: u64,
}

/// A shard to be looked at, and the changes that the look will have seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Candidate {
    pub(super) shard: u16,
    at: Millis,
    changes: u64,
}

impl Index {
    /// An index that nobody has looked at yet.
    pub(super) fn new(name: &'static str, shards: u16) -> Self {
        let unknown = Known { first: None, look: Some(0), last: 0, changes: 0 };
        let shards = Mutex::new(vec![unknown; shards.into()]);
        Self { name, shards, changed: Notify::new(), whole: Mutex::new(Instant::now()) }
    }

    /// A shard has changed, and is looked at from this time on.
    pub(super) fn change(&self, shard: u16, from: Millis) {
        if let Some(known) = self.shards().get_mut(usize::from(shard)) {
            known.change(from);
        }
        self.changed.notify_one();
    }

    /// A shard has something new, of which only this is to be known: it is due at this time.
    pub(super) fn expect(&self, shard: u16, due: Millis) {
        if let Some(known) = self.shards().get_mut(usize::from(shard)) {
            known.first = Some(known.first.map_or(due, |first| first.min(due)));
        }
    }

    /// All shards may have changed.
    pub(super) fn change_all(&self) {
        self.shards().iter_mut().for_each(|known| known.change(0));
        *self.whole.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
        self.changed.notify_one();
    }

    /// When all shards were to be looked at last.
    pub(super) fn changed_as_a_whole(&self) -> Instant {
        *self.whole.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for a change. For one waiter.
    pub(super) async fn changed(&self) {
        self.changed.notified().await;
    }

    /// Where something may be due.
    pub(super) fn due(&self, now: Millis) -> Vec<Candidate> {
        self.candidates(now, |known| [known.first, known.look].into_iter().flatten().any(|at| at <= now))
    }

    /// Where it is not known what is due next.
    pub(super) fn unknown(&self, now: Millis) -> Vec<Candidate> {
        self.candidates(now, |known| known.look.is_some_and(|look| look <= now))
    }

    /// When something may be due next.
    pub(super) fn next(&self) -> Option<Millis> {
        self.shards().iter().flat_map(|known| [known.first, known.look]).flatten().min()
    }

    /// What a look has found to be due first. What was heard meanwhile stays to be looked at, even if another look that
    /// began later was done sooner: this one undoes what that one found. A look that was sooner than one that is to come
    /// does not stand for it.
    pub(super) fn looked(&self, candidate: Candidate, first: Option<Millis>) {
        if let Some(known) = self.shards().get_mut(usize::from(candidate.shard)) {
            known.first = first;
            known.look = match known.changes == candidate.changes {
                true => (known.last > candidate.at).then_some(known.last),
                false => Some(known.look.unwrap_or(0)),
            };
        }
    }

    /// A look failed; the next one is not before this time.
    pub(super) fn failed(&self, candidate: Candidate, again: Millis) {
        if let Some(known) = self.shards().get_mut(usize::from(candidate.shard)) {
            (known.first, known.look) = (None, Some(again));
        }
    }

    fn candidates(&self, at: Millis, wanted: impl Fn(&Known) -> bool) -> Vec<Candidate> {
        let shards = self.shards();
        let all = (0..).zip(shards.iter()).filter(|(_, known)| wanted(known));
        all.map(|(shard, known)| Candidate { shard, at, changes: known.changes }).collect()
    }

    fn shards(&self) -> MutexGuard<'_, Vec<Known>> {
        // Nothing between lock and unlock can panic.
        self.shards.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    fn change(&mut self, from: Millis) {
        self.changes += 1;
        self.look = Some(self.look.map_or(from, |look| look.min(from)));
        self.last = self.last.max(from);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shards(candidates: &[Candidate]) -> Vec<u16> {
        candidates.iter().map(|candidate| candidate.shard).collect()
    }

    #[test]
    fn only_what_changed_or_is_due_is_looked_at() {
        let index = Index::new("ready", 3);
        let all = index.due(1_000);
        assert_eq!(shards(&all), [0, 1, 2], "nothing is known yet");
        for (candidate, first) in all.into_iter().zip([None, Some(5_000), Some(1_000)]) {
            index.looked(candidate, first);
        }
        assert_eq!((shards(&index.due(1_000)), index.unknown(9_000)), (vec![2], vec![]));
        index.looked(index.due(1_000)[0], None);
        assert_eq!((index.due(4_999), index.next()), (vec![], Some(5_000)));
        index.change(0, 2_000);
        index.change(0, 3_000);
        assert_eq!((index.due(1_999), index.next()), (vec![], Some(2_000)));
        assert_eq!(shards(&index.unknown(2_000)), [0]);
        index.change_all();
        assert_eq!(shards(&index.due(0)), [0, 1, 2]);
    }

    #[test]
    fn what_is_expected_is_looked_at_when_it_is_due() {
        let index = Index::new("ready", 1);
        index.looked(index.due(0)[0], None);
        index.expect(0, 5_000);
        index.expect(0, 9_000);
        assert_eq!((index.unknown(4_999), index.due(4_999), index.next()), (vec![], vec![], Some(5_000)));
        assert_eq!(shards(&index.due(5_000)), [0]);
    }

    #[test]
    fn a_change_during_a_look_is_not_forgotten() {
        let index = Index::new("ready", 1);
        let look = index.due(0)[0];
        index.change(0, 0);
        index.looked(look, None);
        assert_eq!(shards(&index.due(0)), [0]);
        index.looked(index.due(0)[0], None);
        assert_eq!((index.due(u64::MAX), index.next()), (vec![], None));
    }

    #[test]
    fn a_look_before_its_time_does_not_stand_for_the_one_to_come() {
        let index = Index::new("ready", 1);
        index.looked(index.due(0)[0], None);
        index.change(0, 200);
        index.change(0, 50);
        index.looked(index.due(50)[0], None);
        assert_eq!((index.due(199), index.next()), (vec![], Some(200)));
        index.looked(index.due(200)[0], None);
        assert_eq!((index.due(u64::MAX), index.next()), (vec![], None));
    }

    #[test]
    fn a_look_that_comes_late_hides_nothing() {
        let index = Index::new("timers", 1);
        let early = index.due(0)[0];
        index.change(0, 0);
        index.looked(index.due(0)[0], Some(5_000));
        index.looked(early, None);
        assert_eq!(shards(&index.due(0)), [0], "it is looked at once more");
    }

    #[test]
    fn a_shard_that_fails_is_not_asked_at_once() {
        let index = Index::new("ready", 1);
        index.failed(index.due(1_000)[0], 2_000);
        assert_eq!((index.due(1_999), index.next()), (vec![], Some(2_000)));
        assert_eq!(shards(&index.unknown(2_000)), [0]);
    }
}
