//! Counts bytes too, and takes over what version 1 counted. On `trap` it traps.

use pesto_sdk::{About, Event, Failure, Flow, Former, Migrate, Right, Turn};
use serde::{Deserialize, Serialize};

/// The flow.
pub struct Tally;

/// What it keeps.
#[derive(Default, Serialize, Deserialize)]
pub struct Counted {
    texts: u32,
    bytes: usize,
    from: String,
}

#[derive(Default, Deserialize)]
struct Counted1 {
    texts: u32,
}

impl Flow for Tally {
    type State = Counted;

    fn describe() -> About {
        About::new("Tally", "Counts what you say, and how long it is.").version("2").asks(Right::Llm)
    }

    fn handle(event: Event, turn: &mut Turn<Counted>) -> Result<(), Failure> {
        match event {
            Event::Started(_) => turn.say("ready"),
            Event::Said(said) => {
                assert!(said.text != "trap", "as it was told");
                turn.state.texts += 1;
                turn.state.bytes += said.text.len();
                let asked =
                    if said.text == "ask" { turn.llm().user("How many?").complete()?.text } else { String::new() };
                let Counted { texts, bytes, from } = &turn.state;
                turn.say(format!("2: {texts} of {bytes} bytes, from `{from}` {asked}").trim_end());
            }
            Event::Cancelled => turn.say(format!("2: over at {}", turn.state.texts)),
            _ => {}
        }
        Ok(())
    }
}

impl Migrate for Tally {
    fn migrate(former: &Former) -> Result<Option<Counted>, Failure> {
        let from = former.version().to_owned();
        Ok(match former.version() {
            "1" => Some(Counted { texts: former.state::<Counted1>()?.texts, bytes: 0, from }),
            "2" => Some(Counted { from, ..former.state()? }),
            _ => None,
        })
    }
}

#[cfg(target_arch = "wasm32")]
pesto_sdk::export!(Tally, migrating);
