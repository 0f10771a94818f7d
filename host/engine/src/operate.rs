//! What operators do to conversations: end them, with their flow or without, and forget a person.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::engine::Engine;
use crate::model::{Body, Control, Digest, Inbound, Letter, Manner, Person, Place, Seq};
use crate::ports::{Accepted, Cleared, Entry, StoreError};

/// Records and conversations looked at in one step.
const PAGE: usize = 200;

/// What was going on at a place that is being ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ended {
    /// Events that waited or were being handled, and are dropped.
    pub events: u64,
    /// This was asked before, and changed nothing.
    pub again: bool,
}

/// What was known of a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Forgotten {
    /// What was thrown away at all places.
    pub cleared: Cleared,
    /// Dead letters that were thrown away.
    pub dead: u64,
    /// Records of calls in doubt that were thrown away.
    pub doubts: u64,
    /// Completions that were found: thrown away if that was wanted.
    pub answers: u64,
}

impl Engine {
    /// Ends what goes on at a place as if the person had said `cancel`. None where nothing does.
    pub async fn cancel(&self, place: &Place) -> Result<Option<Ended>, StoreError> {
        self.end(place, "cancel", Body::Control(Control::Cancel)).await
    }

    /// Ends what goes on at a place without asking the flow. None where nothing does.
    pub async fn reset(&self, place: &Place) -> Result<Option<Ended>, StoreError> {
        self.end(place, "reset", Body::Reset).await
    }

    async fn end(&self, place: &Place, command: &str, body: Body) -> Result<Option<Ended>, StoreError> {
        let store = &self.ports.store;
        let glance = store.glance(place).await?;
        if glance.conversation.is_none() && glance.inbox == 0 {
            return Ok(None);
        }
        let underway = store.underway(place).await?;
        let now = self.ports.clock.now();
        // The same word about the same conversation is the same event; a place is too long for an event's id.
        let what = match (&glance.conversation, &underway) {
            (Some(open), _) => open.id(place),
            (None, Some(turn)) => format!("{place}@{}", turn.seq),
            (None, None) => format!("{place} {now}"),
        };
        let id = format!("operator/{command}/{}", Digest::of(what.as_bytes()));
        let person = glance.person.or(underway.map(|turn| turn.inbound.person)).unwrap_or_else(nobody);
        let inbound =
            Inbound { id, place: place.clone(), person, at: now, sent: None, manner: Manner::default(), body };
        let accepted = store.accept(inbound, Entry::Cut).await?;
        if let Accepted::New(Some(seq)) = accepted {
            self.cut(place, seq);
        }
        let again = accepted == Accepted::Duplicate;
        Ok(Some(Ended { events: if again { 0 } else { glance.inbox }, again }))
    }

    /// Forgets a person, whose direct messages these are: what goes on there and in the conversations that they began
    /// elsewhere, running turns included; their dead letters and calls in doubt; and their completions only with
    /// `answers`. Begun again after a crash, it goes on where it was.
    pub async fn forget(&self, direct: &Place, answers: bool) -> Result<Forgotten, StoreError> {
        let id = direct.person().unwrap_or_default();
        let is_theirs = |place: &Place, person: &str| place.workspace() == direct.workspace() && person == id;
        let store = &self.ports.store;
        let mut forgotten = Forgotten::default();

        let mut places = BTreeSet::from([direct.clone()]);
        let mut after = None;
        loop {
            let page = store.conversations(after.as_ref(), PAGE).await?;
            let Some((last, _)) = page.last() else { break };
            after = Some(last.clone());
            let theirs = page
                .into_iter()
                .filter(|(place, glance)| glance.person.as_ref().is_some_and(|person| is_theirs(place, &person.id)));
            places.extend(theirs.map(|(place, _)| place));
        }
        for place in &places {
            let Cleared { conversations, events, messages } = store.clear(place).await?;
            self.cut(place, Seq { number: u64::MAX, step: 0 });
            forgotten.cleared.conversations += conversations;
            forgotten.cleared.events += events;
            forgotten.cleared.messages += messages;
        }

        let mut after = 0;
        while let page = store.dead(after, PAGE).await?
            && let Some((last, _)) = page.last()
        {
            after = *last;
            for (position, letter) in page {
                let theirs = match &letter.letter {
                    Letter::Event(event) => places.contains(&event.place) || is_theirs(&event.place, &event.person.id),
                    Letter::Message(message) => places.contains(&message.place),
                };
                forgotten.dead += u64::from(theirs && store.dead_drop(position).await?);
            }
        }
        let mut after = 0;
        while let page = store.doubts(after, PAGE).await?
            && let Some((last, _)) = page.last()
        {
            after = *last;
            for (position, doubt) in page {
                let theirs = places.contains(&doubt.place) || is_theirs(&doubt.place, &doubt.person);
                forgotten.doubts += u64::from(theirs && store.doubt_drop(position).await?);
            }
        }
        for flow in store.completed_flows().await? {
            let mut after = 0;
            while let page = store.completions(&flow, after, PAGE).await?
                && let Some((last, _)) = page.last()
            {
                after = *last;
                for (position, completion) in page {
                    let workspace = completion.conversation.split('/').next();
                    let theirs = workspace == Some(direct.workspace()) && completion.person.id == id;
                    let gone = theirs && (!answers || store.completion_drop(&flow, position).await?);
                    forgotten.answers += u64::from(gone);
                }
            }
        }
        Ok(forgotten)
    }
}

/// Whoever sent what cannot be read.
fn nobody() -> Person {
    let empty = String::new;
    Person {
        id: "operator".to_owned(),
        name: empty(),
        locale: empty(),
        time_zone: empty(),
        utc_offset: None,
        groups: Vec::new(),
    }
}
