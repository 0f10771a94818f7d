//! Attacks: the journal and the provider. Asks a model 1 MiB at once, and answers with the error's case; on the text
//! `many`, 100,000 empty messages.
//! Stopped by: the bound of a request: `invalid`, or a trap where it is not even lifted.

use pesto_guests::{Answer, FlowInfo, Hostile, MIB, TurnContext, ask, case_of, info, llm, say};

struct Bad;

impl Hostile for Bad {
    fn describe() -> FlowInfo {
        info(&["llm"])
    }

    fn go(_context: &TurnContext) -> Answer {
        say(case_of(&llm::complete(&ask("x".repeat(MIB)))))
    }

    fn other(word: &str, _context: &TurnContext) -> Option<Answer> {
        (word == "many").then(|| {
            let message = llm::ChatMessage { role: llm::Role::User, text: String::new() };
            say(case_of(&llm::complete(&llm::Request { messages: vec![message; 100_000], ..ask("") })))
        })
    }
}

pesto_guests::guest!(Bad);
