//! Which questions apply, and where an interview stands. Branches look back only, so one walk in order settles them.

use serde::{Deserialize, Serialize};

use super::phrases::Phrases;
use super::question::Question;
use super::{Answers, Survey};

/// Where an interview stands: what [`Conduct`](super::Conduct) keeps from turn to turn.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Interview {
    pub(crate) answers: Answers,
    pub(crate) at: At,
    /// Wrong answers in a row to the question that is open.
    pub(crate) misses: u32,
    /// The question that the last message answered, if it did: it may still be changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) written: Option<String>,
}

impl Interview {
    /// The answers so far.
    pub fn answers(&self) -> &Answers {
        &self.answers
    }
}

/// What the person was last asked.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub(crate) enum At {
    /// Nothing yet.
    #[default]
    Start,
    /// A question. `changing` where it was chosen in the review, which is where `back` leads then.
    Question { id: String, changing: bool },
    /// What to do with a question that was answered wrongly too often.
    Stuck { id: String, changing: bool },
    /// To submit the answers or to change one.
    Review,
    /// Which answer to change.
    Which,
    /// Something that the questions do not have any more: what is said next answers none of them.
    Moved,
}

impl At {
    pub(crate) fn question(question: &Question) -> Self {
        Self::Question { id: question.id.clone(), changing: false }
    }
}

/// A survey's questions and rules.
pub(crate) struct Script {
    pub(crate) questions: Vec<Question>,
    pub(crate) attempts: u32,
    pub(crate) review: bool,
    pub(crate) phrases: &'static Phrases,
}

impl Script {
    pub(crate) fn of<S: Survey>() -> Self {
        Self { questions: S::questions(), attempts: S::ATTEMPTS, review: S::REVIEW, phrases: Phrases::of("") }
    }

    /// The same in the language of a person's locale.
    pub(crate) fn speaking(mut self, locale: &str) -> Self {
        self.phrases = Phrases::of(locale);
        for question in &mut self.questions {
            question.phrases = self.phrases;
        }
        self
    }

    pub(crate) fn question(&self, id: &str) -> Option<&Question> {
        self.questions.iter().find(|question| question.id == id)
    }

    /// The questions that apply, given the answers of those before them, and these answers alone: what is left of an
    /// answer whose question no longer applies is not seen by later branches.
    fn walk<'a>(&'a self, answers: &Answers) -> (Vec<&'a Question>, Answers) {
        let mut kept = Answers::default();
        let mut applying = Vec::new();
        for question in &self.questions {
            if !question.applies(&kept) {
                continue;
            }
            applying.push(question);
            if let Some(value) = answers.get(&question.id) {
                kept.set(&question.id, value.clone());
            }
        }
        (applying, kept)
    }

    /// The questions that apply.
    pub(crate) fn applying(&self, answers: &Answers) -> Vec<&Question> {
        self.walk(answers).0
    }

    /// Drops what was answered to questions that no longer apply; answers the labels of what was dropped.
    pub(crate) fn prune(&self, answers: &mut Answers) -> Vec<String> {
        let kept = self.walk(answers).1;
        let dropped = self.questions.iter().filter(|q| answers.given(&q.id) && kept.get(&q.id).is_none());
        let labels = dropped.map(|question| question.label.clone()).collect();
        *answers = kept;
        labels
    }

    /// The first question that applies and has no answer.
    pub(crate) fn open(&self, answers: &Answers) -> Option<&Question> {
        self.applying(answers).into_iter().find(|question| answers.get(&question.id).is_none())
    }

    /// The question before this one, among those that apply.
    pub(crate) fn before(&self, id: &str, answers: &Answers) -> Option<&Question> {
        let applying = self.applying(answers);
        let position = applying.iter().position(|question| question.id == id)?;
        applying.get(position.checked_sub(1)?).copied()
    }

    pub(crate) fn attempts(&self, question: &Question) -> u32 {
        question.attempts.unwrap_or(self.attempts)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::question::{one_of, text};
    use super::*;
    use serde_json::json;

    fn script() -> Script {
        let questions = vec![
            one_of("role", "?", ["Engineering", "Sales"]),
            text("stack", "?").when(|so_far| so_far.is("role", "Engineering")),
            text("editor", "?").when(|so_far| so_far.given("stack")),
            text("region", "?").when(|so_far| so_far.is("role", "Sales")),
            text("why", "?"),
        ];
        Script { questions, attempts: 3, review: true, phrases: Phrases::of("") }
    }

    fn ids(questions: Vec<&Question>) -> Vec<&str> {
        questions.into_iter().map(|question| question.id.as_str()).collect()
    }

    fn engineer() -> Answers {
        let mut answers = Answers::default();
        for (id, value) in [("role", "Engineering"), ("stack", "Rust"), ("editor", "vi"), ("why", "because")] {
            answers.set(id, json!(value));
        }
        answers
    }

    #[test]
    fn branches_follow_the_answers_before_them() {
        assert_eq!(ids(script().applying(&Answers::default())), ["role", "why"]);
        assert_eq!(ids(script().applying(&engineer())), ["role", "stack", "editor", "why"]);
        assert!(script().open(&engineer()).is_none());
    }

    #[test]
    fn a_change_drops_what_hung_on_it_even_at_second_hand() {
        let mut answers = engineer();
        answers.set("role", json!("Sales"));
        assert_eq!(script().prune(&mut answers), ["Stack", "Editor"]);
        assert_eq!(serde_json::to_value(&answers).unwrap(), json!({"role": "Sales", "why": "because"}));
        assert_eq!(script().open(&answers).unwrap().id, "region");
    }

    #[test]
    fn before_counts_only_what_applies() {
        assert_eq!(script().before("why", &engineer()).unwrap().id, "editor");
        assert!(script().before("role", &engineer()).is_none());
        assert!(script().before("region", &engineer()).is_none());
    }

    #[test]
    fn answers_are_kept_in_the_order_of_the_questions() {
        let mut answers = Answers::default();
        answers.set("why", json!("x"));
        answers.set("role", json!("Sales"));
        assert!(script().prune(&mut answers).is_empty());
        assert_eq!(serde_json::to_string(&answers).unwrap(), r#"{"role":"Sales","why":"x"}"#);
    }
}
