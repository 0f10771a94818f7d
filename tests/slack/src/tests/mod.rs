//! The double against small bots written here: what it promises to those that test with it.

#![allow(clippy::unwrap_used)]

mod bot;
mod events;
mod faults;
mod forms;
mod http;
mod sockets;
mod web_api;
