//! What operators read and throw away.

use super::State;
use super::place::PlaceState;
use crate::model::{Conversation, Millis, Place};
use crate::ports::{Cleared, Glance, Underway};

impl State {
    pub(super) fn conversations(&self, now: Millis, after: Option<&Place>, most: usize) -> Vec<(Place, Glance)> {
        let later =
            self.places.iter().filter(|(key, place)| place.talk.is_some() && after.is_none_or(|after| *key > after));
        let glance = |(key, place): (&Place, &PlaceState)| {
            let glance = place.glance(now);
            let bare = |conversation| Conversation { state: Vec::new(), ..conversation };
            (key.clone(), Glance { conversation: glance.conversation.map(bare), ..glance })
        };
        later.take(most).map(glance).collect()
    }

    pub(super) fn clear(&mut self, now: Millis, key: &Place) -> Cleared {
        let Some(place) = self.places.get_mut(key) else { return Cleared::default() };
        let outgoing: Vec<_> = place.outbox.drain(..).chain(place.closings.drain(..)).collect();
        let cleared = Cleared {
            conversations: u64::from(place.talk.is_some()),
            events: place.inbox.len() as u64,
            messages: outgoing.len() as u64,
        };
        place.epoch += 1;
        place.rest();
        place.inbox.clear();
        place.forget_turn();
        place.forget_talk();
        let left = place.talk.take().map(|talk| talk.conversation.digest);
        outgoing.iter().for_each(|one| drop(self.unsent.remove(&one.message.id)));
        self.posted.retain(|_, (_, posted)| posted.message.place != *key);
        left.iter().for_each(|digest| self.let_go_of(digest, now));
        cleared
    }
}

impl PlaceState {
    pub(super) fn underway(&self) -> Option<Underway> {
        let current = self.current?;
        Some(Underway {
            seq: current.1,
            inbound: self.inbox.get(&current)?.inbound.clone(),
            attempt: self.attempt,
            journal: self.journal.values().cloned().collect(),
        })
    }
}
