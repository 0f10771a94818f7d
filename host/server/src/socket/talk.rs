//! A person's conversation over the socket that outlives the host: reconnects, sends again what was not stored,
//! and shows no message twice.

use std::collections::{BTreeSet, HashSet, VecDeque};
use std::path::PathBuf;
use std::time::Duration;

use pesto_engine::model::{EffectId, FlowName, Message, Values};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use uuid::Uuid;

use super::client::Client;
use super::frame::{FromHost, OpenConversation, ToHost};

/// Between two attempts to reach the host.
const PAUSE: Duration = Duration::from_millis(100);
/// How long a person who leaves waits for what they said to be stored.
const MOMENT: Duration = Duration::from_secs(2);
/// Ids of shown messages that are remembered.
const REMEMBERED: usize = 1_000;

/// What a person hears.
#[derive(Debug, Clone, PartialEq)]
pub enum Heard {
    /// The host is there, for the first time or again.
    Welcome {
        /// What the person should know.
        notice: Option<String>,
        /// The flows that they can start.
        flows: BTreeSet<FlowName>,
        /// Where they left off.
        open: Option<OpenConversation>,
    },
    /// A message, for the first time. Answer with [`Talk::shown`].
    Message(Message),
    /// A sign of life.
    Progress(String),
    /// An event was not taken, for this reason.
    Refused(String),
    /// All is done that was asked for before [`Talk::settle`].
    Settled,
    /// The host is gone; it is waited for.
    Away,
    /// The host hung up for good.
    Bye(String),
}

enum Command {
    Event(String, ToHost),
    Shown(EffectId),
    Settle,
}

/// How a person's machine is set.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Setting {
    /// An IETF language tag such as `en-GB`, or empty.
    pub locale: String,
    /// An IANA zone such as `Europe/Rome`, or empty.
    pub time_zone: String,
}

/// A person at the socket.
pub struct Talk {
    commands: mpsc::UnboundedSender<Command>,
    heard: mpsc::UnboundedReceiver<Heard>,
    run: String,
    events: u64,
    /// Events that the host has not stored.
    pending: watch::Sender<usize>,
}

impl Talk {
    /// Begins to talk, as soon as a host listens at `socket`.
    pub fn start(socket: PathBuf, person: String, name: String, setting: Setting) -> Self {
        let (commands, inbox) = mpsc::unbounded_channel();
        let (hear, heard) = mpsc::unbounded_channel();
        let pending = watch::Sender::new(0);
        let link = Link {
            socket,
            hello: ToHost::Hello { person, name, locale: setting.locale, time_zone: setting.time_zone },
            inbox,
            hear,
            unstored: VecDeque::new(),
            pending: pending.clone(),
            away: false,
            settling: false,
            shown: HashSet::new(),
            order: VecDeque::new(),
        };
        tokio::spawn(link.keep());
        // Ids must differ from those of the person's earlier terminals.
        Self { commands, heard, run: Uuid::new_v4().simple().to_string(), events: 0, pending }
    }

    /// Gives the host a moment to store what was said last, and answers how much of it is not stored.
    pub async fn leave(&self) -> usize {
        let stored = async {
            // The sender lives as long as we do.
            let _ = self.pending.subscribe().wait_for(|pending| *pending == 0).await;
        };
        let _ = tokio::time::timeout(MOMENT, stored).await;
        *self.pending.borrow()
    }

    /// What is heard next; none when the host hung up for good.
    pub async fn next(&mut self) -> Option<Heard> {
        self.heard.recv().await
    }

    /// Says something.
    pub fn say(&mut self, text: &str) {
        self.event(|id| ToHost::Say { id, text: text.to_owned() });
    }

    /// Picks from a message's choices.
    pub fn pick(&mut self, message: EffectId, values: Vec<String>) {
        self.event(|id| ToHost::Pick { id, message, values });
    }

    /// Fills in a message's form.
    pub fn fill(&mut self, message: EffectId, values: Values) {
        self.event(|id| ToHost::Fill { id, message, values });
    }

    /// Asks for a flow.
    pub fn start_flow(&mut self, flow: FlowName) {
        self.event(|id| ToHost::Start { id, flow, arguments: String::new() });
    }

    /// A message was shown.
    pub fn shown(&self, id: EffectId) {
        self.command(Command::Shown(id));
    }

    /// Asks to be told when all is done.
    pub fn settle(&self) {
        self.command(Command::Settle);
    }

    fn event(&mut self, frame: impl FnOnce(String) -> ToHost) {
        self.events += 1;
        self.pending.send_modify(|pending| *pending += 1);
        let id = format!("{}-{}", self.run, self.events);
        self.command(Command::Event(id.clone(), frame(id)));
    }

    fn command(&self, command: Command) {
        // A link that is gone said bye before.
        let _ = self.commands.send(command);
    }
}

struct Link {
    socket: PathBuf,
    hello: ToHost,
    inbox: mpsc::UnboundedReceiver<Command>,
    hear: mpsc::UnboundedSender<Heard>,
    unstored: VecDeque<(String, ToHost)>,
    pending: watch::Sender<usize>,
    /// The person knows that the host is away.
    away: bool,
    settling: bool,
    shown: HashSet<EffectId>,
    order: VecDeque<EffectId>,
}

impl Link {
    async fn keep(mut self) {
        while !self.hear.is_closed() {
            match Client::connect(&self.socket).await {
                Ok(Some(client)) => {
                    if self.talk(client).await {
                        return;
                    }
                }
                Ok(None) => {}
                Err(error) => return self.hear(Heard::Bye(format!("{error:#}"))),
            }
            if !std::mem::replace(&mut self.away, true) {
                self.hear(Heard::Away);
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// One connection. Answers whether the talk is over.
    async fn talk(&mut self, client: Client) -> bool {
        let Client { mut from, mut to } = client;
        let unstored = self.unstored.iter().map(|(_, frame)| frame.clone());
        let settle = self.settling.then_some(ToHost::Settle);
        let mut outgoing: Vec<_> = std::iter::once(self.hello.clone()).chain(unstored).chain(settle).collect();
        let (sender, mut frames) = mpsc::channel(1);
        // Reading a line cannot be broken off half-way, so it has a task of its own.
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            loop {
                let frame = match from.next().await {
                    Ok(Some(frame)) => frame,
                    Ok(None) => return,
                    Err(error) => FromHost::Bye { reason: format!("what it says cannot be read: {error}") },
                };
                if sender.send(frame).await.is_err() {
                    return;
                }
            }
        });
        loop {
            for frame in outgoing.drain(..) {
                if to.send(&frame).await.is_err() {
                    return false;
                }
            }
            tokio::select! {
                // Who writes and does not read stops the host's end, and then their own.
                biased;
                frame = frames.recv() => match frame {
                    Some(FromHost::Bye { reason }) => {
                        self.hear(Heard::Bye(reason));
                        return true;
                    }
                    Some(frame) => outgoing.extend(self.heard(frame)),
                    None => return false,
                },
                command = self.inbox.recv() => match command {
                    Some(command) => outgoing.push(self.command(command)),
                    None => return true,
                },
            }
        }
    }

    fn command(&mut self, command: Command) -> ToHost {
        match command {
            Command::Event(id, frame) => {
                self.unstored.push_back((id, frame.clone()));
                frame
            }
            Command::Shown(id) => ToHost::Shown { id },
            Command::Settle => {
                self.settling = true;
                ToHost::Settle
            }
        }
    }

    /// Takes a frame in; answers what is to be sent because of it.
    fn heard(&mut self, frame: FromHost) -> Option<ToHost> {
        match frame {
            FromHost::Welcome { notice, flows, open } => {
                // With words still to be stored, the host is back only when it has them.
                self.away = self.away && !self.unstored.is_empty();
                self.hear(Heard::Welcome { notice, flows, open });
            }
            FromHost::Stored { id } => self.taken(&id),
            FromHost::Refused { id, reason } => {
                self.taken(&id);
                self.hear(Heard::Refused(reason));
            }
            FromHost::Message(message) => {
                if self.shown.contains(&message.id) {
                    // The host did not hear that it was shown.
                    return Some(ToHost::Shown { id: message.id });
                }
                self.remember(message.id.clone());
                self.hear(Heard::Message(message));
            }
            FromHost::Progress { text } => self.hear(Heard::Progress(text)),
            FromHost::Settled => {
                if !self.unstored.is_empty() {
                    // More was said since, and is not stored yet.
                    return Some(ToHost::Settle);
                }
                if std::mem::take(&mut self.settling) {
                    self.hear(Heard::Settled);
                }
            }
            FromHost::Admin(_) | FromHost::Bye { .. } => {}
        }
        None
    }

    /// The host has an event, or never will.
    fn taken(&mut self, id: &str) {
        let before = self.unstored.len();
        self.unstored.retain(|(unstored, _)| unstored != id);
        self.away = false;
        let taken = before - self.unstored.len();
        self.pending.send_modify(|pending| *pending = pending.saturating_sub(taken));
    }

    fn remember(&mut self, id: EffectId) {
        self.shown.insert(id.clone());
        self.order.push_back(id);
        if self.order.len() > REMEMBERED
            && let Some(oldest) = self.order.pop_front()
        {
            self.shown.remove(&oldest);
        }
    }

    fn hear(&self, heard: Heard) {
        // Nobody listens any more when the person leaves.
        let _ = self.hear.send(heard);
    }
}
