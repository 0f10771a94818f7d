//! The real `pesto run` in a folder of its own.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use pesto_engine::model::DeadLetter;
use pesto_server::admin::{AdminReply, AdminRequest, Status};
use pesto_server::socket::{FromHost, ToHost};

use crate::PATIENCE;
use crate::log::Log;
use crate::person::Person;
use crate::setup::Setup;

/// What the host logs when people can talk.
const READY: &str = "the host is ready";
/// Between two questions where no event tells.
const PAUSE: Duration = Duration::from_millis(20);
/// How long work may still be under way when a test ends.
const SETTLING: Duration = Duration::from_secs(5);

/// A host that may be killed and started again. Dropping it fails the test where events, messages or dead letters
/// are left that the test did not declare.
pub struct TestHost {
    /// Its folder.
    pub setup: Setup,
    running: Option<Running>,
    logs: Vec<Log>,
    dead_letters: usize,
    checked: bool,
}

struct Running {
    child: Child,
    log: Log,
}

impl TestHost {
    /// Starts a host, and waits until it is ready.
    pub async fn start(setup: Setup) -> Self {
        Self::start_with(setup, &[]).await
    }

    /// The same, with variables of the environment, such as `PESTO_FAILPOINT`.
    pub async fn start_with(setup: Setup, environment: &[(&str, &str)]) -> Self {
        let mut host = Self { setup, running: None, logs: Vec::new(), dead_letters: 0, checked: false };
        host.again_with(environment).await;
        host
    }

    /// Starts the host again after it ended.
    pub async fn again(&mut self) {
        self.again_with(&[]).await;
    }

    /// The same, with variables of the environment.
    pub async fn again_with(&mut self, environment: &[(&str, &str)]) {
        self.launch(environment);
        self.log().wait(READY).await;
    }

    fn launch(&mut self, environment: &[(&str, &str)]) {
        assert!(self.running.is_none(), "the host runs already");
        let mut command = self.setup.pesto(&["run"]);
        command.envs(environment.iter().copied()).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("pesto can be started");
        let log = Log::collect(child.stderr.take().expect("its standard error is ours"));
        self.logs.push(log.clone());
        self.running = Some(Running { child, log });
    }

    /// What the running host logged, or the last one that ran.
    pub fn log(&self) -> &Log {
        self.logs.last().expect("a host was started")
    }

    /// Its process.
    pub fn pid(&self) -> u32 {
        self.running.as_ref().expect("the host runs").child.id()
    }

    /// Ends it at once, as `kill -9` does.
    pub fn kill(&mut self) {
        let mut running = self.running.take().expect("the host runs");
        running.child.kill().expect("our child can be killed");
        running.child.wait().expect("our child can be waited for");
    }

    /// Asks it to stop, without waiting.
    pub fn terminate(&self) {
        self.signal("TERM");
    }

    /// Sends its process a signal, such as `CONT`.
    pub fn signal(&self, name: &str) {
        // The shell knows `kill` where no such program is installed.
        let sent = Command::new("sh").arg("-c").arg(format!("kill -{name} {}", self.pid())).status();
        assert!(sent.is_ok_and(|status| status.success()), "the host could not be sent {name}");
    }

    /// Waits until its process is stopped, as by SIGSTOP.
    pub async fn stopped(&self) {
        let asked = Instant::now();
        let stat = format!("/proc/{}/stat", self.pid());
        // The state follows the name, which stands in brackets.
        while !std::fs::read_to_string(&stat).is_ok_and(|stat| stat.contains(") T ")) {
            assert!(asked.elapsed() < PATIENCE, "the host was not stopped");
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Waits until it ended by itself, at most for so long.
    pub async fn ended(&mut self, within: Duration) -> ExitStatus {
        let mut running = self.running.take().expect("the host runs");
        let asked = Instant::now();
        loop {
            if let Some(status) = running.child.try_wait().expect("our child can be asked") {
                return status;
            }
            if asked.elapsed() > within {
                let _ = running.child.kill();
                panic!("the host did not end within {within:?}:\n{}", running.log.lines().join("\n"));
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Somebody who talks to this host and to its successors.
    pub fn person(&self, id: &str) -> Person {
        Person::arrive(self.setup.socket(), id)
    }

    /// Asks an operator's question. Blocks for as long as a question takes: a few milliseconds.
    pub fn ask(&self, request: AdminRequest) -> AdminReply {
        self.try_ask(request).unwrap_or_else(|error| panic!("the host does not answer: {error}"))
    }

    fn try_ask(&self, request: AdminRequest) -> std::io::Result<AdminReply> {
        let mut stream = UnixStream::connect(self.setup.socket())?;
        stream.set_read_timeout(Some(PATIENCE))?;
        writeln!(stream, "{}", serde_json::to_string(&ToHost::Admin(request))?)?;
        let mut line = String::new();
        BufReader::new(stream).read_line(&mut line)?;
        match serde_json::from_str(&line)? {
            FromHost::Admin(reply) => Ok(reply),
            other => Err(std::io::Error::other(format!("it said {other:?}"))),
        }
    }

    /// What goes on.
    pub fn status(&self) -> Status {
        match self.ask(AdminRequest::Status) {
            AdminReply::Status(status) => status,
            other => panic!("not a status: {other:?}"),
        }
    }

    /// Asks for the status until it is as wanted. Panics with the last one when that takes too long.
    pub async fn until(&self, what: &str, mut wanted: impl FnMut(&Status) -> bool) -> Status {
        let asked = Instant::now();
        loop {
            let status = self.status();
            if wanted(&status) {
                return status;
            }
            assert!(asked.elapsed() < PATIENCE, "not in time: {what}; the host has {status:?}");
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Waits until no event and no message is left.
    pub async fn idle(&self) -> Status {
        self.until("all is done", is_idle).await
    }

    /// The dead letters, with their ids.
    pub fn dead(&self) -> Vec<(u64, DeadLetter)> {
        match self.ask(AdminRequest::Dead { after: 0 }) {
            AdminReply::Dead { page } => page,
            other => panic!("not dead letters: {other:?}"),
        }
    }

    /// Declares that so many dead letters are left at the end.
    pub fn expect_dead(&mut self, count: usize) {
        self.dead_letters = count;
    }

    /// Runs a command beside the host; answers its exit, standard output and standard error.
    pub fn command(&self, arguments: &[&str]) -> (ExitStatus, String, String) {
        let output = self.setup.pesto(arguments).stdin(Stdio::null()).output().expect("pesto can be started");
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("pesto writes UTF-8");
        (output.status, text(output.stdout), text(output.stderr))
    }

    /// Ends the test without looking at what is left.
    pub fn abandon(mut self) {
        self.checked = true;
    }

    /// What is left undone, in words; starts the host where it does not run, for only a host knows.
    fn leftovers(&mut self) -> Option<String> {
        for line in self.logs.iter().flat_map(Log::lines) {
            // Panics of flows stand in the host's own lines.
            if line.starts_with("thread '") && line.contains("panicked at") {
                return Some(format!("the host panicked: {line}"));
            }
        }
        if self.running.is_none() {
            self.launch(&[]);
        }
        let asked = Instant::now();
        let status = loop {
            match self.try_ask(AdminRequest::Status) {
                Ok(AdminReply::Status(status)) if is_idle(&status) => break status,
                Ok(AdminReply::Status(status)) if asked.elapsed() > SETTLING => break status,
                Err(error) if asked.elapsed() > PATIENCE => return Some(format!("the host does not answer: {error}")),
                _ => std::thread::sleep(PAUSE),
            }
        };
        if !is_idle(&status) {
            return Some(format!("the host left work undone: {status:?}"));
        }
        let dead = self.dead();
        let named: Vec<_> =
            dead.iter().map(|(id, letter)| format!("{id}: {} – {}", letter.error, letter.reason)).collect();
        (dead.len() != self.dead_letters)
            .then(|| format!("{} dead letters, and the test expects {}: {named:#?}", dead.len(), self.dead_letters))
    }
}

fn is_idle(status: &Status) -> bool {
    let backlog = &status.backlog;
    backlog.inbox == 0 && backlog.running == 0 && backlog.outbox == 0
}

impl Drop for TestHost {
    fn drop(&mut self) {
        let left = if self.checked || std::thread::panicking() { None } else { self.leftovers() };
        if std::thread::panicking()
            && self.running.is_some()
            && let Ok(reply) = self.try_ask(AdminRequest::Status)
        {
            eprintln!("the host is at: {reply:?}");
        }
        if let Some(mut running) = self.running.take() {
            let _ = running.child.kill();
            let _ = running.child.wait();
        }
        if std::thread::panicking() {
            let lines = self.logs.last().map(Log::lines).unwrap_or_default();
            eprintln!("the host logged last:\n{}", lines[lines.len().saturating_sub(40)..].join("\n"));
        }
        if let Some(left) = left {
            panic!("{left}");
        }
    }
}
