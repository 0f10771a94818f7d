//! What a person picks with: the blocks below a message that has choices. Below one that has a form, a button opens it; one
//! that asks for a day and nothing else is a date picker, and a change fills it in at once.
//!
//! | picks | options | shown as |
//! |---|---|---|
//! | one | to 5 | buttons |
//! | one | more | a select; a change picks at once |
//! | several | to 10 | checkboxes, and a button that picks |
//! | several | more | a multi-select in a section, and a button that picks |
//!
//! What comes back names the message by the `block_id` of the block that was acted in, so that is the message's id.
//! Slack refuses a multi-select in a block of actions (<https://github.com/slackapi/python-slack-sdk/issues/1631>), and
//! two blocks with one id: the multi-select stands in a block of its own, [`marks_block`], and what is marked in it
//! is found there in `state.values`.
//!
//! Labels are `plain_text`: Slack interprets no markup in them, so they need no escape and can inject nothing. Names of
//! emoji such as `:tada:` are drawn, as they are in every text, for a label should read as it would above.

use pesto_engine::model::{Choice, Choices, EffectId, Field, Message};
use serde_json::{Value, json};

use super::outgoing_text::{is_visible, plain, to_slack, width};
use super::sizes;
use super::words::{self, Words};

/// The `action_id` of what picks at once. A button has its index behind it, as in `pick.2`, for ids are unique.
pub(super) const ACTION_PICK: &str = "pick";
/// The `action_id` of what only marks: nothing is picked by it.
pub(super) const ACTION_MARK: &str = "mark";
/// The `action_id` of the button that picks what is marked.
pub(super) const ACTION_DONE: &str = "done";
/// The `action_id` of the button that opens a form.
pub(super) const ACTION_FORM: &str = "form";
/// The `action_id` of what fills in a form at once, before the key of its field.
pub(super) const ACTION_FILL: &str = "fill.";

/// With more options, buttons would fill the screen of a telephone.
const BUTTONS: usize = 5;
/// Behind the id of a message, the `block_id` of its multi-select.
const MARKS: &str = "#mark";

/// The `block_id` under which `state.values` holds what is marked in a multi-select. Of checkboxes, it is the message's
/// id itself.
pub(super) fn marks_block(message: &EffectId) -> String {
    format!("{message}{MARKS}")
}

/// The blocks for a message's choices or its form: none where it has none, or where its id is too long for a `block_id`.
pub(super) fn blocks(message: &Message) -> Vec<Value> {
    match (&message.choices, &message.form) {
        _ if !fits(&message.id) => Vec::new(),
        (Some(choices), _) => below(&message.id, choices, words::of(&message.aim.language)),
        (None, Some(form)) => match form.day() {
            Some(field) => day(&message.id, field),
            None => vec![actions(&message.id, vec![opener(&form.title)])],
        },
        (None, None) => Vec::new(),
    }
}

/// Choices or the fields of a form in words, for a message that cannot have controls; the person answers in words as
/// well.
pub(super) fn in_words(message: &Message) -> Option<String> {
    if fits(&message.id) {
        return None;
    }
    let options = message.choices.iter().flat_map(|choices| &choices.options).map(|choice| &choice.label);
    let fields = message.form.iter().flat_map(|form| &form.fields).map(|field| &field.label);
    let lines = options.chain(fields).enumerate();
    let lines: String = lines.map(|(index, label)| format!("{}. {}\n", index + 1, to_slack(label))).collect();
    (!lines.is_empty()).then_some(lines)
}

fn fits(id: &EffectId) -> bool {
    width(id.as_str()) + MARKS.len() <= sizes::ID
}

fn below(id: &EffectId, choices: &Choices, words: &Words) -> Vec<Value> {
    let options = &choices.options;
    let how_many = || (words.how_many)(choices.least, choices.most, options.len());
    if choices.most <= 1 {
        let elements = if options.len() <= BUTTONS { buttons(options) } else { vec![select(options, words)] };
        return vec![actions(id, elements)];
    }
    if options.len() <= sizes::CHECKBOXES {
        let checkboxes = json!({ "type": "checkboxes", "action_id": ACTION_MARK, "options": options_of(options) });
        let mut blocks = Vec::new();
        // Where anything goes, the checkboxes speak for themselves.
        if choices.least > 1 || (choices.most as usize) < options.len() {
            blocks.push(json!({ "type": "context", "elements": [label(&how_many(), sizes::TEXT)] }));
        }
        blocks.push(actions(id, vec![checkboxes, done(words)]));
        return blocks;
    }
    let marks = json!({
        "type": "section",
        "block_id": marks_block(id),
        "text": label(&how_many(), sizes::TEXT),
        "accessory": {
            "type": "multi_static_select",
            "action_id": ACTION_MARK,
            "placeholder": label(words.options, sizes::PLACEHOLDER),
            "options": options_of(options),
            "max_selected_items": choices.most,
        },
    });
    vec![marks, actions(id, vec![done(words)])]
}

fn actions(id: &EffectId, elements: Vec<Value>) -> Value {
    json!({ "type": "actions", "block_id": id.as_str(), "elements": elements })
}

fn buttons(options: &[Choice]) -> Vec<Value> {
    let button = |(index, choice): (usize, &Choice)| {
        json!({
            "type": "button",
            "action_id": format!("{ACTION_PICK}.{index}"),
            "text": label(&choice.label, sizes::LABEL),
            "value": choice.value,
        })
    };
    options.iter().enumerate().map(button).collect()
}

fn select(options: &[Choice], words: &Words) -> Value {
    json!({
        "type": "static_select",
        "action_id": ACTION_PICK,
        "placeholder": label(words.pick_one, sizes::PLACEHOLDER),
        "options": options_of(options),
    })
}

fn opener(title: &str) -> Value {
    json!({ "type": "button", "action_id": ACTION_FORM, "text": label(title, sizes::LABEL), "style": "primary" })
}

/// Slack knows no first and no last day: the host checks what is chosen.
fn day(id: &EffectId, field: &Field) -> Vec<Value> {
    let picker = json!({
        "type": "datepicker",
        "action_id": format!("{ACTION_FILL}{}", field.key),
        "placeholder": label(&field.label, sizes::PLACEHOLDER),
    });
    let hint = field.hint.iter().map(|hint| json!({ "type": "context", "elements": [label(hint, sizes::TEXT)] }));
    hint.chain([actions(id, vec![picker])]).collect()
}

fn done(words: &Words) -> Value {
    json!({ "type": "button", "action_id": ACTION_DONE, "text": label(words.done, sizes::LABEL), "style": "primary" })
}

pub(super) fn options_of(options: &[Choice]) -> Vec<Value> {
    let option = |choice: &Choice| json!({ "text": label(&choice.label, sizes::LABEL), "value": choice.value });
    options.iter().map(option).collect()
}

/// Text that Slack shows as it is, cut to size.
pub(super) fn label(text: &str, most: usize) -> Value {
    let text = plain(text, most);
    let text = if is_visible(&text) { text } else { "…".to_owned() };
    json!({ "type": "plain_text", "text": text, "emoji": true })
}
