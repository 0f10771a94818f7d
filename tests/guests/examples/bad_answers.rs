//! Attacks: the answers of completed surveys. Finishes with what is no JSON at all; on the text `array`, with JSON that
//! is no object; on `huge`, with more than 64 KiB; on `deep`, with an object nested deeper than a parser's stack; on
//! `early`, with answers before the end.
//! Stopped by: the check of the outcome.

use pesto_guests::{Answer, Hostile, MIB, Outcome, TurnContext, outcome};

struct Bad;

impl Hostile for Bad {
    fn go(_context: &TurnContext) -> Answer {
        finish("=cmd|' /C calc'!A0".into())
    }

    fn other(word: &str, _context: &TurnContext) -> Option<Answer> {
        match word {
            "array" => Some(finish("[1, 2]".into())),
            "huge" => Some(finish(format!(r#"{{"a":"{}"}}"#, "x".repeat(MIB)))),
            "deep" => Some(finish(format!("{}1{}", r#"{"a":"#.repeat(5000), "}".repeat(5000)))),
            "early" => Some(Ok(Outcome { answers: Some("{}".into()), ..outcome() })),
            _ => None,
        }
    }
}

fn finish(answers: String) -> Answer {
    Ok(Outcome { answers: Some(answers), finished: true, ..outcome() })
}

pesto_guests::guest!(Bad);
