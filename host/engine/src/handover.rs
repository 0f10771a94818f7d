//! Turns that are claimed as their events are accepted, and how they come to [`dispatch`](crate::dispatch): the host that
//! accepts an event mostly does its turn, and claiming it apart would be one write more.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::runtime::Handle;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::sync::mpsc::error::SendError;
use tokio::task::JoinSet;

use crate::broker::lighten;
use crate::dispatch::{left, reap};
use crate::engine::{Engine, LEASE};
use crate::model::Inbound;
use crate::ports::{Accepted, Claim, Entry, StoreError};
use crate::room::Room;

/// A turn to do, and the room for it.
pub(crate) struct Taken {
    claim: Box<Claim>,
    room: Room,
}

impl Engine {
    /// Stores an event in its inbox. Where there is room its turn begins at once.
    pub(crate) async fn enter_inbox(&self, inbound: Inbound, entry: Entry) -> Result<Accepted, StoreError> {
        let store = self.ports.store.clone();
        let room = match (self.taken.get(), &entry) {
            (Some(taken), Entry::Queue) if !self.is_stopping() => {
                // Whoever waits for room comes first: what they want to claim is older.
                Room::find(&self.room, self.sandbox.instances()).map(|room| (taken.clone(), room))
            }
            _ => None,
        };
        let Some((taken, room)) = room else { return store.accept(inbound, entry).await };
        let enter = async move {
            let claim = match store.accept(inbound, Entry::Take(LEASE)).await? {
                Accepted::Taken(claim) => claim,
                other => return Ok(other),
            };
            let seq = claim.seq;
            if let Err(SendError(Taken { claim, room })) = taken.send(Taken { claim, room }) {
                // The host began to stop meanwhile.
                let handed_back = store.hand_back(&claim.fence).await;
                drop(room);
                if let Err(error) = handed_back {
                    left(&claim, &error);
                }
            }
            Ok(Accepted::New(Some(seq)))
        };
        Finished(Some(Box::pin(enter))).await
    }
}

/// Goes on also when nobody waits for it any more, for a claim of which nobody knows would hold its place until its lease
/// ran out, and count as an attempt.
struct Finished<T: Send + 'static>(Option<Pin<Box<dyn Future<Output = T> + Send>>>);

impl<T: Send + 'static> Future for Finished<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<T> {
        let Some(steps) = &mut self.0 else { return Poll::Pending };
        let poll = steps.as_mut().poll(context);
        if poll.is_ready() {
            self.0 = None;
        }
        poll
    }
}

impl<T: Send + 'static> Drop for Finished<T> {
    fn drop(&mut self) {
        // Without a runtime the process ends.
        if let (Some(steps), Ok(runtime)) = (self.0.take(), Handle::try_current()) {
            // Later nobody needs it any more.
            drop(runtime.spawn(tokio::time::timeout(LEASE, steps)));
        }
    }
}

/// The turns under way.
pub(crate) struct Turns {
    engine: Arc<Engine>,
    tasks: JoinSet<()>,
    taken: UnboundedReceiver<Taken>,
}

impl Turns {
    pub(crate) fn new(engine: Arc<Engine>, taken: UnboundedReceiver<Taken>) -> Self {
        Self { engine, tasks: JoinSet::new(), taken }
    }

    pub(crate) fn begin(&mut self, mut claim: Box<Claim>, room: Room) {
        reap(&mut self.tasks);
        // It waits for room now, and has the journal again when there is some.
        let left_there = lighten(&mut claim.journal);
        self.tasks.spawn_on(self.engine.clone().turn(claim, left_there, room), self.engine.sandbox.threads());
    }

    /// Begins what is handed over as long as `wait` is not over.
    pub(crate) async fn during<T>(&mut self, wait: impl Future<Output = T>) -> T {
        let mut wait = std::pin::pin!(wait);
        loop {
            tokio::select! {
                Some(Taken { claim, room }) = self.taken.recv() => self.begin(claim, room),
                done = &mut wait => return done,
            }
        }
    }

    /// Takes nothing more, and waits for what was begun.
    pub(crate) async fn end(mut self) {
        self.taken.close();
        while let Some(Taken { claim, room }) = self.taken.recv().await {
            self.begin(claim, room);
        }
        while self.tasks.join_next().await.is_some() {}
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_nobody_waits_for_any_more_goes_on() {
        let (begun, is_begun) = tokio::sync::oneshot::channel();
        let (ended, is_ended) = tokio::sync::oneshot::channel();
        let steps = async move {
            begun.send(()).unwrap();
            tokio::task::yield_now().await;
            ended.send(()).unwrap();
        };
        let waiting = Finished(Some(Box::pin(steps)));
        tokio::select! {
            biased;
            () = waiting => unreachable!("it takes two steps"),
            begun = is_begun => begun.unwrap(),
        }
        is_ended.await.unwrap();
    }
}
