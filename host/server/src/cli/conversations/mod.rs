//! `pesto conversations`: who talks with which flow, and how that is ended.

mod show;

use clap::Subcommand;
use pesto_engine::model::{FlowName, Millis, Place};
use pesto_engine::text::line;
use serde_json::json;

use crate::admin::{AdminReply, AdminRequest, ConversationRow, Filter};
use crate::cli::Common;
use crate::cli::answers::time;
use crate::cli::ask::{Oracle, strange};
use crate::cli::table::{Format, table};
use crate::config::Scope;
use crate::out::{errln, out, outln};

/// Lists, shows, cancels or resets open conversations.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    common: Common,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Lists them in the order of their places.
    List(List),
    /// Shows one with its open questions, its timers and history, and the turn that is under way, with its host calls.
    Show {
        /// As the list has it, such as T0123/U0123.
        place: Place,
    },
    /// Ends one as if the person had said `cancel`: the flow hears of it, and the person.
    Cancel {
        /// As the list has it.
        place: Place,
    },
    /// Ends one without asking its flow, and drops what waits; the person hears of it.
    Reset {
        /// As the list has it.
        place: Place,
    },
}

#[derive(Debug, clap::Args)]
struct List {
    /// Those of this flow only.
    #[arg(long)]
    flow: Option<FlowName>,
    /// Those only that this person began: their id, without the workspace.
    #[arg(long)]
    person: Option<String>,
    /// At most so many.
    #[arg(long, default_value_t = 100)]
    limit: usize,
    /// Those only that come after this place.
    #[arg(long, value_name = "PLACE")]
    after: Option<Place>,
    /// The form of the list.
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
}

/// Prints, or does, what was asked for.
pub async fn run(args: Args) -> anyhow::Result<()> {
    let config = args.common.config(Scope::Store)?;
    let mut oracle = Oracle::find(&config, false).await?;
    match args.command {
        Command::List(args) => list(&mut oracle, args).await,
        Command::Show { place } => {
            let reply = oracle.ask(AdminRequest::Conversation { place: place.clone() }).await?;
            let AdminReply::Conversation { view } = reply else { return Err(strange(&reply)) };
            let view = view.ok_or_else(|| nothing(&place))?;
            out!("{}", show::whole(&place, &view));
            Ok(())
        }
        Command::Cancel { place } => {
            let reply = oracle.ask(AdminRequest::Cancel { place: place.clone() }).await?;
            ended(reply, &place, "cancelled")
        }
        Command::Reset { place } => {
            let reply = oracle.ask(AdminRequest::Reset { place: place.clone() }).await?;
            ended(reply, &place, "reset")
        }
    }
}

fn nothing(place: &Place) -> anyhow::Error {
    anyhow::anyhow!("nothing goes on at `{place}`; `pesto conversations list` shows what does")
}

fn ended(reply: AdminReply, place: &Place, what: &str) -> anyhow::Result<()> {
    let AdminReply::Ended { ended, running } = reply else { return Err(strange(&reply)) };
    let ended = ended.ok_or_else(|| nothing(place))?;
    if ended.again {
        outln!("What goes on at {place} was {what} before; nothing was changed.");
        return Ok(());
    }
    let events = match ended.events {
        0 => "No event waited.".to_owned(),
        1 => "One event is dropped.".to_owned(),
        events => format!("{events} events are dropped."),
    };
    let when = if running { "is being" } else { "will be" };
    let host = if running { "" } else { " It is stored, and done as soon as a host runs." };
    outln!("What goes on at {place} {when} {what}. {events}{host}");
    Ok(())
}

async fn list(oracle: &mut Oracle, args: List) -> anyhow::Result<()> {
    let List { flow, person, limit, mut after, format } = args;
    let filter = Filter { flow, person };
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    let now = Millis::try_from(now.as_millis())?;
    let (mut rows, mut left, mut last) = (Vec::new(), limit, None);
    let more = loop {
        let reply = oracle.ask(AdminRequest::Conversations { after, filter: filter.clone() }).await?;
        let AdminReply::Conversations { page, next } = reply else { return Err(strange(&reply)) };
        let are_left = page.len() > left || next.is_some();
        for row in page.iter().take(left) {
            match format {
                Format::Jsonl => outln!("{}", object(row)),
                Format::Table => rows.push(cells(row, now)),
            }
            last = Some(row.place.clone());
        }
        left = left.saturating_sub(page.len());
        if left == 0 || next.is_none() {
            break last.filter(|_| are_left);
        }
        after = next;
    };
    if format == Format::Table {
        let head = ["PLACE", "PERSON", "FLOW", "DIGEST", "NO", "SINCE", "LAST", "OPEN"].map(str::to_owned);
        if rows.is_empty() {
            outln!("No such conversation is open.");
        } else {
            out!("{}", table(head, rows));
        }
        if let Some(more) = more {
            // Not on standard output, which may go on to a program.
            errln!("There may be more: go on with --after {more}, or raise --limit.");
        }
    }
    Ok(())
}

fn cells(row: &ConversationRow, now: Millis) -> [String; 8] {
    let ago = |at: Millis| span(now.saturating_sub(at));
    [
        line(row.place.as_str(), 400),
        line(&row.person_id, 30),
        row.flow.to_string(),
        row.digest.short().to_owned(),
        row.generation.to_string(),
        ago(row.since),
        ago(row.last),
        state(row),
    ]
}

/// What a conversation waits for, in a few words.
fn state(row: &ConversationRow) -> String {
    let waiting = row.events - u64::from(row.running).min(row.events);
    let mut parts = Vec::new();
    if row.running {
        parts.push("running".to_owned());
    }
    if waiting > 0 {
        parts.push(format!("{waiting} waiting"));
    }
    if row.messages > 0 {
        parts.push(format!("{} unsent", row.messages));
    }
    if parts.is_empty() {
        parts.push(if row.questions > 0 { "asks" } else { "listens" }.to_owned());
    }
    parts.join(", ")
}

/// A span of time in its largest unit.
fn span(millis: Millis) -> String {
    let seconds = millis / 1000;
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3_600 => format!("{}m", seconds / 60),
        3_600..86_400 => format!("{}h", seconds / 3_600),
        _ => format!("{}d", seconds / 86_400),
    }
}

fn object(row: &ConversationRow) -> serde_json::Value {
    json!({
        "place": row.place,
        "person_id": row.person_id,
        "person_name": row.person_name,
        "flow": row.flow,
        "digest": row.digest,
        "generation": row.generation,
        "since": time(row.since),
        "last": time(row.last),
        "questions": row.questions,
        "running": row.running,
        "events": row.events,
        "messages": row.messages,
    })
}

#[cfg(test)]
mod tests {
    use super::span;

    #[test]
    fn a_span_is_told_in_its_largest_unit() {
        let spans = [(0, "0s"), (59_999, "59s"), (60_000, "1m"), (7_199_000, "1h"), (86_400_000 * 40, "40d")];
        for (millis, told) in spans {
            assert_eq!(span(millis), told);
        }
    }
}
