//! Attacks: the outbox and the channel. Sends a message of 1 MiB; on the text `key`, one with a key of 1 MiB.
//! Stopped by: the bounds of a message.

use pesto_guests::{Answer, Hostile, MIB, Message, Outcome, TurnContext, message, outcome, say};

struct Bad;

impl Hostile for Bad {
    fn go(_context: &TurnContext) -> Answer {
        say("x".repeat(MIB))
    }

    fn other(word: &str, _context: &TurnContext) -> Option<Answer> {
        let message = Message { key: "x".repeat(MIB), ..message("short") };
        (word == "key").then(|| Ok(Outcome { messages: vec![message], ..outcome() }))
    }
}

pesto_guests::guest!(Bad);
