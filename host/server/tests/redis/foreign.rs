//! Keys of another type than a step expects, as another program writes them: the step does nothing, and once they are gone
//! all goes on.

use std::sync::Arc;
use std::time::Duration;

use pesto_engine::model::{Choice, Choices, Completion, DeadLetter, Digest, Exchange, FlowName, Letter, Message};
use pesto_engine::ports::{Accepted, After, Clock as _, Commit, Entry, Store, TimerChange};
use pesto_engine::scripted::ManualClock;
use pesto_server::redis::Options;

use crate::samples::{LEASE, client, conversation, message, open, options, place, said};
use redis_rig::server::Server;

/// Keys of a shard by their names, where PLACE stands for what it says.
const KEYS: [&str; 24] = [
    "tick",
    "counts",
    "ready",
    "line",
    "claimed",
    "talks",
    "timers",
    "due",
    "home",
    "versions",
    "holders",
    "let_go",
    "completed",
    "completed:flows",
    "posted",
    "place:PLACE",
    "inbox:PLACE",
    "event:PLACE",
    "journal:PLACE",
    "talk:PLACE",
    "outbox:PLACE",
    "closers:PLACE",
    "history:PLACE",
    "timer:PLACE",
];

/// A key that is of another type for a while: a foreign program wrote it.
struct Spoilt<'a> {
    client: &'a mut redis::Connection,
    key: String,
}

impl<'a> Spoilt<'a> {
    fn new(client: &'a mut redis::Connection, name: &str, place: &str) -> Self {
        let key = format!("t:{{s0}}:{}", name.replace("PLACE", place));
        // What is not there has nothing to put aside.
        let _ = redis::cmd("RENAME").arg(&key).arg("aside").exec(client);
        let foreign = redis::cmd("SETBIT").arg(&key).arg(7).arg(1).exec(client);
        foreign.unwrap();
        Self { client, key }
    }
}

impl Drop for Spoilt<'_> {
    fn drop(&mut self) {
        redis::cmd("DEL").arg(&self.key).exec(self.client).unwrap();
        let _ = redis::cmd("RENAME").arg("aside").arg(&self.key).exec(self.client);
    }
}

/// What is opened or closed, posted, set and recorded by a turn of the person.
fn all_of_it(name: &str, after: After) -> Commit {
    let conversation = name.to_owned();
    let flow = FlowName::try_from("ask".to_owned()).unwrap();
    let (digest, person) = (Digest::of(b"one"), said(name, "").person);
    Commit {
        timers: match after {
            After::Open(_) => vec![TimerChange::Set("later".to_owned(), 1_000_000)],
            _ => Vec::new(),
        },
        conversation: after,
        messages: (0..2).map(|index| message(name, index)).collect(),
        exchange: Some(Exchange { said: "hello".into(), answered: "hello".into(), at: 1 }),
        completion: Some(Completion { conversation, flow, digest, person, at: 1, answers: "{}".into() }),
        ..Commit::default()
    }
}

/// So long what cannot be read is put aside.
const ASIDE: Duration = Duration::from_secs(61);

#[tokio::test]
async fn nobody_who_stands_in_line_is_lost_to_a_key_of_another_type() {
    let server = Server::start();
    let mut client = client(&server);
    let clock = Arc::new(ManualClock::new(1_000));
    let store = open(&Options { shards: 1, ..options(&server.url(), "t") }, clock.clone()).await;
    for key in ["ready", "line", "shares", "claimed", "place:PLACE", "inbox:PLACE", "event:PLACE", "talk:PLACE"] {
        let names = ["a", "b", "c"].map(|name| format!("{name}-{}", key.replace(':', "-")));
        for name in &names {
            store.accept(said(name, name), Entry::Queue).await.unwrap();
        }
        for _ in 0..3 {
            let spoilt = Spoilt::new(&mut client, key, place(&names[1]).as_str());
            let claims = store.claim(1, LEASE).await.unwrap_or_default();
            drop(spoilt);
            for claim in claims {
                store.hand_back(&claim.fence).await.unwrap();
            }
        }
        clock.advance(ASIDE);
        let mut got: Vec<_> = store.claim(5, LEASE).await.unwrap();
        got.sort_by(|one, other| one.inbound.id.cmp(&other.inbound.id));
        assert_eq!(got.iter().map(|claim| claim.inbound.id.clone()).collect::<Vec<_>>(), names, "{key}");
        for claim in got {
            store.commit(&claim.fence, Commit::default()).await.unwrap();
        }
    }
}

/// A turn asks, the next one closes the question, says more, and is followed by an event.
#[tokio::test]
async fn no_message_is_lost_to_a_key_of_another_type() {
    let server = Server::start();
    let mut client = client(&server);
    let clock = Arc::new(ManualClock::new(1_000));
    let store = open(&Options { shards: 1, ..options(&server.url(), "t") }, clock.clone()).await;
    let ids =
        ["message:ASKS", "message:CLOSES", "message:MORE", "closings:ASKS", "posted:ASKS", "seen:FOLLOW", "posted"];
    for key in ids {
        let name = key.replace(':', "-");
        let at = place(&name);
        let follow = said(&name, &format!("{name}-follow"));
        let options = vec![Choice { value: "1".into(), label: "one".into() }];
        let asks = Message { choices: Some(Choices { options, least: 0, most: 1 }), ..message(&name, 0) };
        let closes = Message { closes: Some(asks.id.clone()), ..message(&name, 1) };
        let more = message(&name, 2);
        let (asks_id, closes_id) = (asks.id.as_str().to_owned(), closes.id.as_str().to_owned());
        let key = key.replace("ASKS", &asks_id).replace("CLOSES", &closes_id).replace("MORE", more.id.as_str());
        let key = key.replace("FOLLOW", &follow.id);

        let Accepted::Taken(first) = store.accept(said(&name, &name), Entry::Take(LEASE)).await.unwrap() else {
            panic!()
        };
        store.commit(&first.fence, Commit { messages: vec![asks], ..Commit::default() }).await.unwrap();
        let second = said(&name, &format!("{name}-2"));
        let Accepted::Taken(second) = store.accept(second, Entry::Take(LEASE)).await.unwrap() else { panic!() };
        let commit = || Commit {
            messages: vec![closes.clone(), more.clone()],
            follow: Some(follow.clone()),
            ..Commit::default()
        };
        let spoilt = Spoilt::new(&mut client, &key, at.as_str());
        let first = store.commit(&second.fence, commit()).await;
        drop(spoilt);
        if first.is_err() {
            store.commit(&second.fence, commit()).await.unwrap_or_else(|error| panic!("{key}: {error}"));
        }

        let mut posted = Vec::new();
        while posted.len() < 3 {
            let spoilt = Spoilt::new(&mut client, &key, at.as_str());
            let mut claimed = store.outbox_claim(1, LEASE).await.unwrap_or_default();
            drop(spoilt);
            if claimed.is_empty() {
                // What could not be read waits for a minute.
                clock.advance(ASIDE);
                claimed = store.outbox_claim(1, LEASE).await.unwrap();
            }
            assert!(!claimed.is_empty(), "{key}: only {posted:?} came");
            for posting in claimed {
                let receipt = posting.message.can_be_answered().then(|| "receipt".to_owned());
                let spoilt = Spoilt::new(&mut client, &key, at.as_str());
                let first = store.outbox_sent(&posting, receipt.as_ref(), None).await;
                drop(spoilt);
                if first.is_err() {
                    let again = store.outbox_sent(&posting, receipt.as_ref(), None).await;
                    again.unwrap_or_else(|error| panic!("{key}: {error}"));
                }
                assert!(
                    posting.message.closes.is_none() || posting.closes.is_some(),
                    "{key}: it is not known what it closes"
                );
                posted.push(posting.message.id);
            }
        }
        posted.sort();
        let all: Vec<_> = (0..3).map(|index| message(&name, index).id).collect();
        assert_eq!(posted, all, "{key}");
        let claim = store.claim(5, LEASE).await.unwrap().remove(0);
        assert_eq!(claim.inbound.id, follow.id, "{key}");
        store.commit(&claim.fence, Commit::default()).await.unwrap();
        assert_eq!((store.backlog().await.unwrap().inbox, store.backlog().await.unwrap().outbox), (0, 0), "{key}");
    }
}

#[tokio::test]
async fn no_dead_letter_is_lost_to_a_key_of_another_type() {
    let server = Server::start();
    let mut client = client(&server);
    let store = open(&Options { shards: 1, ..options(&server.url(), "t") }, Arc::new(ManualClock::new(1_000))).await;
    let letters = [
        (Letter::Event(said("ann", "e2")), ["place:PLACE", "inbox:PLACE", "ready", "counts", "tick"], (1, 0)),
        (Letter::Message(message("ann", 1)), ["place:PLACE", "outbox:PLACE", "due", "counts", "tick"], (0, 1)),
    ];
    for (letter, keys, left) in letters {
        let dead = DeadLetter {
            at: 1,
            flow: None,
            error: "e".into(),
            reason: "r".into(),
            attempts: 1,
            letter,
            journal: Vec::new(),
            settled: false,
        };
        let event = said("ann", &format!("dies{}", left.0));
        let Accepted::Taken(claim) = store.accept(event, Entry::Take(LEASE)).await.unwrap() else { panic!() };
        store.commit(&claim.fence, Commit { dead: Some(dead), ..Commit::default() }).await.unwrap();
        let id = store.dead(0, 5).await.unwrap()[0].0;
        for key in keys {
            let spoilt = Spoilt::new(&mut client, key, place("ann").as_str());
            let first = store.dead_retry(id).await;
            drop(spoilt);
            assert!(first.is_err(), "{key}");
            assert_eq!(store.dead(0, 5).await.unwrap().len(), 1, "{key}");
        }
        assert!(store.dead_retry(id).await.unwrap());
        let backlog = store.backlog().await.unwrap();
        assert_eq!((backlog.inbox, backlog.outbox), left);
        for claim in store.claim(5, LEASE).await.unwrap() {
            store.commit(&claim.fence, Commit::default()).await.unwrap();
        }
    }
}

#[tokio::test]
async fn a_timer_that_is_broken_stops_no_other() {
    let server = Server::start();
    let mut client = client(&server);
    let clock = Arc::new(ManualClock::new(1_000));
    let store = open(&Options { shards: 1, ..options(&server.url(), "t") }, clock.clone()).await;
    for key in ["place:PLACE", "talk:PLACE", "timer:PLACE", "inbox:PLACE", "event:PLACE", "person"] {
        let names = ["a", "b"].map(|name| format!("{name}-{}", key.replace(':', "-")));
        for name in &names {
            let Accepted::Taken(claim) = store.accept(said(name, name), Entry::Take(LEASE)).await.unwrap() else {
                panic!()
            };
            let commit = Commit {
                conversation: After::Open(Box::new(conversation(1))),
                timers: vec![TimerChange::Set("later".to_owned(), clock.now() + 1)],
                ..Commit::default()
            };
            store.commit(&claim.fence, commit).await.unwrap();
        }
        clock.advance(Duration::from_millis(1));
        let broken = place(&names[0]);
        if key == "person" {
            let talk = format!("t:{{s0}}:talk:{broken}");
            let person: String = redis::cmd("HGET").arg(&talk).arg(key).query(&mut client).unwrap();
            redis::cmd("HSET").arg(&talk).arg(key).arg("nobody").exec(&mut client).unwrap();
            store.fire_timers().await.unwrap();
            redis::cmd("HSET").arg(&talk).arg(key).arg(person).exec(&mut client).unwrap();
        } else {
            let spoilt = Spoilt::new(&mut client, key, broken.as_str());
            store.fire_timers().await.unwrap();
            drop(spoilt);
        }
        for name in names.iter().rev() {
            let claims = store.claim(5, LEASE).await.unwrap();
            assert_eq!(claims.iter().map(|claim| &claim.fence.place).collect::<Vec<_>>(), [&place(name)], "{key}");
            let over = Commit { conversation: After::Closed(1), ..Commit::default() };
            store.commit(&claims[0].fence, over).await.unwrap();
            clock.advance(ASIDE);
            store.fire_timers().await.unwrap();
        }
    }
}

#[tokio::test]
async fn a_step_that_meets_a_key_of_another_type_does_nothing() {
    let server = Server::start();
    let mut client = client(&server);
    let clock = Arc::new(ManualClock::new(1_000));
    let store = open(&Options { shards: 1, ..options(&server.url(), "t") }, clock.clone()).await;
    for (key, what) in KEYS.into_iter().flat_map(|key| ["opens", "stays", "closes"].map(|what| (key, what))) {
        let (name, event) = (format!("{what}-{}", key.replace(':', "-")), format!("{key} {what}"));
        let (at, why) = (place(&name), format!("{key} when it {what}"));
        let after = || match what {
            "closes" => After::Closed(1),
            _ => After::Open(Box::new(conversation(1))),
        };
        if what != "opens" {
            let before = format!("before {event}");
            let Ok(Accepted::Taken(claim)) = store.accept(said(&name, &before), Entry::Take(LEASE)).await else {
                panic!()
            };
            let opens = After::Open(Box::new(conversation(1)));
            store.commit(&claim.fence, Commit { conversation: opens, ..Commit::default() }).await.unwrap();
        }
        let spoilt = Spoilt::new(&mut client, key, at.as_str());
        let first = store.accept(said(&name, &event), Entry::Take(LEASE)).await;
        drop(spoilt);
        let claim = match first {
            Ok(Accepted::Taken(claim)) => claim,
            _ => {
                assert_eq!(store.glance(&at).await.unwrap().inbox, 0, "{why}");
                match store.accept(said(&name, &event), Entry::Take(LEASE)).await.unwrap() {
                    Accepted::Taken(claim) => claim,
                    other => panic!("{why}: {other:?}"),
                }
            }
        };
        assert_eq!(store.glance(&at).await.unwrap().inbox, 1, "{why}");

        let commit = || all_of_it(&name, after());
        let spoilt = Spoilt::new(&mut client, key, at.as_str());
        let first = store.commit(&claim.fence, commit()).await;
        drop(spoilt);
        if first.is_err() {
            store.retry(&claim.fence, clock.now()).await.unwrap_or_else(|error| panic!("{why}: {error}"));
            let spoilt = Spoilt::new(&mut client, key, at.as_str());
            let first = store.claim(1, LEASE).await.unwrap_or_default().pop();
            drop(spoilt);
            // What could not be read waits for a minute.
            clock.advance(ASIDE);
            let again = match first {
                Some(claim) => claim,
                None => store.claim(1, LEASE).await.unwrap().remove(0),
            };
            assert_eq!(again.inbound.id, event, "{why}");
            store.commit(&again.fence, commit()).await.unwrap_or_else(|error| panic!("{why}: {error}"));
        }
        let glance = store.glance(&at).await.unwrap();
        assert_eq!((glance.inbox, glance.outbox, glance.conversation.is_some()), (0, 2, what != "closes"), "{why}");
        let history = store.history(&at, 1, 10).await.unwrap();
        assert_eq!(history.len(), usize::from(what != "closes"), "{why}");

        for _ in 0..2 {
            let posting = store.outbox_claim(5, LEASE).await.unwrap().remove(0);
            let spoilt = Spoilt::new(&mut client, key, at.as_str());
            let first = store.outbox_sent(&posting, None, None).await;
            drop(spoilt);
            if first.is_err() {
                store.outbox_sent(&posting, None, None).await.unwrap_or_else(|error| panic!("{why}: {error}"));
            }
        }
        let glance = store.glance(&at).await.unwrap();
        assert_eq!((glance.inbox, glance.outbox), (0, 0), "{why}");

        let spoilt = Spoilt::new(&mut client, key, at.as_str());
        let first = store.clear(&at).await;
        drop(spoilt);
        if first.is_err() {
            store.clear(&at).await.unwrap_or_else(|error| panic!("{why}: {error}"));
        }
        assert_eq!(store.open_conversations().await.unwrap(), [], "{why}");
        assert_eq!(store.fire_timers().await.unwrap(), None, "{why}");
    }
    let backlog = store.backlog().await.unwrap();
    assert_eq!((backlog.inbox, backlog.running, backlog.outbox), (0, 0, 0));
    let completions = store.completions(&FlowName::try_from("ask".to_owned()).unwrap(), 0, 1_000).await.unwrap();
    assert_eq!(completions.len(), 3 * KEYS.len(), "each once");
}
