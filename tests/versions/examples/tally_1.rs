//! Counts what is said to it, and asks a model on `ask`.

use pesto_sdk::{About, Event, Failure, Flow, Right, Turn};
use serde::{Deserialize, Serialize};

/// The flow.
pub struct Tally;

/// What it keeps.
#[derive(Default, Serialize, Deserialize)]
pub struct Counted {
    texts: u32,
}

impl Flow for Tally {
    type State = Counted;

    fn describe() -> About {
        About::new("Tally", "Counts what you say.").version("1").asks(Right::Llm)
    }

    fn handle(event: Event, turn: &mut Turn<Counted>) -> Result<(), Failure> {
        match event {
            Event::Started(_) => turn.say("ready"),
            Event::Said(said) => {
                turn.state.texts += 1;
                let asked =
                    if said.text == "ask" { turn.llm().user("How many?").complete()?.text } else { String::new() };
                turn.say(format!("1: {} {asked}", turn.state.texts).trim_end());
            }
            Event::Cancelled => turn.say(format!("1: over at {}", turn.state.texts)),
            _ => {}
        }
        Ok(())
    }
}

#[cfg(target_arch = "wasm32")]
pesto_sdk::export!(Tally);
