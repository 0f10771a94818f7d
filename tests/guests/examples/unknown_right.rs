//! Attacks: the grants. Asks for a right that does not exist.
//! Stopped by: the check of the description; the component is refused.

use pesto_guests::{FlowInfo, Hostile, info};

struct Bad;

impl Hostile for Bad {
    fn describe() -> FlowInfo {
        info(&["llm", "root"])
    }
}

pesto_guests::guest!(Bad);
