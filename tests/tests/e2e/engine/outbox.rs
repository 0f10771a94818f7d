//! How messages reach people: in order, once where that can be known, and never for ever.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use pesto_engine::memory::MemoryStore;
use pesto_engine::model::{Body, Letter, Message, Place};
use pesto_engine::ports::{Clock, Copies, Messenger, PostError, Posted, Receipt, Store};
use pesto_engine::scripted::{ManualClock, RecordingMessenger};
use pesto_tests::guests;

use super::{World, place, until};

/// Waits until the first message of the outbox waits for a later time, and answers when that is.
async fn waits_until(world: &World) -> u64 {
    super::timely(async {
        loop {
            match world.store.outbox_due().await.unwrap() {
                Some(due) if due > world.clock.now() => return due,
                _ => tokio::task::yield_now().await,
            }
        }
    })
    .await
}

#[tokio::test]
async fn what_comes_later_waits_for_what_came_before() {
    let mut world = World::new(guests::polite()).await;
    world
        .messenger
        .refuse([PostError::Later(Some(Duration::from_secs(7)), "rate".into()), PostError::Later(None, "busy".into())]);
    let now = world.clock.now();
    world.happens(Body::Start { flow: super::flow(), arguments: String::new() }).await;
    world.say("hello").await;
    let due = waits_until(&world).await;
    assert!((now + 500..=now + 1_500).contains(&due), "a backoff of its own: {}", due - now);
    world.clock.advance_to(due);
    until("the second refusal", || (world.clock.now() >= due).then_some(())).await;
    let again = super::timely(async {
        loop {
            let next = waits_until(&world).await;
            if next > due {
                return next;
            }
            tokio::task::yield_now().await;
        }
    })
    .await;
    assert_eq!(again, due + 7_000, "as the channel says");
    assert_eq!(world.messenger.messages(), []);
    world.clock.advance_to(again);
    assert_eq!(world.settled().await, ["ready", "ok"]);
}

#[tokio::test]
async fn who_was_away_gets_all_when_they_come() {
    let mut world = World::new(guests::polite()).await;
    world.messenger.refuse([PostError::Away]);
    world.happens(Body::Start { flow: super::flow(), arguments: String::new() }).await;
    world.say("hello").await;
    assert!(waits_until(&world).await > world.clock.now() + 365 * 24 * 3_600_000, "no time brings them back");
    world.engine().arrived(&place()).await.unwrap();
    assert_eq!(world.settled().await, ["ready", "ok"]);
}

/// Somebody arrives while the messenger finds them away.
struct ArrivesMeanwhile {
    record: Arc<RecordingMessenger>,
    tries: AtomicU32,
    arrive: tokio::sync::mpsc::UnboundedSender<tokio::sync::oneshot::Sender<()>>,
}

#[async_trait]
impl Messenger for ArrivesMeanwhile {
    async fn post(&self, message: &Message) -> Result<Option<Receipt>, PostError> {
        if self.tries.fetch_add(1, Ordering::SeqCst) == 0 {
            let (arrived, wait) = tokio::sync::oneshot::channel();
            self.arrive.send(arrived).unwrap();
            wait.await.unwrap();
            return Err(PostError::Away);
        }
        self.record.post(message).await
    }

    async fn posted(&self, message: &Message) -> Result<Option<Receipt>, PostError> {
        self.record.posted(message).await
    }

    async fn remove_copies(&self, message: &Message, kept: Option<&Receipt>) -> Result<Copies, PostError> {
        self.record.remove_copies(message, kept).await
    }

    async fn close(&self, posted: &Posted, chosen: &str) -> Result<(), PostError> {
        self.record.close(posted, chosen).await
    }

    fn progress(&self, _: &Place, _: &str) {}
}

#[tokio::test]
async fn who_comes_while_they_are_found_away_is_not_forgotten() {
    let mut world = World::new(guests::polite()).await;
    world.crash().await;
    let (arrive, mut arrivals) = tokio::sync::mpsc::unbounded_channel();
    let record = world.messenger.clone();
    world.start_with(Arc::new(ArrivesMeanwhile { record, tries: AtomicU32::new(0), arrive }));
    let engine = world.engine().clone();
    tokio::spawn(async move {
        let arrived = arrivals.recv().await.unwrap();
        engine.arrived(&place()).await.unwrap();
        arrived.send(()).unwrap();
    });
    world.happens(Body::Start { flow: super::flow(), arguments: String::new() }).await;
    assert_eq!(world.settled().await, ["ready"]);
}

/// Posts, and says that it does not know; or does not post, and says the same.
struct Doubtful {
    record: Arc<RecordingMessenger>,
    posts: bool,
    tries: AtomicU32,
}

#[async_trait]
impl Messenger for Doubtful {
    async fn post(&self, message: &Message) -> Result<Option<Receipt>, PostError> {
        let first = self.tries.fetch_add(1, Ordering::SeqCst) == 0;
        if !first || self.posts {
            self.record.post(message).await?;
        }
        if first { Err(PostError::InDoubt("the line broke".into())) } else { Ok(None) }
    }

    async fn posted(&self, message: &Message) -> Result<Option<Receipt>, PostError> {
        self.record.posted(message).await
    }

    async fn remove_copies(&self, message: &Message, kept: Option<&Receipt>) -> Result<Copies, PostError> {
        self.record.remove_copies(message, kept).await
    }

    async fn close(&self, posted: &Posted, chosen: &str) -> Result<(), PostError> {
        self.record.close(posted, chosen).await
    }

    fn progress(&self, _: &Place, _: &str) {}
}

#[tokio::test]
async fn what_may_have_been_posted_is_looked_up_first() {
    for posts in [true, false] {
        let mut world = World::new(guests::polite()).await;
        world.crash().await;
        let doubtful = Doubtful { record: world.messenger.clone(), posts, tries: AtomicU32::new(0) };
        world.start_with(Arc::new(doubtful));
        world.happens(Body::Start { flow: super::flow(), arguments: String::new() }).await;
        let due = waits_until(&world).await;
        world.clock.advance_to(due);
        assert_eq!(world.settled().await, ["ready"], "once, whether it was posted ({posts}) or not");
    }
}

#[tokio::test]
async fn what_can_never_be_posted_blocks_nothing_and_the_flow_hears_of_it() {
    let mut world = World::new(guests::polite()).await;
    world.begin().await;
    world.messenger.refuse([PostError::Never("the channel is archived".into())]);
    world.say("hello").await;
    // The polite flow says `ok` to the event that tells of the undelivered message, too.
    assert_eq!(world.posted(2).await[1].text, "ok");
    assert_eq!(world.settled().await, ["ok"]);
    let dead = world.dead().await;
    assert_eq!(dead.len(), 1);
    assert!(matches!(&dead[0].letter, Letter::Message(message) if message.text == "ok"), "{dead:?}");
    assert!(dead[0].reason.contains("archived"), "{}", dead[0].reason);
}

/// Stands still in its first post, until somebody else has posted the message, and has looked for copies.
struct StandsStill {
    record: Arc<RecordingMessenger>,
    store: Arc<MemoryStore>,
    clock: Arc<ManualClock>,
    tries: AtomicU32,
    removed: AtomicU32,
}

#[async_trait]
impl Messenger for StandsStill {
    async fn post(&self, message: &Message) -> Result<Option<Receipt>, PostError> {
        if self.tries.fetch_add(1, Ordering::SeqCst) == 0 {
            self.clock.advance(Duration::from_secs(10));
            while self.store.glance(&message.place).await.unwrap().outbox > 0 {
                tokio::task::yield_now().await;
            }
            self.clock.advance(Duration::from_secs(30));
            while self.store.outbox_due().await.unwrap().is_some() {
                tokio::task::yield_now().await;
            }
        }
        self.record.post(message).await
    }

    async fn posted(&self, message: &Message) -> Result<Option<Receipt>, PostError> {
        self.record.posted(message).await
    }

    async fn remove_copies(&self, message: &Message, kept: Option<&Receipt>) -> Result<Copies, PostError> {
        let copies = self.record.remove_copies(message, kept).await?;
        self.removed.fetch_add(copies.removed, Ordering::SeqCst);
        Ok(copies)
    }

    async fn close(&self, posted: &Posted, chosen: &str) -> Result<(), PostError> {
        self.record.close(posted, chosen).await
    }

    fn progress(&self, _: &Place, _: &str) {}
}

#[tokio::test]
async fn a_copy_that_came_late_is_taken_away() {
    let mut world = World::new(guests::polite()).await;
    world.crash().await;
    let messenger = Arc::new(StandsStill {
        record: world.messenger.clone(),
        store: world.store.clone(),
        clock: world.clock.clone(),
        tries: AtomicU32::new(0),
        removed: AtomicU32::new(0),
    });
    world.start_with(messenger.clone());
    world.happens(Body::Start { flow: super::flow(), arguments: String::new() }).await;
    until("a removal", || (messenger.removed.load(Ordering::SeqCst) == 1).then_some(())).await;
    assert_eq!(world.settled().await, ["ready"], "one of the two stays");
}
