//! `pesto dead`: what could not be handled.

use clap::Subcommand;
use pesto_engine::model::{Body, Call, DeadLetter, Inbound, Letter, Message};
use pesto_engine::text::line;

use crate::admin::{AdminReply, AdminRequest};
use crate::cli::Common;
use crate::cli::answers::time;
use crate::cli::ask::{Oracle, strange};
use crate::config::Scope;
use crate::out::{out, outln};

/// Lists, shows, retries or drops events and messages that were given up.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    common: Common,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Lists them, oldest first.
    List,
    /// Shows one whole, with the host calls of its last attempt.
    Show {
        /// Its number in the list.
        id: u64,
    },
    /// Puts one back: a message into the outbox, an event at the end of its person's inbox. The conversation that is open
    /// there hears it, on the version that it began with; where none is, it may begin one, on the current version.
    Retry {
        /// Its number in the list.
        id: u64,
    },
    /// Throws one away.
    Drop {
        /// Its number in the list.
        id: u64,
    },
}

/// Prints, or does, what was asked for.
pub async fn run(args: Args) -> anyhow::Result<()> {
    let config = args.common.config(Scope::Store)?;
    let mut oracle = Oracle::find(&config, false).await?;
    match args.command {
        Command::List => list(&mut oracle).await,
        Command::Show { id } => show(&mut oracle, id).await,
        Command::Retry { id } => retry(&mut oracle, id).await,
        Command::Drop { id } => done(oracle.ask(AdminRequest::DeadDrop { id }).await?, id, "was thrown away"),
    }
}

fn done(reply: AdminReply, id: u64, what: &str) -> anyhow::Result<()> {
    match reply {
        AdminReply::Done { found: true } => outln!("Dead letter {id} {what}."),
        AdminReply::Done { found: false } => return Err(absent(id)),
        reply => return Err(strange(&reply)),
    }
    Ok(())
}

fn absent(id: u64) -> anyhow::Error {
    anyhow::anyhow!("there is no dead letter {id}; `pesto dead list` shows those there are")
}

async fn list(oracle: &mut Oracle) -> anyhow::Result<()> {
    let (mut after, mut count) = (0, 0_u64);
    loop {
        let reply = oracle.ask(AdminRequest::Dead { after }).await?;
        let AdminReply::Dead { page } = reply else { return Err(strange(&reply)) };
        if page.is_empty() {
            break;
        }
        for (id, letter) in page {
            outln!("{id:>6}  {}  {}", time(letter.at), line(&summary(&letter), 400));
            (after, count) = (id, count + 1);
        }
    }
    if count == 0 {
        outln!("There are no dead letters.");
    }
    Ok(())
}

async fn find(oracle: &mut Oracle, id: u64) -> anyhow::Result<DeadLetter> {
    let reply = oracle.ask(AdminRequest::Dead { after: id.saturating_sub(1) }).await?;
    let AdminReply::Dead { page } = reply else { return Err(strange(&reply)) };
    let letter = page.into_iter().find(|(found, _)| *found == id).map(|(_, letter)| letter);
    letter.ok_or_else(|| absent(id))
}

async fn show(oracle: &mut Oracle, id: u64) -> anyhow::Result<()> {
    out!("{}", whole(&find(oracle, id).await?));
    Ok(())
}

async fn retry(oracle: &mut Oracle, id: u64) -> anyhow::Result<()> {
    let letter = find(oracle, id).await?.letter;
    done(oracle.ask(AdminRequest::DeadRetry { id }).await?, id, "was put back")?;
    let Letter::Event(Inbound { place, .. }) = letter else { return Ok(()) };
    let reply = oracle.ask(AdminRequest::Conversation { place: place.clone() }).await?;
    let AdminReply::Conversation { view } = reply else { return Err(strange(&reply)) };
    match view.and_then(|view| view.open) {
        Some(open) => {
            outln!("It goes to conversation {} at {place}: {} ({}).", open.generation, open.flow, open.digest.short())
        }
        None => outln!("No conversation is open at {place}: what it begins is on the current version."),
    }
    Ok(())
}

fn summary(letter: &DeadLetter) -> String {
    let flow = letter.flow.as_ref().map_or("(no flow)", |(flow, _)| flow.as_str());
    let what = match &letter.letter {
        Letter::Event(event) => format!("{} {}", event.place, body(&event.body)),
        Letter::Message(message) => format!("{} message `{}`", message.place, message.text),
    };
    format!("{flow}  {}  {what}", letter.error)
}

/// An event in a few words.
pub(super) fn body(body: &Body) -> String {
    match body {
        Body::Start { flow, arguments } => format!("start {flow} {arguments}"),
        Body::Said { text, .. } => format!("said `{text}`"),
        Body::Edited { text, .. } => format!("changed to `{text}`"),
        Body::Picked { values, .. } => format!("picked {}", values.join(", ")),
        Body::Filled { values, .. } => format!("filled in {}", values.keys().cloned().collect::<Vec<_>>().join(", ")),
        Body::Control(control) => format!("{control:?}").to_lowercase(),
        Body::Reset => "reset".to_owned(),
        Body::Timer { name, .. } => format!("timer `{name}`"),
        Body::Undelivered { key, .. } => format!("message `{key}` undelivered"),
    }
}

fn whole(letter: &DeadLetter) -> String {
    let mut text = String::new();
    let mut row = |name: &str, value: &str| text.push_str(&format!("{name:<10}{}\n", line(value, 20_000)));
    row("given up", &time(letter.at));
    if let Some((flow, digest)) = &letter.flow {
        row("flow", &format!("{flow} ({})", digest.short()));
    }
    row("error", &letter.error);
    row("reason", &letter.reason);
    row("attempts", &letter.attempts.to_string());
    match &letter.letter {
        Letter::Event(Inbound { id, place, person, at, body: what, .. }) => {
            row("place", place.as_str());
            row("person", &format!("{} ({})", person.id, person.name));
            row("accepted", &time(*at));
            row("event", &format!("{id}: {}", body(what)));
        }
        Letter::Message(Message { id, place, text: said, .. }) => {
            row("place", place.as_str());
            row("message", &format!("{id}: {said}"));
        }
    }
    for Call { number, name, request, result } in &letter.journal {
        row(&format!("call {number}"), &format!("{name} {request}"));
        row("  answer", result.as_ref().map_or("none: it was cut off", |result| &result.answer));
    }
    text
}
