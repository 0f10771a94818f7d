//! Tests of the real binary. All in one: a test binary more costs a link more.
#![allow(clippy::unwrap_used)]

mod authors;
mod chat;
mod commands;
mod compiled;
mod control;
mod doubts;
mod engine;
mod frozen;
mod guests;
mod host;
mod hosts;
mod kills;
mod llm;
mod migrate;
mod new;
mod operate;
mod redis;
mod silence;
mod slack;
mod socket;
mod stop;
mod survey;
mod swaps;
mod wordings;

/// Whoever needs the whole machine takes it: two campaigns at once would measure each other.
static MACHINE: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());
