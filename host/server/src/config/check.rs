//! The rules behind the keys: ranges, names, and what must fit together.

use std::ops::{Range, RangeInclusive};
use std::path::{Component, Path, PathBuf};
use std::time::Duration;

use pesto_engine::model::FlowName;
use toml::Spanned;

use super::environment::Environment;
use super::error::{ConfigError, Origin, nearest};
use super::file::{self, Given, List};
use super::layers::Layers;
use super::{Config, Limits, Llm, Log, LogFormat, Mention, Provider, Scope, Secret, Storage};

const OPENAI: &str = "https://api.openai.com/v1";
const MIB: u64 = 1 << 20;
const KIB: u64 = 1 << 10;

/// Reads the layers and checks what they say within the scope. Relative paths begin at `folder`.
pub(super) fn check(
    layers: &Layers<'_>,
    folder: &Path,
    environment: &Environment,
    scope: Scope,
) -> Result<Config, ConfigError> {
    let file = layers.read()?;
    let mut check = Check { layers, notes: Vec::new(), mentions: Vec::new() };
    let limits = check.limits(&file.limits)?;
    check.warn_of_memory(&limits);
    let log = check.log(&file.log)?;
    let data = straight(folder.join(check.path("data", &file.data, "data")?));
    let flows = straight(folder.join(check.path("flows", &file.flows, "flows")?));
    if data == flows {
        let at = file.flows.as_ref().or(file.data.as_ref()).map(Spanned::span);
        let what = "`data` and `flows` are the same folder";
        return Err(check.error(
            at,
            "flows",
            what,
            "Give each its own: flows are read from one, the store is in the other.",
        ));
    }
    let default_flow = check.default_flow(&file.default_flow)?;
    let grants = check.grants(&file.flow)?;
    let only = check.only(&file.flow)?;
    let in_doubt = check.in_doubt(&file.flow)?;
    let expiries = check.expiries(&file.limits, &file.flow)?;
    // Last, for these read secrets.
    let store = file.store.as_ref().map_or(Ok(Storage::Embedded), |store| check.store(store, folder, environment))?;
    let llm = file.llm.as_ref().filter(|_| scope >= Scope::Terminal);
    let llm = llm.map_or(Ok(Llm::None), |llm| check.llm(llm, limits.turn, environment))?;
    let slack = file.slack.as_ref().filter(|_| scope >= Scope::Whole);
    let slack = slack.map(|slack| check.slack(slack, environment)).transpose()?;
    let Check { notes, mentions, .. } = check;
    Ok(Config {
        file: None,
        data,
        flows,
        default_flow,
        limits,
        llm,
        slack,
        store,
        log,
        grants,
        only,
        in_doubt,
        expiries,
        notes,
        mentions,
    })
}

/// The deploy folder, where nothing else of the configuration matters.
pub(super) fn flows(layers: &Layers<'_>, folder: &Path) -> Result<PathBuf, ConfigError> {
    let check = Check { layers, notes: Vec::new(), mentions: Vec::new() };
    let file = layers.read()?;
    Ok(straight(folder.join(check.path("flows", &file.flows, "flows")?)))
}

/// `flows` for `conf/../flows`, where that is the same folder: it is shown to people, and links may make it another.
fn straight(path: PathBuf) -> PathBuf {
    let mut short = PathBuf::new();
    for part in path.components() {
        let long = short.join(part);
        match (part, short.components().next_back()) {
            (Component::ParentDir, Some(Component::Normal(_))) if is_above(&long, &short) => drop(short.pop()),
            _ => short = long,
        }
    }
    if short.as_os_str().is_empty() { path } else { short }
}

/// Whether `folder/..` is what stands before `folder` in its path. The folder must be there for that, what is below
/// need not: a host makes its data folder.
fn is_above(back: &Path, folder: &Path) -> bool {
    let before = folder.parent().filter(|before| !before.as_os_str().is_empty()).unwrap_or(Path::new("."));
    matches!((back.canonicalize(), before.canonicalize()), (Ok(one), Ok(other)) if one == other)
}

/// Of all turns together, in MiB.
const MOST_MEMORY: u32 = 16_777_216;

/// Of all current flows together, in MiB.
const MOST_CODE: u32 = 1 << 20;

pub(super) struct Check<'a> {
    layers: &'a Layers<'a>,
    notes: Vec<String>,
    mentions: Vec<Mention>,
}

impl Check<'_> {
    pub(super) fn error(&self, at: Option<Range<usize>>, key: &str, what: &str, remedy: &str) -> ConfigError {
        let origin = at.map_or_else(|| self.layers.whole(), |at| self.layers.origin(&at));
        ConfigError { origin, key: key.to_owned(), what: what.to_owned(), remedy: remedy.to_owned() }
    }

    /// A key without which a table is nothing. Where the table is there by a variable only, the variable was most likely
    /// meant for another file.
    pub(super) fn lacking(&self, table: &str, at: Range<usize>, key: &str, what: &str, remedy: &str) -> ConfigError {
        let Origin::Variable(variable) = self.layers.origin(&at) else {
            return self.error(Some(at), key, what, remedy);
        };
        let (file, what) =
            (self.layers.whole(), format!("{what}, and there is no [{table}] that {variable} overrides"));
        let remedy = format!("Unset {variable}, or write [{table}] into {file}. {remedy}");
        self.error(Some(at), key, &what, &remedy)
    }

    fn note(&mut self, at: Option<Range<usize>>, key: &str, what: &str, remedy: &str) {
        let note = self.error(at, key, what, remedy).to_string();
        self.notes.push(note);
    }

    /// Half of what there is should be left for the host itself and for compiling.
    fn warn_of_memory(&mut self, limits: &Limits) {
        let there_is = crate::memory::there_is();
        if limits.memory_total > there_is / 4 * 3 {
            let what = format!(
                "turns may take {} MiB together, and this process has {} MiB: it may be killed for it",
                limits.memory_total / MIB,
                there_is / MIB
            );
            self.note(
                None,
                "limits.memory_total_mib",
                &what,
                "Give it more memory, or lower limits.memory_mib and this.",
            );
        }
    }

    fn limits(&self, limits: &file::Limits) -> Result<Limits, ConfigError> {
        let whole = |key: &str, given, default, range| self.whole(&format!("limits.{key}"), given, default, range);
        let memory = whole("memory_mib", &limits.memory_mib, 64, 1..=4_096)?;
        let half = u32::try_from(crate::memory::there_is() / 2 / MIB).unwrap_or(u32::MAX);
        // A flow has half of it, and must have room for one turn.
        let least = 2 * memory;
        let half = half.clamp(least, MOST_MEMORY);
        let memory_total = whole("memory_total_mib", &limits.memory_total_mib, half, least..=MOST_MEMORY)?;
        // Turns have a half, and code that is not current half as much as this: a quarter of the memory is left.
        let there_is = crate::memory::there_is() / MIB;
        let some = (there_is / 8).max(512).min(there_is / 6).clamp(64, MOST_CODE.into());
        let some = u32::try_from(some).unwrap_or(MOST_CODE);
        let code = whole("code_mib", &limits.code_mib, some, 64..=MOST_CODE)?;
        Ok(Limits {
            code: MIB * u64::from(code),
            memory: MIB * u64::from(memory),
            memory_total: MIB * u64::from(memory_total),
            cpu: Duration::from_millis(whole("cpu_ms", &limits.cpu_ms, 1_000, 10..=60_000)?.into()),
            host_calls: whole("host_calls", &limits.host_calls, 100, 1..=10_000)?,
            state: KIB * u64::from(whole("state_kib", &limits.state_kib, 64, 1..=1_024)?),
            component: MIB * u64::from(whole("component_mib", &limits.component_mib, 32, 1..=256)?),
            turns_in_flight: whole("turns_in_flight", &limits.turns_in_flight, 20_000, 1..=1_000_000)?,
            instances: whole("instances", &limits.instances, 1_000, 1..=10_000)?,
            park_after: Duration::from_millis(
                whole("park_after_ms", &limits.park_after_ms, 1_000, 0..=600_000)?.into(),
            ),
            start: Duration::from_secs(whole("start_s", &limits.start_s, 6, 0..=3_600)?.into()),
            turn: Duration::from_secs(whole("turn_s", &limits.turn_s, 600, 1..=86_400)?.into()),
        })
    }

    fn log(&self, log: &file::Log) -> Result<Log, ConfigError> {
        use tracing::Level;
        let formats = [("auto", LogFormat::Auto), ("human", LogFormat::Human), ("json", LogFormat::Json)];
        let levels = [
            ("error", Level::ERROR),
            ("warn", Level::WARN),
            ("info", Level::INFO),
            ("debug", Level::DEBUG),
            ("trace", Level::TRACE),
        ];
        let format = self.one_of("log.format", &log.format, LogFormat::Auto, &formats)?;
        let level = self.one_of("log.level", &log.level, Level::INFO, &levels)?;
        Ok(Log { format, level })
    }

    fn default_flow(&mut self, given: &Given<String>) -> Result<Option<FlowName>, ConfigError> {
        let Some(given) = given else { return Ok(None) };
        let flow = self.flow_name("default_flow", given.get_ref(), given.span())?;
        Ok(Some(flow))
    }

    pub(super) fn flow_name(&mut self, key: &str, name: &str, at: Range<usize>) -> Result<FlowName, ConfigError> {
        let Ok(flow) = name.parse::<FlowName>() else {
            let remedy = format!("Write the stem of a file in the flows folder: {}.", FlowName::RULE);
            return Err(self.error(Some(at), key, "not the name of a flow", &remedy));
        };
        self.mentions.push(Mention { origin: self.layers.origin(&at), key: key.to_owned(), flow: flow.clone() });
        Ok(flow)
    }

    fn llm(&mut self, table: &Spanned<file::Llm>, turn: Duration, env: &Environment) -> Result<Llm, ConfigError> {
        let llm = table.get_ref();
        let max_tokens = self.whole("llm.max_tokens", &llm.max_tokens, 1_024, 1..=200_000)?;
        let timeout = Duration::from_secs(self.whole("llm.timeout_s", &llm.timeout_s, 60, 1..=3_600)?.into());
        if timeout > turn {
            let at = llm.timeout_s.as_ref().map_or(table.span(), Spanned::span);
            let what = format!("longer than a turn, which ends after {} s", turn.as_secs());
            return Err(self.error(Some(at), "llm.timeout_s", &what, "Lower it, or raise limits.turn_s."));
        }
        let refuse = [("refuse", true), ("scripted", false)];
        let refuse = self.one_of("llm.without_key", &llm.without_key, true, &refuse)?;
        let base_url = self.base_url("llm", &llm.base_url, OPENAI)?;
        let model = llm.model.as_ref().map(|model| self.model("llm.model", model)).transpose()?;
        let models = self.models(&llm.models)?;
        let variable = llm.api_key_env.as_ref().map(|name| self.variable("llm.api_key_env", name)).transpose()?;

        let wants_key = variable.is_some() || base_url == OPENAI;
        let key = match variable.and_then(|name| env.get(name)) {
            // Anything else cannot stand in a header. Found only now, it would fail every request.
            Some(key) if !key.bytes().all(|byte| byte.is_ascii_graphic()) => {
                let at = llm.api_key_env.as_ref().map(Spanned::span);
                let what = format!("the environment variable {} holds no key", variable.unwrap_or_default());
                let remedy = "A key is one word of ASCII characters; set the variable to it alone.";
                return Err(self.error(at, "llm.api_key_env", &what, remedy));
            }
            Some(key) => Some(Secret::new(key.to_owned())),
            None if !wants_key => None,
            None if !refuse => {
                let at = llm.without_key.as_ref().map(Spanned::span);
                let what = "there is no key, so models give canned answers";
                self.note(at, "llm.without_key", what, &remedy_for_key(variable));
                return Ok(Llm::Scripted);
            }
            None => return Err(self.no_key(table, variable)),
        };
        let Some(model) = model else {
            let remedy = "Name the model that is asked where a flow names none, such as model = \"gpt-4o-mini\".";
            return Err(self.lacking("llm", table.span(), "llm.model", "not given, and there is no default", remedy));
        };
        Ok(Llm::Provider(Provider { base_url, key, model, models, max_tokens, timeout }))
    }

    fn no_key(&self, table: &Spanned<file::Llm>, variable: Option<&str>) -> ConfigError {
        const KEY: &str = "llm.api_key_env";
        let remedy = format!("{} Or write without_key = \"scripted\" to get canned answers.", remedy_for_key(variable));
        match (&table.get_ref().api_key_env, variable) {
            (Some(given), Some(name)) => {
                self.error(Some(given.span()), KEY, &format!("the environment variable {name} is not set"), &remedy)
            }
            _ => self.lacking("llm", table.span(), KEY, "not given, and there is no default", &remedy),
        }
    }

    /// A variable's name is in capitals here, for then no provider's key can pass for one.
    pub(super) fn variable<'n>(&self, key: &str, given: &'n Spanned<String>) -> Result<&'n str, ConfigError> {
        let name = given.get_ref();
        let letters = name.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_');
        if letters && (1..=100).contains(&name.len()) && !name.starts_with(|first: char| first.is_ascii_digit()) {
            return Ok(name);
        }
        let (what, example, renew) = match key.split('.').next() {
            Some("llm") => ("the key", "OPENAI_API_KEY", "replace it at the provider"),
            Some("store") => ("the URL", "REDIS_URL", "change the password in it"),
            _ => ("the key", "SLACK_BOT_TOKEN", "replace it at the provider"),
        };
        let remedy = format!(
            "Write the name of the variable that holds {what}, such as \"{example}\": capitals, digits and `_`. If \
             this is {what} itself, take it out of here and {renew}."
        );
        Err(self.error(Some(given.span()), key, "not the name of an environment variable", &remedy))
    }

    pub(super) fn base_url(
        &mut self,
        table: &str,
        given: &Given<String>,
        default: &str,
    ) -> Result<String, ConfigError> {
        let Some(given) = given else { return Ok(default.to_owned()) };
        let key = &format!("{table}.base_url");
        let wrong = |what, remedy: &str| Err(self.error(Some(given.span()), key, what, remedy));
        let url = match reqwest::Url::parse(given.get_ref()) {
            Ok(url) if matches!(url.scheme(), "http" | "https") && url.has_host() => url,
            _ => return wrong("not a web address", &format!("Write one such as \"{default}\".")),
        };
        if !url.username().is_empty() || url.password().is_some() {
            return wrong("holds a user or a password", "Leave them out; the key stands in a variable.");
        }
        if url.query().is_some() || url.fragment().is_some() {
            return wrong("holds a query or a fragment", "End it before `?` or `#`; the key stands in a variable.");
        }
        if url.scheme() == "http" && !is_loopback(&url) {
            self.note(Some(given.span()), key, "the key and all talk go unencrypted", "Use https.");
        }
        Ok(url.as_str().trim_end_matches('/').to_owned())
    }

    fn models(&self, list: &List) -> Result<Vec<String>, ConfigError> {
        let Some(list) = list else { return Ok(Vec::new()) };
        if list.get_ref().len() > 100 {
            return Err(self.error(Some(list.span()), "llm.models", "more than 100 models", "Name at most 100."));
        }
        list.get_ref().iter().map(|model| self.model("llm.models", model)).collect()
    }

    fn model(&self, key: &str, given: &Spanned<String>) -> Result<String, ConfigError> {
        let name = given.get_ref();
        if (1..=200).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Ok(name.clone());
        }
        Err(self.error(
            Some(given.span()),
            key,
            "not the name of a model",
            "Write 1 to 200 ASCII characters without blanks.",
        ))
    }

    fn path<'g>(&self, key: &str, given: &'g Given<String>, default: &'g str) -> Result<&'g str, ConfigError> {
        match given {
            None => Ok(default),
            Some(given) if given.get_ref().trim().is_empty() || given.get_ref().contains('\0') => {
                let remedy = format!("Name a folder, such as {key} = \"{default}\".");
                Err(self.error(Some(given.span()), key, "not a folder", &remedy))
            }
            Some(given) => Ok(given.get_ref()),
        }
    }

    pub(super) fn whole(
        &self,
        key: &str,
        given: &Given<i64>,
        default: u32,
        range: RangeInclusive<u32>,
    ) -> Result<u32, ConfigError> {
        let Some(given) = given else { return Ok(default) };
        let fits = u32::try_from(*given.get_ref()).ok().filter(|number| range.contains(number));
        fits.ok_or_else(|| {
            let what = format!("{} is out of range", given.get_ref());
            let remedy = format!("Use {} to {}; the default is {default}.", range.start(), range.end());
            self.error(Some(given.span()), key, &what, &remedy)
        })
    }

    pub(super) fn one_of<T: Copy>(
        &self,
        key: &str,
        given: &Given<String>,
        default: T,
        known: &[(&str, T)],
    ) -> Result<T, ConfigError> {
        let Some(given) = given else { return Ok(default) };
        let found = known.iter().find(|(name, _)| name == given.get_ref());
        found.map(|(_, value)| *value).ok_or_else(|| {
            let names: Vec<_> = known.iter().map(|(name, _)| *name).collect();
            let meant = nearest(given.get_ref(), &names).map(|name| format!("Did you mean \"{name}\"? "));
            let list = names.iter().map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(", ");
            let remedy = format!("{}Use one of {list}.", meant.unwrap_or_default());
            self.error(Some(given.span()), key, "unknown value", &remedy)
        })
    }
}

fn remedy_for_key(variable: Option<&str>) -> String {
    match variable {
        Some(name) => format!("Set {name} to the provider's key."),
        None => "Write api_key_env = \"OPENAI_API_KEY\" and set that variable to the provider's key.".to_owned(),
    }
}

/// Whether an address stays on this machine.
pub(crate) fn is_loopback(url: &reqwest::Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}
