//! Attacks: the catalog. Panics in `describe`, after it has said so, with the time by WASI's clock: 0 would be a broken one.
//! Stopped by: the component is refused with what it said, and the last good one stays.

use pesto_guests::{FlowInfo, Hostile, log};
use wasi::wasi::clocks::monotonic_clock::now;

mod wasi {
    wit_bindgen::generate!({ path: "wit", world: "clocks", generate_all });
}

struct Bad;

impl Hostile for Bad {
    fn describe() -> FlowInfo {
        log::write(log::Level::Error, &format!("the clock shows {}", now()));
        panic!("the guest does not describe itself")
    }
}

pesto_guests::guest!(Bad);
