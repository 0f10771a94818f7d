//! Events and messages to store.

use std::time::Duration;

use pesto_engine::model::{Body, EffectId, Inbound, Message, Person, Place};

pub(crate) const LEASE: Duration = Duration::from_secs(30);

pub(crate) fn place(name: &str) -> Place {
    Place::direct("T1", name).unwrap()
}

pub(crate) fn said(name: &str, id: &str) -> Inbound {
    let person = Person {
        id: name.into(),
        name: String::new(),
        locale: String::new(),
        time_zone: String::new(),
        groups: Vec::new(),
    };
    let body = Body::Said { text: "hello".into(), files: Vec::new() };
    Inbound { id: id.into(), place: place(name), person, at: 0, sent: None, body }
}

pub(crate) fn message(name: &str, index: usize) -> Message {
    let id = EffectId::stored(format!("T1/{name}@1/m{index}"));
    Message {
        id,
        place: place(name),
        generation: 0,
        key: String::new(),
        text: "hello".into(),
        choices: None,
        form: None,
        closes: None,
    }
}
