//! Logs: for people in a terminal, one JSON object a line otherwise.

use std::io::IsTerminal;

use tracing::Level;
use tracing_subscriber::filter::LevelFilter;

use crate::config::{Log, LogFormat};

/// Starts logging to standard error, at the configured level or at `least`, whichever says less.
pub fn start(log: &Log, least: Level) {
    let human = match log.format {
        LogFormat::Human => true,
        LogFormat::Json => false,
        LogFormat::Auto => std::io::stderr().is_terminal(),
    };
    // Libraries below us speak of their own affairs; what matters of them comes back to us as errors.
    let level = LevelFilter::from_level(log.level.min(least));
    let filter = tracing_subscriber::filter::Targets::new()
        .with_default(LevelFilter::from_level(Level::WARN.min(log.level)))
        .with_target("pesto_engine", level)
        .with_target("pesto_server", level)
        .with_target("pesto", level)
        .with_target("flow", level);
    use tracing_subscriber::layer::SubscriberExt as _;
    use tracing_subscriber::util::SubscriberInitExt as _;
    let registry = tracing_subscriber::registry().with(filter);
    // A second start, as in tests, keeps the first.
    let _ = if human {
        let colours = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|no| no.is_empty());
        let layer = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_target(false).with_ansi(colours);
        registry.with(layer).try_init()
    } else {
        let layer = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).json().flatten_event(true);
        registry.with(layer).try_init()
    };
}
