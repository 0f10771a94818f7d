//! From accept to commit.

use std::time::Duration;

use super::place::{InLine, PlaceState, Talk, Waiting};
use super::{State, end_of};
use crate::lane::{self, Lane};
use crate::model::{Completion, Digest, Inbound, Millis, Place, Seq};
use crate::policy::contract;
use crate::ports::{Accepted, After, Claim, Commit, Entry, Fence, StoreError, TimerChange};
use crate::store::KEPT;

impl State {
    pub(super) fn tick(&mut self) -> u64 {
        self.ticks += 1;
        self.ticks
    }

    pub(super) fn place(&mut self, place: &Place) -> &mut PlaceState {
        let rank = self.places.len() as u64;
        self.places.entry(place.clone()).or_insert_with(|| PlaceState { rank, ..PlaceState::default() })
    }

    /// The place of a fence that still holds.
    pub(super) fn owned(&mut self, fence: &Fence) -> Result<&mut PlaceState, StoreError> {
        let place = self.places.get_mut(&fence.place);
        place.filter(|place| place.claimed && place.epoch == fence.epoch).ok_or(StoreError::Stale)
    }

    /// Puts an event into its inbox, whatever its id: by the time it was sent, or at the end.
    pub(super) fn append(&mut self, now: Millis, inbound: Inbound, hold: Millis) -> Seq {
        let tick = self.tick();
        let place = self.place(&inbound.place);
        place.last += 1;
        let seq = Seq { number: place.last, step: 0 };
        let end = || place.inbox.last_key_value().map_or(0, |((sent, _), _)| *sent);
        let sent = inbound.sent.unwrap_or_else(end);
        let due = now.max(hold);
        place.hurry(lane::rank(due, Lane::of(&inbound.body), None));
        place.inbox.insert((sent, seq), Waiting { inbound, hold });
        place.rouse(due, tick);
        seq
    }

    pub(super) fn accept(&mut self, now: Millis, inbound: Inbound, entry: Entry) -> Accepted {
        let seen = self.seen.get(&inbound.id).is_some_and(|at| now.saturating_sub(*at) < KEPT);
        if seen {
            return Accepted::Duplicate;
        }
        let waiting = self.places.get(&inbound.place).map_or(0, |place| place.inbox.len());
        if matches!(entry, Entry::Queue | Entry::Take(_) | Entry::Hold(_)) && waiting >= contract::INBOX {
            return Accepted::Full;
        }
        self.seen.insert(inbound.id.clone(), now);
        match entry {
            Entry::Queue => Accepted::New(Some(self.append(now, inbound, now))),
            Entry::Take(lease) => {
                let key = inbound.place.clone();
                let is_free = self.place(&key).ready.is_none();
                let seq = self.append(now, inbound, now);
                let claim = is_free.then(|| self.claim_one(now, key, lease)).flatten();
                claim.map_or(Accepted::New(Some(seq)), |claim| Accepted::Taken(Box::new(claim)))
            }
            Entry::Hold(until) => Accepted::New(Some(self.append(now, inbound, until))),
            Entry::Cut => {
                let place = self.place(&inbound.place);
                place.epoch += 1;
                place.rest();
                place.inbox.retain(|(sent, _), _| inbound.sent.is_some_and(|cut| *sent > cut));
                place.forget_turn();
                Accepted::New(Some(self.append(now, inbound, now)))
            }
            Entry::Answer(messages) => {
                messages.into_iter().for_each(|message| self.post(now, message));
                Accepted::New(None)
            }
        }
    }

    pub(super) fn claim(&mut self, now: Millis, most: usize, lease: Duration) -> Vec<Claim> {
        self.line_up(now);
        let in_line = |(key, place): (&Place, &PlaceState)| {
            let (_, tick) = place.ready?;
            Some((place.line.as_ref()?.rank, tick, key.clone()))
        };
        let mut line: Vec<_> = self.places.iter().filter_map(in_line).collect();
        line.sort();
        line.into_iter().take(most).filter_map(|(_, _, key)| self.claim_one(now, key, lease)).collect()
    }

    /// Puts what can be claimed by now into line, in the order in which it could be.
    fn line_up(&mut self, now: Millis) {
        let due = |(key, place): (&Place, &PlaceState)| match place.ready {
            Some((due, tick)) if due <= now && place.line.is_none() => Some((due, tick, key.clone())),
            _ => None,
        };
        let mut all: Vec<_> = self.places.iter().filter_map(due).collect();
        all.sort();
        for (due, _, key) in all {
            let Some(next) = self.places.get(&key).and_then(PlaceState::next) else { continue };
            let (lane, person) = (Lane::of(&next.body), next.person.id.clone());
            let others = self.places.values().filter_map(|place| place.line.as_ref());
            let last =
                others.filter(|other| other.lane == lane && other.person == person).map(|other| other.rank).max();
            self.place(&key).line = Some(InLine { rank: lane::rank(due, lane, last), lane, person });
        }
    }

    fn claim_one(&mut self, now: Millis, key: Place, lease: Duration) -> Option<Claim> {
        let place = self.places.get_mut(&key)?;
        let first = place.inbox.first_key_value().map(|(position, _)| *position)?;
        let current = *place.current.get_or_insert(first);
        let inbound = place.inbox.get(&current)?.inbound.clone();
        place.epoch += 1;
        place.attempt = place.attempt.saturating_add(1);
        let claim = Some(Claim {
            fence: Fence { place: key, epoch: place.epoch },
            seq: current.1,
            inbound,
            attempt: place.attempt,
            generation: place.generation,
            conversation: place.talk.as_ref().map(|talk| talk.conversation.clone()),
            journal: place.journal.values().cloned().collect(),
            pin: place.pin.clone(),
        });
        place.lease(end_of(lease, now));
        claim
    }

    pub(super) fn renew(&mut self, now: Millis, fences: &[Fence], lease: Duration) -> Vec<Fence> {
        let mut lost = Vec::new();
        for fence in fences {
            match self.owned(fence) {
                Ok(place) => place.lease(end_of(lease, now)),
                Err(_) => lost.push(fence.clone()),
            }
        }
        lost
    }

    pub(super) fn commit(&mut self, now: Millis, fence: &Fence, commit: Commit) -> Result<(), StoreError> {
        let tick = self.tick();
        let place = self.owned(fence)?;
        let gone = || StoreError::Corrupt(format!("inbox of `{}`: the claimed event is gone", fence.place));
        let (sent, seq) = place.current.ok_or_else(gone)?;
        let Waiting { inbound, .. } = place.inbox.remove(&(sent, seq)).ok_or_else(gone)?;
        place.rest();
        place.forget_turn();
        let left = place.settle(commit.conversation, &inbound);
        place.set_timers(commit.timers);
        if place.talk.is_some() {
            place.history.extend(commit.exchange);
            // Nobody can read more, and a conversation may go on for ever.
            let excess = place.history.len().saturating_sub(contract::HISTORY.1);
            place.history.drain(..excess);
        }
        if let Some(follow) = &commit.follow {
            place.inbox.insert((sent, seq.follow()), Waiting { inbound: follow.clone(), hold: now });
        }
        if let Some(hold) = place.inbox.first_key_value().map(|(_, first)| first.hold) {
            place.rouse(now.max(hold), tick);
        }
        if let Some(follow) = commit.follow {
            self.seen.entry(follow.id).or_insert(now);
        }
        if let Some(digest) = left {
            self.let_go_of(&digest, now);
        }
        if let Some(generation) = commit.drops {
            self.drop_unsent(now, &fence.place, generation);
        }
        commit.messages.into_iter().for_each(|message| self.post(now, message));
        let twice = |new: &Completion| self.completions.values().any(|c| c.conversation == new.conversation);
        if let Some(completion) = commit.completion.filter(|new| !twice(new)) {
            self.last_completion += 1;
            self.completions.insert(self.last_completion, completion);
        }
        if let Some(letter) = commit.dead {
            self.bury(letter);
        }
        Ok(())
    }

    /// A component's grace begins anew: something stopped to hold it.
    pub(super) fn let_go_of(&mut self, digest: &Digest, now: Millis) {
        if let Some(component) = self.components.get_mut(digest) {
            component.held = now;
        }
    }
}

impl PlaceState {
    /// Answers the digest that is no longer held.
    fn settle(&mut self, after: After, inbound: &Inbound) -> Option<Digest> {
        let former = match after {
            After::Unchanged => return None,
            After::Open(conversation) if self.is_open(conversation.generation) => {
                let talk = self.talk.as_mut()?;
                Some(std::mem::replace(&mut talk.conversation, *conversation))
            }
            After::Open(conversation) => {
                self.generation = conversation.generation;
                self.forget_talk();
                let talk = Talk { conversation: *conversation, person: inbound.person.clone() };
                self.talk.replace(talk).map(|talk| talk.conversation)
            }
            After::Closed(generation) => {
                self.generation = generation;
                self.forget_talk();
                self.talk.take().map(|talk| talk.conversation)
            }
        };
        former.map(|conversation| conversation.digest)
    }

    pub(super) fn forget_talk(&mut self) {
        self.timers.clear();
        self.history.clear();
    }

    fn set_timers(&mut self, changes: Vec<TimerChange>) {
        if self.talk.is_none() {
            return;
        }
        for change in changes {
            match change {
                TimerChange::Set(name, due) => self.timers.insert(name, due),
                TimerChange::Stop(name) => self.timers.remove(&name),
            };
        }
    }
}
