//! What the benchmarks measure the host with: a text is answered with one message, and a number asks a model that
//! often before. On the text `busy` it computes without end; on `ask`, and on each click that follows, it asks for a click.

use pesto_sdk::{About, Event, Failure, Flow, Message, Right, Said, Turn};
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
            Event::Said(Said { text, .. }) if text == "ask" => turn.say(question(&turn.state)),
            Event::Picked(_) => {
                turn.state.texts += 1;
                turn.say(question(&turn.state));
            }
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

fn question(heard: &Heard) -> Message {
    Message::new(format!("{} so far.", heard.texts)).choices(["Next"])
}

pesto_sdk::export!(Bench);
