//! The form of a scenario.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

use pesto_engine::life::Expiry;
use pesto_engine::local;
use pesto_engine::model::Millis;
use serde::Deserialize;

use super::lines;
use super::llm_call::LlmCall;
use super::wanted::Wanted;

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
    #[error("{}", place(.0, *.1, .2))]
    Form(String, Option<usize>, String),
}

/// `FILE:LINE: what`, or without the line where the whole file is meant.
pub(super) fn place(file: &str, line: Option<usize>, what: &str) -> String {
    match line {
        Some(line) => format!("{file}:{line}: {what}"),
        None => format!("{file}: {what}"),
    }
}

impl ScenarioError {
    /// The line that is meant, counted from 1, if one is.
    pub fn line(&self) -> Option<usize> {
        match self {
            Self::Io(..) => None,
            Self::Form(_, line, _) => *line,
        }
    }

    /// What is wrong, without file and line.
    pub fn reason(&self) -> String {
        match self {
            Self::Io(_, error) => error.to_string(),
            Self::Form(_, _, reason) => reason.clone(),
        }
    }
}

/// A conversation as it should be.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// What it shows.
    pub name: String,
    /// Who talks where a step does not say.
    #[serde(default)]
    pub person: PersonSpec,
    /// Others who talk, by the ids that steps name with `as`.
    #[serde(default)]
    people: BTreeMap<String, PersonSpec>,
    /// How long a conversation may be silent, as in `pesto.toml`; 30 days by default.
    #[serde(rename = "expires-after")]
    expires_after: Option<String>,
    /// How long until the person is reminded; three quarters of that by default.
    #[serde(rename = "remind-after")]
    remind_after: Option<String>,
    /// When it begins: RFC 3339 in UTC.
    pub now: Option<String>,
    /// The component of an earlier version that is current until a step says `swap`; beside the scenario's file.
    #[serde(rename = "begins-on")]
    pub(super) begins_on: Option<PathBuf>,
    /// One after the other.
    pub steps: Vec<Step>,
    /// Where each step begins in the file, counted from 1; none where that cannot be told.
    #[serde(skip)]
    lines: Vec<Option<usize>>,
}

/// Who talks.
#[derive(Debug, Clone, Deserialize)]
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
    /// Whose step it is, where it is not the scenario's `person`.
    #[serde(rename = "as")]
    pub(super) person: Option<String>,
    /// The thread in a channel where it happens, by any name; the person's direct messages by default.
    #[serde(rename = "in")]
    pub(super) thread: Option<String>,
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

impl Scenario {
    /// Reads a scenario and checks its form.
    pub fn read(path: &Path) -> Result<Self, ScenarioError> {
        let name = path.display().to_string();
        let io = |error| ScenarioError::Io(name.clone(), error);
        if std::fs::metadata(path).map_err(io)?.len() > LONGEST {
            return Err(ScenarioError::Form(name, None, "it is longer than 1 MiB".to_owned()));
        }
        let text = std::fs::read_to_string(path).map_err(io)?;
        let form = |reason: String| ScenarioError::Form(name.clone(), None, reason);
        let mut scenario: Self = serde_yaml_ng::from_str(&text).map_err(|error| {
            let line = error.location().map(|location| location.line());
            ScenarioError::Form(name.clone(), line, error.to_string())
        })?;
        scenario.lines = lines::of_steps(&text, scenario.steps.len());
        scenario.begin().map_err(form)?;
        scenario.expiry().map_err(form)?;
        scenario.person.check().map_err(form)?;
        if scenario.steps.is_empty() {
            return Err(form("it has no steps, and so shows nothing".to_owned()));
        }
        for (at, step) in scenario.steps.iter().enumerate() {
            let broken = |reason: String| {
                ScenarioError::Form(name.clone(), scenario.line(at), format!("step {}: {reason}", at + 1))
            };
            step.check().map_err(broken)?;
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

    /// The line of a step, counted from 0; none where it cannot be told.
    pub(super) fn line(&self, step: usize) -> Option<usize> {
        self.lines.get(step).copied().flatten()
    }

    /// Whose step it is. Somebody of whom no more is said than an id has it as their name, and the rest from `person`.
    pub(super) fn talker(&self, step: &Step) -> PersonSpec {
        match &step.person {
            None => self.person.clone(),
            Some(id) if *id == self.person.id => self.person.clone(),
            Some(id) => match self.people.get(id) {
                Some(spec) => PersonSpec { id: id.clone(), ..spec.clone() },
                None => PersonSpec { id: id.clone(), name: capital(id), ..self.person.clone() },
            },
        }
    }

    /// How long its conversations may be silent; never ends where that is none.
    pub(super) fn expiry(&self) -> Result<Option<Expiry>, String> {
        let span = |key: &str, text: &Option<String>| match text.as_deref() {
            None => Ok(None),
            Some("never") => Ok(Some(None)),
            Some(text) => match humantime::parse_duration(text).ok().filter(|span| span.as_secs() >= 1) {
                Some(span) => Ok(Some(Millis::try_from(span.as_millis()).ok())),
                None => Err(format!("{key}: `{text}` is no duration; write it like 36h or 14d, or `never`")),
            },
        };
        let after = match span("expires-after", &self.expires_after)? {
            Some(None) => return Ok(None),
            Some(Some(after)) => after,
            None => Expiry::DEFAULT.after,
        };
        let remind = span("remind-after", &self.remind_after)?.unwrap_or(Expiry::after(after).remind);
        if remind.is_some_and(|remind| remind >= after) {
            return Err("remind-after: it must be shorter than expires-after".to_owned());
        }
        Ok(Some(Expiry { after, remind }))
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

fn capital(id: &str) -> String {
    let mut letters = id.chars();
    letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect()
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

    #[test]
    fn what_a_call_cannot_have_is_refused_with_its_line() {
        let call = |call: &str| refused(&format!("name: n\nsteps:\n  - say: hi\n  - say: ho\n    llm: [{call}]\n"));
        for (wrong, why) in [
            ("{fails: denied, sent: true}", "`sent` is for"),
            ("{fails: timeout, retry-after: 3}", "`retry-after` is for"),
            ("{fails: in-doubt, cut: true}", "`cut` is for"),
            ("{answers: a, fails: in-doubt}", "either `answers` or `fails`"),
        ] {
            let error = call(wrong);
            assert!(error.contains(":4: step 2: ") && error.contains(why), "{error}");
        }
        let error = refused("name: n\nexpires-after: 2d\nremind-after: 3d\nsteps: [{say: a}]\n");
        assert!(error.contains("shorter than expires-after"), "{error}");
        let error = refused("name: n\nsteps:\n  - say: a\n    bto: []\n");
        assert!(error.contains(":4: ") || error.contains(":3: "), "{error}");
    }

    fn read(text: &str) -> Scenario {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        Scenario::read(file.path()).unwrap()
    }

    #[test]
    fn people_and_silence() {
        let scenario = read(
            "name: n\npeople: {flo: {name: Flora, locale: de-DE}}\nexpires-after: 8d\n\
             steps: [{say: a}, {as: flo, say: b}, {as: ed, in: thread, say: c}]\n",
        );
        let talker = |step: usize| {
            let spec = scenario.talker(&scenario.steps[step]);
            (spec.id, spec.name, spec.locale)
        };
        let of = |id: &str, name: &str, locale: &str| (id.to_owned(), name.to_owned(), locale.to_owned());
        assert_eq!(talker(0), of("sam", "Sam", "en-GB"));
        assert_eq!(talker(1), of("flo", "Flora", "de-DE"));
        assert_eq!(talker(2), of("ed", "Ed", "en-GB"));
        let day = 86_400_000;
        assert_eq!(scenario.expiry().unwrap(), Some(Expiry { after: 8 * day, remind: Some(6 * day) }));
        assert_eq!(read("name: n\nsteps: [{say: a}]\n").expiry().unwrap(), Some(Expiry::DEFAULT));
        assert_eq!(read("name: n\nexpires-after: never\nsteps: [{say: a}]\n").expiry().unwrap(), None);
    }
}
