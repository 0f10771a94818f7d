//! Plans a lunch.

use pesto_sdk::About;
use pesto_sdk::survey::{Question, Survey, one_of, text, yes_no};

/// The flow.
pub struct Lunch;

impl Survey for Lunch {
    fn describe() -> About {
        About::new("Lunch", "Plans your lunch.").version("1").trigger("lunch")
    }

    fn questions() -> Vec<Question> {
        vec![
            text("name", "Who eats?"),
            one_of("place", "Where?", ["Canteen", "Market", "Boat"]),
            text("dish", "Which dish?"),
            yes_no("drink", "A drink?").optional(),
        ]
    }
}

#[cfg(target_arch = "wasm32")]
pesto_sdk::export!(pesto_sdk::survey::Conduct<Lunch>);
