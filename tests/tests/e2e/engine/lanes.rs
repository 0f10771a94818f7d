//! Who goes first where there is room for one turn.

use std::time::Duration;

use pesto_engine::model::{Body, Inbound, Person, Place};
use pesto_engine::ports::{After, Clock, Commit, Entry, Store, TimerChange};
use pesto_tests::guests;

use super::{World, flow, place, timely};

/// So many people have a conversation whose timer is due.
const PEOPLE: usize = 30;

/// An event of somebody's.
fn of(world: &mut World, number: usize, body: Body) -> Inbound {
    let (name, inbound) = (format!("p{number}"), world.inbound(body));
    Inbound {
        place: Place::direct("T1", &name).unwrap(),
        person: Person { id: name, ..inbound.person.clone() },
        ..inbound
    }
}

#[tokio::test]
async fn a_person_does_not_wait_for_what_happens_by_itself() {
    let mut world = World::with_instances(guests::polite(), 1).await;
    world.begin().await;
    for number in 0..PEOPLE {
        let start = of(&mut world, number, Body::Start { flow: flow(), arguments: String::new() });
        let theirs = start.place.clone();
        world.engine().accept(start).await.unwrap();
        timely(world.engine().settled(&theirs)).await.unwrap();
    }
    world.crash().await;
    let due = world.clock.now() + 60_000;
    for number in 0..PEOPLE {
        let later = of(&mut world, number, Body::Said { text: "later".into(), files: vec![] });
        world.store.accept(later, Entry::Queue).await.unwrap();
        let claim = world.store.claim(1, Duration::from_secs(30)).await.unwrap().remove(0);
        let mut open = claim.conversation.clone().unwrap();
        open.timers.insert("nag".into(), due);
        let timers = vec![TimerChange::Set("nag".into(), due)];
        let commit = Commit { conversation: After::Open(Box::new(open)), timers, ..Commit::default() };
        world.store.commit(&claim.fence, commit).await.unwrap();
    }
    world.clock.advance_to(due);
    world.store.fire_timers().await.unwrap();
    world.advance(1);
    let hello = world.inbound(Body::Said { text: "hello".into(), files: vec![] });
    world.store.accept(hello, Entry::Queue).await.unwrap();
    let before = world.messenger.messages().len();
    world.start();
    let all = world.posted(before + PEOPLE + 1).await;
    let answers: Vec<_> = all[before..].iter().map(|message| &message.place).collect();
    let at = answers.iter().position(|answered| **answered == place());
    assert!(at.is_some_and(|at| at < 3), "{answers:?}");
}
