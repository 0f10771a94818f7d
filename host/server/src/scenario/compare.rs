//! What a step led to, beside what it should have. Pure.

use pesto_engine::model::Message;
use pesto_engine::ports::LlmRequest;
use serde_json::Value;

use super::llm_call::LlmCall;
use super::wanted::Wanted;

/// Calls to models: what was wanted and asked, how many answers are left over, and how many calls found none.
pub(super) fn calls(wanted: &[LlmCall], asked: &[LlmRequest], left: usize, unexpected: usize) -> Vec<String> {
    let text =
        |request: &LlmRequest| request.messages.iter().map(|(_, text)| text.as_str()).collect::<Vec<_>>().join("\n");
    let mut all = Vec::new();
    for (at, (call, request)) in wanted.iter().zip(asked).enumerate() {
        let text = text(request);
        if let Some(want) = call.asked.as_ref().and_then(|asked| asked.differs(&text)) {
            all.push(format!("call {} to the model: wanted {want}\n    and it was asked {text:?}", at + 1));
        }
    }
    if unexpected > 0 {
        let last = asked.last().map(text).unwrap_or_default();
        let were =
            if unexpected == 1 { "1 call to the model was" } else { &format!("{unexpected} calls to the model were") };
        all.push(format!("{were} not expected, the last one asking {last:?}"));
    }
    if left > 0 {
        let were = if left == 1 { "1 call to the model was" } else { &format!("{left} calls to the model were") };
        all.push(format!("{were} expected and not made"));
    }
    all
}

/// Messages, one by one; and whether they are as many as wanted.
pub(super) fn messages(wanted: &[Wanted], got: &[Message]) -> Vec<String> {
    let mut all = Vec::new();
    for (at, (want, message)) in wanted.iter().zip(got).enumerate() {
        let at = at + 1;
        if let Some(want) = want.differs(&message.text) {
            all.push(format!("message {at}: wanted {want}\n    and got {:?}", message.text));
        }
        let options = message.choices.iter().flat_map(|choices| &choices.options);
        let labels: Vec<_> = options.map(|option| option.label.clone()).collect();
        if let Some(want) = want.labels().filter(|want| **want != labels[..]) {
            all.push(format!("message {at}: wanted the choices {want:?}\n    and got {labels:?}"));
        }
        let fields = message.form.iter().flat_map(|form| &form.fields);
        let fields: Vec<_> = fields.map(|field| field.label.clone()).collect();
        if let Some(want) = want.fields().filter(|want| **want != fields[..]) {
            all.push(format!("message {at}: wanted a form of {want:?}\n    and got {fields:?}"));
        }
    }
    if wanted.len() != got.len() {
        let texts: Vec<_> = got.iter().map(|message| &message.text).collect();
        all.push(match wanted.len() {
            1 => format!("1 message was wanted, and these came: {texts:?}"),
            wanted => format!("{wanted} messages were wanted, and these came: {texts:?}"),
        });
    }
    all
}

/// What was recorded in a step.
pub(super) fn answers(wanted: Option<&Value>, got: &[Value]) -> Option<String> {
    match (wanted, got) {
        (None, []) => None,
        (None, [got, ..]) => Some(format!("answers were recorded, and none were wanted: {got}")),
        (Some(wanted), [got]) if wanted == got => None,
        (Some(wanted), [got]) => Some(format!("answers: wanted {wanted}\n           and got {got}")),
        (Some(wanted), []) => Some(format!("answers: wanted {wanted}, and none were recorded")),
        (Some(_), _) => Some("answers were recorded more than once".to_owned()),
    }
}

/// Whether the conversation is over.
pub(super) fn ended(wanted: Option<bool>, open: bool) -> Option<String> {
    match wanted {
        Some(true) if open => Some("the conversation should be over, and is open".to_owned()),
        Some(false) if !open => Some("the conversation should be open, and is over".to_owned()),
        _ => None,
    }
}
