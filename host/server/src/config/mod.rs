//! `pesto.toml`: what the operator decides, checked before anything starts.
//!
//! Every key can be overridden by an environment variable: `PESTO_` and the key's path in capitals, joined by `__`, so
//! `PESTO_LLM__MODEL` for `model` in `[llm]`, and `PESTO_FLOW__ASK__GRANT='["llm"]'` for a grant. Variables may also
//! make a table that the file lacks, if they give all that it needs. Secrets stand in no file: a key names the variable
//! that holds one, and it is read last, when all else is right, and only for a command that uses it.

mod check;
mod environment;
mod error;
mod expiry;
mod file;
mod flow;
mod layers;
mod secret;
mod slack;
mod store;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use pesto_engine::life::Expiries;
use pesto_engine::model::{FlowName, Resolution};
use pesto_engine::policy::{MEMBERS, Who};

pub(crate) use self::check::is_loopback;
pub use self::environment::Environment;
pub use self::error::{ConfigError, Origin};
pub use self::secret::Secret;

/// The file that is read from the current folder where none is named.
pub const DEFAULT_FILE: &str = "pesto.toml";

/// The rights that can be granted.
pub const RIGHTS: &[&str] = &["llm"];

/// How much of a configuration a command uses. Of the rest only names and types of keys are checked: nobody needs a
/// provider's key or Slack's tokens to read answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// The store and the flows: all but `[llm]` and `[slack]`.
    Store,
    /// What a host needs that talks in terminals only: all but `[slack]`.
    Terminal,
    /// All of it.
    Whole,
}

/// The longest configuration file, in bytes.
const LONGEST: u64 = 1 << 20;

/// A configuration whose every value is in its range.
#[derive(Debug, Clone)]
pub struct Config {
    /// The file it was read from; none if there was none.
    pub file: Option<PathBuf>,
    /// `data`: the folder of the local socket, and of the embedded store. Relative to the file's folder, "data" by default.
    pub data: PathBuf,
    /// `flows`: the deploy folder. Relative to the file's folder, "flows" by default.
    pub flows: PathBuf,
    /// `default_flow`: the flow that answers where nothing else starts one.
    pub default_flow: Option<FlowName>,
    /// `[limits]`.
    pub limits: Limits,
    /// `[llm]`; nobody where the scope leaves it out.
    pub llm: Llm,
    /// `[slack]`: the workspace, if there is one and the scope has it.
    pub slack: Option<Slack>,
    /// `[store]`: where conversations, answers and messages are kept.
    pub store: Storage,
    /// `[log]`.
    pub log: Log,
    /// `[flow.NAME] grant`: the rights that each flow gets if it asks for them, all of [`RIGHTS`].
    pub grants: BTreeMap<FlowName, BTreeSet<String>>,
    /// `[flow.NAME] only`: who may start a flow, where not everybody may.
    pub only: BTreeMap<FlowName, BTreeSet<Who>>,
    /// `[flow.NAME] in_doubt`: what is done about a call to a model that a crash fell into: "repeat" (the default) makes it
    /// again, "tell" leaves it to the flow.
    pub in_doubt: BTreeMap<FlowName, Resolution>,
    /// `expires_after` and `remind_after` in `[limits]` and `[flow.NAME]`: how long a conversation may be silent until it
    /// ends, and until the person is reminded. A second to 366 days, or "never"; 30 days by default, and a quarter less.
    pub expiries: Expiries,
    notes: Vec<String>,
    mentions: Vec<Mention>,
}

/// A place in the configuration that speaks of a flow.
#[derive(Debug, Clone)]
struct Mention {
    origin: Origin,
    key: String,
    flow: FlowName,
}

/// `[limits]`: what a flow's turn may use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// `memory_mib`: all memories of a component together, in bytes. 1 to 4,096 MiB, 64 by default.
    pub memory: u64,
    /// `memory_total_mib`: the memories of all turns and their journals together, in bytes; a flow has half of what the others leave. Twice `memory_mib`
    /// to 16,777,216 MiB, half of the machine's or the control group's memory by default.
    pub memory_total: u64,
    /// `cpu_ms`: computing time of a turn, not counting waits. 10 to 60,000 ms, 1,000 by default.
    pub cpu: Duration,
    /// `host_calls`: calls of a turn to the host. 1 to 10,000, 100 by default.
    pub host_calls: u32,
    /// `state_kib`: a conversation's state, in bytes. 1 to 1,024 KiB, 64 by default.
    pub state: u64,
    /// `component_mib`: a component's file, in bytes. 1 to 256 MiB, 32 by default.
    pub component: u64,
    /// `code_mib`: the compiled code of all current flows together, in bytes; other code may take half as much, or eight
    /// times `component_mib`. 64 to 1,048,576 MiB, by default an eighth of the machine's or the control group's memory, or
    /// 512 MiB if that is a sixth at most.
    pub code: u64,
    /// `turns_in_flight`: turns that are running or waiting at once. 1 to 1,000,000, 20,000 by default.
    pub turns_in_flight: u32,
    /// `instances`: turns that are in memory with their component's instance at once. 1 to 10,000, 1,000 by default.
    pub instances: u32,
    /// `park_after_ms`: how long a turn waits for a call before it leaves its instance, where instances are not short. 0 to
    /// 600,000 ms, 1,000 by default.
    pub park_after: Duration,
    /// `turn_s`: a turn from its start to its end, waits included. 1 to 86,400 s, 600 by default.
    pub turn: Duration,
    /// `start_s`: how long a starting host waits for its flows, most of which need no compiling. Then it is ready with those
    /// that are, and takes the others up as they come. 0 to 3,600 s, 6 by default.
    pub start: Duration,
}

/// `[llm]`: who answers when a flow asks a model.
#[derive(Debug, Clone)]
pub enum Llm {
    /// Nobody: there is no `[llm]`.
    None,
    /// Canned answers: the key's variable is not set, and `without_key = "scripted"`.
    Scripted,
    /// A provider that speaks OpenAI's chat completion.
    Provider(Provider),
}

/// A provider of language models.
#[derive(Debug, Clone)]
pub struct Provider {
    /// `base_url`: without a slash at its end, user, password, query and fragment. OpenAI's by default.
    pub base_url: String,
    /// What the variable held that `api_key_env` names; none if the provider wants no key.
    pub key: Option<Secret>,
    /// `model`: asked where a flow names none.
    pub model: String,
    /// `models`: further models that a flow may name. At most 100.
    pub models: Vec<String>,
    /// `max_tokens`: the longest answer where a flow does not say, and the most it may ask for. 1 to 200,000,
    /// 1,024 by default.
    pub max_tokens: u32,
    /// `timeout_s`: how long an answer may take. 1 to 3,600 s and no longer than a turn, 60 by default.
    pub timeout: Duration,
}

/// `[store]`: where a host keeps what it must not lose.
#[derive(Debug, Clone)]
pub enum Storage {
    /// In the data folder, which belongs to one host.
    Embedded,
    /// In a Redis, which several hosts may share.
    Redis(Redis),
}

/// A Redis, and how it is reached.
#[derive(Debug, Clone)]
pub struct Redis {
    /// What the variable held that `redis_url_env` names.
    pub url: Secret,
    /// `redis_ca_file`: who vouches for Redis' certificate, as PEM; those whom this machine trusts by default. The path is
    /// relative to the configuration's folder, as the next two are.
    pub authority: Option<Vec<u8>>,
    /// `redis_cert_file` and `redis_key_file`: what a Redis is shown that asks for its clients' certificates.
    pub identity: Option<Identity>,
}

impl From<Secret> for Redis {
    /// With a URL alone.
    fn from(url: Secret) -> Self {
        Self { url, authority: None, identity: None }
    }
}

/// A certificate of this host's.
#[derive(Debug, Clone)]
pub struct Identity {
    /// The certificate and those that lead to its authority, as PEM.
    pub certificate: Vec<u8>,
    /// Its key, as PEM.
    pub key: Secret,
}

/// `[slack]`: a workspace. Its events come over Socket Mode, over HTTP, or both.
#[derive(Debug, Clone)]
pub struct Slack {
    /// What the variable held that `bot_token_env` names: begins with `xoxb-`.
    pub bot_token: Secret,
    /// What the variable held that `app_token_env` names: begins with `xapp-`. With it, events come over Socket Mode.
    pub app_token: Option<Secret>,
    /// With `signing_secret_env` and `listen`, events come over HTTP.
    pub http: Option<SlackHttp>,
    /// `base_url`: of the Web API, without a slash at its end. Slack's own by default.
    pub base_url: String,
    /// `idle_s`: a socket without any sign of life for so long is replaced. 1 to 300 s, 30 by default.
    pub idle: Duration,
    /// `sockets`: how many all hosts on a store open together. 1 to 10, which is what Slack allows and the default.
    pub sockets: u32,
    /// `burst`: posts of a channel that may be made at once, where none were made for as many seconds. 1 to 20, 3 by
    /// default.
    pub burst: u32,
    /// `posts_a_minute`: of all channels together; the host begins with it, and learns from Slack's refusals. 10 to
    /// 60,000, 300 by default.
    pub posts_a_minute: u32,
}

/// Where Slack's requests come in.
#[derive(Debug, Clone)]
pub struct SlackHttp {
    /// `listen`: an address of this machine and a port.
    pub listen: SocketAddr,
    /// What the variable held that `signing_secret_env` names.
    pub signing_secret: Secret,
}

/// `[log]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Log {
    /// `format`: "auto" by default.
    pub format: LogFormat,
    /// `level`: "error", "warn", "info" (the default), "debug" or "trace".
    pub level: tracing::Level,
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// For people in a terminal, JSON otherwise.
    Auto,
    /// For people.
    Human,
    /// One JSON object a line.
    Json,
}

impl Config {
    /// Reads and checks a whole configuration. Without a path, [`DEFAULT_FILE`] of the current folder is read if it is
    /// there, and else all is by default.
    pub fn load(path: Option<&Path>, environment: &Environment) -> Result<Self, ConfigError> {
        Self::load_for(Scope::Whole, path, environment)
    }

    /// The same for a command that uses only so much of it.
    pub fn load_for(scope: Scope, path: Option<&Path>, environment: &Environment) -> Result<Self, ConfigError> {
        let (name, text, folder) = source(path)?;
        let layers = layers::Layers::new(&name, &text, environment)?;
        let mut config = check::check(&layers, &folder, environment, scope)?;
        config.file = find(path).map(Path::to_owned);
        Ok(config)
    }

    /// The deploy folder alone, for those who build and test flows: they need neither keys nor an otherwise right
    /// configuration. Files are found as [`load`](Self::load) finds them.
    pub fn flows_folder(path: Option<&Path>, environment: &Environment) -> Result<PathBuf, ConfigError> {
        let (name, text, folder) = source(path)?;
        check::flows(&layers::Layers::new(&name, &text, environment)?, &folder)
    }

    /// Where the host listens for terminals and commands: `PESTO_SOCKET`, or `pesto.sock` in the data folder.
    pub fn socket(&self) -> PathBuf {
        std::env::var_os("PESTO_SOCKET").map_or_else(|| self.data.join("pesto.sock"), PathBuf::from)
    }

    /// The user groups that `[flow.NAME] only` names, and [`MEMBERS`] where it is for full members.
    pub fn groups(&self) -> Vec<String> {
        let named = self.only.values().flatten().filter_map(|who| match who {
            Who::Group(id) => Some(id.clone()),
            Who::Members => Some(MEMBERS.to_owned()),
            Who::User(_) | Who::Channel(_) => None,
        });
        named.collect::<BTreeSet<_>>().into_iter().collect()
    }

    /// What is allowed and perhaps not meant, in sentences. `present` are the flows in the deploy folder.
    pub fn warnings(&self, present: &BTreeSet<FlowName>) -> Vec<String> {
        let absent = self.mentions.iter().filter(|mention| !present.contains(&mention.flow));
        let absent = absent.map(|Mention { origin, key, flow }| {
            let file = self.flows.join(format!("{flow}.wasm"));
            format!(
                "{origin}: {key}: there is no flow `{flow}` yet. Put it at {}, or correct the name.",
                file.display()
            )
        });
        self.notes.iter().cloned().chain(absent).collect()
    }
}

/// The file that is meant, if there is one.
fn find(path: Option<&Path>) -> Option<&Path> {
    path.or_else(|| Some(Path::new(DEFAULT_FILE)).filter(|path| path.exists()))
}

/// The file's name, its text, and the folder at which its relative paths begin.
fn source(path: Option<&Path>) -> Result<(String, String, PathBuf), ConfigError> {
    let file = find(path);
    let name = file.unwrap_or(Path::new(DEFAULT_FILE)).display().to_string();
    let text = file.map_or(Ok(String::new()), |file| read(&name, file))?;
    let folder = file.and_then(Path::parent).unwrap_or(Path::new("")).to_owned();
    Ok((name, text, folder))
}

fn read(name: &str, file: &Path) -> Result<String, ConfigError> {
    let broken = |what: String, remedy: &str| ConfigError {
        origin: Origin::File(name.to_owned(), None),
        key: String::new(),
        what,
        remedy: remedy.to_owned(),
    };
    let mut bytes = Vec::new();
    let opened = std::fs::File::open(file).and_then(|file| file.take(LONGEST + 1).read_to_end(&mut bytes));
    opened.map_err(|error| broken(format!("cannot be read: {error}"), "Name a file that is there with --config."))?;
    if bytes.len() as u64 > LONGEST {
        return Err(broken("is longer than 1 MiB".to_owned(), "Name a configuration file with --config."));
    }
    String::from_utf8(bytes).map_err(|_| broken("is not UTF-8 text".to_owned(), "Save it as UTF-8."))
}
