//! Holds a scenario's conversation and compares.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use pesto_engine::failpoint::{Point, Rule};
use pesto_engine::flow_log::FlowLog;
use pesto_engine::form;
use pesto_engine::model::{Body, DeadLetter, FlowName, Inbound, Message, Person, Place, Values};
use pesto_engine::policy::Bounds;
use pesto_engine::texts::DEFAULT;
use pesto_engine::wasm::{Ready, Sandbox};
use serde_json::Value;

use super::compare;
use super::crashes::Plan;
use super::failure::{Difference, Failure};
use super::file::{Act, PersonSpec, Scenario, Step};
use super::host::{Host, Parts};
use super::llm_call::LlmCall;
use super::store::StoreKind;
use super::transcript::Transcript;
use crate::redis::Scratch;

/// Flows under test.
pub struct Bench {
    sandbox: Arc<Sandbox>,
    bounds: Arc<Bounds>,
    pub(super) store: StoreKind,
    scratch: Option<Scratch>,
}

/// A flow that is loaded.
#[derive(Clone)]
pub struct Flow {
    name: FlowName,
    ready: Arc<Ready>,
    bytes: Arc<[u8]>,
}

/// A scenario that went as it should.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Passed {
    /// Crashes that it went through.
    pub crashes: u32,
    /// Steps that were lost on the way to the store, or their answers.
    pub losses: usize,
}

/// A bound on real time, reached only by what hangs.
const PATIENCE: Duration = Duration::from_secs(60);
/// Where scenarios happen.
const WORKSPACE: &str = "test";
/// Differences of one scenario that are told: those beyond tell nothing more.
const MOST: usize = 10;

impl Bench {
    /// A bench with the bounds that hold by default, and a fresh store of this kind for each conversation. A database in
    /// Redis must be empty.
    pub async fn new(store: StoreKind) -> anyhow::Result<Self> {
        let bounds = Arc::new(Bounds { instances: 16, ..Bounds::default() });
        let sandbox = Sandbox::new(bounds.clone()).map_err(|error| anyhow::anyhow!("no sandbox: {error:#}"))?;
        let scratch = match &store {
            StoreKind::Memory | StoreKind::Embedded => None,
            StoreKind::Redis(url) => {
                Some(Scratch::take(url).await.context("the store for the scenarios cannot be used")?)
            }
        };
        Ok(Self { sandbox: Arc::new(sandbox), bounds, store, scratch })
    }

    /// Throws away what the conversations left.
    pub async fn clean(self) -> anyhow::Result<()> {
        match &self.scratch {
            Some(scratch) => scratch.empty().await.context("what the scenarios left in Redis cannot be thrown away"),
            None => Ok(()),
        }
    }

    /// Loads the component that is to be tested, as a host would.
    pub async fn load(&self, name: FlowName, component: &Path) -> anyhow::Result<Flow> {
        let path: PathBuf = component.to_owned();
        let bytes =
            std::fs::read(&path).with_context(|| format!("cannot read {}; run `pesto build`", path.display()))?;
        let ready = self.sandbox.load(bytes.clone()).await;
        let ready =
            ready.map_err(|error| anyhow::anyhow!("{} is refused: {}: {error}", path.display(), error.name()))?;
        Ok(Flow { name, ready: Arc::new(ready), bytes: bytes.into() })
    }

    /// Holds the conversation once.
    pub async fn run(&self, flow: &Flow, scenario: &Scenario) -> Result<Passed, Failure> {
        let case = self.case(flow, scenario).await?;
        self.hold(&case, &self.store, &Plan::new()).await.map(|_| Passed::default())
    }

    /// Loads what the scenario needs beside its flow.
    pub(super) async fn case<'a>(&self, flow: &'a Flow, scenario: &'a Scenario) -> Result<Case<'a>, Failure> {
        let first = match &scenario.begins_on {
            Some(component) => {
                let earlier = self.load(flow.name.clone(), component).await;
                earlier.map_err(|error| Failure::whole(format!("begins-on: {error:#}")))?.ready
            }
            None => flow.ready.clone(),
        };
        Ok(Case { flow, first, scenario })
    }

    pub(super) async fn hold(&self, case: &Case<'_>, store: &StoreKind, plan: &Plan) -> Result<Held, Failure> {
        let Case { flow, first, scenario } = case;
        let rules = |step: usize| -> Vec<Rule> { plan.get(&step).cloned().into_iter().collect() };
        let now = scenario.begin().map_err(Failure::whole)?;
        let log = FlowLog::default();
        let parts = Parts {
            sandbox: self.sandbox.clone(),
            bounds: self.bounds.clone(),
            flow: flow.name.clone(),
            versions: vec![first.clone()],
            expiry: scenario.expiry().map_err(Failure::whole)?,
            log: log.clone(),
        };
        let host = Host::start(parts, store, now, rules(0)).await;
        let host = host.map_err(|error| Failure::whole(format!("the host cannot be started: {error:#}")))?;
        let mut talk = Talk::new(host, log.clone(), flow, scenario);
        let (mut hits, mut done, mut differences) = (Vec::new(), Plan::new(), Vec::new());
        for (at, step) in scenario.steps.iter().enumerate() {
            let stepped = tokio::time::timeout(PATIENCE, talk.step(at, step)).await;
            let stepped = stepped.unwrap_or_else(|_| Err("it does not come to an end".to_owned()));
            let (differ, goes_on) = stepped.unwrap_or_else(|error| (vec![error], false));
            let (line, step) = (scenario.line(at), Some(at + 1));
            differences.extend(differ.into_iter().map(|what| Difference { line, step, what }));
            if !goes_on || differences.len() >= MOST {
                break;
            }
            let (hit, went_wrong) = talk.host.next_step(rules(at + 1));
            hits.push(hit);
            done.extend(went_wrong.into_iter().map(|rule| (at, rule)));
        }
        if !differences.is_empty() {
            // A turn that never ended has its lines in no step.
            log.take().into_iter().for_each(|line| talk.transcript.log(line));
            differences.truncate(MOST);
            return Err(Failure { during: None, differences, transcript: talk.transcript.to_string() });
        }
        Ok(Held { transcript: talk.transcript, hits, done, crashes: talk.host.crashes })
    }
}

/// What is held, with the version of the flow on which it begins.
pub(super) struct Case<'a> {
    flow: &'a Flow,
    first: Arc<Ready>,
    scenario: &'a Scenario,
}

/// A conversation that was held to its end.
pub(super) struct Held {
    pub(super) transcript: Transcript,
    /// How often each failpoint was hit in each step.
    pub(super) hits: Vec<BTreeMap<Point, u64>>,
    /// What of its plan went wrong.
    pub(super) done: Plan,
    pub(super) crashes: u32,
}

struct Talk<'a> {
    host: Host,
    log: FlowLog,
    flow: &'a Flow,
    scenario: &'a Scenario,
    /// Those where something happened, in this order.
    places: Vec<Place>,
    transcript: Transcript,
    posted: usize,
    completions: u64,
}

impl<'a> Talk<'a> {
    fn new(host: Host, log: FlowLog, flow: &'a Flow, scenario: &'a Scenario) -> Self {
        let transcript = Transcript::default();
        Self { host, log, flow, scenario, places: Vec::new(), transcript, posted: 0, completions: 0 }
    }

    /// Where a step happens.
    fn place(&mut self, step: &Step, talker: &PersonSpec) -> Result<Place, String> {
        let place = match &step.thread {
            None => Place::direct(WORKSPACE, &talker.id).map_err(|error| format!("person.id: {error}"))?,
            Some(thread) => {
                format!("{WORKSPACE}/channel/{thread}").parse::<Place>().map_err(|error| format!("in: {error}"))?
            }
        };
        if !self.places.contains(&place) {
            self.places.push(place.clone());
        }
        Ok(place)
    }

    /// What differs after a step, and whether the next one can be held; an error ends the scenario, too.
    async fn step(&mut self, at: usize, step: &Step) -> Result<(Vec<String>, bool), String> {
        let answers: Vec<_> = step.llm.iter().map(LlmCall::answer).collect::<Result<_, _>>()?;
        self.host.llm.expect(answers);
        let talker = self.scenario.talker(step);
        let place = self.place(step, &talker)?;
        let name = if talker.id == self.scenario.person.id { "you" } else { &talker.id };
        let who = self.label(name, &place);
        match step.act()? {
            Act::Start(arguments) => {
                self.transcript.person(&who, format!("start {} {arguments}", self.flow.name).trim_end());
                let flow = self.flow.name.clone();
                self.event(at, &place, talker, Body::Start { flow, arguments }).await?;
            }
            Act::Say(text) => {
                self.transcript.person(&who, &text);
                self.event(at, &place, talker, Body::Said { text, files: Vec::new() }).await?;
            }
            Act::Pick(words) => {
                self.transcript.person(&who, format!("[{}]", words.join("] [")));
                let body = self.pick(&place, &words)?;
                self.event(at, &place, talker, body).await?;
            }
            Act::Fill(fields) => {
                let entered: Vec<_> =
                    fields.iter().map(|(field, values)| format!("{field}: {}", values.join(", "))).collect();
                self.transcript.person(&who, format!("[{}]", entered.join("] [")));
                let body = self.fill(&place, fields)?;
                self.event(at, &place, talker, body).await?;
            }
            Act::Wait(wait) => {
                self.transcript.person("", format!("({} later)", humantime::format_duration(wait)));
                let places = self.places.clone();
                self.host.wait(&places, wait).await?;
            }
            Act::Swap => {
                self.transcript.person("", "(another version is deployed)");
                self.host.swap(&self.flow.ready, &self.flow.bytes).await?;
            }
        }
        self.compare(step, &place).await
    }

    async fn event(&mut self, at: usize, place: &Place, talker: PersonSpec, body: Body) -> Result<(), String> {
        let person = Person {
            groups: Vec::new(),
            id: talker.id,
            name: talker.name,
            locale: talker.locale,
            time_zone: talker.time_zone,
            utc_offset: None,
        };
        let (id, place) = (format!("step-{at}"), place.clone());
        self.host.event(Inbound { id, place, person, at: 0, sent: None, manner: Default::default(), body }).await
    }

    /// The latest message with choices is the one that people see the buttons of.
    fn pick(&self, place: &Place, words: &[String]) -> Result<Body, String> {
        let messages = self.host.messenger.messages();
        let mut here = messages.iter().rev().filter(|message| message.place == *place);
        let asked = here.find_map(|message| Some((&message.id, message.choices.as_ref()?)));
        let (message, choices) = asked.ok_or("there is nothing to pick from")?;
        let value = |word: &String| {
            let option = choices.options.iter().find(|option| option.label == *word || option.value == *word);
            option.map(|option| option.value.clone()).ok_or_else(|| {
                let labels: Vec<_> = choices.options.iter().map(|option| option.label.as_str()).collect();
                format!("there is no choice {word:?}; there are {labels:?}")
            })
        };
        let values = words.iter().map(value).collect::<Result<_, _>>()?;
        Ok(Body::Picked { message: message.clone(), values })
    }

    /// The form of the latest message that has one, checked as a channel checks it.
    fn fill(&self, place: &Place, fields: BTreeMap<String, Vec<String>>) -> Result<Body, String> {
        let messages = self.host.messenger.messages();
        let mut here = messages.iter().rev().filter(|message| message.place == *place);
        let asked = here.find_map(|message| Some((&message.id, message.form.as_ref()?)));
        let (message, form) = asked.ok_or("there is no form to fill in")?;
        let mut values = Values::new();
        for (name, entered) in fields {
            let field = form.fields.iter().find(|field| field.key == name || field.label == name);
            let field = field.ok_or_else(|| {
                let keys: Vec<_> = form.fields.iter().map(|field| field.key.as_str()).collect();
                format!("the form has no field {name:?}; there are {keys:?}")
            })?;
            let value = |entered: String| {
                let option = field.options().iter().find(|option| option.label == entered);
                option.map_or(entered, |option| option.value.clone())
            };
            values.insert(field.key.clone(), entered.into_iter().map(value).collect());
        }
        match form::check(form, &values) {
            Ok(_) => Ok(Body::Filled { message: message.clone(), values }),
            Err(problems) => {
                let problems: Vec<_> =
                    problems.iter().map(|(key, wrong)| format!("{key}: {}", DEFAULT.wrong(wrong))).collect();
                Err(format!("the form is not taken: {}", problems.join(" ")))
            }
        }
    }

    /// All that differs from what the step should lead to, and whether the conversation can go on: what differs only in its
    /// words can.
    async fn compare(&mut self, step: &Step, place: &Place) -> Result<(Vec<String>, bool), String> {
        let messages = self.host.messenger.messages();
        let mut new: Vec<Message> = messages.iter().skip(self.posted).cloned().collect();
        self.posted = messages.len();
        // Places do not wait for one another, so what time brings about has an order within each only.
        new.sort_by_key(|message| self.places.iter().position(|place| *place == message.place));
        for message in &new {
            self.transcript.bot(self.label("bot", &message.place), message.clone());
        }
        self.log.take().into_iter().for_each(|line| self.transcript.log(line));
        let (asked, left, unexpected) = self.host.llm.take();
        // Why the flow said something else comes first.
        let dead = self.dead_letters().await?;
        if !dead.is_empty() {
            return Ok((dead, false));
        }
        let mut all = compare::calls(&step.llm, &asked, left, unexpected);
        all.extend(compare::messages(&step.bot, &new));
        for message in &new {
            let taken = crate::slack::check(message);
            all.extend(taken.err().map(|error| format!("Slack would not take `{}`: {error}", message.key)));
        }
        let recorded = self.recorded().await?;
        all.extend(compare::answers(step.answers.as_ref(), &recorded));
        let open = self.host.ask(async |store| store.glance(place).await).await?.conversation.is_some();
        let ended = compare::ended(step.ended, open);
        let goes_on = new.len() == step.bot.len() && left == 0 && unexpected == 0 && ended.is_none();
        all.extend(ended);
        Ok((all, goes_on))
    }

    async fn dead_letters(&mut self) -> Result<Vec<String>, String> {
        let dead = self.host.ask(async |store| store.dead(0, MOST).await).await?;
        let words = |letter: &DeadLetter| format!("the turn was given up: {}: {}", letter.error, letter.reason);
        Ok(dead.iter().map(|(_, letter)| words(letter)).collect())
    }

    async fn recorded(&mut self) -> Result<Vec<Value>, String> {
        let (flow, after) = (&self.flow.name, self.completions);
        let new = self.host.ask(async |store| store.completions(flow, after, 2).await).await?;
        self.completions = new.last().map_or(self.completions, |(position, _)| *position);
        Ok(new.iter().map(|(_, completion)| serde_json::from_str(&completion.answers).unwrap_or_default()).collect())
    }

    /// A name, and the thread if it is one: `flo in thread`.
    fn label(&self, who: &str, place: &Place) -> String {
        match (place.thread(), place.person()) {
            (Some((_, thread)), _) => format!("{who} in {thread}"),
            (None, Some(person)) if who == "bot" && person != self.scenario.person.id => format!("{who} to {person}"),
            _ => who.to_owned(),
        }
    }
}
