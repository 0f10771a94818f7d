use std::collections::HashSet;

use serde_json::Value;

/// What differs between the places where blocks stand.
pub(crate) struct Surface {
    most_blocks: usize,
}

pub(crate) const MESSAGE: Surface = Surface { most_blocks: 50 };
pub(crate) const MODAL: Surface = Surface { most_blocks: 100 };

/// What Slack would refuse, in its words where they are known; empty if it would take the blocks.
///
/// The sizes are those of Slack's reference of blocks, elements and composition objects.
pub(crate) fn problems(blocks: &[Value], surface: &Surface) -> Vec<String> {
    let mut check = Check { problems: Vec::new() };
    if blocks.len() > surface.most_blocks {
        check.no("/blocks", &format!("no more than {} items allowed", surface.most_blocks));
    }
    let mut ids = HashSet::new();
    let mut markdown = 0;
    for (index, block) in blocks.iter().enumerate() {
        let at = format!("/blocks/{index}");
        check.length(&block["block_id"], &format!("{at}/block_id"), 255);
        if let Some(id) = block["block_id"].as_str()
            && !ids.insert(id)
        {
            check.no(&format!("{at}/block_id"), "`block_id` already exists");
        }
        markdown += if block["type"] == "markdown" { count(&block["text"]) } else { 0 };
        check.block(block, &at);
    }
    if markdown > 12_000 {
        check.no("/blocks", "markdown text must be less than 12001 characters");
    }
    check.problems
}

/// The characters of all texts in the blocks, which Slack bounds as a whole.
pub(crate) fn characters(blocks: &[Value]) -> usize {
    fn within(value: &Value) -> usize {
        match value {
            Value::Object(fields) => {
                fields.iter().map(|(name, value)| if name == "text" { count(value) } else { 0 } + within(value)).sum()
            }
            Value::Array(all) => all.iter().map(within).sum(),
            _ => 0,
        }
    }
    blocks.iter().map(within).sum()
}

/// Whether a text is written as Slack writes dates. Which days a month has is not checked.
pub(crate) fn is_date(text: &str) -> bool {
    let digits = |part: &str, count| part.len() == count && part.bytes().all(|byte| byte.is_ascii_digit());
    let parts: Vec<&str> = text.split('-').collect();
    matches!(parts[..], [year, month, day] if digits(year, 4) && digits(month, 2) && digits(day, 2))
}

fn count(value: &Value) -> usize {
    value.as_str().map_or(0, |text| text.chars().count())
}

struct Check {
    problems: Vec<String>,
}

impl Check {
    fn no(&mut self, at: &str, what: &str) {
        self.problems.push(format!("[ERROR] {what} [json-pointer:{at}]"));
    }

    fn block(&mut self, block: &Value, at: &str) {
        match block["type"].as_str() {
            Some("section") => {
                if block.get("text").is_none() && block.get("fields").is_none() {
                    self.no(at, "missing required field: text");
                }
                if let Some(text) = block.get("text") {
                    self.text(text, &format!("{at}/text"), 3_000, Format::Any);
                }
                for (index, field) in self.list(&block["fields"], &format!("{at}/fields"), 0, 10) {
                    self.text(field, &format!("{at}/fields/{index}"), 2_000, Format::Any);
                }
                if let Some(accessory) = block.get("accessory") {
                    self.element(accessory, &format!("{at}/accessory"));
                }
            }
            Some("header") => self.text(&block["text"], &format!("{at}/text"), 150, Format::Plain),
            Some("markdown") => self.characters(&block["text"], &format!("{at}/text"), 12_000),
            Some("actions") => {
                let mut ids = HashSet::new();
                for (index, element) in self.list(&block["elements"], &format!("{at}/elements"), 1, 25) {
                    let at = format!("{at}/elements/{index}");
                    if let Some(id) = element["action_id"].as_str()
                        && !ids.insert(id)
                    {
                        self.no(&format!("{at}/action_id"), "`action_id` already exists");
                    }
                    if element["type"].as_str().is_some_and(|kind| kind.ends_with("_input")) {
                        self.no(&format!("{at}/type"), "unsupported type: an input stands in a block of its own");
                    }
                    self.element(element, &at);
                }
            }
            Some("context") => {
                for (index, element) in self.list(&block["elements"], &format!("{at}/elements"), 1, 10) {
                    if element["type"] != "image" {
                        self.text(element, &format!("{at}/elements/{index}"), 3_000, Format::Any);
                    }
                }
            }
            Some("input") => {
                self.text(&block["label"], &format!("{at}/label"), 2_000, Format::Plain);
                if let Some(hint) = block.get("hint") {
                    self.text(hint, &format!("{at}/hint"), 2_000, Format::Plain);
                }
                self.element(&block["element"], &format!("{at}/element"));
            }
            Some("image") => {
                self.characters(&block["alt_text"], &format!("{at}/alt_text"), 2_000);
                if block.get("slack_file").is_none() {
                    self.characters(&block["image_url"], &format!("{at}/image_url"), 3_000);
                }
            }
            Some("divider" | "rich_text" | "video" | "file" | "context_actions" | "table") => {}
            Some(other) => self.no(&format!("{at}/type"), &format!("unsupported type: {other}")),
            None => self.no(at, "missing required field: type"),
        }
    }

    fn element(&mut self, element: &Value, at: &str) {
        self.length(&element["action_id"], &format!("{at}/action_id"), 255);
        if let Some(placeholder) = element.get("placeholder") {
            self.text(placeholder, &format!("{at}/placeholder"), 150, Format::Plain);
        }
        match element["type"].as_str() {
            Some("button") => {
                self.text(&element["text"], &format!("{at}/text"), 75, Format::Plain);
                self.length(&element["value"], &format!("{at}/value"), 2_000);
                self.length(&element["url"], &format!("{at}/url"), 3_000);
                if element.get("style").is_some_and(|style| style != "primary" && style != "danger") {
                    self.no(&format!("{at}/style"), "must be one of: primary, danger");
                }
            }
            Some("static_select" | "multi_static_select") if element.get("option_groups").is_some() => {
                for (index, group) in self.list(&element["option_groups"], &format!("{at}/option_groups"), 1, 100) {
                    let at = format!("{at}/option_groups/{index}");
                    self.text(&group["label"], &format!("{at}/label"), 75, Format::Plain);
                    self.options(&group["options"], &format!("{at}/options"), 1, 100);
                }
            }
            Some("static_select" | "multi_static_select") => {
                self.options(&element["options"], &format!("{at}/options"), 1, 100)
            }
            Some("checkboxes" | "radio_buttons") => self.options(&element["options"], &format!("{at}/options"), 1, 10),
            Some("datepicker") => {
                if element.get("initial_date").is_some_and(|date| !date.as_str().is_some_and(is_date)) {
                    self.no(&format!("{at}/initial_date"), "must be a date such as 2026-03-31");
                }
            }
            Some("overflow") => self.options(&element["options"], &format!("{at}/options"), 1, 5),
            Some(
                "image"
                | "plain_text_input"
                | "number_input"
                | "email_text_input"
                | "url_text_input"
                | "timepicker"
                | "datetimepicker"
                | "users_select"
                | "multi_users_select"
                | "conversations_select"
                | "multi_conversations_select"
                | "channels_select"
                | "multi_channels_select"
                | "external_select"
                | "multi_external_select"
                | "rich_text_input"
                | "file_input"
                | "workflow_button",
            ) => {}
            Some(other) => self.no(&format!("{at}/type"), &format!("unsupported type: {other}")),
            None => self.no(at, "missing required field: type"),
        }
        self.initial(element, at);
    }

    /// What is chosen at first must be one of the options, to the letter.
    fn initial(&mut self, element: &Value, at: &str) {
        let Some(options) = element["options"].as_array() else { return };
        if let Some(option) = element.get("initial_option")
            && !options.contains(option)
        {
            self.no(&format!("{at}/initial_option"), "must be one of the options provided");
        }
        if let Some(all) = element.get("initial_options").and_then(Value::as_array)
            && (all.is_empty() || all.iter().any(|option| !options.contains(option)))
        {
            self.no(&format!("{at}/initial_options"), "must be one of the options provided");
        }
    }

    fn options(&mut self, options: &Value, at: &str, least: usize, most: usize) {
        for (index, option) in self.list(options, at, least, most) {
            self.text(&option["text"], &format!("{at}/{index}/text"), 75, Format::Any);
            self.characters(&option["value"], &format!("{at}/{index}/value"), 150);
            if let Some(description) = option.get("description") {
                self.text(description, &format!("{at}/{index}/description"), 75, Format::Any);
            }
        }
    }

    fn list<'a>(
        &mut self,
        list: &'a Value,
        at: &str,
        least: usize,
        most: usize,
    ) -> impl Iterator<Item = (usize, &'a Value)> + use<'a> {
        let items = list.as_array().map(Vec::as_slice).unwrap_or_default();
        if items.len() < least {
            self.no(at, &format!("no fewer than {least} items allowed"));
        }
        if items.len() > most {
            self.no(at, &format!("no more than {most} items allowed"));
        }
        items.iter().enumerate()
    }

    fn text(&mut self, text: &Value, at: &str, most: usize, format: Format) {
        match (text["type"].as_str(), format) {
            (Some("plain_text"), _) | (Some("mrkdwn"), Format::Any) => {}
            (Some(other), _) => self.no(&format!("{at}/type"), &format!("unsupported type: {other}")),
            (None, _) => return self.no(at, "missing required field: type"),
        }
        self.characters(&text["text"], &format!("{at}/text"), most);
    }

    /// A text that must be there and not be empty.
    fn characters(&mut self, text: &Value, at: &str, most: usize) {
        match text.as_str() {
            None => self.no(at, "missing required field"),
            Some("") => self.no(at, "must be more than 0 characters"),
            Some(_) => self.length(text, at, most),
        }
    }

    /// A text that may be absent or empty.
    fn length(&mut self, text: &Value, at: &str, most: usize) {
        if count(text) > most {
            self.no(at, &format!("must be less than {} characters", most + 1));
        }
    }
}

#[derive(Clone, Copy)]
enum Format {
    Plain,
    Any,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn plain(text: &str) -> Value {
        json!({ "type": "plain_text", "text": text })
    }

    fn button(text: &str, value: &str) -> Value {
        json!({ "type": "actions", "elements": [{ "type": "button", "text": plain(text), "value": value }] })
    }

    fn select(options: usize) -> Value {
        let options: Vec<_> = (0..options).map(|n| json!({ "text": plain("a"), "value": n.to_string() })).collect();
        json!({ "type": "section", "text": plain("t"), "accessory": { "type": "static_select", "options": options } })
    }

    #[test]
    fn what_fits_is_taken_and_one_more_is_refused() {
        let section = |length: usize| json!({ "type": "section", "text": plain(&"ä".repeat(length)) });
        let header = |length: usize| json!({ "type": "header", "text": plain(&"h".repeat(length)) });
        for (fits, does_not) in [
            (section(3_000), section(3_001)),
            (header(150), header(151)),
            (button(&"b".repeat(75), "v"), button(&"b".repeat(76), "v")),
            (button("b", &"v".repeat(2_000)), button("b", &"v".repeat(2_001))),
            (select(100), select(101)),
            (select(1), select(0)),
            (section(1), section(0)),
        ] {
            assert_eq!(problems(&[fits], &MESSAGE), Vec::<String>::new());
            assert_eq!(problems(&[does_not], &MESSAGE).len(), 1);
        }
    }

    #[test]
    fn calendars_stand_among_actions_and_inputs_do_not() {
        let actions = |element: Value| json!({ "type": "actions", "elements": [element] });
        let calendar = |date: &str| json!({ "type": "datepicker", "initial_date": date, "placeholder": plain("When") });
        assert_eq!(problems(&[actions(calendar("2026-03-31"))], &MESSAGE), Vec::<String>::new());
        for element in [calendar("31 March"), calendar(""), json!({ "type": "number_input" })] {
            assert_eq!(problems(&[actions(element)], &MESSAGE).len(), 1);
        }
    }

    #[test]
    fn the_number_of_blocks_depends_on_the_surface() {
        let many = vec![json!({ "type": "divider" }); 51];
        assert_eq!(problems(&many, &MODAL), Vec::<String>::new());
        assert_eq!(problems(&many, &MESSAGE), ["[ERROR] no more than 50 items allowed [json-pointer:/blocks]"]);
    }

    #[test]
    fn ids_are_unique_and_short() {
        let named = |id: &str| json!({ "type": "divider", "block_id": id });
        assert_eq!(problems(&[named("a"), named("b")], &MESSAGE).len(), 0);
        assert_eq!(problems(&[named("a"), named("a")], &MESSAGE).len(), 1);
        assert_eq!(problems(&[named(&"a".repeat(256))], &MESSAGE).len(), 1);
    }

    #[test]
    fn characters_are_counted_everywhere() {
        assert_eq!(characters(&[button("four", "v"), json!({ "type": "markdown", "text": "six…" })]), 8);
    }
}
