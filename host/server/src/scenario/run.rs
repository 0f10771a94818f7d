//! Holds a scenario's conversation and compares.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use pesto_engine::failpoint::{Point, Rule};
use pesto_engine::form;
use pesto_engine::model::{Body, FlowName, Inbound, Message, Person, Place, Values};
use pesto_engine::policy::Bounds;
use pesto_engine::ports::LlmRequest;
use pesto_engine::wasm::{Ready, Sandbox};
use serde_json::Value;

use super::crashes::Plan;
use super::file::{Act, LlmCall, Scenario, Step, Wanted};
use super::host::{Host, Parts};
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

/// A scenario that went otherwise: the step, what differs, and all that was said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure(pub(super) String);

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// A bound on real time, reached only by what hangs.
const PATIENCE: Duration = Duration::from_secs(20);

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
                earlier.map_err(|error| Failure(format!("  begins-on: {error:#}")))?.ready
            }
            None => flow.ready.clone(),
        };
        Ok(Case { flow, first, scenario })
    }

    pub(super) async fn hold(&self, case: &Case<'_>, store: &StoreKind, plan: &Plan) -> Result<Held, Failure> {
        let Case { flow, first, scenario } = case;
        let rules = |step: usize| -> Vec<Rule> { plan.get(&step).cloned().into_iter().collect() };
        let now = scenario.begin().map_err(Failure)?;
        let parts = Parts {
            sandbox: self.sandbox.clone(),
            bounds: self.bounds.clone(),
            flow: flow.name.clone(),
            versions: vec![first.clone()],
        };
        let host = Host::start(parts, store, now, rules(0)).await;
        let host = host.map_err(|error| Failure(format!("  the host cannot be started: {error:#}")))?;
        let mut talk = Talk::new(host, flow, scenario).map_err(Failure)?;
        let (mut hits, mut done) = (Vec::new(), Plan::new());
        for (at, step) in scenario.steps.iter().enumerate() {
            let stepped = tokio::time::timeout(PATIENCE, talk.step(at, step)).await;
            if let Err(difference) = stepped.unwrap_or_else(|_| Err("it does not come to an end".to_owned())) {
                let said = &talk.transcript;
                return Err(Failure(format!("  step {}: {difference}\n  so far:\n{said}", at + 1)));
            }
            let (hit, went_wrong) = talk.host.next_step(rules(at + 1));
            hits.push(hit);
            done.extend(went_wrong.into_iter().map(|rule| (at, rule)));
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
    flow: &'a Flow,
    place: Place,
    person: Person,
    transcript: Transcript,
    posted: usize,
    completions: u64,
}

impl<'a> Talk<'a> {
    fn new(host: Host, flow: &'a Flow, scenario: &Scenario) -> Result<Self, String> {
        let person = &scenario.person;
        let place = Place::direct("test", &person.id).map_err(|error| format!("person.id: {error}"))?;
        let person = Person {
            groups: Vec::new(),
            id: person.id.clone(),
            name: person.name.clone(),
            locale: person.locale.clone(),
            time_zone: person.time_zone.clone(),
            utc_offset: None,
        };
        Ok(Self { host, flow, place, person, transcript: Transcript::default(), posted: 0, completions: 0 })
    }

    async fn step(&mut self, at: usize, step: &Step) -> Result<(), String> {
        let answers: Vec<_> = step.llm.iter().map(LlmCall::answer).collect::<Result<_, _>>()?;
        self.host.llm.expect(answers);
        match step.act()? {
            Act::Start(arguments) => {
                self.transcript.person(format!("start {} {arguments}", self.flow.name).trim_end());
                let flow = self.flow.name.clone();
                self.event(at, Body::Start { flow, arguments }).await?;
            }
            Act::Say(text) => {
                self.transcript.person(&text);
                self.event(at, Body::Said { text, files: Vec::new() }).await?;
            }
            Act::Pick(words) => {
                self.transcript.person(format!("[{}]", words.join("] [")));
                let body = self.pick(&words)?;
                self.event(at, body).await?;
            }
            Act::Fill(fields) => {
                let entered: Vec<_> =
                    fields.iter().map(|(field, values)| format!("{field}: {}", values.join(", "))).collect();
                self.transcript.person(format!("[{}]", entered.join("] [")));
                let body = self.fill(fields)?;
                self.event(at, body).await?;
            }
            Act::Wait(wait) => {
                self.transcript.person(format!("({} pass)", humantime::format_duration(wait)));
                let place = self.place.clone();
                self.host.wait(&place, wait).await?;
            }
            Act::Swap => {
                self.transcript.person("(another version is deployed)");
                self.host.swap(&self.flow.ready, &self.flow.bytes).await?;
            }
        }
        self.compare(step).await
    }

    async fn event(&mut self, at: usize, body: Body) -> Result<(), String> {
        let inbound = Inbound {
            id: format!("step-{at}"),
            place: self.place.clone(),
            person: self.person.clone(),
            at: 0,
            sent: None,
            body,
        };
        self.host.event(inbound).await
    }

    /// The latest message with choices is the one that people see the buttons of.
    fn pick(&self, words: &[String]) -> Result<Body, String> {
        let messages = self.host.messenger.messages();
        let asked = messages.iter().rev().find_map(|message| Some((&message.id, message.choices.as_ref()?)));
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
    fn fill(&self, fields: BTreeMap<String, Vec<String>>) -> Result<Body, String> {
        let messages = self.host.messenger.messages();
        let asked = messages.iter().rev().find_map(|message| Some((&message.id, message.form.as_ref()?)));
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
                let problems: Vec<_> = problems.iter().map(|(key, words)| format!("{key}: {words}")).collect();
                Err(format!("the form is not taken: {}", problems.join(" ")))
            }
        }
    }

    async fn compare(&mut self, step: &Step) -> Result<(), String> {
        let messages = self.host.messenger.messages();
        let new: Vec<Message> = messages.iter().skip(self.posted).cloned().collect();
        self.posted = messages.len();
        new.iter().for_each(|message| self.transcript.bot(message.clone()));
        for message in &new {
            crate::slack::check(message).map_err(|error| format!("Slack would not take `{}`: {error}", message.key))?;
        }
        let (asked, left, unexpected) = self.host.llm.take();
        // What the flow asked comes first: a wrong call is often why it said something else.
        compare_calls(&step.llm, &asked, left, unexpected)?;
        compare_messages(&step.bot, &new)?;
        self.compare_dead_letters().await?;
        self.compare_answers(step.answers.as_ref()).await?;
        let place = self.place.clone();
        let open = self.host.ask(async |store| store.glance(&place).await).await?.conversation.is_some();
        match step.ended {
            Some(true) if open => Err("the conversation should be over, and is open".to_owned()),
            Some(false) if !open => Err("the conversation should be open, and is over".to_owned()),
            _ => Ok(()),
        }
    }

    async fn compare_dead_letters(&mut self) -> Result<(), String> {
        let dead = self.host.ask(async |store| store.dead(0, 1).await).await?;
        match dead.first() {
            Some((_, letter)) => Err(format!("the turn was given up: {}: {}", letter.error, letter.reason)),
            None => Ok(()),
        }
    }

    async fn compare_answers(&mut self, wanted: Option<&Value>) -> Result<(), String> {
        let (flow, after) = (&self.flow.name, self.completions);
        let new = self.host.ask(async |store| store.completions(flow, after, 2).await).await?;
        self.completions = new.last().map_or(self.completions, |(position, _)| *position);
        let got: Vec<Value> =
            new.iter().map(|(_, completion)| serde_json::from_str(&completion.answers).unwrap_or_default()).collect();
        match (wanted, got.as_slice()) {
            (None, []) => Ok(()),
            (None, [got, ..]) => Err(format!("answers were recorded, and none were wanted: {got}")),
            (Some(wanted), [got]) if wanted == got => Ok(()),
            (Some(wanted), [got]) => Err(format!("answers: wanted {wanted}\n           and got {got}")),
            (Some(wanted), []) => Err(format!("answers: wanted {wanted}, and none were recorded")),
            (Some(_), _) => Err("answers were recorded more than once".to_owned()),
        }
    }
}

fn compare_calls(wanted: &[LlmCall], asked: &[LlmRequest], left: usize, unexpected: usize) -> Result<(), String> {
    let text =
        |request: &LlmRequest| request.messages.iter().map(|(_, text)| text.as_str()).collect::<Vec<_>>().join("\n");
    for (at, (call, request)) in wanted.iter().zip(asked).enumerate() {
        let text = text(request);
        if let Some(want) = call.asked.as_ref().and_then(|asked| asked.differs(&text)) {
            return Err(format!("call {} to the model: wanted {want}\n    and it was asked {text:?}", at + 1));
        }
    }
    if unexpected > 0 {
        let last = asked.last().map(text).unwrap_or_default();
        return Err(format!("{unexpected} calls to the model were not expected, the last one asking {last:?}"));
    }
    if left > 0 {
        return Err(format!("{left} calls to the model were expected and not made"));
    }
    Ok(())
}

fn compare_messages(wanted: &[Wanted], got: &[Message]) -> Result<(), String> {
    for (at, (want, message)) in wanted.iter().zip(got).enumerate() {
        if let Some(want) = want.differs(&message.text) {
            return Err(format!("message {}: wanted {want}\n    and got {:?}", at + 1, message.text));
        }
        let options = message.choices.iter().flat_map(|choices| &choices.options);
        let labels: Vec<_> = options.map(|option| option.label.clone()).collect();
        if let Some(want) = want.labels().filter(|want| **want != labels[..]) {
            return Err(format!("message {}: wanted the choices {want:?}\n    and got {labels:?}", at + 1));
        }
        let fields = message.form.iter().flat_map(|form| &form.fields);
        let fields: Vec<_> = fields.map(|field| field.label.clone()).collect();
        if let Some(want) = want.fields().filter(|want| **want != fields[..]) {
            return Err(format!("message {}: wanted a form of {want:?}\n    and got {fields:?}", at + 1));
        }
    }
    if wanted.len() == got.len() {
        return Ok(());
    }
    let texts: Vec<_> = got.iter().map(|message| &message.text).collect();
    Err(format!("{} messages were wanted, and these came: {texts:?}", wanted.len()))
}
