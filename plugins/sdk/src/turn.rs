//! The handling of one event.

use std::rc::Rc;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::bindings::pesto::flow::types as raw;
use crate::host::{Exchange, Host, Level};
use crate::llm::Request;
use crate::random::Random;
use crate::{Date, Event, Failure, Flow, Local, Message, Person, Time, Timestamp};

/// What a flow has in hand while it handles an event. What it does here happens when [`Flow::handle`] returns `Ok`,
/// all of it in one step; only calls to the outside, such as [`llm`](Self::llm), happen at once.
pub struct Turn<S> {
    /// What the last turn left; what is left here is what the next turn gets.
    pub state: S,
    host: Rc<dyn Host>,
    id: String,
    conversation: String,
    place: String,
    person: Person,
    now: Timestamp,
    random: Random,
    messages: Vec<Message>,
    timers: Vec<raw::TimerChange>,
    answers: Option<String>,
    finished: bool,
    literal_next: bool,
}

impl<S> Turn<S> {
    /// Unique to this turn.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Unique to this conversation.
    pub fn conversation(&self) -> &str {
        &self.conversation
    }

    /// Where the talk happens.
    pub fn place(&self) -> &str {
        &self.place
    }

    /// Who is talking.
    pub fn person(&self) -> &Person {
        &self.person
    }

    /// When the event was accepted.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// What the person's clocks show at that time, by the rules of their zone; what clocks in UTC show if nobody knows
    /// the zone. "Today" is `turn.local().date()`.
    pub fn local(&self) -> Local {
        self.now.seen_at(self.person.utc_offset)
    }

    /// Randomness, the same when the turn is run again.
    pub fn random(&mut self) -> &mut Random {
        &mut self.random
    }

    /// Says something, after all that was said before. At most 20 messages a turn.
    pub fn say(&mut self, message: impl Into<Message>) {
        let mut message = message.into();
        if message.text.trim().is_empty() {
            // The host would end the turn for it, and what a model answers is sometimes empty.
            self.log(Level::Warn, &format!("a blank message `{}` is not sent", message.key));
            return;
        }
        if message.key.is_empty() {
            message.key = format!("message-{}", self.messages.len() + 1);
        }
        self.messages.push(message);
    }

    /// Sets a timer, or sets it anew: at most 16 run at once, of a second to a year, in whole seconds from now, rounded
    /// up. Where nobody says anything, sixty turns come as they are set and then one each 10 s. It survives restarts, fires once as [`Event::Timer`], and ends with the conversation.
    pub fn set_timer(&mut self, name: impl Into<String>, after: Duration) {
        let after = after.as_secs().saturating_add(u64::from(after.subsec_nanos() > 0));
        // What is too long is for the host to refuse.
        self.set(name.into(), raw::TimerDue::After(u32::try_from(after).unwrap_or(u32::MAX)));
    }

    /// Sets a timer to a time on the person's clocks, at most a year ahead, as [`set_timer`](Self::set_timer) does. The
    /// host computes the moment now, by the rules of the person's zone; in UTC if nobody knows the zone. A time that is
    /// past is due at once. One that their clocks skip, as when summer begins, is as much later; one that they show
    /// twice is the first of both.
    ///
    /// ```
    /// # use pesto_sdk::{Time, Turn};
    /// /// The next working day at half past nine, and not today.
    /// fn remind(turn: &mut Turn<()>) {
    ///     let ahead = if turn.local().weekday() < 4 { 1 } else { 7 - turn.local().weekday() };
    ///     turn.set_timer_at("stand-up", turn.local().date().plus_days(ahead.into()), Time::at(9, 30));
    /// }
    /// ```
    pub fn set_timer_at(&mut self, name: impl Into<String>, date: Date, time: Time) {
        let at = raw::LocalTime { date: date.to_string(), time: time.to_string(), extensions: Vec::new() };
        self.set(name.into(), raw::TimerDue::At(at));
    }

    fn set(&mut self, name: String, due: raw::TimerDue) {
        self.timers.push(raw::TimerChange::Set(raw::TimerSetting { name, due, extensions: Vec::new() }));
    }

    /// Ends a timer; one that does not run is no error.
    pub fn stop_timer(&mut self, name: impl Into<String>) {
        self.timers.push(raw::TimerChange::Stop(name.into()));
    }

    /// Ends the conversation after this turn.
    pub fn finish(&mut self) {
        self.finished = true;
    }

    /// Ends the conversation after this turn, and records these answers: a JSON object of at most 64 KiB. Any other
    /// JSON is an error.
    pub fn finish_with(&mut self, answers: &impl Serialize) -> Result<(), Failure> {
        let json = serde_json::to_string(answers)?;
        if !json.starts_with('{') {
            return Err(Failure::new("the answers of a conversation are a JSON object"));
        }
        self.answers = Some(json);
        self.finish();
        Ok(())
    }

    /// Takes the next message as it is: `cancel`, `help` and their like are answers then, not commands.
    pub fn literal_next(&mut self) {
        self.literal_next = true;
    }

    /// A question to a language model. Needs [`Right::Llm`](crate::Right::Llm).
    pub fn llm(&self) -> Request {
        Request::new(Rc::clone(&self.host))
    }

    /// The last 10 exchanges as they were when this turn began, oldest first.
    pub fn history(&self) -> Vec<Exchange> {
        self.host.recent(None)
    }

    /// The last exchanges, at most `most` and never more than 50, oldest first.
    pub fn history_of(&self, most: u32) -> Vec<Exchange> {
        self.host.recent(Some(most))
    }

    /// Shows the person a short line while the turn runs, at most 300 characters. It may be dropped.
    pub fn progress(&self, text: &str) {
        self.host.report(text);
    }

    /// Writes a line for the operator. Never write what people wrote. More than 1,000 lines or 64 KiB a turn end it.
    pub fn log(&self, level: Level, text: &str) {
        self.host.log(level, text);
    }

    fn new(host: Rc<dyn Host>, context: raw::TurnContext, state: S) -> Self {
        Self {
            state,
            host,
            id: context.turn,
            conversation: context.conversation,
            place: context.place,
            person: context.person.into(),
            now: Timestamp::from_millis(context.now),
            random: Random::new(context.seed),
            messages: Vec::new(),
            timers: Vec::new(),
            answers: None,
            finished: false,
            literal_next: false,
        }
    }
}

/// One turn of `F`, from the contract's words to the contract's words.
pub(crate) fn run<F: Flow>(
    host: Rc<dyn Host>,
    event: raw::Event,
    context: raw::TurnContext,
    state: Option<Vec<u8>>,
) -> Result<raw::Outcome, Failure> {
    let bytes = state.unwrap_or_default();
    let Some(event) = Event::read(event) else {
        return Ok(raw::Outcome {
            state: bytes,
            messages: Vec::new(),
            timers: Vec::new(),
            answers: None,
            finished: false,
            literal_next: false,
            extensions: Vec::new(),
        });
    };
    let mut turn = Turn::new(host, context, read::<F::State>(&bytes)?);
    F::handle(event, &mut turn)?;
    Ok(raw::Outcome {
        state: write(&turn.state)?,
        messages: turn.messages.into_iter().map(Into::into).collect(),
        timers: turn.timers,
        answers: turn.answers,
        finished: turn.finished,
        literal_next: turn.literal_next,
        extensions: Vec::new(),
    })
}

/// No bytes are the beginning: an unknown event that came before any turn leaves none, too.
pub(crate) fn read<S: DeserializeOwned + Default>(bytes: &[u8]) -> Result<S, Failure> {
    if bytes.is_empty() {
        return Ok(S::default());
    }
    serde_json::from_slice(bytes).map_err(|error| Failure::new(format!("reading the state: {error}")))
}

pub(crate) fn write<S: Serialize>(state: &S) -> Result<Vec<u8>, Failure> {
    serde_json::to_vec(state).map_err(|error| Failure::new(format!("writing the state: {error}")))
}
