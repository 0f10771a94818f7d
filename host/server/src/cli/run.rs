//! `pesto run`: the long-running host.

use std::time::{Duration, Instant};

use tokio::signal::unix::{SignalKind, signal};

use crate::app::{App, GRACE};
use crate::cli::Common;
use crate::config::{Config, Scope};
use crate::redis::ConnectError;

/// How long a Redis may be away at the start, and the pause between two tries.
const PATIENCE: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_secs(2);
/// How long a host that was told to stop may take beyond what it gives its turns.
const LAST: Duration = Duration::from_secs(5);

/// Runs the host until it is told to stop.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    common: Common,
}

/// Runs until SIGTERM or SIGINT; turns under way get ten seconds to end. The same signal once more
/// ends it at once, as a crash would; the other one does not, for what a terminal tells it a supervisor often tells it too.
pub async fn run(args: Args) -> anyhow::Result<()> {
    let config = args.common.config(Scope::Whole)?;
    end_in_time()?;
    crate::log::start(&config.log, tracing::Level::TRACE);
    crate::open_files::raise();
    args.common.warn(&config)?;
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let stop = async move {
        let mut told = tokio::select! {
            _ = terminate.recv() => terminate,
            _ = interrupt.recv() => interrupt,
        };
        tokio::spawn(async move {
            told.recv().await;
            tracing::warn!("the host was told once more to stop, and leaves what is under way to whoever comes next");
            std::process::exit(1);
        });
    };
    tokio::pin!(stop);
    let app = tokio::select! {
        app = app(&config) => app?,
        () = &mut stop => return Ok(()),
    };
    app.run(|| {}, stop).await
}

/// Ends the process some time after it was told to stop, whatever holds the others: a log that nobody reads blocks each
/// thread that writes to it. So this one has a thread and a runtime of its own, and says nothing.
fn end_in_time() -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let watch = move || {
        runtime.block_on(async {
            let signals = (signal(SignalKind::terminate()), signal(SignalKind::interrupt()));
            let (Ok(mut terminate), Ok(mut interrupt)) = signals else { return };
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            tokio::time::sleep(GRACE + LAST).await;
            std::process::exit(1);
        });
    };
    std::thread::Builder::new().name("pesto-stop".to_owned()).spawn(watch)?;
    Ok(())
}

/// Puts the host together. A Redis that was started along with it may come later.
async fn app(config: &Config) -> anyhow::Result<App> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        match App::new(config).await {
            Err(error) if is_away(&error) && Instant::now() < deadline => {
                let left = deadline.duration_since(Instant::now()).as_secs();
                tracing::warn!("{error:#}; trying again, for {left} s at most");
                tokio::time::sleep(PAUSE).await;
            }
            made => return made,
        }
    }
}

fn is_away(error: &anyhow::Error) -> bool {
    matches!(error.downcast_ref(), Some(ConnectError::Away(_)))
}
