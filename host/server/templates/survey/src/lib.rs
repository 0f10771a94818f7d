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

#[cfg(test)]
mod tests {
    use super::{{type}};
    use pesto_sdk::survey::Conduct;
    use pesto_sdk::testing::Talk;

    #[test]
    fn a_bad_week_gets_a_wish() {
        let mut talk = Talk::<Conduct<{{type}}>>::new();
        talk.start("");
        for text in ["Bad", "2", "Sleep"] {
            talk.say(text);
        }
        let closing = talk.pick(&["Submit"]);
        assert_eq!(closing[0].text, "Thank you. May the next one be better!");
        let answers = talk.answers().unwrap_or_default();
        assert_eq!((answers["week"].as_str(), answers["energy"].as_i64()), (Some("Bad"), Some(2)));
    }
}
