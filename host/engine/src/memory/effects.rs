//! Outbox, timers and dead letters.

use std::time::Duration;

use super::place::{NO_TIME, Outgoing};
use super::{State, end_of};
use crate::model::{DeadLetter, EffectId, Message, Millis, Place};
use crate::ports::{Posted, Posting, Receipt, Stage, StoreError};
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
            Some(id) if self.is_unsent(id) => NO_TIME,
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

    /// Whether a message waits to be posted. One whose copies are looked for does not.
    fn is_unsent(&self, id: &EffectId) -> bool {
        let place = self.unsent.get(id).and_then(|place| self.places.get(place));
        place.is_some_and(|place| place.outbox.iter().any(|one| one.message.id == *id))
    }

    pub(super) fn bury(&mut self, letter: DeadLetter) {
        self.last_dead += 1;
        self.dead.insert(self.last_dead, letter);
    }

    pub(super) fn outbox_claim(&mut self, now: Millis, most: usize, lease: Duration) -> Vec<Posting> {
        let (posted, homes, host) = (&self.posted, &self.homes, self.host);
        let all = self.places.iter_mut().flat_map(|(key, place)| {
            let (rank, is_here) = (place.rank, homes.get(key).is_none_or(|home| *home == host));
            place.due_mut().filter(move |one| is_here || one.is_posted()).map(move |one| (rank, one))
        });
        let mut due: Vec<_> = all.filter(|(_, one)| one.due <= now).collect();
        due.sort_by_key(|(rank, one)| (one.due, *rank, one.tick));
        let take = |(_, first): (u64, &mut Outgoing)| {
            if first.sending {
                first.doubt();
            }
            first.sending = true;
            first.woken = false;
            first.attempt = first.attempt.saturating_add(1);
            first.due = end_of(lease, now);
            let closes = first.message.closes.as_ref().and_then(|id| posted.get(id)).map(|(_, posted)| posted.clone());
            Posting { message: first.message.clone(), stage: first.stage.clone(), attempt: first.attempt, closes }
        };
        due.into_iter().take(most).map(take).collect()
    }

    /// When the first of what can be taken here is due.
    pub(super) fn outbox_due(&mut self) -> Option<Millis> {
        let (homes, host) = (&self.homes, self.host);
        let all = self.places.iter_mut().flat_map(|(key, place)| {
            let is_here = homes.get(key).is_none_or(|home| *home == host);
            place.due_mut().filter(move |one| is_here || one.is_posted())
        });
        all.map(|one| one.due).min()
    }

    /// What an attempt took, if nobody took it after that.
    fn taken(&mut self, posting: &Posting) -> Result<&mut Outgoing, StoreError> {
        let place = self.unsent.get(&posting.message.id).and_then(|place| self.places.get_mut(place));
        let one = place.and_then(|place| place.due_mut().find(|one| one.message.id == posting.message.id));
        one.filter(|one| one.sending && one.attempt == posting.attempt).ok_or(StoreError::Stale)
    }

    pub(super) fn outbox_renew(&mut self, now: Millis, posting: &Posting, lease: Duration) -> Result<(), StoreError> {
        self.taken(posting)?.due = end_of(lease, now);
        Ok(())
    }

    /// Takes a message out; what waited behind it is due now.
    fn outbox_remove(&mut self, now: Millis, posting: &Posting) -> Result<Outgoing, StoreError> {
        self.taken(posting)?;
        let id = &posting.message.id;
        let place = self.unsent.remove(id).and_then(|place| self.places.get_mut(&place)).ok_or(StoreError::Stale)?;
        let is_it = |one: &Outgoing| one.message.id == *id;
        if place.outbox.front().is_some_and(is_it) {
            let removed = place.outbox.pop_front().ok_or(StoreError::Stale);
            if let Some(next) = place.outbox.front_mut() {
                next.due = now;
            }
            return removed;
        }
        let mut aside =
            place.closings.extract_if(.., |one| is_it(one)).chain(place.looks.extract_if(.., |one| is_it(one)));
        aside.next().ok_or(StoreError::Stale)
    }

    pub(super) fn outbox_sent(
        &mut self,
        now: Millis,
        posting: &Posting,
        receipt: Option<&Receipt>,
        look: Option<Millis>,
    ) -> Result<(), StoreError> {
        let sent = self.outbox_remove(now, posting)?;
        let (id, message) = (&posting.message.id, &sent.message);
        if let Stage::Sent(_) = sent.stage {
            if let (Some((_, posted)), Some(receipt)) = (self.posted.get_mut(id), receipt) {
                posted.receipt.clone_from(receipt);
            }
            return Ok(());
        }
        if let Some(closed) = &message.closes {
            self.posted.remove(closed);
            return Ok(());
        }
        match receipt {
            Some(receipt) if message.can_be_answered() => {
                let place = self.place(&message.place);
                let closings = place.closings.iter_mut().filter(|one| one.message.closes.as_ref() == Some(id));
                closings.for_each(|one| one.due = now);
                let posted = Posted { message: message.clone(), receipt: receipt.clone() };
                self.posted.insert(id.clone(), (now, posted));
            }
            _ => self.drop_closings(message),
        }
        if let Some(due) = look {
            let stage = Stage::Sent(receipt.cloned());
            self.look(Outgoing { stage, due, sending: false, woken: false, ..sent });
        }
        Ok(())
    }

    fn look(&mut self, look: Outgoing) {
        self.unsent.insert(look.message.id.clone(), look.message.place.clone());
        self.place(&look.message.place.clone()).looks.push(look);
    }

    pub(super) fn outbox_look(&mut self, message: &Message, due: Millis) {
        if let Some(place) = self.unsent.get(&message.id).and_then(|place| self.places.get_mut(place)) {
            let looks = place.looks.iter_mut().filter(|one| one.message.id == message.id && !one.sending);
            looks.for_each(|one| one.due = one.due.max(due));
            return;
        }
        let stage = Stage::Sent(self.posted.get(&message.id).map(|(_, posted)| posted.receipt.clone()));
        let tick = self.tick();
        self.look(Outgoing { stage, ..Outgoing::new(message.clone(), due, tick) });
    }

    /// A message that was not posted, or not so that it can be found, cannot be closed.
    fn drop_closings(&mut self, message: &Message) {
        let place = self.place(&message.place);
        let dropped = place.closings.extract_if(.., |one| one.message.closes.as_ref() == Some(&message.id));
        let dropped: Vec<_> = dropped.map(|one| one.message.id).collect();
        dropped.iter().for_each(|id| drop(self.unsent.remove(id)));
    }

    /// Takes what of a generation was surely not posted out of its place's outbox.
    pub(super) fn drop_unsent(&mut self, now: Millis, key: &Place, generation: u64) {
        let outbox = &mut self.place(key).outbox;
        let first = outbox.front().map(|one| one.message.id.clone());
        let (dropped, kept): (Vec<_>, Vec<_>) = std::mem::take(outbox)
            .into_iter()
            .partition(|one| one.message.generation == generation && !one.sending && one.stage == Stage::Unsent);
        outbox.extend(kept);
        if let Some(next) = outbox.front_mut().filter(|next| Some(&next.message.id) != first.as_ref()) {
            next.due = now;
        }
        for one in dropped {
            self.unsent.remove(&one.message.id);
            self.drop_closings(&one.message);
        }
    }

    pub(super) fn outbox_later(
        &mut self,
        now: Millis,
        posting: &Posting,
        due: Millis,
        in_doubt: bool,
    ) -> Result<(), StoreError> {
        let one = self.taken(posting)?;
        one.due = if one.woken { now } else { due };
        if !one.is_posted() {
            one.stage = if in_doubt { Stage::InDoubt } else { Stage::Unsent };
        }
        one.sending = false;
        one.woken = false;
        Ok(())
    }

    pub(super) fn outbox_never(&mut self, now: Millis, posting: &Posting, reason: &str) -> Result<(), StoreError> {
        let Outgoing { message, attempt, .. } = self.outbox_remove(now, posting)?;
        if message.closes.is_some() {
            return Ok(());
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
        Ok(())
    }

    pub(super) fn outbox_wake(&mut self, now: Millis, place: &Place) {
        let was_here = self.homes.insert(place.clone(), self.host).is_none_or(|former| former == self.host);
        let unsent = self.places.get_mut(place).into_iter().flat_map(|place| place.due_mut());
        for one in unsent.filter(|one| !one.is_posted()) {
            one.woken = one.sending;
            if !one.sending || !was_here {
                one.due = now;
            }
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
