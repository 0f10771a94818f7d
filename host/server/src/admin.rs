//! Questions of operators: answered by a running host over its socket, or by the command itself where none runs.

mod conversations;

use std::sync::Arc;

use pesto_engine::engine::Engine;
use pesto_engine::model::{Call, Completion, DeadLetter, Doubt, FlowName, Place};
use pesto_engine::operate::{Ended, Forgotten};
use pesto_engine::policy::Rights;
use pesto_engine::ports::{Backlog, StoreError};
use pesto_engine::text::cut;
use serde::{Deserialize, Serialize};

use crate::folder::Refusals;

pub use conversations::{ConversationRow, ConversationView, Filter};

/// Completions or dead letters in one reply, at most; and their bytes, about.
const PAGE: usize = 200;
const PAGE_BYTES: usize = 512 << 10;

/// A question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "ask", rename_all = "snake_case")]
pub enum AdminRequest {
    /// The flows.
    Flows,
    /// What goes on.
    Status,
    /// Completions of a flow beyond a position.
    Answers {
        /// Which flow.
        flow: FlowName,
        /// 0 for the first page, then the last position of the page before.
        after: u64,
    },
    /// Dead letters beyond an id.
    Dead {
        /// 0 for the first page.
        after: u64,
    },
    /// Puts a dead letter back.
    DeadRetry {
        /// Which.
        id: u64,
    },
    /// Throws a dead letter away.
    DeadDrop {
        /// Which.
        id: u64,
    },
    /// Calls in doubt beyond a position.
    Doubts {
        /// 0 for the first page.
        after: u64,
    },
    /// Open conversations beyond a place.
    Conversations {
        /// None for the first page, then what the page before says.
        after: Option<Place>,
        /// Which.
        filter: Filter,
    },
    /// All that goes on at a place.
    Conversation {
        /// Where.
        place: Place,
    },
    /// Ends what goes on at a place as its person would.
    Cancel {
        /// Where.
        place: Place,
    },
    /// Ends it without its flow.
    Reset {
        /// Where.
        place: Place,
    },
    /// Forgets a person.
    Forget {
        /// Their direct messages.
        direct: Place,
        /// Their completions too.
        answers: bool,
    },
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "snake_case")]
pub enum AdminReply {
    /// To `flows`.
    Flows {
        /// Sorted by name.
        flows: Vec<FlowRow>,
        /// Files that were refused: name and reason.
        refused: Vec<(String, String)>,
        /// What is allowed and perhaps not meant, in sentences.
        #[serde(default)]
        advice: Vec<String>,
    },
    /// To `status`.
    Status(Status),
    /// To `answers`: with positions. An empty page is the end.
    Answers {
        /// In order.
        page: Vec<(u64, Completion)>,
    },
    /// To `dead`: with ids. An empty page is the end.
    Dead {
        /// In order.
        page: Vec<(u64, DeadLetter)>,
    },
    /// To `doubts`: with positions. An empty page is the end.
    Doubts {
        /// In order.
        page: Vec<(u64, Doubt)>,
    },
    /// To `conversations`.
    Conversations {
        /// In the order of their places; may be empty before the end.
        page: Vec<ConversationRow>,
        /// Where to go on; none at the end.
        next: Option<Place>,
    },
    /// To `conversation`: none where nothing goes on.
    Conversation {
        /// What does.
        view: Option<Box<ConversationView>>,
    },
    /// To `cancel` and `reset`: none where nothing went on.
    Ended {
        /// What was.
        ended: Option<Ended>,
        /// Somebody is there to do it now: otherwise it is done when a host runs.
        running: bool,
    },
    /// To `forget`.
    Forgotten(Forgotten),
    /// To `dead_retry` and `dead_drop`: whether it was there.
    Done {
        /// It was.
        found: bool,
    },
    /// It cannot be answered.
    Failed {
        /// For the operator.
        reason: String,
    },
}

/// A flow's version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FlowRow {
    /// Its name.
    pub name: FlowName,
    /// The author's version; none where the component is gone from the folder and only its conversations are left.
    pub version: Option<String>,
    /// The first digits of its digest.
    pub digest: String,
    /// New conversations begin on it.
    pub current: bool,
    /// What it asks for.
    pub asked: Rights,
    /// What it is granted.
    pub granted: Rights,
    /// Conversations that are open on it.
    pub open: u64,
}

/// What goes on in the host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Status {
    /// In the store.
    pub backlog: Backlog,
    /// Turns under way in this host.
    pub turns_in_flight: u64,
    /// Of these, the ones that wait for the outside.
    pub turns_waiting: u64,
    /// Messages being posted.
    pub posts_in_flight: u64,
    /// Turns committed since the host started.
    pub turns_committed: u64,
    /// Host calls answered from the journal since the host started.
    pub calls_replayed: u64,
    /// Events that were not taken since the host started, for too many waited at their place.
    pub events_refused: u64,
}

/// Answers questions.
pub struct Desk {
    engine: Arc<Engine>,
    refusals: Refusals,
}

impl Desk {
    /// A desk for an engine and its flows folder.
    pub fn new(engine: Arc<Engine>, refusals: Refusals) -> Self {
        Self { engine, refusals }
    }

    /// Answers a question.
    pub async fn answer(&self, request: AdminRequest) -> AdminReply {
        self.try_answer(request).await.unwrap_or_else(|error| AdminReply::Failed { reason: error.to_string() })
    }

    async fn try_answer(&self, request: AdminRequest) -> Result<AdminReply, StoreError> {
        let store = &self.engine.ports().store;
        Ok(match request {
            AdminRequest::Flows => AdminReply::Flows {
                flows: self.flows().await?,
                refused: self.refusals.list(),
                advice: self.engine.advice().into_iter().collect(),
            },
            AdminRequest::Status => AdminReply::Status(self.status().await?),
            AdminRequest::Answers { flow, after } => {
                AdminReply::Answers { page: bounded(store.completions(&flow, after, PAGE).await?) }
            }
            AdminRequest::Dead { after } => {
                let page = store.dead(after, PAGE).await?;
                let fits = |letter: DeadLetter| DeadLetter { journal: fitting(letter.journal), ..letter };
                AdminReply::Dead { page: bounded(page.into_iter().map(|(id, letter)| (id, fits(letter))).collect()) }
            }
            AdminRequest::DeadRetry { id } if self.settled(id).await? => AdminReply::Failed {
                reason: format!("dead letter {id} cancelled its conversation all the same; `pesto dead drop {id}`"),
            },
            AdminRequest::DeadRetry { id } => AdminReply::Done { found: store.dead_retry(id).await? },
            AdminRequest::Doubts { after } => AdminReply::Doubts { page: bounded(store.doubts(after, PAGE).await?) },
            AdminRequest::Conversations { after, filter } => {
                let (page, next) = conversations::page(&self.engine, after, &filter).await?;
                AdminReply::Conversations { page, next }
            }
            AdminRequest::Conversation { place } => {
                AdminReply::Conversation { view: conversations::view(&self.engine, place).await?.map(Box::new) }
            }
            AdminRequest::Cancel { place } => self.ended(self.engine.cancel(&place).await?),
            AdminRequest::Reset { place } => self.ended(self.engine.reset(&place).await?),
            AdminRequest::Forget { direct, answers } => {
                AdminReply::Forgotten(self.engine.forget(&direct, answers).await?)
            }
            AdminRequest::DeadDrop { id } => AdminReply::Done { found: store.dead_drop(id).await? },
        })
    }

    async fn flows(&self) -> Result<Vec<FlowRow>, StoreError> {
        let mut open = self.engine.ports().store.open_conversations().await?;
        let mut rows = Vec::new();
        for (name, ready) in self.engine.catalog.all() {
            let mut count = 0;
            open.retain(|counted| {
                let same = counted.flow == name && counted.digest == ready.digest;
                count += if same { counted.conversations } else { 0 };
                !same
            });
            rows.push(FlowRow {
                version: Some(ready.info.version.clone()),
                digest: ready.digest.short().to_owned(),
                current: true,
                asked: ready.info.asks.clone(),
                granted: self.engine.grants().of(&name),
                open: count,
                name,
            });
        }
        rows.extend(open.into_iter().map(|counted| FlowRow {
            granted: self.engine.grants().of(&counted.flow),
            name: counted.flow,
            version: None,
            digest: counted.digest.short().to_owned(),
            current: false,
            asked: Rights::new(),
            open: counted.conversations,
        }));
        rows.sort_by(|a, b| (&a.name, !a.current).cmp(&(&b.name, !b.current)));
        Ok(rows)
    }

    fn ended(&self, ended: Option<Ended>) -> AdminReply {
        AdminReply::Ended { ended, running: self.engine.is_started() }
    }

    async fn settled(&self, id: u64) -> Result<bool, StoreError> {
        let found = self.engine.ports().store.dead(id.saturating_sub(1), 1).await?;
        Ok(found.first().is_some_and(|(at, letter)| *at == id && letter.settled))
    }

    async fn status(&self) -> Result<Status, StoreError> {
        let gauges = self.engine.gauges();
        Ok(Status {
            backlog: self.engine.ports().store.backlog().await?,
            turns_in_flight: gauges.turns_in_flight(),
            turns_waiting: gauges.turns_waiting(),
            posts_in_flight: gauges.posts_in_flight(),
            turns_committed: gauges.turns_committed(),
            calls_replayed: gauges.calls_replayed(),
            events_refused: gauges.events_refused(),
        })
    }
}

/// As much of a journal as fits into a line of the socket: the last calls, and of each the head of what was asked and
/// answered. The store keeps the rest.
fn fitting(mut journal: Vec<Call>) -> Vec<Call> {
    const CALLS: usize = 50;
    const TEXT: usize = 4_000;
    journal.drain(..journal.len().saturating_sub(CALLS));
    for call in &mut journal {
        call.request = cut(&call.request, TEXT);
        if let Some(result) = &mut call.result {
            result.answer = cut(&result.answer, TEXT);
        }
    }
    journal
}

/// As much of a page as fits into a line of the socket; at least one item.
fn bounded<T: Serialize>(page: Vec<(u64, T)>) -> Vec<(u64, T)> {
    let mut bytes = 0;
    let mut fits = 0;
    for (_, item) in &page {
        bytes += serde_json::to_string(item).map_or(0, |text| text.len());
        if fits > 0 && bytes > PAGE_BYTES {
            break;
        }
        fits += 1;
    }
    page.into_iter().take(fits).collect()
}
