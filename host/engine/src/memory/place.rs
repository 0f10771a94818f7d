//! What is stored of one place.

use std::collections::{BTreeMap, VecDeque};

use crate::model::{Call, Conversation, Exchange, Inbound, Message, Millis, Person, Seq};
use crate::ports::Glance;

/// One place.
#[derive(Default)]
pub(super) struct PlaceState {
    /// Counts the places in the order of their appearance.
    pub(super) rank: u64,
    pub(super) epoch: u64,
    /// The number of the latest event.
    pub(super) last: u64,
    pub(super) generation: u64,
    /// Of the first event.
    pub(super) attempt: u32,
    pub(super) pin: Option<String>,
    pub(super) claimed: bool,
    /// When the first event can be claimed, be it the end of a backoff or of a lease, and the tick that decides
    /// between equals. None where nothing waits.
    pub(super) ready: Option<(Millis, u64)>,
    pub(super) inbox: BTreeMap<Seq, Inbound>,
    /// Of the first event.
    pub(super) journal: BTreeMap<u32, Call>,
    pub(super) talk: Option<Talk>,
    pub(super) timers: BTreeMap<String, Millis>,
    pub(super) history: Vec<Exchange>,
    pub(super) outbox: VecDeque<Outgoing>,
}

/// The open conversation, and who began it: events that the host makes are theirs.
pub(super) struct Talk {
    pub(super) conversation: Conversation,
    pub(super) person: Person,
}

/// A message in the outbox.
pub(super) struct Outgoing {
    pub(super) message: Message,
    pub(super) attempt: u32,
    pub(super) in_doubt: bool,
    pub(super) sending: bool,
    /// Somebody came while it was being sent.
    pub(super) woken: bool,
    /// When it can be taken, be it the end of a backoff or of a lease. It counts for a place's first message only.
    pub(super) due: Millis,
}

impl PlaceState {
    /// The place is ready, unless it is already or somebody owns it.
    pub(super) fn rouse(&mut self, now: Millis, tick: u64) {
        self.ready.get_or_insert((now, tick));
    }

    /// Begins or prolongs a claim.
    pub(super) fn lease(&mut self, end: Millis) {
        self.claimed = true;
        self.ready = self.ready.map(|(_, tick)| (end, tick));
    }

    /// Ends a claim; the first event waits for `due`.
    pub(super) fn let_go(&mut self, due: Millis, tick: u64) {
        self.claimed = false;
        self.ready = Some((due, tick));
    }

    /// Forgets what was journaled of the first event.
    pub(super) fn forget_turn(&mut self) {
        self.attempt = 0;
        self.pin = None;
        self.journal.clear();
    }

    /// Ends what a dead host was doing.
    pub(super) fn release(&mut self, now: Millis) {
        if self.claimed {
            self.claimed = false;
            self.ready = self.ready.map(|(_, tick)| (now, tick));
        }
        if let Some(first) = self.outbox.front_mut().filter(|first| first.sending) {
            (first.sending, first.woken, first.in_doubt, first.due) = (false, false, true, now);
        }
    }

    pub(super) fn is_open(&self, generation: u64) -> bool {
        self.talk.as_ref().is_some_and(|talk| talk.conversation.generation == generation)
    }

    pub(super) fn history_of(&self, generation: u64) -> Option<&[Exchange]> {
        self.is_open(generation).then_some(&self.history)
    }

    pub(super) fn glance(&self, now: Millis) -> Glance {
        Glance {
            conversation: self.talk.as_ref().map(|talk| talk.conversation.clone()),
            running: self.claimed && self.ready.is_some_and(|(lease, _)| lease > now),
            inbox: self.inbox.len() as u64,
            outbox: self.outbox.len() as u64,
        }
    }
}
