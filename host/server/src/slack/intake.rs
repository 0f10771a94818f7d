//! From a payload to the store. Slack is answered only when this says so.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use pesto_engine::delay::{Arrival, Ways};
use pesto_engine::engine::Engine;
use pesto_engine::intake::Rejected;
use pesto_engine::model::{Beginning, Body, Inbound, Manner, Micros, Place};
use pesto_engine::policy::Part;
use pesto_engine::ports::{Accepted, Glance, StoreError};
use pesto_engine::texts;
use serde_json::Value;
use tokio::time::Instant;

use super::api_error::ApiError;
use super::form_view::full;
use super::incoming_text::with_names;
use super::limiter::NotNow;
use super::reading::{Identity, Incoming, Reading};
use super::render::ephemeral;
use super::sign::SOON;
use super::{Shared, commands, events, field, interactions, words};

/// A thread that is younger than this, in microseconds, may begin with a mention that is still on its way.
const YOUNG: Micros = 10_000_000;
/// How long is waited for that mention. Slack wants its answer within 3 s.
const OVERTAKEN: Duration = Duration::from_millis(1_500);

/// How far apart Slack's clock and ours may be where a post is compared with a conversation's beginning, in
/// microseconds.
const SKEW: Micros = 5_000_000;

/// How often words of the host are tried again that find their channel taken.
const WORDS: u32 = 8;
/// How far from ours the clock may be by which something was sent, in microseconds; Slack's own bound for requests.
const AHEAD: Micros = 300_000_000;

/// What a payload is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Of the Events API.
    Event,
    /// A control, a form, a shortcut.
    Interaction,
    /// A slash command.
    Command,
}

/// How Slack is answered.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Answer {
    /// It was taken; these words, if any, are for the person alone.
    Ack(Option<String>),
    /// It was submitted in a window, and this is what becomes of that.
    View(Value),
    /// Not at all, so that it comes again.
    Silence,
}

/// Takes payloads.
pub(super) struct Intake {
    pub(super) engine: Arc<Engine>,
    pub(super) shared: Arc<Shared>,
    us: Identity,
}

impl Intake {
    pub(super) fn new(engine: Arc<Engine>, shared: Arc<Shared>, us: Identity) -> Self {
        Self { engine, shared, us }
    }

    /// Reads a payload that came on one of so many ways, and stores what it tells.
    pub(super) async fn take(&self, kind: Kind, payload: &Value, ways: Ways) -> Answer {
        let reading = match kind {
            Kind::Event => events::read(payload, &self.us),
            Kind::Interaction => interactions::read(payload, &self.us, now()),
            Kind::Command => commands::read(payload, &self.us, now()),
        };
        match reading {
            Reading::Event(mut incoming) => {
                if let Some((stands, address)) = interactions::reply_address(payload) {
                    // A sign can stand below what was clicked as well as below what was written.
                    let at = stands.split_once('/').map(|(channel, ts)| (channel.to_owned(), ts.to_owned()));
                    incoming.heard_at = incoming.heard_at.or(at);
                    self.shared.people.clicked(stands, address);
                }
                // Clicks and commands bear our own time, and name what they answer.
                let is_text = kind == Kind::Event && matches!(incoming.body, Body::Said { .. });
                let arrival = is_text.then(|| self.engine.arrives(incoming.sent.min(now() + AHEAD), ways));
                self.store(incoming, arrival).await
            }
            Reading::Edited(incoming) => self.edited(incoming).await,
            Reading::Open(opening) => self.open_form(opening).await,
            Reading::Filled(submission) => self.fill(submission).await,
            Reading::Ignored(why) => {
                tracing::debug!(?kind, "left aside: {why}");
                Answer::Ack(None)
            }
            Reading::Malformed(what) => {
                tracing::warn!(?kind, "Slack sent what cannot be read: {what}");
                Answer::Ack(None)
            }
            Reading::Notice(notice) => {
                tracing::error!("{notice}");
                Answer::Ack(None)
            }
        }
    }

    pub(super) async fn store(&self, incoming: Incoming, arrival: Option<Arrival>) -> Answer {
        let begun = Instant::now();
        let Incoming { id, team, user, place, sent, mut body, only_if_open, name_hint, ack, .. } = incoming;
        let (instead, mut below, mentioned, heard_at) =
            (incoming.instead, incoming.below, incoming.mentioned, incoming.heard_at);
        let untaken = |error: StoreError, place: &Place| {
            tracing::error!(%place, %error, "an event is not taken, and Slack will send it again");
            Answer::Silence
        };
        let place = match self.settled(&id, place, instead).await {
            Ok((place, root)) => {
                below = below.or(root);
                place
            }
            Err((error, place)) => return untaken(error, &place),
        };
        let open = match only_if_open {
            false => None,
            true => match self.is_open(&place, sent).await {
                Ok(Some(glance)) => Some(glance.conversation),
                Ok(None) => return Answer::Ack(None),
                Err(error) => return untaken(error, &place),
            },
        };
        if let (Some(user), Some((channel, _))) = (place.person(), &heard_at) {
            self.shared.people.is_direct(user, channel);
        }
        let people = &self.shared.people;
        let person = people.person(&self.shared.api, &user, name_hint.as_deref(), &team).await;
        // People talk in a thread, and what is not for us is not even stored.
        if let Some(Some(open)) = &open
            && self.engine.part(&person, &place, open) != Part::Whole
        {
            return Answer::Ack(None);
        }
        if !mentioned.is_empty() {
            let names = people.names(&self.shared.api, &mentioned).await;
            if let Body::Said { text, .. } | Body::Edited { text, .. } | Body::Start { arguments: text, .. } = &mut body
            {
                *text = with_names(text, &names);
            }
        }
        let words = words::of(&person.locale);
        let manner = Manner { overheard: only_if_open, below };
        let sent = Some(sent.min(now() + AHEAD));
        let inbound = Inbound { id, place: place.clone(), person, at: 0, sent, manner, body };
        let busy = self.engine.is_busy(&place);
        // Who first spoke to us is known only when the conversation is there.
        let ours = open != Some(None) || self.engine.is_first(&inbound);
        match self.engine.accept_arrived(inbound.clone(), arrival).await {
            Ok(Accepted::New(_) | Accepted::Taken(_)) => {
                if let Some(at) = heard_at.filter(|_| ours) {
                    self.shared.signs.expect(&place, at, if busy { Instant::now() } else { begun + SOON });
                }
            }
            Ok(Accepted::Duplicate | Accepted::Full) => {}
            Err(Rejected::Store(error)) => return untaken(error, &place),
            // Slack would send it again at once, and then give up.
            Err(Rejected::Full) => {
                self.engine.tell_full(&inbound);
                return match inbound.body {
                    Body::Filled { .. } => Answer::View(full(words)),
                    _ => Answer::Ack(None),
                };
            }
            Err(why) if self.refuse(inbound, &why).await => {}
            Err(_) => return Answer::Silence,
        }
        Answer::Ack(ack.map(|ack| ack.told.in_words(words, ack.address.as_deref())))
    }

    /// Where something belongs that was said in a thread below a post of ours in somebody's direct messages, and the
    /// post's ts where that is outside the thread: there, if the post is of what goes on there and nothing goes on in
    /// the thread.
    async fn settled(
        &self,
        id: &str,
        thread: Place,
        outside: Option<Place>,
    ) -> Result<(Place, Option<String>), (StoreError, Place)> {
        let Some((outside, root)) = outside.zip(thread.thread().map(|(_, root)| root.to_owned())) else {
            return Ok((thread, None));
        };
        let people = &self.shared.people;
        let store = &self.engine.ports().store;
        let is_outside = async {
            // It comes again, perhaps when that conversation is over.
            if people.was_moved(id) {
                return Ok(true);
            }
            let inside = store.glance(&thread).await?;
            if inside.conversation.is_some() || inside.inbox > 0 {
                return Ok(false);
            }
            let open = store.glance(&outside).await?.conversation;
            Ok(open.is_some_and(|open| is_within(&open.began, field::microseconds(&root).unwrap_or_default())))
        };
        match is_outside.await {
            Ok(true) => {
                people.moved(id);
                Ok((outside, Some(root)))
            }
            Ok(false) => Ok((thread, None)),
            Err(error) => Err((error, thread)),
        }
    }

    /// Stores an edit, if what was changed was for what is open. Who talked to others there needs no answer.
    async fn edited(&self, mut incoming: Incoming) -> Answer {
        let Body::Edited { was, .. } = incoming.body else { return Answer::Ack(None) };
        let settled = self.settled(&incoming.id, incoming.place.clone(), incoming.instead.take()).await;
        let looked = async {
            let (place, below) = settled.map_err(|(error, _)| error)?;
            let open = self.engine.ports().store.glance(&place).await?.conversation;
            Ok::<_, StoreError>(open.filter(|open| is_within(&open.began, was)).map(|_| (place, below)))
        };
        match looked.await {
            Ok(Some((place, below))) => {
                (incoming.place, incoming.below) = (place, below);
                self.store(incoming, None).await
            }
            Ok(None) => Answer::Ack(None),
            Err(error) => {
                tracing::error!(%error, "an edit is not taken, and Slack will send it again");
                Answer::Silence
            }
        }
    }

    /// What goes on at a thread, if anything does. A reply may overtake the mention that the thread begins with.
    async fn is_open(&self, thread: &Place, sent: Micros) -> Result<Option<Glance>, StoreError> {
        let store = &self.engine.ports().store;
        let is_open = async || {
            let glance = store.glance(thread).await?;
            Ok(Some(glance).filter(|glance| glance.conversation.is_some() || glance.inbox > 0))
        };
        let began = thread.thread().and_then(|(_, root)| field::microseconds(root)).unwrap_or_default();
        if let Some(open) = is_open().await? {
            return Ok(Some(open));
        }
        if sent.saturating_sub(began) > YOUNG {
            return Ok(None);
        }
        tokio::time::sleep(OVERTAKEN).await;
        is_open().await
    }

    /// Tells the person why their message is not taken, once: a mention comes as two events, and each may come again.
    /// Answers whether it is done.
    async fn refuse(&self, inbound: Inbound, why: &Rejected) -> bool {
        let place = inbound.place.clone();
        let words = match why {
            Rejected::TooLong { got, most } => texts::of(&inbound.person.locale).too_long(*got, *most),
            why => why.to_string(),
        };
        tracing::info!(%place, "a message is not taken: {why}");
        match self.engine.pass_over(inbound).await {
            Ok(Accepted::New(_) | Accepted::Taken(_)) => self.tell(place, words),
            Ok(Accepted::Duplicate | Accepted::Full) => {}
            Err(error) => {
                tracing::error!(%place, %error, "a message that is not taken cannot be noted");
                return false;
            }
        }
        true
    }

    /// Says something to one person alone, at once and beside the outbox. Nothing hangs on it.
    pub(super) fn whisper(&self, place: Place, user: String, words: String) {
        let shared = self.shared.clone();
        tokio::spawn(async move {
            let told = async {
                let spot = shared.spot(&place).await?;
                shared.api.whisper(spot.at(), &user, &ephemeral(&words)).await
            };
            if let Err(error) = told.await {
                tracing::warn!(%place, "a person could not be told what the matter is: {error}");
            }
        });
    }

    /// Posts short words of the host at once, beside the outbox. Nothing hangs on them.
    pub(super) fn tell(&self, place: Place, words: String) {
        let shared = self.shared.clone();
        tokio::spawn(async move {
            let told = async {
                let spot = shared.spot(&place).await?;
                let mut left = WORDS;
                let _turn = loop {
                    // Not in the channel's queue: there these would hold up what is in the outbox, and anybody can
                    // cause them.
                    match shared.api.limiter.post(&spot.channel, place.as_str()) {
                        Ok(turn) => break turn,
                        Err(not_now) if left == 0 => return Err(ApiError::from(not_now)),
                        Err(NotNow(wait)) => tokio::time::sleep(wait).await,
                    }
                    left -= 1;
                };
                shared.api.send(spot.at(), &ephemeral(&words)).await
            };
            if let Err(error) = told.await {
                tracing::warn!(%place, "a person could not be told what the matter is: {error}");
            }
        });
    }
}

/// Whether what was written at that time by Slack's clock was written in the conversation that began so.
fn is_within(began: &Beginning, written: Micros) -> bool {
    began.sent.is_none_or(|began| began <= written.saturating_add(SKEW))
}

fn now() -> Micros {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Micros::try_from(since.as_micros()).unwrap_or(Micros::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_posted_before_a_conversation_is_not_of_it() {
        let began = |sent| Beginning { sent, ..Beginning::default() };
        assert!(is_within(&began(Some(SKEW * 3)), SKEW * 3 + 1));
        assert!(is_within(&began(Some(SKEW * 3)), SKEW * 2), "clocks may be apart");
        assert!(!is_within(&began(Some(SKEW * 3)), SKEW * 2 - 1));
        assert!(is_within(&began(None), 0));
    }
}
