//! Whole conversations, for what a step decides shows in what is asked next.

#![allow(clippy::unwrap_used)]

mod review;
mod stuck;

use std::time::Duration;

use serde_json::json;

use crate::survey::{Answers, Conduct, Interview, Question, Survey, date, many_of, number, one_of, text, yes_no};
use crate::testing::Talk;
use crate::{About, CallError, Message, Person, Turn};

struct Newcomer;

impl Survey for Newcomer {
    fn describe() -> About {
        About::new("Newcomer", "Two minutes about you.").version("1")
    }

    fn questions() -> Vec<Question> {
        vec![
            text("name", "What is your name?").at_most(20),
            one_of("role", "What do you do?", [("eng", "Engineering"), ("art", "Design"), ("else", "Other")]),
            text("stack", "Which languages?").when(|so_far| so_far.is("role", "eng")),
            number("monitors", "How many monitors?", 0..=3).when(|so_far| so_far.given("stack")),
            text("role-name", "What is it called?").when(|so_far| so_far.is("role", "else")).optional(),
            date("start", "When do you start?").days(-7..=365),
            yes_no("parking", "Do you need parking?").optional(),
            many_of("tools", "Which tools?", ["Laptop", "Phone", "Tablet"]).pick(1..=2).optional(),
        ]
    }

    fn known(arguments: &str, _: &Person) -> Vec<(&'static str, String)> {
        vec![("role", arguments.to_owned()), ("none", "x".to_owned())]
    }

    fn closing(answers: &Answers, turn: &mut Turn<Interview>) -> String {
        let answer = turn.llm().system("Say thanks.").user(answers.text("name")).complete();
        answer.map_or_else(|_| "Thank you all the same.".to_owned(), |completion| completion.text)
    }

    fn reminder() -> Option<Duration> {
        Some(Duration::from_secs(3_600))
    }
}

type Talking = Talk<Conduct<Newcomer>>;

fn started() -> Talking {
    let mut talk = Talking::new();
    talk.start("");
    talk
}

/// Answers up to the review, as a designer without wishes.
fn reviewing() -> Talking {
    let mut talk = started();
    for text in ["Ada", "design", "2026-03-09", "skip", "skip"] {
        talk.say(text);
    }
    talk
}

fn only(messages: Vec<Message>) -> Message {
    assert_eq!(messages.len(), 1, "{messages:?}");
    messages.into_iter().next().unwrap()
}

fn labels(message: &Message) -> Vec<&str> {
    message.choices.iter().flat_map(|choices| &choices.options).map(|option| option.label.as_str()).collect()
}

#[test]
fn from_the_first_question_to_the_record() {
    let mut talk = Talking::new();
    let first = only(talk.start(""));
    assert_eq!(first.key, "name");
    assert_eq!(
        first.text,
        "Two minutes about you.\n(`back` returns to the question before; `cancel` ends it all.)\n\nWhat is your name?"
    );
    let role = only(talk.say("Ada"));
    assert_eq!((role.key.as_str(), labels(&role)), ("role", vec!["Engineering", "Design", "Other"]));
    assert_eq!(only(talk.pick(&["Engineering"])).key, "stack");
    assert_eq!(only(talk.say("Rust")).text, "How many monitors?");
    assert_eq!(only(talk.say("2")).key, "start");
    let parking = only(talk.say("tomorrow"));
    assert_eq!(parking.text, "That is Tuesday, 3 March 2026.\n\nDo you need parking?");
    assert_eq!(labels(&parking), ["Yes", "No", "Skip"]);
    let tools = only(talk.pick(&["Yes"]));
    assert_eq!(tools.text, "Which tools?\n(1 to 2; `skip` leaves it out)");
    let choices = tools.choices.as_ref().unwrap();
    assert_eq!((choices.least, choices.most), (1, 2));
    let review = only(talk.pick(&["Laptop", "Tablet"]));
    assert_eq!(
        review.text,
        "Please check your answers:\n• Name: Ada\n• Role: Engineering\n• Stack: Rust\n• Monitors: 2\n\
         • Start: Tuesday, 3 March 2026\n• Parking: Yes\n• Tools: Laptop, Tablet\nShall I submit them?"
    );
    assert_eq!(labels(&review), ["Submit", "Change an answer"]);
    assert!(talk.answers().is_none() && !talk.ended());
    talk.llm_answers("Welcome, Ada.");
    assert_eq!(only(talk.pick(&["Submit"])).text, "Welcome, Ada.");
    assert!(talk.ended());
    assert_eq!(
        talk.answers().unwrap(),
        json!({"name": "Ada", "role": "eng", "stack": "Rust", "monitors": 2, "start": "2026-03-03",
               "parking": true, "tools": ["Laptop", "Tablet"]})
    );
}

#[test]
fn a_wrong_answer_is_asked_again_with_what_is_wrong() {
    let mut talk = started();
    talk.say("Ada");
    let again = only(talk.say("pilot"));
    assert_eq!(again.key, "role");
    assert!(again.text.starts_with("“pilot” is not among the choices."), "{}", again.text);
    assert!(again.text.ends_with("\n\nWhat do you do?"), "{}", again.text);
    assert_eq!(labels(&again).len(), 3);
    assert_eq!(only(talk.say("ENGINEERING")).key, "stack");
}

#[test]
fn back_goes_through_what_applies_and_keeps_answers() {
    let mut talk = started();
    let first = only(talk.say("back"));
    assert!(first.text.starts_with("This is the first question."));
    for text in ["Ada", "design", "2026-03-09"] {
        talk.say(text);
    }
    assert_eq!(only(talk.say("Back")).key, "start");
    let role = only(talk.say("back"));
    assert_eq!(role.key, "role", "the engineers' questions do not apply");
    assert!(role.text.contains("Your answer so far: Design. Write `keep`"), "{}", role.text);
    let parking = only(talk.say("keep"));
    assert_eq!(parking.key, "parking", "what was answered is not asked again");
}

#[test]
fn keep_is_an_ordinary_word_where_there_is_nothing_to_keep() {
    let mut talk = started();
    assert_eq!(only(talk.say("Keep")).key, "role");
    assert!(only(talk.say("keep")).text.contains("not among the choices"));
}

#[test]
fn skip_needs_an_optional_question_and_is_recorded_as_null() {
    let mut talk = started();
    let name = only(talk.say("skip"));
    assert!(name.text.starts_with("This question cannot be skipped."), "{}", name.text);
    for text in ["Ada", "other", "skip", "2026-03-09", "3"] {
        talk.say(text);
    }
    assert!(only(talk.say("SKIP")).text.contains("• Tools: (skipped)"));
    talk.llm_answers("Bye.");
    talk.say("submit");
    assert_eq!(
        talk.answers().unwrap(),
        json!({"name": "Ada", "role": "else", "role-name": null, "start": "2026-03-09", "parking": null, "tools": null})
    );
}

#[test]
fn nothing_to_say_skips_an_optional_question_and_is_text_elsewhere() {
    for pass in ["pass", "next", "-", "none", "n/a", "nichts", "None."] {
        let mut talk = started();
        for text in ["Ada", "other", pass] {
            talk.say(text);
        }
        assert_eq!(only(talk.messages()).key, "start", "{pass}");
        let name = only(talk.say("change")).text;
        assert!(!name.contains("Role name"), "{pass}");
        let mut talk = started();
        talk.say(pass);
        assert!(only(talk.say("back")).text.contains(&format!("so far: {pass}")), "{pass}");
    }
    let mut talk = started();
    for text in ["Ada", "design", "2026-03-09"] {
        talk.say(text);
    }
    assert_eq!(only(talk.say("none")).key, "parking", "is it a no?");
    assert_eq!(only(talk.say("n/a")).key, "tools");
}

#[test]
fn the_survey_completes_whatever_the_model_does() {
    let mut talk = reviewing();
    talk.llm_fails(CallError::Timeout { sent: true, reason: "slow".into() });
    assert_eq!(only(talk.say("submit")).text, "Thank you all the same.");
    assert!(talk.ended() && talk.answers().is_some());
    let mut talk = reviewing();
    talk.llm_answers("  ");
    assert_eq!(only(talk.say("1")).text, "Thank you!");
    assert!(talk.ended() && talk.answers().is_some());
}

#[test]
fn what_is_known_is_not_asked_and_can_be_changed() {
    let mut talk = Talking::new();
    talk.start("engineering");
    assert_eq!(only(talk.say("Ada")).key, "stack");
    let mut talk = Talking::new();
    talk.start("nonsense");
    assert_eq!(only(talk.say("Ada")).key, "role");
}

#[test]
fn a_reminder_asks_once_more() {
    let mut talk = started();
    assert_eq!(talk.timers(), [("survey/reminder".to_owned(), Some(3_600))]);
    let reminder = only(talk.timer("survey/reminder"));
    assert_eq!(reminder.text, "Are you still there? Whenever you are ready:\n\nWhat is your name?");
    assert!(talk.timers().is_empty(), "and not again");
    assert_eq!(only(talk.say("Ada")).key, "role");
    assert!(!talk.timers().is_empty());
    assert!(talk.timer("another").is_empty());
}

#[test]
fn a_stale_pick_changes_nothing() {
    let values = vec!["eng".to_owned()];
    let mut interview = Interview::default();
    let script = crate::survey::script::Script::of::<Newcomer>();
    let today = crate::Date::new(2026, 3, 2).unwrap();
    script.begin(&mut interview, &[], today);
    script.step(&mut interview, &super::Input::Wrote("Ada"), today);
    script.step(&mut interview, &super::Input::Wrote("art"), today);
    let before = interview.clone();
    let step = script.step(&mut interview, &super::Input::Picked { key: "role", values: &values }, today);
    assert_eq!(step, super::Step::note("That choice belongs to an earlier question."));
    assert_eq!(interview, before);
}

#[test]
fn a_date_can_be_chosen_in_a_calendar_or_written() {
    let asked = || {
        let mut talk = started();
        talk.say("Ada");
        let message = only(talk.say("design"));
        (talk, message)
    };
    let (mut talk, message) = asked();
    let form = message.form.unwrap();
    assert_eq!((form.fields.len(), form.fields[0].label.as_str()), (1, "Start"));
    let (least, most) = (Some("2026-02-23".to_owned()), Some("2027-03-02".to_owned()));
    assert_eq!(form.fields[0].kind, crate::form::Kind::Date { least, most });
    let next = only(talk.fill(&[("start", "2026-03-09")]));
    assert_eq!((next.text.as_str(), next.form), ("Do you need parking?", None), "nothing has to be repeated");
    talk.say("back");
    assert!(only(talk.fill(&[("start", "2026-03-10")])).text.starts_with("Do you need parking?"));
    let (mut talk, _) = asked();
    let again = only(talk.fill(&[("start", "2030-01-01")]));
    assert!(again.text.contains("is too late") && again.form.is_some(), "{}", again.text);
    assert!(only(talk.say("next monday")).text.starts_with("That is Monday, 9 March 2026."));
}

#[test]
fn cancelled_unknown_and_empty_events() {
    let mut talk = started();
    assert!(talk.unknown().is_empty());
    assert!(only(talk.say("  ")).text.starts_with("I can only read words here."));
    assert_eq!(only(talk.say("Ada")).key, "role");
    assert_eq!(only(talk.cancel()).key, "survey/goodbye");
    assert_eq!(talk.answers(), None);
}

#[test]
fn the_kit_speaks_the_persons_language() {
    let script = crate::survey::script::Script::of::<Newcomer>().speaking("de-AT");
    let today = crate::Date::new(2026, 3, 2).unwrap();
    let mut interview = Interview::default();
    script.begin(&mut interview, &[], today);
    for (text, says, labels) in [
        ("Ada", "What do you do?", &["Engineering", "Design", "Other"][..]),
        ("pilot", "“pilot” steht nicht zur Auswahl.", &["Engineering", "Design", "Other"]),
        ("zurück", "Deine Antwort bisher: Ada. Schreib `behalten`", &[]),
        ("behalten", "What do you do?", &["Engineering", "Design", "Other"]),
        ("zwei", "(ein Datum wie 31.3.2026, 31. März oder `morgen`)", &[]),
        ("31. April", "“31. April” gibt es im Kalender nicht.", &[]),
        ("morgen", "Das ist Dienstag, 3. März 2026.", &["Ja", "Nein", "Überspringen"]),
        ("ja bitte", "(1 bis 2; `überspringen` lässt sie aus)", &["Laptop", "Phone", "Tablet"]),
        ("alle", "Du hast 3 gewählt. Bitte wähle 1 bis 2 aus.", &["Laptop", "Phone", "Tablet"]),
        (
            "überspringen",
            "• Parking: Ja\n• Tools: (ausgelassen)\nSoll ich sie absenden?",
            &["Absenden", "Eine Antwort ändern"],
        ),
    ] {
        let step = script.step(&mut interview, &super::Input::Wrote(text), today);
        let super::Step::Ask(notes) = step else { panic!("{text}: {step:?}") };
        let message = super::words::prompt(&script, &interview, notes, today);
        assert!(message.text.contains(says), "{text}: {}", message.text);
        assert_eq!(self::labels(&message), labels, "{text}");
    }
    assert_eq!(script.step(&mut interview, &super::Input::Wrote("passt so"), today), super::Step::Submit);
}

/// Texts that together are more than fits.
struct Long;

impl Survey for Long {
    const REVIEW: bool = false;
    const ATTEMPTS: u32 = 1;

    fn describe() -> About {
        About::new("Long", "Much to write.")
    }

    fn questions() -> Vec<Question> {
        let mut questions: Vec<_> = (1..=8).map(|n| text(&format!("essay-{n}"), "Write.").at_most(4_000)).collect();
        questions.push(text("word", "Any word?").at_most(8).literal());
        questions
    }
}

#[test]
fn all_answers_together_are_bounded_also_in_bytes() {
    let mut talk = Talk::<Conduct<Long>>::new();
    talk.start("");
    talk.say(&"ñ".repeat(4_000));
    for _ in 2..=4 {
        talk.say(&"ñ".repeat(4_000));
    }
    let full = only(talk.say(&"ñ".repeat(4_000)));
    assert_eq!(full.key, "essay-5");
    assert!(full.text.starts_with("All your answers together are too long now."), "{}", full.text);
    assert_eq!(only(talk.say("short")).key, "essay-6");
}

#[test]
fn a_literal_question_takes_every_word_and_the_last_answer_submits_without_review() {
    let mut talk = Talk::<Conduct<Long>>::new();
    talk.start("");
    for _ in 1..=7 {
        talk.say("x");
        assert!(!talk.literal_next());
    }
    let word = only(talk.say("x"));
    assert_eq!(word.text, "Any word?\n(whatever you write is taken as it is)");
    assert!(talk.literal_next());
    talk.unknown();
    let out = only(talk.say("much too long"));
    assert_eq!(out.key, "survey/stuck", "one attempt is allowed");
    assert!(!talk.literal_next(), "so that `cancel` works again");
    talk.pick(&["Try again"]);
    assert!(talk.literal_next());
    talk.say("back");
    assert_eq!(talk.answers().unwrap()["word"], json!("back"));
    assert!(talk.ended());
}

/// Options that are called like the kit's words.
struct Odd;

impl Survey for Odd {
    fn describe() -> About {
        About::new("Odd", "Odd names.")
    }

    fn questions() -> Vec<Question> {
        vec![
            one_of("way", "Which way?", ["Back", "Forth"]),
            one_of("what", "What?", ["Skip", "Jump"]),
            text("smoking", "May they smoke?").label("No smoking").optional(),
        ]
    }
}

#[test]
fn what_is_offered_comes_before_the_words_that_move_about() {
    let mut talk = Talk::<Conduct<Odd>>::new();
    talk.start("");
    assert_eq!(only(talk.say("back")).key, "what");
    assert_eq!(only(talk.say("skip")).key, "smoking");
    assert!(only(talk.say("skip")).text.contains("• Way: Back\n• What: Skip\n• No smoking: (skipped)"));
    assert_eq!(only(talk.say("change no smoking")).key, "smoking");
}
