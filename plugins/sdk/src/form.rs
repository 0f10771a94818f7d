//! Forms: fields that a person fills in together.
//!
//! A form stands below a message. The channel shows it in the way that suits it: a window behind a button, one question
//! after the other. The host checks what is entered by the rules given here and lets the person mend it, so a flow
//! hears only of what is right.
//!
//! A form whose only field is a date that must be filled in is a calendar where the channel has one. Elsewhere the person
//! types the date: the message has to ask for it, and words such as `tomorrow` come as [`Event::Said`](crate::Event::Said).
//!
//! ```
//! use pesto_sdk::form::{Field, Form};
//! use pesto_sdk::{About, Event, Failure, Flow, Message, Turn};
//!
//! struct Visit;
//!
//! fn form() -> Form {
//!     Form::new("Your visit")
//!         .text("name", "Your name")
//!         .field(Field::date("day", "First day").not_before("2026-03-01"))
//!         .field(Field::many_of("lunch", "Lunch", ["Meat", "Fish", "Neither"]).at_most(2).optional())
//! }
//!
//! impl Flow for Visit {
//!     type State = ();
//!
//!     fn describe() -> About {
//!         About::new("Visit", "Announces a visitor.")
//!     }
//!
//!     fn handle(event: Event, turn: &mut Turn<()>) -> Result<(), Failure> {
//!         match event {
//!             Event::Filled(visit) => {
//!                 turn.say(format!("{} comes on {}.", visit.text("name"), visit.text("day")));
//!                 turn.finish();
//!             }
//!             // What is said instead closes the form, so it is shown again.
//!             Event::Started(_) | Event::Said(_) => turn.say(Message::new("Who comes?").key("visit").form(form())),
//!             _ => {}
//!         }
//!         Ok(())
//!     }
//! }
//!
//! let mut talk = pesto_sdk::testing::Talk::<Visit>::new();
//! talk.start("");
//! let said = talk.fill(&[("name", "Ada"), ("day", "2026-03-31"), ("lunch", "Fish")]);
//! assert_eq!(said[0].text, "Ada comes on 2026-03-31.");
//! ```

use crate::bindings::pesto::flow::types as raw;
use crate::message::Choice;

/// Fields that are filled in together: 1 to 20 of them, whose keys differ. All texts together have at most 32 KiB.
#[derive(Debug, Clone, PartialEq)]
pub struct Form {
    /// What stands above it, 1 to 24 characters.
    pub title: String,
    /// What the button says that sends it, 1 to 24 characters.
    pub submit: String,
    /// In the order shown.
    pub fields: Vec<Field>,
}

impl Form {
    /// A form without fields, sent by `Submit`.
    pub fn new(title: impl Into<String>) -> Self {
        Self { title: title.into(), submit: "Submit".into(), fields: Vec::new() }
    }

    /// What the button says that sends it.
    pub fn submit(mut self, label: impl Into<String>) -> Self {
        self.submit = label.into();
        self
    }

    /// Adds a field.
    pub fn field(mut self, field: Field) -> Self {
        self.fields.push(field);
        self
    }

    /// Adds a line of text that must be filled in; [`Field::text`] has more to set.
    pub fn text(self, key: impl Into<String>, label: impl Into<String>) -> Self {
        self.field(Field::text(key, label))
    }

    /// Adds a choice of one that must be made.
    pub fn one_of<C: Into<Choice>>(
        self,
        key: impl Into<String>,
        label: impl Into<String>,
        options: impl IntoIterator<Item = C>,
    ) -> Self {
        self.field(Field::one_of(key, label, options))
    }
}

/// One thing to fill in; it must be, unless it is [`optional`](Self::optional).
#[derive(Debug, Clone, PartialEq)]
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
    pub kind: Kind,
}

/// What a field takes.
#[derive(Debug, Clone, PartialEq)]
pub enum Kind {
    /// Words.
    Text {
        /// Of several lines.
        multiline: bool,
        /// How many characters at least.
        least: u32,
        /// How many characters at most, up to 3,000.
        most: u32,
    },
    /// A number.
    Number {
        /// The smallest.
        least: Option<f64>,
        /// The largest.
        most: Option<f64>,
        /// Nothing behind the point.
        whole: bool,
    },
    /// A day.
    Date {
        /// The first, such as `2026-03-01`.
        least: Option<String>,
        /// The last.
        most: Option<String>,
    },
    /// One of 1 to 100 options.
    OneOf(Vec<Choice>),
    /// Some of 1 to 100 options.
    ManyOf {
        /// In the order shown; up to 10 fit into any channel at a glance.
        options: Vec<Choice>,
        /// How many at least, if any.
        least: u32,
        /// How many at most.
        most: u32,
    },
}

impl Field {
    /// The most that can be written into a field, in characters.
    pub const MAX_TEXT: u32 = 3_000;

    fn new(key: impl Into<String>, label: impl Into<String>, kind: Kind) -> Self {
        Self { key: key.into(), label: label.into(), hint: None, required: true, kind }
    }

    /// A line of at most 200 characters.
    pub fn text(key: impl Into<String>, label: impl Into<String>) -> Self {
        Self::new(key, label, Kind::Text { multiline: false, least: 0, most: 200 })
    }

    /// Lines of at most 3,000 characters.
    pub fn lines(key: impl Into<String>, label: impl Into<String>) -> Self {
        Self::new(key, label, Kind::Text { multiline: true, least: 0, most: Self::MAX_TEXT })
    }

    /// A number.
    pub fn number(key: impl Into<String>, label: impl Into<String>) -> Self {
        Self::new(key, label, Kind::Number { least: None, most: None, whole: false })
    }

    /// A whole number.
    pub fn whole(key: impl Into<String>, label: impl Into<String>) -> Self {
        Self::new(key, label, Kind::Number { least: None, most: None, whole: true })
    }

    /// A day.
    pub fn date(key: impl Into<String>, label: impl Into<String>) -> Self {
        Self::new(key, label, Kind::Date { least: None, most: None })
    }

    /// One of these: texts, or pairs of a value and a label.
    pub fn one_of<C: Into<Choice>>(
        key: impl Into<String>,
        label: impl Into<String>,
        options: impl IntoIterator<Item = C>,
    ) -> Self {
        Self::new(key, label, Kind::OneOf(options.into_iter().map(Into::into).collect()))
    }

    /// One or more of these.
    pub fn many_of<C: Into<Choice>>(
        key: impl Into<String>,
        label: impl Into<String>,
        options: impl IntoIterator<Item = C>,
    ) -> Self {
        let options: Vec<Choice> = options.into_iter().map(Into::into).collect();
        let most = u32::try_from(options.len()).unwrap_or(u32::MAX);
        Self::new(key, label, Kind::ManyOf { options, least: 1, most })
    }

    /// It may be left empty.
    pub fn optional(mut self) -> Self {
        self.required = false;
        self
    }

    /// A line of help below it.
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// At least so many characters or options; nothing to the others.
    pub fn at_least(mut self, count: u32) -> Self {
        if let Kind::Text { least, .. } | Kind::ManyOf { least, .. } = &mut self.kind {
            *least = count;
        }
        self
    }

    /// At most so many characters or options; nothing to the others.
    pub fn at_most(mut self, count: u32) -> Self {
        if let Kind::Text { most, .. } | Kind::ManyOf { most, .. } = &mut self.kind {
            *most = count;
        }
        self
    }

    /// A number in this range; nothing to the others.
    pub fn between(mut self, first: impl Into<f64>, last: impl Into<f64>) -> Self {
        if let Kind::Number { least, most, .. } = &mut self.kind {
            (*least, *most) = (Some(first.into()), Some(last.into()));
        }
        self
    }

    /// No day before this one, as text or as a [`Date`](crate::Date); nothing to the others.
    pub fn not_before(mut self, day: impl ToString) -> Self {
        if let Kind::Date { least, .. } = &mut self.kind {
            *least = Some(day.to_string());
        }
        self
    }

    /// No day after this one, as text or as a [`Date`](crate::Date); nothing to the others.
    pub fn not_after(mut self, day: impl ToString) -> Self {
        if let Kind::Date { most, .. } = &mut self.kind {
            *most = Some(day.to_string());
        }
        self
    }

    /// What can be picked, where it is a field of options.
    pub fn options(&self) -> &[Choice] {
        match &self.kind {
            Kind::OneOf(options) | Kind::ManyOf { options, .. } => options,
            Kind::Text { .. } | Kind::Number { .. } | Kind::Date { .. } => &[],
        }
    }
}

impl From<Form> for raw::Form {
    fn from(form: Form) -> Self {
        let fields = form.fields.into_iter().map(Into::into).collect();
        Self { title: form.title, submit: form.submit, fields, extensions: Vec::new() }
    }
}

impl From<Field> for raw::Field {
    fn from(field: Field) -> Self {
        let Field { key, label, hint, required, kind } = field;
        let extensions = Vec::new();
        let choices = |options: Vec<Choice>| options.into_iter().map(Into::into).collect();
        let kind = match kind {
            Kind::Text { multiline, least, most } => {
                raw::FieldKind::Text(raw::TextField { multiline, least, most, extensions })
            }
            Kind::Number { least, most, whole } => {
                raw::FieldKind::Number(raw::NumberField { least, most, whole, extensions })
            }
            Kind::Date { least, most } => raw::FieldKind::Date(raw::DateField { least, most, extensions }),
            Kind::OneOf(options) => raw::FieldKind::OneOf(choices(options)),
            Kind::ManyOf { options, least, most } => {
                raw::FieldKind::ManyOf(raw::ManyField { options: choices(options), least, most, extensions })
            }
        };
        Self { key, label, hint, required, kind, extensions: Vec::new() }
    }
}
