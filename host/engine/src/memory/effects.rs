//! Outbox, timers and dead letters.

use std::time::Duration;

use super::place::Outgoing;
use super::{State, end_of};
use crate::model::{DeadLetter, EffectId, Message, Millis, Place};
use crate::ports::Posting;
use crate::store::{Listener, timer_event, undelivered};

impl State {
    /// Puts a message at the end of its place's outbox, unless it is there.
    pub(super) fn post(&mut self, now: Millis, message: Message) {
        if self.unsent.contains_key(&message.id) {
            return;
        }
        self.unsent.insert(message.id.clone(), message.place.clone());
        let place = self.place(&message.place.clone());
        let new = Outgoing { message, attempt: 0, in_doubt: false, sending: false, woken: false, due: now };
        place.outbox.push_back(new);
    }

    pub(super) fn bury(&mut self, letter: DeadLetter) {
        self.last_dead += 1;
        self.dead.insert(self.last_dead, letter);
    }

    pub(super) fn outbox_claim(&mut self, now: Millis, most: usize, lease: Duration) -> Vec<Posting> {
        let firsts = self.places.values_mut().filter_map(|place| Some((place.rank, place.outbox.front_mut()?)));
        let mut due: Vec<_> = firsts.filter(|(_, first)| first.due <= now).collect();
        due.sort_by_key(|(rank, first)| (first.due, *rank));
        let take = |(_, first): (u64, &mut Outgoing)| {
            first.in_doubt |= first.sending;
            first.sending = true;
            first.woken = false;
            first.attempt = first.attempt.saturating_add(1);
            first.due = end_of(lease, now);
            Posting { message: first.message.clone(), in_doubt: first.in_doubt, attempt: first.attempt }
        };
        due.into_iter().take(most).map(take).collect()
    }

    /// Takes a message out; what waited behind it is due now.
    pub(super) fn outbox_remove(&mut self, now: Millis, id: &EffectId) -> Option<Outgoing> {
        let place = self.unsent.remove(id)?;
        let outbox = &mut self.places.get_mut(&place)?.outbox;
        let index = outbox.iter().position(|one| one.message.id == *id)?;
        let removed = outbox.remove(index);
        if let Some(next) = outbox.front_mut().filter(|_| index == 0) {
            next.due = now;
        }
        removed
    }

    pub(super) fn outbox_later(&mut self, now: Millis, id: &EffectId, due: Millis, in_doubt: bool) {
        let place = self.unsent.get(id).and_then(|place| self.places.get_mut(place));
        let first = place.and_then(|place| place.outbox.front_mut()).filter(|first| first.message.id == *id);
        let Some(first) = first else { return };
        first.due = if first.woken { now } else { due };
        first.in_doubt = in_doubt;
        first.sending = false;
        first.woken = false;
    }

    pub(super) fn outbox_never(&mut self, now: Millis, id: &EffectId, reason: &str) {
        let Some(Outgoing { message, attempt, .. }) = self.outbox_remove(now, id) else { return };
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
            self.append(now, event);
        }
    }

    pub(super) fn outbox_wake(&mut self, now: Millis, place: &Place) {
        let first = self.places.get_mut(place).and_then(|place| place.outbox.front_mut());
        match first {
            Some(first) if first.sending => first.woken = true,
            Some(first) => first.due = now,
            None => {}
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
            self.append(now, timer_event(&key, number, now, person, (generation, name, due)));
        }
        (fired, self.places.values().flat_map(|place| place.timers.values()).min().copied())
    }
}
