//! The way to people in terminals: a messenger whose other end is whoever is attached to the local socket.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use pesto_engine::model::{EffectId, Message, Place};
use pesto_engine::ports::{Copies, Messenger, PostError, Posted, Receipt};
use tokio::sync::{mpsc, oneshot};

use crate::socket::FromHost;

/// The attached terminals.
#[derive(Default)]
pub struct Terminal(Mutex<Sessions>);

#[derive(Default)]
struct Sessions {
    by_place: HashMap<Place, Attached>,
    serial: u64,
}

struct Attached {
    serial: u64,
    sender: mpsc::Sender<FromHost>,
    unseen: HashMap<EffectId, oneshot::Sender<()>>,
}

impl Terminal {
    /// A person is here. Another terminal of theirs is sent away. The number is for [`detach`](Self::detach).
    pub fn attach(&self, place: &Place, sender: mpsc::Sender<FromHost>) -> u64 {
        let mut sessions = self.sessions();
        sessions.serial += 1;
        let serial = sessions.serial;
        let attached = Attached { serial, sender, unseen: HashMap::new() };
        if let Some(former) = sessions.by_place.insert(place.clone(), attached) {
            let bye = FromHost::Bye { reason: "you are talking to me in another terminal now".to_owned() };
            // A terminal whose queue is full is not reading anyway.
            let _ = former.sender.try_send(bye);
        }
        serial
    }

    /// A terminal went away; the person's newer one stays.
    pub fn detach(&self, place: &Place, serial: u64) {
        let mut sessions = self.sessions();
        if sessions.by_place.get(place).is_some_and(|attached| attached.serial == serial) {
            sessions.by_place.remove(place);
        }
    }

    /// The person saw a message.
    pub fn shown(&self, place: &Place, id: &EffectId) {
        let seen = self.sessions().by_place.get_mut(place).and_then(|attached| attached.unseen.remove(id));
        if let Some(seen) = seen {
            // The post may have timed out meanwhile.
            let _ = seen.send(());
        }
    }

    fn sessions(&self) -> MutexGuard<'_, Sessions> {
        // Nothing between lock and unlock can panic and leave the maps half changed.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Messenger for Terminal {
    async fn post(&self, message: &Message) -> Result<Option<Receipt>, PostError> {
        let (seen, shown) = oneshot::channel();
        let sender = {
            let mut sessions = self.sessions();
            let attached = sessions.by_place.get_mut(&message.place).ok_or(PostError::Away)?;
            attached.unseen.insert(message.id.clone(), seen);
            attached.sender.clone()
        };
        sender.send(FromHost::Message(message.clone())).await.map_err(|_| PostError::Away)?;
        // A terminal that goes away drops the other end. It may have shown the message, but it knows its id.
        shown.await.map_err(|_| PostError::Away)?;
        // What was printed cannot be changed.
        Ok(None)
    }

    async fn posted(&self, _message: &Message) -> Result<Option<Receipt>, PostError> {
        // The terminal knows each message's id, and shows none twice.
        Ok(None)
    }

    async fn remove_copies(&self, _message: &Message, _kept: Option<&Receipt>) -> Result<Copies, PostError> {
        Ok(Copies::default())
    }

    async fn close(&self, _posted: &Posted, _chosen: &str) -> Result<(), PostError> {
        Ok(())
    }

    fn progress(&self, place: &Place, text: &str) {
        // What was printed cannot be taken away.
        if text.is_empty() {
            return;
        }
        if let Some(attached) = self.sessions().by_place.get(place) {
            let _ = attached.sender.try_send(FromHost::Progress { text: text.to_owned() });
        }
    }
}
