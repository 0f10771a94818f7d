use serde_json::{Map, Value, json};

use super::check::is_date;

/// A button, a select or an input in a message or a view.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Control<'a> {
    pub(crate) block: &'a Value,
    pub(crate) element: &'a Value,
}

/// All controls, in the order in which a person sees them.
pub(crate) fn controls(blocks: &[Value]) -> impl Iterator<Item = Control<'_>> {
    blocks.iter().flat_map(|block| {
        let elements = match block["type"].as_str() {
            Some("actions") => block["elements"].as_array().map(Vec::as_slice).unwrap_or_default(),
            Some("section") => block.get("accessory").map(std::slice::from_ref).unwrap_or_default(),
            Some("input") => block.get("element").map(std::slice::from_ref).unwrap_or_default(),
            _ => &[],
        };
        elements.iter().filter(|element| element["type"] != "image").map(move |element| Control { block, element })
    })
}

/// The control that a test means: by action id, block id, label or value, in this order.
pub(crate) fn find<'a>(blocks: &'a [Value], wanted: &str) -> Option<Control<'a>> {
    let by = |test: &dyn Fn(&Control<'a>) -> bool| controls(blocks).find(|control| test(control));
    by(&|control| control.action_id() == wanted)
        .or_else(|| by(&|control| control.block_id() == wanted))
        .or_else(|| by(&|control| control.element["text"]["text"] == wanted))
        .or_else(|| by(&|control| control.element["value"] == wanted))
        .or_else(|| by(&|control| control.option(wanted).is_some()))
}

impl<'a> Control<'a> {
    pub(crate) fn block_id(&self) -> &'a str {
        self.block["block_id"].as_str().unwrap_or_default()
    }

    pub(crate) fn action_id(&self) -> &'a str {
        self.element["action_id"].as_str().unwrap_or_default()
    }

    pub(crate) fn kind(&self) -> &'a str {
        self.element["type"].as_str().unwrap_or_default()
    }

    pub(crate) fn is_optional(&self) -> bool {
        self.block["optional"] == true
    }

    pub(crate) fn is_input(&self) -> bool {
        self.block["type"] == "input"
    }

    /// The options, also those in groups.
    pub(crate) fn options(&self) -> impl Iterator<Item = &'a Value> {
        let plain = self.element["options"].as_array().into_iter().flatten();
        let groups = self.element["option_groups"].as_array().into_iter().flatten();
        plain.chain(groups.flat_map(|group| group["options"].as_array().into_iter().flatten()))
    }

    /// The option with this value or label.
    pub(crate) fn option(&self, wanted: &str) -> Option<&'a Value> {
        self.options()
            .find(|option| option["value"] == wanted)
            .or_else(|| self.options().find(|option| option["text"]["text"] == wanted))
    }

    pub(crate) fn labels(&self) -> Vec<String> {
        let label = |value: &Value| value["text"]["text"].as_str().map(str::to_owned);
        if self.kind() == "button" {
            return label(self.element).into_iter().collect();
        }
        self.options().filter_map(label).collect()
    }

    /// What `state.values` says of it before anybody touched it. A button and an overflow menu have no state.
    pub(crate) fn initial_state(&self) -> Option<Value> {
        let (field, initial, none) = state_field(self.kind())?;
        let value = self.element.get(initial).cloned().unwrap_or(none);
        Some(json!({ "type": self.kind(), field: value }))
    }

    /// What `state.values` says of it once a person entered this: text or a list of texts. Options are named by value
    /// or by label.
    pub(crate) fn state_with(&self, entered: &Value) -> Result<Value, String> {
        let (field, ..) = state_field(self.kind()).ok_or_else(|| format!("a {} holds nothing", self.kind()))?;
        let value = match field {
            "selected_option" => self.named(entered)?,
            "selected_options" => match entered {
                Value::Array(all) => all.iter().map(|one| self.named(one)).collect::<Result<Value, _>>()?,
                one => json!([self.named(one)?]),
            },
            "selected_date" if !entered.is_null() && !entered.as_str().is_some_and(is_date) => {
                return Err(format!("a calendar gives a date such as 2026-03-31, and not {entered}"));
            }
            _ => entered.clone(),
        };
        Ok(json!({ "type": self.kind(), field: value }))
    }

    fn named(&self, wanted: &Value) -> Result<Value, String> {
        if wanted.is_null() {
            return Ok(Value::Null);
        }
        let name = wanted.as_str().ok_or("an option is named by text")?;
        self.option(name)
            .cloned()
            .ok_or_else(|| format!("{:?} has no option {name:?}: {:?}", self.action_id(), self.labels()))
    }

    /// What stands in `actions` when it is operated.
    pub(crate) fn action(&self, state: Option<&Value>, action_ts: &str) -> Value {
        let mut action = state.and_then(Value::as_object).cloned().unwrap_or_else(Map::new);
        action.insert("type".to_owned(), self.kind().into());
        action.insert("action_id".to_owned(), self.action_id().into());
        action.insert("block_id".to_owned(), self.block_id().into());
        action.insert("action_ts".to_owned(), action_ts.into());
        let copied: &[&str] = if self.kind() == "button" { &["text", "value", "style"] } else { &["placeholder"] };
        for &field in copied {
            if let Some(value) = self.element.get(field) {
                action.insert(field.to_owned(), value.clone());
            }
        }
        Value::Object(action)
    }
}

/// By kind of element: the field of its state, the field of its initial value, and what nothing is.
fn state_field(kind: &str) -> Option<(&'static str, &'static str, Value)> {
    Some(match kind {
        "static_select" | "external_select" | "radio_buttons" => ("selected_option", "initial_option", Value::Null),
        "overflow" => ("selected_option", "", Value::Null),
        "multi_static_select" | "multi_external_select" | "checkboxes" => {
            ("selected_options", "initial_options", json!([]))
        }
        "users_select" => ("selected_user", "initial_user", Value::Null),
        "multi_users_select" => ("selected_users", "initial_users", json!([])),
        "conversations_select" => ("selected_conversation", "initial_conversation", Value::Null),
        "multi_conversations_select" => ("selected_conversations", "initial_conversations", json!([])),
        "channels_select" => ("selected_channel", "initial_channel", Value::Null),
        "multi_channels_select" => ("selected_channels", "initial_channels", json!([])),
        "datepicker" => ("selected_date", "initial_date", Value::Null),
        "timepicker" => ("selected_time", "initial_time", Value::Null),
        "datetimepicker" => ("selected_date_time", "initial_date_time", Value::Null),
        "rich_text_input" => ("rich_text_value", "initial_value", Value::Null),
        "plain_text_input" | "number_input" | "email_text_input" | "url_text_input" => {
            ("value", "initial_value", Value::Null)
        }
        _ => return None,
    })
}

/// Whether a state holds anything.
pub(crate) fn is_empty(state: &Value) -> bool {
    let Some(fields) = state.as_object() else { return true };
    fields.iter().filter(|(name, _)| *name != "type").all(|(_, value)| match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(all) => all.is_empty(),
        _ => false,
    })
}
