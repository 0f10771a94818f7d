//! Slack's sizes, checked before a post is sent: what is too large is refused whole, with an error that names neither
//! the element nor what to do.
//!
//! The numbers are those of the Block Kit reference, <https://docs.slack.dev/reference/block-kit>, but for [`WHOLE`].
//! Slack counts characters; we count as [`width`] does, which is never less.

mod view;

use std::collections::BTreeSet;

use serde_json::Value;

use super::outgoing_text::width;
use super::render::Payload;

pub(super) use view::check_view;

/// Blocks of a message.
pub(super) const BLOCKS: usize = 50;
/// The text of a section, and of any text object.
pub(super) const TEXT: usize = 3_000;
/// The text that stands for the blocks: `chat.update` refuses more.
pub(super) const FALLBACK: usize = 4_000;
/// A `block_id` or an `action_id`.
pub(super) const ID: usize = 255;
/// Elements of a block of actions.
pub(super) const ELEMENTS: usize = 25;
/// Elements of a context block.
pub(super) const CONTEXT: usize = 10;
/// The text of a button or an option.
pub(super) const LABEL: usize = 75;
/// A button's value.
pub(super) const BUTTON_VALUE: usize = 2_000;
/// An option's value.
pub(super) const OPTION_VALUE: usize = 150;
/// A placeholder.
pub(super) const PLACEHOLDER: usize = 150;
/// Options of a select.
pub(super) const OPTIONS: usize = 100;
/// Options of checkboxes.
pub(super) const CHECKBOXES: usize = 10;
/// A view's title and its buttons.
pub(super) const TITLE: usize = 24;
/// The label and the hint of an input.
pub(super) const INPUT: usize = 2_000;
/// All texts of a message with [`BLOCK_WEIGHT`] for each block. Slack documents no such limit and answers
/// `msg_blocks_too_long`; its people speak of 12,000 characters and some for the blocks, and posts were refused from
/// 13,200 on (<https://github.com/slackapi/bolt-js/issues/2509>).
pub(super) const WHOLE: usize = 12_000;
/// What a block counts apart from its texts. Ours, on the safe side.
pub(super) const BLOCK_WEIGHT: usize = 100;

/// What a block counts in [`WHOLE`].
pub(super) fn weight(block: &Value) -> usize {
    BLOCK_WEIGHT + texts(block)
}

fn texts(value: &Value) -> usize {
    match value {
        Value::Array(values) => values.iter().map(texts).sum(),
        Value::Object(fields) => {
            let field = |(name, value): (&String, &Value)| match value {
                Value::String(text) if name == "text" => width(text),
                value => texts(value),
            };
            fields.iter().map(field).sum()
        }
        _ => 0,
    }
}

/// Checks a post against every size that Slack has for what we send, and against what it refuses besides: empty
/// texts, ids and values that are there twice, a multi-select among actions, elements that we do not know.
///
/// # Errors
///
/// Names the element by its path and says what to do. It repeats nothing of the texts.
pub(super) fn check(payload: &Payload) -> Result<(), String> {
    sized("text", &payload.text, FALLBACK, "shorten it, for the blocks hold the whole")?;
    let blocks = array(&payload.blocks, "blocks")?;
    counted("blocks", blocks.len(), BLOCKS, "use fewer, larger sections or several posts")?;
    let mut ids = BTreeSet::new();
    for (index, block) in blocks.iter().enumerate() {
        let at = format!("blocks[{index}]");
        if block.get("block_id").is_some() {
            unique_id(block, "block_id", &at, &mut ids)?;
        }
        match kind(block) {
            "section" => section(block, &at)?,
            "context" => context(block, &at)?,
            "actions" => actions(block, &at)?,
            _ => return Err(unknown(&at)),
        }
    }
    let whole: usize = blocks.iter().map(weight).sum();
    if whole > WHOLE {
        return Err(format!(
            "blocks: their texts, with {BLOCK_WEIGHT} for each block, count {whole} characters, and a message holds \
             {WHOLE}: send several posts"
        ));
    }
    metadata(&payload.metadata)
}

fn section(block: &Value, at: &str) -> Result<(), String> {
    text(block, "text", TEXT, at)?;
    match block.get("accessory") {
        None => Ok(()),
        Some(element) => {
            let at = format!("{at}.accessory");
            id(element, "action_id", &at)?;
            match kind(element) {
                "multi_static_select" => select(element, &at),
                _ => Err(unknown(&at)),
            }
        }
    }
}

fn context(block: &Value, at: &str) -> Result<(), String> {
    let at = format!("{at}.elements");
    let elements = array(field(block, "elements", &at)?, &at)?;
    counted(&at, elements.len(), CONTEXT, "use several context blocks")?;
    elements.iter().enumerate().try_for_each(|(index, element)| text_object(element, TEXT, &format!("{at}[{index}]")))
}

fn actions(block: &Value, at: &str) -> Result<(), String> {
    let at = format!("{at}.elements");
    let elements = array(field(block, "elements", &at)?, &at)?;
    counted(&at, elements.len(), ELEMENTS, "use a select")?;
    let mut ids = BTreeSet::new();
    for (index, element) in elements.iter().enumerate() {
        let at = format!("{at}[{index}]");
        unique_id(element, "action_id", &at, &mut ids)?;
        match kind(element) {
            "button" => button(element, &at)?,
            "static_select" => select(element, &at)?,
            "datepicker" => placeholder(element, &at)?,
            "checkboxes" => options(element, CHECKBOXES, "use a multi-select in a section", &at)?,
            "multi_static_select" => {
                return Err(format!("{at}: Slack takes a multi-select in a section only: make it an accessory of one"));
            }
            _ => return Err(unknown(&at)),
        }
    }
    Ok(())
}

fn button(element: &Value, at: &str) -> Result<(), String> {
    text(element, "text", LABEL, at)?;
    only_plain(element, "text", at)?;
    match element.get("value") {
        None => Ok(()),
        Some(value) => sized(&format!("{at}.value"), string(value, at)?, BUTTON_VALUE, "use a shorter value"),
    }
}

fn placeholder(element: &Value, at: &str) -> Result<(), String> {
    if element.get("placeholder").is_none() {
        return Ok(());
    }
    text(element, "placeholder", PLACEHOLDER, at)?;
    only_plain(element, "placeholder", at)
}

fn select(element: &Value, at: &str) -> Result<(), String> {
    placeholder(element, at)?;
    if element.get("max_selected_items").is_some_and(|most| most.as_u64().is_none_or(|most| most < 1)) {
        return Err(format!("{at}.max_selected_items is not a number from 1 on: let at least one be picked"));
    }
    options(element, OPTIONS, "offer fewer, or ask in two steps", at)
}

fn options(element: &Value, most: usize, remedy: &str, at: &str) -> Result<(), String> {
    let at = format!("{at}.options");
    let options = array(field(element, "options", &at)?, &at)?;
    counted(&at, options.len(), most, remedy)?;
    let mut values = BTreeSet::new();
    for (index, option) in options.iter().enumerate() {
        let at = format!("{at}[{index}]");
        text(option, "text", LABEL, &at)?;
        only_plain(option, "text", &at)?;
        let value = string(field(option, "value", &at)?, &at)?;
        sized(&format!("{at}.value"), value, OPTION_VALUE, "use a shorter value")?;
        if !values.insert(value) {
            return Err(format!("{at}.value is there twice: give each option a value of its own"));
        }
    }
    Ok(())
}

fn metadata(metadata: &Value) -> Result<(), String> {
    let whole = metadata.get("event_type").is_some_and(Value::is_string)
        && metadata.get("event_payload").is_some_and(Value::is_object);
    if metadata.is_null() || whole {
        Ok(())
    } else {
        Err("metadata is not an event_type and an event_payload: write it as a mark does".to_owned())
    }
}

fn text(element: &Value, name: &str, most: usize, at: &str) -> Result<(), String> {
    let at = format!("{at}.{name}");
    text_object(element.get(name).unwrap_or(&Value::Null), most, &at)
}

fn text_object(object: &Value, most: usize, at: &str) -> Result<(), String> {
    match kind(object) {
        "plain_text" | "mrkdwn" => {
            let remedy = if most == TEXT { "split it into several" } else { "shorten it" };
            sized(at, string(field(object, "text", at)?, at)?, most, remedy)
        }
        _ => Err(format!("{at} is no text object: use plain_text or mrkdwn")),
    }
}

fn only_plain(element: &Value, name: &str, at: &str) -> Result<(), String> {
    match element.get(name).map(kind) {
        Some("plain_text") => Ok(()),
        _ => Err(format!("{at}.{name} is not plain_text: Slack takes no markup there")),
    }
}

fn unique_id<'a>(element: &'a Value, name: &str, at: &str, ids: &mut BTreeSet<&'a str>) -> Result<(), String> {
    if ids.insert(id(element, name, at)?) {
        Ok(())
    } else {
        Err(format!("{at}.{name} is there twice: give each its own"))
    }
}

fn id<'a>(element: &'a Value, name: &str, at: &str) -> Result<&'a str, String> {
    let at = format!("{at}.{name}");
    let id = string(element.get(name).unwrap_or(&Value::Null), &at)?;
    sized(&at, id, ID, "use a shorter id").map(|()| id)
}

fn sized(what: &str, text: &str, most: usize, remedy: &str) -> Result<(), String> {
    match width(text) {
        0 => Err(format!("{what} is empty, and Slack wants a character at least: say something, or leave it out")),
        got if got > most => Err(format!("{what} has {got} characters, and Slack takes {most}: {remedy}")),
        _ => Ok(()),
    }
}

fn counted(what: &str, got: usize, most: usize, remedy: &str) -> Result<(), String> {
    match got {
        0 => Err(format!("{what} has nothing in it, and Slack wants one at least: leave it out")),
        got if got > most => Err(format!("{what} has {got} entries, and Slack takes {most}: {remedy}")),
        _ => Ok(()),
    }
}

fn kind(element: &Value) -> &str {
    element.get("type").and_then(Value::as_str).unwrap_or_default()
}

fn field<'a>(element: &'a Value, name: &str, at: &str) -> Result<&'a Value, String> {
    element.get(name).ok_or_else(|| format!("{at}: `{name}` is missing"))
}

fn array<'a>(value: &'a Value, at: &str) -> Result<&'a Vec<Value>, String> {
    value.as_array().ok_or_else(|| format!("{at} is not an array"))
}

fn string<'a>(value: &'a Value, at: &str) -> Result<&'a str, String> {
    value.as_str().ok_or_else(|| format!("{at} is not text"))
}

fn unknown(at: &str) -> String {
    format!("{at} is of a type that we know no sizes of: teach it to this check")
}

#[cfg(test)]
mod tests;
