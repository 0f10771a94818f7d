//! A survey with two questions of one id.

use pesto_sdk::About;
use pesto_sdk::survey::{Question, Survey, one_of, scale};

/// The survey.
pub struct Unsound;

impl Survey for Unsound {
    fn describe() -> About {
        About::new("Unsound", "Asks for the week twice.")
    }

    fn questions() -> Vec<Question> {
        vec![one_of("week", "How was it?", ["Good", "Bad"]), scale("week", "How much?", 1..=5)]
    }
}

#[cfg(target_arch = "wasm32")]
pesto_sdk::export!(pesto_sdk::survey::Conduct<Unsound>);
