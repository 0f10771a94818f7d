//! The `pesto` binary's parts: composition root, command line, configuration and adapters.
//!
//! - [`app`]: the one place that knows which adapter stands behind which port
//! - [`config`]: `pesto.toml`, checked before anything starts
//! - [`cli`]: the commands, one a file; [`admin`]: what they may ask a host; [`doctor`]: what a check found
//! - adapters: [`store`] (SQLite), [`redis`], [`llm`] (OpenAI's protocol), [`slack`], [`socket`] and [`terminal`] (people on this
//!   machine)
//! - [`folder`], [`watch`], [`rollout`]: deploy what is in the flows folder; [`compile`]: in a process of its own
//! - for authors: [`build`] makes components, [`scenario`] holds conversations with them
//!
//! ```
//! use pesto_server::config::{Config, Environment};
//!
//! let environment: Environment = [("PESTO_LIMITS__CPU_MS", "5")].into_iter().collect();
//! let error = Config::load(None, &environment).unwrap_err().to_string();
//! assert!(error.contains("PESTO_LIMITS__CPU_MS"), "an error names what is to be corrected: {error}");
//! ```

pub mod admin;
pub mod app;
pub mod build;
pub mod cli;
pub mod compile;
pub mod config;
pub mod doctor;
pub mod folder;
pub mod llm;
pub mod log;
pub mod markdown;
pub mod memory;
pub mod messengers;
pub mod open_files;
mod out;
mod outbound;
mod predecessor;
mod private;
pub mod redis;
pub mod rollout;
pub mod scenario;
mod seldom;
pub mod slack;
pub mod socket;
pub mod store;
mod stored;
pub mod terminal;
pub mod watch;
