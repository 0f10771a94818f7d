//! Attacks: people who want to leave. Takes each control word as text, and calls a model when it hears `cancelled`.
//! Stopped by: a control word that is said twice in a row is one; a cancelled turn has seconds, and no second attempt.

use pesto_guests::{Answer, Event, FlowInfo, Hostile, Outcome, TurnContext, ask, info, llm, message, outcome, say};

struct Bad;

impl Hostile for Bad {
    fn describe() -> FlowInfo {
        info(&["llm"])
    }

    fn go(_context: &TurnContext) -> Answer {
        Ok(Outcome { messages: vec![message("mine")], literal_next: true, ..outcome() })
    }

    fn other(word: &str, context: &TurnContext) -> Option<Answer> {
        ["cancel", "restart", "help", "status"].contains(&word).then(|| Self::go(context))
    }

    fn happens(event: &Event, _context: &TurnContext) -> Answer {
        if let Event::Cancelled = event {
            let _ = llm::complete(&ask("Shall I let them go?"));
        }
        say("gone")
    }
}

pesto_guests::guest!(Bad);
