//! `pesto answers`: what people answered.

use std::collections::BTreeSet;
use std::io::{IsTerminal as _, Write};
use std::time::{Duration, UNIX_EPOCH};

use pesto_engine::model::{Completion, FlowName, Millis};
use pesto_engine::text::{is_harmful, line};
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
    let terminal = std::io::stdout().is_terminal();
    let mut out = Out;
    let mut rows: u64 = 0;
    match args.format {
        Format::Jsonl => {
            pages(&mut oracle, &args.flow, |completion| {
                rows += 1;
                Ok(writeln!(out, "{}", harmless(&object(&completion).to_string()))?)
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
            // A program gets what people wrote, and a terminal nothing that commands it.
            let shown = |cell: String| if terminal { line(&cell, usize::MAX) } else { cell };
            let mut csv = csv::Writer::from_writer(out);
            csv.write_record(
                FIXED.iter().map(ToString::to_string).chain(columns.iter().map(|column| shown(head(column)))),
            )?;
            pages(&mut oracle, &args.flow, |completion| {
                rows += 1;
                Ok(csv.write_record(row(&completion, &columns).into_iter().map(shown))?)
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

/// JSON that says the same and commands no terminal: such characters stand in its strings only.
fn harmless(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for c in json.chars() {
        match is_harmful(c) {
            // All of these have four digits.
            true => text.push_str(&format!("\\u{:04x}", u32::from(c))),
            false => text.push(c),
        }
    }
    text
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
    use super::{harmless, head, safe};

    #[test]
    fn json_commands_no_terminal() {
        let value = serde_json::json!({ "a": "\u{1b}[31m\u{9b}2J\u{202e}\u{2028}é" });
        let text = harmless(&value.to_string());
        assert_eq!(text, r#"{"a":"\u001b[31m\u009b2J\u202e\u2028é"}"#);
        assert_eq!(serde_json::from_str::<serde_json::Value>(&text).ok(), Some(value));
    }

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
