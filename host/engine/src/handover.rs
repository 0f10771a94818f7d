//! Turns that are claimed as their events are accepted, and how they come to [`dispatch`](crate::dispatch): the host that
//! accepts an event mostly does its turn, and claiming it apart would be one write more.

use std::future::Future;
use std::sync::Arc;

use tokio::sync::mpsc::UnboundedReceiver;
use tokio::sync::mpsc::error::SendError;
use tokio::task::JoinSet;

use crate::dispatch::reap;
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
    /// Stores an event in its inbox. Where there is room its turn begins at once. Should whoever asked not wait for the
    /// answer, the turn is lost with it, and claimed again when its lease ran out.
    pub(crate) async fn enter_inbox(&self, inbound: Inbound, entry: Entry) -> Result<Accepted, StoreError> {
        let store = &self.ports.store;
        let room = match (self.taken.get(), &entry) {
            (Some(taken), Entry::Queue) if !self.is_stopping() => {
                // Whoever waits for room comes first: what they want to claim is older.
                Room::find(&self.room, self.sandbox.instances()).map(|room| (taken, room))
            }
            _ => None,
        };
        let Some((taken, room)) = room else { return store.accept(inbound, entry).await };
        let claim = match store.accept(inbound, Entry::Take(LEASE)).await? {
            Accepted::Taken(claim) => claim,
            other => return Ok(other),
        };
        let seq = claim.seq;
        if let Err(SendError(Taken { claim, room })) = taken.send(Taken { claim, room }) {
            // The host began to stop meanwhile.
            drop(room);
            if let Err(error) = store.hand_back(&claim.fence).await {
                self.left(&claim, &error);
            }
        }
        Ok(Accepted::New(Some(seq)))
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

    pub(crate) fn begin(&mut self, claim: Box<Claim>, room: Room) {
        reap(&mut self.tasks);
        self.tasks.spawn_on(self.engine.clone().turn(claim, room), self.engine.sandbox.threads());
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
