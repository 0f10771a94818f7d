//! A Redis of the test's own: a process on a socket in a folder that goes with it.

use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;

/// With these nothing is lost that was answered.
const SAFE: &[&str] = &["--appendonly", "yes", "--appendfsync", "always", "--maxmemory-policy", "noeviction"];

/// A running server. It ends, and its data goes, when this is dropped.
pub struct Server {
    folder: TempDir,
    process: Child,
    more: Vec<String>,
}

impl Server {
    /// Set up as docs/hosts.md advises.
    pub fn start() -> Self {
        Self::start_with(SAFE)
    }

    /// The same with its data in a folder below this one, which decides on which disk it is.
    pub fn start_in(folder: &Path) -> Self {
        Self::serve_in(TempDir::new_in(folder).unwrap(), SAFE)
    }

    /// With these options of `redis-server`, and nothing saved but by them.
    pub fn start_with(more: &[&str]) -> Self {
        Self::serve_in(TempDir::new().unwrap(), more)
    }

    fn serve_in(folder: TempDir, more: &[&str]) -> Self {
        let more: Vec<_> = more.iter().map(|part| (*part).to_owned()).collect();
        let process = serve(folder.path(), &more);
        Self { folder, process, more }
    }

    /// `kill -9`, and a new server on what is left.
    pub fn crash(&mut self) {
        self.kill();
        self.again();
    }

    /// `kill -9`.
    pub fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
        let _ = std::fs::remove_file(self.socket());
    }

    /// A new server on what is left.
    pub fn again(&mut self) {
        self.process = serve(self.folder.path(), &self.more);
    }

    /// Where it listens.
    pub fn socket(&self) -> PathBuf {
        self.folder.path().join("socket")
    }

    /// The same as a URL.
    pub fn url(&self) -> String {
        format!("unix://{}", self.socket().display())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn serve(folder: &Path, more: &[String]) -> Child {
    let mut server = Command::new(program("redis-server"));
    server.args(["--port", "0", "--unixsocket", "socket", "--save", "", "--logfile", "log"]).args(more);
    let mut process = server.current_dir(folder).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    // The server has no other way to say that it is up.
    for _ in 0..1_000 {
        if UnixStream::connect(folder.join("socket")).is_ok() {
            return process;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    let _ = process.kill();
    let _ = process.wait();
    panic!("redis-server does not start: {}", std::fs::read_to_string(folder.join("log")).unwrap_or_default());
}

/// Where a program is. Panics, with a remedy, where it is not installed.
pub fn program(name: &str) -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.is_file());
    let package = if name.starts_with("redis") { "redis-server" } else { name };
    found.unwrap_or_else(|| panic!("`{name}` is not installed: on Debian, `apt-get install {package}` brings it"))
}
