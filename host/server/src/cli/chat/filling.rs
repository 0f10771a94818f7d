//! A form in the terminal: its fields one after the other, a line for each. Pure.

use std::time::SystemTime;

use pesto_engine::form::check_field;
use pesto_engine::model::{Choices, Field, FieldKind, Form, Values};
use pesto_engine::router::typed;
use pesto_engine::texts::DEFAULT;

use super::day;

/// Leaves a field empty that need not be filled in.
const SKIP: &str = "skip";
/// Goes to the field before.
const BACK: &str = "back";

/// A form that is being filled in.
#[derive(Debug)]
pub(super) struct Filling {
    form: Form,
    at: usize,
    values: Values,
}

/// What comes of a line.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Filled {
    /// The next field is to be asked for, or the one before. How the entry was understood, where that is not plain.
    Next(Option<String>),
    /// The same field is to be asked for again, for this reason.
    Again(String),
    /// All fields are filled in.
    Whole(Values),
}

impl Filling {
    /// A form of which nothing is filled in.
    pub(super) fn new(form: Form) -> Self {
        Self { form, at: 0, values: Values::new() }
    }

    /// The field that is asked for.
    pub(super) fn field(&self) -> Option<&Field> {
        self.form.fields.get(self.at)
    }

    /// What is asked, and what can be entered.
    pub(super) fn label(&self) -> String {
        let Some(field) = self.field() else { return String::new() };
        let takes = match &field.kind {
            FieldKind::Number { whole: true, .. } => Some("a whole number"),
            FieldKind::Number { .. } => Some("a number"),
            FieldKind::Date { .. } => Some("a date such as 2026-03-31, or `tomorrow`"),
            FieldKind::Text { .. } | FieldKind::OneOf(_) | FieldKind::ManyOf(_) => None,
        };
        let skip = (!field.required).then_some("`skip` leaves it empty");
        let notes: Vec<_> = takes.into_iter().chain(skip).collect();
        let notes = if notes.is_empty() { String::new() } else { format!(" ({})", notes.join("; ")) };
        format!("{}/{} {}{notes}", self.at + 1, self.form.fields.len(), field.label)
    }

    /// What can be picked in the field that is asked for.
    pub(super) fn choices(&self) -> Option<Choices> {
        match &self.field()?.kind {
            FieldKind::OneOf(options) => Some(Choices { options: options.clone(), least: 1, most: 1 }),
            FieldKind::ManyOf(choices) => Some(choices.clone()),
            FieldKind::Text { .. } | FieldKind::Number { .. } | FieldKind::Date { .. } => None,
        }
    }

    /// Whether something is entered.
    pub(super) fn is_begun(&self) -> bool {
        !self.values.is_empty()
    }

    /// Takes a line for the field that is asked for; it has no blanks around it and is not empty. What is said of days
    /// is seen from `now`, the person's time as if it were UTC.
    pub(super) fn enter(&mut self, line: &str, now: SystemTime) -> Filled {
        let Some(field) = self.form.fields.get(self.at) else { return Filled::Whole(std::mem::take(&mut self.values)) };
        if line.eq_ignore_ascii_case(BACK) {
            if self.at == 0 {
                return Filled::Again("This is the first field.".to_owned());
            }
            self.at -= 1;
            return Filled::Next(None);
        }
        let day = matches!(field.kind, FieldKind::Date { .. }).then(|| day::in_words(line, now)).flatten();
        let values = if line.eq_ignore_ascii_case(SKIP) && !field.required {
            Vec::new()
        } else {
            match self.choices() {
                // What picks nothing, or too much, is explained by the check.
                Some(choices) => {
                    let all = Choices { least: 1, most: u32::MAX, ..choices };
                    typed(line, &all).unwrap_or_else(|| vec![line.to_owned()])
                }
                None => vec![day.clone().or_else(|| number(line, field)).unwrap_or_else(|| line.to_owned())],
            }
        };
        let key = field.key.clone();
        match check_field(field, &values) {
            Ok(values) => self.values.insert(key, values),
            Err(wrong) => return Filled::Again(DEFAULT.wrong(&wrong)),
        };
        self.at += 1;
        if self.at < self.form.fields.len() {
            Filled::Next(day.map(|day| format!("That is {day}.")))
        } else {
            Filled::Whole(std::mem::take(&mut self.values))
        }
    }
}

/// A number as the check wants it, where the line is one in other words; what it is not, the check explains.
fn number(line: &str, field: &Field) -> Option<String> {
    match field.kind {
        FieldKind::Number { .. } if line.parse::<f64>().is_ok() => None,
        FieldKind::Number { whole: true, .. } => {
            pesto_reading::whole(line, &field.label, None).map(|it| it.to_string())
        }
        FieldKind::Number { .. } => pesto_reading::decimal(line, &field.label).map(|it| it.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use pesto_engine::model::Choice;

    use super::*;

    fn form() -> Form {
        let options = |labels: &[&str]| {
            labels.iter().map(|label| Choice { value: label.to_lowercase(), label: (*label).to_owned() }).collect()
        };
        let field = |key: &str, required, kind| Field {
            key: key.to_owned(),
            label: key.to_uppercase(),
            hint: None,
            required,
            kind,
        };
        let fields = vec![
            field("name", true, FieldKind::Text { multiline: false, least: 2, most: 9 }),
            field(
                "tools",
                false,
                FieldKind::ManyOf(Choices { options: options(&["Pen", "Ink", "Ox"]), least: 1, most: 2 }),
            ),
            field("size", true, FieldKind::OneOf(options(&["S", "M"]))),
        ];
        Form { title: "Kit".to_owned(), submit: "Send".to_owned(), fields }
    }

    fn enter(filling: &mut Filling, line: &str) -> Filled {
        filling.enter(line, SystemTime::UNIX_EPOCH)
    }

    fn again(words: &str) -> Filled {
        Filled::Again(words.to_owned())
    }

    #[test]
    fn each_field_is_asked_until_it_is_right() {
        let mut filling = Filling::new(form());
        assert_eq!(filling.label(), "1/3 NAME");
        assert_eq!(enter(&mut filling, "back"), again("This is the first field."));
        assert_eq!(enter(&mut filling, "A"), again("Please write at least 2 characters."));
        assert_eq!(enter(&mut filling, "Ada"), Filled::Next(None));
        assert_eq!(filling.label(), "2/3 TOOLS (`skip` leaves it empty)");
        assert_eq!(enter(&mut filling, "1, 2, 3"), again("Please pick 1 to 2."));
        assert_eq!(enter(&mut filling, "7"), again("That is not among the choices."));
        assert_eq!(enter(&mut filling, "Pen, 3"), Filled::Next(None));
        assert_eq!(enter(&mut filling, "skip"), again("That is not among the choices."));
        assert_eq!(enter(&mut filling, "Back"), Filled::Next(None));
        assert_eq!(enter(&mut filling, "ink"), Filled::Next(None));
        let Filled::Whole(values) = enter(&mut filling, "2") else { panic!("{filling:?}") };
        let values: Vec<_> = values.iter().map(|(key, values)| (key.as_str(), values.join(" "))).collect();
        assert_eq!(values, [("name", "Ada".to_owned()), ("size", "m".to_owned()), ("tools", "ink".to_owned())]);
    }

    #[test]
    fn what_may_stay_empty_is_skipped() {
        let mut filling = Filling::new(form());
        enter(&mut filling, "Ada");
        assert_eq!(enter(&mut filling, "skip"), Filled::Next(None));
        let Filled::Whole(values) = enter(&mut filling, "s") else { panic!("{filling:?}") };
        assert_eq!(values.get("tools"), Some(&Vec::new()));
    }

    #[test]
    fn a_number_can_be_said() {
        let mut form = form();
        form.fields.truncate(1);
        form.fields[0].label = "How many days?".to_owned();
        form.fields[0].kind = FieldKind::Number { whole: true, least: None, most: None };
        for (line, number) in [("three days", "3"), ("~3", "3"), ("3", "3")] {
            let mut filling = Filling::new(form.clone());
            let Filled::Whole(values) = enter(&mut filling, line) else { panic!("{line}: {filling:?}") };
            assert_eq!(values["name"], [number], "{line}");
        }
        assert!(matches!(enter(&mut Filling::new(form), "a few"), Filled::Again(_)));
    }

    #[test]
    fn a_date_can_be_said() {
        let kind = FieldKind::Date { least: None, most: Some("1970-01-02".to_owned()) };
        let mut form = form();
        for field in &mut form.fields {
            field.kind = kind.clone();
        }
        let mut filling = Filling::new(form);
        assert_eq!(enter(&mut filling, "tomorrow"), Filled::Next(Some("That is 1970-01-02.".to_owned())));
        assert_eq!(enter(&mut filling, "in 3 days"), again("Please choose a date up to 1970-01-02."));
        assert_eq!(enter(&mut filling, "soon"), again("Please write a date such as 2026-03-31."));
        assert_eq!(enter(&mut filling, "1970-01-01"), Filled::Next(None));
    }
}
