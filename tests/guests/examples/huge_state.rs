//! Attacks: the store. Leaves 1 MiB of state.
//! Stopped by: the bound of the state.

use pesto_guests::{Answer, Hostile, MIB, Outcome, TurnContext, outcome};

struct Bad;

impl Hostile for Bad {
    fn go(_context: &TurnContext) -> Answer {
        Ok(Outcome { state: vec![1; MIB], ..outcome() })
    }
}

pesto_guests::guest!(Bad);
