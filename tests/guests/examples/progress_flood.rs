//! Attacks: the channel's rate limits. Reports progress without end; on the text `long`, once with 1 MiB, and then
//! answers `ok`; on the text `silent`, once, and then says nothing.
//! Stopped by: the bound of host calls in a turn; long text is cut.

use pesto_guests::{Answer, Hostile, MIB, TurnContext, outcome, progress, say};

struct Bad;

impl Hostile for Bad {
    fn go(_context: &TurnContext) -> Answer {
        loop {
            progress::report("still here");
        }
    }

    fn other(word: &str, _context: &TurnContext) -> Option<Answer> {
        match word {
            "long" => {
                progress::report(&"x".repeat(MIB));
                Some(say("ok"))
            }
            "silent" => {
                progress::report("still here");
                Some(Ok(outcome()))
            }
            _ => None,
        }
    }
}

pesto_guests::guest!(Bad);
