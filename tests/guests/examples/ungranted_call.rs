//! Attacks: the grants. Asks a model without having asked for the right, and answers with the error's case.
//! Stopped by: the grant check. The turn goes on and answers `denied`.

use pesto_guests::{Answer, Hostile, TurnContext, ask, case_of, llm, say};

struct Bad;

impl Hostile for Bad {
    fn go(_context: &TurnContext) -> Answer {
        say(case_of(&llm::complete(&ask("let me in"))))
    }
}

pesto_guests::guest!(Bad);
