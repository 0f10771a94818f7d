//! Attacks: the host's memory, with a small guest, in a host call: asks a model with 4,096 messages that all point at
//! the same 1 MiB of text, 4 GiB if the host copies them before it looks at the grant. It asks for no right.
//! Stopped by: the bound of lifted values in a call.

use pesto_guests::{Answer, Hostile, TurnContext, aliased_text, ask, case_of, llm, say};
use std::mem::ManuallyDrop;

struct Bad;

impl Hostile for Bad {
    fn go(_context: &TurnContext) -> Answer {
        let message = |text| llm::ChatMessage { role: llm::Role::User, text };
        let messages = aliased_text().map(message).take(4096).collect();
        let request = ManuallyDrop::new(llm::Request { messages, ..ask("") });
        say(case_of(&llm::complete(&request)))
    }
}

pesto_guests::guest!(Bad);
