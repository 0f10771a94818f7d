//! Forms while a person waits: a click on a form's button opens its window, and what is submitted in it is checked. Slack
//! gives three seconds for each; no flow runs in them, for it declared the form beforehand.

use std::time::Duration;

use pesto_engine::form;
use pesto_engine::model::{Conversation, Inbound, Manner, Person, Place};
use pesto_engine::policy::Part;
use pesto_engine::ports::Accepted;
use pesto_engine::router::refusal;
use tokio::time::{Instant, timeout_at};

use super::api_error::ApiError;
use super::form_view::{closed, errors, not_yours, view};
use super::intake::{Answer, Intake};
use super::reading::{Incoming, Opening, Submission};
use super::sizes;

/// For opening a window: less than the life of the click's trigger, which is three seconds.
const OPENING: Duration = Duration::from_millis(2_500);

/// Slack's code for a trigger that has opened a window already.
const EXCHANGED: &str = "exchanged_trigger_id";

const STALE: &str = "That form is no longer open.";
const NOT_OPENED: &str = "The form could not be opened just now. Please press its button again.";
const NOT_SHOWN: &str = "That form cannot be shown in Slack. Somebody has to look into it.";

impl Intake {
    /// Opens the window of a form.
    pub(super) async fn open_form(&self, opening: Opening) -> Answer {
        let Opening { trigger, user, place, message } = opening;
        let begun = Instant::now();
        let Ok(open) = self.conversation(&place).await else { return Answer::Silence };
        let Some((open, form)) = open.and_then(|open| open.form(&message).cloned().map(|form| (open, form))) else {
            self.whisper(place, user, STALE.to_owned());
            return Answer::Ack(None);
        };
        let person = self.shared.people.person(&self.shared.api, &user, None, place.workspace()).await;
        let part = self.engine.part(&person, &place, &open);
        if part != Part::Whole {
            self.whisper(place, user, refusal(part, &open));
            return Answer::Ack(None);
        }
        let view = view(&place, &message, &form);
        if let Err(fault) = sizes::check_view(&view) {
            tracing::error!(%place, "a form does not fit into Slack: {fault}");
            self.whisper(place, user, NOT_SHOWN.to_owned());
            return Answer::Ack(None);
        }
        let fault = match timeout_at(begun + OPENING, self.shared.api.open_view(&trigger, &view)).await {
            Ok(Ok(())) => return Answer::Ack(None),
            // The click came twice, and the window is there.
            Ok(Err(ApiError::Refused(code))) if code == EXCHANGED => return Answer::Ack(None),
            Ok(Err(error)) => error.to_string(),
            Err(_) => "Slack took too long".to_owned(),
        };
        tracing::warn!(%place, "a form is not opened: {fault}");
        self.whisper(place, user, NOT_OPENED.to_owned());
        Answer::Ack(None)
    }

    /// Checks what was submitted; what is right is stored, and what is wrong is shown in the window.
    pub(super) async fn fill(&self, submission: Submission) -> Answer {
        let Submission { incoming, message, values } = submission;
        let Ok(open) = self.conversation(&incoming.place).await else { return Answer::Silence };
        let Some((open, form)) = open.and_then(|open| open.form(&message).cloned().map(|form| (open, form))) else {
            return self.too_late(incoming).await;
        };
        let hint = incoming.name_hint.as_deref();
        let person = self.shared.people.person(&self.shared.api, &incoming.user, hint, &incoming.team).await;
        let part = self.engine.part(&person, &incoming.place, &open);
        if part != Part::Whole {
            return Answer::View(not_yours(&refusal(part, &open)));
        }
        match form::check(&form, &values) {
            // Errors of fields that the window does not have would be shown to nobody.
            Err(problems) if problems.iter().all(|(key, _)| form.fields.iter().any(|field| field.key == *key)) => {
                Answer::View(errors(&problems))
            }
            Err(_) => self.too_late(incoming).await,
            Ok(_) => self.store(incoming, None).await,
        }
    }

    /// The form is not open any more: perhaps because this very submission was taken, and its answer was lost.
    async fn too_late(&self, incoming: Incoming) -> Answer {
        let Incoming { id, user, place, sent, body, .. } = incoming;
        // Nobody is told of it, so their name need not be known.
        let person = Person {
            id: user,
            name: String::new(),
            locale: String::new(),
            time_zone: String::new(),
            utc_offset: None,
            groups: Vec::new(),
        };
        let inbound = Inbound { id, place, person, at: 0, sent: Some(sent), manner: Manner::default(), body };
        match self.engine.pass_over(inbound).await {
            Ok(Accepted::Duplicate) => Answer::Ack(None),
            Ok(Accepted::New(_) | Accepted::Taken(_) | Accepted::Full) => Answer::View(closed()),
            Err(error) => {
                tracing::error!(%error, "a form that came too late cannot be answered");
                Answer::Silence
            }
        }
    }

    /// The open conversation of a place. An error was logged, and the person sees that something failed.
    async fn conversation(&self, place: &Place) -> Result<Option<Conversation>, ()> {
        match self.engine.ports().store.glance(place).await {
            Ok(glance) => Ok(glance.conversation),
            Err(error) => {
                tracing::error!(%place, %error, "a form cannot be looked up");
                Err(())
            }
        }
    }
}
