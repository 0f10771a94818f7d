//! Attacks: the log and the dead letters. Ends its turn as a failure with a reason of 1 MiB.
//! Stopped by: the bound of a reason, which is cut; the turn has failed in any case.

use pesto_guests::{Answer, Failure, Hostile, MIB, TurnContext};

struct Bad;

impl Hostile for Bad {
    fn go(_context: &TurnContext) -> Answer {
        Err(Failure { reason: "x".repeat(MIB), extensions: vec![] })
    }
}

pesto_guests::guest!(Bad);
