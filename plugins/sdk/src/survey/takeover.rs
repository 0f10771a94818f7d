//! Going on with an interview that another version of the survey began.

use super::script::{At, Interview, Script};
use super::{Answers, Conduct, Survey};
use crate::{Failure, Former, Migrate};

/// A survey that goes on with interviews of its other versions: `pesto_sdk::export!(Conduct<MySurvey>, migrating)`.
///
/// Answers are kept where a question of the same id still accepts them and still applies. Who was asked a question that is
/// no more, or was about to submit where a new question is open, hears that the questions changed, and is asked what is
/// open now; what they said meanwhile is not taken for an answer.
pub trait TakeOver: Survey {
    /// Whether interviews of this version go on with the present one. Say no to versions that you do not know.
    ///
    /// `answers` has what that version recorded: give an answer its question's new id, or remove one that means something
    /// else now.
    fn takes_over(version: &str, answers: &mut Answers) -> bool;
}

impl<S: TakeOver> Migrate for Conduct<S> {
    fn migrate(former: &Former) -> Result<Option<Interview>, Failure> {
        let mut interview: Interview = former.state()?;
        if !S::takes_over(former.version(), &mut interview.answers) {
            return Ok(None);
        }
        Ok(Some(Script::of::<S>().take_over(interview)))
    }
}

impl Script {
    /// The interview, as if it had been held with these questions.
    fn take_over(&self, former: Interview) -> Interview {
        let mut answers = Answers::default();
        for (id, recorded) in former.answers.iter() {
            if let Some(value) = self.question(id).and_then(|question| question.record_again(recorded)) {
                answers.set(id, value);
            }
        }
        self.prune(&mut answers);
        let applies = |id: &str| self.applying(&answers).iter().any(|question| question.id == id);
        let stands = match &former.at {
            At::Start | At::Moved => true,
            At::Question { id, .. } | At::Stuck { id, .. } => applies(id),
            At::Review | At::Which => self.review && self.open(&answers).is_none(),
        };
        let at = if stands { former.at } else { At::Moved };
        Interview { answers, at, misses: former.misses, written: None }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use serde_json::json;

    use super::super::{Question, one_of, text, yes_no};
    use super::*;
    use crate::About;
    use crate::testing::Talk;

    struct One;

    impl Survey for One {
        fn describe() -> About {
            About::new("Lunch", "Plans lunch.").version("1")
        }

        fn questions() -> Vec<Question> {
            let place = one_of("place", "Where?", ["Canteen", "Market", "Boat"]);
            vec![text("name", "Who?"), place, text("dish", "Which dish?"), yes_no("drink", "A drink?")]
        }
    }

    /// Another id for the name, another option less, another question, and none of the dish.
    struct Two;

    impl Survey for Two {
        fn describe() -> About {
            About::new("Lunch", "Plans lunch.").version("2")
        }

        fn questions() -> Vec<Question> {
            let place = one_of("place", "Where?", ["Canteen", "Market"]);
            vec![text("who", "Who?"), place, text("day", "Which day?"), yes_no("drink", "A drink?")]
        }
    }

    impl TakeOver for Two {
        fn takes_over(version: &str, answers: &mut Answers) -> bool {
            answers.rename("name", "who");
            version == "1"
        }
    }

    fn after(said: &[&str]) -> Talk<Conduct<Two>> {
        let mut talk = Talk::<Conduct<One>>::new();
        talk.start("");
        said.iter().for_each(|text| drop(talk.say(text)));
        talk.deploy().expect("it is taken over")
    }

    #[test]
    fn an_open_question_is_answered_as_if_nothing_had_happened() {
        let mut talk = after(&["Ada"]);
        assert!(talk.pick(&["Market"])[0].text.ends_with("Which day?"));
        talk.say("Friday");
        talk.say("no");
        talk.say("submit");
        assert_eq!(talk.answers(), Some(json!({"who": "Ada", "place": "Market", "day": "Friday", "drink": false})));
    }

    #[test]
    fn what_is_no_choice_any_more_is_asked_again() {
        let mut talk = after(&["Ada"]);
        assert!(talk.pick(&["Boat"])[0].text.starts_with("That is not among the choices."));
        let mut talk = after(&["Ada", "boat", "soup"]);
        talk.say("yes");
        assert!(talk.say("x")[0].text.contains("is not among the choices"), "the place is asked again");
    }

    #[test]
    fn who_was_asked_what_is_no_more_hears_of_it() {
        let mut talk = after(&["Ada", "market"]);
        let said = &talk.say("soup")[0];
        assert_eq!(
            (said.text.as_str(), said.key.as_str()),
            (&*format!("{}\n\nWhich day?", super::super::phrases::Phrases::of("").moved), "day")
        );
    }

    #[test]
    fn nobody_submits_what_is_not_complete() {
        for submit in [true, false] {
            let mut talk = after(&["Ada", "market", "soup", "no"]);
            let said = if submit { talk.pick(&["Submit"]) } else { talk.say("submit") };
            assert!(said[0].text.ends_with("Which day?"), "{said:?}");
            assert!(talk.say("Friday")[0].text.starts_with("Please check your answers:\n• Who: Ada\n"));
        }
    }

    #[test]
    fn a_version_that_is_not_known_is_left() {
        let mut talk = after(&["Ada"]);
        assert!(talk.deploy::<Conduct<Two>>().is_none());
        assert!(talk.say("market")[0].text.ends_with("Which day?"), "it goes on as it was");
    }
}
