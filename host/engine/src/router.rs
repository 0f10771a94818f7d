//! Decides what an event leads to. Pure: it sees the event, the open conversation and the flows on offer.

use pesto_reading::{Named, pick, pick_several, wants_out, yes_no};
use serde::{Deserialize, Serialize};

use crate::flow::{Offer, Offers};
use crate::form::{self, Clean};
use crate::meant::{started, triggered};
use crate::migrate::Move;
use crate::model::{
    Asks, Body, Choice, Choices, Control, Conversation, Digest, EffectId, File, FlowName, Inbound, Millis,
    OpenQuestion, Values,
};
use crate::policy::Part;
use crate::texts;

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
pub fn open_question(open: &Conversation) -> Option<String> {
    let asked = open.switch_to.as_ref()?;
    Some(texts::switch(open.flow.as_str(), asked.flow.as_ref().map(FlowName::as_str)))
}

const YES: &str = "yes";
const NO: &str = "no";

/// Below the host's question.
pub fn switch_choices() -> Choices {
    let choice = |value: &str, label: &str| Choice { value: value.to_owned(), label: label.to_owned() };
    Choices { options: vec![choice(YES, "Yes"), choice(NO, "No")], least: 1, most: 1 }
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
    if let Some((message, yes)) = asked.zip(yes_no(text)) {
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
pub fn route(body: &Body, open: Option<&Conversation>, offers: &Offers) -> Route {
    match open {
        Some(open) => within(body, open, offers),
        None => outside(body, offers),
    }
}

/// Decides for somebody whose part in what goes on at the place is not the whole. People talk in a thread, so only who
/// wants something of us is answered.
pub fn route_aside(inbound: &Inbound, part: Part, open: &Conversation) -> Route {
    match &inbound.body {
        Body::Said { .. } if inbound.manner.overheard => Route::Drop,
        Body::Said { text, files } if part == Part::Words && !commands(text) => {
            run(FlowEvent::Said { text: text.clone(), files: files.clone() })
        }
        _ => Route::Whisper(refusal(part, open)),
    }
}

/// What somebody hears whose part in a conversation is not the whole.
pub fn refusal(part: Part, open: &Conversation) -> String {
    match part {
        Part::Barred => texts::NOT_YOURS.to_owned(),
        Part::Whole | Part::Words | Part::Nothing => texts::theirs(&open.began),
    }
}

/// Whether a text is for the host and not for a flow.
fn commands(text: &str) -> bool {
    Control::parse(text).is_some() || start_words(text).is_some()
}

/// Ends the open conversation, in which nobody says anything any more.
pub fn expire() -> Route {
    run(FlowEvent::Cancelled)
}

fn answer(text: impl Into<String>) -> Route {
    Route::Answer(Answer { text: text.into(), switch: SwitchQuestion::Kept })
}

fn go_on() -> Route {
    Route::Answer(Answer { text: texts::SWITCH_NO.to_owned(), switch: SwitchQuestion::Settled })
}

fn run(event: FlowEvent) -> Route {
    Route::Run(Run { begin: None, event, follow: None, moved: None })
}

fn within(body: &Body, open: &Conversation, offers: &Offers) -> Route {
    match body {
        Body::Said { text, files } => {
            if let Some(Body::Picked { message, values }) = as_pick(body, open) {
                return picked(&message, &values, open, offers);
            }
            // Said twice in a row, a control word is one, whatever the flow wants.
            if files.is_empty()
                && let Some(control) = Control::parse(text)
                && (!open.literal_next || open.passed == Some(control))
            {
                return command(control, open, offers);
            }
            if !open.literal_next && files.is_empty() {
                let asked = start_words(text).map(|(name, arguments)| (name, started(name, arguments, offers)));
                match asked {
                    Some((_, Some((flow, _, arguments)))) => return switch_or_ask(flow, arguments, open, offers),
                    Some((name, None)) if is_idle(open, offers) => return answer(texts::unknown_flow(name, offers)),
                    _ => {}
                }
                if wants_out(text) {
                    return ask_to_end(None, "", open);
                }
                if is_idle(open, offers)
                    && let Some((flow, _)) = triggered(text, offers).filter(|(flow, _)| **flow != open.flow)
                {
                    return switch(flow, "", offers);
                }
            }
            run(FlowEvent::Said { text: text.clone(), files: files.clone() })
        }
        Body::Start { flow, arguments } => match started(flow.as_str(), arguments, offers) {
            Some((flow, _, arguments)) => switch_or_ask(flow, arguments, open, offers),
            None => answer(texts::unknown_flow(flow.as_str(), offers)),
        },
        Body::Picked { message, values } => picked(message, values, open, offers),
        Body::Filled { message, values } => filled(message, values, open),
        Body::Control(control) => command(*control, open, offers),
        Body::Reset => Route::End(texts::RESET.to_owned()),
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

fn outside(body: &Body, offers: &Offers) -> Route {
    match body {
        Body::Said { text, files } => {
            if files.is_empty()
                && let Some(control) = Control::parse(text)
            {
                return idle_command(control, offers);
            }
            if let Some((name, arguments)) = start_words(text) {
                return match started(name, arguments, offers) {
                    Some((flow, offer, arguments)) => begin(flow, offer, arguments.to_owned()),
                    None => answer(texts::unknown_flow(name, offers)),
                };
            }
            if let Some((flow, offer)) = triggered(text, offers) {
                return begin(flow, offer, String::new());
            }
            if files.is_empty() && wants_out(text) {
                return answer(texts::NOTHING_OPEN);
            }
            match offers.default.as_ref().and_then(|name| offers.flows.get_key_value(name)) {
                Some((flow, offer)) => begin(flow, offer, text.trim().to_owned()),
                None => answer(texts::lost(offers)),
            }
        }
        Body::Start { flow, arguments } => match started(flow.as_str(), arguments, offers) {
            Some((flow, offer, arguments)) => begin(flow, offer, arguments.to_owned()),
            None => answer(texts::unknown_flow(flow.as_str(), offers)),
        },
        Body::Picked { .. } => Route::Whisper(texts::STALE_PICK.to_owned()),
        Body::Filled { .. } => Route::Whisper(texts::STALE_FORM.to_owned()),
        // It ended the turn that was to begin a conversation.
        Body::Control(Control::Cancel) => answer(texts::CANCELLED),
        Body::Control(Control::Restart) => answer(texts::CUT_SHORT),
        Body::Control(control) => idle_command(*control, offers),
        // It ended the turn that was to begin a conversation.
        Body::Reset => answer(texts::RESET),
        Body::Timer { .. } | Body::Undelivered { .. } => Route::Drop,
    }
}

fn begin(flow: &FlowName, offer: &Offer, arguments: String) -> Route {
    let begin = Some((flow.clone(), offer.digest.clone()));
    Route::Run(Run { begin, event: FlowEvent::Started { arguments }, follow: None, moved: None })
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
    Control::parse(text).is_some() || start_words(text).is_some()
}

/// `start NAME arguments`, as a whole message.
pub(crate) fn start_words(text: &str) -> Option<(&str, &str)> {
    let text = text.trim();
    let (word, rest) = text.split_once(char::is_whitespace)?;
    if !word.eq_ignore_ascii_case("start") {
        return None;
    }
    let rest = rest.trim_start();
    let (name, arguments) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
    Some((name, arguments.trim()))
}

/// Whether nothing is in the middle: the default flow takes what no other takes, so any other may follow it unasked.
fn is_idle(open: &Conversation, offers: &Offers) -> bool {
    offers.default.as_ref() == Some(&open.flow)
}

fn switch_or_ask(flow: &FlowName, arguments: &str, open: &Conversation, offers: &Offers) -> Route {
    match is_idle(open, offers) {
        true => switch(flow, arguments, offers),
        false => ask_to_end(Some(flow), arguments, open),
    }
}

/// Asks whether to end the conversation, for this flow if there is one.
fn ask_to_end(flow: Option<&FlowName>, arguments: &str, open: &Conversation) -> Route {
    Route::Answer(Answer {
        text: texts::switch(open.flow.as_str(), flow.map(FlowName::as_str)),
        switch: SwitchQuestion::Asked { flow: flow.cloned(), arguments: arguments.to_owned() },
    })
}

/// Nothing is ended for the sake of what cannot begin: it may be gone by now, or not for this person.
fn switch(flow: &FlowName, arguments: &str, offers: &Offers) -> Route {
    if !offers.flows.contains_key(flow) {
        let text = texts::unknown_flow(flow.as_str(), offers);
        return Route::Answer(Answer { text, switch: SwitchQuestion::Settled });
    }
    let follow = Some(Body::Start { flow: flow.clone(), arguments: arguments.to_owned() });
    Route::Run(Run { begin: None, event: FlowEvent::Cancelled, follow, moved: None })
}

fn command(control: Control, open: &Conversation, offers: &Offers) -> Route {
    match control {
        Control::Cancel => run(FlowEvent::Cancelled),
        Control::Restart => switch(&open.flow, "", offers),
        Control::Status => answer(texts::status(Some(open.flow.as_str()), false, 0)),
        Control::Help => answer(texts::help(offers)),
    }
}

fn idle_command(control: Control, offers: &Offers) -> Route {
    match control {
        Control::Cancel | Control::Restart => answer(texts::NOTHING_OPEN),
        Control::Status => answer(texts::status(None, false, 0)),
        Control::Help => answer(texts::help(offers)),
    }
}

/// A pick comes from outside: the message may be old, and the values may be anything.
fn picked(message: &EffectId, values: &[String], open: &Conversation, offers: &Offers) -> Route {
    let asked = open.questions.iter().find(|open| open.message == *message);
    let Some(OpenQuestion { key, asks: Asks::Choices(choices), .. }) = asked else {
        return Route::Whisper(texts::STALE_PICK.to_owned());
    };
    if !allowed(values, choices) {
        return Route::Whisper(texts::bad_pick(choices.least, choices.most));
    }
    match &open.switch_to {
        Some(asked) if asked.message == *message => match &asked.flow {
            _ if !values.iter().any(|value| value == YES) => go_on(),
            Some(flow) => switch(flow, &asked.arguments, offers),
            None => run(FlowEvent::Cancelled),
        },
        _ => run(FlowEvent::Picked { key: key.clone(), values: values.to_vec() }),
    }
}

/// What is filled in was checked before it was stored, but by the rules of whoever stored it: the flow hears only of
/// what is right now.
fn filled(message: &EffectId, values: &Values, open: &Conversation) -> Route {
    let asked = open.questions.iter().find(|open| open.message == *message);
    let Some(OpenQuestion { key, asks: Asks::Form(form), .. }) = asked else {
        return Route::Whisper(texts::STALE_FORM.to_owned());
    };
    match form::check(form, values) {
        Ok(values) => run(FlowEvent::Filled { key: key.clone(), values }),
        Err(problems) => Route::Whisper(texts::bad_form(form, &problems)),
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
