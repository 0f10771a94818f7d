//! A process of Redis' on a port of this machine, as one among several.

use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use redis::{Client, Connection};
use tempfile::TempDir;

use crate::server::program;

/// A process. It ends, and its data goes, when this is dropped.
pub(crate) struct Node {
    pub(crate) port: u16,
    password: Option<String>,
    arguments: Vec<String>,
    folder: TempDir,
    process: Option<Child>,
}

impl Node {
    /// Starts a server that keeps what it is told.
    pub(crate) fn server(password: Option<&str>, more: &[&str]) -> Self {
        let mut arguments = vec!["--appendonly", "yes", "--appendfsync", "always", "--save", ""];
        arguments.extend(["--maxmemory-policy", "noeviction", "--repl-diskless-sync-delay", "0"]);
        if let Some(password) = password {
            arguments.extend(["--requirepass", password, "--masterauth", password]);
        }
        arguments.extend(more);
        Self::start(&arguments, "", password)
    }

    /// Starts a process with these arguments, and with a file of settings that it may rewrite.
    pub(crate) fn start(arguments: &[&str], settings: &str, password: Option<&str>) -> Self {
        let folder = TempDir::new().unwrap();
        std::fs::write(folder.path().join("settings"), settings).unwrap();
        let arguments = arguments.iter().map(|&one| one.to_owned()).collect();
        let password = password.map(ToOwned::to_owned);
        let mut node = Self { port: free_port(), password, arguments, folder, process: None };
        node.again();
        node
    }

    /// Starts it again after it was killed.
    pub(crate) fn again(&mut self) {
        let mut command = Command::new(program("redis-server"));
        command.args(["settings", "--bind", "127.0.0.1", "--port", &self.port.to_string(), "--logfile", "log"]);
        command.args(&self.arguments).current_dir(self.folder.path()).stdout(Stdio::null()).stderr(Stdio::null());
        self.process = Some(command.spawn().unwrap());
        until("a process of Redis' does not come up", || self.client().get_connection().ok());
    }

    /// `kill -9`.
    pub(crate) fn kill(&mut self) {
        let Some(mut process) = self.process.take() else { return };
        let _ = process.kill();
        let _ = process.wait();
    }

    /// Whether it was not killed.
    pub(crate) fn runs(&self) -> bool {
        self.process.is_some()
    }

    pub(crate) fn connection(&self) -> Connection {
        // One that is becoming a replica, or a sentinel that is told of a server, hangs up for a moment.
        until("a process of Redis' does not answer", || self.client().get_connection().ok())
    }

    fn client(&self) -> Client {
        let entry = self.password.iter().map(|password| format!(":{password}@")).collect::<String>();
        Client::open(format!("redis://{entry}127.0.0.1:{}", self.port)).unwrap()
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.kill();
        if std::thread::panicking() {
            let log = std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
            let last = log.lines().rev().take(10).collect::<Vec<_>>();
            eprintln!("the Redis at port {} said last, latest first:\n{}", self.port, last.join("\n"));
        }
    }
}

/// A port that nobody listens at.
pub(crate) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// Processes of Redis' have no other way to say that they are up and know each other.
pub(crate) fn until<T>(otherwise: &str, mut done: impl FnMut() -> Option<T>) -> T {
    for _ in 0..3_000 {
        if let Some(done) = done() {
            return done;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("{otherwise}");
}

/// What a server says of its replicas, or of whose it is.
pub(crate) fn replication(server: &mut Connection) -> String {
    redis::cmd("INFO").arg("replication").query(server).unwrap()
}

/// How much of the stream of changes a server has.
pub(crate) fn offset(replication: &str) -> Option<&str> {
    let own = replication.lines().find_map(|line| line.strip_prefix("slave_repl_offset:"));
    own.or_else(|| replication.lines().find_map(|line| line.strip_prefix("master_repl_offset:")))
}
