//! Version 0.1 of the contract: the one file that knows its types. Host implementations here check, call the
//! broker, and translate.

pub(super) mod migration;

use wasmtime::component::{HasSelf, Linker};

use crate::fault::{Fault, GuestFault};
use crate::flow::{Context, FlowInfo, LocalTime, Outcome, Reply, TimerWish};
use crate::model::{self, Audience};
use crate::policy::{Right, Rights, contract};
use crate::ports;
use crate::router::FlowEvent;
use crate::text::{is_harmful, is_invisible, line};

use super::state::GuestState;

#[allow(missing_docs, unreachable_pub)]
mod bindings {
    wasmtime::component::bindgen!({
        path: "../../wit/since-v0.1",
        world: "flow",
        imports: {
            "pesto:flow/llm": async | trappable,
            "pesto:flow/history": async | trappable,
            default: trappable,
        },
        exports: { default: async },
    });
}

use bindings::exports::pesto::flow::conversation as guest;
use bindings::pesto::flow::{history, llm, log, progress, types};

pub(super) use bindings::{Flow, FlowPre};

/// The interface whose version tells which world a component was built for.
pub(super) const EXPORT: &str = "pesto:flow/conversation@0.1";

/// The interfaces that the host has, apart from WASI's.
pub(super) const IMPORTS: [&str; 5] = [
    "pesto:flow/types@0.1.",
    "pesto:flow/llm@0.1.",
    "pesto:flow/history@0.1.",
    "pesto:flow/progress@0.1.",
    "pesto:flow/log@0.1.",
];

pub(super) fn add_to_linker(linker: &mut Linker<GuestState>) -> wasmtime::Result<()> {
    Flow::add_to_linker::<_, HasSelf<_>>(linker, |state| state)
}

/// Why a description is refused: for the author.
pub(super) async fn describe(
    flow: &Flow,
    store: &mut wasmtime::Store<GuestState>,
) -> wasmtime::Result<Result<FlowInfo, String>> {
    Ok(info(flow.pesto_flow_conversation().call_describe(store).await?))
}

pub(super) async fn handle(
    flow: &Flow,
    store: &mut wasmtime::Store<GuestState>,
    event: &FlowEvent,
    context: &Context,
    state: Option<&[u8]>,
) -> wasmtime::Result<Result<Outcome, GuestFault>> {
    let (event, context) = (event_in(event), context_in(context));
    let state = state.map(<[u8]>::to_vec);
    let answer = flow.pesto_flow_conversation().call_handle(store, &event, &context, state.as_deref()).await?;
    Ok(match answer {
        Ok(outcome) => outcome_out(outcome),
        Err(failure) => Err(GuestFault::FlowFailed(line(&failure.reason, contract::REASON))),
    })
}

/// The extension of a description that says who is heard in a conversation where several people talk.
const AUDIENCE: &str = "audience";

fn audience(extensions: &[types::Extension]) -> Result<Audience, String> {
    let (said, others): (Vec<_>, Vec<_>) = extensions.iter().cloned().partition(|one| one.name == AUDIENCE);
    no_extensions(&others)?;
    let Some(first) = said.first() else { return Ok(Audience::default()) };
    let word = serde_json::from_str::<String>(&first.json).ok().filter(|_| said.len() == 1);
    let known = word.and_then(|word| Audience::ALL.into_iter().find(|(name, _)| *name == word));
    known.map(|(_, audience)| audience).ok_or_else(|| {
        let names = Audience::ALL.map(|(name, _)| format!("\"{name}\"")).join(", ");
        format!("the extension `{AUDIENCE}` is to be there once, as one of {names}")
    })
}

fn info(info: guest::FlowInfo) -> Result<FlowInfo, String> {
    let audience = audience(&info.extensions)?;
    within("title", &info.title, 1, 80)?;
    within("summary", &info.summary, 1, 300)?;
    within("version", &info.version, 0, 40)?;
    if info.triggers.len() > 16 {
        return Err(format!("it has {} triggers, and 16 are allowed", info.triggers.len()));
    }
    info.triggers.iter().try_for_each(|trigger| within("trigger", trigger, 1, 40))?;
    let mut asks = Rights::new();
    for right in &info.asks {
        let known: Right =
            right.parse().map_err(|error| format!("it asks for the right `{}`: {error}", line(right, 40)))?;
        asks.insert(known);
    }
    let triggers = info.triggers.iter().map(|trigger| trigger.trim().to_lowercase()).collect();
    Ok(FlowInfo { title: info.title, summary: info.summary, version: info.version, triggers, asks, audience })
}

fn within(what: &str, text: &str, least: usize, most: usize) -> Result<(), String> {
    let length = text.chars().count();
    if text.contains(char::is_control) {
        return Err(format!("its {what} has control characters"));
    }
    if text.contains(is_harmful) {
        return Err(format!("its {what} has characters that turn or break the line: take them out"));
    }
    if least > 0 && is_invisible(text) {
        return Err(format!("its {what} has nothing that can be seen"));
    }
    if !(least..=most).contains(&length) {
        return Err(format!("its {what} has {length} characters, and {least} to {most} are allowed"));
    }
    Ok(())
}

fn no_extensions(extensions: &[types::Extension]) -> Result<(), String> {
    match extensions.first() {
        Some(extension) => Err(format!(
            "the extension `{}` is not known to this host, which speaks version 0.1 of the contract",
            line(&extension.name, 80)
        )),
        None => Ok(()),
    }
}

fn event_in(event: &FlowEvent) -> types::Event {
    let extensions = Vec::new();
    match event {
        FlowEvent::Started { arguments } => {
            types::Event::Started(types::Started { arguments: arguments.clone(), extensions })
        }
        FlowEvent::Said { text, files } => types::Event::Said(types::Said {
            text: text.clone(),
            files: files.iter().map(file_in).collect(),
            extensions,
        }),
        FlowEvent::Edited { text } => {
            types::Event::Edited(types::Said { text: text.clone(), files: Vec::new(), extensions })
        }
        FlowEvent::Picked { key, values } => {
            types::Event::Picked(types::Picked { key: key.clone(), values: values.clone(), extensions })
        }
        FlowEvent::Filled { key, values } => {
            let answer = |(key, values): &(String, Vec<String>)| types::Answer {
                key: key.clone(),
                values: values.clone(),
                extensions: Vec::new(),
            };
            let values = values.iter().map(answer).collect();
            types::Event::Filled(types::Filled { key: key.clone(), values, extensions })
        }
        FlowEvent::Timer { name, due } => {
            types::Event::Timer(types::TimerFired { name: name.clone(), due: *due, extensions })
        }
        FlowEvent::Cancelled => types::Event::Cancelled,
        FlowEvent::Undelivered { key, reason } => {
            types::Event::Undelivered(types::Undelivered { key: key.clone(), reason: reason.clone(), extensions })
        }
    }
}

fn file_in(file: &model::File) -> types::File {
    types::File {
        id: file.id.clone(),
        name: file.name.clone(),
        media_type: file.media_type.clone(),
        size: file.size,
        extensions: Vec::new(),
    }
}

fn context_in(context: &Context) -> types::TurnContext {
    let person = &context.person;
    types::TurnContext {
        turn: context.turn.to_string(),
        conversation: context.conversation.clone(),
        place: context.place.to_string(),
        person: types::Person {
            id: person.id.clone(),
            name: person.name.clone(),
            locale: person.locale.clone(),
            time_zone: person.time_zone.clone(),
            utc_offset: context.utc_offset,
            extensions: Vec::new(),
        },
        now: context.now,
        seed: context.seed,
        extensions: Vec::new(),
    }
}

fn outcome_out(outcome: types::Outcome) -> Result<Outcome, GuestFault> {
    let bad = GuestFault::BadOutcome;
    no_extensions(&outcome.extensions).map_err(bad)?;
    Ok(Outcome {
        state: outcome.state,
        messages: outcome.messages.into_iter().map(reply_out).collect::<Result<_, _>>().map_err(bad)?,
        timers: outcome.timers.into_iter().map(timer_out).collect::<Result<_, _>>().map_err(bad)?,
        answers: outcome.answers,
        finished: outcome.finished,
        literal_next: outcome.literal_next,
    })
}

fn reply_out(message: types::Message) -> Result<Reply, String> {
    no_extensions(&message.extensions)?;
    let choices = message.choices.map(|choices| {
        no_extensions(&choices.extensions)?;
        Ok::<_, String>(model::Choices {
            options: choices_out(choices.options)?,
            least: choices.least,
            most: choices.most,
        })
    });
    let form = message.form.map(form_out).transpose()?;
    Ok(Reply { key: message.key, text: message.text, choices: choices.transpose()?, form })
}

fn choices_out(choices: Vec<types::Choice>) -> Result<Vec<model::Choice>, String> {
    let choice = |choice: types::Choice| {
        no_extensions(&choice.extensions)?;
        Ok(model::Choice { value: choice.value, label: choice.label })
    };
    choices.into_iter().map(choice).collect()
}

fn form_out(form: types::Form) -> Result<model::Form, String> {
    no_extensions(&form.extensions)?;
    let fields = form.fields.into_iter().map(field_out).collect::<Result<_, _>>()?;
    Ok(model::Form { title: form.title, submit: form.submit, fields })
}

fn field_out(field: types::Field) -> Result<model::Field, String> {
    no_extensions(&field.extensions)?;
    let kind = match field.kind {
        types::FieldKind::Text(text) => {
            no_extensions(&text.extensions)?;
            model::FieldKind::Text { multiline: text.multiline, least: text.least, most: text.most }
        }
        types::FieldKind::Number(number) => {
            no_extensions(&number.extensions)?;
            let (least, most) = (bound_out(number.least)?, bound_out(number.most)?);
            model::FieldKind::Number { least, most, whole: number.whole }
        }
        types::FieldKind::Date(date) => {
            no_extensions(&date.extensions)?;
            model::FieldKind::Date { least: date.least, most: date.most }
        }
        types::FieldKind::OneOf(options) => model::FieldKind::OneOf(choices_out(options)?),
        types::FieldKind::ManyOf(many) => {
            no_extensions(&many.extensions)?;
            let options = choices_out(many.options)?;
            model::FieldKind::ManyOf(model::Choices { options, least: many.least, most: many.most })
        }
        types::FieldKind::Other(extension) => {
            no_extensions(&[extension])?;
            return Err("a field of no known kind".to_owned());
        }
    };
    Ok(model::Field { key: field.key, label: field.label, hint: field.hint, required: field.required, kind })
}

fn bound_out(bound: Option<f64>) -> Result<Option<model::Finite>, String> {
    let finite = |bound| model::Finite::new(bound).ok_or("a number field's least or most is no finite number");
    Ok(bound.map(finite).transpose()?)
}

fn timer_out(change: types::TimerChange) -> Result<TimerWish, String> {
    match change {
        types::TimerChange::Set(setting) => {
            no_extensions(&setting.extensions)?;
            timer_due_out(setting.name, setting.due)
        }
        types::TimerChange::Stop(name) => Ok(TimerWish::Stop(name)),
        types::TimerChange::Other(extension) => no_extensions(&[extension]).map(|()| TimerWish::Stop(String::new())),
    }
}

fn timer_due_out(name: String, due: types::TimerDue) -> Result<TimerWish, String> {
    match due {
        types::TimerDue::After(seconds) => Ok(TimerWish::Set(name, seconds.into())),
        types::TimerDue::At(types::LocalTime { date, time, extensions }) => {
            no_extensions(&extensions)?;
            Ok(TimerWish::SetAt(name, LocalTime { date, time }))
        }
        types::TimerDue::Other(extension) => no_extensions(&[extension]).map(|()| TimerWish::Stop(String::new())),
    }
}

impl types::Host for GuestState {}

impl llm::Host for GuestState {
    async fn complete(&mut self, request: llm::Request) -> wasmtime::Result<Result<llm::Completion, types::CallError>> {
        self.count_call()?;
        if let Err(reason) = no_extensions(&request.extensions) {
            return Ok(Err(types::CallError::Invalid(reason)));
        }
        let request = ports::LlmRequest {
            messages: request.messages.into_iter().map(|message| (role_out(message.role), message.text)).collect(),
            model: request.model,
            max_tokens: request.max_tokens,
            temperature: request.temperature,
        };
        let answer = self.outside("llm.complete", |scope| Box::pin(scope.complete(request))).await?;
        Ok(answer.map(completion_in).map_err(error_in))
    }
}

fn role_out(role: llm::Role) -> ports::Role {
    match role {
        llm::Role::System => ports::Role::System,
        llm::Role::User => ports::Role::User,
        llm::Role::Assistant => ports::Role::Assistant,
    }
}

fn completion_in(completion: ports::LlmCompletion) -> llm::Completion {
    llm::Completion {
        text: completion.text,
        model: completion.model,
        cut: completion.cut,
        prompt_tokens: completion.prompt_tokens,
        completion_tokens: completion.completion_tokens,
        extensions: Vec::new(),
    }
}

fn error_in(error: ports::CallError) -> types::CallError {
    let extensions = Vec::new();
    match error {
        ports::CallError::Denied(reason) => types::CallError::Denied(reason),
        ports::CallError::OverQuota { retry_after, reason } => {
            types::CallError::OverQuota(types::OverQuota { retry_after, reason, extensions })
        }
        ports::CallError::Timeout { sent, reason } => {
            types::CallError::Timeout(types::Reach { sent, reason, extensions })
        }
        ports::CallError::Unavailable { sent, reason } => {
            types::CallError::Unavailable(types::Reach { sent, reason, extensions })
        }
        ports::CallError::Invalid(reason) => types::CallError::Invalid(reason),
        ports::CallError::Conflict(reason) => types::CallError::Conflict(reason),
        ports::CallError::InDoubt => types::CallError::InDoubt,
        ports::CallError::Cancelled => types::CallError::Cancelled,
    }
}

impl history::Host for GuestState {
    async fn recent(&mut self, limit: Option<u32>) -> wasmtime::Result<Vec<history::Exchange>> {
        self.count_call()?;
        let exchanges = self.outside("history.recent", move |scope| Box::pin(scope.history(limit))).await?;
        let exchange_in = |exchange: model::Exchange| history::Exchange {
            said: exchange.said,
            answered: exchange.answered,
            at: exchange.at,
            extensions: Vec::new(),
        };
        Ok(exchanges.into_iter().map(exchange_in).collect())
    }
}

impl progress::Host for GuestState {
    fn report(&mut self, text: String) -> wasmtime::Result<()> {
        self.count_call()?;
        self.scope("progress.report")?.progress(&text);
        Ok(())
    }
}

impl log::Host for GuestState {
    fn write(&mut self, level: log::Level, text: String) -> wasmtime::Result<()> {
        let level = match level {
            log::Level::Debug => tracing::Level::DEBUG,
            log::Level::Info => tracing::Level::INFO,
            log::Level::Warn => tracing::Level::WARN,
            log::Level::Error => tracing::Level::ERROR,
        };
        self.log(level, &text).map_err(|fault| wasmtime::Error::new(Fault::Guest(fault)))
    }
}
