//! Attacks: what is done once. Says what it does, in its log and as progress, before it asks a model with all that it can
//! see, three times, and answers all that it saw.
//! Stopped by: a turn that is run again from its journal, after a crash or a wait without an instance, finds each answer and
//! each time in the journal; what it says is said once.

use pesto_guests::{Answer, FlowInfo, Hostile, TurnContext, ask, case_of, info, llm, log, progress, say};
use wasi::wasi::{clocks, random};

mod wasi {
    wit_bindgen::generate!({ path: "wit", world: "clocks", generate_all });
}

struct Bad;

impl Hostile for Bad {
    fn describe() -> FlowInfo {
        info(&["llm"])
    }

    fn go(_context: &TurnContext) -> Answer {
        let mut seen = Vec::new();
        for number in 1..=3 {
            log::write(log::Level::Info, &format!("asking {number}"));
            progress::report(&format!("asking {number}"));
            let wall = clocks::wall_clock::now();
            seen.push(format!("{}.{:09} {}", wall.seconds, wall.nanoseconds, random::random::get_random_u64()));
            seen.push(case_of(&llm::complete(&ask(seen.join(", ")))).to_owned());
        }
        say(seen.join(", "))
    }
}

pesto_guests::guest!(Bad);
