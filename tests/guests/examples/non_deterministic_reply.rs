//! Attacks: the journal. Asks a model with a request that differs between two runs of a turn, as far as it can find
//! anything that does: random bytes, two clocks, the seed, an address.
//! Stopped by: nothing of that differs, for the host feeds it all from the turn, and a fresh instance always starts
//! equal; a guest has no other way. A request that differs from the journal all the same, because the journal was
//! written by something else, ends the turn as non-deterministic.

use pesto_guests::{Answer, FlowInfo, Hostile, TurnContext, ask, case_of, info, llm, say};
use wasi::wasi::{clocks, random};

mod wasi {
    wit_bindgen::generate!({ path: "wit", world: "clocks", generate_all });
}

struct Bad;

impl Hostile for Bad {
    fn describe() -> FlowInfo {
        info(&["llm"])
    }

    fn go(context: &TurnContext) -> Answer {
        let random = random::random::get_random_u64();
        let wall = clocks::wall_clock::now();
        let monotonic = clocks::monotonic_clock::now();
        let address = Box::into_raw(Box::new(context.seed));
        let request =
            format!("{random} {}.{} {monotonic} {} {address:p}", wall.seconds, wall.nanoseconds, context.seed);
        say(case_of(&llm::complete(&ask(request))))
    }
}

pesto_guests::guest!(Bad);
