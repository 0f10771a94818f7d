//! What the benchmarks measure the host with: a text is answered with one message, and a number asks a model that
//! often before. On the text `busy` it computes without end.

use pesto_sdk::{About, Event, Failure, Flow, Right, Turn};
use serde::{Deserialize, Serialize};

struct Bench;

#[derive(Default, Serialize, Deserialize)]
struct Heard {
    texts: u64,
}

impl Flow for Bench {
    type State = Heard;

    fn describe() -> About {
        About::new("Bench", "Answers at once.").version(env!("CARGO_PKG_VERSION")).asks(Right::Llm)
    }

    fn handle(event: Event, turn: &mut Turn<Heard>) -> Result<(), Failure> {
        match event {
            Event::Started(_) => turn.say("Say something."),
            Event::Said(said) => {
                if said.text == "busy" {
                    loop {
                        std::hint::black_box(&turn.state.texts);
                    }
                }
                for call in 0..said.text.parse().unwrap_or(0) {
                    let request = turn.llm().user(format!("What comes after {call}?"));
                    request.complete()?;
                }
                turn.state.texts += 1;
                turn.say(format!("Text number {}: {}", turn.state.texts, said.text));
            }
            _ => {}
        }
        Ok(())
    }
}

pesto_sdk::export!(Bench);
