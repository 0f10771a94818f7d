//! Forms while a person waits: a click on a form's button opens its window, and what is submitted in it is checked. Slack
//! gives three seconds for each; no flow runs in them, for it declared the form beforehand.

use std::time::Duration;

use pesto_engine::form;
use pesto_engine::model::{Conversation, Inbound, Manner, Person, Place};
use pesto_engine::policy::Part;
use pesto_engine::ports::Accepted;
use pesto_engine::router::refusal;
use pesto_engine::texts;
use tokio::time::{Instant, timeout_at};

use super::api_error::ApiError;
use super::form_view::{closed, errors, not_yours, view};
use super::intake::{Answer, Intake};
use super::reading::{Incoming, Opening, Submission};
use super::{sizes, words};

/// For opening a window: less than the life of the click's trigger, which is three seconds.
const OPENING: Duration = Duration::from_millis(2_500);

/// Slack's code for a trigger that has opened a window already.
const EXCHANGED: &str = "exchanged_trigger_id";

impl Intake {
    /// Opens the window of a form.
    pub(super) async fn open_form(&self, opening: Opening) -> Answer {
        let Opening { trigger, user, place, message } = opening;
        let begun = Instant::now();
        let Ok(open) = self.conversation(&place).await else { return Answer::Silence };
        let person = self.shared.people.person(&self.shared.api, &user, None, place.workspace()).await;
        let (engines, words) = (texts::of(&person.locale), words::of(&person.locale));
        let Some((open, form)) = open.and_then(|open| open.form(&message).cloned().map(|form| (open, form))) else {
            self.whisper(place, user, engines.stale_form().to_owned());
            return Answer::Ack(None);
        };
        let part = self.engine.part(&person, &place, &open);
        if part != Part::Whole {
            self.whisper(place, user, refusal(part, &open, engines));
            return Answer::Ack(None);
        }
        let view = view(&place, &message, &form);
        if let Err(fault) = sizes::check_view(&view) {
            tracing::error!(%place, "a form does not fit into Slack: {fault}");
            self.whisper(place, user, words.not_shown.to_owned());
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
        self.whisper(place, user, words.not_opened.to_owned());
        Answer::Ack(None)
    }

    /// Checks what was submitted; what is right is stored, and what is wrong is shown in the window.
    pub(super) async fn fill(&self, submission: Submission) -> Answer {
        let Submission { incoming, message, values } = submission;
        let Ok(open) = self.conversation(&incoming.place).await else { return Answer::Silence };
        let hint = incoming.name_hint.as_deref();
        let person = self.shared.people.person(&self.shared.api, &incoming.user, hint, &incoming.team).await;
        let (engines, words) = (texts::of(&person.locale), words::of(&person.locale));
        let Some((open, form)) = open.and_then(|open| open.form(&message).cloned().map(|form| (open, form))) else {
            return self.too_late(incoming, person).await;
        };
        let part = self.engine.part(&person, &incoming.place, &open);
        if part != Part::Whole {
            return Answer::View(not_yours(&refusal(part, &open, engines), words));
        }
        match form::check(&form, &values) {
            // Errors of fields that the window does not have would be shown to nobody.
            Err(problems) if problems.iter().all(|(key, _)| form.fields.iter().any(|field| field.key == *key)) => {
                Answer::View(errors(&problems, engines))
            }
            Err(_) => self.too_late(incoming, person).await,
            Ok(_) => self.store(incoming, None).await,
        }
    }

    /// The form is not open any more: perhaps because this very submission was taken, and its answer was lost.
    async fn too_late(&self, incoming: Incoming, person: Person) -> Answer {
        let Incoming { id, place, sent, body, .. } = incoming;
        let words = words::of(&person.locale);
        let inbound = Inbound { id, place, person, at: 0, sent: Some(sent), manner: Manner::default(), body };
        match self.engine.pass_over(inbound).await {
            Ok(Accepted::Duplicate) => Answer::Ack(None),
            Ok(Accepted::New(_) | Accepted::Taken(_) | Accepted::Full) => Answer::View(closed(words)),
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
