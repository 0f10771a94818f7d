//! Attacks: the catalog. Has a title of 1 MiB and 10,000 triggers.
//! Stopped by: the bounds of a description; the component is refused.

use pesto_guests::{FlowInfo, Hostile, MIB, info};

struct Bad;

impl Hostile for Bad {
    fn describe() -> FlowInfo {
        let triggers = (0..10_000).map(|number| format!("trigger {number}")).collect();
        FlowInfo { title: "x".repeat(MIB), triggers, ..info(&[]) }
    }
}

pesto_guests::guest!(Bad);
