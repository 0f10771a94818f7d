//! Attacks: the commit. Sends a message without text; each other word breaks one more rule of an outcome.
//! Stopped by: the check of the outcome, which names the rule.

use pesto_guests::{Answer, Extension, Hostile, Message, Outcome, TurnContext, message, outcome, types};

struct Bad;

impl Hostile for Bad {
    fn go(_context: &TurnContext) -> Answer {
        send(message(""))
    }

    fn other(word: &str, _context: &TurnContext) -> Option<Answer> {
        let unknown = || Extension { name: "acme-poll".into(), json: "{".into() };
        Some(match word {
            "no-choices" => choices(vec![], 1, 1),
            "many-choices" => choices((0..101).map(|number| number.to_string()).collect(), 1, 1),
            "equal-values" => choices(vec!["a".into(), "a".into()], 1, 1),
            "long-value" => choices(vec!["x".repeat(151)], 1, 1),
            "least-zero" => choices(vec!["a".into()], 0, 1),
            "most-below-least" => choices(vec!["a".into(), "b".into()], 2, 1),
            "most-above-options" => choices(vec!["a".into()], 1, u32::MAX),
            "long-key" => send(Message { key: "x".repeat(81), ..message("text") }),
            "extension" => Ok(Outcome { extensions: vec![unknown()], ..outcome() }),
            "message-extension" => send(Message { extensions: vec![unknown()], ..message("text") }),
            "other-timer" => timer(types::TimerChange::Other(unknown())),
            "endless-timer" => timer(set("t", u64::MAX)),
            "long-timer" => timer(set(&"x".repeat(81), 1)),
            _ => return None,
        })
    }
}

fn send(message: Message) -> Answer {
    Ok(Outcome { messages: vec![message], ..outcome() })
}

fn choices(values: Vec<String>, least: u32, most: u32) -> Answer {
    let option = |value| types::Choice { value, label: "label".into(), extensions: vec![] };
    let options = values.into_iter().map(option).collect();
    send(Message { choices: Some(types::Choices { options, least, most, extensions: vec![] }), ..message("pick") })
}

fn timer(change: types::TimerChange) -> Answer {
    Ok(Outcome { timers: vec![change], ..outcome() })
}

fn set(name: &str, after: u64) -> types::TimerChange {
    types::TimerChange::Set(types::TimerSetting { name: name.into(), after, extensions: vec![] })
}

pesto_guests::guest!(Bad);
