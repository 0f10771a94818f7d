//! The sizes of a window, from <https://docs.slack.dev/reference/views/modal-views> and the elements' pages.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{
    CHECKBOXES, INPUT, TEXT, TITLE, array, counted, field, id, kind, only_plain, options, select, sized, string, text,
    unique_id, unknown,
};

/// Blocks of a window.
const BLOCKS: usize = 100;
/// What comes back with it.
const METADATA: usize = 3_000;
/// What can be entered into an input.
const WRITTEN: u64 = 3_000;
/// The whole window as JSON. Slack documents no number and answers `view_too_large`; its clients count 250,000.
const WHOLE: usize = 250_000;

/// Checks a window against every size that Slack has for what we send.
///
/// # Errors
///
/// Names the element by its path and says what to do. It repeats nothing of the texts.
pub(in crate::slack) fn check_view(view: &Value) -> Result<(), String> {
    for name in ["title", "submit"] {
        if name == "title" || view.get(name).is_some() {
            text(view, name, TITLE, "view")?;
            only_plain(view, name, "view")?;
        }
    }
    id(view, "callback_id", "view")?;
    if let Some(metadata) = view.get("private_metadata") {
        sized("view.private_metadata", string(metadata, "view.private_metadata")?, METADATA, "use shorter ids")?;
    }
    let blocks = array(field(view, "blocks", "view")?, "view.blocks")?;
    counted("view.blocks", blocks.len(), BLOCKS, "ask for less at once")?;
    let mut ids = BTreeSet::new();
    for (index, block) in blocks.iter().enumerate() {
        let at = format!("view.blocks[{index}]");
        match kind(block) {
            "section" => text(block, "text", TEXT, &at)?,
            "input" => {
                unique_id(block, "block_id", &at, &mut ids)?;
                input(block, &at)?;
            }
            _ => return Err(unknown(&at)),
        }
    }
    let whole = view.to_string().len();
    if whole > WHOLE {
        return Err(format!("view: it has {whole} bytes, and Slack takes {WHOLE}: ask for less at once"));
    }
    Ok(())
}

fn input(block: &Value, at: &str) -> Result<(), String> {
    text(block, "label", INPUT, at)?;
    only_plain(block, "label", at)?;
    if block.get("hint").is_some() {
        text(block, "hint", INPUT, at)?;
        only_plain(block, "hint", at)?;
    }
    let element = field(block, "element", at)?;
    let at = format!("{at}.element");
    id(element, "action_id", &at)?;
    match kind(element) {
        "plain_text_input" => match element.get("max_length").map(Value::as_u64) {
            None | Some(Some(1..=WRITTEN)) => Ok(()),
            Some(_) => Err(format!("{at}.max_length is not a number from 1 to {WRITTEN}")),
        },
        "number_input" | "datepicker" => Ok(()),
        "radio_buttons" | "checkboxes" => options(element, CHECKBOXES, "use a select", &at),
        "static_select" | "multi_static_select" => select(element, &at),
        _ => Err(unknown(&at)),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn plain(text: &str) -> Value {
        json!({ "type": "plain_text", "text": text })
    }

    fn window(element: Value) -> Value {
        json!({
            "type": "modal",
            "callback_id": "form",
            "title": plain("A title"),
            "submit": plain("Send"),
            "blocks": [{ "type": "input", "block_id": "a", "label": plain("A label"), "element": element }],
        })
    }

    fn with(mut view: Value, pointer: &str, value: Value) -> Value {
        if let Some(place) = view.pointer_mut(pointer) {
            *place = value;
        }
        view
    }

    #[test]
    fn each_limit_has_its_error() {
        let text = || window(json!({ "type": "plain_text_input", "action_id": "value", "max_length": 3_000 }));
        let options: Vec<_> = (0..11).map(|at| json!({ "text": plain("x"), "value": at.to_string() })).collect();
        let block = text()["blocks"][0].clone();
        let mut long = text();
        long["private_metadata"] = json!("x".repeat(3_001));
        assert_eq!(check_view(&text()), Ok(()));
        for (view, error) in [
            (with(text(), "/title", plain(&"x".repeat(25))), "view.title has 25 characters"),
            (with(text(), "/submit", json!({ "type": "mrkdwn", "text": "x" })), "view.submit is not plain_text"),
            (with(text(), "/blocks", json!([])), "view.blocks has nothing in it"),
            (with(text(), "/blocks", json!(vec![block.clone(); 101])), "view.blocks has 101 entries"),
            (with(text(), "/blocks", json!([block, block])), "view.blocks[1].block_id is there twice"),
            (with(text(), "/blocks/0/label", plain("")), "view.blocks[0].label is empty"),
            (with(text(), "/blocks/0/element/max_length", json!(3_001)), "view.blocks[0].element.max_length"),
            (with(text(), "/blocks/0/element/type", json!("file_input")), "view.blocks[0].element is of a type"),
            (window(json!({ "type": "checkboxes", "action_id": "v", "options": options })), "has 11 entries"),
            (long, "view.private_metadata has 3001 characters"),
        ] {
            let found = check_view(&view).expect_err(error);
            assert!(found.contains(error), "{error}: {found}");
        }
    }
}
