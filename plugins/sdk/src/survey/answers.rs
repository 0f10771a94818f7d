//! The answers so far, by question.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fmt;

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use crate::Date;

/// Answers in the order of the questions. Asking for one that is not there is no error: a question may be skipped,
/// or not apply.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Answers {
    values: Vec<(String, Value)>,
}

thread_local! {
    /// The ids that answers are asked for, while somebody wants to know.
    static ASKED: RefCell<Option<BTreeSet<String>>> = const { RefCell::new(None) };
}

/// The ids of the answers that `look` asks for, whichever answers it looks at.
pub(crate) fn asked_for(look: impl FnOnce()) -> BTreeSet<String> {
    ASKED.with_borrow_mut(|asked| *asked = Some(BTreeSet::new()));
    look();
    ASKED.take().unwrap_or_default()
}

impl Answers {
    /// The answer as it is recorded; null where the question was skipped, none where it was not asked.
    pub fn get(&self, id: &str) -> Option<&Value> {
        ASKED.with_borrow_mut(|asked| {
            if let Some(asked) = asked
                && !asked.contains(id)
            {
                asked.insert(id.to_owned());
            }
        });
        self.values.iter().find(|(key, _)| key == id).map(|(_, value)| value)
    }

    /// Whether there is an answer that is not skipped.
    pub fn given(&self, id: &str) -> bool {
        self.get(id).is_some_and(|value| !value.is_null())
    }

    /// A text, a choice's value or a date as it is written; empty where there is none.
    pub fn text(&self, id: &str) -> &str {
        self.get(id).and_then(Value::as_str).unwrap_or_default()
    }

    /// Whether the text or the chosen value is this one.
    pub fn is(&self, id: &str, value: &str) -> bool {
        self.get(id).and_then(Value::as_str) == Some(value)
    }

    /// Whether this value is among those chosen.
    pub fn has(&self, id: &str, value: &str) -> bool {
        self.list(id).contains(&value)
    }

    /// The chosen values.
    pub fn list(&self, id: &str) -> Vec<&str> {
        self.get(id).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect()
    }

    /// Whether the answer is yes.
    pub fn yes(&self, id: &str) -> bool {
        self.get(id) == Some(&Value::Bool(true))
    }

    /// Whether the answer is no. Not the opposite of yes: there may be no answer.
    pub fn no(&self, id: &str) -> bool {
        self.get(id) == Some(&Value::Bool(false))
    }

    /// A whole number, or the point on a scale.
    pub fn number(&self, id: &str) -> Option<i64> {
        self.get(id)?.as_i64()
    }

    /// Any number.
    pub fn decimal(&self, id: &str) -> Option<f64> {
        self.get(id)?.as_f64()
    }

    /// A date.
    pub fn date(&self, id: &str) -> Option<Date> {
        Date::from_iso(self.get(id)?.as_str()?)
    }

    /// All answers, skipped ones as null, in the order of the questions.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.values.iter().map(|(key, value)| (key.as_str(), value))
    }

    /// Gives an answer the id of another question; one that is there under that id is replaced. Without such an answer
    /// nothing changes.
    pub fn rename(&mut self, from: &str, to: &str) {
        if let Some(value) = self.remove(from) {
            self.set(to, value);
        }
    }

    /// Takes an answer away.
    pub fn remove(&mut self, id: &str) -> Option<Value> {
        let position = self.values.iter().position(|(key, _)| key == id)?;
        Some(self.values.remove(position).1)
    }

    pub(crate) fn set(&mut self, id: &str, value: Value) {
        match self.values.iter_mut().find(|(key, _)| key == id) {
            Some((_, old)) => *old = value,
            None => self.values.push((id.to_owned(), value)),
        }
    }
}

impl Serialize for Answers {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

impl<'de> Deserialize<'de> for Answers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;

        impl<'de> Visitor<'de> for InOrder {
            type Value = Answers;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of answers")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Answers, A::Error> {
                let mut answers = Answers::default();
                while let Some((id, value)) = map.next_entry::<String, Value>()? {
                    answers.values.push((id, value));
                }
                Ok(answers)
            }
        }

        deserializer.deserialize_map(InOrder)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use serde_json::json;

    #[test]
    fn kept_in_order_through_json() {
        let mut answers = Answers::default();
        answers.set("z", json!("last letter"));
        answers.set("a", json!(["x", "y"]));
        answers.set("m", Value::Null);
        let json = serde_json::to_string(&answers).unwrap();
        assert_eq!(json, r#"{"z":"last letter","a":["x","y"],"m":null}"#);
        assert_eq!(serde_json::from_str::<Answers>(&json).unwrap(), answers);
    }

    #[test]
    fn read_by_kind_and_never_a_panic() {
        let mut answers = Answers::default();
        for (id, value) in
            [("t", json!("x")), ("l", json!(["x", "y"])), ("y", json!(true)), ("n", json!(4)), ("f", json!(1.5))]
        {
            answers.set(id, value);
        }
        answers.set("d", json!("2026-03-02"));
        answers.set("s", Value::Null);
        assert!(answers.is("t", "x") && !answers.is("t", "X") && !answers.is("s", ""));
        assert!(answers.has("l", "y") && !answers.has("l", "z") && !answers.has("t", "x"));
        assert!(answers.yes("y") && !answers.no("y") && !answers.yes("s") && !answers.no("s"));
        assert_eq!((answers.number("n"), answers.decimal("f"), answers.number("t")), (Some(4), Some(1.5), None));
        assert_eq!(answers.date("d"), Date::new(2026, 3, 2));
        assert_eq!((answers.text("none"), answers.list("t")), ("", vec![]));
        assert!(answers.given("t") && !answers.given("s") && !answers.given("none"));
    }

    #[test]
    fn set_again_keeps_the_position() {
        let mut answers = Answers::default();
        answers.set("a", json!(1));
        answers.set("b", json!(2));
        answers.set("a", json!(3));
        assert_eq!(answers.iter().map(|(id, _)| id).collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(answers.number("a"), Some(3));
    }
}
