//! Turns, journal, brokers and sandbox. Knows no Slack, no database, no HTTP and no provider.
//!
//! What comes from outside stands in [`ports`], and the words of it all in [`model`]. From there, along the way of a
//! message:
//!
//! - [`intake`]: an event is stored, once, before anybody hears that it was
//! - [`engine`]: the loops; inside, `dispatch` claims turns and `outbox` posts what they say
//! - [`lane`]: which turn comes first where there is no room for all
//! - [`router`]: what an event leads to; [`turn`]: what an outcome leads to. Both decide, and touch nothing
//! - [`migrate`]: which version of its flow goes on with a conversation
//! - [`texts`]: the host's own words to people, by their language
//! - [`form`]: whether what a person filled in keeps a form's rules
//! - [`life`]: when a silent conversation ends. Decides, and touches nothing
//! - [`local`]: what people's clocks show, by the rules of their zones
//! - [`catalog`]: which component is current, and those that open conversations hold
//! - [`wasm`]: runs a component under the bounds of [`policy`]
//! - [`broker`]: its calls to the outside, journaled
//! - [`operate`]: what operators do to conversations, whatever goes on in them
//! - [`fault`]: how all this can fail
//!
//! For tests: [`memory`] is a store, [`scripted`] has the other ports, and [`failpoint`] makes any of them stop.
//!
//! ```
//! use pesto_engine::model::Body;
//! use pesto_engine::flow::Offers;
//! use pesto_engine::router::{Route, route};
//! use pesto_engine::texts;
//!
//! // No conversation is open and no flow is on offer, so the host answers by itself.
//! let hello = Body::Said { text: "hello".to_owned(), files: Vec::new() };
//! assert!(matches!(route(&hello, None, &Offers::default(), texts::DEFAULT), Route::Answer(_)));
//! ```
//!
//! `host/ARCHITECTURE.md` has the picture and the invariants.

pub mod advice;
mod alone;
mod answered;
pub mod broker;
pub mod catalog;
pub mod clock;
#[cfg(any(test, feature = "contract"))]
pub mod contract;
pub mod delay;
mod dispatch;
pub mod engine;
pub mod failpoint;
pub mod fault;
pub mod flow;
pub mod flow_log;
pub mod form;
pub mod gauge;
mod handover;
pub mod intake;
pub mod lane;
mod letters;
pub mod life;
pub mod local;
mod log_rate;
mod meant;
pub mod memory;
pub mod migrate;
pub mod model;
pub mod operate;
mod outage;
mod outbox;
pub mod policy;
pub mod ports;
mod room;
pub mod router;
pub mod scripted;
pub mod store;
pub mod text;
pub mod texts;
pub mod turn;
pub mod wasm;
