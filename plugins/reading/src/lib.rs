//! The one tolerant reading of what people type, for the host and for the survey kit. Pure, and without dependencies.
//!
//! ```
//! use pesto_reading::{Answer, Named, one, several, yes_no};
//!
//! let teams = [Named::new("eng", "Engineering"), Named::new("art", "Design"), Named::new("ops", "Operations")];
//! for typed in ["engineering", "1.", "#1", "`Engineering`", "1. Engineering", "eng", "Enginering", "option one"] {
//!     assert_eq!(one(typed, &teams), Answer::Found(0), "{typed}");
//! }
//! assert_eq!(several("design & ops", &teams), Answer::Found(vec![1, 2]));
//! assert_eq!(yes_no("Yes, please!"), Some(true));
//! assert_eq!(yes_no("maybe"), None);
//! ```
//!
//! Rules that hold everywhere:
//!
//! - A name that is written exactly wins over any tolerance, and a name wins over a position.
//! - What could mean two things is [`Answer::Ambiguous`], never the more likely of the two.
//! - A number, a digit and a first letter are never taken for a typing error.
//! - The text is hostile: work is bounded, and what is longer than [`LONGEST`] bytes means nothing.
//!
//! Layout: [`plain`] takes away what people write around their answer; [`one`] and [`pick`] read a choice, [`several`] and
//! [`pick_several`] a list of them, [`whole`] and [`decimal`] a number, [`yes_no`] and [`agrees`] a decision,
//! [`answers_yes_no`] what is said to the host's own question, and [`wants_out`], [`wants_restart`] and [`wants_help`] what is
//! not an answer. [`language`] has the words, a file for each language.

mod choice;
mod decision;
mod filler;
pub mod language;
mod number;
mod plain;
mod several;
mod typo;

pub use choice::{Named, one, pick};
pub use decision::{agrees, answers_yes_no, declines, wants_help, wants_out, wants_restart, yes_no, yes_no_explained};
pub use number::{counted, decimal, whole};
pub use plain::plain;
pub use several::{pick_several, several};

/// The longest text that means anything, in bytes. Whatever is longer is nobody's choice, number or decision.
pub const LONGEST: usize = 12_000;

/// What a text means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer<T> {
    /// This.
    Found(T),
    /// One of several options.
    Ambiguous {
        /// The part of the text that is not clear, as it was written.
        part: String,
        /// The positions of the options that it may mean, from 0, two at least.
        among: Vec<usize>,
    },
    /// Nothing that is offered.
    Nothing {
        /// The part of the text that means nothing, as it was written.
        part: String,
    },
}

impl<T> Answer<T> {
    /// What is meant, if that is clear.
    pub fn found(self) -> Option<T> {
        match self {
            Self::Found(found) => Some(found),
            Self::Ambiguous { .. } | Self::Nothing { .. } => None,
        }
    }
}
