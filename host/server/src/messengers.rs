//! Each workspace has its own way to people: the local one is this machine's terminals, any other is Slack's.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use pesto_engine::model::{Message, Place};
use pesto_engine::ports::{Copies, Messenger, PostError, Posted, Receipt};

use crate::slack::SlackMessenger;
use crate::socket::WORKSPACE;
use crate::terminal::Terminal;

/// How long a message waits whose workspace this host does not serve. Short, for such a host may be the one inside of a
/// chat, and the next one has Slack.
const AGAIN: Duration = Duration::from_secs(60);

/// All ways to people.
pub struct Messengers {
    terminal: Arc<Terminal>,
    slack: Option<SlackMessenger>,
}

impl Messengers {
    /// The terminals, and Slack if it is configured.
    pub fn new(terminal: Arc<Terminal>, slack: Option<SlackMessenger>) -> Self {
        Self { terminal, slack }
    }

    fn of(&self, place: &Place) -> Result<&dyn Messenger, PostError> {
        match &self.slack {
            _ if place.workspace() == WORKSPACE => Ok(&*self.terminal),
            Some(slack) => Ok(slack),
            // It is posted by a host that has [slack].
            None => Err(PostError::Later(Some(AGAIN), "Slack is not configured".to_owned())),
        }
    }
}

#[async_trait]
impl Messenger for Messengers {
    async fn post(&self, message: &Message) -> Result<Option<Receipt>, PostError> {
        self.of(&message.place)?.post(message).await
    }

    async fn posted(&self, message: &Message) -> Result<Option<Receipt>, PostError> {
        self.of(&message.place)?.posted(message).await
    }

    async fn remove_copies(&self, message: &Message, kept: Option<&Receipt>) -> Result<Copies, PostError> {
        self.of(&message.place)?.remove_copies(message, kept).await
    }

    async fn close(&self, posted: &Posted, chosen: &str) -> Result<(), PostError> {
        self.of(&posted.message.place)?.close(posted, chosen).await
    }

    fn progress(&self, place: &Place, text: &str) {
        if let Ok(messenger) = self.of(place) {
            messenger.progress(place, text);
        }
    }
}
