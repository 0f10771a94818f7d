//! What is stored of one place.

use std::collections::{BTreeMap, VecDeque};

use crate::lane::Lane;
use crate::model::{Call, Conversation, Exchange, Inbound, Message, Micros, Millis, Person, Seq};
use crate::ports::{Glance, Stage};

/// One place.
#[derive(Default)]
pub(super) struct PlaceState {
    /// Counts the places in the order of their appearance.
    pub(super) rank: u64,
    pub(super) epoch: u64,
    /// The number of the latest event.
    pub(super) last: u64,
    pub(super) generation: u64,
    /// Of the current event.
    pub(super) attempt: u32,
    pub(super) pin: Option<String>,
    pub(super) claimed: bool,
    /// When the first event can be claimed, be it the end of a backoff or of a lease, and the tick that decides
    /// between equals. None where nothing waits.
    pub(super) ready: Option<(Millis, u64)>,
    /// Where it stands in line, once a claim found that it could be taken.
    pub(super) line: Option<InLine>,
    pub(super) inbox: BTreeMap<Position, Waiting>,
    /// The event that was claimed first and is not committed. One that was sent earlier may stand before it by now.
    pub(super) current: Option<Position>,
    /// Of the current event.
    pub(super) journal: BTreeMap<u32, Call>,
    pub(super) talk: Option<Talk>,
    pub(super) timers: BTreeMap<String, Millis>,
    pub(super) history: Vec<Exchange>,
    pub(super) outbox: VecDeque<Outgoing>,
    /// What closes other messages; the ones whose message waits in the outbox have no time.
    pub(super) closings: Vec<Outgoing>,
    /// What was posted, and is to be looked at again.
    pub(super) looks: Vec<Outgoing>,
}

/// A place's turn among those that can be claimed.
pub(super) struct InLine {
    pub(super) rank: Millis,
    pub(super) lane: Lane,
    /// Whose event it is.
    pub(super) person: String,
}

/// Where an event stands in its inbox.
pub(super) type Position = (Micros, Seq);

/// An event in the inbox.
pub(super) struct Waiting {
    pub(super) inbound: Inbound,
    /// It is not claimed before.
    pub(super) hold: Millis,
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
    pub(super) stage: Stage,
    pub(super) sending: bool,
    /// Somebody came while it was being sent.
    pub(super) woken: bool,
    /// When it can be taken, be it the end of a backoff or of a lease. It counts for a place's first message, and for
    /// what closes a message that was sent.
    pub(super) due: Millis,
    /// Decides between equals.
    pub(super) tick: u64,
}

impl Outgoing {
    pub(super) fn new(message: Message, due: Millis, tick: u64) -> Self {
        Self { message, attempt: 0, stage: Stage::Unsent, sending: false, woken: false, due, tick }
    }

    /// Only its copies are looked for.
    pub(super) fn is_posted(&self) -> bool {
        matches!(self.stage, Stage::Sent(_))
    }

    /// Whoever was at it is gone.
    pub(super) fn doubt(&mut self) {
        if self.stage == Stage::Unsent {
            self.stage = Stage::InDoubt;
        }
    }
}

/// What closes a message that was not sent has no time.
pub(super) const NO_TIME: Millis = Millis::MAX;

impl PlaceState {
    /// The place is ready, unless it is already or somebody owns it.
    pub(super) fn rouse(&mut self, now: Millis, tick: u64) {
        self.ready.get_or_insert((now, tick));
    }

    /// What came in behind others, and may go sooner, takes its place along.
    pub(super) fn hurry(&mut self, rank: Millis) {
        if let Some(line) = &mut self.line {
            line.rank = line.rank.min(rank);
        }
    }

    /// Begins or prolongs a claim.
    pub(super) fn lease(&mut self, end: Millis) {
        self.claimed = true;
        self.ready = self.ready.map(|(_, tick)| (end, tick));
        self.line = None;
    }

    /// Ends a claim; the first event waits for `due`.
    pub(super) fn let_go(&mut self, due: Millis, tick: u64) {
        self.claimed = false;
        self.ready = Some((due, tick));
        self.line = None;
    }

    /// Nothing of the place can be claimed.
    pub(super) fn rest(&mut self) {
        self.claimed = false;
        self.ready = None;
        self.line = None;
    }

    /// The event that the next claim takes.
    pub(super) fn next(&self) -> Option<&Inbound> {
        let first = self.inbox.first_key_value().map(|(position, _)| *position);
        Some(&self.inbox.get(&self.current.or(first)?)?.inbound)
    }

    /// Forgets the current event and what was journaled of it.
    pub(super) fn forget_turn(&mut self) {
        self.current = None;
        self.attempt = 0;
        self.pin = None;
        self.journal.clear();
    }

    /// Ends what a dead host was doing.
    pub(super) fn release(&mut self, now: Millis) {
        if self.claimed {
            self.claimed = false;
            self.ready = self.ready.map(|(_, tick)| (now, tick));
            self.line = None;
        }
        for one in self.due_mut().filter(|one| one.sending) {
            one.doubt();
            (one.sending, one.woken, one.due) = (false, false, now);
        }
    }

    /// Whatever of the outbox has a time.
    pub(super) fn due_mut(&mut self) -> impl Iterator<Item = &mut Outgoing> {
        let closings = self.closings.iter_mut().filter(|one| one.due != NO_TIME);
        self.outbox.front_mut().into_iter().chain(closings).chain(&mut self.looks)
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
            person: self.talk.as_ref().map(|talk| talk.person.clone()),
            running: self.claimed && self.ready.is_some_and(|(lease, _)| lease > now),
            inbox: self.inbox.len() as u64,
            outbox: (self.outbox.len() + self.closings.len()) as u64,
        }
    }
}
