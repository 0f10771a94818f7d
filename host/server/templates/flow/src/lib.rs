//! {{title}}: a survey of three questions, to begin with.

use pesto_sdk::survey::{Answers, Conduct, Interview, Question, Survey, one_of, scale, text};
use pesto_sdk::{About, Turn};

struct {{type}};

impl Survey for {{type}} {
    fn describe() -> About {
        About::new("{{title}}", "Three short questions about how your week has been.")
            .version(env!("CARGO_PKG_VERSION"))
            .trigger("{{words}}")
    }

    fn questions() -> Vec<Question> {
        vec![
            one_of("week", "How was your week?", ["Good", "Fair", "Bad"]),
            scale("energy", "How much energy is left?", 1..=5).ends("none", "plenty"),
            text("wish", "What would help next week?").optional(),
        ]
    }

    fn closing(answers: &Answers, _: &mut Turn<Interview>) -> String {
        if answers.is("week", "Bad") {
            return "Thank you. May the next one be better!".to_owned();
        }
        "Thank you! See you next week.".to_owned()
    }
}

pesto_sdk::export!(Conduct<{{type}}>);
