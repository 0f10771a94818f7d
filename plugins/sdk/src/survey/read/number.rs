//! Numbers, in digits or words: what could be read in two ways is asked again.

use std::ops::RangeInclusive;

use serde_json::{Value, json};

use super::{Phrases, Problem, Reading, fill};
use crate::text::quote;

/// `asked` is the question: what it counts may stand behind the number.
pub(super) fn whole(
    written: &str,
    range: &RangeInclusive<i64>,
    asked: &str,
    phrases: &Phrases,
) -> Result<Reading, Problem> {
    let (low, high) = (range.start().to_string(), range.end().to_string());
    let wanted = fill(phrases.write_whole, &[("low", &low), ("high", &high)]);
    let problem = |phrase: &str, text: &str| format!("{} {wanted}", fill(phrase, &[("text", text)]));
    let digits = written.strip_prefix(['+', '-']).unwrap_or(written);
    let number = if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        let number = pesto_reading::whole(written, asked, Some(*range.end()));
        Ok(number.ok_or_else(|| problem(phrases.not_whole, &quote(written)))?)
    } else {
        written.parse::<i64>()
    };
    match number {
        Ok(number) if range.contains(&number) => Ok(json!(number).into()),
        Ok(number) if number < *range.start() => Err(problem(phrases.too_small, &number.to_string())),
        Ok(number) => Err(problem(phrases.too_large, &number.to_string())),
        Err(_) => Err(problem(phrases.out_of_bounds, &quote(written))),
    }
}

pub(super) fn decimal(
    written: &str,
    range: &RangeInclusive<f64>,
    asked: &str,
    phrases: &Phrases,
) -> Result<Reading, Problem> {
    let (low, high) = (range.start().to_string(), range.end().to_string());
    let wanted = fill(phrases.write_number, &[("low", &low), ("high", &high)]);
    let problem = |phrase: &str| Err(format!("{} {wanted}", fill(phrase, &[("text", &quote(written))])));
    match pesto_reading::decimal(written, asked) {
        None => problem(phrases.not_a_number),
        Some(number) if range.contains(&number) => Ok(Value::from(number).into()),
        Some(number) if number < *range.start() => problem(phrases.too_small),
        Some(_) => problem(phrases.too_large),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn whole(written: &str, range: &RangeInclusive<i64>, asked: &str) -> Result<Reading, Problem> {
        super::whole(written, range, asked, Phrases::of("en"))
    }

    fn decimal(written: &str, range: &RangeInclusive<f64>, asked: &str) -> Result<Reading, Problem> {
        super::decimal(written, range, asked, Phrases::of("en"))
    }

    #[test]
    fn whole_numbers_within_their_bounds() {
        for (written, number) in [("1", 1), ("5", 5), ("+3", 3), ("003", 3)] {
            assert_eq!(whole(written, &(1..=5), ""), Ok(json!(number).into()));
        }
        for written in ["3.", "three", "drei", "~3", "3 days", "3️⃣", "3 out of 5"] {
            assert_eq!(whole(written, &(1..=5), "How many days?"), Ok(json!(3).into()), "{written}");
        }
        assert_eq!(whole("-2", &(-5..=5), ""), Ok(json!(-2).into()));
    }

    #[test]
    fn what_is_wrong_is_said() {
        let said = |written| whole(written, &(1..=5), "").map(|_| ()).unwrap_err();
        assert_eq!(said("0"), "0 is too small. Please write a whole number from 1 to 5.");
        assert_eq!(said("6"), "6 is too large. Please write a whole number from 1 to 5.");
        assert_eq!(said("six"), "6 is too large. Please write a whole number from 1 to 5.");
        assert_eq!(said("few"), "“few” is not a whole number. Please write a whole number from 1 to 5.");
        for written in ["", "+", "1.5", "1,000", "1 2", "٣", "0x1", "1e1"] {
            assert!(said(written).contains("not a whole number"), "{written}");
        }
        assert!(said("99999999999999999999").contains("out of bounds"));
    }

    #[test]
    fn decimals() {
        let read = |written| decimal(written, &(0.0..=2.5), "").map(|reading| reading.value);
        assert_eq!(read("1.5"), Ok(json!(1.5)));
        assert_eq!(read("2.5"), Ok(json!(2.5)));
        assert_eq!(read("2"), Ok(json!(2.0)));
        assert!(read("2.51").unwrap_err().contains("too large"));
        assert!(read("-0.1").unwrap_err().contains("too small"));
        assert_eq!((read("1,5"), read("~2")), (Ok(json!(1.5)), Ok(json!(2.0))));
        for written in ["1,500", "nan", "inf", "1e0", "", ".", "1.2.3"] {
            assert!(read(written).unwrap_err().contains("not a number"), "{written}");
        }
    }
}
