//! The commands, one a file.

pub mod answers;
mod ask;
pub mod build;
pub mod chat;
pub mod check;
pub mod conversations;
pub mod dead;
mod deploy;
pub mod doctor;
pub mod doubts;
pub mod flows;
pub mod forget;
pub mod new;
pub mod run;
mod table;
pub mod test;

use std::path::PathBuf;

use crate::config::{Config, ConfigError, Environment, Scope};

/// What all commands of a host take.
#[derive(Debug, clap::Args)]
pub struct Common {
    /// The configuration file; pesto.toml of the current folder if it is there.
    #[arg(long, value_name = "FILE", env = "PESTO_CONFIG", global = true)]
    config: Option<PathBuf>,
}

impl Common {
    fn config(&self, scope: Scope) -> Result<Config, ConfigError> {
        Config::load_for(scope, self.config.as_deref(), &Environment::of_process())
    }

    /// Logs what is allowed and perhaps not meant.
    fn warn(&self, config: &Config) -> anyhow::Result<()> {
        let found = crate::watch::scan(&config.flows)?;
        let present = found.into_iter().filter_map(|found| found.name.ok()).collect();
        config.warnings(&present).iter().for_each(|warning| tracing::warn!("{warning}"));
        Ok(())
    }
}
