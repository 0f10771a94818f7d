//! How events enter. A control word that comes while a turn runs is handled beside it, not behind it: a person
//! who says `cancel` must not wait for what they want to end.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, MutexGuard, PoisonError};

use crate::delay::{Arrival, Ways};
use crate::engine::Engine;
use crate::form;
use crate::model::{
    Aim, Body, Control, Digest, EffectId, File, Inbound, Manner, Message, Micros, Millis, Person, Place,
};
use crate::policy::{Part, contract};
use crate::ports::{Accepted, Entry, Glance, StoreError};
use crate::texts::{self, Words};

/// What was sent so long before a conversation began does not end it, in microseconds. A channel may tell the one time
/// by its clock and the other by ours.
const LATE: Micros = 10_000_000;

/// How long refused events of a place are counted before the person hears of them, in milliseconds; and how many.
const BURST: Millis = 3_000;
const MOST_COUNTED: usize = 10_000;

/// Why an event did not enter.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Rejected {
    /// The person should hear this.
    #[error("Your message is too long: it has {got} bytes, and I can take {most}.")]
    TooLong {
        /// In bytes.
        got: usize,
        /// In bytes.
        most: usize,
    },
    /// As many events wait at the place as it holds, and this one is not stored. The person should hear this.
    #[error("So much of yours is waiting that I cannot take this. Wait for my answers, or say `cancel`.")]
    Full,
    /// Its id cannot be stored.
    #[error("the event's id must have 1 to 200 bytes")]
    BadId,
    /// The store did not take it: do not acknowledge it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Engine {
    /// Notes the id of an event that is not to be handled, and nothing of its body. That it is a duplicate tells that it
    /// was stored before, and was handled or will be: so a channel that cannot answer what came too late can tell it
    /// from what came twice.
    pub async fn pass_over(&self, mut inbound: Inbound) -> Result<Accepted, Rejected> {
        inbound.body = Body::Said { text: String::new(), files: Vec::new() };
        check(&inbound)?;
        inbound.at = self.ports.clock.now();
        Ok(self.ports.store.accept(inbound, Entry::Answer(Vec::new())).await?)
    }

    /// Whether an event's person is alone at its place, or the one whose event is being handled there.
    pub fn is_first(&self, inbound: &Inbound) -> bool {
        inbound.place.thread().is_none()
            || self.running().get(&inbound.place).is_some_and(|turn| turn.by == inbound.person.id)
    }

    /// Whether what is open, if anything is, can begin anew.
    fn can_restart(&self, inbound: &Inbound, glance: &Glance) -> bool {
        let offers = self.offers(&inbound.person, &inbound.place);
        glance.conversation.as_ref().is_none_or(|open| offers.flows.contains_key(&open.flow))
    }

    /// Stores an event in its inbox, if that has room.
    async fn queue(&self, inbound: Inbound, entry: Entry) -> Result<Accepted, Rejected> {
        match self.enter_inbox(inbound, entry).await? {
            Accepted::Full => {
                self.gauges.refused();
                Err(Rejected::Full)
            }
            accepted => Ok(accepted),
        }
    }

    /// Tells a person of an event that was [`Rejected::Full`], where their channel cannot refuse it: with all others of
    /// the next seconds, in one message that counts them. An event that comes twice counts once.
    pub fn tell_full(self: &Arc<Self>, inbound: &Inbound) {
        let Inbound { id, place, person, .. } = inbound;
        let begins = {
            let mut bursts = self.bursts();
            let ids = bursts.entry(place.clone()).or_default();
            if ids.len() < MOST_COUNTED {
                ids.insert(id.clone());
            }
            ids.len() == 1
        };
        if begins {
            let (engine, place, person) = (self.clone(), place.clone(), person.clone());
            tokio::spawn(async move {
                let clock = engine.ports.clock.clone();
                clock.until(clock.now().saturating_add(BURST)).await;
                let count = engine.bursts().remove(&place).map_or(0, |ids| ids.len());
                engine.told_full(place, person, count).await;
            });
        }
    }

    async fn told_full(&self, place: Place, person: Person, count: usize) {
        let at = self.ports.clock.now();
        tracing::warn!(%place, count, "events are not taken: {} wait already", contract::INBOX);
        let id = format!("full/{}/{at}", Digest::of(place.as_str().as_bytes()));
        let body = Body::Said { text: String::new(), files: Vec::new() };
        let told = Inbound { id, place, person, at, sent: None, manner: Manner::default(), body };
        let message = beside(&told, texts::of(&told.person.locale).full(count));
        if let Err(error) = self.ports.store.accept(told, Entry::Answer(vec![message])).await {
            tracing::error!(%error, "a person could not be told that events of theirs are not taken");
        }
    }

    fn bursts(&self) -> MutexGuard<'_, HashMap<Place, HashSet<String>>> {
        // Nothing between lock and unlock can panic and leave the map half changed.
        self.bursts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// An event came from a channel that says when it was sent. To be said at once: whatever is looked up before the
    /// event is accepted makes it no later.
    pub fn arrives(&self, sent: Micros, ways: Ways) -> Arrival {
        self.delays.arrived(self.ports.clock.now(), sent, ways)
    }

    /// Stores an event, once. When this returns, it survives a crash; `at` is set here.
    pub async fn accept(&self, inbound: Inbound) -> Result<Accepted, Rejected> {
        self.accept_arrived(inbound, None).await
    }

    /// The same for an event that another one of its person may overtake on its way.
    pub async fn accept_arrived(&self, mut inbound: Inbound, arrival: Option<Arrival>) -> Result<Accepted, Rejected> {
        check(&inbound)?;
        inbound.at = self.ports.clock.now();
        // What is said may be the second half of what was said before; a pick names what it answers.
        let arrival = arrival.filter(|_| matches!(inbound.body, Body::Said { .. }));
        let held = arrival.map_or(0, |arrival| {
            let busy = self.is_busy(&inbound.place);
            self.delays.hold(&arrival, &inbound.place, &inbound.person.id, busy)
        });
        let begun = inbound.at;
        let entry = if held > begun { Entry::Hold(held) } else { Entry::Queue };
        let accepted = self.accept_as(inbound, entry).await?;
        if let Some(arrival) = &arrival {
            self.delays.stored(arrival, self.ports.clock.now().saturating_sub(begun));
        }
        Ok(accepted)
    }

    async fn accept_as(&self, mut inbound: Inbound, entry: Entry) -> Result<Accepted, Rejected> {
        let store = &self.ports.store;
        let control = match &inbound.body {
            Body::Said { text, files } if files.is_empty() => Control::parse(text),
            Body::Control(control) => Some(*control),
            _ => None,
        };
        let Some(control) = control else { return self.queue(inbound, entry).await };
        let words = texts::of(&inbound.person.locale);
        let glance = store.glance(&inbound.place).await?;
        if let Some(open) = &glance.conversation {
            let ends = matches!(control, Control::Cancel | Control::Restart);
            let late = |(sent, began): (Micros, Micros)| sent.saturating_add(LATE) < began;
            // A command comes once, or not at all, and bears our own time.
            let said = matches!(inbound.body, Body::Said { .. });
            if ends && said && inbound.sent.zip(open.began.sent).is_some_and(late) {
                // It came so late that what it meant is over, and something else has begun.
                let message = beside(&inbound, words.late(control));
                return Ok(store.accept(inbound, Entry::Answer(vec![message])).await?);
            }
            if self.part(&inbound.person, &inbound.place, open) != Part::Whole {
                return self.queue(inbound, entry).await;
            }
        }
        if glance.inbox == 0 {
            // The router decides, for it knows whether the flow wants this text to be taken as it is. Where nothing is
            // open there is nothing to command, and the word is as good as the command.
            if glance.conversation.is_none() {
                inbound.body = Body::Said { text: control.word().to_owned(), files: Vec::new() };
            }
            return self.queue(inbound, entry).await;
        }
        match control {
            // Nobody knows yet whom the conversation is for, and others are in the thread.
            Control::Cancel | Control::Restart if glance.conversation.is_none() && !self.is_first(&inbound) => {
                self.queue(inbound, entry).await
            }
            // Nothing is ended for the sake of what cannot begin.
            Control::Restart if !self.can_restart(&inbound, &glance) => {
                let flow = glance.conversation.as_ref().map_or("", |open| open.flow.as_str());
                let text = words.unknown_flow(flow, &self.offers(&inbound.person, &inbound.place));
                let message = beside(&inbound, text);
                Ok(store.accept(inbound, Entry::Answer(vec![message])).await?)
            }
            Control::Cancel | Control::Restart => {
                let place = inbound.place.clone();
                inbound.body = Body::Control(control);
                let accepted = store.accept(inbound, Entry::Cut).await?;
                if let Accepted::New(Some(seq)) = accepted {
                    self.cut(&place, seq);
                }
                Ok(accepted)
            }
            Control::Status | Control::Help => {
                let text = match control {
                    Control::Help => words.help(&self.offers(&inbound.person, &inbound.place)),
                    _ => status(words, &glance),
                };
                let message = beside(&inbound, text);
                Ok(store.accept(inbound, Entry::Answer(vec![message])).await?)
            }
        }
    }
}

/// The host's answer beside a running turn.
fn beside(inbound: &Inbound, text: String) -> Message {
    Message {
        id: EffectId::beside(&inbound.id, 0),
        place: inbound.place.clone(),
        generation: 0,
        key: "host".to_owned(),
        text,
        choices: None,
        form: None,
        closes: None,
        aim: Aim::answers(inbound),
    }
}

fn status(words: &dyn Words, glance: &Glance) -> String {
    words.where_we_are(glance.conversation.as_ref(), true, glance.inbox.saturating_sub(1))
}

/// What a file adds to an event: its content stays in the channel.
fn weight(file: &File) -> usize {
    file.id.len() + file.name.len() + file.media_type.len()
}

fn check(inbound: &Inbound) -> Result<(), Rejected> {
    if inbound.id.is_empty() || inbound.id.len() > 200 {
        return Err(Rejected::BadId);
    }
    let got = match &inbound.body {
        Body::Said { text, files } => text.len() + files.iter().map(weight).sum::<usize>(),
        Body::Edited { text, .. } => text.len(),
        Body::Start { arguments, .. } => arguments.len(),
        Body::Picked { message, values } => message.as_str().len() + values.iter().map(String::len).sum::<usize>(),
        Body::Filled { values, .. } => {
            let (got, most) = (form::weight(values), contract::FILLED);
            return if got > most { Err(Rejected::TooLong { got, most }) } else { Ok(()) };
        }
        Body::Control(_) | Body::Reset | Body::Timer { .. } | Body::Undelivered { .. } => 0,
    };
    let most = contract::TEXT;
    if got > most { Err(Rejected::TooLong { got, most }) } else { Ok(()) }
}
