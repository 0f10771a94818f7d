//! Attacks: the catalog, with a small guest: `describe` lists 4,096 triggers that all point at the same 1 MiB of text,
//! 4 GiB when the host copies them.
//! Stopped by: the bound of lifted values, which must hold in `describe` as well; the component is refused.

use pesto_guests::{FlowInfo, Hostile, aliased_text, info};

struct Bad;

impl Hostile for Bad {
    fn describe() -> FlowInfo {
        FlowInfo { triggers: aliased_text().take(4096).collect(), ..info(&[]) }
    }
}

pesto_guests::guest!(Bad);
