//! Attacks: host memory. Asks a model 28 times with 250,000 bytes each, which a journal holds; in many places at once.
//! Stopped by: the memory of all instances and journals together. A turn waits where there is none.

use pesto_guests::{Answer, FlowInfo, Hostile, TurnContext, ask, info, llm, say};

struct Bad;

impl Hostile for Bad {
    fn describe() -> FlowInfo {
        info(&["llm"])
    }

    fn go(_context: &TurnContext) -> Answer {
        let answers = (0..28).filter(|_| llm::complete(&ask("x".repeat(250_000))).is_ok()).count();
        say(format!("{answers} answers"))
    }
}

pesto_guests::guest!(Bad);
