//! Whether a survey's own questions are sound: found when the component is loaded, not when a person answers.

use std::collections::HashSet;

use serde_json::{Value, json};

use super::answers::{Answers, asked_for};
use super::question::{Kind, Question};
use super::script::Script;
use super::words;
use crate::message::Choice;

/// A choice among all of them has one option more, and 100 at most.
const MAX_QUESTIONS: usize = 99;
const MAX_TEXT: usize = 2_000;
const MAX_LABEL: usize = 60;

impl Script {
    /// Says what is wrong with the first question that is not sound.
    pub(crate) fn check(&self) -> Result<(), String> {
        if self.questions.is_empty() || self.questions.len() > MAX_QUESTIONS {
            return Err(format!("a survey has 1 to {MAX_QUESTIONS} questions, this one {}", self.questions.len()));
        }
        if self.attempts == 0 {
            return Err("a survey allows at least one attempt".into());
        }
        let (mut ids, mut labels) = (HashSet::new(), HashSet::new());
        for question in &self.questions {
            sound(question).map_err(|fault| format!("question `{}`: {fault}", question.id))?;
            if !ids.insert(question.id.to_lowercase()) {
                return Err(format!("two questions have the id `{}`", question.id));
            }
            if !labels.insert(question.label.to_lowercase()) {
                return Err(format!("two questions have the label `{}`", question.label));
            }
        }
        self.branches()
    }

    /// Branches look back. One that looks at the answer of no question before it, as for a misspelt id, never sees an
    /// answer, and nothing tells of it. So each is asked as it would be by people who answer this and that.
    fn branches(&self) -> Result<(), String> {
        let samples: Vec<_> = self.questions.iter().map(samples).collect();
        for person in 0..PEOPLE {
            let mut kept = Answers::default();
            for (at, (question, samples)) in self.questions.iter().zip(&samples).enumerate() {
                let mut applies = false;
                let asked = asked_for(|| applies = question.applies(&kept));
                let known = |id: &str| self.questions.iter().take(at).any(|question| question.id == id);
                if let Some(wrong) = asked.iter().find(|id| !known(id)) {
                    return Err(self.looks_at(question, at, wrong));
                }
                // The first one has answered nothing yet. The others are spread, and the same each time.
                let chance = (person as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(at as u32 * 7) >> 33;
                let sample = samples.get(chance as usize % samples.len().max(1));
                if let Some(sample) = sample.filter(|_| applies && person > 0) {
                    kept.set(&question.id, sample.clone());
                }
            }
        }
        Ok(())
    }

    fn looks_at(&self, question: &Question, at: usize, wrong: &str) -> String {
        let wrong = crate::text::cut(wrong, 80);
        let why = match self.questions.iter().skip(at).any(|question| question.id == wrong) {
            true => "does not come before it",
            false => "is the id of no question",
        };
        let ids: Vec<_> = self.questions.iter().take(at).map(|question| format!("`{}`", question.id)).collect();
        let ids = if ids.is_empty() { "there is none".to_owned() } else { format!("there are {}", ids.join(", ")) };
        format!("question `{}`: its `when` looks at `{wrong}`, which {why}; before it {ids}", question.id)
    }
}

/// So many people answer the questions in thought.
const PEOPLE: usize = 200;

/// Answers that a person could give.
fn samples(question: &Question) -> Vec<Value> {
    let mut all = match &question.kind {
        Kind::Text { .. } => vec![json!("x")],
        Kind::Number(range) => vec![json!(range.start()), json!(range.end())],
        Kind::Decimal(range) => vec![json!(range.start()), json!(range.end())],
        Kind::Scale { points, .. } => points.clone().map(Value::from).collect(),
        Kind::Date { .. } => vec![json!("2026-03-02")],
        Kind::YesNo => vec![json!(true), json!(false)],
        Kind::OneOf(options) => options.iter().map(|option| json!(option.value)).collect(),
        Kind::ManyOf { options, count } => {
            let values: Vec<_> = options.iter().map(|option| option.value.as_str()).collect();
            values.windows(*count.start() as usize).map(|some| json!(some)).collect()
        }
    };
    if question.optional {
        all.push(Value::Null);
    }
    all
}

fn sound(question: &Question) -> Result<(), String> {
    let clean = question.id.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
    ensure(clean && (1..=60).contains(&question.id.len()), || "an id is 1 to 60 of a-z, 0-9, `-` and `_`".into())?;
    ensure(!question.text.trim().is_empty(), || "there is nothing to ask".into())?;
    let text = question.text.len() + question.hint.as_ref().map_or(0, String::len);
    ensure(text <= MAX_TEXT, || format!("text and hint have at most {MAX_TEXT} bytes"))?;
    let label = question.label.chars().count();
    ensure((1..=MAX_LABEL).contains(&label), || format!("a label has 1 to {MAX_LABEL} characters"))?;
    ensure(question.attempts != Some(0), || "it allows at least one attempt".into())?;
    let passable = !(question.literal && question.optional);
    ensure(passable, || "it is literal and so takes `skip` as an answer: it cannot be optional".into())?;
    match &question.kind {
        Kind::Text { most } => ensure((1..=4_000).contains(most), || "a text has at most 4,000 characters".into()),
        Kind::Number(range) => ensure(range.start() <= range.end(), || "the range is empty".into()),
        Kind::Decimal(range) => {
            let good = range.start() <= range.end() && range.start().is_finite() && range.end().is_finite();
            ensure(good, || "the range is empty or without bounds".into())
        }
        Kind::Scale { points, .. } => {
            let count = points.end().saturating_sub(*points.start()).saturating_add(1);
            ensure((2..=21).contains(&count), || "a scale has 2 to 21 points".into())?;
            options(&question.options())
        }
        Kind::Date { days: Some(days) } => ensure(days.start() <= days.end(), || "no day is accepted".into()),
        Kind::Date { days: None } => Ok(()),
        Kind::OneOf(_) | Kind::YesNo => options(&question.options()),
        Kind::ManyOf { options: all, count } => {
            options(all)?;
            let good = *count.start() >= 1 && count.start() <= count.end() && *count.end() as usize <= all.len();
            ensure(good, || "`pick` wants at least 1 and at most as many as there are".into())
        }
    }
}

fn options(options: &[Choice]) -> Result<(), String> {
    ensure((2..=99).contains(&options.len()), || format!("it has 2 to 99 options, this one {}", options.len()))?;
    let mut names = HashSet::new();
    for (position, option) in options.iter().enumerate() {
        let fits = (1..=Choice::MAX_VALUE).contains(&option.value.len())
            && (1..=Choice::MAX_LABEL).contains(&option.label.chars().count());
        ensure(fits, || {
            let (value, label) = (Choice::MAX_VALUE, Choice::MAX_LABEL);
            format!("option {}: a value has 1 to {value} bytes, a label 1 to {label} characters", position + 1)
        })?;
        ensure(!option.value.starts_with(words::PREFIX), || {
            format!("option `{}`: values that begin with `{}` are the kit's", option.value, words::PREFIX)
        })?;
        let (value, label) = (option.value.to_lowercase(), option.label.to_lowercase());
        let same = value == label;
        ensure(names.insert(value) & (same || names.insert(label)), || {
            format!("option `{}`: another has the same value or label", option.label)
        })?;
    }
    Ok(())
}

fn ensure(good: bool, fault: impl FnOnce() -> String) -> Result<(), String> {
    if good { Ok(()) } else { Err(fault()) }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::phrases::Phrases;
    use super::super::question::*;
    use super::*;

    fn fault(questions: Vec<Question>) -> String {
        Script { questions, attempts: 3, review: true, phrases: Phrases::of("") }.check().unwrap_err()
    }

    #[test]
    fn faults_name_the_question() {
        assert_eq!(fault(vec![]), "a survey has 1 to 99 questions, this one 0");
        assert_eq!(fault(vec![text("a", "?"), text("A", "?")]), "two questions have the id `A`");
        assert_eq!(fault(vec![text("a", "?"), text("b", "?").label("a")]), "two questions have the label `a`");
        for (question, part) in [
            (text("a b", "?"), "an id is"),
            (text("survey/x", "?"), "an id is"),
            (text("q", " "), "nothing to ask"),
            (text("q", &"x".repeat(2_001)), "at most 2000 bytes"),
            (text("q", "?").label(&"x".repeat(61)), "a label has"),
            (text("q", "?").attempts(0), "at least one attempt"),
            (text("q", "?").literal().optional(), "cannot be optional"),
            (text("q", "?").at_most(0), "at most 4,000"),
            (text("q", "?").at_most(4_001), "at most 4,000"),
            (number("q", "?", std::ops::RangeInclusive::new(2, 1)), "the range is empty"),
            (decimal("q", "?", 0.0..=f64::INFINITY), "without bounds"),
            (scale("q", "?", 1..=22), "2 to 21"),
            (scale("q", "?", i64::MIN..=i64::MAX), "2 to 21"),
            (scale("q", "?", 1..=2).ends(&"x".repeat(80), ""), "option 1"),
            (date("q", "?").days(std::ops::RangeInclusive::new(2, 1)), "no day"),
            (one_of("q", "?", ["a"]), "2 to 99"),
            (one_of("q", "?", ["a", "A"]), "same value or label"),
            (one_of("q", "?", [("a", "b"), ("b", "c")]), "same value or label"),
            (one_of("q", "?", ["a", "survey/skip"]), "are the kit's"),
            (one_of("q", "?", ["a", ""]), "option 2"),
            (many_of("q", "?", ["a", "b"]).pick(0..=1), "`pick` wants"),
            (many_of("q", "?", ["a", "b"]).pick(1..=3), "`pick` wants"),
        ] {
            let id = question.id.clone();
            let fault = fault(vec![question]);
            assert!(fault.starts_with(&format!("question `{id}`: ")) && fault.contains(part), "{fault}");
        }
    }

    #[test]
    fn a_branch_looks_at_questions_before_it() {
        let week = || one_of("week", "?", ["Good", "Bad"]);
        let misspelt = fault(vec![week(), text("wish", "?").when(|so_far| so_far.is("weeek", "Bad"))]);
        assert_eq!(
            misspelt,
            "question `wish`: its `when` looks at `weeek`, which is the id of no question; before it there are `week`"
        );
        let later = fault(vec![week().when(|so_far| so_far.given("wish")), text("wish", "?")]);
        assert!(later.contains("`wish`, which does not come before it; before it there is none"), "{later}");
        // Behind another condition, which holds for one answer only.
        let hidden = fault(vec![
            week(),
            yes_no("tired", "?").when(|so_far| so_far.is("week", "Bad")),
            text("wish", "?").when(|so_far| so_far.is("week", "Bad") && so_far.no("tired") && so_far.yes("tried")),
        ]);
        assert!(hidden.contains("looks at `tried`"), "{hidden}");
        let sound = vec![
            week(),
            date("day", "?"),
            text("wish", "?").when(|so_far| so_far.is("week", "Bad") || so_far.date("day").is_some()),
        ];
        assert_eq!(Script { questions: sound, attempts: 3, review: true, phrases: Phrases::of("") }.check(), Ok(()));
    }

    #[test]
    fn sound_questions_pass() {
        let questions = vec![
            text("a", "?"),
            number("b", "?", 0..=0),
            one_of("c", "?", [("x", "X"), ("y", "Why")]),
            many_of("d", "?", ["x", "y"]).pick(2..=2),
            yes_no("e", "?"),
            date("f", "?").days(0..=0),
            scale("g", "?", -10..=10),
        ];
        assert_eq!(Script { questions, attempts: 1, review: false, phrases: Phrases::of("") }.check(), Ok(()));
    }
}
