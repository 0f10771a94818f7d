//! Outbox, timers and dead letters.

use std::time::Duration;

use super::place::{NO_TIME, Outgoing};
use super::{State, end_of};
use crate::model::{DeadLetter, EffectId, Message, Millis, Place};
use crate::ports::{Posted, Posting, Receipt};
use crate::store::{Listener, timer_event, undelivered};

impl State {
    /// Puts a message at the end of its place's outbox, unless it is there. What closes a message that can be closed
    /// no more is dropped.
    pub(super) fn post(&mut self, now: Millis, message: Message) {
        if self.unsent.contains_key(&message.id) {
            return;
        }
        let due = match &message.closes {
            Some(id) if self.posted.contains_key(id) => now,
            Some(id) if self.unsent.contains_key(id) => NO_TIME,
            Some(_) => return,
            None => now,
        };
        self.unsent.insert(message.id.clone(), message.place.clone());
        let tick = self.tick();
        let place = self.place(&message.place.clone());
        let closes = message.closes.is_some();
        let new = Outgoing::new(message, due, tick);
        if closes { place.closings.push(new) } else { place.outbox.push_back(new) }
    }

    pub(super) fn bury(&mut self, letter: DeadLetter) {
        self.last_dead += 1;
        self.dead.insert(self.last_dead, letter);
    }

    pub(super) fn outbox_claim(&mut self, now: Millis, most: usize, lease: Duration) -> Vec<Posting> {
        let posted = &self.posted;
        let all = self.places.values_mut().flat_map(|place| {
            let rank = place.rank;
            place.due_mut().map(move |one| (rank, one))
        });
        let mut due: Vec<_> = all.filter(|(_, one)| one.due <= now).collect();
        due.sort_by_key(|(rank, one)| (one.due, *rank, one.tick));
        let take = |(_, first): (u64, &mut Outgoing)| {
            first.in_doubt |= first.sending;
            first.sending = true;
            first.woken = false;
            first.attempt = first.attempt.saturating_add(1);
            first.due = end_of(lease, now);
            let closes = first.message.closes.as_ref().and_then(|id| posted.get(id)).map(|(_, posted)| posted.clone());
            Posting { message: first.message.clone(), in_doubt: first.in_doubt, attempt: first.attempt, closes }
        };
        due.into_iter().take(most).map(take).collect()
    }

    /// Takes a message out; what waited behind it is due now.
    pub(super) fn outbox_remove(&mut self, now: Millis, id: &EffectId) -> Option<Outgoing> {
        let place = self.places.get_mut(&self.unsent.remove(id)?)?;
        if let Some(index) = place.closings.iter().position(|one| one.message.id == *id) {
            return Some(place.closings.remove(index));
        }
        let index = place.outbox.iter().position(|one| one.message.id == *id)?;
        let removed = place.outbox.remove(index);
        if let Some(next) = place.outbox.front_mut().filter(|_| index == 0) {
            next.due = now;
        }
        removed
    }

    pub(super) fn outbox_sent(&mut self, now: Millis, id: &EffectId, receipt: Option<&Receipt>) {
        let Some(Outgoing { message, .. }) = self.outbox_remove(now, id) else { return };
        if let Some(closed) = &message.closes {
            self.posted.remove(closed);
            return;
        }
        match receipt {
            Some(receipt) if message.can_be_answered() => {
                let place = self.place(&message.place);
                let closings = place.closings.iter_mut().filter(|one| one.message.closes.as_ref() == Some(id));
                closings.for_each(|one| one.due = now);
                self.posted.insert(id.clone(), (now, Posted { message, receipt: receipt.clone() }));
            }
            _ => self.drop_closings(&message),
        }
    }

    /// A message that was not posted, or not so that it can be found, cannot be closed.
    fn drop_closings(&mut self, message: &Message) {
        let place = self.place(&message.place);
        let dropped = place.closings.extract_if(.., |one| one.message.closes.as_ref() == Some(&message.id));
        let dropped: Vec<_> = dropped.map(|one| one.message.id).collect();
        dropped.iter().for_each(|id| drop(self.unsent.remove(id)));
    }

    pub(super) fn outbox_later(&mut self, now: Millis, id: &EffectId, due: Millis, in_doubt: bool) {
        let place = self.unsent.get(id).and_then(|place| self.places.get_mut(place));
        let Some(first) = place.and_then(|place| place.due_mut().find(|one| one.message.id == *id)) else { return };
        first.due = if first.woken { now } else { due };
        first.in_doubt = in_doubt;
        first.sending = false;
        first.woken = false;
    }

    pub(super) fn outbox_never(&mut self, now: Millis, id: &EffectId, reason: &str) {
        let Some(Outgoing { message, attempt, .. }) = self.outbox_remove(now, id) else { return };
        if message.closes.is_some() {
            return;
        }
        self.drop_closings(&message);
        let place = self.place(&message.place);
        let number = place.last + 1;
        let talk = place.talk.as_ref().filter(|talk| talk.conversation.generation == message.generation);
        let listener = talk.map(|talk| Listener {
            flow: talk.conversation.flow.clone(),
            digest: talk.conversation.digest.clone(),
            person: talk.person.clone(),
        });
        let (letter, event) = undelivered(message, (attempt, reason), now, number, listener);
        self.bury(letter);
        if let Some(event) = event {
            self.append(now, event, now);
        }
    }

    pub(super) fn outbox_wake(&mut self, now: Millis, place: &Place) {
        for one in self.places.get_mut(place).into_iter().flat_map(|place| place.due_mut()) {
            if one.sending { one.woken = true } else { one.due = now }
        }
    }

    /// Answers whether any fired, and when the next one is due.
    pub(super) fn fire_timers(&mut self, now: Millis) -> (bool, Option<Millis>) {
        let mut due = Vec::new();
        for (key, place) in &mut self.places {
            let Some(talk) = &place.talk else { continue };
            let generation = talk.conversation.generation;
            let fired = place.timers.extract_if(.., |_, due| *due <= now);
            due.extend(fired.map(|(name, at)| (at, place.rank, name, key.clone(), generation, talk.person.clone())));
        }
        due.sort_by(|a, b| (a.0, a.1, &a.2).cmp(&(b.0, b.1, &b.2)));
        let fired = !due.is_empty();
        for (due, _, name, key, generation, person) in due {
            let number = self.place(&key).last + 1;
            self.append(now, timer_event(&key, number, now, person, (generation, name, due)), now);
        }
        (fired, self.places.values().flat_map(|place| place.timers.values()).min().copied())
    }
}
