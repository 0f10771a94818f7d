//! Attacks: the channel's rate limits. Reports progress without end; on the text `long`, once with 1 MiB, and then
//! answers `ok`.
//! Stopped by: the bound of host calls in a turn; long text is cut.

use pesto_guests::{Answer, Hostile, MIB, TurnContext, progress, say};

struct Bad;

impl Hostile for Bad {
    fn go(_context: &TurnContext) -> Answer {
        loop {
            progress::report("still here");
        }
    }

    fn other(word: &str, _context: &TurnContext) -> Option<Answer> {
        (word == "long").then(|| {
            progress::report(&"x".repeat(MIB));
            say("ok")
        })
    }
}

pesto_guests::guest!(Bad);
