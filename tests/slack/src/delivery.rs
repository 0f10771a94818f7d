//! The way of an event to the app: faults, the first attempt, acknowledgement, retries.

use std::sync::Arc;

use serde::Serialize;
use serde_json::Value;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{sleep, timeout};

use crate::callback;
use crate::core::Core;
use crate::faults::{DeliveryFault, Times, millis};
use crate::state::State;

/// What kind of envelope it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sort {
    Event,
    Interaction,
    Command,
}

impl Sort {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Event => "events_api",
            Self::Interaction => "interactive",
            Self::Command => "slash_commands",
        }
    }
}

/// Something for the app.
#[derive(Debug)]
pub(crate) struct Outgoing {
    pub(crate) sort: Sort,
    pub(crate) user: String,
    /// The time stamp of what happened. Events of one moment are not swapped with one another.
    pub(crate) moment: String,
    pub(crate) event: String,
    pub(crate) payload: Value,
    pub(crate) accepts_answer: bool,
    /// Who waits for the answer, as the person's client does.
    pub(crate) answer: Option<oneshot::Sender<Answer>>,
}

/// An event that waits for the next one of its person, to come after it.
#[derive(Debug)]
pub(crate) struct Held {
    outgoing: Outgoing,
}

/// How the app took an interaction.
#[derive(Debug, Clone, Serialize)]
pub struct Answer {
    /// Whether it was acknowledged in time. If not, Slack shows the person a warning sign.
    pub acked: bool,
    /// What came with the acknowledgement; null if nothing did.
    pub payload: Value,
}

/// Sends something, unless a fault has another plan for it.
pub(crate) fn dispatch(core: &Arc<Core>, state: &mut State, outgoing: Outgoing) {
    state.under_way += 1;
    if outgoing.sort == Sort::Event
        && let Some(held) = state.held.get_mut(&outgoing.user)
    {
        if held.iter().any(|held| held.outgoing.moment == outgoing.moment) {
            held.push(Held { outgoing });
            return;
        }
        let held = state.held.remove(&outgoing.user).unwrap_or_default();
        state.count_fault(DeliveryFault::Swapped.name());
        overtake(core, state, outgoing, held);
        return;
    }
    let is_event = outgoing.sort == Sort::Event;
    let fault = state.orders.for_delivery(&outgoing.user, is_event, &mut state.random);
    match fault {
        None => send(core, state, outgoing, Copies::One),
        Some(DeliveryFault::Duplicate) => {
            state.count_fault(DeliveryFault::Duplicate.name());
            send(core, state, outgoing, Copies::Two);
        }
        Some(DeliveryFault::RetriedThoughAcked) => {
            state.count_fault(DeliveryFault::RetriedThoughAcked.name());
            send(core, state, outgoing, Copies::Again);
        }
        Some(fault @ DeliveryFault::Delayed { ms }) => {
            state.count_fault(fault.name());
            let core = Arc::clone(core);
            tokio::spawn(async move {
                sleep(millis(ms)).await;
                let mut state = core.lock();
                send(&core, &mut state, outgoing, Copies::One);
            });
        }
        Some(DeliveryFault::Swapped) => hold(core, state, outgoing),
    }
}

/// Sends something, and then what was held for it. Over HTTP each request has a connection of its own, and only a wait for
/// the first answer keeps them in order; not for long, for there may be none.
fn overtake(core: &Arc<Core>, state: &mut State, mut outgoing: Outgoing, held: Vec<Held>) {
    if state.app.urls.is_none() {
        send(core, state, outgoing, Copies::One);
        held.into_iter().for_each(|Held { outgoing }| send(core, state, outgoing, Copies::One));
        return;
    }
    // Nobody waits for the answer to an event.
    let (answer, answered) = oneshot::channel();
    outgoing.answer = Some(answer);
    send(core, state, outgoing, Copies::One);
    let core = Arc::clone(core);
    tokio::spawn(async move {
        let _ = timeout(millis(50), answered).await;
        let mut state = core.lock();
        held.into_iter().for_each(|Held { outgoing }| send(&core, &mut state, outgoing, Copies::One));
    });
}

fn hold(core: &Arc<Core>, state: &mut State, outgoing: Outgoing) {
    let (user, moment) = (outgoing.user.clone(), outgoing.moment.clone());
    state.held.insert(user.clone(), vec![Held { outgoing }]);
    let (core, patience) = (Arc::clone(core), state.options.swap_patience);
    tokio::spawn(async move {
        sleep(patience).await;
        let mut state = core.lock();
        if state.held.get(&user).and_then(|held| held.first()).is_none_or(|held| held.outgoing.moment != moment) {
            return;
        }
        for Held { outgoing } in state.held.remove(&user).unwrap_or_default() {
            send(&core, &mut state, outgoing, Copies::One);
        }
        state.orders.delivery(Some(user), Times::Next(1), DeliveryFault::Swapped);
    });
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Copies {
    One,
    Two,
    /// Once more as a retry, although it was acknowledged.
    Again,
}

/// Makes the first attempt at once, so that order is kept, and leaves the rest to a task.
fn send(core: &Arc<Core>, state: &mut State, outgoing: Outgoing, copies: Copies) {
    state.count(&format!("sent.{}", outgoing.sort.name()));
    let urls = state.app.urls.clone();
    state.under_way += u64::from(copies == Copies::Two && urls.is_some());
    let copy = (copies == Copies::Two && urls.is_some()).then(|| Outgoing {
        answer: None,
        moment: outgoing.moment.clone(),
        user: outgoing.user.clone(),
        event: outgoing.event.clone(),
        payload: outgoing.payload.clone(),
        ..outgoing
    });
    if let Some(urls) = urls {
        for outgoing in copy.into_iter().chain([outgoing]) {
            let again = copies == Copies::Again;
            tokio::spawn(conduct(Arc::clone(core), outgoing, Way::Http(urls.clone()), again));
        }
        return;
    }
    let (acked, acks) = mpsc::unbounded_channel();
    let envelope = state.sockets.new_envelope(acked.clone());
    let mut socket = state.send_envelope(&outgoing, &envelope, 0, "", None);
    if copies == Copies::Two {
        socket = state.send_envelope(&outgoing, &envelope, 0, "", socket).or(socket);
    }
    tokio::spawn(conduct(
        Arc::clone(core),
        outgoing,
        Way::Sockets { acked, acks, last: socket },
        copies == Copies::Again,
    ));
}

enum Way {
    Sockets { acked: mpsc::UnboundedSender<Value>, acks: mpsc::UnboundedReceiver<Value>, last: Option<u64> },
    Http(crate::options::RequestUrls),
}

/// How an attempt ended.
pub(crate) enum Attempt {
    Acked(Value),
    /// With Slack's word for why.
    Failed(&'static str),
    /// The app wants no retry.
    Refused,
}

async fn conduct(core: Arc<Core>, mut outgoing: Outgoing, mut way: Way, mut again: bool) {
    let (limit, delays) = {
        let state = core.lock();
        // Slack retries events; an interaction that fails is shown to the person as failed.
        let delays = if outgoing.sort == Sort::Event { state.options.retry_delays.clone() } else { Vec::new() };
        (state.options.ack_timeout, delays)
    };
    let mut delays = delays.into_iter();
    let mut reason = "";
    let mut attempt = 0;
    let answer = loop {
        let ended = match &mut way {
            Way::Http(urls) => callback::attempt(&core, urls, &outgoing, attempt, reason, limit).await,
            Way::Sockets { acks, last, .. } => match last {
                None => Attempt::Failed("connection_failed"),
                Some(socket) => match timeout(limit, acks.recv()).await {
                    Ok(Some(payload)) => Attempt::Acked(payload),
                    _ => {
                        core.lock().sockets.went_unanswered(*socket);
                        Attempt::Failed("timeout")
                    }
                },
            },
        };
        reason = match ended {
            Attempt::Acked(payload) if !again => break Some(payload),
            Attempt::Acked(_) => "timeout",
            Attempt::Failed(why) => why,
            Attempt::Refused => break None,
        };
        again = false;
        let Some(delay) = delays.next() else { break None };
        match &mut way {
            // What is acknowledged late needs no retry.
            Way::Sockets { acks, .. } if reason == "timeout" && !delay.is_zero() => {
                if let Ok(Some(payload)) = timeout(delay, acks.recv()).await {
                    break Some(payload);
                }
            }
            _ => sleep(delay).await,
        }
        attempt += 1;
        if let Way::Sockets { acked, last, .. } = &mut way {
            let mut state = core.lock();
            let envelope = state.sockets.new_envelope(acked.clone());
            *last = state.send_envelope(&outgoing, &envelope, attempt, reason, *last);
            state.count("retries");
        } else {
            core.lock().count("retries");
        }
    };
    let mut state = core.lock();
    if answer.is_none() {
        state.count(&format!("lost.{}", outgoing.sort.name()));
    }
    state.under_way -= 1;
    state.ring("");
    drop(state);
    if let Some(waiting) = outgoing.answer.take() {
        let answer = Answer { acked: answer.is_some(), payload: answer.unwrap_or_default() };
        // Nobody may be waiting any more, and then nobody needs it.
        let _ = waiting.send(answer);
    }
}
