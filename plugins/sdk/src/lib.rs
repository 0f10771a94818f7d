//! What a Pesto flow is written with.
//!
//! A flow is a type that implements [`Flow`]: it says what it is, and handles one event at a time with a [`Turn`]
//! in hand. Whatever it does with the turn becomes visible in one step when it returns `Ok`, or not at all.
//!
//! ```
//! use pesto_sdk::{About, Event, Failure, Flow, Turn};
//! use serde::{Deserialize, Serialize};
//!
//! struct Echo;
//!
//! #[derive(Default, Serialize, Deserialize)]
//! struct Heard {
//!     lines: u32,
//! }
//!
//! impl Flow for Echo {
//!     type State = Heard;
//!
//!     fn describe() -> About {
//!         About::new("Echo", "Says what you say, and counts.").version(env!("CARGO_PKG_VERSION"))
//!     }
//!
//!     fn handle(event: Event, turn: &mut Turn<Heard>) -> Result<(), Failure> {
//!         match event {
//!             Event::Started(_) => turn.say("Say something."),
//!             Event::Said(said) => {
//!                 turn.state.lines += 1;
//!                 turn.say(format!("{}: {}", turn.state.lines, said.text));
//!             }
//!             _ => {}
//!         }
//!         Ok(())
//!     }
//! }
//!
//! pesto_sdk::export!(Echo);
//!
//! let mut talk = pesto_sdk::testing::Talk::<Echo>::new();
//! talk.start("");
//! assert_eq!(talk.say("hello")[0].text, "1: hello");
//! ```
//!
//! The crate of a flow is a `cdylib`, built for `wasm32-unknown-unknown`; `pesto build` does it.
//!
//! - [`flow`], [`event`], [`message`], [`turn`]: the trait and what it is given
//! - [`form`]: fields that are filled in together, and checked by the host
//! - [`llm`], [`error`]: asking a language model, and what can go wrong
//! - [`time`], [`random`]: the only clock, in UTC and as the person sees it, and the only randomness for a flow
//! - [`migrate`]: going on with conversations that an earlier version began
//! - [`survey`]: a kit that conducts a whole survey from a list of questions
//! - [`testing`]: conversations in plain `cargo test`, without a host (not on Wasm)
//!
//! **A turn must be repeatable.** After a crash the host runs it again and answers its host calls from a journal,
//! so the same event and state must lead to the same calls. Take time and randomness from the turn, and keep what
//! you need in the state.

pub mod error;
pub mod event;
mod export;
pub mod flow;
pub mod form;
mod host;
pub mod llm;
pub mod message;
pub mod migrate;
pub mod random;
pub mod survey;
#[cfg(not(target_arch = "wasm32"))]
pub mod testing;
mod text;
pub mod time;
pub mod turn;

/// The guide's examples compile.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
mod guide {}

#[doc(hidden)]
pub mod bindings;
#[doc(hidden)]
pub mod migration_bindings;
#[doc(hidden)]
pub use export::{describe, handle, migrate_raw};

pub use error::{CallError, Failure};
pub use event::{Event, File, Filled, Person, Picked, Said};
pub use flow::{About, Flow, Right};
pub use form::{Field, Form};
pub use host::{Exchange, Level};
pub use message::{Choice, Choices, Message};
pub use migrate::{Former, Migrate};
pub use time::{Date, Local, Time, Timestamp};
pub use turn::Turn;
