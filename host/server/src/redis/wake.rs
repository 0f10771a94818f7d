//! Who waits for changes: woken by this host's own steps at once, and by other hosts' over a channel of Redis, a little
//! later: whoever brought the work mostly does it, and nobody else has to ask for it in vain.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use pesto_engine::model::Millis;
use pesto_engine::ports::Clock;
use redis::aio::PubSub;
use redis::{Client, RedisResult};
use tokio::sync::Notify;

use super::index::Index;
use super::link::Link;

/// What a lost wake costs at most: a channel keeps nothing for who is not there. Also what an idle host costs, for its
/// loops look at each shard then.
const REPAIR: Duration = Duration::from_secs(20);
/// So much later than the host that brought work another one looks for it, in milliseconds. Longer than the time for
/// which a host that told something does not tell it again (`lua/head.lua`): this look finds all of it.
const HOME: Millis = 200;
const SUBSCRIBING: Duration = Duration::from_secs(5);

/// All that can be woken: inbox, outbox, timers and components.
pub(super) const EVERYBODY: &str = "iotc";

/// The engine's loops that wait, and what is known of what they wait for.
pub(super) struct Wakes {
    pub(super) ready: Index,
    pub(super) due: Index,
    pub(super) timers: Index,
    components: Notify,
}

impl Wakes {
    /// Of a host that reaches people at terminals only, or others as well.
    pub(super) fn new(shards: u16, terminals_only: bool) -> Self {
        let due = if terminals_only { "near" } else { "due" };
        let [ready, due, timers] = ["line", due, "timers"].map(|name| Index::new(name, shards));
        Self { ready, due, timers, components: Notify::new() }
    }

    /// Wakes whom a step on a shard names; they look there from this time on.
    pub(super) fn wake(&self, what: &str, shard: Option<u16>, from: Millis) {
        for (letter, index) in [('i', &self.ready), ('o', &self.due), ('t', &self.timers)] {
            if let Some(shard) = shard.filter(|_| what.contains(letter)) {
                index.change(shard, from);
            }
        }
        if what.contains('c') {
            self.components.notify_one();
        }
    }

    /// Nobody knows what was missed.
    fn wake_all(&self) {
        [&self.ready, &self.due, &self.timers].into_iter().for_each(Index::change_all);
        self.components.notify_one();
    }

    pub(super) async fn components(&self) {
        tokio::select! {
            () = self.components.notified() => {}
            () = tokio::time::sleep(REPAIR) => {}
        }
    }
}

/// Waits for a change of an index, or for the time to look at all of it.
pub(super) async fn changed(index: &Index) {
    tokio::select! {
        () = index.changed() => {}
        // Not from now on: whoever waits may be called away again and again.
        () = tokio::time::sleep_until(index.changed_as_a_whole() + REPAIR) => index.change_all(),
    }
}

/// Subscribes at the server that takes writes or, in a cluster, at any node that is up.
pub(super) async fn subscribe(link: &Link, channel: &str) -> RedisResult<PubSub> {
    let found = link.primary().found();
    let failed = match subscribe_at(&found.client, channel).await {
        Ok(done) => return Ok(done),
        Err(error) => error,
    };
    link.primary().failed(found.times, &failed).await;
    for node in link.other_nodes().await {
        if let Ok(done) = subscribe_at(&node, channel).await {
            return Ok(done);
        }
    }
    Err(failed)
}

async fn subscribe_at(client: &Client, channel: &str) -> RedisResult<PubSub> {
    let subscribe = async {
        let mut subscription = client.get_async_pubsub().await?;
        subscription.subscribe(channel).await?;
        Ok(subscription)
    };
    match tokio::time::timeout(SUBSCRIBING, subscribe).await {
        Ok(done) => done,
        Err(_) => Err(std::io::Error::from(std::io::ErrorKind::TimedOut).into()),
    }
}

/// Passes other hosts' wakes on, for ever. A host's own came before, so they are not counted twice.
pub(super) async fn listen(
    link: Arc<Link>,
    channel: String,
    host: String,
    (wakes, clock): (Arc<Wakes>, Arc<dyn Clock>),
    first: PubSub,
) {
    let mut subscription = Some(first);
    let mut pause = Duration::from_millis(100);
    let mut moves = link.primary().moves();
    loop {
        if let Some(subscription) = subscription.take() {
            pause = Duration::from_millis(100);
            let mut messages = subscription.into_on_message();
            // A server that was cut off says nothing, and does not end the connection either.
            while let Some(message) = tokio::select! {
                message = messages.next() => message,
                _ = moves.changed() => None,
            } {
                let payload = String::from_utf8_lossy(message.get_payload_bytes()).into_owned();
                let mut words = payload.split(' ');
                if let (Some(from), Some(what), shard) = (words.next(), words.next(), words.next())
                    && from != host
                {
                    wakes.wake(what, shard.and_then(|shard| shard.parse().ok()), clock.now() + HOME);
                }
            }
            tracing::warn!("the channel on which Redis tells of changes broke off; subscribing again");
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(Duration::from_secs(5));
        moves.mark_unchanged();
        match subscribe(&link, &channel).await {
            Ok(new) => {
                subscription = Some(new);
                wakes.wake_all();
            }
            Err(error) => tracing::debug!("subscribing to Redis failed: {}", super::error::explain(&error)),
        }
    }
}
