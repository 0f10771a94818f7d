//! `pesto chat`: a conversation in the terminal, with the running host or, where there is none, with one inside.

mod ahead;
mod asked;
mod day;
mod filling;
mod lines;
mod setting;
mod view;
mod wrap;

use std::io::{IsTerminal, Write as _};
use std::path::Path;
use std::time::{Duration, SystemTime};

use anyhow::Context as _;
use pesto_engine::model::{FlowName, Place};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::admin::{AdminReply, AdminRequest};
use crate::app::App;
use crate::cli::Common;
use crate::cli::ask::strange;
use crate::config::{Config, Scope};
use crate::out::errln;
use crate::socket::{Client, Heard, OpenConversation, Setting, Talk};
use crate::store::OpenError;

use ahead::Ahead;
use asked::{Asked, Line};
use lines::Lines;
use view::Style;

/// The id of a person who has no name.
const NOBODY: &str = "you";

/// How often a host is looked at that does not do yet what is waited for, and the pause between two looks.
const PATIENCE: u32 = 150;
const PAUSE: Duration = Duration::from_millis(200);

const RULE: &str = "choose one with --as, of 1 to 80 bytes without blanks, `/`, `#` and `@`";

/// Talks to the running host, or to one inside, in this terminal.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The flow to begin with, where no conversation is open.
    pub flow: Option<FlowName>,
    /// Who is talking; somebody without a name where it is not said.
    #[arg(long = "as", value_name = "PERSON", env = "USER")]
    pub person: Option<String>,
    /// Ends the conversation that is open, if one is, and begins anew.
    #[arg(long)]
    pub fresh: bool,
    /// Your time zone, such as Europe/Rome. By default this machine's: TZ, /etc/localtime or /etc/timezone.
    #[arg(long, value_name = "ZONE", value_parser = setting::zone)]
    time_zone: Option<String>,
    /// Your language, such as en-GB. By default this machine's: LC_ALL, LC_MESSAGES or LANG.
    #[arg(long, value_name = "TAG", value_parser = setting::tag)]
    locale: Option<String>,
    #[command(flatten)]
    common: Common,
}

/// Talks until the person leaves (Ctrl-D), or the lines that are piped in are answered.
pub async fn run(args: Args) -> anyhow::Result<()> {
    let config = args.common.config(Scope::Store)?;
    let name = args.person.unwrap_or_default();
    let id = if name.is_empty() { NOBODY.to_owned() } else { name.clone() };
    // The host would say the same, but of a place, which means nothing here.
    let place = Place::direct("local", &id);
    let place = place.map_err(|_| anyhow::anyhow!("`{id}` cannot be a person's id: {RULE}"))?;
    crate::log::start(&config.log, tracing::Level::WARN);
    let host = reach(&config, &args.common).await?;
    if args.fresh {
        cancel(&config, place).await?;
    }
    let setting = Setting {
        locale: args.locale.unwrap_or_else(setting::own_locale),
        time_zone: args.time_zone.unwrap_or_else(setting::own_zone),
    };
    let zone = setting.time_zone.clone();
    let talk = Talk::start(config.socket(), id, name, setting);
    let ended = Chat::new(talk, args.flow, zone).run().await;
    match host {
        Some(host) => ended.and(host.stop().await),
        None => ended,
    }
}

/// Finds the running host, or starts one inside, which serves this terminal only. A host that is starting has the data
/// folder and does not listen yet: it is waited for.
async fn reach(config: &Config, common: &Common) -> anyhow::Result<Option<Inside>> {
    let mut waited = 0;
    loop {
        if Client::connect(&config.socket()).await?.is_some() {
            return Ok(None);
        }
        match App::new(&common.config(Scope::Terminal)?).await {
            Ok(app) => return Inside::start(app).await.map(Some),
            Err(error) if waited < PATIENCE && matches!(error.downcast_ref(), Some(OpenError::InUse(_))) => {
                if waited == 0 {
                    errln!("A host has the data folder and does not listen yet; I wait for it.");
                }
                waited += 1;
                tokio::time::sleep(PAUSE).await;
            }
            Err(error) => return Err(error),
        }
    }
}

/// Ends what goes on at a place, as its person would.
async fn cancel(config: &Config, place: Place) -> anyhow::Result<()> {
    let Some(mut client) = Client::connect(&config.socket()).await? else { return Ok(()) };
    match client.ask(AdminRequest::Cancel { place: place.clone() }).await? {
        AdminReply::Ended { ended: Some(_), .. } => {}
        AdminReply::Ended { ended: None, .. } => return Ok(()),
        AdminReply::Failed { reason } => anyhow::bail!("{reason}"),
        reply => return Err(strange(&reply)),
    }
    // It is an event as others are: what is said next must come behind it.
    for _ in 0..PATIENCE {
        match client.ask(AdminRequest::Conversation { place: place.clone() }).await? {
            AdminReply::Conversation { view } if view.as_ref().is_none_or(|view| view.open.is_none()) => return Ok(()),
            AdminReply::Conversation { .. } => tokio::time::sleep(PAUSE).await,
            reply => return Err(strange(&reply)),
        }
    }
    anyhow::bail!("the conversation that is open does not end; `pesto conversations reset {place}` ends it")
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
    ahead: Ahead,
    piped: bool,
    greeted: bool,
    time_zone: String,
}

impl Chat {
    fn new(talk: Talk, flow: Option<FlowName>, time_zone: String) -> Self {
        let piped = !std::io::stdin().is_terminal();
        Self { talk, flow, asked: Asked::default(), ahead: Ahead::new(), piped, greeted: false, time_zone }
    }

    async fn run(mut self) -> anyhow::Result<()> {
        let mut lines = Lines::start(self.piped)?;
        // A piped line waits until all is answered. A person may type at any time.
        let (mut listening, mut leaving) = (!self.piped, false);
        loop {
            tokio::select! {
                line = lines.next(), if listening => match line {
                    Some(line) if self.piped => listening = !self.line(&line, &mut lines),
                    Some(line) => {
                        if let Some(line) = self.ahead.typed(line, self.greeted) {
                            self.line(&line, &mut lines);
                        }
                    }
                    None if self.piped || self.ahead.is_empty() => break,
                    // What was typed ahead is answered before the person leaves.
                    None => (listening, leaving) = (false, true),
                },
                heard = self.talk.next() => match heard {
                    Some(heard) => {
                        let settled = self.heard(heard, &mut lines)?;
                        let sent = settled && !self.piped && self.next_typed(&mut lines);
                        if leaving && settled && !sent {
                            break;
                        }
                        listening |= settled && !leaving;
                    }
                    None => anyhow::bail!("the host hung up"),
                },
            }
        }
        let unsent = self.talk.leave().await;
        if unsent > 0 {
            aside(&format!("The host is away, and has not got your last words ({unsent})."), &mut lines);
        }
        if !self.piped {
            let form = if self.asked.holds_entries() { ", and you begin the form anew" } else { "" };
            aside(&format!("Good-bye. Come back with the same command: we go on where we were{form}."), &mut lines);
        }
        Ok(())
    }

    /// Sends the next line that was typed ahead. Answers whether there was one.
    fn next_typed(&mut self, lines: &mut Lines) -> bool {
        let next = self.ahead.settled();
        if let Some(line) = &next {
            self.line(line, lines);
            self.talk.settle();
        }
        next.is_some()
    }

    /// Sends a line. Answers whether its answer is to be waited for.
    fn line(&mut self, line: &str, lines: &mut Lines) -> bool {
        if self.piped {
            lines.print(&Style::of_stdout().typed(line));
        }
        match self.asked.read(line, setting::seen_in(&self.time_zone, SystemTime::now()), Style::of_stdout()) {
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
            Heard::Welcome { notice, flows, open } => {
                if let Some(unbuilt) = self.flow.as_ref().filter(|flow| !flows.contains(*flow)).and_then(unbuilt) {
                    aside(&unbuilt, lines);
                }
                self.asked.offered(flows);
                self.welcome(notice, open, lines);
            }
            Heard::Message(message) => {
                let style = Style::of_stdout();
                lines.print(&style.message(&message));
                self.talk.shown(message.id.clone());
                match message.asks() {
                    Some(asks) => self.asked.shown(message.id, asks),
                    None => self.asked.again(style).iter().for_each(|field| lines.print(field)),
                }
            }
            Heard::Progress(text) => aside(&text, lines),
            Heard::Refused(reason) => aside(&reason, lines),
            Heard::Settled => return Ok(true),
            Heard::Away => aside("The host is away; what you say is sent when it is back.", lines),
            Heard::Bye(reason) => anyhow::bail!("the host hung up: {reason}"),
        }
        Ok(false)
    }

    fn welcome(&mut self, notice: Option<String>, open: Option<OpenConversation>, lines: &mut Lines) {
        if std::mem::replace(&mut self.greeted, true) {
            return;
        }
        if !self.piped {
            aside("Type your answer, or the number of a choice. `help` helps, Ctrl-C leaves.", lines);
        }
        if let Some(notice) = notice {
            aside(&notice, lines);
        }
        match (open, self.flow.take()) {
            (Some(open), wanted) if wanted.as_ref().is_none_or(|wanted| *wanted == open.flow) => {
                let style = Style::of_stdout();
                lines.print(&style.aside(&format!("We are in the middle of {}.", open.title)));
                if let Some(last) = open.last {
                    lines.print(&style.said(&last));
                }
                for question in open.questions {
                    lines.print(&style.asks(&question.asks));
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

/// What to do about a flow that is not there, where its source is.
fn unbuilt(flow: &FlowName) -> Option<String> {
    let folder = Path::new("plugins").join(flow.as_str());
    folder
        .join("Cargo.toml")
        .is_file()
        .then(|| format!("`{flow}` is not built: run `pesto build {}`.", folder.display()))
}

fn aside(text: &str, lines: &mut Lines) {
    lines.print(&Style::of_stdout().aside(text));
}
