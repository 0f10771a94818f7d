//! Components and their grace.

use super::samples::{closed, conversation, flow, open_with, said};
use super::{DAY, SECOND, Subject, cases};
use crate::model::{Conversation, Digest};
use crate::ports::{Commit, Deploy, OpenCount};
use crate::store::REMEMBERED;

cases![
    a_component_is_kept_under_its_digest,
    the_latest_component_is_current,
    a_current_component_stays,
    a_held_component_stays,
    grace_begins_when_the_last_holder_goes,
    moving_on_lets_go,
    what_a_host_offers_stays,
    what_was_current_is_not_new,
    of_two_hosts_with_the_same_new_component_one_deploys_it,
    a_limited_number_of_versions_is_remembered,
    a_deploy_wakes,
];

async fn put(s: &Subject, name: &str, bytes: &[u8]) -> Digest {
    let current = s.store.put_component(&flow(name), bytes, Deploy::Always).await.expect("put_component");
    assert_eq!(current, Some(Digest::of(bytes)));
    Digest::of(bytes)
}

/// Answers what is current then.
async fn put_if_new(s: &Subject, name: &str, bytes: &[u8]) -> Option<Digest> {
    s.store.put_component(&flow(name), bytes, Deploy::IfNew).await.expect("put_component")
}

async fn kept(s: &Subject, digest: &Digest) -> bool {
    s.store.sweep(&[]).await.expect("sweep");
    s.store.component(digest).await.expect("component").is_some()
}

fn on(digest: &Digest) -> Conversation {
    Conversation { digest: digest.clone(), ..conversation(1, b"") }
}

async fn a_component_is_kept_under_its_digest(mut s: Subject) {
    let large: Vec<u8> = (0..=255).cycle().take(3 << 20).collect();
    let digest = put(&s, "ask", &large).await;
    assert_eq!(digest, Digest::of(&large));
    s.crash().await;
    assert_eq!(s.store.component(&digest).await, Ok(Some(large)));
    assert_eq!(s.store.component(&Digest::of(b"other")).await, Ok(None));
}

async fn the_latest_component_is_current(mut s: Subject) {
    let one = put(&s, "survey", b"one").await;
    let two = put(&s, "survey", b"two").await;
    let ask = put(&s, "ask", b"one").await;
    s.crash().await;
    assert_eq!(s.store.current().await, Ok(vec![(flow("ask"), ask), (flow("survey"), two)]));
    assert_eq!(put(&s, "survey", b"one").await, one);
    s.store.drop_current(&flow("ask")).await.expect("drop_current");
    s.store.drop_current(&flow("ask")).await.expect("a repetition is fine");
    assert_eq!(s.store.current().await, Ok(vec![(flow("survey"), one)]));
}

async fn a_current_component_stays(s: Subject) {
    let one = put(&s, "survey", b"one").await;
    let both = put(&s, "ask", b"one").await;
    assert_eq!(one, both);
    s.clock.advance(DAY * 3);
    s.store.drop_current(&flow("ask")).await.expect("drop_current");
    s.clock.advance(DAY * 3);
    assert!(kept(&s, &one).await, "it is current for another flow");
    s.store.drop_current(&flow("survey")).await.expect("drop_current");
    s.clock.advance(DAY - SECOND);
    assert!(kept(&s, &one).await);
    s.clock.advance(SECOND);
    assert!(!kept(&s, &one).await);
}

async fn a_held_component_stays(s: Subject) {
    let one = put(&s, "survey", b"one").await;
    s.turn(&said("ann", "a1"), open_with(on(&one))).await;
    s.turn(&said("bob", "b1"), open_with(on(&one))).await;
    let two = put(&s, "survey", b"two").await;
    s.clock.advance(DAY * 3);
    assert!(kept(&s, &one).await && kept(&s, &two).await);
    s.turn(&said("ann", "a2"), closed(1)).await;
    s.clock.advance(DAY * 3);
    assert!(kept(&s, &one).await, "one conversation goes on");
}

async fn grace_begins_when_the_last_holder_goes(mut s: Subject) {
    let one = put(&s, "survey", b"one").await;
    s.turn(&said("ann", "a1"), open_with(on(&one))).await;
    put(&s, "survey", b"two").await;
    s.clock.advance(DAY * 3);
    s.turn(&said("ann", "a2"), Commit::default()).await;
    s.turn(&said("ann", "a3"), closed(1)).await;
    let over = s.now();
    s.crash().await;
    s.clock.advance_to(over + 86_399_000);
    assert!(kept(&s, &one).await);
    s.clock.advance(SECOND);
    assert!(!kept(&s, &one).await);
    assert_eq!(s.store.current().await.expect("current").len(), 1);
}

async fn moving_on_lets_go(s: Subject) {
    let one = put(&s, "survey", b"one").await;
    let also = put(&s, "survey", b"also").await;
    s.turn(&said("ann", "a1"), open_with(on(&one))).await;
    s.turn(&said("bob", "b1"), open_with(on(&also))).await;
    let two = put(&s, "survey", b"two").await;
    s.clock.advance(DAY * 3);
    s.turn(&said("ann", "a2"), open_with(on(&two))).await;
    s.turn(&said("bob", "b2"), open_with(Conversation { generation: 2, ..on(&two) })).await;
    let both = OpenCount { flow: flow("survey"), digest: two.clone(), conversations: 2 };
    assert_eq!(s.store.open_conversations().await, Ok(vec![both]));
    s.clock.advance(DAY - SECOND);
    assert!(kept(&s, &one).await, "the same conversation has moved");
    assert!(kept(&s, &also).await, "another conversation has begun");
    s.clock.advance(SECOND);
    assert!(!kept(&s, &one).await && !kept(&s, &also).await);
    s.store.drop_current(&flow("survey")).await.expect("drop_current");
    s.clock.advance(DAY * 3);
    assert!(kept(&s, &two).await, "now they hold this one");
}

async fn what_a_host_offers_stays(s: Subject) {
    let one = put(&s, "survey", b"one").await;
    let two = put(&s, "survey", b"two").await;
    for _ in 0..3 {
        s.clock.advance(DAY - SECOND);
        s.store.sweep(&[one.clone(), two.clone()]).await.expect("sweep");
        assert!(s.store.component(&one).await.expect("component").is_some(), "this host cannot run the current one");
    }
    s.clock.advance(DAY);
    assert!(!kept(&s, &one).await && kept(&s, &two).await);
}

async fn what_was_current_is_not_new(mut s: Subject) {
    let (one, two) = (Digest::of(b"one"), Digest::of(b"two"));
    assert_eq!(put_if_new(&s, "survey", b"one").await, Some(one.clone()));
    assert_eq!(put_if_new(&s, "survey", b"two").await, Some(two.clone()));
    s.crash().await;
    assert_eq!(put_if_new(&s, "survey", b"one").await, Some(two.clone()), "it was replaced");
    assert_eq!(s.store.current().await, Ok(vec![(flow("survey"), two.clone())]));
    assert_eq!(put(&s, "survey", b"one").await, one, "somebody wants it back");
    assert_eq!(put_if_new(&s, "survey", b"two").await, Some(one));
    s.store.drop_current(&flow("survey")).await.expect("drop_current");
    assert_eq!(put_if_new(&s, "survey", b"two").await, None, "it was removed");
    assert_eq!(s.store.current().await, Ok(Vec::new()));
    assert_eq!(put_if_new(&s, "ask", b"two").await, Some(two), "another flow never had it");
}

async fn of_two_hosts_with_the_same_new_component_one_deploys_it(s: Subject) {
    let large: Vec<u8> = (0..=255).cycle().take(1 << 20).collect();
    let (one, other) = tokio::join!(put_if_new(&s, "survey", &large), put_if_new(&s, "survey", &large));
    assert_eq!((one.as_ref(), other), (Some(&Digest::of(&large)), one.clone()));
    assert_eq!(s.store.component(&Digest::of(&large)).await, Ok(Some(large)));
    let (one, other) = tokio::join!(put_if_new(&s, "survey", b"one"), put_if_new(&s, "survey", b"two"));
    let current = s.store.current().await.expect("current").remove(0).1;
    assert!([one, other].contains(&Some(current)), "all hosts agree on one of them");
}

async fn a_limited_number_of_versions_is_remembered(s: Subject) {
    let version = |number: usize| number.to_string().into_bytes();
    for number in 0..=REMEMBERED {
        put(&s, "survey", &version(number)).await;
    }
    let last = Digest::of(&version(REMEMBERED));
    assert_eq!(put_if_new(&s, "survey", &version(1)).await, Some(last), "the oldest that is remembered");
    assert_eq!(put_if_new(&s, "survey", &version(0)).await, Some(Digest::of(&version(0))), "it is new again");
}

async fn a_deploy_wakes(s: Subject) {
    put(&s, "survey", b"one").await;
    s.components_wake("a deploy").await;
    s.forget_wakes();
    s.store.drop_current(&flow("survey")).await.expect("drop_current");
    s.components_wake("a removal").await;
}
