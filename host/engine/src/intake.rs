//! How events enter. A control word that comes while a turn runs is handled beside it, not behind it: a person
//! who says `cancel` must not wait for what they want to end.

use crate::engine::Engine;
use crate::model::{Body, Control, EffectId, File, Inbound, Message, Millis};
use crate::policy::contract;
use crate::ports::{Accepted, Entry, Glance, StoreError};
use crate::texts;

/// How long a text waits for one that was sent earlier, where the channel may deliver out of order, in milliseconds.
/// Two texts in a row come over two connections a few milliseconds apart; nobody feels this wait.
const REORDER: Millis = 100;

/// Why an event did not enter.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Rejected {
    /// The person should hear this.
    #[error("Your message is too long: it has {got} bytes, and I can take {most}.")]
    TooLong {
        /// In bytes.
        got: usize,
        /// In bytes.
        most: usize,
    },
    /// Its id cannot be stored.
    #[error("the event's id must have 1 to 200 bytes")]
    BadId,
    /// The store did not take it: do not acknowledge it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Engine {
    /// Stores an event, once. When this returns, it survives a crash; `at` is set here.
    pub async fn accept(&self, mut inbound: Inbound) -> Result<Accepted, Rejected> {
        check(&inbound)?;
        let store = &self.ports.store;
        inbound.at = self.ports.clock.now();
        let entry = match inbound.body {
            // What is said may be the second half of what was said before; a pick names what it answers.
            Body::Said { .. } if inbound.sent.is_some() => Entry::Hold(inbound.at + REORDER),
            _ => Entry::Queue,
        };
        let control = match &inbound.body {
            Body::Said { text, files } if files.is_empty() => Control::parse(text),
            _ => None,
        };
        let Some(control) = control else { return Ok(store.accept(inbound, entry).await?) };
        let glance = store.glance(&inbound.place).await?;
        if glance.inbox == 0 {
            // The router decides, for it knows whether the flow wants this text to be taken as it is.
            return Ok(store.accept(inbound, entry).await?);
        }
        match control {
            Control::Cancel | Control::Restart => {
                let place = inbound.place.clone();
                inbound.body = Body::Control(control);
                let accepted = store.accept(inbound, Entry::Cut).await?;
                if let Accepted::New(Some(seq)) = accepted {
                    self.cut(&place, seq);
                }
                Ok(accepted)
            }
            Control::Status | Control::Help => {
                let text = match control {
                    Control::Help => texts::help(&self.catalog.offers()),
                    _ => status(&glance),
                };
                let message = Message {
                    id: EffectId::beside(&inbound.id, 0),
                    place: inbound.place.clone(),
                    generation: 0,
                    key: "host".to_owned(),
                    text,
                    choices: None,
                    closes: None,
                };
                Ok(store.accept(inbound, Entry::Answer(vec![message])).await?)
            }
        }
    }
}

fn status(glance: &Glance) -> String {
    let flow = glance.conversation.as_ref().map(|open| open.flow.as_str());
    texts::status(flow, true, glance.inbox.saturating_sub(1))
}

/// What a file adds to an event: its content stays in the channel.
fn weight(file: &File) -> usize {
    file.id.len() + file.name.len() + file.media_type.len()
}

fn check(inbound: &Inbound) -> Result<(), Rejected> {
    if inbound.id.is_empty() || inbound.id.len() > 200 {
        return Err(Rejected::BadId);
    }
    let got = match &inbound.body {
        Body::Said { text, files } => text.len() + files.iter().map(weight).sum::<usize>(),
        Body::Start { arguments, .. } => arguments.len(),
        Body::Picked { message, values } => message.as_str().len() + values.iter().map(String::len).sum::<usize>(),
        Body::Control(_) | Body::Timer { .. } | Body::Undelivered { .. } => 0,
    };
    let most = contract::TEXT;
    if got > most { Err(Rejected::TooLong { got, most }) } else { Ok(()) }
}
