//! `pesto run`: the long-running host.

use tokio::signal::unix::{SignalKind, signal};

use crate::app::App;
use crate::cli::Common;
use crate::config::Scope;

/// Runs the host until it is told to stop.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    common: Common,
}

/// Runs until SIGTERM or SIGINT; turns under way get ten seconds to end.
pub async fn run(args: Args) -> anyhow::Result<()> {
    let config = args.common.config(Scope::Whole)?;
    crate::log::start(&config.log, tracing::Level::TRACE);
    crate::open_files::raise();
    args.common.warn(&config)?;
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let stop = async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    };
    App::new(&config).await?.run(|| {}, stop).await
}
