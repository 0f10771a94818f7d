//! A kit that conducts a survey from a list of questions.
//!
//! ```
//! use pesto_sdk::survey::{Answers, Conduct, Interview, Question, Survey, date, many_of, one_of, scale, text, yes_no};
//! use pesto_sdk::{About, Turn};
//!
//! struct Lunch;
//!
//! impl Survey for Lunch {
//!     fn describe() -> About {
//!         About::new("Lunch", "Plans the team's lunch.").trigger("lunch")
//!     }
//!
//!     fn questions() -> Vec<Question> {
//!         vec![
//!             date("day", "When?").days(0..=30),
//!             one_of("place", "Where?", ["Canteen", "Market", "Elsewhere"]),
//!             text("where", "Where exactly?").when(|so_far| so_far.is("place", "Elsewhere")),
//!             many_of("diet", "What should the kitchen know?", ["Vegetarian", "No nuts", "No gluten"]).optional(),
//!             scale("hunger", "How hungry will you be?", 1..=5).ends("a little", "very"),
//!         ]
//!     }
//!
//!     fn closing(answers: &Answers, _: &mut Turn<Interview>) -> String {
//!         format!("See you at the {}!", answers.text("place").to_lowercase())
//!     }
//! }
//!
//! pesto_sdk::export!(Conduct<Lunch>);
//!
//! let mut talk = pesto_sdk::testing::Talk::<Conduct<Lunch>>::new();
//! talk.start("");
//! assert!(talk.say("tomorrow")[0].text.contains("Where?"));
//! ```
//!
//! What people can rely on, in every survey:
//!
//! - Choices can be picked, or typed as to a colleague: `2`, `option two`, a label, its beginning or one typing error;
//!   several divided by commas, `and` or blanks; `yep` and `nein`; `three days`. What may be two things is asked back.
//! - A wrong answer is asked again, with what is wrong and what is wanted. After [`Survey::ATTEMPTS`] of them the
//!   person sees the question with its choices in words and is asked what to do: try again, skip an optional question, keep
//!   an answer given before, or stop. They can still just answer.
//! - `back` goes to the question before, `skip` leaves an optional one out, `keep` leaves a given answer as it is. `pass`,
//!   `none` and `n/a` skip an optional question too, and are words elsewhere.
//! - Before anything is recorded all answers are shown, and each can be changed: `the date is wrong`, `name: Joe`. Where a change makes a question
//!   pointless, its answer is dropped; where it makes a new one necessary, it is asked.
//! - The kit speaks the person's language, English or German. Questions and labels are the survey's own.
//! - `cancel`, `restart`, `status`, `help`, and words such as `stop` belong to the host and are not seen here.
//!
//! A new version goes on with interviews that an earlier one began if it says so: [`TakeOver`].
//!
//! What is recorded is a JSON object by question: text as a string, numbers and scales as numbers, yes or no as
//! true or false, a date as `2026-03-02`, a choice as its value, several as a list, and null for a question that
//! was skipped. A question that was not asked is not there.
//!
//! Inside: [`question`] says what is asked, `read` turns words into values, `script` knows which questions apply,
//! `step` decides what a message leads to, `words` writes what the person sees in the language of `phrases`, `takeover` goes on with what another
//! version left, and `conduct` ties them to a turn.

mod answers;
mod check;
mod conduct;
mod phrases;
pub mod question;
mod read;
mod script;
mod step;
mod takeover;
mod words;

use std::time::Duration;

pub use answers::Answers;
pub use conduct::Conduct;
pub use question::{Question, date, decimal, many_of, number, one_of, scale, text, yes_no};
pub use script::Interview;
pub use takeover::TakeOver;

use crate::{About, Person, Turn};

/// "Your answers are recorded." in the person's language, for a [`closing`](Survey::closing) of the survey's own words.
pub fn recorded(person: &Person) -> &'static str {
    phrases::Phrases::of(&person.locale).recorded
}

/// A survey; [`Conduct`] makes a flow of it.
pub trait Survey {
    /// How many wrong answers to one question lead to the way out. A question can have its own.
    const ATTEMPTS: u32 = 3;

    /// Whether the answers are shown, to be changed or submitted. Without it the last answer submits.
    const REVIEW: bool = true;

    /// Says what this survey is.
    fn describe() -> About;

    /// The questions in their order, 1 to 99, always the same.
    fn questions() -> Vec<Question>;

    /// What is said before the first question. By default the summary of [`describe`](Self::describe).
    fn intro(_person: &Person) -> String {
        Self::describe().summary
    }

    /// What is known before the first question: ids of questions, and answers as the person would type them. They
    /// are not asked, but shown in the review; one that its question does not accept is asked.
    ///
    /// `arguments` is what followed `start NAME`.
    fn known(_arguments: &str, _person: &Person) -> Vec<(&'static str, String)> {
        Vec::new()
    }

    /// What is said when the answers are submitted. It may ask a model; the survey is complete whatever it answers.
    fn closing(_answers: &Answers, turn: &mut Turn<Interview>) -> String {
        let phrases = phrases::Phrases::of(&turn.person().locale);
        format!("{} {}", phrases.thanks, phrases.recorded)
    }

    /// What is said when the person cancels or stops.
    fn goodbye(person: &Person) -> String {
        phrases::Phrases::of(&person.locale).goodbye.to_owned()
    }

    /// After how long a silence the open question is asked again, once. Never by default.
    fn reminder() -> Option<Duration> {
        None
    }
}
