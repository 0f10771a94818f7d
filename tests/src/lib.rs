//! What the tests of the real binary share.
//!
//! - [`setup`]: a folder with a configuration and flows, for a host to run in
//! - [`host`]: the real `pesto` in that folder; dropping it fails on what it left undone
//! - [`person`]: somebody who talks to it over its socket
//! - [`aimock`]: a language model written by others, on a port of this machine
//! - [`guests`]: hostile components; [`bulky`]: small ones that cost a compiler much
//! - [`files`]: where binary, components and Node packages are
//! - [`log`]: what a host logged

pub mod aimock;
pub mod bulky;
pub mod files;
pub mod guests;
pub mod host;
pub mod log;
pub mod person;
pub mod setup;

use std::time::Duration;

/// How long anything may take that a test waits for. Only a test that fails waits so long.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Prints a figure, `NAME VALUE UNIT`, also of a test that passes: what goes through `print` is kept back there.
pub fn figure(figure: std::fmt::Arguments<'_>) {
    use std::io::Write as _;
    // Whoever closed the output reads no figures.
    let _ = writeln!(std::io::stdout(), "figure {figure}");
}
