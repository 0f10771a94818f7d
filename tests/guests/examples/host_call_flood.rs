//! Attacks: the journal and the ports. Calls the host without end and ignores what it answers; on the text `history`,
//! only the call that needs no right and costs the guest least.
//! Stopped by: the bound of host calls in a turn.

use pesto_guests::{Answer, FlowInfo, Hostile, TurnContext, ask, history, info, llm};

struct Bad;

impl Hostile for Bad {
    fn describe() -> FlowInfo {
        info(&["llm"])
    }

    fn go(_context: &TurnContext) -> Answer {
        loop {
            let _ = history::recent(Some(u32::MAX));
            let _ = llm::complete(&ask("again"));
        }
    }

    fn other(word: &str, _context: &TurnContext) -> Option<Answer> {
        (word == "history").then(|| {
            loop {
                let _ = history::recent(None);
            }
        })
    }
}

pesto_guests::guest!(Bad);
