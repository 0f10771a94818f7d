//! Attacks: determinism. Answers with the wall clock, the monotonic clock and some random bytes, in that order, divided
//! by blanks; on the text `bytes`, asks for 1 GiB of random bytes.
//! Stopped by: nothing; clocks and bytes are fed from the turn, so a re-run answers the same. The bound of random bytes
//! ends the turn that asks for 1 GiB.

use pesto_guests::{Answer, Hostile, TurnContext, say};
use wasi::wasi::{clocks, random};

mod wasi {
    wit_bindgen::generate!({ path: "wit", world: "clocks", generate_all });
}

struct Bad;

impl Hostile for Bad {
    fn go(_context: &TurnContext) -> Answer {
        let wall = clocks::wall_clock::now();
        let monotonic = clocks::monotonic_clock::now();
        let bytes = random::random::get_random_bytes(8);
        let bytes: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        say(format!("{}.{:09} {monotonic} {bytes}", wall.seconds, wall.nanoseconds))
    }

    fn other(word: &str, _context: &TurnContext) -> Option<Answer> {
        (word == "bytes").then(|| say(random::random::get_random_bytes(1 << 30).len().to_string()))
    }
}

pesto_guests::guest!(Bad);
