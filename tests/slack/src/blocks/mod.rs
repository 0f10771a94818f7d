//! Block Kit: what Slack accepts, what a person can operate, and what an operated control says.

mod check;
mod control;

pub(crate) use check::{MESSAGE, MODAL, characters, problems};
pub(crate) use control::{Control, controls, find, is_empty};

use serde_json::Value;

use crate::ids::Ids;

/// Gives each block and each control the id that it lacks, as Slack does.
pub(crate) fn name_all(blocks: &mut [Value], ids: &mut Ids) {
    for block in blocks {
        give(block, "block_id", ids);
        for field in ["accessory", "element"] {
            if let Some(element) = block.get_mut(field) {
                give(element, "action_id", ids);
            }
        }
        if block["type"] == "actions" {
            for element in block.get_mut("elements").and_then(Value::as_array_mut).into_iter().flatten() {
                give(element, "action_id", ids);
            }
        }
    }
}

fn give(object: &mut Value, field: &str, ids: &mut Ids) {
    if let Some(object) = object.as_object_mut()
        && object.get(field).and_then(Value::as_str).is_none_or(str::is_empty)
    {
        object.insert(field.to_owned(), ids.next("").into());
    }
}

/// What a person reads in a block, without its controls.
pub(crate) fn text_of(block: &Value) -> Option<String> {
    let plain = |value: &Value| value.get("text").and_then(Value::as_str).map(str::to_owned);
    match block["type"].as_str()? {
        "section" => {
            let fields = block["fields"].as_array().into_iter().flatten().filter_map(plain);
            let lines: Vec<_> = plain(&block["text"]).into_iter().chain(fields).collect();
            (!lines.is_empty()).then(|| lines.join("\n"))
        }
        "header" => plain(&block["text"]),
        "markdown" => plain(block),
        "context" => {
            let texts: Vec<_> = block["elements"].as_array()?.iter().filter_map(plain).collect();
            Some(texts.join(" "))
        }
        "input" => plain(&block["label"]),
        "rich_text" => {
            let mut text = String::new();
            gather(&block["elements"], &mut text);
            Some(text)
        }
        _ => None,
    }
}

fn gather(value: &Value, text: &mut String) {
    for element in value.as_array().into_iter().flatten() {
        if let Some(piece) = element.get("text").and_then(Value::as_str) {
            text.push_str(piece);
        }
        gather(&element["elements"], text);
    }
}
