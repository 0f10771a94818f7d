//! The form of a scenario.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

use pesto_engine::local;
use pesto_engine::model::Millis;
use pesto_engine::ports::CallError;
use regex::Regex;
use serde::Deserialize;

/// Monday, 2026-03-02, 09:00 UTC: the clock of a scenario that does not say, as of the kit's `Talk`.
const BEGIN: Millis = 1_772_442_000_000;
/// The longest file, in bytes.
const LONGEST: u64 = 1 << 20;

/// A scenario that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ScenarioError {
    /// The file cannot be read.
    #[error("{0}: {1}")]
    Io(String, std::io::Error),
    /// It is not of the form.
    #[error("{0}: {1}")]
    Form(String, String),
}

/// A conversation as it should be.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// What it shows.
    pub name: String,
    /// Who talks.
    #[serde(default)]
    pub person: PersonSpec,
    /// When it begins: RFC 3339 in UTC.
    pub now: Option<String>,
    /// The component of an earlier version that is current until a step says `swap`; beside the scenario's file.
    #[serde(rename = "begins-on")]
    pub(super) begins_on: Option<PathBuf>,
    /// One after the other.
    pub steps: Vec<Step>,
}

/// Who talks.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PersonSpec {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) locale: String,
    #[serde(rename = "time-zone")]
    pub(super) time_zone: String,
}

impl Default for PersonSpec {
    fn default() -> Self {
        let text = str::to_owned;
        Self { id: text("ada"), name: text("Ada Lovelace"), locale: text("en-GB"), time_zone: text("Europe/London") }
    }
}

impl PersonSpec {
    fn check(&self) -> Result<(), String> {
        let zone = &self.time_zone;
        if zone.is_empty() || local::is_zone(zone) {
            return Ok(());
        }
        Err(format!(
            "person.time-zone: `{zone}` is no zone; write one such as Europe/Rome, or \"\" for one that is not known"
        ))
    }
}

/// What the person does, and what comes of it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    start: Option<String>,
    say: Option<String>,
    pick: Option<OneOrMany>,
    fill: Option<BTreeMap<String, OneOrMany>>,
    wait: Option<String>,
    swap: Option<bool>,
    /// The calls to models that the step makes, in order.
    #[serde(default)]
    pub(super) llm: Vec<LlmCall>,
    /// All messages that the step sends, in order.
    #[serde(default)]
    pub(super) bot: Vec<Wanted>,
    /// The completion that the step records, if it records one.
    pub(super) answers: Option<serde_json::Value>,
    /// Whether the conversation is over after the step.
    pub(super) ended: Option<bool>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(Word),
    Many(Vec<Word>),
}

/// YAML takes an unquoted number or `true` for something else than text.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
enum Word {
    Text(String),
    Number(i64),
    Bool(bool),
}

/// What the person does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Act {
    /// Starts the flow under test with these arguments.
    Start(String),
    /// Writes.
    Say(String),
    /// Picks labels or values of the latest message that has choices.
    Pick(Vec<String>),
    /// Fills in the latest message's form: values or labels, by keys or labels of fields.
    Fill(BTreeMap<String, Vec<String>>),
    /// Lets time pass.
    Wait(Duration),
    /// Deploys the version under test in place of the earlier one.
    Swap,
}

/// A call to a model.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LlmCall {
    /// What must have been asked: all texts of the request, joined by newlines.
    pub(super) asked: Option<Wanted>,
    answers: Option<String>,
    fails: Option<Fails>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Fails {
    Timeout,
    Unavailable,
    Denied,
    OverQuota,
    Invalid,
}

/// What a text must be.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Wanted {
    /// Exactly this.
    Exact(String),
    /// All that is given here.
    Like(Like),
}

/// Demands on a message.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Like {
    exact: Option<String>,
    contains: Option<String>,
    matches: Option<String>,
    /// The labels offered, in order.
    pub(super) choices: Option<Vec<String>>,
    /// The labels of the form's fields, in order.
    pub(super) form: Option<Vec<String>>,
}

impl Scenario {
    /// Reads a scenario and checks its form.
    pub fn read(path: &Path) -> Result<Self, ScenarioError> {
        let name = path.display().to_string();
        let io = |error| ScenarioError::Io(name.clone(), error);
        if std::fs::metadata(path).map_err(io)?.len() > LONGEST {
            return Err(ScenarioError::Form(name, "it is longer than 1 MiB".to_owned()));
        }
        let text = std::fs::read_to_string(path).map_err(io)?;
        let form = |reason: String| ScenarioError::Form(name.clone(), reason);
        let mut scenario: Self = serde_yaml_ng::from_str(&text).map_err(|error| form(error.to_string()))?;
        scenario.begin().map_err(form)?;
        scenario.person.check().map_err(form)?;
        if scenario.steps.is_empty() {
            return Err(form("it has no steps, and so shows nothing".to_owned()));
        }
        for (at, step) in scenario.steps.iter().enumerate() {
            step.check().map_err(|reason| form(format!("step {}: {reason}", at + 1)))?;
        }
        let swaps = scenario.steps.iter().filter(|step| step.swap.is_some()).count();
        if swaps != usize::from(scenario.begins_on.is_some()) {
            return Err(form(
                "`begins-on` names an earlier component, and one step `swap: true` replaces it".to_owned(),
            ));
        }
        scenario.begins_on = scenario.begins_on.map(|component| path.with_file_name(component));
        Ok(scenario)
    }

    /// When it begins.
    pub(super) fn begin(&self) -> Result<Millis, String> {
        let Some(now) = &self.now else { return Ok(BEGIN) };
        let bad = || format!("now: `{now}` is no time; write it like 2026-03-02T09:00:00Z");
        let time = humantime::parse_rfc3339(now).map_err(|_| bad())?;
        let since = time.duration_since(UNIX_EPOCH).map_err(|_| bad())?;
        Millis::try_from(since.as_millis()).map_err(|_| bad())
    }
}

impl Step {
    /// What the person does in it.
    pub(super) fn act(&self) -> Result<Act, String> {
        let text = |word: Word| match word {
            Word::Text(text) => text,
            Word::Number(number) => number.to_string(),
            Word::Bool(bool) => bool.to_string(),
        };
        let texts = |words: OneOrMany| match words {
            OneOrMany::One(word) => vec![text(word)],
            OneOrMany::Many(words) => words.into_iter().map(text).collect(),
        };
        match (&self.start, &self.say, self.pick.clone(), self.fill.clone(), &self.wait, self.swap) {
            (Some(arguments), None, None, None, None, None) => Ok(Act::Start(arguments.clone())),
            (None, Some(text), None, None, None, None) => Ok(Act::Say(text.clone())),
            (None, None, Some(words), None, None, None) => Ok(Act::Pick(texts(words))),
            (None, None, None, Some(fields), None, None) => {
                Ok(Act::Fill(fields.into_iter().map(|(field, words)| (field, texts(words))).collect()))
            }
            (None, None, None, None, None, Some(true)) => Ok(Act::Swap),
            (None, None, None, None, Some(wait), None) => humantime::parse_duration(wait)
                .map(Act::Wait)
                .map_err(|_| format!("wait: `{wait}` is no duration; write it like 30s, 5m, 2h or 1d")),
            _ => Err("it must have exactly one of start, say, pick, fill, wait and `swap: true`".to_owned()),
        }
    }

    fn check(&self) -> Result<(), String> {
        self.act()?;
        for call in &self.llm {
            let _: Result<_, _> = call.answer()?;
            call.asked.iter().try_for_each(Wanted::check)?;
        }
        self.bot.iter().try_for_each(Wanted::check)
    }
}

impl LlmCall {
    /// What the model answers.
    pub(super) fn answer(&self) -> Result<Result<String, CallError>, String> {
        let reason = "the scenario wants it so".to_owned();
        match (&self.answers, self.fails) {
            (Some(text), None) => Ok(Ok(text.clone())),
            (None, Some(fails)) => Ok(Err(match fails {
                Fails::Timeout => CallError::Timeout { sent: true, reason },
                Fails::Unavailable => CallError::Unavailable { sent: true, reason },
                Fails::Denied => CallError::Denied(reason),
                Fails::OverQuota => CallError::OverQuota { retry_after: Some(30), reason },
                Fails::Invalid => CallError::Invalid(reason),
            })),
            _ => Err("a call to a model must have either `answers` or `fails`".to_owned()),
        }
    }
}

impl Wanted {
    /// What is wrong with a text, if anything is.
    pub(super) fn differs(&self, text: &str) -> Option<String> {
        let like = match self {
            Self::Exact(exact) => return (text != exact).then(|| format!("exactly {exact:?}")),
            Self::Like(like) => like,
        };
        let exact = like.exact.as_ref().filter(|exact| text != *exact).map(|exact| format!("exactly {exact:?}"));
        let contains = like.contains.as_ref().filter(|part| !text.contains(*part));
        let matches = like.matches.as_ref().filter(|pattern| {
            // The pattern was checked when the file was read.
            !Regex::new(pattern).is_ok_and(|regex| regex.is_match(text))
        });
        exact
            .or_else(|| contains.map(|part| format!("a text that contains {part:?}")))
            .or_else(|| matches.map(|pattern| format!("a text that matches {pattern:?}")))
    }

    /// The labels wanted.
    pub(super) fn labels(&self) -> Option<&[String]> {
        match self {
            Self::Exact(_) => None,
            Self::Like(like) => like.choices.as_deref(),
        }
    }

    /// The labels of fields wanted.
    pub(super) fn fields(&self) -> Option<&[String]> {
        match self {
            Self::Exact(_) => None,
            Self::Like(like) => like.form.as_deref(),
        }
    }

    fn check(&self) -> Result<(), String> {
        let Self::Like(like) = self else { return Ok(()) };
        let empty = |text: &Option<String>| text.as_ref().is_some_and(String::is_empty);
        if empty(&like.contains) || empty(&like.matches) {
            return Err("an empty `contains` or `matches` demands nothing".to_owned());
        }
        match &like.matches {
            Some(pattern) => Regex::new(pattern).map(drop).map_err(|error| format!("matches: {error}")),
            None if [like.exact.is_some(), like.contains.is_some(), like.choices.is_some(), like.form.is_some()]
                == [false; 4] =>
            {
                Err("a demand must have one of exact, contains, matches, choices and form".to_owned())
            }
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn refused(text: &str) -> String {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        Scenario::read(file.path()).unwrap_err().to_string()
    }

    #[test]
    fn what_would_demand_nothing_is_refused() {
        assert!(refused("name: n\nsteps: []\n").contains("no steps"));
        let step = |bot: &str| format!("name: n\nsteps:\n  - say: hi\n    bot: [{bot}]\n");
        assert!(refused(&step("{contains: \"\"}")).contains("demands nothing"));
        assert!(refused(&step("{}")).contains("must have one of"));
        assert!(refused("name: n\nsteps: [{bot: []}]\n").contains("exactly one of"));
        assert!(refused("name: n\nsteps: [{say: a, wiat: 1s}]\n").contains("wiat"));
        assert!(refused("name: n\nsteps: [{swap: false}]\n").contains("exactly one of"));
        assert!(refused("name: n\nsteps: [{swap: true}]\n").contains("`begins-on`"));
        let zone = "name: n\nperson: {time-zone: Tokyo}\nsteps: [{say: a}]\n";
        assert!(refused(zone).contains("person.time-zone: `Tokyo` is no zone; write one such as Europe/Rome"));
        assert!(refused("name: n\nbegins-on: old.wasm\nsteps: [{say: a}]\n").contains("`swap: true`"));
    }
}
