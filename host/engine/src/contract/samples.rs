//! Events, conversations and messages to store.

use crate::model::{
    Aim, Asks, Audience, Beginning, Body, Call, CallResult, Choice, Choices, Completion, Control, Conversation,
    DeadLetter, Digest, Doubt, EffectId, Exchange, Field, FieldKind, Finite, FlowName, Form, Inbound, Letter, Manner,
    Message, Micros, Millis, OpenQuestion, Person, Place, Resolution, Seq, Switch, TurnId,
};
use crate::ports::{After, Commit};

/// Text that breaks what is not quoted, counted or encoded well.
pub(super) const HOSTILE: &str = "'\"; DROP TABLE inbox; --\n\0 \u{202e}🦀 \\u0000 {}";

pub(super) fn place(name: &str) -> Place {
    Place::direct("T1", name).expect("a good name")
}

pub(crate) fn person(name: &str) -> Person {
    Person {
        id: name.into(),
        name: HOSTILE.into(),
        locale: "it-IT".into(),
        time_zone: "Europe/Rome".into(),
        utc_offset: Some(7_200),
        groups: vec!["S1".into()],
    }
}

/// An event of the person whose place it is.
pub(crate) fn said(name: &str, id: &str) -> Inbound {
    let body = Body::Said { text: format!("{id} {HOSTILE}"), files: Vec::new() };
    Inbound {
        id: id.into(),
        place: place(name),
        person: person(name),
        at: super::BEGIN,
        sent: None,
        manner: Manner::default(),
        body,
    }
}

pub(super) fn flow(name: &str) -> FlowName {
    name.parse().expect("a good name")
}

/// A conversation of the flow `survey`.
pub(super) fn conversation(generation: u64, state: &[u8]) -> Conversation {
    let options = vec![Choice { value: "1".into(), label: HOSTILE.into() }];
    let choices = Choices { options, least: 1, most: 1 };
    Conversation {
        generation,
        flow: flow("survey"),
        digest: Digest::of(b"survey"),
        state: state.to_vec(),
        literal_next: true,
        questions: vec![
            OpenQuestion { message: EffectId::stored("m".into()), key: "k".into(), asks: Asks::Choices(choices) },
            OpenQuestion { message: EffectId::stored("f".into()), key: HOSTILE.into(), asks: Asks::Form(form()) },
        ],
        switch_to: Some(Switch {
            flow: Some(flow("ask")),
            arguments: HOSTILE.into(),
            message: EffectId::stored(HOSTILE.into()),
        }),
        timers: [("nag".to_owned(), super::BEGIN)].into(),
        began: Beginning {
            at: super::BEGIN,
            sent: Some(Micros::MAX >> 12),
            by: HOSTILE.into(),
            name: HOSTILE.into(),
            audience: Audience::Mentions,
            title: HOSTILE.into(),
        },
        asked: HOSTILE.into(),
        last: super::BEGIN + 1,
        alone: super::BEGIN + 2,
        passed: Some(Control::Restart),
        spoken: Some(Micros::MAX >> 12),
        tried: vec![Digest::of(b"an earlier one")],
    }
}

/// A form with bounds that text may not hold exactly.
pub(super) fn form() -> Form {
    let options = vec![Choice { value: "1".into(), label: HOSTILE.into() }];
    let field = |key: &str, kind| Field { key: key.into(), label: HOSTILE.into(), hint: None, required: true, kind };
    let number = FieldKind::Number { least: Finite::new(0.1), most: Finite::new(1e15), whole: false };
    let day = FieldKind::Date { least: Some("2026-03-31".into()), most: None };
    let fields = vec![field("n", number), field("d", day), field("o", FieldKind::OneOf(options))];
    Form { title: HOSTILE.into(), submit: "Send".into(), fields }
}

/// An event of a channel that tells when it was sent.
pub(super) fn sent(name: &str, id: &str, sent: Micros) -> Inbound {
    Inbound { sent: Some(sent), ..said(name, id) }
}

/// What closes a message, as the turn `number` says.
pub(super) fn closing(closed: &Message, number: u64, chosen: &str) -> Message {
    let id = TurnId::new(&closed.place, Seq { number, step: 0 }).closing(0);
    Message { id, text: chosen.into(), choices: None, form: None, closes: Some(closed.id.clone()), ..closed.clone() }
}

/// A commit that opens or keeps the conversation with this generation.
pub(super) fn open(generation: u64) -> Commit {
    open_with(conversation(generation, b"state"))
}

pub(super) fn open_with(conversation: Conversation) -> Commit {
    Commit { conversation: After::Open(Box::new(conversation)), ..Commit::default() }
}

pub(super) fn closed(generation: u64) -> Commit {
    Commit { conversation: After::Closed(generation), ..Commit::default() }
}

/// The `index`th message of a turn of the first conversation.
pub(super) fn message(name: &str, number: u64, index: usize) -> Message {
    let place = place(name);
    let id = TurnId::new(&place, Seq { number, step: 0 }).message(index);
    let options = vec![Choice { value: HOSTILE.into(), label: "one".into() }];
    let choices = Some(Choices { options, least: 0, most: 1 });
    Message {
        id,
        place,
        generation: 1,
        key: format!("key{index}"),
        text: HOSTILE.into(),
        choices,
        form: None,
        closes: None,
        aim: Aim::default(),
    }
}

/// A commit that sends messages `0..count` of a turn and changes nothing else.
pub(super) fn sends(name: &str, number: u64, count: usize) -> Commit {
    Commit { messages: (0..count).map(|index| message(name, number, index)).collect(), ..Commit::default() }
}

pub(super) fn call(number: u32) -> Call {
    Call { number, name: "llm.complete".into(), request: format!("{{\"n\":{number}}}"), result: None }
}

pub(super) fn result(answer: &str) -> CallResult {
    CallResult { answer: answer.into(), at: super::BEGIN + 5 }
}

pub(super) fn answered(number: u32, answer: &str) -> Call {
    Call { result: Some(result(answer)), ..call(number) }
}

pub(super) fn exchange(said: &str) -> Exchange {
    Exchange { said: said.into(), answered: HOSTILE.into(), at: super::BEGIN }
}

pub(super) fn completion(conversation: &str, name: &str, at: Millis) -> Completion {
    Completion {
        conversation: conversation.into(),
        flow: flow(name),
        digest: Digest::of(b"survey"),
        person: person("ann"),
        at,
        answers: format!("{{\"at\":{at}}}"),
    }
}

/// The call `number` of a person's turn `turn`, in doubt.
pub(super) fn doubt(name: &str, (turn, number): (u64, u32), done: Resolution, at: Millis) -> Doubt {
    let place = place(name);
    Doubt {
        effect: TurnId::new(&place, Seq { number: turn, step: 0 }).call(number),
        place,
        person: HOSTILE.into(),
        flow: flow("survey"),
        at,
        what: "llm.complete".into(),
        done,
    }
}

pub(crate) fn dead(letter: Letter) -> DeadLetter {
    DeadLetter {
        at: super::BEGIN,
        flow: Some((flow("survey"), Digest::of(b"survey"))),
        error: "trap".into(),
        reason: HOSTILE.into(),
        attempts: 2,
        letter,
        journal: vec![answered(1, "yes"), call(2)],
        settled: true,
    }
}
