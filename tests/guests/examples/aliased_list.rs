//! Attacks: the host's memory, with a small guest. Its outcome lists 4,096 messages that all point at the same 1 MiB of
//! text: 4 GiB when the host copies them. On the text `choices`, it is one message with 100,000 such choices, and on
//! `fields`, one whose form has 100,000 such fields.
//! Stopped by: the bound of lifted values in a call.

use pesto_guests::{Answer, Hostile, Message, Outcome, TurnContext, aliased_text, message, outcome, types};

struct Bad;

impl Hostile for Bad {
    fn go(_context: &TurnContext) -> Answer {
        let messages = aliased_text().map(message).take(4096).collect();
        Ok(Outcome { messages, ..outcome() })
    }

    fn other(word: &str, _context: &TurnContext) -> Option<Answer> {
        let option = |label| types::Choice { value: "v".into(), label, extensions: vec![] };
        let field = |label| types::Field {
            key: "k".into(),
            label,
            hint: None,
            required: true,
            kind: types::FieldKind::OneOf(vec![]),
            extensions: vec![],
        };
        let message = match word {
            "choices" => {
                let options = aliased_text().map(option).take(100_000).collect();
                let choices = types::Choices { options, least: 1, most: 1, extensions: vec![] };
                Message { choices: Some(choices), ..message("pick") }
            }
            "fields" => {
                let fields = aliased_text().map(field).take(100_000).collect();
                let form = types::Form { title: "t".into(), submit: "s".into(), fields, extensions: vec![] };
                Message { form: Some(form), ..message("fill in") }
            }
            _ => return None,
        };
        Some(Ok(Outcome { messages: vec![message], ..outcome() }))
    }
}

pesto_guests::guest!(Bad);
