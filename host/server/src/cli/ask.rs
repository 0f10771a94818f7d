//! How a command gets an operator's question answered: by the running host, or by a host in this process that
//! does nothing else.

use std::time::Duration;

use crate::admin::{AdminReply, AdminRequest};
use crate::app::App;
use crate::config::{Config, Storage};
use crate::socket::Client;

/// How long flows are compiled for a question.
const PATIENCE: Duration = Duration::from_secs(300);

/// Whoever answers.
pub(super) enum Oracle {
    Running(Client),
    Inside(Box<App>),
}

impl Oracle {
    /// Finds the running host. Where there is none, the store is opened here; `flows` says whether the flows are
    /// needed as well, which takes the time of compiling them.
    pub(super) async fn find(config: &Config, flows: bool) -> anyhow::Result<Self> {
        crate::log::start(&config.log, tracing::Level::ERROR);
        if let Some(client) = Client::connect(&config.socket()).await? {
            return Ok(Self::Running(client));
        }
        if matches!(config.store, Storage::Embedded) && !flows && !config.data.join(crate::store::FILE).exists() {
            // Opening it would make an empty one, and the answer would be that there is nothing.
            anyhow::bail!(
                "no host has run on the data folder `{}` yet. Name the host's configuration with --config",
                config.data.display()
            );
        }
        let mut app = Box::new(App::new(config).await?);
        if flows {
            match config.store {
                Storage::Embedded => app.folder.sync(PATIENCE).await?,
                // Hosts elsewhere may run, and a question deploys nothing.
                Storage::Redis(_) => app.engine.catalog.follow().await?,
            }
        }
        Ok(Self::Inside(app))
    }

    /// Asks. A failure is an error.
    pub(super) async fn ask(&mut self, request: AdminRequest) -> anyhow::Result<AdminReply> {
        let reply = match self {
            Self::Running(client) => client.ask(request).await?,
            Self::Inside(app) => app.desk.answer(request).await,
        };
        match reply {
            AdminReply::Failed { reason } => anyhow::bail!("{reason}"),
            reply => Ok(reply),
        }
    }
}

/// The host answered something else than was asked: it is of another version.
pub(super) fn strange(reply: &AdminReply) -> anyhow::Error {
    anyhow::anyhow!("the running host is of another version and answered {reply:?}; restart it")
}
