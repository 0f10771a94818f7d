//! Makes the mistake that it is told to make, so that tests see what an author sees of it.

use std::time::Duration;

use pesto_sdk::{About, Event, Failure, Flow, Level, Message, Right, Turn};

/// The flow.
pub struct Mistakes;

impl Flow for Mistakes {
    type State = u32;

    fn describe() -> About {
        About::new("Mistakes", "Makes mistakes.").version("1").trigger("help").asks(Right::Llm)
    }

    fn handle(event: Event, turn: &mut Turn<u32>) -> Result<(), Failure> {
        match event {
            Event::Started(_) => turn.say("ready"),
            Event::Said(said) => {
                turn.state += 1;
                turn.log(Level::Info, &format!("heard `{}`", said.text));
                match said.text.as_str() {
                    "panic" => panic!("no such room"),
                    "index" => turn.say(format!("{}", said.text.as_bytes()[turn.state as usize + 100])),
                    "fail" => return Err(Failure::new("the plan is empty")),
                    "loop" => loop {
                        std::hint::black_box(0);
                    },
                    "ask" => match turn.llm().user("What now?").complete() {
                        Ok(answer) => turn.say(format!("{} (cut: {})", answer.text, answer.cut)),
                        Err(error) => turn.say(format!("{error:?}")),
                    },
                    "choices" => turn.say(Message::new("One of them?").key("one").choices(["A", "B"])),
                    "timer" => turn.set_timer("tick", Duration::from_secs(60)),
                    "over" => turn.finish(),
                    _ => {
                        let (who, place) = (turn.person().name.clone(), turn.place().to_owned());
                        turn.say(format!("{}: {who} at {place}", turn.state));
                    }
                }
            }
            Event::Picked(picked) => turn.say(format!("{} of {}", picked.values.join(", "), turn.person().id)),
            Event::Timer { .. } => turn.say("tick"),
            _ => {}
        }
        Ok(())
    }
}

#[cfg(target_arch = "wasm32")]
pesto_sdk::export!(Mistakes);
