//! A real Redis for tests.
//!
//! - [`server`]: a process of the test's own, which may be killed
//! - [`proxy`]: the network before it, which loses, cuts, stalls and delays what goes through
//! - [`sentinels`]: a server, its replica, and sentinels that put one in the place of the other
//! - [`cluster`]: nodes that divide the slots, and a replica
//! - [`certificates`]: for TLS
#![allow(clippy::unwrap_used)]

pub mod certificates;
pub mod cluster;
mod node;
pub mod proxy;
pub mod sentinels;
pub mod server;
