//! `pesto chat`: a conversation in the terminal, with the running host or, where there is none, with one inside.

mod filling;
mod lines;
mod view;

use std::io::{IsTerminal, Write as _};
use std::time::Duration;

use anyhow::Context as _;
use pesto_engine::model::{FlowName, Place};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::app::App;
use crate::cli::Common;
use crate::config::Config;
use crate::socket::{Client, Heard, OpenConversation, Talk};
use crate::store::OpenError;

use lines::Lines;
use view::{Asked, Line, Style};

/// The id of a person who has no name.
const NOBODY: &str = "you";

const RULE: &str = "choose one with --as, of 1 to 80 bytes without blanks, `/`, `#` and `@`";

/// Talks to the running host, or to one inside, in this terminal.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The flow to begin with, where no conversation is open.
    pub flow: Option<FlowName>,
    /// Who is talking; somebody without a name where it is not said.
    #[arg(long = "as", value_name = "PERSON", env = "USER")]
    pub person: Option<String>,
    #[command(flatten)]
    common: Common,
}

/// Talks until the person leaves (Ctrl-D), or the lines that are piped in are answered.
pub async fn run(args: Args) -> anyhow::Result<()> {
    let config = args.common.config()?;
    let name = args.person.unwrap_or_default();
    let id = if name.is_empty() { NOBODY.to_owned() } else { name.clone() };
    // The host would say the same, but of a place, which means nothing here.
    Place::direct("local", &id).map_err(|_| anyhow::anyhow!("`{id}` cannot be a person's id: {RULE}"))?;
    crate::log::start(&config.log, tracing::Level::WARN);
    let host = reach(&config).await?;
    let talk = Talk::start(config.socket(), id, name);
    let ended = Chat::new(talk, args.flow).run().await;
    match host {
        Some(host) => ended.and(host.stop().await),
        None => ended,
    }
}

/// Finds the running host, or starts one inside. A host that is starting has the data folder and does not listen yet:
/// it is waited for.
async fn reach(config: &Config) -> anyhow::Result<Option<Inside>> {
    const PATIENCE: u32 = 150;
    let mut waited = 0;
    loop {
        if Client::connect(&config.socket()).await?.is_some() {
            return Ok(None);
        }
        match App::new(config).await {
            Ok(app) => return Inside::start(app).await.map(Some),
            Err(error) if waited < PATIENCE && matches!(error.downcast_ref(), Some(OpenError::InUse(_))) => {
                if waited == 0 {
                    eprintln!("A host has the data folder and does not listen yet; I wait for it.");
                }
                waited += 1;
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
            Err(error) => return Err(error),
        }
    }
}

/// A host in this process.
struct Inside {
    stop: oneshot::Sender<()>,
    task: JoinHandle<anyhow::Result<()>>,
}

impl Inside {
    async fn start(app: App) -> anyhow::Result<Self> {
        let (stop, stopped) = oneshot::channel();
        let (ready, is_ready) = oneshot::channel();
        let ready = move || {
            // Nobody waits any more where the host failed to start.
            let _ = ready.send(());
        };
        let mut task = tokio::spawn(app.run(ready, async { drop(stopped.await) }));
        tokio::select! {
            _ = is_ready => Ok(Self { stop, task }),
            ended = &mut task => {
                ended??;
                anyhow::bail!("the host ended before it was ready")
            }
        }
    }

    async fn stop(self) -> anyhow::Result<()> {
        let _ = self.stop.send(());
        self.task.await.context("the host inside broke off")?
    }
}

/// A conversation with a person in front of the terminal, or with lines that are piped in. The latter are sent one
/// at a time, each when the one before is answered, as a person would.
struct Chat {
    talk: Talk,
    flow: Option<FlowName>,
    asked: Asked,
    style: Style,
    piped: bool,
    greeted: bool,
}

impl Chat {
    fn new(talk: Talk, flow: Option<FlowName>) -> Self {
        let style = Style { colour: std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none() };
        let piped = !std::io::stdin().is_terminal();
        Self { talk, flow, asked: Asked::default(), style, piped, greeted: false }
    }

    async fn run(mut self) -> anyhow::Result<()> {
        let mut lines = Lines::start(self.piped)?;
        // A person may type at any time; a piped line waits until all is answered.
        let mut listening = !self.piped;
        loop {
            tokio::select! {
                line = lines.next(), if listening => match line {
                    Some(line) => {
                        listening = !self.line(&line, &mut lines);
                    }
                    None => break,
                },
                heard = self.talk.next() => match heard {
                    Some(heard) => {
                        if self.heard(heard, &mut lines)? {
                            listening = true;
                        }
                    }
                    None => anyhow::bail!("the host hung up"),
                },
            }
        }
        let unsent = self.talk.leave().await;
        if unsent > 0 {
            lines.print(&self.style.aside(&format!("The host is away, and has not got your last words ({unsent}).")));
        }
        if !self.piped {
            lines.print(&self.style.aside("Good-bye. Come back with the same command: we go on where we were."));
        }
        Ok(())
    }

    /// Sends a line. Answers whether its answer is to be waited for.
    fn line(&mut self, line: &str, lines: &mut Lines) -> bool {
        if self.piped {
            lines.print(&self.style.typed(line));
        }
        match self.asked.read(line, self.style) {
            Line::Empty => return false,
            Line::Say(text) => self.talk.say(&text),
            Line::Pick(message, values) => self.talk.pick(message, values),
            Line::Ask(text) => {
                lines.print(&text);
                return false;
            }
            Line::Fill(message, values) => self.talk.fill(message, values),
        }
        if self.piped {
            self.talk.settle();
        }
        self.piped
    }

    /// Shows what is heard. Answers whether all is answered.
    fn heard(&mut self, heard: Heard, lines: &mut Lines) -> anyhow::Result<bool> {
        match heard {
            Heard::Welcome { notice, open } => self.welcome(notice, open, lines),
            Heard::Message(message) => {
                lines.print(&self.style.message(&message));
                self.talk.shown(message.id.clone());
                if let Some(asks) = message.asks() {
                    self.asked.shown(message.id, asks);
                }
            }
            Heard::Progress(text) => lines.print(&self.style.aside(&text)),
            Heard::Refused(reason) => lines.print(&self.style.aside(&reason)),
            Heard::Settled => return Ok(true),
            Heard::Away => lines.print(&self.style.aside("The host is away; what you say is sent when it is back.")),
            Heard::Bye(reason) => anyhow::bail!("the host hung up: {reason}"),
        }
        Ok(false)
    }

    fn welcome(&mut self, notice: Option<String>, open: Option<OpenConversation>, lines: &mut Lines) {
        if std::mem::replace(&mut self.greeted, true) {
            return;
        }
        if !self.piped {
            lines.print(&self.style.aside("Type your answer, or the number of a choice. `help` helps, Ctrl-C leaves."));
        }
        if let Some(notice) = notice {
            lines.print(&self.style.aside(&notice));
        }
        match (open, self.flow.take()) {
            (Some(open), wanted) if wanted.as_ref().is_none_or(|wanted| *wanted == open.flow) => {
                lines.print(&self.style.aside(&format!("We are in the middle of {}.", open.flow)));
                if let Some(last) = open.last {
                    lines.print(&self.style.said(&last));
                }
                for question in open.questions {
                    lines.print(&self.style.asks(&question.asks));
                    self.asked.shown(question.message, question.asks);
                }
            }
            (_, Some(wanted)) => self.talk.start_flow(wanted),
            (_, None) => {}
        }
        // Even where nothing was asked for, earlier messages may be on their way.
        self.talk.settle();
        let _ = std::io::stdout().flush();
    }
}
