//! Takes turns from the store and does them.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use tokio::sync::mpsc::UnboundedReceiver;
use tokio::sync::{OwnedSemaphorePermit, oneshot};
use tokio::task::JoinSet;

use crate::alone;
use crate::broker::{self, Journal, Scope};
use crate::engine::{Engine, LEASE, RunningTurn, length};
use crate::fault::{Fault, GuestFault};
use crate::handover::{Taken, Turns};
use crate::life::{self, Step};
use crate::model::{Body, Call as JournaledCall, Conversation, TurnId};
use crate::policy::Part;
use crate::ports::{Claim, Commit, Fence, StoreError};
use crate::room::Room;
use crate::router::{FlowEvent, Route, Run, expire, route, route_aside};
use crate::texts;
use crate::turn;
use crate::wasm::Call;

/// Turns taken in one step at most. Their journals are in memory before anybody asks whether there is room, so after a
/// heavy one the next turn is taken alone.
const BATCH: usize = 64;

/// A turn among those that run here, however it ends: the lease of one that panicked must not be prolonged.
struct Entered<'a> {
    engine: &'a Engine,
    fence: &'a Fence,
}

impl Drop for Entered<'_> {
    fn drop(&mut self) {
        let mut running = self.engine.running();
        if running.get(&self.fence.place).is_some_and(|turn| turn.fence == *self.fence) {
            running.remove(&self.fence.place);
        }
    }
}

/// How an attempt failed, and what it had journaled.
struct Failed {
    fault: Fault,
    route: Option<Route>,
    journal: Option<Vec<JournaledCall>>,
}

/// A turn whose end could not be written: its lease runs out, and it is claimed again.
pub(crate) fn left(claim: &Claim, error: &StoreError) {
    match error {
        StoreError::Stale => tracing::debug!(place = %claim.fence.place, seq = %claim.seq, "the turn was lost"),
        error => tracing::error!(place = %claim.fence.place, seq = %claim.seq, %error, "the turn could not be ended"),
    }
}

/// Forgets tasks that ended. One that panicked left its place leased: the lease runs out, and it is tried again.
pub(crate) fn reap(tasks: &mut JoinSet<()>) {
    while let Some(ended) = tasks.try_join_next() {
        if let Err(error) = ended
            && error.is_panic()
        {
            tracing::error!("a task of the engine panicked: {error}");
        }
    }
}

impl From<Fault> for Box<Failed> {
    fn from(fault: Fault) -> Self {
        Self::new(Failed { fault, route: None, journal: None })
    }
}

impl Engine {
    async fn room(&self) -> Room {
        Room::wait(self.room.clone(), self.sandbox.instances().clone()).await
    }

    /// The loop that claims turns. It ends when the engine stops and the turns have ended; when it is dropped, its
    /// turns are too.
    pub(crate) async fn dispatch(self: Arc<Self>, taken: UnboundedReceiver<Taken>) {
        let mut turns = Turns::new(self.clone(), taken);
        let mut batch = 1;
        while !self.is_stopping() {
            let mut room = turns.during(self.room()).await;
            if self.is_stopping() {
                // There was no room until the stop had waited for it; what were claimed now would be dropped.
                break;
            }
            room.grow(batch);
            let most = room.len();
            let claims = self.of_store("claiming turns", self.ports.store.claim(most, LEASE));
            let Some(claims) = turns.during(claims).await else { continue };
            let drained = claims.len() < most;
            let heavy = claims.iter().any(|claim| broker::is_heavy(&claim.journal));
            batch = if heavy { 1 } else { BATCH.min(batch * 2) };
            for claim in claims {
                // No store answers more than it was asked for.
                let Some(room) = room.split() else { break };
                turns.begin(Box::new(claim), room);
            }
            drop(room);
            if drained {
                let due = self.of_store("looking for turns that are due", self.ports.store.inbox_due());
                if let Some(due) = turns.during(due).await {
                    // The leases of turns that are handed over meanwhile end no earlier.
                    let lease = self.ports.clock.now().saturating_add(length(LEASE));
                    let due = due.map_or(lease, |due| due.min(lease));
                    turns.during(self.wait(self.ports.store.inbox_changed(), Some(due))).await;
                }
            }
        }
        turns.end().await;
    }

    /// Thousands may wait for an answer at once, so what is large and what comes after lies on the heap.
    /// `left_there` is the weight of the journal, if it was left in the store.
    pub(crate) async fn turn(self: Arc<Self>, claim: Box<Claim>, left_there: Option<usize>, room: Room) {
        let (permit, instance) = room.parts();
        let raised = self.gauges.turn();
        let (lost, is_lost) = oneshot::channel();
        let seq = claim.seq;
        if claim.attempt > 1 {
            tracing::info!(place = %claim.fence.place, %seq, attempt = claim.attempt, "a turn that did not end is done again");
        }
        if !self.enter(RunningTurn { fence: claim.fence.clone(), seq, by: claim.inbound.person.id.clone(), lost }) {
            return;
        }
        let mut late = self.late.subscribe();
        let no_time = async { drop(late.wait_for(|late| *late).await) };
        let entered = Entered { engine: &self, fence: &claim.fence };
        // The write that ends a turn is not interrupted: it is fenced, and whether it was done is soon known.
        let ended = tokio::select! {
            handled = self.handle(&claim, left_there, instance) => match handled {
                Ok(commit) => self.commit(&claim, commit).await,
                Err(failed) => Box::pin(self.failed(&claim, failed)).await,
            },
            // Mostly another one has the place by now. Where a later turn was meant, the place must not wait for the lease.
            Ok(unasked) = is_lost => {
                if unasked {
                    let place = &claim.fence.place;
                    tracing::warn!(%place, "the turn is ended: another host took it over, or somebody cleared its place");
                }
                self.ports.store.hand_back(&claim.fence).await
            }
            () = no_time => self.ports.store.hand_back(&claim.fence).await,
        };
        if let Err(error) = ended {
            left(&claim, &error);
        }
        drop(entered);
        drop(raised);
        drop(permit);
        self.active();
    }

    /// Makes a turn the one that runs at its place, and ends one that lost the place to it: who cut that one may have
    /// looked for it too late, or be another host. Answers whether the turn has not lost its place already.
    fn enter(&self, turn: RunningTurn) -> bool {
        let mut running = self.running();
        if running.get(&turn.fence.place).is_some_and(|other| other.fence.epoch > turn.fence.epoch) {
            return false;
        }
        if let Some(former) = running.insert(turn.fence.place.clone(), turn) {
            let _ = former.lost.send(false);
        }
        true
    }

    /// The write that ends an attempt.
    async fn commit(&self, claim: &Claim, commit: Box<Commit>) -> Result<(), StoreError> {
        match self.ports.store.commit(&claim.fence, *commit).await {
            Ok(()) => {
                self.gauges.committed();
                self.answered.settle(&claim.inbound, self.ports.clock.now());
            }
            Err(error) => return Box::pin(self.failed(claim, Fault::from(error).into())).await,
        }
        Ok(())
    }

    /// The write that ends an attempt in vain.
    async fn failed(&self, claim: &Claim, failed: Box<Failed>) -> Result<(), StoreError> {
        let Failed { fault, route, journal } = *failed;
        let place = &claim.fence.place;
        let now = self.ports.clock.now();
        // A person who wants to leave is not held by a second attempt.
        let cancelled = matches!(&route, Some(Route::Run(run)) if run.event == FlowEvent::Cancelled);
        let given_up = match fault {
            // Nothing comes here parked.
            Fault::Stale | Fault::Parked => return Err(StoreError::Stale),
            Fault::Guest(fault) if fault.is_final() || cancelled || claim.attempt >= turn::MOST_GUEST_ATTEMPTS => fault,
            Fault::Guest(fault) => {
                tracing::warn!(%place, seq = %claim.seq, error = fault.name(), "{fault}; trying once more");
                return self.ports.store.retry(&claim.fence, now).await;
            }
            Fault::Host(reason) if claim.attempt >= turn::MOST_ATTEMPTS => {
                GuestFault::HostFailed { attempts: claim.attempt, reason }
            }
            Fault::Host(reason) => {
                let due = turn::backoff(claim, now);
                tracing::error!(%place, seq = %claim.seq, attempt = claim.attempt, "{reason}; trying again in {} ms", due - now);
                return self.ports.store.retry(&claim.fence, due).await;
            }
        };
        tracing::error!(%place, seq = %claim.seq, error = given_up.name(), "{given_up}; the event goes to the dead letters");
        let mut claim = claim.clone();
        claim.journal = match journal {
            Some(journal) => journal,
            // A guest that was ended from outside tells nothing of its calls, and one that waits has none in memory.
            None => self.ports.store.underway(place).await?.map_or(claim.journal, |turn| turn.journal),
        };
        let commit = turn::give_up(&claim, route.as_ref(), &given_up, now);
        self.ports.store.commit(&claim.fence, commit).await?;
        self.gauges.committed();
        Ok(())
    }

    async fn handle(
        &self,
        claim: &Claim,
        left_there: Option<usize>,
        instance: OwnedSemaphorePermit,
    ) -> Result<Box<Commit>, Box<Failed>> {
        if turn::never_ends(claim) {
            return Err(Fault::from(GuestFault::NeverEnds(claim.attempt - 1)).into());
        }
        let mut aside = false;
        let mut way = match &claim.pin {
            Some(pin) => serde_json::from_str(pin)
                .map_err(|error| Fault::Host(format!("the turn's pinned route cannot be read: {error}")))?,
            None => {
                let (inbound, open) = (&claim.inbound, claim.conversation.as_ref());
                let silent = open.and_then(|open| life::step(claim, open, self.expiry(&open.flow)));
                if let Some(Step::Commit(commit)) = silent {
                    return Ok(commit);
                }
                if let Some(commit) = self.waits(claim).await? {
                    return Ok(commit);
                }
                // What the host itself brings about belongs to whoever it concerns.
                let part = match open {
                    Some(open) if inbound.body.is_a_persons() => self.part(&inbound.person, &inbound.place, open),
                    _ => Part::Whole,
                };
                match (part, open) {
                    (_, Some(open)) if silent.is_some() => expire(self.is_default(&open.flow)),
                    // What it was meant for is over.
                    (_, None) if inbound.manner.overheard && matches!(inbound.body, Body::Said { .. }) => Route::Drop,
                    (Part::Whole, open) => {
                        let (offers, words) =
                            (self.offers(&inbound.person, &inbound.place), texts::of(&inbound.person.locale));
                        route(&inbound.body, open, &offers, words)
                    }
                    (part, Some(open)) => {
                        aside = true;
                        route_aside(inbound, part, open, &self.offers(&inbound.person, &inbound.place))
                    }
                    (_, None) => Route::Drop,
                }
            }
        };
        match &way {
            // They answered it a moment ago, and mean it once.
            Route::Whisper(_) if self.answered.again(&claim.inbound) => way = Route::Drop,
            Route::Whisper(_) | Route::Drop if !aside => {}
            _ => self.answered.note(&claim.inbound, claim.inbound.at),
        }
        let conversation = match self.conversation(claim, &mut way).await {
            Ok(conversation) => conversation.map(Box::new),
            Err(fault) => return Err(Box::new(Failed { fault, route: Some(way), journal: None })),
        };
        let run = match &way {
            Route::Run(run) => run,
            Route::Answer(answer) => return Ok(Box::new(turn::answer(claim, answer))),
            Route::Whisper(text) => return Ok(Box::new(turn::whisper(claim, text))),
            Route::End(text) => return Ok(Box::new(turn::end(claim, text))),
            Route::Drop => return Ok(Box::default()),
        };
        let Some(conversation) = conversation else {
            return Err(Fault::Host("the pinned route goes on with a conversation that is not open".to_owned()).into());
        };
        match self.run(claim, left_there, (&way, run), conversation, instance).await {
            Ok(commit) => Ok(commit),
            Err((fault, journal)) => Err(Box::new(Failed { fault, route: Some(way), journal })),
        }
    }

    /// What an event that no person caused leads to where its conversation has had too many of them.
    async fn waits(&self, claim: &Claim) -> Result<Option<Box<Commit>>, Fault> {
        let Some(open) = claim.conversation.as_ref().filter(|_| !claim.inbound.body.is_a_persons()) else {
            return Ok(None);
        };
        let unsent = match &claim.inbound.body {
            Body::Timer { .. } => self.ports.store.glance(&claim.fence.place).await?.outbox,
            _ => 0,
        };
        let waits = alone::waits(&claim.inbound, open, unsent);
        if waits.is_some() {
            tracing::debug!(place = %claim.fence.place, unsent, "a conversation that nobody talks to has to wait");
        }
        Ok(waits.map(Box::new))
    }

    async fn run(
        &self,
        claim: &Claim,
        left_there: Option<usize>,
        (way, run): (&Route, &Run),
        mut conversation: Box<Conversation>,
        instance: OwnedSemaphorePermit,
    ) -> Result<Box<Commit>, (Fault, Option<Vec<JournaledCall>>)> {
        let ready = self.catalog.ready(&conversation.digest).await.map_err(|fault| (fault, None))?;
        if run.begin.is_some() {
            conversation.began.audience = ready.info.audience;
            conversation.began.title.clone_from(&ready.info.title);
        }
        let pin = serde_json::to_string(way)
            .map_err(|error| (Fault::Host(format!("the turn's route cannot be written: {error}")), None))?;
        let journal = Journal::new(claim.journal.clone(), left_there);
        let scope = Box::new(Scope {
            ports: self.ports.clone(),
            grants: self.grants.clone(),
            bounds: self.bounds.clone(),
            gauges: self.gauges.clone(),
            logs: self.logs.clone(),
            flow: conversation.flow.clone(),
            asks: ready.info.asks.clone(),
            fence: claim.fence.clone(),
            turn: TurnId::new(&claim.fence.place, claim.seq),
            person: claim.inbound.person.id.clone(),
            generation: conversation.generation,
            in_doubt: self.in_doubt.of(&conversation.flow),
            pin,
            now: Arc::new(AtomicU64::new(claim.inbound.at)),
            found: journal.len(),
            journal,
            memory: self.sandbox.no_memory(&conversation.flow),
            calling: 0,
            short: None,
            journaled: 0,
            made: 0,
            progress_at: 0,
            instances: self.sandbox.instances().clone(),
            spent: Duration::ZERO,
            log: self.flow_log.clone(),
            waited: Duration::ZERO,
            again: claim.attempt > 1,
            parked: None,
        });
        let call = Box::new(Call {
            event: run.event.clone(),
            context: turn::context(claim, &conversation),
            state: run.begin.is_none().then(|| conversation.state.clone()),
        });
        let (outcome, scope) = self.sandbox.handle(&ready, &call, scope, instance).await;
        let showed = scope.as_ref().is_some_and(|scope| scope.progress_at != 0);
        let journal = scope.and_then(|scope| scope.journal.into_calls());
        let outcome = match outcome {
            Ok(outcome) => outcome,
            Err(fault) => return Err((fault, journal)),
        };
        let expiry = self.expiry(&conversation.flow);
        let mut concluded = turn::conclude(claim, run, *conversation, outcome, &self.bounds);
        if let Ok(commit) = &mut concluded {
            life::heard(commit, expiry, claim.inbound.body.is_a_persons());
        }
        if showed && concluded.as_ref().is_ok_and(|commit| commit.messages.is_empty()) {
            // No message will take it away.
            self.ports.messenger.progress(&claim.fence.place, "");
        }
        concluded.map(Box::new).map_err(|fault| (fault.into(), journal))
    }
}
