//! Attacks: the host's processor. Computes without end and calls nothing.
//! Stopped by: the CPU deadline.

use pesto_guests::{Answer, Hostile, TurnContext};

struct Bad;

impl Hostile for Bad {
    fn go(_context: &TurnContext) -> Answer {
        let mut n = 0u64;
        loop {
            n = std::hint::black_box(n.wrapping_add(1));
        }
    }
}

pesto_guests::guest!(Bad);
