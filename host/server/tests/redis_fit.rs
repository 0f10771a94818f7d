//! The port fits Redis: four of its steps, each as one script on one slot of a cluster, with epochs and operation ids.
//! They run on a real server with the durability that the adapter will ask for. The contract has all the cases; here
//! are those that decide the layout.
#![allow(clippy::unwrap_used)]

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use tempfile::TempDir;

const LEASE: &str = "30000";
const DAY: &str = "86400000";

/// A cluster of one, which refuses a script whose keys lie in several slots.
struct Redis {
    folder: TempDir,
    port: u16,
    server: Child,
}

impl Redis {
    fn start() -> Self {
        let folder = TempDir::new().unwrap();
        let port = free_port();
        let server = serve(folder.path(), port);
        let redis = Self { folder, port, server };
        redis.until(&["PING"], "PONG");
        redis.command(&["CLUSTER", "ADDSLOTSRANGE", "0", "16383"]).unwrap();
        redis.until(&["CLUSTER", "INFO"], "cluster_state:ok");
        redis
    }

    /// `kill -9`, and a new server on what is left.
    fn crash(&mut self) {
        self.server.kill().unwrap();
        self.server.wait().unwrap();
        self.server = serve(self.folder.path(), self.port);
        self.until(&["CLUSTER", "INFO"], "cluster_state:ok");
    }

    /// The server has no other way to say that it is up. Each try is a process, so this does not spin.
    fn until(&self, command: &[&str], sign: &str) {
        let up = (0..2_000).any(|_| self.command(command).is_ok_and(|lines| lines.iter().any(|line| line == sign)));
        let log = std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
        assert!(up, "redis-server does not answer {sign}: {log}");
    }

    fn command(&self, command: &[&str]) -> Result<Vec<String>, String> {
        lines(self.client().args(command).output())
    }

    fn script(&self, name: &str, keys: &[String], arguments: &[&str]) -> Result<Vec<String>, String> {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/redis").join(name).with_extension("lua");
        lines(self.client().arg("--eval").arg(file).args(keys).arg(",").args(arguments).output())
    }

    fn client(&self) -> Command {
        let mut client = Command::new(program("redis-cli"));
        client.args(["-e", "-p", &self.port.to_string()]);
        client
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn serve(folder: &Path, port: u16) -> Child {
    let (port, bus) = (port.to_string(), free_port().to_string());
    let mut server = Command::new(program("redis-server"));
    server.args(["--bind", "127.0.0.1", "--port", &port, "--cluster-port", &bus, "--logfile", "log"]);
    server.args(["--cluster-enabled", "yes", "--appendonly", "yes", "--appendfsync", "always", "--save", ""]);
    server.args(["--maxmemory-policy", "noeviction"]).current_dir(folder).stdout(Stdio::null());
    server.spawn().unwrap()
}

fn program(name: &str) -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.is_file());
    found.unwrap_or_else(|| panic!("`{name}` is not installed: on Debian, `apt-get install redis-server` brings it"))
}

fn lines(output: std::io::Result<Output>) -> Result<Vec<String>, String> {
    let output = output.unwrap();
    let text = |bytes: &[u8]| {
        let text = String::from_utf8_lossy(bytes);
        text.strip_suffix('\n').unwrap_or(&text).to_owned()
    };
    match output.status.success() {
        true => Ok(text(&output.stdout).split('\n').map(|line| line.trim_end_matches('\r').to_owned()).collect()),
        false => Err(text(&output.stderr) + &text(&output.stdout)),
    }
}

/// A key of the shard of place `ann`.
fn key(what: &str) -> String {
    format!("{{s17}}:{what}")
}

fn keys<const N: usize>(what: [&str; N]) -> [String; N] {
    what.map(key)
}

impl Redis {
    fn accept(&self, now: &str, operation: &str, id: &str) -> String {
        let keys = keys([&format!("seen:{id}"), "place:ann", "inbox:ann", "ready"]);
        self.script("accept", &keys, &[now, operation, DAY, "ann", id]).unwrap().remove(0)
    }

    fn claim(&self, now: &str, operation: &str) -> Vec<String> {
        let keys = keys(["ready", "place:ann", "inbox:ann", "journal:ann"]);
        self.script("claim", &keys, &[now, operation, LEASE, "ann"]).unwrap()
    }

    fn journal(&self, epoch: &str, part: &str, text: &str) -> String {
        let keys = keys(["place:ann", "journal:ann"]);
        self.script("journal", &keys, &[epoch, "1", part, text, "pin"]).unwrap().remove(0)
    }

    fn commit(&self, operation: &str, epoch: &str, state: &str, follow: &str, messages: &[&str]) -> String {
        let keys = keys(["ready", "place:ann", "inbox:ann", "journal:ann", "outbox:ann", "due"]);
        let arguments = [&["1000", operation, epoch, "ann", state, follow], messages].concat();
        self.script("commit", &keys, &arguments).unwrap().remove(0)
    }

    fn list(&self, what: &str) -> Vec<String> {
        let lines = self.command(&["LRANGE", &key(what), "0", "-1"]).unwrap();
        lines.into_iter().filter(|line| !line.is_empty()).collect()
    }
}

#[test]
fn a_turn_is_four_scripts_on_one_slot() {
    let mut redis = Redis::start();

    // Another shard's key shows that the server would refuse what does not fit.
    let mut strangers = keys(["seen:e1", "place:ann", "inbox:ann", "ready"]);
    strangers[3] = "{s18}:ready".to_owned();
    let refused = redis.script("accept", &strangers, &["0", "o", DAY, "ann", "e1"]).unwrap_err();
    assert!(refused.contains("CROSSSLOT"), "{refused}");

    assert_eq!(redis.accept("0", "o1", "e1"), "1");
    assert_eq!(redis.accept("0", "o1", "e1"), "1", "the client asks again");
    assert_eq!(redis.accept("0", "o2", "e1"), "duplicate", "the channel delivers again");
    assert_eq!(redis.accept("5", "o3", "e2"), "2");

    assert_eq!(redis.claim("10", "c1"), ["1", "1", "1.0 e1", "", ""]);
    assert_eq!(redis.claim("11", "c1"), ["1", "1", "1.0 e1", "", ""], "the client's repetition raises no epoch");
    assert_eq!(redis.claim("12", "c2"), ["busy"]);
    assert_eq!(redis.journal("1", "result", "of what?"), "no intent");
    assert_eq!(redis.journal("1", "intent", "ask"), "ok");
    redis.crash();

    assert_eq!(redis.claim("30009", "c3"), ["busy"], "the lease survived, too");
    assert_eq!(redis.claim("30010", "c3"), ["2", "2", "1.0 e1", "", "pin", "1:intent ask"]);
    assert_eq!(redis.journal("1", "result", "late"), "stale");
    assert_eq!(redis.commit("w1", "1", "late", "", &["late"]), "stale");
    assert_eq!(redis.journal("2", "result", "yes"), "ok");
    assert_eq!(redis.journal("2", "result", "no"), "ok", "what was answered stays answered");
    let mut again = redis.claim("30011", "c3");
    again[5..].sort();
    assert_eq!(again, ["2", "2", "1.0 e1", "", "pin", "1:intent ask", "1:result yes"]);

    assert_eq!(redis.commit("w2", "2", "asked", "f1", &["m0", "m1"]), "ok");
    assert_eq!(redis.commit("w2", "2", "asked", "f1", &["m0", "m1"]), "ok", "the client asks again");
    assert_eq!(redis.commit("w3", "2", "twice", "", &["m2"]), "stale", "the claim is over");

    assert_eq!(redis.list("outbox:ann"), ["m0", "m1"]);
    assert_eq!(redis.list("inbox:ann"), ["1.1 f1", "2.0 e2"], "a follow-up comes before what waits");
    assert_eq!(redis.claim("30012", "c4"), ["3", "1", "1.1 f1", "asked", ""]);
    assert_eq!(redis.commit("w4", "3", "asked", "", &[]), "ok");
    assert_eq!(redis.claim("30013", "c5"), ["4", "1", "2.0 e2", "asked", ""]);
    assert_eq!(redis.commit("w5", "4", "done", "", &[]), "ok");
    assert_eq!(redis.claim("60000", "c6"), ["busy"], "nothing waits");
    assert_eq!(redis.accept("60001", "o4", "e3"), "3", "positions go on");
}
