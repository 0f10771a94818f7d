//! People in Slack: what they write and pick comes in, and what flows say goes out.
//!
//! In: a payload comes over a socket (`hello`, `socket_mode`, `seats`) or over HTTP (`http`); `events`, `interactions` and `commands` read
//! it, purely; `intake` stores what it is, and only then is Slack answered; `forms` opens the windows of forms and checks
//! what is submitted in them. Out: `messenger` posts what `render` makes of a message, at the rates of `limiter`; `sign` shows
//! that an answer is to come. `api`
//! has the methods of the Web API, `api_error` judges what failed. [`needs`] lists what the app must be allowed;
//! [`checkup()`] looks whether all is well, and `verdict` judges what it saw.

mod api;
mod api_error;
#[cfg(test)]
mod cases;
mod checkup;
mod commands;
mod controls;
mod events;
mod field;
mod form_view;
mod forms;
mod healable;
mod hello;
mod http;
mod http_client;
mod incoming_text;
mod intake;
mod interactions;
mod limiter;
mod mark;
mod messenger;
pub mod needs;
mod outgoing_text;
mod people;
mod reading;
mod render;
mod seats;
mod sign;
mod sizes;
mod socket_mode;
mod split;
mod verdict;
mod words;

use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use pesto_engine::engine::Engine;
use pesto_engine::model::{Message, Place};
use tokio::runtime::Handle;
use tokio::sync::OnceCell;

use self::api::Api;
use self::api_error::ApiError;
pub use self::checkup::checkup;
use self::intake::Intake;
pub use self::messenger::SlackMessenger;
use self::people::People;
use self::reading::Identity;
use self::seats::Seats;
use self::sign::{Pending, Signs};
use crate::config;

/// Between two attempts to learn who we are.
const AGAIN: Duration = Duration::from_secs(5);

/// Both ends of a workspace.
pub struct Slack {
    shared: Arc<Shared>,
    config: config::Slack,
}

/// What ingress and egress share.
struct Shared {
    api: Arc<Api>,
    people: People,
    signs: Signs,
    identity: OnceCell<Identity>,
}

/// A channel, and a thread in it.
struct Spot {
    channel: String,
    thread: Option<String>,
}

impl Spot {
    fn at(&self) -> (&str, Option<&str>) {
        (&self.channel, self.thread.as_deref())
    }
}

/// Whether Slack would take a message as it is rendered: the error names the element and the remedy.
pub fn check(message: &Message) -> Result<(), String> {
    render::post(message).iter().try_for_each(sizes::check)
}

impl Slack {
    /// Prepares both ends; nothing is connected yet. Events tell which of these groups a person is in. Must be called on
    /// the runtime that is to do input and output.
    pub fn new(config: &config::Slack, groups: Vec<String>) -> anyhow::Result<Self> {
        let api = Arc::new(Api::new(config)?);
        let shared = Shared {
            // Where sockets and timers are: turns run elsewhere.
            signs: Signs::new(api.clone(), Handle::current()),
            api,
            people: People::new(groups),
            identity: OnceCell::new(),
        };
        Ok(Self { shared: Arc::new(shared), config: config.clone() })
    }

    /// The way out.
    pub fn messenger(&self) -> SlackMessenger {
        SlackMessenger::new(self.shared.clone())
    }

    /// Takes what comes until `stop` is done; then what came is acknowledged, and the sockets are closed. An error is one
    /// that only the operator can mend.
    pub async fn run(self, engine: Arc<Engine>, stop: impl Future<Output = ()>) -> anyhow::Result<()> {
        let stop = stop.shared();
        let us = tokio::select! {
            us = self.begin() => us?,
            () = stop.clone() => return Ok(()),
        };
        self.shared.signs.look({
            let store = engine.ports().store.clone();
            Box::new(move |place| {
                let store = store.clone();
                let pending = async move {
                    let glance = store.glance(&place).await.ok()?;
                    Some(Pending { events: glance.inbox > 0, messages: glance.outbox > 0 })
                };
                pending.boxed()
            })
        });
        let seats = Seats::new(engine.ports().store.clone(), self.config.sockets as usize);
        let intake = Arc::new(Intake::new(engine, self.shared.clone(), us));
        let sockets = async {
            match self.config.app_token {
                Some(_) => {
                    let stop = stop.clone();
                    socket_mode::run(self.shared.clone(), intake.clone(), seats, self.config.idle, stop).await
                }
                None => {
                    stop.clone().await;
                    Ok(())
                }
            }
        };
        let server = async {
            match &self.config.http {
                Some(http) => http::run(http, intake.clone(), stop.clone()).await,
                None => {
                    stop.clone().await;
                    Ok(())
                }
            }
        };
        tokio::try_join!(sockets, server).map(drop)
    }

    /// Learns who we are, and who is there.
    async fn begin(&self) -> anyhow::Result<Identity> {
        let us = loop {
            match self.shared.identity().await {
                Ok(us) => break us.clone(),
                Err(ApiError::Refused(code)) if !api_error::is_passing(&code) => anyhow::bail!(
                    "Slack refuses the bot token ({code}): look at it in the app's settings, under OAuth & Permissions, \
                     and set the variable that slack.bot_token_env names"
                ),
                Err(error) => {
                    tracing::warn!("Slack does not say who we are: {error}; trying again in {} s", AGAIN.as_secs());
                    tokio::time::sleep(AGAIN).await;
                }
            }
        };
        tracing::info!(team = us.team, bot = us.bot_user, "Slack knows us");
        // It goes on by itself: a large workspace takes minutes.
        drop(self.shared.people.read_list(&self.shared.api));
        self.shared.people.warm(&self.shared.api).await;
        Ok(us)
    }
}

impl Shared {
    /// Who we are; asked once.
    async fn identity(&self) -> Result<&Identity, ApiError> {
        self.identity.get_or_try_init(|| self.api.identity()).await
    }

    /// Where the messages of a place are posted.
    async fn spot(&self, place: &Place) -> Result<Spot, ApiError> {
        if let Some((channel, thread)) = place.thread() {
            return Ok(Spot { channel: channel.to_owned(), thread: Some(thread.to_owned()) });
        }
        let user = place.person().unwrap_or_default();
        let channel = match self.people.direct(user) {
            Some(channel) => channel,
            None => {
                let channel = self.api.open_direct(user).await?;
                self.people.is_direct(user, &channel);
                channel
            }
        };
        Ok(Spot { channel, thread: None })
    }
}
