//! What the hostile guests share: the bindings of the flow contract, and good manners to fall back on.
//!
//! Each file of `examples/` is a component with one misbehaviour. It starts politely (`started` is answered with
//! `ready`), misbehaves on the text `go`, and answers any other text with `ok`: so a test can hold a conversation
//! before and after the misbehaviour. Where one guest has several of a kind, each has a word of its own.

#[doc(hidden)]
pub mod bindings;

pub use bindings::exports::pesto::flow::conversation::Guest;
pub use bindings::pesto::flow::types::{self, Event, Extension, Failure, FlowInfo, Message, Outcome, TurnContext};
pub use bindings::pesto::flow::{history, llm, log, progress};

/// One mebibyte, the size of what is too large.
pub const MIB: usize = 1 << 20;

/// What a turn answers.
pub type Answer = Result<Outcome, Failure>;

/// A guest: polite, but for what it overrides.
pub trait Hostile {
    /// What the guest says of itself.
    fn describe() -> FlowInfo {
        info(&[])
    }

    /// What it does on the text `go`.
    fn go(_context: &TurnContext) -> Answer {
        say("ok")
    }

    /// What it does on a word of its own.
    fn other(_word: &str, _context: &TurnContext) -> Option<Answer> {
        None
    }

    /// What it does when something else than a text comes; nothing by itself.
    fn happens(_event: &Event, _context: &TurnContext) -> Answer {
        Ok(outcome())
    }
}

impl<T: Hostile> Guest for T {
    fn describe() -> FlowInfo {
        T::describe()
    }

    fn handle(event: Event, context: TurnContext, state: Option<Vec<u8>>) -> Answer {
        let answer = match event {
            Event::Started(_) => say("ready"),
            Event::Said(said) if said.text == "go" => T::go(&context),
            Event::Said(said) => T::other(&said.text, &context).unwrap_or_else(|| say("ok")),
            other => T::happens(&other, &context),
        };
        answer.map(|mut outcome| {
            if outcome.state.is_empty() {
                outcome.state = state.unwrap_or_default();
            }
            outcome
        })
    }
}

/// A valid description that asks for these rights.
pub fn info(asks: &[&str]) -> FlowInfo {
    FlowInfo {
        title: "A hostile guest".into(),
        summary: "Misbehaves when it is told to go.".into(),
        version: "1".into(),
        triggers: vec![],
        asks: asks.iter().map(|right| (*right).to_owned()).collect(),
        extensions: vec![],
    }
}

/// An outcome without consequences.
pub fn outcome() -> Outcome {
    Outcome {
        state: vec![],
        messages: vec![],
        timers: vec![],
        answers: None,
        finished: false,
        literal_next: false,
        extensions: vec![],
    }
}

/// A message without choices and without a form.
pub fn message(text: impl Into<String>) -> Message {
    Message { key: "m".into(), text: text.into(), choices: None, form: None, extensions: vec![] }
}

/// An outcome of one message.
pub fn say(text: impl Into<String>) -> Answer {
    Ok(Outcome { messages: vec![message(text)], ..outcome() })
}

/// A request to the default model, of one message.
pub fn ask(text: impl Into<String>) -> llm::Request {
    llm::Request {
        messages: vec![llm::ChatMessage { role: llm::Role::User, text: text.into() }],
        model: None,
        max_tokens: None,
        temperature: None,
        extensions: vec![],
    }
}

/// Strings without end that are all the same 1 MiB of memory. They must never be dropped: hand them to the host, which
/// copies each, and stops the guest before the bindings would free them.
#[expect(unsafe_code, reason = "a sound program cannot do this")]
pub fn aliased_text() -> impl Iterator<Item = String> {
    let text = "x".repeat(MIB).leak();
    // SAFETY: it breaks the rule that a string owns its memory alone, and that is the attack. They are only read, and
    // the host traps before any is freed; a host that does not has failed the test, whatever comes then.
    std::iter::repeat_with(move || unsafe { String::from_raw_parts(text.as_mut_ptr(), MIB, MIB) })
}

/// The name of the case of what a call answered, as the contract writes it.
pub fn case_of(answer: &Result<llm::Completion, types::CallError>) -> &'static str {
    use types::CallError::*;
    match answer {
        Ok(_) => "completed",
        Err(Denied(_)) => "denied",
        Err(OverQuota(_)) => "over-quota",
        Err(Timeout(_)) => "timeout",
        Err(Unavailable(_)) => "unavailable",
        Err(Invalid(_)) => "invalid",
        Err(Conflict(_)) => "conflict",
        Err(InDoubt) => "in-doubt",
        Err(Cancelled) => "cancelled",
        Err(Other(_)) => "other",
    }
}

/// Makes a type that is [`Hostile`] the component's flow. Elsewhere than in WebAssembly it is only checked: linkers
/// refuse the names that components export.
#[macro_export]
macro_rules! guest {
    ($guest:ident) => {
        #[cfg(target_arch = "wasm32")]
        $crate::bindings::export_flow!($guest with_types_in $crate::bindings);

        #[cfg(not(target_arch = "wasm32"))]
        const _: fn() -> $crate::FlowInfo = <$guest as $crate::Guest>::describe;
    };
}
