//! What a message leads to: a decision about where the interview stands, and nothing else.

mod review;

use pesto_reading::language::{Language, has};
use pesto_reading::plain;
use serde_json::Value;

use super::phrases::fill;
use super::question::{Kind, Question};
use super::read::{Reading, find};
use super::script::{At, Interview, Script};
use super::words;
use crate::Date;

/// What all answers together may take, as JSON: half of what the host keeps of a conversation.
const ROOM: usize = 32 * 1024;

/// What the person did.
pub(crate) enum Input<'a> {
    Wrote(&'a str),
    Picked { key: &'a str, values: &'a [String] },
}

/// What follows.
#[derive(Debug, PartialEq)]
pub(crate) enum Step {
    /// Ask what is open now, below these notes.
    Ask(Vec<String>),
    /// The answers are submitted.
    Submit,
    /// The person has had enough.
    Stop,
}

impl Step {
    fn ask() -> Self {
        Self::Ask(Vec::new())
    }

    fn note(note: impl Into<String>) -> Self {
        Self::Ask(vec![note.into()])
    }
}

impl Script {
    /// Takes what is known before the first question; what a question does not accept is left to be asked.
    pub(crate) fn begin(&self, interview: &mut Interview, known: &[(&str, String)], today: Date) -> Step {
        for (id, written) in known {
            if let Some(reading) = self.question(id).and_then(|question| question.read(written, today).ok()) {
                let before = interview.answers.clone();
                interview.answers.set(id, reading.value);
                if !fits(interview) {
                    interview.answers = before;
                }
            }
        }
        self.go_on(interview, Vec::new())
    }

    /// Decides what follows where the person changed their last words: none where they answered nothing.
    pub(crate) fn edit(&self, interview: &mut Interview, text: &str, today: Date) -> Option<Step> {
        match interview.written.clone() {
            Some(id) => drop(go_to(interview, At::Question { id, changing: false })),
            None if interview.misses > 0 => {}
            None => return None,
        }
        Some(self.step(interview, &Input::Wrote(text), today))
    }

    /// Decides what follows from what the person did.
    pub(crate) fn step(&self, interview: &mut Interview, input: &Input<'_>, today: Date) -> Step {
        if interview.at == At::Moved {
            interview.written = None;
            return self.go_on(interview, vec![self.phrases.moved.to_owned()]);
        }
        if let Input::Picked { key, .. } = input {
            // A pick below the question itself is as good as one below the way out of it.
            let of_stuck = matches!(&interview.at, At::Stuck { id, .. } if id == key);
            if *key != words::key(&interview.at) && !of_stuck {
                return Step::note(self.phrases.an_earlier_question);
            }
        }
        interview.written = None;
        if matches!(input, Input::Wrote(text) if text.trim().is_empty()) {
            return Step::note(self.phrases.only_words);
        }
        match interview.at.clone() {
            At::Start | At::Moved => self.go_on(interview, Vec::new()),
            At::Question { id, changing } => match self.question(&id) {
                Some(question) => self.at_question(interview, question, changing, input, today),
                None => self.go_on(interview, Vec::new()),
            },
            At::Stuck { id, changing } => match self.question(&id) {
                Some(question) => self.at_stuck(interview, question, changing, input, today),
                None => self.go_on(interview, Vec::new()),
            },
            At::Review => self.at_review(interview, input, today),
            At::Which => self.at_which(interview, input, today),
        }
    }

    fn at_question(
        &self,
        interview: &mut Interview,
        question: &Question,
        changing: bool,
        input: &Input<'_>,
        today: Date,
    ) -> Step {
        let reading = match input {
            Input::Picked { values, .. } if *values == [words::SKIP] => return self.skip(interview, question),
            Input::Picked { values, .. } => question.chosen(values),
            Input::Wrote(text) => {
                // An option may be called `Back`, so what is offered comes before the words that move about.
                let (offered, ..) = words::choices(self, interview);
                match find(text, &offered) {
                    Some(option) if option.value == words::SKIP => return self.skip(interview, question),
                    None if !question.literal => {
                        if let Some(step) = self.moved(interview, question, changing, text) {
                            return step;
                        }
                    }
                    _ => {}
                }
                question.read(text, today)
            }
        };
        match reading {
            Ok(reading) => self.record(interview, question, reading),
            Err(problem) => {
                interview.misses = interview.misses.saturating_add(1);
                if interview.misses >= self.attempts(question) {
                    interview.at = At::Stuck { id: question.id.clone(), changing };
                }
                Step::note(problem)
            }
        }
    }

    /// `back`, `skip`, `keep`, and `pass` where a question may be left out.
    fn moved(&self, interview: &mut Interview, question: &Question, changing: bool, text: &str) -> Option<Step> {
        if is(text, |language| language.back) {
            return Some(match self.before(&question.id, &interview.answers) {
                _ if changing => self.go_on(interview, Vec::new()),
                Some(before) => go_to(interview, At::question(before)),
                None => Step::note(self.phrases.the_first),
            });
        }
        if is(text, |language| language.skip) {
            return Some(self.skip(interview, question));
        }
        if question.optional && passes(question, text) {
            return Some(self.skip(interview, question));
        }
        let keeps = is(text, |language| language.keep) && interview.answers.get(&question.id).is_some();
        keeps.then(|| self.go_on(interview, Vec::new()))
    }

    fn skip(&self, interview: &mut Interview, question: &Question) -> Step {
        if !question.optional {
            return Step::note(self.phrases.not_to_be_skipped);
        }
        self.record(interview, question, Value::Null.into())
    }

    fn record(&self, interview: &mut Interview, question: &Question, reading: Reading) -> Step {
        let before = interview.answers.clone();
        interview.answers.set(&question.id, reading.value);
        if !fits(interview) {
            interview.answers = before;
            return Step::note(self.phrases.too_long_together);
        }
        interview.written = Some(question.id.clone());
        let mut notes: Vec<String> = reading.note.into_iter().collect();
        let dropped = self.prune(&mut interview.answers);
        if !dropped.is_empty() {
            notes.push(fill(self.phrases.dropped, &[("labels", &dropped.join(", "))]));
        }
        self.go_on(interview, notes)
    }

    /// To the first question that is open, and from the last one to the review.
    pub(crate) fn go_on(&self, interview: &mut Interview, notes: Vec<String>) -> Step {
        let at = match self.open(&interview.answers) {
            Some(question) => At::question(question),
            None if self.review => At::Review,
            None => return Step::Submit,
        };
        go_to(interview, at);
        Step::Ask(notes)
    }

    fn at_stuck(
        &self,
        interview: &mut Interview,
        question: &Question,
        changing: bool,
        input: &Input<'_>,
        today: Date,
    ) -> Step {
        let again = At::Question { id: question.id.clone(), changing };
        match chosen(self, interview, input).as_deref() {
            Some(words::AGAIN) => return go_to(interview, again),
            Some(words::KEEP) => return self.go_on(interview, Vec::new()),
            Some(words::SKIP) => return self.skip(interview, question),
            Some(words::STOP) => return Step::Stop,
            _ => {}
        }
        // Whoever just writes the answer has found the shortest way out.
        interview.at = again.clone();
        let step = self.at_question(interview, question, changing, input, today);
        if interview.at == again && interview.misses > 0 {
            interview.at = At::Stuck { id: question.id.clone(), changing };
        }
        step
    }
}

/// Whether a text is one of these words.
fn is(text: &str, list: impl Fn(&Language) -> &'static [&'static str]) -> bool {
    // Longer texts are answers.
    text.len() <= 100 && has(&plain(text), list)
}

/// Whether somebody has nothing to say to a question: `pass`, `n/a`, and `none` where that is neither a number nor a no.
fn passes(question: &Question, text: &str) -> bool {
    let has_none = matches!(question.kind, Kind::Number(_) | Kind::Decimal(_) | Kind::YesNo | Kind::ManyOf { .. });
    is(text, |language| language.pass) || !has_none && is(text, |language| language.none)
}

/// What was picked or typed of the choices that are open.
fn chosen(script: &Script, interview: &Interview, input: &Input<'_>) -> Option<String> {
    let (options, ..) = words::choices(script, interview);
    match input {
        Input::Wrote(text) => find(text, &options).map(|option| option.value.clone()),
        Input::Picked { values: [value], .. } => Some(value.clone()),
        Input::Picked { .. } => None,
    }
}

fn go_to(interview: &mut Interview, at: At) -> Step {
    interview.at = at;
    interview.misses = 0;
    Step::ask()
}

fn fits(interview: &Interview) -> bool {
    serde_json::to_string(&interview.answers).is_ok_and(|json| json.len() <= ROOM)
}

#[cfg(test)]
mod tests;
