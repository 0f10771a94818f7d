//! Attacks: the workers. Sleeps for an hour in a host call, where no CPU is counted; on the text `instant`, until the
//! end of time.
//! Stopped by: the bound of waiting by WASI's clocks; a flow has half of the instances meanwhile.

use pesto_guests::{Answer, Hostile, TurnContext, say};
use wasi::wasi::clocks::monotonic_clock::{subscribe_duration, subscribe_instant};

mod wasi {
    wit_bindgen::generate!({ path: "wit", world: "clocks", generate_all });
}

struct Bad;

impl Hostile for Bad {
    fn go(_context: &TurnContext) -> Answer {
        subscribe_duration(3_600_000_000_000).block();
        say("slept")
    }

    fn other(word: &str, _context: &TurnContext) -> Option<Answer> {
        (word == "instant").then(|| {
            subscribe_instant(u64::MAX).block();
            say("slept")
        })
    }
}

pesto_guests::guest!(Bad);
