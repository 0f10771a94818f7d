//! What goes through a store in a turn, of the size of what people say.

use std::time::Duration;

use pesto_engine::model::{
    Beginning, Body, Conversation, Digest, Exchange, Inbound, Message, Person, Place, Seq, TurnId,
};
use pesto_engine::ports::{Accepted, After, Claim, Commit, Entry, Store};

/// Longer than anything here takes.
pub(crate) const LEASE: Duration = Duration::from_secs(30);

pub(crate) fn place(person: usize) -> anyhow::Result<Place> {
    Ok(Place::direct("T1", &format!("U{person:04}"))?)
}

/// What a person says.
pub(crate) fn said(person: usize, number: usize, text: &str) -> anyhow::Result<Inbound> {
    Ok(Inbound {
        id: format!("Ev-{person:04}-{number:08}"),
        place: place(person)?,
        person: Person {
            id: format!("U{person:04}"),
            name: "Ada Lovelace".to_owned(),
            locale: "en-GB".to_owned(),
            time_zone: "Europe/London".to_owned(),
            utc_offset: None,
            groups: Vec::new(),
        },
        at: 0,
        sent: None,
        manner: Default::default(),
        body: Body::Said { text: text.to_owned(), files: Vec::new() },
    })
}

/// Accepts and claims what the first person says, as a host that has room does.
pub(crate) async fn take(store: &dyn Store, number: usize) -> anyhow::Result<Claim> {
    match store.accept(said(0, number, "hello")?, Entry::Take(LEASE)).await? {
        Accepted::Taken(claim) => Ok(*claim),
        other => anyhow::bail!("the place is not free: {other:?}"),
    }
}

/// What the benchmark's flow leads to.
pub(crate) fn commit(seq: Seq, place: &Place) -> anyhow::Result<Commit> {
    let text = "Text number 12345: hello".to_owned();
    let conversation = Conversation {
        generation: 1,
        flow: "bench-flow".parse()?,
        digest: Digest::of(b"bench-flow"),
        state: br#"{"texts":12345}"#.to_vec(),
        literal_next: false,
        questions: Vec::new(),
        switch_to: None,
        timers: [].into(),
        began: Beginning { at: 1_700_000_000_000, sent: None, by: "ann".to_owned(), ..Default::default() },
        last: 1_700_000_000_000,
        alone: 0,
        passed: None,
        spoken: None,
        asked: String::new(),
        tried: Vec::new(),
    };
    let id = TurnId::new(place, seq).message(0);
    let message = Message {
        id,
        place: place.clone(),
        generation: 1,
        key: "1".to_owned(),
        text: text.clone(),
        choices: None,
        form: None,
        closes: None,
        aim: Default::default(),
    };
    Ok(Commit {
        conversation: After::Open(Box::new(conversation)),
        messages: vec![message],
        exchange: Some(Exchange { said: "hello".to_owned(), answered: text, at: 1_700_000_000_000 }),
        ..Commit::default()
    })
}
