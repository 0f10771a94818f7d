//! Real `pesto run` hosts, each in a folder of its own, killed, stopped and started again.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use redis_rig::proxy::Proxy;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use crate::model::Model;
use slack_double::SlackDouble;

/// Between two looks where no event tells.
const PAUSE: Duration = Duration::from_millis(20);
/// How long a host may take to start. Redis may be away meanwhile.
const STARTING: Duration = Duration::from_secs(60);
/// How long a host may take to answer an operator.
const ANSWERING: Duration = Duration::from_secs(5);

/// What a host is asked for, and what all hosts share.
pub struct Ground {
    /// The folder of the campaign.
    pub folder: PathBuf,
    /// The command of operators.
    pub pesto: PathBuf,
    /// What runs a host; mostly the same.
    pub host: PathBuf,
    /// What it breaks on purpose.
    pub sabotage: Option<String>,
    /// The double of Slack.
    pub slack: SlackDouble,
    /// The model.
    pub model: Model,
}

/// A host, run after run.
pub struct Host {
    name: String,
    folder: PathBuf,
    /// Its own way to Redis.
    pub proxy: Proxy,
    runs: u32,
    child: Option<Child>,
}

/// What a host says of itself.
#[derive(Debug, Clone, Copy)]
pub struct Status {
    /// Turns under way in it.
    pub turns: u64,
    /// Calls answered from the journal since it started.
    pub replayed: u64,
    /// Events and messages in the store that are not done.
    pub unfinished: u64,
}

impl Host {
    /// Prepares a folder with a configuration; starts nothing.
    pub async fn new(number: usize, ground: &Ground, redis: &Path) -> anyhow::Result<Self> {
        let name = format!("h{number}");
        let folder = ground.folder.join(&name);
        std::fs::create_dir_all(&folder)?;
        std::fs::write(folder.join("pesto.toml"), CONFIG)?;
        Ok(Self { name, folder, proxy: Proxy::before(redis).await, runs: 0, child: None })
    }

    /// The name of the current run.
    pub fn run(&self) -> String {
        format!("{}.{}", self.name, self.runs)
    }

    /// Starts a run, and waits until it answers. `failpoint` is the value of `PESTO_FAILPOINT`.
    pub async fn start(&mut self, ground: &Ground, failpoint: Option<&str>) -> anyhow::Result<()> {
        self.runs += 1;
        let run = self.run();
        let log = self.folder.join(format!("{run}.log"));
        let mut command = self.command(ground, &ground.host, &["run"]);
        command
            .env("PESTO_SLACK__BASE_URL", ground.slack.api_url_of(&run))
            .env("PESTO_LLM__BASE_URL", ground.model.url(&run))
            .envs(failpoint.map(|rules| ("PESTO_FAILPOINT", rules)))
            .envs(ground.sabotage.as_ref().map(|promise| ("SABOTAGE", promise)))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(&log)?);
        self.child = Some(command.spawn().with_context(|| format!("{} cannot be started", ground.host.display()))?);
        let began = Instant::now();
        // Its socket listens as soon as it is ready.
        while UnixStream::connect(self.socket()).is_err() {
            let ended = self.child.as_mut().and_then(|child| child.try_wait().ok().flatten());
            if ended.is_some() || began.elapsed() > STARTING {
                bail!("the host {run} does not start: {}", std::fs::read_to_string(&log).unwrap_or_default());
            }
            tokio::time::sleep(PAUSE).await;
        }
        Ok(())
    }

    /// Ends the run as `kill -9` does.
    pub fn kill(&mut self) -> anyhow::Result<()> {
        let mut child = self.child.take().context("the host does not run")?;
        child.kill()?;
        child.wait()?;
        Ok(())
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: Signal) -> anyhow::Result<()> {
        let child = self.child.as_ref().context("the host does not run")?;
        let pid = Pid::from_child(child);
        Ok(kill_process(pid, signal)?)
    }

    /// Whether its process is stopped.
    pub fn is_stopped(&self) -> bool {
        let Some(child) = &self.child else { return false };
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", child.id())).unwrap_or_default();
        // The state follows the name, which stands in brackets.
        stat.rsplit(") ").next().is_some_and(|rest| rest.starts_with('T'))
    }

    /// What goes on in it; none where it cannot say, such as while Redis is away.
    pub fn status(&self) -> Option<Status> {
        let reply = self.ask(&json!({ "ask": "status" })).ok()?;
        let number = |path: &str| reply.pointer(path).and_then(Value::as_u64);
        Some(Status {
            turns: number("/turns_in_flight")?,
            replayed: number("/calls_replayed")?,
            unfinished: number("/backlog/inbox")? + number("/backlog/outbox")?,
        })
    }

    /// The dead letters.
    pub fn dead(&self) -> anyhow::Result<Vec<Value>> {
        let mut all = Vec::new();
        loop {
            let after = all.last().map_or(json!(0), |last: &Value| last[0].clone());
            let reply = self.ask(&json!({ "ask": "dead", "after": after }))?;
            match reply["page"].as_array() {
                Some(page) if page.is_empty() => return Ok(all),
                Some(page) => all.extend(page.iter().cloned()),
                None => bail!("the host does not tell its dead letters: {reply}"),
            }
        }
    }

    /// What a command prints that writes JSON lines.
    pub fn lines(&self, ground: &Ground, arguments: &[&str]) -> anyhow::Result<Vec<Value>> {
        let output = self.command(ground, &ground.pesto, arguments).stdin(Stdio::null()).output()?;
        if !output.status.success() {
            bail!("`pesto {}` fails: {}", arguments.join(" "), String::from_utf8_lossy(&output.stderr));
        }
        let text = String::from_utf8(output.stdout)?;
        text.lines().map(|line| Ok(serde_json::from_str(line)?)).collect()
    }

    fn command(&self, ground: &Ground, program: &Path, arguments: &[&str]) -> Command {
        let mut command = Command::new(program);
        let foreign = std::env::vars_os().map(|(name, _)| name);
        for name in foreign.filter(|name| name.to_string_lossy().starts_with("PESTO_")) {
            command.env_remove(name);
        }
        command
            .args(arguments)
            .arg("--config")
            .arg(self.folder.join("pesto.toml"))
            .current_dir(&self.folder)
            .env("NO_COLOR", "1")
            .env("SLACK_BOT_TOKEN", ground.slack.bot_token())
            .env("SLACK_APP_TOKEN", ground.slack.app_token())
            .env("REDIS_URL", self.proxy.url());
        command
    }

    fn ask(&self, question: &Value) -> anyhow::Result<Value> {
        let mut stream = UnixStream::connect(self.socket())?;
        stream.set_read_timeout(Some(ANSWERING))?;
        let mut question = question.clone();
        question["type"] = "admin".into();
        writeln!(stream, "{question}")?;
        let mut line = String::new();
        BufReader::new(stream).read_line(&mut line)?;
        Ok(serde_json::from_str(&line)?)
    }

    fn socket(&self) -> PathBuf {
        self.folder.join("data/pesto.sock")
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// The addresses of Slack and of the model come with each run.
const CONFIG: &str = r#"default_flow = "ask"
flows = "../flows"

[store]
redis_url_env = "REDIS_URL"

[slack]
bot_token_env = "SLACK_BOT_TOKEN"
app_token_env = "SLACK_APP_TOKEN"
base_url = "http://127.0.0.1:1/api"
# The double takes as many in all as there are.
posts_a_minute = 60000

[llm]
model = "campaign"
base_url = "http://127.0.0.1:1/v1"

[flow.ask]
grant = ["llm"]

[flow.onboarding-survey]
grant = ["llm"]

# Most turns that wait leave their instance.
[limits]
instances = 20
park_after_ms = 200
# A development build compiles slowly.
start_s = 120

[log]
format = "json"
"#;
