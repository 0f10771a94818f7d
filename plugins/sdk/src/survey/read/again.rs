//! Answers that another version of the survey recorded.

use serde_json::Value;

use super::{Reading, number};
use crate::Date;
use crate::survey::question::{Kind, Question};

impl Question {
    /// What this question records for it, if it accepts it.
    pub(crate) fn record_again(&self, recorded: &Value) -> Option<Value> {
        let reading: Reading = match (recorded, &self.kind) {
            (Value::Null, _) => return self.optional.then_some(Value::Null),
            // How far off it may be was checked on the day of the answer.
            (Value::String(day), Kind::Date { .. }) => return Date::from_iso(day).map(|_| recorded.clone()),
            (_, Kind::Date { .. }) => return None,
            (Value::Array(values), _) => self.chosen(&values.iter().map(word).collect::<Vec<_>>()),
            (value, Kind::Text { .. }) => self.words(&word(value)),
            (value, Kind::Number(range)) => number::whole(&word(value), range, "", self.phrases),
            (value, Kind::Decimal(range)) => number::decimal(&word(value), range, "", self.phrases),
            (value, _) => self.chosen(&[word(value)]),
        }
        .ok()?;
        Some(reading.value)
    }
}

/// As a person would pick or write it.
fn word(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::super::question::*;

    #[test]
    fn what_was_recorded_is_recorded_as_the_question_does_now() {
        let options = ["a", "b", "c"];
        for (question, recorded, expected) in [
            (text("q", "?"), json!("Ada"), Some(json!("Ada"))),
            (text("q", "?").at_most(2), json!("Ada"), None),
            (text("q", "?"), json!(["a"]), None),
            (text("q", "?"), json!(null), None),
            (text("q", "?").optional(), json!(null), Some(json!(null))),
            (text("q", "?"), json!(5), Some(json!("5"))),
            (number("q", "?", 1..=5), json!(5), Some(json!(5))),
            (number("q", "?", 1..=5), json!(6), None),
            (number("q", "?", 1..=5), json!("5"), Some(json!(5))),
            (decimal("q", "?", 0.0..=1.0), json!(0.5), Some(json!(0.5))),
            (one_of("q", "?", options), json!("b"), Some(json!("b"))),
            (one_of("q", "?", options), json!("d"), None),
            (one_of("q", "?", options), json!(["b"]), Some(json!("b"))),
            (one_of("q", "?", options), json!(["a", "b"]), None),
            (many_of("q", "?", options), json!("b"), Some(json!(["b"]))),
            (many_of("q", "?", options).pick(1..=1), json!(["a", "b"]), None),
            (yes_no("q", "?"), json!(false), Some(json!(false))),
            (yes_no("q", "?"), json!("yes"), Some(json!(true))),
            (scale("q", "?", 1..=5), json!(3), Some(json!(3))),
            (scale("q", "?", 1..=5), json!(0), None),
            (date("q", "?").days(0..=1), json!("2020-02-29"), Some(json!("2020-02-29"))),
            (date("q", "?"), json!("2021-02-29"), None),
            (date("q", "?"), json!(5), None),
        ] {
            assert_eq!(question.record_again(&recorded), expected, "{recorded}");
        }
    }
}
