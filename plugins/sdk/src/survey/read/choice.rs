//! Choices that are typed. What people write is read as the host reads it, and here nothing but the options is an answer.

use std::ops::RangeInclusive;

use pesto_reading::{Answer, Named};

use super::{Phrases, Problem, fill};
use crate::message::Choice;
use crate::text::quote;

/// Options that are named to somebody who has to choose between them.
const NAMED: usize = 5;

/// How many options a question wants, in words.
pub(in crate::survey) fn how_many(count: &RangeInclusive<u32>, phrases: &Phrases) -> String {
    let (low, high) = (count.start().to_string(), count.end().to_string());
    if low == high {
        fill(phrases.exactly, &[("count", &low)])
    } else {
        fill(phrases.from_to, &[("low", &low), ("high", &high)])
    }
}

fn named(options: &[Choice]) -> Vec<Named<'_>> {
    options.iter().map(|option| Named::new(&option.value, &option.label)).collect()
}

/// The option that is meant, if it is clear which.
pub(in crate::survey) fn find<'a>(written: &str, options: &'a [Choice]) -> Option<&'a Choice> {
    options.get(pesto_reading::one(written, &named(options)).found()?)
}

pub(super) fn one(written: &str, options: &[Choice], phrases: &Phrases) -> Result<String, Problem> {
    single(written, options, phrases, || fill(phrases.not_a_choice, &[("text", &quote(written))]))
}

pub(super) fn point(written: &str, options: &[Choice], phrases: &Phrases) -> Result<String, Problem> {
    single(written, options, phrases, || {
        let low = options.first().map_or("", |option| option.value.as_str());
        let high = options.last().map_or("", |option| option.value.as_str());
        fill(phrases.not_on_the_scale, &[("text", &quote(written)), ("low", low), ("high", high)])
    })
}

fn single(
    written: &str,
    options: &[Choice],
    phrases: &Phrases,
    nothing: impl Fn() -> Problem,
) -> Result<String, Problem> {
    match pesto_reading::one(written, &named(options)) {
        Answer::Found(at) => options.get(at).map(|option| option.value.clone()).ok_or_else(nothing),
        Answer::Ambiguous { part, among } => Err(which(&part, &labels(&among, options), phrases)),
        Answer::Nothing { .. } => Err(nothing()),
    }
}

/// Several, in the order in which they were named.
pub(super) fn many(written: &str, options: &[Choice], phrases: &Phrases) -> Result<Vec<String>, Problem> {
    match pesto_reading::several(written, &named(options)) {
        Answer::Found(found) => Ok(found.iter().filter_map(|at| options.get(*at)).map(|it| it.value.clone()).collect()),
        Answer::Ambiguous { part, among } => Err(which(&part, &labels(&among, options), phrases)),
        Answer::Nothing { part } => Err(fill(phrases.not_choices, &[("text", &quote(&part))])),
    }
}

fn labels<'a>(among: &[usize], options: &'a [Choice]) -> Vec<&'a str> {
    among.iter().filter_map(|at| options.get(*at)).map(|option| option.label.as_str()).collect()
}

/// Asks back, with the labels that may be meant, or the first of them.
pub(in crate::survey) fn which(part: &str, labels: &[&str], phrases: &Phrases) -> Problem {
    let labels = labels.get(..NAMED).unwrap_or(labels);
    fill(phrases.could_be, &[("text", &quote(part)), ("labels", &phrases.either(labels))])
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn one(written: &str, options: &[Choice]) -> Result<String, Problem> {
        super::one(written, options, Phrases::of("en"))
    }

    fn many(written: &str, options: &[Choice]) -> Result<Vec<String>, Problem> {
        super::many(written, options, Phrases::of("en"))
    }

    fn options(options: &[(&str, &str)]) -> Vec<Choice> {
        options.iter().copied().map(Into::into).collect()
    }

    #[test]
    fn by_number_label_or_value_in_any_case() {
        let teams = options(&[("eng", "Engineering"), ("art", "Design")]);
        for written in ["engineering", "ENG", "1", " Engineering ", "Eng.", "Enginering", "option 1"] {
            assert_eq!(one(written, &teams).unwrap(), "eng", "{written}");
        }
        for written in ["0", "3", "-1", "", "1 2", "18446744073709551616", "pilot"] {
            let problem = one(written, &teams).unwrap_err();
            assert!(problem.ends_with("is not among the choices. Please pick one, or write its number or name."));
        }
    }

    #[test]
    fn what_may_be_two_is_asked_back() {
        let pets = options(&[("a", "Cats"), ("b", "Cattle"), ("c", "Dogs")]);
        assert_eq!(one("cat", &pets).unwrap_err(), "“cat” could be Cats or Cattle. Which do you mean?");
        assert_eq!(many("dogs, cat", &pets).unwrap_err(), "“cat” could be Cats or Cattle. Which do you mean?");
        let many: Vec<Choice> = (0..50).map(|n| Choice::from(format!("Item {}", "x".repeat(n)))).collect();
        assert!(one("ite", &many).unwrap_err().len() < 300);
    }

    #[test]
    fn numbers_that_are_names_are_no_positions() {
        let sizes = options(&[("10", "10"), ("20", "20"), ("30", "30")]);
        assert_eq!(one("20", &sizes).unwrap(), "20");
        assert!(one("2", &sizes).is_err());
    }

    #[test]
    fn several_are_divided_by_commas_and_each_taken_once() {
        let tools = options(&[("rust", "Rust"), ("c", "C, C++"), ("go", "Go")]);
        assert_eq!(many("go, RUST,1 ;", &tools).unwrap(), ["go", "rust"]);
        assert_eq!(many("C, C++", &tools).unwrap(), ["c"]);
        assert_eq!(
            many("go, cobol", &tools).unwrap_err(),
            "“cobol” is not among the choices. Please pick some, or write their numbers or names, divided by commas."
        );
        assert!(many(" , ,", &tools).unwrap().is_empty());
    }

    #[test]
    fn how_many_in_words() {
        assert_eq!(how_many(&(2..=2), Phrases::of("en")), "exactly 2");
        assert_eq!(how_many(&(1..=3), Phrases::of("en")), "1 to 3");
    }
}
