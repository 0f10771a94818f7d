//! `pesto flows`: what is loaded, what it may do, and who talks to it.

use pesto_engine::policy::Rights;
use pesto_engine::text::line;

use crate::admin::{AdminReply, AdminRequest, FlowRow};
use crate::cli::Common;
use crate::cli::ask::{Oracle, strange};
use crate::cli::table::table;
use crate::config::Scope;
use crate::out::{out, outln};

/// Lists the flows: name, version, digest, rights, open conversations.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    common: Common,
}

/// Prints a table, and the files that were refused with their reasons.
pub async fn run(args: Args) -> anyhow::Result<()> {
    let config = args.common.config(Scope::Store)?;
    let reply = Oracle::find(&config, true).await?.ask(AdminRequest::Flows).await?;
    let AdminReply::Flows { flows, refused, advice } = reply else { return Err(strange(&reply)) };
    if flows.is_empty() {
        outln!("There are no flows in {}. `pesto build` puts them there.", config.flows.display());
    } else {
        let head = ["FLOW", "VERSION", "DIGEST", "ASKS FOR", "GRANTED", "OPEN"].map(str::to_owned);
        out!("{}", table(head, flows.iter().map(cells).collect()));
    }
    for (file, reason) in refused {
        outln!("refused: {} – {}", line(&file, 200), line(&reason, 2_000));
    }
    for warning in advice {
        outln!("warning: {}", line(&warning, 1_000));
    }
    Ok(())
}

fn cells(row: &FlowRow) -> [String; 6] {
    let version = match &row.version {
        Some(version) => line(version, 40),
        None => "(earlier)".to_owned(),
    };
    let rights = |rights: &Rights| match rights.len() {
        0 => "-".to_owned(),
        _ => rights.iter().map(ToString::to_string).collect::<Vec<_>>().join(","),
    };
    let asked = if row.version.is_some() { rights(&row.asked) } else { "?".to_owned() };
    [row.name.to_string(), version, row.digest.clone(), asked, rights(&row.granted), row.open.to_string()]
}
