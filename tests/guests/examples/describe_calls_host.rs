//! Attacks: the catalog. Asks for the right to a model and uses it in `describe` already, where nobody pays for it.
//! Its summary tells what was answered.
//! Stopped by: every import is denied in `describe`. Where that is not a trap, the summary must be `denied`.

use pesto_guests::{FlowInfo, Hostile, ask, case_of, info, llm};

struct Bad;

impl Hostile for Bad {
    fn describe() -> FlowInfo {
        let answer = llm::complete(&ask("for free"));
        FlowInfo { summary: case_of(&answer).into(), ..info(&["llm"]) }
    }
}

pesto_guests::guest!(Bad);
