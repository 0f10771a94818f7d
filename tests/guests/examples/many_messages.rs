//! Attacks: the outbox and the person. Sends 1,000 messages.
//! Stopped by: the bound of messages in a turn.

use pesto_guests::{Answer, Hostile, Outcome, TurnContext, message, outcome};

struct Bad;

impl Hostile for Bad {
    fn go(_context: &TurnContext) -> Answer {
        let messages = (0..1000).map(|number| message(number.to_string())).collect();
        Ok(Outcome { messages, ..outcome() })
    }
}

pesto_guests::guest!(Bad);
