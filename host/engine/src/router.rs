//! Decides what an event leads to. Pure: it sees the event, the open conversation and the flows on offer.

use pesto_reading::{Named, answers_yes_no, pick, pick_several, plain, wants_out, wants_restart, yes_no};
use serde::{Deserialize, Serialize};

use crate::flow::{Offer, Offers};
use crate::form::{self, Clean};
use crate::meant::{Start, after_start, guesses, named, start, started};
use crate::migrate::Move;
use crate::model::{
    Asks, Body, Choice, Choices, Control, Conversation, Digest, EffectId, File, FlowName, Inbound, Millis,
    OpenQuestion, Values,
};
use crate::policy::Part;
use crate::texts::{self, Then, Words};

/// What a flow is told, apart from the turn's context.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum FlowEvent {
    /// The conversation begins.
    Started {
        /// What follows `start NAME`.
        arguments: String,
    },
    /// The person wrote.
    Said {
        /// What.
        text: String,
        /// What came with it.
        files: Vec<File>,
    },
    /// The person changed what they wrote last.
    Edited {
        /// The new words.
        text: String,
    },
    /// The person chose.
    Picked {
        /// The flow's key of the message.
        key: String,
        /// Checked against the choices.
        values: Vec<String>,
    },
    /// The person filled in a form.
    Filled {
        /// The flow's key of the message.
        key: String,
        /// Checked against the form.
        values: Clean,
    },
    /// A timer is due.
    Timer {
        /// The flow's name of it.
        name: String,
        /// When it was due.
        due: Millis,
    },
    /// The conversation ends with this turn, whatever the flow answers.
    Cancelled,
    /// A message can never be delivered.
    Undelivered {
        /// The flow's key of the message.
        key: String,
        /// Why.
        reason: String,
    },
}

/// What an event leads to. Pinned with a turn's first host call, so that a re-run takes the same way although
/// the flows on offer may have changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Route {
    /// A flow handles it.
    Run(Run),
    /// The host answers.
    Answer(Answer),
    /// The host says this to the person alone, and all else stays as it is.
    Whisper(String),
    /// The host ends the conversation, and says so in these words.
    End(String),
    /// It means nothing any more.
    Drop,
}

/// A turn of a flow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// The flow and version with which a new conversation begins; none goes on with the open one.
    pub begin: Option<(FlowName, Digest)>,
    /// What the flow is told.
    pub event: FlowEvent,
    /// What is to be handled next: the flow to start after a cancelled one.
    pub follow: Option<Body>,
    /// Nobody is told what the flow says: there is nothing that they would miss.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub quiet: bool,
    /// What another version said to the conversation before; the router says nothing of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub moved: Option<Move>,
}

/// The host's own answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// What to say.
    pub text: String,
    /// What becomes of the question whether to end the conversation.
    pub switch: SwitchQuestion,
}

/// What an answer of the host does to its question whether to end the conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum SwitchQuestion {
    /// It stands as it did.
    Kept,
    /// It is answered.
    Settled,
    /// This answer asks it.
    Asked {
        /// The flow to start then.
        flow: Option<FlowName>,
        /// Its arguments.
        arguments: String,
    },
}

/// The host's question that is open in a conversation.
pub fn open_question(open: &Conversation, words: &dyn Words) -> Option<String> {
    let asked = open.switch_to.as_ref()?;
    let then = match &asked.flow {
        None => Then::Nothing,
        Some(flow) if *flow == open.flow => Then::Again,
        Some(flow) => Then::Start(flow.as_str()),
    };
    Some(words.switch(open.title(), then))
}

const YES: &str = "yes";
const NO: &str = "no";

/// Below the host's question.
pub fn switch_choices(words: &dyn Words) -> Choices {
    let choice = |value: &str, label: &str| Choice { value: value.to_owned(), label: label.to_owned() };
    Choices { options: vec![choice(YES, words.yes()), choice(NO, words.no())], least: 1, most: 1 }
}

/// Whether these choices stand below the host's question, in any language.
pub fn is_switch(choices: &Choices) -> bool {
    texts::all().any(|words| *choices == switch_choices(words))
}

/// The values that a text picks from choices, if it picks what is allowed: what a colleague would understand, and nothing
/// that could be meant in two ways. The host's commands pick nothing.
pub fn typed(text: &str, choices: &Choices) -> Option<Vec<String>> {
    if Control::exactly(text).is_some() {
        return None;
    }
    let options: Vec<_> = choices.options.iter().map(|option| Named::new(&option.value, &option.label)).collect();
    let found = match choices.most {
        0 | 1 => vec![pick(text, &options).found()?],
        _ => pick_several(text, &options).found()?,
    };
    let values: Vec<_> =
        found.into_iter().filter_map(|at| choices.options.get(at)).map(|it| it.value.clone()).collect();
    allowed(&values, choices).then_some(values)
}

/// The pick that a text is: of the host's question, by yes or no, or else of the latest question of the flow, unless that
/// wants the text as it is. A file comes with words that are for the flow.
pub fn as_pick(body: &Body, open: &Conversation) -> Option<Body> {
    let Body::Said { text, files } = body else { return None };
    let asked = open.switch_to.as_ref().map(|asked| &asked.message);
    // The host's question comes first, though the flow wanted the next text as it is: it did not ask this one.
    if let Some((message, yes)) = asked.zip(yes_no(text).or_else(|| answers_yes_no(text))) {
        return Some(Body::Picked { message: message.clone(), values: vec![if yes { YES } else { NO }.to_owned()] });
    }
    if !files.is_empty() || open.literal_next {
        return None;
    }
    let last = open.questions.iter().rev().find(|question| Some(&question.message) != asked)?;
    let Asks::Choices(choices) = &last.asks else { return None };
    typed(text, choices).map(|values| Body::Picked { message: last.message.clone(), values })
}

/// Decides.
///
/// The host's own answers are in these words.
pub fn route(body: &Body, open: Option<&Conversation>, offers: &Offers, words: &dyn Words) -> Route {
    let here = Here { offers, words };
    match open {
        Some(open) => within(body, open, here),
        None => outside(body, here),
    }
}

/// What is on offer to a person, and the words for them.
#[derive(Debug, Clone, Copy)]
struct Here<'a> {
    offers: &'a Offers,
    words: &'a dyn Words,
}

/// Decides for somebody whose part in what goes on at the place is not the whole. People talk in a thread, so only who
/// wants something of us is answered.
pub fn route_aside(inbound: &Inbound, part: Part, open: &Conversation, offers: &Offers) -> Route {
    let words = texts::of(&inbound.person.locale);
    match &inbound.body {
        Body::Said { .. } if inbound.manner.overheard => Route::Drop,
        Body::Edited { .. } => Route::Drop,
        Body::Said { text, files } if part == Part::Words && !commands(text) => {
            run(FlowEvent::Said { text: text.clone(), files: files.clone() })
        }
        body if control_of(body) == Some(Control::Help) => Route::Whisper(words.help(offers)),
        _ => Route::Whisper(refusal(part, open, words)),
    }
}

/// What somebody hears whose part in a conversation is not the whole.
pub fn refusal(part: Part, open: &Conversation, words: &dyn Words) -> String {
    match part {
        Part::Barred => words.not_yours().to_owned(),
        Part::Whole | Part::Words | Part::Nothing => words.somebody_elses(&open.began),
    }
}

/// Whether a text is for the host and not for a flow.
fn commands(text: &str) -> bool {
    Control::parse(text).is_some() || after_start(text).is_some()
}

/// Ends the open conversation, in which nobody says anything any more; quietly where nothing was in the middle.
pub fn expire(quiet: bool) -> Route {
    Route::Run(Run { begin: None, event: FlowEvent::Cancelled, follow: None, quiet, moved: None })
}

fn answer(text: impl Into<String>) -> Route {
    Route::Answer(Answer { text: text.into(), switch: SwitchQuestion::Kept })
}

fn go_on(open: &Conversation, words: &dyn Words) -> Route {
    Route::Answer(Answer { text: words.go_on(open), switch: SwitchQuestion::Settled })
}

fn run(event: FlowEvent) -> Route {
    Route::Run(Run { begin: None, event, follow: None, quiet: false, moved: None })
}

fn within(body: &Body, open: &Conversation, here: Here<'_>) -> Route {
    match body {
        Body::Said { text, files } => {
            if let Some(Body::Picked { message, values }) = as_pick(body, open) {
                return picked(&message, &values, open, here);
            }
            // Said twice in a row, a control word is one, whatever the flow wants.
            if files.is_empty()
                && let Some(control) = Control::parse(text)
                && (!open.literal_next || open.passed == Some(control))
            {
                return command(control, open, here);
            }
            if !open.literal_next
                && files.is_empty()
                && let Some(route) = for_us(text, open, here)
            {
                return route;
            }
            run(FlowEvent::Said { text: text.clone(), files: files.clone() })
        }
        Body::Edited { text, was } if open.spoken == Some(*was) => match Control::parse(text) {
            Some(control) => command(control, open, here),
            None => for_us(text, open, here).unwrap_or_else(|| run(FlowEvent::Edited { text: text.clone() })),
        },
        Body::Edited { .. } => Route::Whisper(here.words.edited().to_owned()),
        Body::Start { flow, arguments } => match started(flow.as_str(), arguments, here.offers) {
            Some((flow, _, arguments)) => switch_or_ask(flow, arguments, open, here),
            None => answer(here.words.unknown_flow(flow.as_str(), here.offers)),
        },
        Body::Picked { message, values } => picked(message, values, open, here),
        Body::Filled { message, values } => filled(message, values, open, here.words),
        Body::Control(control) => command(*control, open, here),
        Body::Reset => Route::End(here.words.reset().to_owned()),
        // Otherwise it was stopped, or set anew, after it had fired.
        Body::Timer { generation, name, due }
            if *generation == open.generation && open.timers.get(name) == Some(due) =>
        {
            run(FlowEvent::Timer { name: name.clone(), due: *due })
        }
        Body::Undelivered { generation, key, reason } if *generation == open.generation => {
            run(FlowEvent::Undelivered { key: key.clone(), reason: reason.clone() })
        }
        Body::Timer { .. } | Body::Undelivered { .. } => Route::Drop,
    }
}

/// `cancel NAME`, where that is what goes on.
fn control_with_name(text: &str, open: &Conversation) -> Option<Control> {
    let plain = plain(text);
    let (word, name) = plain.split_once(' ')?;
    let is_this = [open.flow.as_str(), open.title()].iter().any(|it| it.eq_ignore_ascii_case(name));
    Control::exactly(word).filter(|_| is_this)
}

/// What a text in a conversation leads to that is for the host, and not for the flow.
fn for_us(text: &str, open: &Conversation, here: Here<'_>) -> Option<Route> {
    let is_idle = is_idle(open, here.offers);
    if let Some(control) = control_with_name(text, open) {
        return Some(command(control, open, here));
    }
    if wants_restart(text) && !is_idle {
        return Some(ask_to_end(Some(&open.flow), "", open, here));
    }
    let unknown = |name| answer(here.words.unknown_flow(name, here.offers));
    match start(text, here.offers) {
        Some(Start::Flow(flow, _, arguments)) => return Some(switch_or_ask(flow, arguments, open, here)),
        // In the middle it may be an answer.
        Some(Start::Unknown(name)) if is_idle || !guesses(name, here.offers).is_empty() => return Some(unknown(name)),
        Some(Start::Nothing) if is_idle => return Some(answer(here.words.help_start(here.offers))),
        _ => {}
    }
    if wants_out(text) {
        return Some(if is_idle { run(FlowEvent::Cancelled) } else { ask_to_end(None, "", open, here) });
    }
    let (flow, _) = named(text, here.offers).filter(|(flow, _)| is_idle && **flow != open.flow)?;
    Some(switch(flow, "", here))
}

fn outside(body: &Body, here: Here<'_>) -> Route {
    match body {
        Body::Said { text, files } => {
            if files.is_empty()
                && let Some(control) = Control::parse(text)
            {
                return idle_command(control, here);
            }
            match start(text, here.offers) {
                Some(Start::Flow(flow, offer, arguments)) => return begin(flow, offer, arguments.to_owned()),
                Some(Start::Unknown(name)) => return answer(here.words.unknown_flow(name, here.offers)),
                Some(Start::Nothing) => return answer(here.words.help_start(here.offers)),
                Some(Start::Words) | None => {}
            }
            if let Some((flow, offer)) = named(text, here.offers) {
                return begin(flow, offer, String::new());
            }
            if files.is_empty() && wants_out(text) {
                return answer(here.words.nothing_open());
            }
            match here.offers.default.as_ref().and_then(|name| here.offers.flows.get_key_value(name)) {
                Some((flow, offer)) => begin(flow, offer, text.trim().to_owned()),
                None => answer(here.words.help_lost(here.offers)),
            }
        }
        Body::Start { flow, arguments } => match started(flow.as_str(), arguments, here.offers) {
            Some((flow, offer, arguments)) => begin(flow, offer, arguments.to_owned()),
            None => answer(here.words.unknown_flow(flow.as_str(), here.offers)),
        },
        Body::Picked { .. } => Route::Whisper(here.words.stale_pick().to_owned()),
        Body::Filled { .. } => Route::Whisper(here.words.stale_form().to_owned()),
        // It ended the turn that was to begin a conversation.
        Body::Control(Control::Cancel) => answer(here.words.cancelled()),
        Body::Control(Control::Restart) => answer(here.words.cut_short()),
        Body::Control(control) => idle_command(*control, here),
        // It ended the turn that was to begin a conversation.
        Body::Reset => answer(here.words.reset()),
        Body::Edited { .. } | Body::Timer { .. } | Body::Undelivered { .. } => Route::Drop,
    }
}

fn begin(flow: &FlowName, offer: &Offer, arguments: String) -> Route {
    let begin = Some((flow.clone(), offer.digest.clone()));
    Route::Run(Run { begin, event: FlowEvent::Started { arguments }, follow: None, quiet: false, moved: None })
}

/// The control word that a person says, whoever takes it for one.
pub(crate) fn control_of(body: &Body) -> Option<Control> {
    match body {
        Body::Said { text, files } if files.is_empty() => Control::parse(text),
        _ => None,
    }
}

/// Whether a text outside of a conversation is a word to the host, and starts no flow by a trigger.
pub(crate) fn is_hosts(text: &str) -> bool {
    Control::parse(text).is_some() || after_start(text).is_some()
}

/// Whether nothing is in the middle: the default flow takes what no other takes, so any other may follow it unasked.
fn is_idle(open: &Conversation, offers: &Offers) -> bool {
    offers.default.as_ref() == Some(&open.flow)
}

fn switch_or_ask(flow: &FlowName, arguments: &str, open: &Conversation, here: Here<'_>) -> Route {
    match is_idle(open, here.offers) {
        true => switch(flow, arguments, here),
        false => ask_to_end(Some(flow), arguments, open, here),
    }
}

/// Asks whether to end the conversation, for this flow if there is one.
fn ask_to_end(flow: Option<&FlowName>, arguments: &str, open: &Conversation, here: Here<'_>) -> Route {
    let title = |flow| here.offers.flows.get(flow).map_or(flow.as_str(), |offer: &Offer| offer.title.as_str());
    let then = match flow {
        None => Then::Nothing,
        Some(flow) if *flow == open.flow => Then::Again,
        Some(flow) => Then::Start(title(flow)),
    };
    Route::Answer(Answer {
        text: here.words.switch(open.title(), then),
        switch: SwitchQuestion::Asked { flow: flow.cloned(), arguments: arguments.to_owned() },
    })
}

/// Nothing is ended for the sake of what cannot begin: it may be gone by now, or not for this person.
fn switch(flow: &FlowName, arguments: &str, here: Here<'_>) -> Route {
    if !here.offers.flows.contains_key(flow) {
        let text = here.words.unknown_flow(flow.as_str(), here.offers);
        return Route::Answer(Answer { text, switch: SwitchQuestion::Settled });
    }
    let follow = Some(Body::Start { flow: flow.clone(), arguments: arguments.to_owned() });
    Route::Run(Run { begin: None, event: FlowEvent::Cancelled, follow, quiet: false, moved: None })
}

fn command(control: Control, open: &Conversation, here: Here<'_>) -> Route {
    match control {
        Control::Cancel => run(FlowEvent::Cancelled),
        Control::Restart => switch(&open.flow, "", here),
        Control::Status => answer(here.words.where_we_are(Some(open), false, 0)),
        Control::Help => answer(here.words.help(here.offers)),
    }
}

fn idle_command(control: Control, here: Here<'_>) -> Route {
    match control {
        Control::Cancel | Control::Restart => answer(here.words.nothing_open()),
        Control::Status => answer(here.words.where_we_are(None, false, 0)),
        Control::Help => answer(here.words.help(here.offers)),
    }
}

/// A pick comes from outside: the message may be old, and the values may be anything.
fn picked(message: &EffectId, values: &[String], open: &Conversation, here: Here<'_>) -> Route {
    let asked = open.questions.iter().find(|open| open.message == *message);
    let Some(OpenQuestion { key, asks: Asks::Choices(choices), .. }) = asked else {
        return Route::Whisper(here.words.stale_pick().to_owned());
    };
    if !allowed(values, choices) {
        return Route::Whisper(here.words.bad_pick(choices.least, choices.most));
    }
    match &open.switch_to {
        Some(asked) if asked.message == *message => match &asked.flow {
            _ if !values.iter().any(|value| value == YES) => go_on(open, here.words),
            Some(flow) => switch(flow, &asked.arguments, here),
            None => run(FlowEvent::Cancelled),
        },
        _ => run(FlowEvent::Picked { key: key.clone(), values: values.to_vec() }),
    }
}

/// What is filled in was checked before it was stored, but by the rules of whoever stored it: the flow hears only of
/// what is right now.
fn filled(message: &EffectId, values: &Values, open: &Conversation, words: &dyn Words) -> Route {
    let asked = open.questions.iter().find(|open| open.message == *message);
    let Some(OpenQuestion { key, asks: Asks::Form(form), .. }) = asked else {
        return Route::Whisper(words.stale_form().to_owned());
    };
    match form::check(form, values) {
        Ok(values) => run(FlowEvent::Filled { key: key.clone(), values }),
        Err(problems) => Route::Whisper(words.bad_fields(form, &problems)),
    }
}

fn allowed(values: &[String], choices: &Choices) -> bool {
    let count = values.len();
    let once = values.iter().enumerate().all(|(at, value)| !values.iter().take(at).any(|earlier| earlier == value));
    let known = |value: &String| choices.options.iter().any(|choice| choice.value == *value);
    (choices.least as usize..=choices.most as usize).contains(&count) && once && values.iter().all(known)
}

#[cfg(test)]
mod tests;
