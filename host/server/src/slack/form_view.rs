//! A form as a window of Slack's, and what a submitted window holds. Pure.
//!
//! | field | shown as |
//! |---|---|
//! | text | an input of one line or of several |
//! | number | an input of numbers |
//! | date | a date picker |
//! | one of | to 10 options, radio buttons; more, a select |
//! | many of | to 10 options, checkboxes; more, a multi-select |
//!
//! A block's id is its field's key, so that errors find their field. The window names its place and its message in its
//! private metadata, which people do not see and which comes back with it.

use pesto_engine::form::Problem;
use pesto_engine::model::{EffectId, Field, FieldKind, Form, Place, Values};
use pesto_engine::policy::contract;
use pesto_engine::texts;
use serde_json::{Map, Value, json};

use super::controls::{label, options_of};
use super::field::{Fields, Read, Unfit};
use super::interactions::FORM;
use super::sizes;
use super::words::Words;

/// The `action_id` of every element.
const VALUE: &str = "value";

/// The window in which a form is filled in.
pub(super) fn view(place: &Place, message: &EffectId, form: &Form) -> Value {
    json!({
        "type": "modal",
        "callback_id": FORM,
        "private_metadata": json!({ "place": place, "message": message }).to_string(),
        "title": label(&form.title, sizes::TITLE),
        "submit": label(&form.submit, sizes::TITLE),
        "blocks": form.fields.iter().map(block).collect::<Vec<_>>(),
    })
}

/// What a window becomes whose form was answered or passed over meanwhile: nothing entered in it is taken.
pub(super) fn closed(words: &Words) -> Value {
    let (title, text) = words.closed;
    last_word(title, text)
}

/// What the window becomes of somebody who may not take part.
pub(super) fn not_yours(why: &str, words: &Words) -> Value {
    let (title, text) = words.not_sent;
    last_word(title, &format!("{why} {text}"))
}

/// What the window becomes where too much of the person's waits already.
pub(super) fn full(words: &Words) -> Value {
    last_word(words.not_sent.0, words.full)
}

fn last_word(title: &str, text: &str) -> Value {
    json!({
        "response_action": "update",
        "view": {
            "type": "modal",
            "callback_id": FORM,
            "title": label(title, sizes::TITLE),
            "blocks": [{ "type": "section", "text": label(text, sizes::TEXT) }],
        },
    })
}

/// What is wrong, below the fields of the window.
pub(super) fn errors(problems: &[Problem], words: &dyn texts::Words) -> Value {
    let errors: Map<_, _> =
        problems.iter().map(|(key, wrong)| (key.clone(), Value::from(words.wrong(wrong)))).collect();
    json!({ "response_action": "errors", "errors": errors })
}

fn block(field: &Field) -> Value {
    let mut block = json!({
        "type": "input",
        "block_id": field.key,
        "label": label(&field.label, sizes::INPUT),
        "optional": !field.required,
        "element": element(&field.kind),
    });
    if let Some(hint) = &field.hint {
        block["hint"] = label(hint, sizes::INPUT);
    }
    block
}

/// Slack's own checks are left to ours but for the longest text: ours say what is wrong in the same words everywhere.
fn element(kind: &FieldKind) -> Value {
    let mut element = match kind {
        FieldKind::Text { multiline, most, .. } => {
            json!({ "type": "plain_text_input", "multiline": multiline, "max_length": most })
        }
        FieldKind::Number { whole, .. } => json!({ "type": "number_input", "is_decimal_allowed": !whole }),
        FieldKind::Date { .. } => json!({ "type": "datepicker" }),
        FieldKind::OneOf(options) if options.len() <= sizes::CHECKBOXES => {
            json!({ "type": "radio_buttons", "options": options_of(options) })
        }
        FieldKind::OneOf(options) => json!({ "type": "static_select", "options": options_of(options) }),
        FieldKind::ManyOf(choices) if choices.options.len() <= sizes::CHECKBOXES => {
            json!({ "type": "checkboxes", "options": options_of(&choices.options) })
        }
        FieldKind::ManyOf(choices) => json!({
            "type": "multi_static_select",
            "options": options_of(&choices.options),
            "max_selected_items": choices.most,
        }),
    };
    element["action_id"] = json!(VALUE);
    element
}

/// Where a window's form stands: as [`view`] wrote it.
pub(super) fn whose(fields: Fields<'_>) -> Read<(Place, EffectId)> {
    let fault = || Unfit::new("view.", "private_metadata", "does not name a place and a message");
    let metadata: Value = serde_json::from_str(fields.text("view.private_metadata")?).map_err(|_| fault())?;
    let text = |name: &str| metadata.get(name).and_then(Value::as_str).map(str::to_owned).ok_or_else(fault);
    let place = Place::try_from(text("place")?).map_err(|_| fault())?;
    let message = text("message")?;
    if message.is_empty() || message.chars().nth(sizes::ID).is_some() {
        return Err(fault());
    }
    Ok((place, EffectId::stored(message)))
}

/// What a submitted window holds. A field that was left empty has no value.
pub(super) fn entered(fields: Fields<'_>) -> Read<Values> {
    let fault = |what| Unfit::new("view.state.", "values", what);
    let blocks =
        fields.get("view.state.values")?.and_then(Value::as_object).ok_or_else(|| fault("is not an object"))?;
    if blocks.len() > contract::FIELDS {
        return Err(fault("has too many blocks"));
    }
    let mut all = Values::new();
    for (key, block) in blocks {
        let state = block.get(VALUE).ok_or_else(|| fault("has a block that is not ours"))?;
        let values = held(state).ok_or_else(|| fault("has a value that cannot be read"))?;
        if !values.is_empty() {
            all.insert(key.clone(), values);
        }
    }
    Ok(all)
}

/// The values of an element's state; none where it is not as Slack writes it.
fn held(state: &Value) -> Option<Vec<String>> {
    let text = |value: &Value| match value {
        Value::Null => Some(Vec::new()),
        value => value.as_str().map(|text| vec![text.to_owned()]),
    };
    let field = |name: &str| state.get(name).unwrap_or(&Value::Null);
    match state.get("type")?.as_str()? {
        "plain_text_input" | "number_input" => text(field("value")),
        "datepicker" => text(field("selected_date")),
        "radio_buttons" | "static_select" => match field("selected_option") {
            Value::Null => Some(Vec::new()),
            option => text(option.get("value")?),
        },
        "checkboxes" | "multi_static_select" => {
            let options = state.get("selected_options")?.as_array()?;
            if options.len() > sizes::OPTIONS {
                return None;
            }
            options.iter().map(|option| Some(option.get("value")?.as_str()?.to_owned())).collect()
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests;
