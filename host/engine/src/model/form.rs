//! What a person fills in.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Choice, Choices};

/// The values entered into a form, by the keys of its fields. A field that takes one value has one.
pub type Values = BTreeMap<String, Vec<String>>;

/// Fields that are filled in together. A flow's form is sound: see [`sound`](crate::form::sound).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Form {
    /// What stands above it, 1 to 24 characters.
    pub title: String,
    /// What sends it, 1 to 24 characters.
    pub submit: String,
    /// Keys are unique.
    pub fields: Vec<Field>,
}

impl Form {
    /// The field of a form that asks for one day and nothing else, which cannot be left empty: a channel may show a
    /// calendar instead of a window, and what is typed is no entry but for the flow, which may know words for days.
    pub fn day(&self) -> Option<&Field> {
        match self.fields.as_slice() {
            [field] if field.required && matches!(field.kind, FieldKind::Date { .. }) => Some(field),
            _ => None,
        }
    }
}

/// One thing to fill in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Field {
    /// What its values come back under, 1 to 80 bytes.
    pub key: String,
    /// What the person reads, 1 to 75 characters.
    pub label: String,
    /// A line of help, at most 150 characters.
    pub hint: Option<String>,
    /// It cannot be left empty.
    pub required: bool,
    /// What it takes.
    pub kind: FieldKind,
}

impl Field {
    /// What can be picked, where it is a field of options.
    pub fn options(&self) -> &[Choice] {
        match &self.kind {
            FieldKind::OneOf(options) => options,
            FieldKind::ManyOf(choices) => &choices.options,
            FieldKind::Text { .. } | FieldKind::Number { .. } | FieldKind::Date { .. } => &[],
        }
    }
}

/// What a field takes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum FieldKind {
    /// Words.
    Text {
        /// Of several lines.
        multiline: bool,
        /// How many characters at least.
        least: u32,
        /// How many characters at most.
        most: u32,
    },
    /// A number.
    Number {
        /// The smallest.
        least: Option<Finite>,
        /// The largest.
        most: Option<Finite>,
        /// Nothing behind the point.
        whole: bool,
    },
    /// A day, as `2026-03-31`.
    Date {
        /// The first.
        least: Option<String>,
        /// The last.
        most: Option<String>,
    },
    /// One of these.
    OneOf(Vec<Choice>),
    /// Some of these.
    ManyOf(Choices),
}

/// A number that is one: equality means something, and JSON can hold it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Finite(f64);

// JSON has no word for what is not a number, so none comes in from a store either.
impl Eq for Finite {}

impl Finite {
    /// The number, if it is finite.
    pub fn new(number: f64) -> Option<Self> {
        number.is_finite().then_some(Self(number))
    }

    /// The number.
    pub fn get(self) -> f64 {
        self.0
    }
}
