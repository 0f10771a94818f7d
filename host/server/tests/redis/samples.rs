//! Stores, and events and messages for them.

use std::sync::Arc;
use std::time::Duration;

use pesto_engine::model::{Body, EffectId, Inbound, Message, Person, Place};
use pesto_engine::ports::Clock;
use pesto_server::config::Secret;
use pesto_server::redis::{Options, RedisStore, TimeSource};

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

/// A store whose time is its host's, so that a test can move it.
pub(crate) fn options(url: &str, prefix: &str) -> Options {
    let url = Secret::new(url.to_owned());
    Options { prefix: prefix.to_owned(), time: TimeSource::Host, ..Options::new(url) }
}

pub(crate) async fn open(options: &Options, clock: Arc<dyn Clock>) -> Arc<RedisStore> {
    Arc::new(RedisStore::connect(options.clone(), clock).await.unwrap().0)
}
