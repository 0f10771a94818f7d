//! Plans a lunch on a day. The boat has sunk, and dishes are no longer asked for.

use pesto_sdk::About;
use pesto_sdk::survey::{Answers, Question, Survey, TakeOver, one_of, text, yes_no};

/// The flow.
pub struct Lunch;

impl Survey for Lunch {
    fn describe() -> About {
        About::new("Lunch", "Plans your lunch.").version("2").trigger("lunch")
    }

    fn questions() -> Vec<Question> {
        vec![
            text("guest", "Who eats?"),
            one_of("place", "Where?", ["Canteen", "Market"]),
            text("day", "Which day?"),
            yes_no("drink", "A drink?").optional(),
        ]
    }
}

impl TakeOver for Lunch {
    fn takes_over(version: &str, answers: &mut Answers) -> bool {
        answers.rename("name", "guest");
        version == "1"
    }
}

#[cfg(target_arch = "wasm32")]
pesto_sdk::export!(pesto_sdk::survey::Conduct<Lunch>, migrating);
