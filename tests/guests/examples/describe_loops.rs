//! Attacks: the catalog. Computes without end in `describe`.
//! Stopped by: the CPU deadline; the component is refused.

use pesto_guests::{FlowInfo, Hostile};

struct Bad;

impl Hostile for Bad {
    fn describe() -> FlowInfo {
        let mut n = 0u64;
        loop {
            n = std::hint::black_box(n.wrapping_add(1));
        }
    }
}

pesto_guests::guest!(Bad);
