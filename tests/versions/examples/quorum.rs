//! Hears everybody in a thread, and says who said what. It ends on `done`.

use std::collections::BTreeMap;

use pesto_sdk::{About, Event, Failure, Flow, Turn};

/// The flow.
pub struct Quorum;

impl Flow for Quorum {
    type State = Vec<String>;

    fn describe() -> About {
        About::new("Quorum", "Asks all of you.").version("1").hears_everyone()
    }

    fn handle(event: Event, turn: &mut Turn<Vec<String>>) -> Result<(), Failure> {
        match event {
            Event::Started(_) => turn.say("Well?"),
            Event::Said(said) if said.text == "done" => {
                let answers = BTreeMap::from([("said", turn.state.clone())]);
                return turn.finish_with(&answers);
            }
            Event::Said(said) => {
                let line = format!("{}: {}", turn.person().name, said.text);
                turn.say(line.clone());
                turn.state.push(line);
            }
            _ => {}
        }
        Ok(())
    }
}

#[cfg(target_arch = "wasm32")]
pesto_sdk::export!(Quorum);
