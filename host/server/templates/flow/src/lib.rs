//! {{title}}: keeps what is said to it, to begin with.

use std::collections::BTreeMap;

use pesto_sdk::{About, Event, Failure, Flow, Message, Turn};

struct {{type}};

impl Flow for {{type}} {
    /// What is kept from turn to turn: whatever serde can write.
    type State = Vec<String>;

    fn describe() -> About {
        About::new("{{title}}", "Keeps a list of what you say.").version(env!("CARGO_PKG_VERSION")).trigger("{{words}}")
    }

    fn handle(event: Event, turn: &mut Turn<Vec<String>>) -> Result<(), Failure> {
        match event {
            Event::Started(_) => turn.say("What shall I note?"),
            Event::Said(said) => {
                turn.state.push(said.text);
                let noted = format!("Noted, as number {}. Another one?", turn.state.len());
                turn.say(Message::new(noted).key("another").choices(["Yes", "No"]));
            }
            Event::Picked(picked) if picked.values == ["Yes"] => turn.say("What else?"),
            Event::Picked(_) => {
                turn.say("Your list is recorded.");
                let notes = turn.state.clone();
                turn.finish_with(&BTreeMap::from([("notes", notes)]))?;
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
    fn all_that_is_said_is_recorded() {
        let mut talk = Talk::<{{type}}>::new();
        talk.start("");
        talk.say("Milk");
        talk.pick(&["Yes"]);
        talk.say("Bread");
        talk.pick(&["No"]);
        let answers = talk.answers().unwrap_or_default();
        assert_eq!((answers["notes"][0].as_str(), answers["notes"][1].as_str()), (Some("Milk"), Some("Bread")));
        assert!(talk.ended());
    }
}
