#![allow(clippy::unwrap_used)]

use pesto_engine::form::Wrong;
use pesto_engine::model::{Choice, Choices};

use super::super::words;
use super::*;

fn options(count: usize) -> Vec<Choice> {
    (0..count).map(|at| Choice { value: format!("v{at}"), label: format!("Option {at}") }).collect()
}

fn field(key: &str, kind: FieldKind) -> Field {
    Field { key: key.to_owned(), label: format!("The {key}"), hint: None, required: true, kind }
}

fn form(fields: Vec<Field>) -> Form {
    Form { title: "Your visit".to_owned(), submit: "Send".to_owned(), fields }
}

fn shown(form: &Form) -> Value {
    let place: Place = "T1/C1/1.2".to_owned().try_into().unwrap();
    view(&place, &EffectId::stored("T1/C1/1.2@3/m0".to_owned()), form)
}

#[test]
fn each_kind_has_its_element() {
    let many = |count| FieldKind::ManyOf(Choices { options: options(count), least: 1, most: 2 });
    for (kind, element) in [
        (FieldKind::Text { multiline: true, least: 1, most: 9 }, "plain_text_input"),
        (FieldKind::Number { least: None, most: None, whole: true }, "number_input"),
        (FieldKind::Date { least: None, most: None }, "datepicker"),
        (FieldKind::OneOf(options(10)), "radio_buttons"),
        (FieldKind::OneOf(options(11)), "static_select"),
        (many(10), "checkboxes"),
        (many(11), "multi_static_select"),
    ] {
        let view = shown(&form(vec![field("f", kind)]));
        assert_eq!(view["blocks"][0]["element"]["type"], element);
        assert_eq!(sizes::check_view(&view), Ok(()), "{element}");
    }
}

#[test]
fn a_field_is_named_by_its_key_and_may_be_left_empty() {
    let text = FieldKind::Text { multiline: false, least: 0, most: 9 };
    let optional = Field { required: false, hint: Some("As in your passport".to_owned()), ..field("name", text) };
    let view = shown(&form(vec![optional]));
    let block = &view["blocks"][0];
    assert_eq!((&block["block_id"], &block["optional"]), (&json!("name"), &json!(true)));
    assert_eq!(block["hint"]["text"], "As in your passport");
    assert_eq!(block["element"]["max_length"], 9);
}

#[test]
fn the_largest_form_fits() {
    let long = |at: usize| {
        let options = (0..4).map(|at| Choice { value: format!("{at:0150}"), label: "é".repeat(75) }).collect();
        let key = format!("{at:080}");
        let hint = Some("\"".repeat(contract::HINT));
        Field { label: "\"".repeat(contract::LABEL), hint, ..field(&key, FieldKind::OneOf(options)) }
    };
    let many = |at: usize| {
        let options = (0..100).map(|at| Choice { value: at.to_string(), label: "é".repeat(6) }).collect();
        field(&at.to_string(), FieldKind::OneOf(options))
    };
    for fields in [(0..contract::FIELDS).map(long).collect(), (0..contract::FIELDS).map(many).collect::<Vec<_>>()] {
        let form = Form { title: "\"".repeat(24), submit: "\"".repeat(24), fields };
        assert_eq!(pesto_engine::form::sound(&form), Ok(()));
        assert_eq!(sizes::check_view(&shown(&form)), Ok(()));
    }
}

#[test]
fn a_window_tells_whose_it_is() {
    let view = shown(&form(vec![field("f", FieldKind::OneOf(options(1)))]));
    let payload = json!({ "view": view });
    let (place, message) = whose(Fields::of(&payload).unwrap()).unwrap();
    assert_eq!((place.as_str(), message.as_str()), ("T1/C1/1.2", "T1/C1/1.2@3/m0"));
    for bad in ["", "{}", "[]", "{\"place\":\"T1/U1\"}", "{\"place\":\" \",\"message\":\"m\"}"] {
        let payload = json!({ "view": { "private_metadata": bad } });
        assert!(whose(Fields::of(&payload).unwrap()).is_err(), "{bad}");
    }
}

#[test]
fn every_elements_state_is_read() {
    let option = |value: &str| json!({ "text": { "type": "plain_text", "text": value }, "value": value });
    let state = json!({
        "a": { "value": { "type": "plain_text_input", "value": "words" } },
        "b": { "value": { "type": "number_input", "value": "1.5" } },
        "c": { "value": { "type": "datepicker", "selected_date": "2026-03-31" } },
        "d": { "value": { "type": "radio_buttons", "selected_option": option("x") } },
        "e": { "value": { "type": "static_select", "selected_option": option("y") } },
        "f": { "value": { "type": "checkboxes", "selected_options": [option("x"), option("y")] } },
        "g": { "value": { "type": "multi_static_select", "selected_options": [] } },
        "h": { "value": { "type": "plain_text_input", "value": null } },
        "i": { "value": { "type": "static_select", "selected_option": null } },
    });
    let payload = json!({ "view": { "state": { "values": state } } });
    let values = entered(Fields::of(&payload).unwrap()).unwrap();
    let values: Vec<_> = values.iter().map(|(key, values)| format!("{key}={}", values.join("+"))).collect();
    assert_eq!(values, ["a=words", "b=1.5", "c=2026-03-31", "d=x", "e=y", "f=x+y"]);
    for bad in [
        json!([]),
        json!({ "a": {} }),
        json!({ "a": { "value": { "type": "file_input" } } }),
        json!({ "a": { "value": { "type": "datepicker", "selected_date": 7 } } }),
        json!({ "a": { "value": { "type": "checkboxes" } } }),
        (0..=contract::FIELDS).map(|at| (at.to_string(), json!({ "value": { "type": "datepicker" } }))).collect(),
    ] {
        let payload = json!({ "view": { "state": { "values": bad } } });
        assert!(entered(Fields::of(&payload).unwrap()).is_err(), "{payload}");
    }
}

#[test]
fn what_is_said_in_the_window_fits_into_it() {
    for words in texts::all() {
        let ours = words::of(words.tag());
        for view in [closed(ours), full(ours), not_yours(words.not_yours(), ours)] {
            assert_eq!(sizes::check_view(&view["view"]), Ok(()), "{}", words.tag());
        }
    }
    let errors = errors(&[("name".to_owned(), Wrong::Empty)], texts::DEFAULT);
    assert_eq!(errors, json!({ "response_action": "errors", "errors": { "name": "Please fill this in." } }));
}
