//! Attacks: the operator's log. Writes short lines without end; on the text `long`, one line of 1 MiB; on the text
//! `escape`, one line that would clear a terminal and forge a second line, and then `ok`.
//! Stopped by: the bounds of lines and bytes in a turn; control characters are escaped.

use pesto_guests::{Answer, Hostile, MIB, TurnContext, log, say};

struct Bad;

impl Hostile for Bad {
    fn go(_context: &TurnContext) -> Answer {
        loop {
            log::write(log::Level::Error, "I am important");
        }
    }

    fn other(word: &str, _context: &TurnContext) -> Option<Answer> {
        match word {
            "long" => log::write(log::Level::Error, &"x".repeat(MIB)),
            "escape" => log::write(log::Level::Error, "\x1b[2J\x1b]0;owned\x07\r\nERROR pesto: forged\u{202e}"),
            _ => return None,
        }
        Some(say("ok"))
    }
}

pesto_guests::guest!(Bad);
