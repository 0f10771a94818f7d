use serde_json::json;

use super::*;

fn label(text: &str) -> Value {
    json!({ "type": "plain_text", "text": text })
}

fn options(count: usize) -> Vec<Value> {
    (0..count).map(|index| json!({ "text": label("x"), "value": index.to_string() })).collect()
}

fn section(text: &str) -> Value {
    json!({ "type": "section", "text": { "type": "mrkdwn", "text": text } })
}

fn actions(elements: &[Value]) -> Value {
    json!({ "type": "actions", "block_id": "b", "elements": elements })
}

fn button(index: usize) -> Value {
    json!({ "type": "button", "action_id": format!("pick.{index}"), "text": label("x"), "value": "v" })
}

fn with(mut element: Value, name: &str, value: Value) -> Value {
    element[name] = value;
    element
}

fn payload(blocks: Vec<Value>) -> Payload {
    Payload { text: "t".to_owned(), blocks: Value::Array(blocks), metadata: Value::Null }
}

fn select(kind: &str, count: usize) -> Value {
    json!({ "type": kind, "action_id": "a", "placeholder": label("p"), "options": options(count) })
}

fn date(placeholder: &str) -> Value {
    json!({ "type": "datepicker", "action_id": "a", "placeholder": label(placeholder) })
}

#[test]
fn what_fits_passes() {
    let buttons: Vec<_> = (0..ELEMENTS).map(button).collect();
    let marks = with(section("x"), "accessory", select("multi_static_select", OPTIONS));
    let long = json!({ "text": label(&"x".repeat(LABEL)), "value": "v".repeat(OPTION_VALUE) });
    for blocks in [
        vec![section(&"x".repeat(TEXT))],
        vec![section("x"); BLOCKS],
        vec![section("x"), actions(&buttons)],
        vec![actions(&[select("static_select", OPTIONS)])],
        vec![actions(&[select("checkboxes", CHECKBOXES)])],
        vec![actions(&[date(&"p".repeat(PLACEHOLDER))])],
        vec![actions(&[with(select("static_select", 1), "options", json!([long]))])],
        vec![with(marks, "block_id", json!("i".repeat(ID)))],
        vec![json!({ "type": "context", "elements": vec![label("x"); CONTEXT] })],
    ] {
        assert_eq!(check(&payload(blocks)), Ok(()));
    }
}

#[test]
fn each_limit_has_its_error() {
    let buttons: Vec<_> = (0..=ELEMENTS).map(button).collect();
    let x = |count: usize| "x".repeat(count);
    let option = |text: Value, value: &str| {
        with(select("static_select", 1), "options", json!([{ "text": text, "value": value }]))
    };
    let twice = json!([{ "text": label("x"), "value": "v" }, { "text": label("y"), "value": "v" }]);
    for (blocks, error) in [
        (vec![], "blocks has nothing"),
        (vec![section("x"); BLOCKS + 1], "blocks has 51 entries"),
        (vec![section("")], "blocks[0].text is empty"),
        (vec![section(&x(TEXT + 1))], "blocks[0].text has 3001 characters, and Slack takes 3000: split"),
        (vec![section(&"😀".repeat(TEXT / 2 + 1))], "blocks[0].text has 3002 characters"),
        (vec![section(&x(TEXT)); 4], "blocks: their texts"),
        (vec![json!({ "type": "section" })], "blocks[0].text is no text object"),
        (vec![json!({ "type": "video" })], "blocks[0] is of a type"),
        (vec![with(section("x"), "block_id", json!(x(ID + 1)))], "blocks[0].block_id has 256"),
        (vec![with(section("x"), "block_id", json!("")); 1], "blocks[0].block_id is empty"),
        (vec![with(section("x"), "block_id", json!("i")); 2], "blocks[1].block_id is there twice"),
        (vec![with(section("x"), "accessory", button(0))], "blocks[0].accessory is of a type"),
        (vec![actions(&[])], "blocks[0].elements has nothing"),
        (vec![actions(&buttons)], "blocks[0].elements has 26 entries"),
        (vec![actions(&[button(0), button(0)])], "blocks[0].elements[1].action_id is there twice"),
        (vec![actions(&[json!({ "type": "overflow", "action_id": "a" })])], "blocks[0].elements[0] is of a type"),
        (vec![actions(&[with(button(0), "action_id", json!(x(ID + 1)))])], "blocks[0].elements[0].action_id has 256"),
        (vec![actions(&[with(button(0), "action_id", json!(7))])], "blocks[0].elements[0].action_id is not text"),
        (vec![actions(&[with(button(0), "text", label(&x(LABEL + 1)))])], "blocks[0].elements[0].text has 76"),
        (
            vec![actions(&[with(button(0), "text", json!({ "type": "mrkdwn", "text": "x" }))])],
            "blocks[0].elements[0].text is not plain",
        ),
        (
            vec![actions(&[with(button(0), "value", json!(x(BUTTON_VALUE + 1)))])],
            "blocks[0].elements[0].value has 2001",
        ),
        (vec![actions(&[select("multi_static_select", 2)])], "blocks[0].elements[0]: Slack takes a multi-select"),
        (vec![actions(&[select("static_select", 0)])], "blocks[0].elements[0].options has nothing"),
        (vec![actions(&[select("static_select", OPTIONS + 1)])], "blocks[0].elements[0].options has 101"),
        (vec![actions(&[select("checkboxes", CHECKBOXES + 1)])], "blocks[0].elements[0].options has 11"),
        (
            vec![actions(&[with(select("static_select", 1), "placeholder", label(&x(PLACEHOLDER + 1)))])],
            "blocks[0].elements[0].placeholder has 151",
        ),
        (vec![actions(&[date(&x(PLACEHOLDER + 1))])], "blocks[0].elements[0].placeholder has 151"),
        (
            vec![actions(&[with(select("static_select", 1), "max_selected_items", json!(0))])],
            "blocks[0].elements[0].max_selected_items",
        ),
        (vec![actions(&[option(label(&x(LABEL + 1)), "v")])], "blocks[0].elements[0].options[0].text has 76"),
        (vec![actions(&[option(label(""), "v")])], "blocks[0].elements[0].options[0].text is empty"),
        (vec![actions(&[option(label("x"), &x(OPTION_VALUE + 1))])], "blocks[0].elements[0].options[0].value has 151"),
        (vec![actions(&[option(label("x"), "")])], "blocks[0].elements[0].options[0].value is empty"),
        (
            vec![actions(&[with(select("static_select", 2), "options", twice)])],
            "blocks[0].elements[0].options[1].value is there twice",
        ),
        (vec![json!({ "type": "context", "elements": vec![label("x"); CONTEXT + 1] })], "blocks[0].elements has 11"),
        (vec![json!({ "type": "context", "elements": [label(&x(TEXT + 1))] })], "blocks[0].elements[0] has 3001"),
    ] {
        let found = check(&payload(blocks)).expect_err(error);
        assert!(found.starts_with(error), "{found} is not {error}");
        assert!(!found.contains("xx"), "it repeats the text: {found}");
    }
}

#[test]
fn text_and_metadata_are_checked_as_well() {
    let good = payload(vec![section("x")]);
    let text = |text: String| check(&Payload { text, ..good.clone() }).expect_err("a wrong text");
    assert!(text(String::new()).starts_with("text is empty"));
    assert!(text("x".repeat(FALLBACK + 1)).starts_with("text has 4001"));
    let metadata = Payload { metadata: json!({ "id": "x" }), ..good.clone() };
    assert!(check(&metadata).expect_err("no mark").starts_with("metadata"));
    let blocks = Payload { blocks: Value::Null, ..good };
    assert_eq!(check(&blocks), Err("blocks is not an array".to_owned()));
}
