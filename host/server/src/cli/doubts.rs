//! `pesto doubts`: calls that a crash fell into.

use pesto_engine::model::Doubt;

use crate::admin::{AdminReply, AdminRequest};
use crate::cli::Common;
use crate::cli::answers::time;
use crate::cli::ask::{Oracle, strange};
use crate::cli::table::{Format, table};
use crate::config::Scope;
use crate::out::{out, outln};

/// Lists calls that may have been made twice, or not at all, because a host died in them; for a month.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The form of the list.
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
    #[command(flatten)]
    common: Common,
}

/// Prints to standard output.
pub async fn run(args: Args) -> anyhow::Result<()> {
    let config = args.common.config(Scope::Store)?;
    let mut oracle = Oracle::find(&config, false).await?;
    let head = ["AT", "FLOW", "CALL", "DONE", "EFFECT"].map(str::to_owned);
    let (mut after, mut rows) = (0, Vec::new());
    loop {
        let reply = oracle.ask(AdminRequest::Doubts { after }).await?;
        let AdminReply::Doubts { page } = reply else { return Err(strange(&reply)) };
        if page.is_empty() {
            break;
        }
        for (position, doubt) in page {
            after = position;
            match args.format {
                Format::Jsonl => outln!("{}", object(&doubt)),
                Format::Table => rows.push(cells(&doubt)),
            }
        }
    }
    match args.format {
        Format::Table if rows.is_empty() => outln!("No call is in doubt."),
        Format::Table => out!("{}", table(head, rows)),
        Format::Jsonl => {}
    }
    Ok(())
}

fn cells(doubt: &Doubt) -> [String; 5] {
    let Doubt { effect, flow, at, what, done, .. } = doubt;
    [time(*at), flow.to_string(), what.clone(), done.as_str().to_owned(), effect.to_string()]
}

fn object(doubt: &Doubt) -> serde_json::Value {
    serde_json::json!({
        "effect": doubt.effect,
        "place": doubt.place,
        "person_id": doubt.person,
        "flow": doubt.flow,
        "at": time(doubt.at),
        "what": doubt.what,
        "done": doubt.done,
    })
}
