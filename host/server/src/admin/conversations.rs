//! What operators ask about conversations, and do to them.

use std::collections::BTreeMap;

use pesto_engine::engine::Engine;
use pesto_engine::model::{Digest, Exchange, FlowName, Millis, OpenQuestion, Place};
use pesto_engine::ports::{Glance, StoreError, Underway};
use serde::{Deserialize, Serialize};

use super::{PAGE, bounded, fitting};

/// Conversations that are looked at for one reply. Where a filter leaves few of them, a reply may be empty and yet not
/// the last.
const LOOKED_AT: usize = 5_000;
/// Exchanges that are shown.
const HISTORY: usize = 5;

/// Which conversations are wanted.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Filter {
    /// Those of this flow.
    pub flow: Option<FlowName>,
    /// Those that this person began: their id.
    pub person: Option<String>,
}

/// An open conversation in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConversationRow {
    /// Where.
    pub place: Place,
    /// Who began it: their id.
    pub person_id: String,
    /// What they call themselves: hostile text.
    pub person_name: String,
    /// The flow.
    pub flow: FlowName,
    /// Its version.
    pub digest: Digest,
    /// Counts the conversations of the place from 1.
    pub generation: u64,
    /// When it began.
    pub since: Millis,
    /// When its flow last heard something.
    pub last: Millis,
    /// Messages that the person may answer with more than words.
    pub questions: usize,
    /// A turn is running.
    pub running: bool,
    /// Events that wait, the running one included.
    pub events: u64,
    /// Messages not yet sent.
    pub messages: u64,
}

impl ConversationRow {
    /// None where no conversation is open.
    fn new(place: Place, glance: &Glance) -> Option<Self> {
        let open = glance.conversation.as_ref()?;
        let person = glance.person.as_ref();
        Some(Self {
            place,
            person_id: person.map_or_else(|| open.began.by.clone(), |person| person.id.clone()),
            person_name: person.map(|person| person.name.clone()).unwrap_or_default(),
            flow: open.flow.clone(),
            digest: open.digest.clone(),
            generation: open.generation,
            since: open.began.at,
            last: open.last,
            questions: open.questions.len(),
            running: glance.running,
            events: glance.inbox,
            messages: glance.outbox,
        })
    }
}

/// All that goes on at a place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConversationView {
    /// The open conversation.
    pub open: Option<ConversationRow>,
    /// What it keeps, in bytes. Only its flow can read it.
    pub state_bytes: usize,
    /// What the person may answer.
    pub questions: Vec<OpenQuestion>,
    /// Timers that run, with their due times.
    pub timers: BTreeMap<String, Millis>,
    /// The last exchanges, oldest first.
    pub history: Vec<Exchange>,
    /// The event whose turn is not done; long texts of its calls are cut.
    pub underway: Option<Underway>,
    /// Events that wait, that one included.
    pub events: u64,
    /// Messages not yet sent.
    pub messages: u64,
    /// The turn is running, and not waiting to be tried again.
    pub running: bool,
}

/// A page of the list, and the place to go on after; none at the end.
pub(super) async fn page(
    engine: &Engine,
    after: Option<Place>,
    filter: &Filter,
) -> Result<(Vec<ConversationRow>, Option<Place>), StoreError> {
    let store = &engine.ports().store;
    let (mut rows, mut next, mut looked_at) = (Vec::new(), after, 0);
    while rows.len() < PAGE && looked_at < LOOKED_AT {
        let page = store.conversations(next.as_ref(), PAGE).await?;
        looked_at += page.len();
        let Some((last, _)) = page.last() else { return Ok((rows, None)) };
        next = Some(last.clone());
        for (place, glance) in page {
            let Some(row) = ConversationRow::new(place, &glance) else { continue };
            let wanted = filter.flow.as_ref().is_none_or(|flow| *flow == row.flow)
                && filter.person.as_ref().is_none_or(|person| *person == row.person_id);
            rows.extend(wanted.then_some(row));
        }
    }
    Ok((rows, next))
}

/// None where nothing goes on.
pub(super) async fn view(engine: &Engine, place: Place) -> Result<Option<ConversationView>, StoreError> {
    let store = &engine.ports().store;
    let glance = store.glance(&place).await?;
    if glance.conversation.is_none() && glance.inbox == 0 && glance.outbox == 0 {
        return Ok(None);
    }
    let underway = store.underway(&place).await?;
    let history = match &glance.conversation {
        Some(open) => store.history(&place, open.generation, HISTORY).await?,
        None => Vec::new(),
    };
    let (events, messages, running) = (glance.inbox, glance.outbox, glance.running);
    let open = ConversationRow::new(place, &glance);
    let conversation = glance.conversation;
    let questions = conversation.as_ref().map(|open| open.questions.clone()).unwrap_or_default();
    Ok(Some(ConversationView {
        open,
        state_bytes: conversation.as_ref().map_or(0, |open| open.state.len()),
        timers: conversation.map(|open| open.timers).unwrap_or_default(),
        questions: bounded((0..).zip(questions).collect()).into_iter().map(|(_, question)| question).collect(),
        history,
        underway: underway.map(|turn| Underway { journal: fitting(turn.journal), ..turn }),
        events,
        messages,
        running,
    }))
}
