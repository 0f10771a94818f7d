//! `pesto answers`: what people answered.

use std::collections::BTreeSet;
use std::io::Write;
use std::time::{Duration, UNIX_EPOCH};

use pesto_engine::model::{Completion, FlowName, Millis};
use serde_json::{Map, Value};

use crate::admin::{AdminReply, AdminRequest};
use crate::cli::Common;
use crate::cli::ask::{Oracle, strange};
use crate::config::Scope;
use crate::out::{Out, errln};

/// Prints what people answered: one row for each completed survey.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The flow that asked.
    pub flow: FlowName,
    /// The form of the table.
    #[arg(long, value_enum, default_value_t = Format::Csv)]
    pub format: Format,
    #[command(flatten)]
    common: Common,
}

/// A form of table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// With a head; cells that a spreadsheet would take for formulas begin with an apostrophe.
    Csv,
    /// One JSON object a line.
    Jsonl,
}

/// Columns of the host, before those of the answers.
const FIXED: [&str; 4] = ["completed_at", "person_id", "person_name", "conversation"];

/// Prints to standard output.
pub async fn run(args: Args) -> anyhow::Result<()> {
    let config = args.common.config(Scope::Store)?;
    let mut oracle = Oracle::find(&config, false).await?;
    let mut out = Out;
    let mut rows: u64 = 0;
    match args.format {
        Format::Jsonl => {
            pages(&mut oracle, &args.flow, |completion| {
                rows += 1;
                Ok(writeln!(out, "{}", object(&completion))?)
            })
            .await?;
        }
        Format::Csv => {
            // The head must be known before the first row: the columns are collected in a first pass.
            let mut columns = BTreeSet::new();
            pages(&mut oracle, &args.flow, |completion| {
                columns.extend(answers(&completion).into_iter().map(|(key, _)| key));
                Ok(())
            })
            .await?;
            let mut csv = csv::Writer::from_writer(out);
            csv.write_record(FIXED.iter().map(ToString::to_string).chain(columns.iter().map(|column| head(column))))?;
            pages(&mut oracle, &args.flow, |completion| {
                rows += 1;
                Ok(csv.write_record(row(&completion, &columns))?)
            })
            .await?;
            csv.flush()?;
        }
    }
    if rows == 0 {
        // Not on standard output, which may go on to a program.
        errln!("Nobody has completed `{}` yet. `pesto flows` lists the flows that are there.", args.flow);
    }
    Ok(())
}

async fn pages(
    oracle: &mut Oracle,
    flow: &FlowName,
    mut each: impl FnMut(Completion) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let mut after = 0;
    loop {
        let reply = oracle.ask(AdminRequest::Answers { flow: flow.clone(), after }).await?;
        let AdminReply::Answers { page } = reply else { return Err(strange(&reply)) };
        if page.is_empty() {
            return Ok(());
        }
        for (position, completion) in page {
            after = position;
            each(completion)?;
        }
    }
}

fn answers(completion: &Completion) -> Map<String, Value> {
    // The engine checked that they are an object.
    serde_json::from_str(&completion.answers).unwrap_or_default()
}

fn object(completion: &Completion) -> Value {
    serde_json::json!({
        "completed_at": time(completion.at),
        "person_id": completion.person.id,
        "person_name": completion.person.name,
        "conversation": completion.conversation,
        "flow": completion.flow,
        "digest": completion.digest,
        "answers": answers(completion),
    })
}

fn row(completion: &Completion, columns: &BTreeSet<String>) -> Vec<String> {
    let answers = answers(completion);
    let fixed = [
        time(completion.at),
        safe(&completion.person.id),
        safe(&completion.person.name),
        safe(&completion.conversation),
    ];
    let cell = |column: &String| match answers.get(column) {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => safe(text),
        Some(Value::Array(items)) => safe(&items.iter().map(plain).collect::<Vec<_>>().join(", ")),
        // A number may be negative, and is no formula.
        Some(value) => value.to_string(),
    };
    fixed.into_iter().chain(columns.iter().map(cell)).collect()
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// The head of an answer's column: another one than the host's columns have.
fn head(column: &str) -> String {
    if FIXED.contains(&column) { format!("answers.{column}") } else { safe(column) }
}

/// A spreadsheet runs a cell that begins with one of these; an apostrophe makes it text.
/// See <https://owasp.org/www-community/attacks/CSV_Injection>.
fn safe(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']) {
        format!("'{text}")
    } else {
        text.to_owned()
    }
}

/// As RFC 3339 has it, in UTC.
pub(super) fn time(at: Millis) -> String {
    humantime::format_rfc3339_seconds(UNIX_EPOCH + Duration::from_millis(at)).to_string()
}

#[cfg(test)]
mod tests {
    use super::{head, safe};

    #[test]
    fn no_two_columns_have_one_name() {
        assert_eq!(head("conversation"), "answers.conversation");
        assert_eq!(head("name"), "name");
    }

    #[test]
    fn formulas_become_text() {
        assert_eq!(safe("=HYPERLINK(\"x\")"), "'=HYPERLINK(\"x\")");
        assert_eq!(safe("\t=1"), "'\t=1");
        assert_eq!(safe("a=1"), "a=1");
    }
}
