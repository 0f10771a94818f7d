//! What the person reads. One message a turn: what happened, and below it what is asked now.

use super::phrases::{Phrases, fill};
use super::question::{Kind, Question};
use super::read::{examples, how_many};
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

/// Choices that are named in words, at most.
const SHOWN: usize = 20;

const STUCK: &str = "survey/stuck";
const REVIEW: &str = "survey/review";
const WHICH: &str = "survey/which";

/// Said where a date is asked for and the person's clocks are not known.
pub(crate) fn today(date: Date, phrases: &Phrases) -> String {
    fill(phrases.take_today, &[("date", &phrases.day(date))])
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
        At::Review => (vec![(SUBMIT, script.phrases.submit).into(), (CHANGE, script.phrases.change).into()], 1, 1),
        At::Which => {
            let applying = script.applying(&interview.answers);
            let mut options: Vec<Choice> =
                applying.iter().map(|question| (question.id.as_str(), question.label.as_str()).into()).collect();
            options.push((RETURN, script.phrases.none_of_them).into());
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
        options.push((SKIP, question.phrases.skip).into());
    }
    (options, 1, 1)
}

fn of_stuck(question: &Question, interview: &Interview) -> Vec<Choice> {
    let phrases = question.phrases;
    let mut options: Vec<Choice> = vec![(AGAIN, phrases.again).into()];
    if interview.answers.get(&question.id).is_some() {
        options.push((KEEP, phrases.keep_answer).into());
    }
    if question.optional {
        options.push((SKIP, phrases.skip_question).into());
    }
    options.push((STOP, phrases.stop_survey).into());
    options
}

/// The message that asks what is open, below these notes.
pub(crate) fn prompt(script: &Script, interview: &Interview, mut notes: Vec<String>, today: Date) -> Message {
    notes.push(match &interview.at {
        At::Start | At::Moved => String::new(),
        At::Question { id, .. } => {
            script.question(id).map_or_else(String::new, |question| ask(question, interview, today))
        }
        At::Stuck { id, .. } => {
            script.question(id).map_or_else(String::new, |question| stuck(question, interview, today))
        }
        At::Review => review(script, interview),
        At::Which => script.phrases.which_to_change.to_owned(),
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

fn ask(question: &Question, interview: &Interview, today: Date) -> String {
    let phrases = question.phrases;
    let mut text = question.text.clone();
    let mut hints: Vec<String> = question.hint.clone().or_else(|| wanted(question, today)).into_iter().collect();
    // Where it can be picked, it need not be written.
    let can_pick = !question.options().is_empty() && !matches!(question.kind, Kind::ManyOf { .. });
    if question.optional && !can_pick {
        hints.push(phrases.can_skip.into());
    }
    if !hints.is_empty() {
        text.push_str(&format!("\n({})", hints.join("; ")));
    }
    if let Some(answer) = interview.answers.get(&question.id) {
        let answer = question.show(answer);
        text.push_str(&format!("\n{}", fill(phrases.so_far, &[("answer", &answer)])));
        if !question.literal {
            text.push_str(&format!(" {}", phrases.can_keep));
        }
    }
    text
}

/// What a question wants, where its words alone do not say it.
fn wanted(question: &Question, today: Date) -> Option<String> {
    let phrases = question.phrases;
    let between = |phrase: &str, low: String, high: String| Some(fill(phrase, &[("low", &low), ("high", &high)]));
    match &question.kind {
        Kind::Number(_) if !question.options().is_empty() => None,
        Kind::Number(range) => between(phrases.a_whole_number, range.start().to_string(), range.end().to_string()),
        Kind::Decimal(range) => between(phrases.a_number, range.start().to_string(), range.end().to_string()),
        Kind::ManyOf { options, count } if *count.start() == 1 && *count.end() as usize == options.len() => {
            Some(phrases.one_or_more.into())
        }
        Kind::ManyOf { count, .. } => Some(how_many(count, phrases)),
        Kind::Date { days } => Some(fill(phrases.a_date, &[("examples", &examples(today, days.as_ref(), phrases))])),
        Kind::Text { .. } if question.literal => Some(phrases.as_it_is.into()),
        Kind::Text { .. } | Kind::OneOf(_) | Kind::YesNo | Kind::Scale { .. } => None,
    }
}

/// The question with its choices in words, because the ways out of it are the choices of this message.
fn stuck(question: &Question, interview: &Interview, today: Date) -> String {
    let phrases = question.phrases;
    let options = question.options();
    let mut labels: Vec<&str> = options.iter().take(SHOWN).map(|option| option.label.as_str()).collect();
    if options.len() > SHOWN {
        labels.push("…");
    }
    let mut text = ask(question, interview, today);
    if !labels.is_empty() {
        text.push_str(&format!("\n{}", fill(phrases.to_choose_from, &[("labels", &phrases.either(&labels))])));
    }
    text.push_str(&format!("\n{}\n\n", phrases.still_answer));
    if interview.misses > 1 {
        text.push_str(&format!("{} ", fill(phrases.stuck, &[("times", &interview.misses.to_string())])));
    }
    text + phrases.what_to_do
}

fn review(script: &Script, interview: &Interview) -> String {
    let answers = &interview.answers;
    let line = |question: &&Question| {
        let answer = answers.get(&question.id).map(|answer| question.show(answer))?;
        Some(format!("• {}: {answer}", question.label))
    };
    let lines: Vec<_> = script.applying(answers).iter().filter_map(line).collect();
    format!("{}\n{}\n{}", script.phrases.check, lines.join("\n"), script.phrases.shall_i_submit)
}
