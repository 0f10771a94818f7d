//! Conversations in plain `cargo test`: the flow runs natively, against a host of a few lines. Scenario files test
//! the component that goes into production; this is for what is tedious to write there.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::marker::PhantomData;
use std::rc::Rc;
use std::time::Duration;

use serde_json::Value;

use crate::bindings::pesto::flow as wit;
use crate::form::{Field, Form, Kind};
use crate::host::{Exchange, Host, Level};
use crate::llm::Completion;
use crate::message::{Choice, Choices};
use crate::migration_bindings::exports::pesto::flow::migration::{Former, Takeover};
use crate::{CallError, Date, Failure, Flow, Message, Migrate, Person, Time, Timestamp, migrate, turn};

/// A conversation of one person with a flow. As in a scenario, they are Ada Lovelace (`ada`, `en-GB`, in London), and
/// it begins on Monday, 2 March 2026, at 09:00 UTC, unless the test says otherwise:
///
/// ```
/// # use pesto_sdk::{About, Date, Event, Failure, Flow, Time, Timestamp, Turn, testing::Talk};
/// # struct Today;
/// # impl Flow for Today {
/// #     type State = ();
/// #     fn describe() -> About { About::new("Today", "Says the date.") }
/// #     fn handle(_: Event, turn: &mut Turn<()>) -> Result<(), Failure> {
/// #         turn.say(turn.local().date().in_words());
/// #         Ok(())
/// #     }
/// # }
/// let mut talk = Talk::<Today>::new();
/// talk.clock(Timestamp::utc(Date::new(2026, 3, 2).unwrap(), Time::at(20, 0)));
/// talk.zone("Asia/Tokyo", Some(9 * 3_600)).locale("ja-JP");
/// assert_eq!(talk.start("")[0].text, "Tuesday, 3 March 2026");
/// ```
///
/// Its methods panic where the flow fails; [`Talk::try_say`] does not.
pub struct Talk<F: Flow> {
    host: Rc<Double>,
    state: Option<Vec<u8>>,
    turns: u64,
    now: u64,
    person: Person,
    last: Option<wit::types::Outcome>,
    flow: PhantomData<F>,
}

#[derive(Default)]
struct Double {
    answers: RefCell<VecDeque<Result<Completion, CallError>>>,
    asked: RefCell<Vec<String>>,
    history: RefCell<Vec<Exchange>>,
    lines: RefCell<Vec<String>>,
    progress: RefCell<Vec<String>>,
}

impl Host for Double {
    fn complete(&self, request: &wit::llm::Request) -> Result<Completion, CallError> {
        let texts: Vec<_> = request.messages.iter().map(|message| message.text.as_str()).collect();
        self.asked.borrow_mut().push(texts.join("\n"));
        let answer = self.answers.borrow_mut().pop_front();
        answer.unwrap_or_else(|| Err(CallError::Denied("the test prepared no answer".into())))
    }

    fn recent(&self, limit: Option<u32>) -> Vec<Exchange> {
        let history = self.history.borrow();
        let most = limit.unwrap_or(10).min(50) as usize;
        history[history.len().saturating_sub(most)..].to_vec()
    }

    fn report(&self, text: &str) {
        self.progress.borrow_mut().push(text.to_owned());
    }

    fn log(&self, level: Level, text: &str) {
        self.lines.borrow_mut().push(format!("{level:?}: {text}"));
    }
}

impl<F: Flow> Default for Talk<F> {
    fn default() -> Self {
        Self::new()
    }
}

impl<F: Flow> Talk<F> {
    /// A conversation that has not begun.
    pub fn new() -> Self {
        let person = Person {
            id: "ada".to_owned(),
            name: "Ada Lovelace".to_owned(),
            locale: "en-GB".to_owned(),
            time_zone: "Europe/London".to_owned(),
            utc_offset: Some(0),
        };
        let now = 1_772_442_000_000;
        Self { host: Rc::default(), state: None, turns: 0, now, person, last: None, flow: PhantomData }
    }

    /// Somebody else talks from now on.
    pub fn person(&mut self, person: Person) -> &mut Self {
        self.person = person;
        self
    }

    /// The person is in this zone from now on, with clocks so many seconds ahead of UTC; none is what a flow sees if
    /// nobody knows the zone. Only a host has the rules of zones: scenarios test what daylight saving time does.
    pub fn zone(&mut self, time_zone: &str, utc_offset: Option<i32>) -> &mut Self {
        self.person.time_zone = time_zone.to_owned();
        self.person.utc_offset = utc_offset;
        self
    }

    /// The person's language from now on, such as `de-DE`.
    pub fn locale(&mut self, locale: &str) -> &mut Self {
        self.person.locale = locale.to_owned();
        self
    }

    /// It is this time now.
    pub fn clock(&mut self, now: Timestamp) -> &mut Self {
        self.now = now.millis();
        self
    }

    /// The next call to a model is answered with this text.
    pub fn llm_answers(&mut self, text: &str) {
        let completion = Completion { text: text.to_owned(), model: "scripted".into(), ..Completion::default() };
        self.host.answers.borrow_mut().push_back(Ok(completion));
    }

    /// The next call to a model fails.
    pub fn llm_fails(&mut self, error: CallError) {
        self.host.answers.borrow_mut().push_back(Err(error));
    }

    /// Begins, with these arguments; answers what the flow says.
    pub fn start(&mut self, arguments: &str) -> Vec<Message> {
        let started = wit::types::Started { arguments: arguments.to_owned(), extensions: Vec::new() };
        self.event(wit::types::Event::Started(started), arguments)
    }

    /// Another version is deployed: the conversation as it goes on there, or none where this version leaves it, and it goes
    /// on here. Panics where it fails.
    pub fn deploy<G: Migrate>(&self) -> Option<Talk<G>> {
        let info: wit::types::FlowInfo = F::describe().into();
        let state = self.state.clone().unwrap_or_default();
        let former = Former { version: info.version, state, extensions: Vec::new() };
        match migrate::run::<G>(former).unwrap_or_else(|failure| panic!("it failed: {}", failure.reason)) {
            Takeover::State(state) => Some(Talk {
                host: self.host.clone(),
                state: Some(state),
                turns: self.turns,
                now: self.now,
                person: self.person.clone(),
                last: self.last.clone(),
                flow: PhantomData,
            }),
            _ => None,
        }
    }

    /// The person writes.
    pub fn say(&mut self, text: &str) -> Vec<Message> {
        self.try_say(text).unwrap_or_else(|failure| panic!("the flow failed: {}", failure.reason()))
    }

    /// The person changes their last words.
    pub fn edit(&mut self, text: &str) -> Vec<Message> {
        let said = wit::types::Said { text: text.to_owned(), files: Vec::new(), extensions: Vec::new() };
        self.event(wit::types::Event::Edited(said), text)
    }

    /// The person picks these labels or values of the last message. Panics where there is no such choice.
    pub fn pick(&mut self, wanted: &[&str]) -> Vec<Message> {
        let messages = self.messages();
        let message = messages.last().expect("a message was said");
        let options = &message.choices.as_ref().expect("the last message has choices").options;
        let value = |wanted: &&str| {
            let is = |option: &&Choice| option.label == *wanted || option.value == *wanted;
            options.iter().find(is).unwrap_or_else(|| panic!("no choice `{wanted}` in {options:?}")).value.clone()
        };
        let values = wanted.iter().map(value).collect();
        let picked = wit::types::Picked { key: message.key.clone(), values, extensions: Vec::new() };
        self.event(wit::types::Event::Picked(picked), &wanted.join(", "))
    }

    /// The person fills in the form of the last message: keys or labels of fields, and values or labels; a field that
    /// takes several is named several times. Panics where there is no such field or option, and where a required field is
    /// missing; the host's other rules are held by scenarios.
    pub fn fill(&mut self, entered: &[(&str, &str)]) -> Vec<Message> {
        let messages = self.messages();
        let message = messages.last().expect("a message was said");
        let form = message.form.as_ref().expect("the last message has a form");
        let mut values: Vec<wit::types::Answer> = Vec::new();
        let is = |field: &Field, name: &str| field.key == name || field.label == name;
        for (name, _) in entered {
            assert!(form.fields.iter().any(|field| is(field, name)), "no field `{name}` in {form:?}");
        }
        for field in &form.fields {
            let of_field = entered.iter().filter(|(name, _)| is(field, name));
            let given: Vec<String> = of_field.map(|(_, value)| entered_value(field, value)).collect();
            assert!(!field.required || !given.is_empty(), "the field `{}` is required", field.key);
            if !given.is_empty() {
                let extensions = Vec::new();
                values.push(wit::types::Answer { key: field.key.clone(), values: given, extensions });
            }
        }
        let said: Vec<_> =
            values.iter().map(|answer| format!("{}: {}", answer.key, answer.values.join(", "))).collect();
        let filled = wit::types::Filled { key: message.key.clone(), values, extensions: Vec::new() };
        self.event(wit::types::Event::Filled(filled), &said.join("\n"))
    }

    /// The person cancels.
    pub fn cancel(&mut self) -> Vec<Message> {
        self.event(wit::types::Event::Cancelled, "cancel")
    }

    /// The time moves on.
    pub fn wait(&mut self, time: Duration) {
        self.now += time.as_millis() as u64;
    }

    /// A timer is due.
    pub fn timer(&mut self, name: &str) -> Vec<Message> {
        let fired = wit::types::TimerFired { name: name.to_owned(), due: self.now, extensions: Vec::new() };
        self.event(wit::types::Event::Timer(fired), "")
    }

    /// An event that this version of the contract does not know.
    pub fn unknown(&mut self) -> Vec<Message> {
        let other = wit::types::Extension { name: "from-the-future".into(), json: "{}".into() };
        self.event(wit::types::Event::Other(other), "")
    }

    fn event(&mut self, event: wit::types::Event, said: &str) -> Vec<Message> {
        self.try_event(event, said).unwrap_or_else(|failure| panic!("the flow failed: {}", failure.reason()))
    }

    /// The person writes something that the flow may fail at. A failed turn changes nothing.
    pub fn try_say(&mut self, text: &str) -> Result<Vec<Message>, Failure> {
        let said = wit::types::Said { text: text.to_owned(), files: Vec::new(), extensions: Vec::new() };
        self.try_event(wit::types::Event::Said(said), text)
    }

    fn try_event(&mut self, event: wit::types::Event, said: &str) -> Result<Vec<Message>, Failure> {
        self.turns += 1;
        let Person { id, name, locale, time_zone, utc_offset } = self.person.clone();
        let context = wit::types::TurnContext {
            turn: format!("turn-{}", self.turns),
            conversation: "conversation-1".into(),
            place: format!("workspace/{id}"),
            person: wit::types::Person { id, name, locale, time_zone, utc_offset, extensions: Vec::new() },
            now: self.now,
            seed: self.turns,
            extensions: Vec::new(),
        };
        let host: Rc<dyn Host> = self.host.clone();
        let outcome = turn::run::<F>(host, event, context, self.state.clone())?;
        self.state = Some(outcome.state.clone());
        self.last = Some(outcome);
        let messages = self.messages();
        let answered = messages.iter().map(|message| message.text.as_str()).collect::<Vec<_>>().join("\n\n");
        let at = Timestamp::from_millis(self.now);
        self.host.history.borrow_mut().push(Exchange { said: said.to_owned(), answered, at });
        Ok(messages)
    }

    /// What the last turn said.
    pub fn messages(&self) -> Vec<Message> {
        let raw = self.last.iter().flat_map(|outcome| &outcome.messages);
        raw.map(|message| Message {
            key: message.key.clone(),
            text: message.text.clone(),
            choices: message.choices.as_ref().map(|choices| Choices {
                options: choices_of(&choices.options),
                least: choices.least,
                most: choices.most,
            }),
            form: message.form.as_ref().map(form_of),
        })
        .collect()
    }

    /// Whether the last turn ended the conversation.
    pub fn ended(&self) -> bool {
        self.last.as_ref().is_some_and(|outcome| outcome.finished)
    }

    /// Whether the last turn takes the next text as it is.
    pub fn literal_next(&self) -> bool {
        self.last.as_ref().is_some_and(|outcome| outcome.literal_next)
    }

    /// The timers that the last turn set or stopped: the former with the seconds from now until they are due.
    pub fn timers(&self) -> Vec<(String, Option<u64>)> {
        let changes = self.last.iter().flat_map(|outcome| &outcome.timers);
        changes
            .filter_map(|change| match change {
                wit::types::TimerChange::Set(setting) => Some((setting.name.clone(), Some(self.after(&setting.due)))),
                wit::types::TimerChange::Stop(name) => Some((name.clone(), None)),
                wit::types::TimerChange::Other(_) => None,
            })
            .collect()
    }

    fn after(&self, due: &wit::types::TimerDue) -> u64 {
        match due {
            wit::types::TimerDue::After(seconds) => u64::from(*seconds),
            wit::types::TimerDue::At(local) => {
                let date = Date::from_iso(&local.date).expect("the kit writes dates");
                let time = Time::from_iso(&local.time).expect("the kit writes times");
                let offset = i64::from(self.person.utc_offset.unwrap_or_default()) * 1_000;
                let due = Timestamp::utc(date, time).millis().saturating_add_signed(-offset);
                due.saturating_sub(self.now).div_ceil(1_000)
            }
            wit::types::TimerDue::Other(other) => panic!("this kit sets no timer as `{}` does", other.name),
        }
    }

    /// What the last turn recorded.
    pub fn answers(&self) -> Option<Value> {
        let json = self.last.as_ref()?.answers.as_deref()?;
        Some(serde_json::from_str(json).expect("the answers are JSON"))
    }

    /// The texts of each request to a model so far, joined by newlines.
    pub fn asked(&self) -> Vec<String> {
        self.host.asked.borrow().clone()
    }

    /// The lines of the log so far, each with its level.
    pub fn logged(&self) -> Vec<String> {
        self.host.lines.borrow().clone()
    }

    /// The lines of progress so far.
    pub fn progress(&self) -> Vec<String> {
        self.host.progress.borrow().clone()
    }
}

fn entered_value(field: &Field, wanted: &str) -> String {
    let options = field.options();
    if options.is_empty() {
        return wanted.to_owned();
    }
    let option = options.iter().find(|option| option.value == wanted || option.label == wanted);
    option.unwrap_or_else(|| panic!("no option `{wanted}` in the field `{}`", field.key)).value.clone()
}

fn choices_of(options: &[wit::types::Choice]) -> Vec<Choice> {
    options.iter().map(|one| (one.value.clone(), one.label.clone()).into()).collect()
}

fn form_of(form: &wit::types::Form) -> Form {
    use wit::types::FieldKind as Raw;
    let kind = |kind: &Raw| match kind {
        Raw::Text(text) => Kind::Text { multiline: text.multiline, least: text.least, most: text.most },
        Raw::Number(number) => Kind::Number { least: number.least, most: number.most, whole: number.whole },
        Raw::Date(date) => Kind::Date { least: date.least.clone(), most: date.most.clone() },
        Raw::OneOf(options) => Kind::OneOf(choices_of(options)),
        Raw::ManyOf(many) => Kind::ManyOf { options: choices_of(&many.options), least: many.least, most: many.most },
        Raw::Other(other) => panic!("this kit makes no field of the kind `{}`", other.name),
    };
    let field = |field: &wit::types::Field| Field {
        key: field.key.clone(),
        label: field.label.clone(),
        hint: field.hint.clone(),
        required: field.required,
        kind: kind(&field.kind),
    };
    Form { title: form.title.clone(), submit: form.submit.clone(), fields: form.fields.iter().map(field).collect() }
}

#[cfg(test)]
mod tests;
