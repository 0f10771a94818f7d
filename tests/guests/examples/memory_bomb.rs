//! Attacks: the host's memory. Allocates and touches without end.
//! Stopped by: the memory cap.

use pesto_guests::{Answer, Hostile, MIB, TurnContext};

struct Bad;

impl Hostile for Bad {
    fn go(_context: &TurnContext) -> Answer {
        loop {
            std::hint::black_box(vec![1u8; MIB].leak());
        }
    }
}

pesto_guests::guest!(Bad);
