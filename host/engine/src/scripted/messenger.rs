//! A messenger whose other end is a list.

use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use crate::model::{EffectId, Message, Place};
use crate::ports::{Copies, Messenger, PostError, Posted, Receipt};

/// Keeps what was posted, in order, and what was refused on demand.
#[derive(Debug, Default)]
pub struct RecordingMessenger(Mutex<Record>);

#[derive(Debug, Default)]
struct Record {
    posted: Vec<Message>,
    closed: Vec<(EffectId, String)>,
    progress: Vec<(Place, String)>,
    refusals: Vec<PostError>,
}

impl RecordingMessenger {
    /// All messages posted so far.
    pub fn messages(&self) -> Vec<Message> {
        self.record().posted.clone()
    }

    /// All messages closed so far, each with what was chosen.
    pub fn closed(&self) -> Vec<(EffectId, String)> {
        self.record().closed.clone()
    }

    /// All progress lines shown so far.
    pub fn progress_lines(&self) -> Vec<(Place, String)> {
        self.record().progress.clone()
    }

    /// The next posts answer these errors, the last one first.
    pub fn refuse(&self, errors: impl IntoIterator<Item = PostError>) {
        self.record().refusals.extend(errors);
    }

    fn record(&self) -> MutexGuard<'_, Record> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn has(&self, id: &EffectId) -> bool {
        self.record().posted.iter().any(|message| message.id == *id)
    }
}

#[async_trait]
impl Messenger for RecordingMessenger {
    async fn post(&self, message: &Message) -> Result<Option<Receipt>, PostError> {
        let mut record = self.record();
        match record.refusals.pop() {
            Some(error) => Err(error),
            None => {
                record.posted.push(message.clone());
                Ok(Some(message.id.as_str().to_owned()))
            }
        }
    }

    async fn posted(&self, message: &Message) -> Result<Option<Receipt>, PostError> {
        Ok(self.has(&message.id).then(|| message.id.as_str().to_owned()))
    }

    async fn remove_copies(&self, message: &Message, _kept: Option<&Receipt>) -> Result<Copies, PostError> {
        let mut record = self.record();
        let before = record.posted.len();
        let mut found = false;
        record.posted.retain(|one| one.id != message.id || !std::mem::replace(&mut found, true));
        let removed = u32::try_from(before - record.posted.len()).unwrap_or(u32::MAX);
        Ok(Copies { kept: found.then(|| message.id.as_str().to_owned()), removed })
    }

    async fn close(&self, posted: &Posted, chosen: &str) -> Result<(), PostError> {
        let mut record = self.record();
        match record.refusals.pop() {
            Some(error) => Err(error),
            None => {
                record.closed.push((posted.message.id.clone(), chosen.to_owned()));
                Ok(())
            }
        }
    }

    fn progress(&self, place: &Place, text: &str) {
        self.record().progress.push((place.clone(), text.to_owned()));
    }
}
