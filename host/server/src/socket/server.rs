//! The host's end: accepts terminals and commands.

use std::io;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use pesto_engine::engine::Engine;
use pesto_engine::intake::Rejected;
use pesto_engine::model::{Body, Inbound, Person, Place};
use pesto_engine::policy::MEMBERS;
use pesto_engine::ports::StoreError;
use pesto_engine::router::open_question;
use pesto_engine::texts::{self, Words};
use tokio::io::BufReader;
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::frame::{FromHost, OpenConversation, Room, ToHost, read, write};
use crate::admin::Desk;
use crate::seldom::Seldom;
use crate::terminal::Terminal;

/// The workspace of people in terminals.
pub(crate) const WORKSPACE: &str = "local";
/// What fails where clients are hung up on.
const LOOKING: &str = "looking up what clients go on with";
const BRINGING: &str = "bringing clients what waits for them";
const TAKING: &str = "taking what clients say";
/// Frames to a client that reads slowly; then its session waits.
const QUEUE: usize = 64;
/// The pause after the store failed.
const MOMENT: Duration = Duration::from_secs(1);
/// Between two looks whether all is done that a client waits for.
const GLANCE: Duration = Duration::from_millis(500);
/// Clients at once.
const MOST_CLIENTS: usize = 1_000;

/// A bound socket. Dropping it hangs up on all clients.
pub struct Listener {
    listener: UnixListener,
    path: PathBuf,
    /// The file's number: only our own socket is removed in the end.
    number: u64,
}

/// What a session works with.
#[derive(Clone)]
struct Host {
    engine: Arc<Engine>,
    terminal: Arc<Terminal>,
    desk: Arc<Desk>,
    notice: Option<String>,
    room: Room,
}

impl Listener {
    /// Binds the socket, for the user that runs the host alone. A socket that a dead host left is replaced; one that
    /// somebody listens at, or a file of another kind, is not.
    pub fn bind(path: &Path) -> anyhow::Result<Self> {
        if let Ok(there) = std::fs::symlink_metadata(path) {
            let left_over = there.file_type().is_socket()
                && std::os::unix::net::UnixStream::connect(path)
                    .is_err_and(|error| error.kind() == io::ErrorKind::ConnectionRefused);
            anyhow::ensure!(
                left_over,
                "somebody listens at {}, or it is no socket: a host that runs already is to be stopped first, or this one is to \
                 have a data folder of its own (PESTO_DATA)",
                path.display()
            );
            std::fs::remove_file(path)?;
        }
        let listener = UnixListener::bind(path).with_context(|| {
            format!("cannot listen at {}; set PESTO_SOCKET to a path of at most 100 bytes", path.display())
        })?;
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))?;
        let number = std::fs::symlink_metadata(path)?.ino();
        Ok(Self { listener, path: path.to_owned(), number })
    }

    /// Serves clients until it is dropped.
    pub async fn serve(self, engine: Arc<Engine>, terminal: Arc<Terminal>, desk: Arc<Desk>, notice: Option<String>) {
        let host = Host { engine, terminal, desk, notice, room: Room::default() };
        let sent_away = Seldom::default();
        let mut sessions = JoinSet::new();
        loop {
            while sessions.try_join_next().is_some() {}
            match self.listener.accept().await {
                Ok((stream, _)) if sessions.len() < MOST_CLIENTS => {
                    sessions.spawn(session(stream, host.clone()));
                }
                Ok((stream, _)) => {
                    send_away(&stream);
                    if let Some(count) = sent_away.happens() {
                        tracing::warn!(count, "there are {MOST_CLIENTS} clients, and another one was sent away");
                    }
                }
                Err(error) => {
                    // Out of file descriptors, most likely: wait for some to be given back.
                    tracing::warn!(%error, "a client could not be accepted");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            }
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        if std::fs::symlink_metadata(&self.path).is_ok_and(|there| there.ino() == self.number) {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

/// Says why, if that can be done at once.
fn send_away(stream: &UnixStream) {
    let bye = FromHost::Bye { reason: format!("the host has {MOST_CLIENTS} clients already: try again later") };
    if let Ok(line) = serde_json::to_string(&bye) {
        let _ = stream.try_write(format!("{line}\n").as_bytes());
    }
}

async fn session(stream: UnixStream, host: Host) {
    let (from, mut to) = stream.into_split();
    let (sender, mut frames) = mpsc::channel::<FromHost>(QUEUE);
    let mut from = BufReader::new(from);
    let mut session = Session { host, sender, person: None, settling: JoinSet::new() };
    let writing = async {
        while let Some(frame) = frames.recv().await {
            let last = matches!(frame, FromHost::Bye { .. });
            write(&mut to, &frame).await?;
            if last {
                break;
            }
        }
        io::Result::Ok(())
    };
    let reading = async {
        while let Some(frame) = read(&mut from, &session.host.room).await? {
            session.handle(frame).await?;
        }
        io::Result::Ok(())
    };
    let ended = tokio::select! {
        ended = writing => ended,
        ended = reading => ended,
    };
    match ended {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::InvalidData => {
            tracing::warn!(%error, "a client of the socket was hung up on");
            let bye = FromHost::Bye { reason: error.to_string() };
            let _ = write(&mut to, &bye).await;
        }
        Err(error) => tracing::debug!(%error, "a client of the socket went away"),
    }
    if let Some((place, _, serial)) = session.person {
        session.host.terminal.detach(&place, serial);
    }
}

struct Session {
    host: Host,
    sender: mpsc::Sender<FromHost>,
    person: Option<(Place, Person, u64)>,
    settling: JoinSet<()>,
}

impl Session {
    /// An error hangs up.
    async fn handle(&mut self, frame: ToHost) -> io::Result<()> {
        match frame {
            ToHost::Hello { person, name, locale, time_zone } => {
                let line = pesto_engine::text::line;
                self.hello(Person {
                    id: person,
                    name: line(&name, 200),
                    locale: line(&locale, 40),
                    time_zone: line(&time_zone, 60),
                    utc_offset: None,
                    groups: vec![MEMBERS.to_owned()],
                })
                .await?;
            }
            ToHost::Say { id, text } => self.event(id, Body::Said { text, files: Vec::new() }).await?,
            ToHost::Pick { id, message, values } => self.event(id, Body::Picked { message, values }).await?,
            ToHost::Fill { id, message, values } => self.event(id, Body::Filled { message, values }).await?,
            ToHost::Start { id, flow, arguments } => self.event(id, Body::Start { flow, arguments }).await?,
            ToHost::Shown { id } => {
                if let Some((place, ..)) = &self.person {
                    self.host.terminal.shown(place, &id);
                }
            }
            ToHost::Settle => self.settle(),
            ToHost::Admin(request) => {
                let reply = self.host.desk.answer(request).await;
                self.send(FromHost::Admin(reply)).await;
            }
        }
        Ok(())
    }

    async fn hello(&mut self, person: Person) -> io::Result<()> {
        if self.person.is_some() {
            self.send(FromHost::Bye { reason: "you have said hello already".to_owned() }).await;
            return Ok(());
        }
        let place = match Place::direct(WORKSPACE, &person.id) {
            Ok(place) => place,
            Err(error) => {
                self.send(FromHost::Bye { reason: error.to_string() }).await;
                return Ok(());
            }
        };
        let open = self.of_store(LOOKING, self.open(&place, texts::of(&person.locale))).await?;
        let flows = self.host.engine.offers(&person, &place).flows.keys().cloned().collect();
        self.send(FromHost::Welcome { notice: self.host.notice.clone(), flows, open }).await;
        let serial = self.host.terminal.attach(&place, self.sender.clone());
        self.person = Some((place.clone(), person, serial));
        self.of_store(BRINGING, self.host.engine.arrived(&place)).await
    }

    /// What the store answers. Where it fails there is a pause before the client is hung up on, for it comes again at once.
    async fn of_store<T>(
        &self,
        what: &'static str,
        step: impl Future<Output = Result<T, StoreError>>,
    ) -> io::Result<T> {
        let answer = self.host.engine.of_store(what, step).await;
        answer.ok_or_else(|| io::Error::other("the store failed"))
    }

    async fn open(&self, place: &Place, words: &dyn Words) -> Result<Option<OpenConversation>, StoreError> {
        let store = &self.host.engine.ports().store;
        let glance = store.glance(place).await?;
        let Some(open) = glance.conversation else { return Ok(None) };
        if glance.outbox > 0 {
            // What was said last is on its way still, and need not be shown twice.
            let title = open.title().to_owned();
            return Ok(Some(OpenConversation { flow: open.flow, title, last: None, questions: Vec::new() }));
        }
        let last = match open_question(&open, words) {
            Some(question) => Some(question),
            None => store.history(place, open.generation, 1).await?.pop().map(|exchange| exchange.answered),
        };
        Ok(Some(OpenConversation {
            title: open.title().to_owned(),
            flow: open.flow,
            last: last.filter(|last| !last.is_empty()),
            questions: open.questions,
        }))
    }

    async fn event(&self, id: String, body: Body) -> io::Result<()> {
        let Some((place, person, _)) = &self.person else {
            self.send(FromHost::Refused { id, reason: "say hello first".to_owned() }).await;
            return Ok(());
        };
        let inbound = Inbound {
            id: format!("{WORKSPACE}/{}/{id}", person.id),
            place: place.clone(),
            person: person.clone(),
            at: 0,
            sent: None,
            manner: Default::default(),
            body,
        };
        // They hear the answer where they spoke last.
        self.of_store(BRINGING, self.host.engine.arrived(place)).await?;
        let taken = async {
            match self.host.engine.accept(inbound).await {
                Err(Rejected::Store(error)) => Err(error),
                answer => Ok(answer),
            }
        };
        // Without an answer the client comes again, and sends it again.
        let answer = match self.of_store(TAKING, taken).await? {
            Ok(_) => FromHost::Stored { id },
            Err(error) => FromHost::Refused { id, reason: error.to_string() },
        };
        self.send(answer).await;
        Ok(())
    }

    fn settle(&mut self) {
        let Some((place, ..)) = self.person.clone() else { return };
        let (engine, sender) = (self.host.engine.clone(), self.sender.clone());
        while self.settling.try_join_next().is_some() {}
        self.settling.spawn(async move {
            // The store may be away for a while; this ends with the session.
            loop {
                match tokio::time::timeout(GLANCE, engine.settled(&place)).await {
                    Ok(Ok(())) => break,
                    Ok(Err(_)) => tokio::time::sleep(MOMENT).await,
                    // Another host may have done the last of it, of which only the store knows.
                    Err(_) => {}
                }
            }
            let _ = sender.send(FromHost::Settled).await;
        });
    }

    async fn send(&self, frame: FromHost) {
        // A client that is gone is noticed by the reader.
        let _ = self.sender.send(frame).await;
    }
}
