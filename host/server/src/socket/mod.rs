//! The local socket: how a terminal talks to a running host, and how the other commands reach it.

mod client;
mod frame;
mod server;
mod talk;

pub use client::Client;
pub use frame::{FromHost, OpenConversation, ToHost};
pub use server::Listener;
pub(crate) use server::WORKSPACE;
pub use talk::{Heard, Setting, Talk};
