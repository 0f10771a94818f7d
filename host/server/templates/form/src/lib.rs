//! {{title}}: asks with one form, to begin with.

use std::collections::BTreeMap;

use pesto_sdk::{About, Event, Failure, Field, Flow, Form, Message, Turn};

struct {{type}};

fn ask(words: &str, turn: &mut Turn<()>) {
    let form = Form::new("{{short}}")
        .submit("Send")
        .text("name", "Who comes?")
        .field(Field::one_of("when", "When?", ["Morning", "Afternoon"]))
        .field(Field::lines("note", "What should we know?").optional());
    turn.say(Message::new(words).key("form").form(form));
}

impl Flow for {{type}} {
    type State = ();

    fn describe() -> About {
        About::new("{{title}}", "Asks who comes, and when.").version(env!("CARGO_PKG_VERSION")).trigger("{{words}}")
    }

    fn handle(event: Event, turn: &mut Turn<()>) -> Result<(), Failure> {
        match event {
            Event::Started(_) => ask("Please tell us who comes.", turn),
            // What is said closes the form, so it is shown again.
            Event::Said(_) => ask("Please fill in the form; `cancel` ends this.", turn),
            Event::Filled(visit) => {
                turn.say(format!("Thank you! We expect {}.", visit.text("name")));
                let answers = ["name", "when", "note"].map(|field| (field, visit.text(field).to_owned()));
                turn.finish_with(&BTreeMap::from(answers))?;
            }
            Event::Cancelled => turn.say("All right. Nothing was recorded."),
            // There will be more kinds of events.
            _ => {}
        }
        Ok(())
    }
}

pesto_sdk::export!({{type}});

#[cfg(test)]
mod tests {
    use super::{{type}};
    use pesto_sdk::testing::Talk;

    #[test]
    fn what_is_filled_in_is_recorded() {
        let mut talk = Talk::<{{type}}>::new();
        talk.start("");
        talk.fill(&[("name", "Ada"), ("when", "Morning")]);
        let answers = talk.answers().unwrap_or_default();
        assert_eq!((answers["name"].as_str(), answers["note"].as_str()), (Some("Ada"), Some("")));
        assert!(talk.ended());
    }
}
