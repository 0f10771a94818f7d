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
            "form-and-choices" => {
                let options = vec![option("a".into())];
                let choices = types::Choices { options, least: 1, most: 1, extensions: vec![] };
                send(Message { choices: Some(choices), form: Some(form(vec![day("d")])), ..message("both") })
            }
            "no-fields" => fields(vec![]),
            "equal-fields" => fields(vec![day("d"), day("d")]),
            "many-fields" => fields((0..21).map(|number| day(&number.to_string())).collect()),
            "no-number" => {
                let kind = types::NumberField { least: Some(f64::NAN), most: None, whole: false, extensions: vec![] };
                fields(vec![types::Field { kind: types::FieldKind::Number(kind), ..day("n") }])
            }
            "other-field" => fields(vec![types::Field { kind: types::FieldKind::Other(unknown()), ..day("o") }]),
            "extension" => Ok(Outcome { extensions: vec![unknown()], ..outcome() }),
            "message-extension" => send(Message { extensions: vec![unknown()], ..message("text") }),
            "other-timer" => timer(types::TimerChange::Other(unknown())),
            "endless-timer" => timer(set("t", types::TimerDue::After(u32::MAX))),
            "long-timer" => timer(set(&"x".repeat(81), types::TimerDue::After(1))),
            "other-due" => timer(set("t", types::TimerDue::Other(unknown()))),
            "no-date" => timer(set("t", at("2026-02-30", "09:30"))),
            "no-time" => timer(set("t", at("2026-03-31", &"9".repeat(pesto_guests::MIB)))),
            "far-date" => timer(set("t", at("9999-12-31", "23:59"))),
            _ => return None,
        })
    }
}

fn send(message: Message) -> Answer {
    Ok(Outcome { messages: vec![message], ..outcome() })
}

fn choices(values: Vec<String>, least: u32, most: u32) -> Answer {
    let options = values.into_iter().map(option).collect();
    send(Message { choices: Some(types::Choices { options, least, most, extensions: vec![] }), ..message("pick") })
}

fn option(value: String) -> types::Choice {
    types::Choice { value, label: "label".into(), extensions: vec![] }
}

fn fields(fields: Vec<types::Field>) -> Answer {
    send(Message { form: Some(form(fields)), ..message("fill in") })
}

fn form(fields: Vec<types::Field>) -> types::Form {
    types::Form { title: "title".into(), submit: "submit".into(), fields, extensions: vec![] }
}

fn day(key: &str) -> types::Field {
    let kind = types::FieldKind::Date(types::DateField { least: None, most: None, extensions: vec![] });
    types::Field { key: key.into(), label: "label".into(), hint: None, required: true, kind, extensions: vec![] }
}

fn timer(change: types::TimerChange) -> Answer {
    Ok(Outcome { timers: vec![change], ..outcome() })
}

fn set(name: &str, due: types::TimerDue) -> types::TimerChange {
    types::TimerChange::Set(types::TimerSetting { name: name.into(), due, extensions: vec![] })
}

fn at(date: &str, time: &str) -> types::TimerDue {
    types::TimerDue::At(types::LocalTime { date: date.into(), time: time.into(), extensions: vec![] })
}

pesto_guests::guest!(Bad);
