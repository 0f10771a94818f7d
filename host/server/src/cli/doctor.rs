//! `pesto doctor`: what is wrong between this host and Slack, and what to do about it.

use std::io::Write as _;

use pesto_engine::policy::MEMBERS;

use crate::cli::Common;
use crate::config::{Config, ConfigError, Scope};
use crate::doctor::{Finding, Level, local, show, store};
use crate::out::{Out, outln};
use crate::slack;

/// Checks configuration, folders, Slack's tokens, scopes, sockets and clock, and says what to do.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    common: Common,
}

/// Prints a finding for each check. A check that fails is an error.
pub async fn run(args: Args) -> anyhow::Result<()> {
    let mut report = Report::default();
    match args.common.config(Scope::Whole) {
        Ok(config) => examine(&config, &mut report).await?,
        Err(error) => report.take(vec![refused(&error)])?,
    }
    report.end()
}

async fn examine(config: &Config, report: &mut Report) -> anyhow::Result<()> {
    report.take(local(config).await)?;
    report.take(store(config).await)?;
    report.take(match &config.slack {
        Some(slack) => slack::checkup(slack, config.groups().iter().any(|group| group != MEMBERS)).await?,
        None => vec![Finding::ok("Slack", "not configured: there is no [slack]")],
    })
}

fn refused(error: &ConfigError) -> Finding {
    let ConfigError { origin, key, what, remedy } = error;
    let key = if key.is_empty() { String::new() } else { format!("{key}: ") };
    Finding::fail("configuration", format!("{origin}: {key}{what}"), format!("{remedy} The rest is checked then."))
}

/// What was printed so far, counted.
#[derive(Default)]
struct Report {
    checks: usize,
    warnings: usize,
    failures: usize,
}

impl Report {
    fn take(&mut self, findings: Vec<Finding>) -> anyhow::Result<()> {
        let mut out = Out;
        for finding in findings {
            self.checks += 1;
            self.warnings += usize::from(finding.level == Level::Warn);
            self.failures += usize::from(finding.level == Level::Fail);
            out.write_all(show(&finding).as_bytes())?;
        }
        // The next findings may take a while.
        Ok(out.flush()?)
    }

    fn end(&self) -> anyhow::Result<()> {
        let warnings = match self.warnings {
            0 => String::new(),
            1 => ", with 1 warning".to_owned(),
            more => format!(", with {more} warnings"),
        };
        anyhow::ensure!(self.failures == 0, "{} of {} checks failed{warnings}", self.failures, self.checks);
        outln!("\n{} checks passed{warnings}.", self.checks);
        Ok(())
    }
}
