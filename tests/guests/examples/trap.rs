//! Attacks: the turn. The text `go` executes `unreachable`, the text `panic` panics.
//! Stopped by: the trap itself; the host lives on.

use pesto_guests::{Answer, Hostile, TurnContext};

struct Bad;

impl Hostile for Bad {
    fn go(_context: &TurnContext) -> Answer {
        #[cfg(target_arch = "wasm32")]
        core::arch::wasm32::unreachable();
        #[cfg(not(target_arch = "wasm32"))]
        std::process::abort();
    }

    fn other(word: &str, _context: &TurnContext) -> Option<Answer> {
        (word == "panic").then(|| panic!("the guest panics"))
    }
}

pesto_guests::guest!(Bad);
