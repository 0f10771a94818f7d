//! Each bound of an outcome, on both of its sides.

use super::*;

fn error(outcome: Outcome) -> Option<GuestFault> {
    conclude_with(&within(said("x")), &run(said_event("x")), outcome).err()
}

fn one(reply: Reply) -> Outcome {
    Outcome { messages: vec![reply], ..Outcome::default() }
}

fn fits(outcome: Outcome) {
    assert_eq!(error(outcome), None);
}

fn breaks(outcome: Outcome, words: &str) {
    match error(outcome) {
        Some(GuestFault::BadOutcome(reason)) => assert!(reason.contains(words), "{reason}"),
        other => panic!("{words}: {other:?}"),
    }
}

fn option(value: &str, label: &str) -> Choice {
    Choice { value: value.to_owned(), label: label.to_owned() }
}

fn choices(options: Vec<Choice>, least: u32, most: u32) -> Outcome {
    one(Reply { choices: Some(Choices { options, least, most }), ..reply("Which?") })
}

fn options(count: usize) -> Vec<Choice> {
    (0..count).map(|at| option(&at.to_string(), "label")).collect()
}

#[test]
fn state() {
    let most = Bounds::default().state;
    fits(Outcome { state: vec![0; most], ..Outcome::default() });
    let got = most + 1;
    let large = Outcome { state: vec![0; got], ..Outcome::default() };
    assert_eq!(error(large), Some(GuestFault::StateTooLarge { got, most }));
}

#[test]
fn messages() {
    let most = contract::MESSAGES;
    fits(Outcome { messages: vec![reply("x"); most], ..Outcome::default() });
    let many = Outcome { messages: vec![reply("x"); most + 1], ..Outcome::default() };
    assert_eq!(error(many), Some(GuestFault::TooManyMessages { got: most + 1, most }));
    let most = contract::TEXT;
    fits(one(reply(&"x".repeat(most))));
    assert_eq!(error(one(reply(&"x".repeat(most + 1)))), Some(GuestFault::MessageTooLarge { got: most + 1, most }));
    for empty in ["", " \n\t"] {
        breaks(one(reply(empty)), "is empty");
    }
}

#[test]
fn keys() {
    fits(one(Reply { key: "k".repeat(contract::KEY), ..reply("x") }));
    for key in [String::new(), "k".repeat(contract::KEY + 1), "a\nb".into(), "a\0b".into()] {
        breaks(one(Reply { key: key.clone(), ..reply("x") }), "a message's key");
        breaks(Outcome { timers: vec![TimerWish::Set(key.clone(), 1)], ..Outcome::default() }, "a timer's name");
        breaks(Outcome { timers: vec![TimerWish::Stop(key)], ..Outcome::default() }, "a timer's name");
    }
}

#[test]
fn choices_to_pick_from() {
    fits(choices(options(1), 1, 1));
    fits(choices(options(contract::OPTIONS), 1, 100));
    breaks(choices(options(0), 1, 1), "0 options");
    breaks(choices(options(contract::OPTIONS + 1), 1, 1), "101 options");
    for (least, most) in [(0, 1), (2, 1), (1, 4), (4, 4), (1, u32::MAX)] {
        breaks(choices(options(3), least, most), "to be picked");
    }
    fits(choices(vec![option(&"v".repeat(contract::VALUE), &"é".repeat(contract::LABEL))], 1, 1));
    for value in [String::new(), "v".repeat(contract::VALUE + 1)] {
        breaks(choices(vec![option(&value, "x")], 1, 1), "an option's value");
    }
    breaks(choices(vec![option("a", "x"), option("a", "y")], 1, 1), "there twice");
    for label in [String::new(), "  ".into(), "é".repeat(contract::LABEL + 1)] {
        breaks(choices(vec![option("a", &label)], 1, 1), "the label");
    }
}

#[test]
fn timers() {
    let set = |name: usize, after| TimerWish::Set(name.to_string(), after);
    let timers = |timers| Outcome { timers, ..Outcome::default() };
    fits(timers(vec![set(0, contract::TIMER)]));
    breaks(timers(vec![set(0, contract::TIMER + 1)]), "a year is the most");
    breaks(timers(vec![set(0, u64::MAX)]), "a year is the most");
    // One runs already.
    fits(timers((1..contract::TIMERS).map(|name| set(name, 1)).collect()));
    breaks(timers((0..contract::TIMERS).map(|name| set(name, 1)).collect()), "17 timers would run");
    fits(timers(vec![set(0, 1); 2 * contract::TIMERS]));
    breaks(timers(vec![set(0, 1); 2 * contract::TIMERS + 1]), "33 changes");
}

#[test]
fn answers() {
    let finish = |answers: &str| Outcome { finished: true, answers: Some(answers.to_owned()), ..Outcome::default() };
    let of = |bytes: usize| format!(r#"{{"a":"{}"}}"#, "x".repeat(bytes - 8));
    fits(finish("{}"));
    fits(finish(&of(contract::ANSWERS)));
    breaks(finish(&of(contract::ANSWERS + 1)), "bytes of answers");
    for (answers, words) in [("", "not JSON"), ("{", "not JSON"), ("[]", "must be a JSON object"), ("null", "must be")]
    {
        breaks(finish(answers), words);
    }
    breaks(Outcome { finished: false, ..finish("{}") }, "the last turn");
}

#[test]
fn options_hold_no_control_characters() {
    fits(choices(vec![option("a", "A")], 1, 1));
    breaks(choices(vec![option("a\u{1}", "A")], 1, 1), "control");
    breaks(choices(vec![option("a", "A\u{1b}")], 1, 1), "control");
}
