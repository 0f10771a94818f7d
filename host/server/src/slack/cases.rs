//! A table of payloads in the shapes that Slack publishes, and what each leads to.
//!
//! Most cases are a whole payload of `shapes.json` with some fields put in, replaced or, where `with` says null, taken
//! out.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::{Value, json};

use super::reading::{Identity, Incoming, Notice, Opening, Reading, Submission};
use super::{commands, events, interactions, words};

/// What the host's clock says when a payload comes, in microseconds.
const RECEIVED: u64 = 1_700_000_500_000_000;

const SHAPES: &str = include_str!("cases/shapes.json");

const TABLES: [(&str, &str); 9] = [
    ("messages", include_str!("cases/messages.json")),
    ("channels", include_str!("cases/channels.json")),
    ("texts", include_str!("cases/texts.json")),
    ("dropped", include_str!("cases/dropped.json")),
    ("standing", include_str!("cases/standing.json")),
    ("controls", include_str!("cases/controls.json")),
    ("interactions", include_str!("cases/interactions.json")),
    ("forms", include_str!("cases/forms.json")),
    ("commands", include_str!("cases/commands.json")),
];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    via: Via,
    shape: Option<String>,
    with: Option<Value>,
    #[serde(default)]
    payload: Value,
    expect: Expect,
    /// The text here, in the payload and in what is expected, is to be so many times as long.
    stretch: Option<Stretch>,
}

#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "lowercase")]
enum Via {
    Event,
    Interaction,
    Command,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Expect {
    /// What is not said of it is as in most events.
    Event(Value),
    /// The same, of what is to be checked first.
    Filled(Value),
    /// The same, of an edit.
    Edited(Value),
    Open(Value),
    Ignored(String),
    /// The beginning of the operator's warning.
    Malformed(String),
    Notice(String),
}

#[derive(Deserialize)]
struct Stretch {
    payload: String,
    expect: String,
    times: usize,
}

fn us() -> Identity {
    Identity {
        team: "T0HOME".to_owned(),
        bot_user: "U0BOT".to_owned(),
        bot_id: "B0BOT".to_owned(),
        app: Some("A0PESTO".to_owned()),
    }
}

fn cases() -> Vec<Case> {
    let shapes: Value = serde_json::from_str(SHAPES).unwrap();
    let mut all = Vec::new();
    for (table, text) in TABLES {
        let cases: Vec<Case> = serde_json::from_str(text).unwrap_or_else(|error| panic!("{table}.json: {error}"));
        all.extend(cases.into_iter().map(|case| stretched(shaped(case, &shapes))));
    }
    all
}

fn shaped(mut case: Case, shapes: &Value) -> Case {
    if let Some(shape) = &case.shape {
        case.payload = shapes.get(shape).unwrap_or_else(|| panic!("there is no shape {shape}")).clone();
    }
    if let Some(with) = &case.with {
        merge(&mut case.payload, with);
    }
    case
}

/// As in RFC 7396.
fn merge(into: &mut Value, patch: &Value) {
    let Some(patch) = patch.as_object() else {
        *into = patch.clone();
        return;
    };
    if !into.is_object() {
        *into = json!({});
    }
    let object = into.as_object_mut().unwrap();
    for (key, value) in patch {
        if value.is_null() {
            object.remove(key);
        } else {
            merge(object.entry(key).or_insert(Value::Null), value);
        }
    }
}

fn stretched(mut case: Case) -> Case {
    if let (Some(stretch), Expect::Event(event)) = (&case.stretch, &mut case.expect) {
        for (value, pointer) in [(&mut case.payload, &stretch.payload), (event, &stretch.expect)] {
            let text = value.pointer_mut(pointer).unwrap();
            *text = json!(text.as_str().unwrap().repeat(stretch.times));
        }
    }
    case
}

fn read(via: Via, payload: &Value) -> Reading {
    match via {
        Via::Event => events::read(payload, &us()),
        Via::Interaction => interactions::read(payload, &us(), RECEIVED),
        Via::Command => commands::read(payload, &us(), RECEIVED),
    }
}

fn as_json(event: &Incoming) -> Value {
    json!({
        "id": event.id,
        "team": event.team,
        "user": event.user,
        "place": event.place,
        "sent": event.sent,
        "body": event.body,
        "only_if_open": event.only_if_open,
        "below": event.below,
        "instead": event.instead,
        "heard_at": event.heard_at,
        "name_hint": event.name_hint,
        "ack_text": event.ack.as_ref().map(|ack| ack.told.in_words(words::of(""), ack.address.as_deref())),
    })
}

fn in_full(expected: &Value) -> Value {
    let mut full = json!({
        "team": "T0HOME", "only_if_open": false, "below": null, "instead": null, "heard_at": null, "name_hint": null,
        "ack_text": null,
    });
    full.as_object_mut().unwrap().extend(expected.as_object().unwrap().clone());
    full
}

fn short(notice: Notice) -> String {
    match notice {
        Notice::Uninstalled => "uninstalled".to_owned(),
        Notice::TokensRevoked => "tokens revoked".to_owned(),
        Notice::RateLimited { minute } => format!("rate limited since {minute:?}"),
    }
}

/// The subscriptions by which the events came that lead to something.
pub(super) fn events_that_matter() -> BTreeSet<String> {
    let subscription = |event: &Value| {
        let of_channels = match event["channel_type"].as_str() {
            Some("im" | "app_home") => ".im",
            Some("channel") => ".channels",
            Some("group") => ".groups",
            Some("mpim") => ".mpim",
            _ => "",
        };
        match event["type"].as_str()? {
            "message" if of_channels.is_empty() => None,
            "message" => Some(format!("message{of_channels}")),
            // Slack sends it unasked.
            "app_rate_limited" => None,
            other => Some(other.to_owned()),
        }
    };
    let events = cases().into_iter().filter(|case| matches!(case.via, Via::Event));
    let matter = events.filter(|case| matches!(read(case.via, &case.payload), Reading::Event(_) | Reading::Notice(_)));
    matter.filter_map(|case| subscription(&case.payload["event"])).collect()
}

#[test]
fn each_payload_leads_to_what_it_should() {
    let cases = cases();
    let names: BTreeSet<_> = cases.iter().map(|case| case.name.as_str()).collect();
    assert_eq!(names.len(), cases.len(), "a name is used twice");
    assert!(cases.len() >= 70, "there are only {} cases", cases.len());
    let mut failed = Vec::new();
    for Case { name, via, payload, expect, .. } in &cases {
        let reading = read(*via, payload);
        let good = match (expect, &reading) {
            (Expect::Event(expected), Reading::Event(event)) => as_json(event) == in_full(expected),
            (Expect::Edited(expected), Reading::Edited(event)) => as_json(event) == in_full(expected),
            (Expect::Filled(expected), Reading::Filled(filled)) => as_json(&filled.incoming) == in_full(expected),
            (Expect::Open(expected), Reading::Open(opening)) => {
                let Opening { trigger, user, place, message } = opening;
                *expected == json!({ "trigger": trigger, "user": user, "place": place, "message": message })
            }
            (Expect::Ignored(reason), Reading::Ignored(why)) => reason == why,
            (Expect::Malformed(start), Reading::Malformed(fault)) => fault.starts_with(start),
            (Expect::Notice(expected), Reading::Notice(notice)) => *expected == short(*notice),
            _ => false,
        };
        if !good {
            let text = format!("{reading:?}");
            failed.push(format!("{name}: {}", text.chars().take(700).collect::<String>()));
        }
    }
    assert!(failed.is_empty(), "{} of {} cases fail:\n{}", failed.len(), cases.len(), failed.join("\n"));
}

/// Slack tells of one message twice, and delivers again what was acknowledged too late.
#[test]
fn what_tells_of_the_same_has_one_id() {
    let id = |name: &str| {
        let case = cases().into_iter().find(|case| case.name == name).unwrap();
        match read(case.via, &case.payload) {
            Reading::Event(event) => (event.id, event.place, event.body),
            other => panic!("{name}: {other:?}"),
        }
    };
    assert_eq!(id("a mention, as a mention"), id("the same mention, as a message"));
    assert_eq!(id("a mention in a thread, as a mention"), id("the same mention in a thread, as a message"));
    assert_eq!(id("a direct message"), id("a direct message, delivered again"));
    assert_eq!(id("a click on a button"), id("a click on a button, delivered again"));
    assert_ne!(id("a click on a button").0, id("a second click on the same button").0);
}

/// Whatever is missing or of another type, reading ends, and what comes out can be stored and logged.
#[test]
fn no_damage_to_a_payload_does_harm() {
    let mut random = Random(20_240_229);
    let mut damaged = 0;
    for case in cases() {
        // The long texts are for length alone, and slow.
        if case.stretch.is_some() {
            continue;
        }
        let pointers = pointers(&case.payload);
        if pointers.is_empty() {
            judge(&case.name, &read(case.via, &case.payload));
            continue;
        }
        for pointer in &pointers {
            for damage in 0..DAMAGES {
                let mut payload = case.payload.clone();
                harm(&mut payload, pointer, damage);
                judge(&case.name, &read(case.via, &payload));
                damaged += 1;
            }
        }
        for _ in 0..50 {
            let mut payload = case.payload.clone();
            for _ in 0..3 {
                let pointer = &pointers[random.below(pointers.len())];
                harm(&mut payload, pointer, random.below(DAMAGES));
            }
            for via in [Via::Event, Via::Interaction, Via::Command] {
                judge(&case.name, &read(via, &payload));
                damaged += 1;
            }
        }
    }
    assert!(damaged > 10_000, "only {damaged} damaged payloads were read");
}

fn judge(name: &str, reading: &Reading) {
    match reading {
        Reading::Event(event) | Reading::Edited(event) | Reading::Filled(Submission { incoming: event, .. }) => {
            assert!((1..=200).contains(&event.id.len()), "{name}: {}", event.id);
            assert!(event.id.starts_with("slack/T0HOME/") && event.place.as_str().starts_with("T0HOME/"), "{name}");
            assert!(event.name_hint.as_ref().is_none_or(|hint| hint.chars().count() <= 200), "{name}");
        }
        Reading::Malformed(fault) => {
            assert!(fault.is_ascii() && fault.len() <= 200, "{name}: {fault}");
            // The token and what people wrote.
            assert!(!fault.contains("tkn-") && !fault.contains("Marvin"), "{name}: {fault}");
        }
        Reading::Open(opening) => assert!(opening.place.as_str().starts_with("T0HOME/"), "{name}"),
        Reading::Ignored(_) | Reading::Notice(_) => {}
    }
}

const DAMAGES: usize = 9;

fn harm(payload: &mut Value, pointer: &str, damage: usize) {
    if damage == 0 {
        let (parent, key) = pointer.rsplit_once('/').unwrap();
        let key = key.replace("~1", "/").replace("~0", "~");
        if let Some(parent) = payload.pointer_mut(parent).and_then(Value::as_object_mut) {
            parent.remove(&key);
        }
        return;
    }
    let with = match damage {
        1 => Value::Null,
        2 => json!(-7.5),
        3 => json!(u64::MAX),
        4 => json!(true),
        5 => json!(""),
        6 => json!("Marvin / # @ \u{202e}\u{0} ü".repeat(30)),
        7 => json!([1, "Marvin", {}]),
        _ => json!({"Marvin": {"id": 1}}),
    };
    // An earlier harm may have taken it away.
    if let Some(value) = payload.pointer_mut(pointer) {
        *value = with;
    }
}

/// The ways to all that is in a value, as JSON pointers.
fn pointers(value: &Value) -> Vec<String> {
    let children: Vec<(String, &Value)> = match value {
        Value::Object(object) => {
            object.iter().map(|(key, value)| (key.replace('~', "~0").replace('/', "~1"), value)).collect()
        }
        Value::Array(list) => list.iter().enumerate().map(|(at, value)| (at.to_string(), value)).collect(),
        _ => Vec::new(),
    };
    let below = |(key, value): &(String, &Value)| {
        let deeper = pointers(value).into_iter().map(|rest| format!("/{key}{rest}")).collect::<Vec<_>>();
        std::iter::once(format!("/{key}")).chain(deeper).collect::<Vec<_>>()
    };
    children.iter().flat_map(below).collect()
}

/// A small generator, the same on every machine.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % end.max(1)
    }
}
