//! What each kind of field takes, and on which side of each bound.
#![allow(clippy::unwrap_used)]

use super::*;
use crate::model::Finite;
use crate::texts;

fn options(values: &[&str]) -> Vec<Choice> {
    values.iter().map(|value| Choice { value: (*value).to_owned(), label: value.to_uppercase() }).collect()
}

fn field(required: bool, kind: FieldKind) -> Field {
    Field { key: "f".to_owned(), label: "Field".to_owned(), hint: None, required, kind }
}

fn text(least: u32, most: u32) -> FieldKind {
    FieldKind::Text { multiline: false, least, most }
}

fn number(least: Option<f64>, most: Option<f64>, whole: bool) -> FieldKind {
    FieldKind::Number { least: least.and_then(Finite::new), most: most.and_then(Finite::new), whole }
}

fn date(least: Option<&str>, most: Option<&str>) -> FieldKind {
    FieldKind::Date { least: least.map(str::to_owned), most: most.map(str::to_owned) }
}

fn many(least: u32, most: u32) -> FieldKind {
    FieldKind::ManyOf(Choices { options: options(&["a", "b", "c"]), least, most })
}

fn one() -> FieldKind {
    FieldKind::OneOf(options(&["a", "b"]))
}

fn form(fields: Vec<Field>) -> Form {
    Form { title: "Title".to_owned(), submit: "Send".to_owned(), fields }
}

fn strings(values: &[&str]) -> Vec<String> {
    values.iter().map(|value| (*value).to_owned()).collect()
}

#[test]
fn what_is_right_comes_out_clean() {
    let lines = FieldKind::Text { multiline: true, least: 0, most: 9 };
    let cases: Vec<(FieldKind, &[&str], &[&str])> = vec![
        (text(1, 3), &["  Ada "], &["Ada"]),
        (text(0, 9), &["a\r\nb\tc\u{0}\u{1b}"], &["a b c"]),
        (lines, &["\na\r\nb\tc\u{0} "], &["a\nb\tc"]),
        (text(3, 3), &["日本語"], &["日本語"]),
        (number(None, None, false), &[" -1.50 "], &["-1.5"]),
        (number(None, None, false), &["+7"], &["7"]),
        (number(None, None, false), &["-0.0"], &["0"]),
        (number(Some(1.0), Some(5.0), true), &["5.0"], &["5"]),
        (number(None, None, true), &["999999999999999"], &["999999999999999"]),
        (number(None, None, false), &["0.00000000000001"], &["0.00000000000001"]),
        (date(None, None), &["2024-02-29"], &["2024-02-29"]),
        (date(Some("2026-03-01"), Some("2026-03-31")), &[" 2026-03-31 "], &["2026-03-31"]),
        (one(), &["b"], &["b"]),
        (many(1, 3), &["c", "a"], &["c", "a"]),
    ];
    for (kind, values, clean) in cases {
        assert_eq!(check_field(&field(true, kind.clone()), &strings(values)), Ok(strings(clean)), "{kind:?}");
    }
}

#[test]
fn what_is_wrong_is_said_in_words() {
    let cases: Vec<(FieldKind, &[&str], &str)> = vec![
        (text(1, 9), &[], "Please fill this in."),
        (text(0, 9), &[" \n "], "Please fill this in."),
        (text(2, 9), &["a"], "Please write at least 2 characters."),
        (text(0, 1), &["ab"], "Please write at most 1 character: these are 2."),
        (text(0, 9), &["a", "b"], "Please give one answer."),
        (number(None, None, false), &["1,5"], "Please write a number, such as 42 or -1.5."),
        (number(None, None, false), &["1e9"], "Please write a number, such as 42 or -1.5."),
        (number(None, None, false), &["NaN"], "Please write a number, such as 42 or -1.5."),
        (number(None, None, false), &["inf"], "Please write a number, such as 42 or -1.5."),
        (number(None, None, false), &["."], "Please write a number, such as 42 or -1.5."),
        (number(None, None, false), &["1."], "Please write a number, such as 42 or -1.5."),
        (number(None, None, false), &["٣"], "Please write a number, such as 42 or -1.5."),
        (number(None, None, false), &["1234567890123456"], "Please write a number, such as 42 or -1.5."),
        (number(None, None, true), &["1.5"], "Please write a whole number."),
        (number(Some(1.0), Some(5.0), true), &["6"], "Please write a number from 1 to 5."),
        (number(Some(0.5), None, false), &["0.4"], "Please write a number from 0.5 on."),
        (number(None, Some(-1.0), false), &["0"], "Please write a number up to -1."),
        (date(None, None), &["31.3.2026"], "Please write a date such as 2026-03-31."),
        (date(None, None), &["2026-02-29"], "Please write a date such as 2026-03-31."),
        (date(None, None), &["2100-02-29"], "Please write a date such as 2026-03-31."),
        (date(None, None), &["2026-00-10"], "Please write a date such as 2026-03-31."),
        (date(None, None), &["0000-01-01"], "Please write a date such as 2026-03-31."),
        (date(None, None), &["2026-03-0é"], "Please write a date such as 2026-03-31."),
        (
            date(Some("2026-03-01"), Some("2026-03-31")),
            &["2026-04-01"],
            "Please choose a date from 2026-03-01 to 2026-03-31.",
        ),
        (date(Some("2026-03-01"), None), &["2026-02-28"], "Please choose a date from 2026-03-01 on."),
        (date(None, Some("2026-03-01")), &["2026-03-02"], "Please choose a date up to 2026-03-01."),
        (one(), &[], "Please pick one."),
        (one(), &[""], "Please pick one."),
        (one(), &["A"], "That is not among the choices."),
        (many(1, 2), &[], "Please pick 1 to 2."),
        (many(2, 2), &["a"], "Please pick 2."),
        (many(1, 2), &["a", "b", "c"], "Please pick 1 to 2."),
        (many(1, 2), &["a", "a"], "Please pick each only once."),
        (many(1, 2), &["a", "x"], "That is not among the choices."),
    ];
    for (kind, values, words) in cases {
        let wrong = check_field(&field(true, kind.clone()), &strings(values)).unwrap_err();
        assert_eq!(texts::DEFAULT.wrong(&wrong), words, "{kind:?} {values:?}");
    }
}

#[test]
fn what_is_not_required_may_stay_empty_whatever_its_least_is() {
    for kind in [text(5, 9), number(Some(1.0), None, true), date(None, None), one(), many(2, 3)] {
        assert_eq!(check_field(&field(false, kind.clone()), &[]), Ok(vec![]), "{kind:?}");
    }
    assert_eq!(check_field(&field(false, text(5, 9)), &strings(&["  "])), Ok(vec![]));
    assert_eq!(check_field(&field(false, many(2, 3)), &strings(&["a"])), Err(Wrong::Count { least: 2, most: 3 }));
}

#[test]
fn a_form_is_checked_whole_and_in_its_order() {
    let named = |key: &str, required, kind| Field { key: key.to_owned(), ..field(required, kind) };
    let form = form(vec![named("z", true, text(1, 9)), named("b", false, many(1, 3)), named("a", true, one())]);
    let values = |pairs: &[(&str, &[&str])]| {
        pairs.iter().map(|(key, values)| ((*key).to_owned(), strings(values))).collect::<Values>()
    };
    let good = values(&[("a", &["a"]), ("z", &["Ada"])]);
    assert_eq!(check(&form, &good), Ok(vec![("z".into(), strings(&["Ada"])), ("a".into(), strings(&["a"]))]));
    let problems = check(&form, &values(&[("a", &["x"])])).unwrap_err();
    let keys: Vec<_> = problems.iter().map(|(key, _)| key.as_str()).collect();
    assert_eq!(keys, ["z", "a"]);
    let unknown = check(&form, &values(&[("a", &["a"]), ("y\n", &["x"])])).unwrap_err();
    assert_eq!(unknown, [("y\\n".to_owned(), Wrong::NoSuchField)]);
    assert_eq!(in_words(&form, &values(&[("b", &["a", "c"]), ("z", &["Ada"])])), "Field: Ada\nField: A, C");
}

#[test]
fn what_is_filled_in_is_bounded_together() {
    let named = |key: usize| Field { key: key.to_string(), ..field(true, text(1, contract::WRITTEN)) };
    let form = form((0..contract::FIELDS).map(named).collect());
    let all = |length: usize| (0..contract::FIELDS).map(|key| (key.to_string(), vec!["日".repeat(length)])).collect();
    assert!(check(&form, &all(1_000)).is_ok());
    let problems = check(&form, &all(3_000)).unwrap_err();
    assert_eq!(problems.len(), 1);
    assert_eq!(problems[0].1, Wrong::TooLongTogether);
}

#[test]
fn an_unsound_form_is_named() {
    let of = |kind| form(vec![field(true, kind)]);
    let labelled = |label: &str| form(vec![Field { label: label.to_owned(), ..field(true, one()) }]);
    let keyed = |key: &str| form(vec![Field { key: key.to_owned(), ..field(true, one()) }]);
    let hinted = |hint: &str| form(vec![Field { hint: Some(hint.to_owned()), ..field(true, one()) }]);
    let fields =
        |count: usize| form((0..count).map(|key| Field { key: key.to_string(), ..field(true, one()) }).collect());
    let long = |count: usize| {
        let options = (0..100).map(|at| Choice { value: format!("{at:0150}"), label: "é".repeat(75) }).collect();
        let kind = FieldKind::OneOf(options);
        form((0..count).map(|key| Field { key: key.to_string(), ..field(true, kind.clone()) }).collect())
    };
    let titled = |title: &str| Form { title: title.to_owned(), ..of(one()) };
    let labels = |submit: &str| Form { submit: submit.to_owned(), ..of(one()) };
    let choices = |options, least, most| of(FieldKind::ManyOf(Choices { options, least, most }));
    for (form, fault) in [
        (titled(" "), "its title is empty"),
        (titled(&"x".repeat(25)), "its title is empty, longer than 24"),
        (labels("a\nb"), "its button"),
        (fields(0), "it has 0 fields"),
        (fields(21), "it has 21 fields"),
        (form(vec![field(true, one()), field(true, one())]), "the field `f`: its key is there twice"),
        (keyed(""), "its key must have"),
        (keyed(&"k".repeat(81)), "its key must have"),
        (labelled(&"é".repeat(76)), "its label"),
        (hinted(&"é".repeat(151)), "its hint"),
        (of(text(0, 0)), "0 to 0 characters"),
        (of(text(2, 1)), "2 to 1 characters"),
        (of(text(0, 3_001)), "0 to 3001 characters"),
        (of(number(Some(2.0), Some(1.0), false)), "no number"),
        (of(number(Some(1.2), Some(1.8), true)), "no number"),
        (of(number(Some(-2e15), None, false)), "1e15 from zero"),
        (of(date(Some("tomorrow"), None)), "must be dates"),
        (of(date(Some("2026-03-02"), Some("2026-03-01"))), "no day"),
        (of(FieldKind::OneOf(vec![])), "it has 0 options"),
        (of(FieldKind::OneOf(options(&["a", "a"]))), "there twice"),
        (choices(options(&["a"]), 0, 1), "to be picked"),
        (choices(options(&["a"]), 1, 2), "to be picked"),
        (long(2), "its texts have"),
    ] {
        let found = sound(&form).unwrap_err();
        assert!(found.contains(fault), "{fault}: {found}");
    }
    for form in
        [fields(20), long(1), titled(&"é".repeat(24)), of(text(0, 3_000)), of(number(Some(1.0), Some(1.0), true))]
    {
        assert_eq!(sound(&form), Ok(()));
    }
}
