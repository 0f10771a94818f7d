//! Attacks: the linker. A whole flow, but it imports `acme:spy/spy@1.0.0` as well.
//! Stopped by: the component is refused when it is loaded, and the reason names the import.

use pesto_guests::{Answer, Hostile, TurnContext, say};
use wasi::acme::spy::spy;

mod wasi {
    wit_bindgen::generate!({ path: "wit", world: "spy", generate_all });
}

struct Bad;

impl Hostile for Bad {
    fn go(_context: &TurnContext) -> Answer {
        say(spy::look())
    }
}

pesto_guests::guest!(Bad);
