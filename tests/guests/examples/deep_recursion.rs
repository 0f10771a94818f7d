//! Attacks: the host's stack. Recurses without end, with nothing on the stack that is kept in linear memory, which
//! would run out first.
//! Stopped by: the bound of the WebAssembly stack.

use pesto_guests::{Answer, Hostile, TurnContext, say};

/// Never comes to its end: `depth` reaches `end` after billions of calls, but no compiler can know that.
#[inline(never)]
fn down(end: u64, depth: u64) -> u64 {
    if depth == end { depth } else { down(end, depth + 1).rotate_left(7) ^ depth }
}

struct Bad;

impl Hostile for Bad {
    fn go(context: &TurnContext) -> Answer {
        say(format!("{}", down(context.now, 1)))
    }
}

pesto_guests::guest!(Bad);
