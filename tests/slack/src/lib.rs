//! A stand-in for Slack, for tests and for developers without a workspace.
//!
//! ```
//! # tokio::runtime::Runtime::new().unwrap().block_on(async {
//! use slack_double::{Fault, Options, SlackDouble};
//!
//! let slack = SlackDouble::start(Options::default()).await;
//! let ann = slack.person("Ann");
//! ann.says("start onboarding-survey").await;
//! slack.faults().next("chat.postMessage", Fault::RateLimited { after: 1 });
//! // Here a bot at `slack.api_url()` would answer, and `ann.hears().await` would give its message.
//! assert_eq!(ann.sees().len(), 1);
//! # });
//! ```
//!
//! - [`SlackDouble`]: the running double; [`Options`]: what it begins with
//! - [`Person`]: what people do and see
//! - [`Faults`]: what can go wrong, and [`Fault`] and [`DeliveryFault`] how
//! - [`Ack`], [`Call`]: what is recorded
//!
//! Inside: `state` is the whole workspace behind one lock, `api` the Web API, `blocks` Block Kit, `events` and `delivery`
//! the way to the app, `link` a socket, `callback` a request to the app, `people` the deeds of people, `control` the same
//! over HTTP.

mod api;
mod blocks;
mod callback;
mod control;
mod core;
mod delivery;
mod double;
mod events;
mod faults;
mod form;
mod http_client;
mod ids;
mod link;
mod model;
mod options;
mod order_faults;
mod people;
mod random;
mod records;
mod replies;
mod server;
mod sockets;
mod state;
mod wire;

#[cfg(test)]
mod tests;

pub use delivery::Answer;
pub use double::SlackDouble;
pub use faults::{DeliveryFault, Fault, When};
pub use model::{Kind, Message, User, View};
pub use options::{Options, RequestUrls, documented_tiers};
pub use order_faults::Faults;
pub use people::{Person, Submitted};
pub use records::{Ack, AckTimes, Call, Counters};
