//! Who waits for changes: woken by this host's own steps at once, and by other hosts' over a channel of Redis.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use redis::aio::PubSub;
use redis::{Client, RedisResult};
use tokio::sync::Notify;

/// What a lost wake costs at most: a channel keeps nothing for who is not there. Also what an idle host costs, for its
/// loops look at each shard then.
const REPAIR: Duration = Duration::from_secs(20);
const SUBSCRIBING: Duration = Duration::from_secs(5);

/// All that can be woken: inbox, outbox, timers and components.
pub(super) const EVERYBODY: &str = "iotc";

/// The engine's loops that wait.
#[derive(Default)]
pub(super) struct Wakes {
    inbox: Notify,
    outbox: Notify,
    timers: Notify,
    components: Notify,
}

impl Wakes {
    /// Wakes whom a step's answer names.
    pub(super) fn wake(&self, what: &str) {
        let all = [('i', &self.inbox), ('o', &self.outbox), ('t', &self.timers), ('c', &self.components)];
        for (letter, waiting) in all {
            if what.contains(letter) {
                waiting.notify_one();
            }
        }
    }

    pub(super) async fn inbox(&self) {
        wait(&self.inbox).await;
    }

    pub(super) async fn outbox(&self) {
        wait(&self.outbox).await;
    }

    pub(super) async fn timers(&self) {
        wait(&self.timers).await;
    }

    pub(super) async fn components(&self) {
        wait(&self.components).await;
    }
}

async fn wait(changed: &Notify) {
    tokio::select! {
        () = changed.notified() => {}
        () = tokio::time::sleep(REPAIR) => {}
    }
}

pub(super) async fn subscribe(client: &Client, channel: &str) -> RedisResult<PubSub> {
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
pub(super) async fn listen(client: Client, channel: String, host: String, wakes: Arc<Wakes>, first: PubSub) {
    let mut subscription = Some(first);
    let mut pause = Duration::from_millis(100);
    loop {
        if let Some(subscription) = subscription.take() {
            pause = Duration::from_millis(100);
            let mut messages = subscription.into_on_message();
            while let Some(message) = messages.next().await {
                let payload = String::from_utf8_lossy(message.get_payload_bytes()).into_owned();
                if let Some((from, what)) = payload.split_once(' ')
                    && from != host
                {
                    wakes.wake(what);
                }
            }
            tracing::warn!("the channel on which Redis tells of changes broke off; subscribing again");
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(Duration::from_secs(5));
        match subscribe(&client, &channel).await {
            Ok(new) => {
                subscription = Some(new);
                // Nobody knows what was missed.
                wakes.wake(EVERYBODY);
            }
            Err(error) => tracing::debug!("subscribing to Redis failed: {}", super::error::explain(&error)),
        }
    }
}
