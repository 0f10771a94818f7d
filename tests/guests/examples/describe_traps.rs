//! Attacks: the catalog. Panics in `describe`.
//! Stopped by: the component is refused, and the last good one stays.

use pesto_guests::{FlowInfo, Hostile};

struct Bad;

impl Hostile for Bad {
    fn describe() -> FlowInfo {
        panic!("the guest does not describe itself")
    }
}

pesto_guests::guest!(Bad);
