//! Attacks: disk and log. From the text `loop` on it answers each timer with the next one, due at once, with twenty
//! messages, and with as many log lines as fit into a turn.
//! Stopped by: the least delay of timers and the bucket of turns that no person caused; the bound of unsent messages;
//! the rate of log lines. `cancel` drops what was not sent.

use pesto_guests::{Answer, Event, Hostile, Outcome, TurnContext, log, message, outcome, types};

struct Bad;

fn again() -> types::TimerChange {
    types::TimerChange::Set(types::TimerSetting {
        name: "again".into(),
        due: types::TimerDue::After(0),
        extensions: vec![],
    })
}

impl Hostile for Bad {
    fn other(word: &str, _context: &TurnContext) -> Option<Answer> {
        (word == "loop").then(|| Ok(Outcome { timers: vec![again()], ..outcome() }))
    }

    fn happens(event: &Event, _context: &TurnContext) -> Answer {
        let Event::Timer(_) = event else { return Ok(outcome()) };
        (0..60).for_each(|_| log::write(log::Level::Error, &"x".repeat(1_000)));
        let messages = (0..20).map(|_| message("again ".repeat(1_900))).collect();
        Ok(Outcome { messages, timers: vec![again()], ..outcome() })
    }
}

pesto_guests::guest!(Bad);
