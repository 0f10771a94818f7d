//! What the person reads. One message a turn: what happened, and below it what is asked now.

use super::question::{Kind, Question};
use super::read::how_many;
use super::script::{At, Interview, Script};
use crate::form::{Field, Form};
use crate::message::Choice;
use crate::{Date, Message, text};

/// What the keys and values of the kit begin with; no id and no option of a survey does.
pub(crate) const PREFIX: &str = "survey/";

pub(crate) const SKIP: &str = "survey/skip";
pub(crate) const KEEP: &str = "survey/keep";
pub(crate) const AGAIN: &str = "survey/again";
pub(crate) const STOP: &str = "survey/stop";
pub(crate) const SUBMIT: &str = "survey/submit";
pub(crate) const CHANGE: &str = "survey/change";
pub(crate) const RETURN: &str = "survey/return";

const STUCK: &str = "survey/stuck";
const REVIEW: &str = "survey/review";
const WHICH: &str = "survey/which";

/// Said once, below the introduction.
pub(crate) const CONTROLS: &str = "(`back` returns to the question before; `cancel` ends it all.)";

/// Said where an interview goes on with other questions than it began with.
pub(crate) const MOVED: &str =
    "The questions have changed since you began. Your answers are kept where they still fit.";

/// Said where a date is asked for and the person's clocks are not known.
pub(crate) fn today(date: Date) -> String {
    format!("(I do not know your time zone, and take today to be {}.)", date.in_words())
}

/// The key of the message that asks what is open.
pub(crate) fn key(at: &At) -> &str {
    match at {
        At::Start | At::Moved => "",
        At::Question { id, .. } => id,
        At::Stuck { .. } => STUCK,
        At::Review => REVIEW,
        At::Which => WHICH,
    }
}

/// What can be picked now, and how many of it.
pub(crate) fn choices(script: &Script, interview: &Interview) -> (Vec<Choice>, u32, u32) {
    let question = |id: &str| script.question(id);
    match &interview.at {
        At::Start | At::Moved => (Vec::new(), 1, 1),
        At::Question { id, .. } => question(id).map_or((Vec::new(), 1, 1), of_question),
        At::Stuck { id, .. } => (question(id).map_or(Vec::new(), |question| of_stuck(question, interview)), 1, 1),
        At::Review => (vec![(SUBMIT, "Submit").into(), (CHANGE, "Change an answer").into()], 1, 1),
        At::Which => {
            let applying = script.applying(&interview.answers);
            let mut options: Vec<Choice> =
                applying.iter().map(|question| (question.id.as_str(), question.label.as_str()).into()).collect();
            options.push((RETURN, "None of them").into());
            (options, 1, 1)
        }
    }
}

fn of_question(question: &Question) -> (Vec<Choice>, u32, u32) {
    let mut options = question.options();
    if let Kind::ManyOf { count, .. } = &question.kind {
        return (options, *count.start(), *count.end());
    }
    if question.optional && !options.is_empty() {
        options.push((SKIP, "Skip").into());
    }
    (options, 1, 1)
}

fn of_stuck(question: &Question, interview: &Interview) -> Vec<Choice> {
    let mut options: Vec<Choice> = vec![(AGAIN, "Try again").into()];
    if interview.answers.get(&question.id).is_some() {
        options.push((KEEP, "Keep my answer").into());
    }
    if question.optional {
        options.push((SKIP, "Skip this question").into());
    }
    options.push((STOP, "Stop the survey").into());
    options
}

/// The message that asks what is open, below these notes.
pub(crate) fn prompt(script: &Script, interview: &Interview, mut notes: Vec<String>, today: Date) -> Message {
    notes.push(match &interview.at {
        At::Start | At::Moved => String::new(),
        At::Question { id, .. } => script.question(id).map_or_else(String::new, |question| ask(question, interview)),
        At::Stuck { .. } => stuck(interview),
        At::Review => review(script, interview),
        At::Which => "Which answer do you want to change?".to_owned(),
    });
    let message = Message::new(notes.join("\n\n")).key(key(&interview.at));
    match choices(script, interview) {
        (options, ..) if options.is_empty() => match calendar(script, interview, today) {
            Some(form) => message.form(form),
            None => message,
        },
        (options, least, most) => message.choices_between(least, most, options),
    }
}

/// A date in a form of its own: a channel that has a calendar shows it, and words are as good an answer.
fn calendar(script: &Script, interview: &Interview, today: Date) -> Option<Form> {
    let At::Question { id, .. } = &interview.at else { return None };
    let question = script.question(id)?;
    let Kind::Date { days } = &question.kind else { return None };
    // The host takes no control characters here, and a label may hold them.
    let label = question.label.split_whitespace().collect::<Vec<_>>().join(" ");
    let label = if label.is_empty() { id.clone() } else { label };
    let field = Field::date(id, &label);
    let field = match days {
        Some(days) => field.not_before(today.plus_days(*days.start())).not_after(today.plus_days(*days.end())),
        None => field,
    };
    Some(Form::new(text::cut_chars(&label, 24)).field(field))
}

fn ask(question: &Question, interview: &Interview) -> String {
    let mut text = question.text.clone();
    let mut hints: Vec<String> = question.hint.clone().or_else(|| wanted(question)).into_iter().collect();
    // Where it can be picked, it need not be written.
    let can_pick = !question.options().is_empty() && !matches!(question.kind, Kind::ManyOf { .. });
    if question.optional && !can_pick {
        hints.push("`skip` leaves it out".into());
    }
    if !hints.is_empty() {
        text.push_str(&format!("\n({})", hints.join("; ")));
    }
    if let Some(answer) = interview.answers.get(&question.id) {
        let answer = question.show(answer);
        let keep = if question.literal { "" } else { " Write `keep` to leave it as it is." };
        text.push_str(&format!("\nYour answer so far: {answer}.{keep}"));
    }
    text
}

/// What a question wants, where its words alone do not say it.
fn wanted(question: &Question) -> Option<String> {
    match &question.kind {
        Kind::Number(_) if !question.options().is_empty() => None,
        Kind::Number(range) => Some(format!("a whole number from {} to {}", range.start(), range.end())),
        Kind::Decimal(range) => Some(format!("a number from {} to {}", range.start(), range.end())),
        Kind::ManyOf { options, count } if *count.start() == 1 && *count.end() as usize == options.len() => {
            Some("one or more".into())
        }
        Kind::ManyOf { count, .. } => Some(how_many(count)),
        Kind::Date { .. } => Some("a date such as 2026-03-31, 31 March or `tomorrow`".into()),
        Kind::Text { .. } if question.literal => Some("whatever you write is taken as it is".into()),
        Kind::Text { .. } | Kind::OneOf(_) | Kind::YesNo | Kind::Scale { .. } => None,
    }
}

/// The question stands above, as often as it was asked.
fn stuck(interview: &Interview) -> String {
    match interview.misses {
        0 | 1 => "What would you like to do?".to_owned(),
        times => format!("That makes {times} answers that I could not use. What would you like to do?"),
    }
}

fn review(script: &Script, interview: &Interview) -> String {
    let answers = &interview.answers;
    let line = |question: &&Question| {
        let answer = answers.get(&question.id).map(|answer| question.show(answer))?;
        Some(format!("• {}: {answer}", question.label))
    };
    let lines: Vec<_> = script.applying(answers).iter().filter_map(line).collect();
    format!("Please check your answers:\n{}\nShall I submit them?", lines.join("\n"))
}
