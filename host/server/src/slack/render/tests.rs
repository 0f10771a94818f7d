use pesto_engine::model::{Choice, Choices, EffectId};

use super::*;
use crate::slack::sizes::check;

fn message(text: &str, choices: Option<Choices>) -> Message {
    let message = json!({
        "id": "T1/U1@3/m0", "place": "T1/U1", "generation": 1, "key": "q", "text": text, "choices": choices,
    });
    serde_json::from_value(message).expect("a message")
}

fn choices(labels: &[&str], least: u32, most: u32) -> Option<Choices> {
    let options = labels.iter().map(|label| Choice { value: label.to_lowercase(), label: (*label).to_owned() });
    Some(Choices { options: options.collect(), least, most })
}

/// As many options as asked for, with distinct labels that end in what fills them up.
fn many(count: usize, fill: &str, least: u32, most: u32) -> Option<Choices> {
    let option = |index: usize| {
        let label: String = format!("{index} ").chars().chain(fill.chars().cycle()).take(75).collect();
        Choice { value: format!("{index:0>150}"), label }
    };
    Some(Choices { options: (0..count).map(option).collect(), least, most })
}

fn plain_text(text: &str) -> Value {
    json!({ "type": "plain_text", "text": text, "emoji": true })
}

fn mrkdwn(text: &str) -> Value {
    json!({ "type": "section", "expand": true, "text": { "type": "mrkdwn", "text": text, "verbatim": true } })
}

fn option(text: &str) -> Value {
    json!({ "text": plain_text(text), "value": text.to_lowercase() })
}

fn done() -> Value {
    json!({ "type": "button", "action_id": "done", "text": plain_text("Done"), "style": "primary" })
}

fn only(message: &Message) -> Payload {
    let [payload] = <[Payload; 1]>::try_from(post(message)).expect("one post");
    assert_eq!(check(&payload), Ok(()));
    payload
}

#[test]
fn text_alone() {
    let payload = only(&message("Hi *Ann* <!here>", None));
    assert_eq!(payload.text, "Hi *Ann* &lt;!here&gt;");
    assert_eq!(payload.blocks, json!([mrkdwn("Hi *Ann* &lt;!here&gt;")]));
    assert_eq!(payload.metadata, json!({ "event_type": "pesto", "event_payload": { "id": "T1/U1@3/m0" } }));
}

#[test]
fn a_few_choices_are_buttons() {
    let payload = only(&message("Which?", choices(&["R&D", "Sales"], 1, 1)));
    let button = |index: usize, text: &str| {
        json!({
            "type": "button",
            "action_id": format!("pick.{index}"),
            "text": plain_text(text),
            "value": text.to_lowercase(),
        })
    };
    let actions =
        json!({ "type": "actions", "block_id": "T1/U1@3/m0", "elements": [button(0, "R&D"), button(1, "Sales")] });
    assert_eq!(payload.blocks, json!([mrkdwn("Which?"), actions]));
}

fn form(fields: Value) -> Message {
    let mut message = message("When?", None);
    let form = json!({ "title": "Visit", "submit": "Send", "fields": fields });
    message.form = Some(serde_json::from_value(form).expect("a form"));
    message
}

#[test]
fn a_day_alone_is_a_date_picker_and_another_form_a_button() {
    let day = |required: bool, hint: Option<&str>| {
        let kind = json!({ "Date": { "least": null, "most": "2026-12-31" } });
        json!({ "key": "day.1", "label": "First day", "hint": hint, "required": required, "kind": kind })
    };
    let picker = json!({ "type": "datepicker", "action_id": "fill.day.1", "placeholder": plain_text("First day") });
    let actions = json!({ "type": "actions", "block_id": "T1/U1@3/m0", "elements": [picker] });
    assert_eq!(only(&form(json!([day(true, None)]))).blocks, json!([mrkdwn("When?"), actions]));
    let hint = json!({ "type": "context", "elements": [plain_text("in spring")] });
    assert_eq!(only(&form(json!([day(true, Some("in spring"))]))).blocks, json!([mrkdwn("When?"), hint, actions]));
    for fields in [json!([day(false, None)]), json!([day(true, None), day(true, None)])] {
        let message = form(fields);
        let button = &only(&message).blocks[1]["elements"][0];
        assert_eq!((&button["type"], &button["action_id"]), (&json!("button"), &json!("form")));
    }
    assert_eq!(closed(&form(json!([day(true, None)]))).blocks, json!([mrkdwn("When?")]));
}

#[test]
fn the_markdown_of_models_is_translated() {
    let payload = only(&message("## Plan\n- **one** <!here>\n- [two](https://a.example/?b&c)\n\n`**code**`", None));
    let text = "*Plan*\n• *one* &lt;!here&gt;\n• two (<https://a.example/?b&amp;c>)\n\n`**code**`";
    assert_eq!(payload.blocks, json!([mrkdwn(text)]));
    assert_eq!(payload.text, text);
}

#[test]
fn many_choices_are_a_select() {
    let labels = ["A", "B", "C", "D", "E", "F"];
    let payload = only(&message("Which?", choices(&labels, 1, 1)));
    let select = json!({
        "type": "static_select",
        "action_id": "pick",
        "placeholder": plain_text("Pick one"),
        "options": labels.map(option),
    });
    let actions = json!({ "type": "actions", "block_id": "T1/U1@3/m0", "elements": [select] });
    assert_eq!(payload.blocks, json!([mrkdwn("Which?"), actions]));
}

#[test]
fn several_of_a_few_are_checkboxes() {
    let options = ["A", "B", "C"].map(option);
    let checkboxes = json!({ "type": "checkboxes", "action_id": "mark", "options": options });
    let actions = json!({ "type": "actions", "block_id": "T1/U1@3/m0", "elements": [checkboxes, done()] });
    let any = only(&message("Which?", choices(&["A", "B", "C"], 1, 3)));
    assert_eq!(any.blocks, json!([mrkdwn("Which?"), actions]));
    let two = only(&message("Which?", choices(&["A", "B", "C"], 1, 2)));
    let hint = json!({ "type": "context", "elements": [plain_text("Pick up to 2.")] });
    assert_eq!(two.blocks, json!([mrkdwn("Which?"), hint, actions]));
}

#[test]
fn several_of_many_are_a_multi_select_in_a_section() {
    let labels = ["A", "B", "C", "D", "E", "F", "G", "H", "I", "J", "K"];
    let payload = only(&message("Which?", choices(&labels, 2, 4)));
    let marks = json!({
        "type": "section",
        "block_id": "T1/U1@3/m0#mark",
        "text": plain_text("Pick 2 to 4."),
        "accessory": {
            "type": "multi_static_select",
            "action_id": "mark",
            "placeholder": plain_text("Options"),
            "options": labels.map(option),
            "max_selected_items": 4,
        },
    });
    let actions = json!({ "type": "actions", "block_id": "T1/U1@3/m0", "elements": [done()] });
    assert_eq!(payload.blocks, json!([mrkdwn("Which?"), marks, actions]));
}

#[test]
fn an_answer_replaces_the_controls() {
    let asked = message("Which?", choices(&["R&D", "Sales"], 1, 1));
    let answered = answered(&asked, "R&D <!here>");
    let context = json!({ "type": "context", "elements": [plain_text("✓ R&D <!here>")] });
    assert_eq!(answered.blocks, json!([mrkdwn("Which?"), context]));
    assert_eq!(answered.text, "Which?\n✓ R&amp;D &lt;!here&gt;");
    assert_eq!(answered.metadata, only(&asked).metadata);
    assert_eq!(check(&answered), Ok(()));
    let closed = closed(&asked);
    assert_eq!(closed.blocks, json!([mrkdwn("Which?")]));
    assert_eq!(closed.text, "Which?");
    assert_eq!(super::answered(&asked, " "), closed, "nothing was chosen");
}

#[test]
fn a_long_answer_is_cut() {
    let answered = answered(&message("Which?", choices(&["A", "B"], 1, 1)), &"&".repeat(5_000));
    assert_eq!(check(&answered), Ok(()));
    let shown = answered.blocks[1]["elements"][0]["text"].as_str().expect("text");
    assert_eq!(width(shown), CHOSEN);
    assert!(shown.ends_with('…'));
}

#[test]
fn a_message_whose_id_is_too_long_tells_its_choices() {
    let mut asked = message("Which?", choices(&["*A*", "<B>"], 1, 1));
    asked.id = EffectId::stored("i".repeat(251));
    let payload = only(&asked);
    assert_eq!(payload.blocks, json!([mrkdwn("Which?\n\n1. *A*\n2. &lt;B&gt;")]));
    asked.id = EffectId::stored("i".repeat(250));
    assert_eq!(only(&asked).blocks[1]["type"], "actions");
}

#[test]
fn host_words_carry_no_mark() {
    let payload = ephemeral("That question is no longer open.");
    assert_eq!(payload.blocks, json!([mrkdwn("That question is no longer open.")]));
    assert_eq!(payload.metadata, Value::Null);
    assert_eq!(check(&payload), Ok(()));
    assert_eq!(check(&ephemeral(&"&".repeat(12_000))), Ok(()));
    assert_eq!(check(&ephemeral("\u{200b}")), Ok(()));
}

#[test]
fn extremes_fit() {
    let texts = [
        "&".repeat(12_000),
        "<".repeat(12_000),
        ">".repeat(12_000),
        "x".repeat(12_000),
        "👩\u{200d}👩\u{200d}👦".repeat(600),
        "😀".repeat(3_000),
        "e\u{301}".repeat(4_000),
        "שלום עולם, ".repeat(600),
        "漢字。".repeat(1_300),
        "word ".repeat(2_400),
        "\n".repeat(11_999) + "x",
        "https://a.example/&&&&&&&& ".repeat(440),
        format!("https://a.example/{}", "&".repeat(11_000)),
        (0..20).map(|line| format!("{line}. an open line\n\n")).collect(),
        "\u{7}\u{0}".repeat(100),
        "\u{200b}".to_owned(),
        "x".to_owned(),
    ];
    let controls = [
        None,
        choices(&["Yes", "No"], 1, 1),
        many(5, "W", 1, 1),
        many(100, "&", 1, 1),
        many(100, "😀", 1, 1),
        many(10, "אב ", 2, 9),
        many(100, "漢", 3, 99),
    ];
    for text in &texts {
        for choices in &controls {
            let message = message(text, choices.clone());
            let payloads = post(&message);
            assert!(payloads.len() <= 8, "{} posts", payloads.len());
            for payload in payloads.iter().chain([&answered(&message, &"&".repeat(400)), &closed(&message)]) {
                assert_eq!(check(payload), Ok(()), "{:?}", text.chars().take(20).collect::<String>());
            }
        }
    }
}

#[test]
fn a_cut_makes_no_quotation() {
    for payload in post(&message(&">".repeat(2_000), None)) {
        for block in payload.blocks.as_array().expect("blocks") {
            assert!(block["text"]["text"].as_str().expect("text").starts_with("\u{ad}&gt;"));
        }
    }
}

#[test]
fn parts_are_numbered_complete_and_the_last_has_the_controls() {
    let text: String = (0..1_000).map(|number| format!("{number} & ")).collect();
    let asked = message(&text, many(100, "x", 1, 1));
    let payloads = post(&asked);
    let sections = |payload: &Payload| -> Vec<String> {
        let blocks = payload.blocks.as_array().expect("blocks").iter();
        blocks.filter_map(|block| block["text"]["text"].as_str().map(str::to_owned)).collect()
    };
    assert!(payloads.len() > 1);
    for (index, payload) in payloads.iter().enumerate() {
        let mark = Mark::read(&payload.metadata).expect("a mark");
        assert_eq!(mark, Mark { id: asked.id.clone(), part: index + 1, of: payloads.len() });
        let has_controls = payload.blocks.as_array().expect("blocks").iter().any(|block| block["type"] == "actions");
        assert_eq!(has_controls, index + 1 == payloads.len());
    }
    let said: Vec<_> = payloads.iter().flat_map(sections).collect();
    assert_eq!(said.join(" "), to_slack(&text).trim_end());
    let last = payloads.last().expect("a post");
    assert_eq!(sections(&answered(&asked, "x")), sections(last), "the answer stands below the same text");
    assert_eq!(answered(&asked, "x").metadata, last.metadata);
}
