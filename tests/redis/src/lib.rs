//! A real Redis for tests.
//!
//! - [`server`]: a process of the test's own, which may be killed
//! - [`proxy`]: the network before it, which loses, cuts, stalls and delays what goes through
#![allow(clippy::unwrap_used)]

pub mod proxy;
pub mod server;
