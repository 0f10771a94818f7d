//! Host calls of one turn. Each capability is a file; this one has what they share: the journal.
//!
//! A call that reaches outside is journaled whatever it answers, a refusal included: an operator may change grants
//! between two attempts of a turn, and a re-run must see what the first attempt saw.

mod history;
mod journal;
mod llm;
mod parking;
mod progress;
#[cfg(test)]
mod tests;

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::Semaphore;

use crate::fault::{Fault, GuestFault};
use crate::flow_log::FlowLog;
use crate::gauge::Gauges;
use crate::log_rate::LogRates;
use crate::model::{Call, CallResult, Doubt, FlowName, Place, Resolution, TurnId};
use crate::policy::{Bounds, Grants, Rights, contract};
use crate::ports::{CallError, Clock, Fence, Llm, Messenger, Store};
use crate::text::line;
use crate::wasm::Memory;

pub(crate) use journal::{Journal, is_heavy, lighten};

/// What the engine works with.
#[derive(Clone)]
pub struct Ports {
    /// Durable state.
    pub store: Arc<dyn Store>,
    /// A language model.
    pub llm: Arc<dyn Llm>,
    /// The way to people.
    pub messenger: Arc<dyn Messenger>,
    /// Time.
    pub clock: Arc<dyn Clock>,
}

/// How often a request or an answer is in memory while it is under way: encoded, as it is, and on its way to or from
/// the store or the port.
const COPIES: usize = 3;

/// One turn's way to the outside: what it may do, and what it did.
pub struct Scope {
    pub(crate) ports: Ports,
    pub(crate) grants: Arc<Grants>,
    pub(crate) bounds: Arc<Bounds>,
    pub(crate) gauges: Arc<Gauges>,
    pub(crate) logs: Arc<LogRates>,
    pub(crate) flow: FlowName,
    pub(crate) asks: Rights,
    pub(crate) fence: Fence,
    pub(crate) turn: TurnId,
    /// Whose event it is: the person's id.
    pub(crate) person: String,
    pub(crate) generation: u64,
    /// What is done about a call that a crash fell into.
    pub(crate) in_doubt: Resolution,
    /// Kept with the first intent.
    pub(crate) pin: String,
    /// What the guest's clock shows, in milliseconds: moves on with each result.
    pub(crate) now: Arc<AtomicU64>,
    pub(crate) journal: Journal,
    /// Memory for the journal and for the call under way.
    pub(crate) memory: Memory,
    /// What the call under way takes of it.
    pub(crate) calling: usize,
    /// What the turn left its instance for want of, and at which call.
    pub(crate) short: Option<(u32, usize)>,
    /// Bytes of requests and answers that this attempt made or found there.
    pub(crate) journaled: usize,
    /// Calls that the journal had when this attempt began.
    pub(crate) found: usize,
    /// Journaled calls made by this instance.
    pub(crate) made: u32,
    /// When progress was shown last.
    pub(crate) progress_at: u64,
    /// Room for instances, and what those of this turn have computed together.
    pub(crate) instances: Arc<Semaphore>,
    pub(crate) spent: Duration,
    /// Hears what the flow logs, beside the host's own log.
    pub(crate) log: Option<FlowLog>,
    /// What they have waited together by WASI's clocks.
    pub(crate) waited: Duration,
    /// The turn did not end before: it may be what the host went down with.
    pub(crate) again: bool,
    /// The call that the turn waits for without an instance.
    pub(crate) parked: Option<parking::Parked>,
}

impl Scope {
    fn place(&self) -> &Place {
        &self.fence.place
    }

    /// Answers from the journal, or makes the call between two durable writes. What becomes of one that a crash cut off
    /// between them, effect class *in doubt*, is the operator's choice; it is recorded first, so that nothing is done twice
    /// that is not listed.
    async fn journaled<A>(
        &mut self,
        name: &str,
        request: String,
        perform: impl Future<Output = Result<A, CallError>> + Send + 'static,
    ) -> Result<Result<A, CallError>, Fault>
    where
        A: Serialize + DeserializeOwned + 'static,
    {
        let at = self.made as usize;
        self.made += 1;
        self.weigh(request.len())?;
        let size = request.len();
        let mut told = false;
        match self.journal.get(at) {
            Some(call) if call.name != name || call.request != request => {
                return Err(diverged(call, &format!("{name} {request}")).into());
            }
            Some(Call { result: Some(result), .. }) => {
                if at < self.found {
                    self.gauges.replayed();
                }
                self.now.fetch_max(result.at, Ordering::Relaxed);
                let (size, answer) = (result.answer.len(), decode(&result.answer));
                self.weigh(size)?;
                return answer;
            }
            Some(call) => {
                let doubt = self.doubt(call);
                drop(request);
                self.make_room(size)?;
                self.ports.store.doubt(&self.fence, &doubt).await?;
                told = doubt.done == Resolution::Told;
            }
            None => {
                self.make_room(size)?;
                let call = Call { number: self.made, name: name.to_owned(), request, result: None };
                self.ports.store.journal_intent(&self.fence, &call, &self.pin).await?;
                self.journal.push(call);
            }
        }
        let answer = if told { Err(CallError::InDoubt) } else { self.patiently(perform).await? };
        let encoded = encode(&answer)?;
        let weighed = self.weigh(encoded.len());
        self.answered(encoded).await?;
        // Only now: a finished call must be in the journal, or a re-run would make it again.
        weighed?;
        Ok(answer)
    }

    /// The last call made has its answer.
    async fn answered(&mut self, answer: String) -> Result<(), Fault> {
        // The answer is in memory already, whether there is room or not.
        self.calling = 0;
        self.memory.set(self.journal.held() + COPIES * answer.len());
        let result = CallResult { answer, at: self.ports.clock.now() };
        self.ports.store.journal_result(&self.fence, self.made, &result).await?;
        self.now.fetch_max(result.at, Ordering::Relaxed);
        self.journal.answer(self.made as usize - 1, result);
        self.memory.set(self.journal.held());
        Ok(())
    }

    /// Whether the guest does what an earlier instance of the turn did before its last answer: what it logs and reports was
    /// logged and reported then.
    pub(crate) fn repeats(&self) -> bool {
        self.journal.get(self.made as usize).is_some_and(|call| call.result.is_some())
    }

    fn doubt(&self, call: &Call) -> Doubt {
        Doubt {
            effect: self.turn.call(call.number),
            place: self.place().clone(),
            person: self.person.clone(),
            flow: self.flow.clone(),
            at: self.ports.clock.now(),
            what: call.name.clone(),
            done: self.in_doubt,
        }
    }

    /// Counts what this attempt has in the journal.
    fn weigh(&mut self, bytes: usize) -> Result<(), GuestFault> {
        self.journaled += bytes;
        if self.journaled > contract::JOURNAL { Err(GuestFault::JournalLimit(contract::JOURNAL)) } else { Ok(()) }
    }

    /// The end of the attempt: it must have made all the calls that an earlier one made.
    pub(crate) fn ended(&self) -> Result<(), GuestFault> {
        match self.journal.get(self.made as usize) {
            Some(call) => Err(diverged(call, "the end of the turn")),
            None => Ok(()),
        }
    }
}

fn diverged(call: &Call, now: &str) -> GuestFault {
    GuestFault::NonDeterministic {
        number: call.number,
        before: line(&format!("{} {}", call.name, call.request), 2_000),
        now: line(now, 2_000),
    }
}

fn encode<T: Serialize>(value: &T) -> Result<String, Fault> {
    serde_json::to_string(value).map_err(|error| Fault::Host(format!("a host call cannot be encoded: {error}")))
}

fn decode<T: DeserializeOwned>(text: &str) -> Result<T, Fault> {
    serde_json::from_str(text).map_err(|error| Fault::Host(format!("a journaled answer cannot be read: {error}")))
}
