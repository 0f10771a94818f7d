//! From what people write or pick to a value, or to a sentence that says what is wrong.

pub(super) use choice::{find, how_many, which};
pub(super) use day::examples;

mod again;
mod choice;
mod day;
mod number;

use pesto_reading::language::has;
use pesto_reading::plain;
use serde_json::{Value, json};

use super::phrases::{Phrases, fill};
use super::question::{Kind, Question};
use crate::{Date, text};

/// Texts of at most so many characters are one line.
const ONE_LINE: usize = 100;

/// An answer that was understood.
#[derive(Debug, PartialEq)]
pub(crate) struct Reading {
    pub(crate) value: Value,
    /// What was understood, where it is not what was written.
    pub(crate) note: Option<String>,
}

impl From<Value> for Reading {
    fn from(value: Value) -> Self {
        Self { value, note: None }
    }
}

/// A whole sentence or two for the person: what is wrong, and what is wanted.
pub(crate) type Problem = String;

impl Question {
    /// Reads what the person wrote. The text is hostile, and up to 12,000 bytes long.
    pub(crate) fn read(&self, written: &str, today: Date) -> Result<Reading, Problem> {
        let (written, phrases) = (text::clean(written), self.phrases);
        match &self.kind {
            Kind::Text { .. } => self.words(&written),
            Kind::Number(range) => number::whole(&written, range, &self.text, phrases),
            Kind::Decimal(range) => number::decimal(&written, range, &self.text, phrases),
            Kind::Date { days } => day::read(&written, today, days.as_ref(), phrases),
            Kind::YesNo => {
                let explained = || pesto_reading::yes_no_explained(&written).map(|yes| if yes { "yes" } else { "no" });
                let one = choice::one(&written, &self.options(), phrases);
                self.chosen(&[one.or_else(|problem| explained().map(str::to_owned).ok_or(problem))?])
            }
            Kind::OneOf(_) => self.chosen(&[choice::one(&written, &self.options(), phrases)?]),
            Kind::Scale { .. } => self.chosen(&[choice::point(&written, &self.options(), phrases)?]),
            Kind::ManyOf { options, count } => match choice::many(&written, options, phrases)? {
                none if none.is_empty() && self.optional => Ok(Value::Null.into()),
                none if none.is_empty() => {
                    let says_none = has(&plain(&written), |language| language.none);
                    let phrase = if says_none { phrases.chose_none } else { phrases.choose };
                    Err(fill(phrase, &[("wanted", &choice::how_many(count, phrases))]))
                }
                some => self.chosen(&some),
            },
        }
    }

    /// Reads what the person picked. The host has checked the values against the message's choices; what those were
    /// is known here as well, so nothing is taken on trust.
    pub(crate) fn chosen(&self, values: &[String]) -> Result<Reading, Problem> {
        let options = self.options();
        let known = values.iter().all(|value| options.iter().any(|option| option.value == *value));
        match (&self.kind, values) {
            _ if !known || values.is_empty() => Err(self.phrases.not_offered.into()),
            (Kind::OneOf(_), [value]) => Ok(json!(value).into()),
            (Kind::YesNo, [value]) => Ok(json!(value == "yes").into()),
            (Kind::Scale { .. } | Kind::Number(_), [value]) => {
                Ok(value.parse::<i64>().map_or(Value::Null, Value::from).into())
            }
            (Kind::ManyOf { count, .. }, values) => {
                let picked = u32::try_from(values.len()).unwrap_or(u32::MAX);
                if count.contains(&picked) {
                    return Ok(json!(values).into());
                }
                let wanted = choice::how_many(count, self.phrases);
                Err(fill(self.phrases.chose, &[("count", &picked.to_string()), ("wanted", &wanted)]))
            }
            _ => Err(self.phrases.choose_one.into()),
        }
    }

    /// Words. Of a short text the lines are joined, because it is shown in one.
    fn words(&self, written: &str) -> Result<Reading, Problem> {
        let most = if let Kind::Text { most } = self.kind { most } else { 0 };
        let joined = || written.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" ");
        let written = if most <= ONE_LINE && !self.literal { joined() } else { written.to_owned() };
        let length = written.chars().count();
        if length > most {
            return Err(fill(self.phrases.too_long, &[("count", &length.to_string()), ("most", &most.to_string())]));
        }
        Ok(json!(written).into())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::question::*;
    use super::*;

    fn today() -> Date {
        Date::new(2026, 3, 2).unwrap()
    }

    fn read(question: &Question, written: &str) -> Result<Value, Problem> {
        question.read(written, today()).map(|reading| reading.value)
    }

    #[test]
    fn text_is_bounded_and_cleaned() {
        let name = text("name", "?").at_most(5);
        assert_eq!(read(&name, "  Ada\u{0}\u{8} "), Ok(json!("Ada")));
        assert_eq!(read(&name, "añejo"), Ok(json!("añejo")));
        assert_eq!(read(&name, "añejos").unwrap_err(), "That is 6 characters long. Please write at most 5.");
        assert!(read(&text("long", "?"), &"x".repeat(1_001)).is_err());
    }

    #[test]
    fn the_lines_of_a_short_text_are_joined() {
        let name = text("name", "?").at_most(80);
        assert_eq!(read(&name, "Pia\r\n  Paste\n"), Ok(json!("Pia Paste")));
        assert_eq!(read(&text("name", "?").at_most(80).literal(), "Pia\nPaste"), Ok(json!("Pia\nPaste")));
        assert_eq!(read(&text("address", "?").at_most(300), "1 Road\nTown"), Ok(json!("1 Road\nTown")));
    }

    #[test]
    fn yes_and_no() {
        let question = yes_no("y", "?");
        for yes in ["yes", "Y", "YES ", "1", "yep!", "ja", "👍", "Yes please"] {
            assert_eq!(read(&question, yes), Ok(json!(true)), "{yes}");
        }
        for yes in ["yes, one for my car", "yes I need one"] {
            assert_eq!(read(&question, yes), Ok(json!(true)), "{yes}");
        }
        for no in ["No, I take the train", "no need", "noo", "hell no"] {
            assert_eq!(read(&question, no), Ok(json!(false)), "{no}");
        }
        assert!(
            read(&question, "yes, maybe").is_err() && read(&one_of("o", "?", ["yes", "no"]), "yes, for me").is_err()
        );
        for no in ["no", "N", "2", "nope", "No thanks", "нет"] {
            assert_eq!(read(&question, no), Ok(json!(false)), "{no}");
        }
        let problem = read(&question, "perhaps").unwrap_err();
        assert_eq!(problem, "“perhaps” is not among the choices. Please pick one, or write its number or name.");
    }

    #[test]
    fn a_scale_is_read_by_its_points_and_not_by_their_position() {
        let question = scale("s", "?", 0..=10).ends("never", "always");
        assert_eq!(read(&question, "3"), Ok(json!(3)));
        assert_eq!(read(&question, "0 (NEVER)"), Ok(json!(0)));
        assert_eq!(read(&question, "11").unwrap_err(), "“11” is not on the scale. Please choose from 0 to 10.");
        for (written, point) in [("three", 3), ("3.", 3), ("10/10", 10), ("a 7", 7), ("always", 10), ("⭐⭐", 2)] {
            assert_eq!(read(&question, written), Ok(json!(point)), "{written}");
        }
        for written in ["3.5", "3/5", "-1", "maybe"] {
            assert!(read(&question, written).is_err(), "{written}");
        }
    }

    #[test]
    fn none_of_several_leaves_out_what_may_be_left_out() {
        let question = many_of("m", "?", ["a", "b", "c"]).pick(1..=2);
        assert_eq!(read(&question, "none").unwrap_err(), "You chose none. Please choose 1 to 2.");
        assert_eq!(read(&question, ", ,").unwrap_err(), "Please choose 1 to 2.");
        assert_eq!(read(&question, "all").unwrap_err(), "You chose 3. Please choose 1 to 2.");
        assert_eq!(read(&question, "a and b"), Ok(json!(["a", "b"])));
        assert_eq!(read(&question.optional(), "None of them."), Ok(Value::Null));
    }

    #[test]
    fn a_small_number_can_be_picked() {
        let days = number("n", "How many days?", 1..=5);
        assert_eq!(days.chosen(&["4".into()]).unwrap().value, json!(4));
        assert!(days.chosen(&["6".into()]).is_err());
        assert_eq!(read(&days, "3 days"), Ok(json!(3)));
        assert!(number("n", "?", 1..=11).chosen(&["4".into()]).is_err());
    }

    #[test]
    fn picks_are_checked_again() {
        let one = one_of("o", "?", ["a", "b"]);
        assert_eq!(one.chosen(&["b".into()]).unwrap().value, json!("b"));
        assert!(one.chosen(&["c".into()]).is_err());
        assert!(one.chosen(&[]).is_err());
        assert!(one.chosen(&["a".into(), "b".into()]).is_err());
        let many = many_of("m", "?", ["a", "b", "c"]).pick(2..=3);
        assert_eq!(many.chosen(&["c".into(), "a".into()]).unwrap().value, json!(["c", "a"]));
        assert_eq!(many.chosen(&["a".into()]).unwrap_err(), "You chose 1. Please choose 2 to 3.");
        assert!(text("t", "?").chosen(&["x".into()]).is_err());
    }

    #[test]
    fn what_is_quoted_back_is_bounded() {
        for question in [number("n", "?", 1..=2), yes_no("y", "?"), date("d", "?"), many_of("m", "?", ["a", "b"])] {
            let problem = read(&question, &"spam, ".repeat(2_000)).unwrap_err();
            assert!(problem.len() < 300, "{problem}");
        }
    }
}
