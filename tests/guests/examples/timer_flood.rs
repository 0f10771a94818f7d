//! Attacks: the store. Sets 1,000 timers that are due at once.
//! Stopped by: the bound of timers in a conversation.

use pesto_guests::{Answer, Hostile, Outcome, TurnContext, outcome, types};

struct Bad;

impl Hostile for Bad {
    fn go(_context: &TurnContext) -> Answer {
        let due = types::TimerDue::After(0);
        let timer =
            |number: u32| types::TimerSetting { name: number.to_string(), due: due.clone(), extensions: vec![] };
        let timers = (0..1000).map(|number| types::TimerChange::Set(timer(number))).collect();
        Ok(Outcome { timers, ..outcome() })
    }
}

pesto_guests::guest!(Bad);
