//! What is asked.

use std::ops::RangeInclusive;

use serde_json::Value;

use super::Answers;
use super::phrases::Phrases;
use crate::message::Choice;
use crate::{Date, text};

/// A question. Its id names its answer and its message.
pub struct Question {
    pub(crate) id: String,
    pub(crate) text: String,
    pub(crate) label: String,
    pub(crate) kind: Kind,
    pub(crate) hint: Option<String>,
    pub(crate) optional: bool,
    pub(crate) literal: bool,
    pub(crate) attempts: Option<u32>,
    /// The language of whoever is asked.
    pub(crate) phrases: &'static Phrases,
    when: Option<Condition>,
}

type Condition = Box<dyn Fn(&Answers) -> bool>;

pub(crate) enum Kind {
    Text { most: usize },
    Number(RangeInclusive<i64>),
    Decimal(RangeInclusive<f64>),
    OneOf(Vec<Choice>),
    ManyOf { options: Vec<Choice>, count: RangeInclusive<u32> },
    YesNo,
    Date { days: Option<RangeInclusive<i64>> },
    Scale { points: RangeInclusive<i64>, low: String, high: String },
}

/// Asks for words: at most 1,000 characters, or as [`Question::at_most`] says.
pub fn text(id: &str, text: &str) -> Question {
    Question::new(id, text, Kind::Text { most: 1_000 })
}

/// Asks for a whole number in this range. Of 2 to 10 numbers the person can pick one.
pub fn number(id: &str, text: &str, range: RangeInclusive<i64>) -> Question {
    Question::new(id, text, Kind::Number(range))
}

/// Asks for a number in this range that may have decimals, such as `1.5`.
pub fn decimal(id: &str, text: &str, range: RangeInclusive<f64>) -> Question {
    Question::new(id, text, Kind::Decimal(range))
}

/// Asks to choose one of 2 to 99 options: texts, or pairs of value and label.
pub fn one_of<C: Into<Choice>>(id: &str, text: &str, options: impl IntoIterator<Item = C>) -> Question {
    Question::new(id, text, Kind::OneOf(options.into_iter().map(Into::into).collect()))
}

/// Asks to choose some of 2 to 99 options: one at least, or as [`Question::pick`] says.
pub fn many_of<C: Into<Choice>>(id: &str, text: &str, options: impl IntoIterator<Item = C>) -> Question {
    let options: Vec<Choice> = options.into_iter().map(Into::into).collect();
    let count = 1..=u32::try_from(options.len()).unwrap_or(u32::MAX);
    Question::new(id, text, Kind::ManyOf { options, count })
}

/// Asks for yes or no.
pub fn yes_no(id: &str, text: &str) -> Question {
    Question::new(id, text, Kind::YesNo)
}

/// Asks for a date: `2026-03-02`, `2 March 2026`, `tomorrow`, `friday`, `in two weeks`, `15.3.`, `the 15th`. What was understood of words
/// is repeated to the person. Today is the person's, or UTC's where their clocks are not known.
pub fn date(id: &str, text: &str) -> Question {
    Question::new(id, text, Kind::Date { days: None })
}

/// Asks for a point on a scale of 2 to 21 points; [`Question::ends`] says what its ends mean.
pub fn scale(id: &str, text: &str, points: RangeInclusive<i64>) -> Question {
    Question::new(id, text, Kind::Scale { points, low: String::new(), high: String::new() })
}

impl Question {
    fn new(id: &str, text: &str, kind: Kind) -> Self {
        Self {
            id: id.to_owned(),
            text: text.to_owned(),
            label: label_of(id),
            kind,
            hint: None,
            optional: false,
            literal: false,
            attempts: None,
            phrases: Phrases::of(""),
            when: None,
        }
    }

    /// It may be left out.
    pub fn optional(mut self) -> Self {
        self.optional = true;
        self
    }

    /// It is asked only if this holds. Only the answers of questions before this one are there to be looked at: a survey
    /// that looks at another id is not sound, and its component is refused.
    pub fn when(mut self, applies: impl Fn(&Answers) -> bool + 'static) -> Self {
        self.when = Some(Box::new(applies));
        self
    }

    /// What stands for it in the review, at most 60 characters; by default its id, as words.
    pub fn label(mut self, label: &str) -> Self {
        self.label = label.to_owned();
        self
    }

    /// A few words below the question, in place of the kit's own on what is wanted.
    pub fn hint(mut self, hint: &str) -> Self {
        self.hint = Some(hint.to_owned());
        self
    }

    /// How many wrong answers lead to the way out, in place of the survey's number.
    pub fn attempts(mut self, attempts: u32) -> Self {
        self.attempts = Some(attempts);
        self
    }

    /// Every text is an answer, `back` and `cancel` too. For a text question only.
    ///
    /// # Panics
    /// For any other kind.
    pub fn literal(mut self) -> Self {
        assert!(matches!(self.kind, Kind::Text { .. }), "`{}`: `literal` is for text questions", self.id);
        self.literal = true;
        self
    }

    /// The longest text, in characters, at most 4,000. Up to 100 it is one line: the lines that somebody writes are joined by
    /// blanks.
    ///
    /// # Panics
    /// For any other kind.
    pub fn at_most(mut self, characters: usize) -> Self {
        let Kind::Text { most } = &mut self.kind else { panic!("`{}`: `at_most` is for text questions", self.id) };
        *most = characters;
        self
    }

    /// How many options may be chosen.
    ///
    /// # Panics
    /// For any other kind than `many_of`.
    pub fn pick(mut self, options: RangeInclusive<u32>) -> Self {
        let Kind::ManyOf { count, .. } = &mut self.kind else { panic!("`{}`: `pick` is for many_of", self.id) };
        *count = options;
        self
    }

    /// Which dates are accepted, in days from the person's today: `0..=30` is within the next thirty days.
    ///
    /// # Panics
    /// For any other kind than a date.
    pub fn days(mut self, from_today: RangeInclusive<i64>) -> Self {
        let Kind::Date { days } = &mut self.kind else { panic!("`{}`: `days` is for dates", self.id) };
        *days = Some(from_today);
        self
    }

    /// What the lowest and the highest point mean.
    ///
    /// # Panics
    /// For any other kind than a scale.
    pub fn ends(mut self, lowest: &str, highest: &str) -> Self {
        let Kind::Scale { low, high, .. } = &mut self.kind else { panic!("`{}`: `ends` is for scales", self.id) };
        *low = lowest.to_owned();
        *high = highest.to_owned();
        self
    }

    pub(crate) fn applies(&self, before: &Answers) -> bool {
        self.when.as_ref().is_none_or(|applies| applies(before))
    }

    /// What can be picked, without the way to skip.
    pub(crate) fn options(&self) -> Vec<Choice> {
        match &self.kind {
            Kind::OneOf(options) | Kind::ManyOf { options, .. } => options.clone(),
            Kind::YesNo => vec![("yes", self.phrases.yes).into(), ("no", self.phrases.no).into()],
            Kind::Scale { points, low, high } => {
                let meaning = |point: i64| match point {
                    point if point == *points.start() => low,
                    point if point == *points.end() => high,
                    _ => "",
                };
                let option = |point: i64| match meaning(point) {
                    "" => Choice::from(point.to_string()),
                    meaning => Choice::from((point.to_string(), format!("{point} ({meaning})"))),
                };
                points.clone().map(option).collect()
            }
            Kind::Number(range) => match range.end().checked_sub(*range.start()) {
                Some(1..=9) => range.clone().map(|number| Choice::from(number.to_string())).collect(),
                _ => Vec::new(),
            },
            Kind::Text { .. } | Kind::Decimal(_) | Kind::Date { .. } => Vec::new(),
        }
    }

    /// An answer as a person reads it, in one bounded line.
    pub(crate) fn show(&self, value: &Value) -> String {
        let label = |value: &str| {
            let options = self.options();
            options.into_iter().find(|option| option.value == value).map_or(value.to_owned(), |option| option.label)
        };
        let shown = match (value, &self.kind) {
            (Value::Null, _) => self.phrases.skipped.to_owned(),
            (Value::Bool(yes), _) => if *yes { self.phrases.yes } else { self.phrases.no }.to_owned(),
            (Value::Number(number), _) => label(&number.to_string()),
            (Value::Array(values), _) => {
                values.iter().filter_map(Value::as_str).map(label).collect::<Vec<_>>().join(", ")
            }
            (Value::String(iso), Kind::Date { .. }) => {
                Date::from_iso(iso).map_or_else(|| iso.clone(), |date| self.phrases.day(date))
            }
            (Value::String(value), _) => label(value),
            (Value::Object(_), _) => String::new(),
        };
        text::cut_chars(&shown.split_whitespace().collect::<Vec<_>>().join(" "), 100)
    }
}

/// `start-date` is `Start date`.
fn label_of(id: &str) -> String {
    let words = id.replace(['-', '_'], " ");
    let mut letters = words.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn answers_are_shown_as_people_say_them() {
        let role = one_of("role", "?", [("eng", "Engineering"), ("art", "Design")]);
        assert_eq!(role.show(&json!("eng")), "Engineering");
        assert_eq!(role.show(&Value::Null), "(skipped)");
        assert_eq!(many_of("m", "?", [("a", "A!"), ("b", "B!")]).show(&json!(["a", "b"])), "A!, B!");
        assert_eq!(yes_no("y", "?").show(&json!(false)), "No");
        assert_eq!(date("d", "?").show(&json!("2026-03-02")), "Monday, 2 March 2026");
        assert_eq!(scale("s", "?", 1..=5).ends("low", "high").show(&json!(5)), "5 (high)");
        assert_eq!(decimal("n", "?", 0.0..=2.0).show(&json!(1.5)), "1.5");
        assert_eq!(text("t", "?").show(&json!("two\nlines")), "two lines");
        assert_eq!(text("t", "?").show(&json!("x".repeat(400))).chars().count(), 100);
    }

    #[test]
    fn the_label_is_the_id_as_words() {
        assert_eq!(text("start-date", "?").label, "Start date");
        assert_eq!(text("start-date", "?").label("First day").label, "First day");
    }

    #[test]
    #[should_panic(expected = "`days` is for dates")]
    fn settings_of_another_kind_are_refused() {
        let _ = text("t", "?").days(0..=1);
    }
}
