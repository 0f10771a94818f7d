//! The way out after wrong answers.

use super::*;

/// Three wrong answers to `start`.
fn stuck() -> Talking {
    let mut talk = started();
    for text in ["Ada", "2", "soon", "later", "whenever"] {
        talk.say(text);
    }
    talk
}

#[test]
fn too_many_wrong_answers_lead_to_a_way_out() {
    let mut talk = stuck();
    let out = only(talk.messages());
    assert_eq!(out.key, "survey/stuck");
    assert!(out.text.contains("“whenever” is not a date"), "{}", out.text);
    assert!(out.text.ends_with("3 answers that I could not use. What would you like to do?"), "{}", out.text);
    assert!(out.text.contains("\n\nWhen do you start?\n(a date such as"), "{}", out.text);
    let reminder = only(talk.timer("survey/reminder"));
    assert!(reminder.text.contains("\n\nWhen do you start?"), "{}", reminder.text);
    assert_eq!(labels(&out), ["Try again", "Stop the survey"]);
    assert_eq!(only(talk.pick(&["Try again"])).key, "start");
    assert_eq!(only(talk.say("no idea")).key, "start", "the count began anew");
}

#[test]
fn the_way_out_shows_the_choices_and_counts_on() {
    let mut talk = started();
    for text in ["Ada", "pilot", "captain", "sailor"] {
        talk.say(text);
    }
    let out = only(talk.messages());
    let shown = "\n\nWhat do you do?\nThe choices are Engineering, Design or Other.\nYou can still just answer.\n\n\
                 That makes 3 answers";
    assert!(out.text.contains(shown), "{}", out.text);
    assert!(only(talk.say("cook")).text.contains("That makes 4 answers"));
    assert_eq!(only(talk.say("design")).key, "start");
}

#[test]
fn the_way_out_can_end_the_survey_without_a_record() {
    let mut talk = stuck();
    assert_eq!(only(talk.pick(&["Stop the survey"])).text, "All right, we stop here. Nothing was recorded.");
    assert!(talk.ended());
    assert_eq!(talk.answers(), None);
}

#[test]
fn whoever_is_stuck_can_just_answer() {
    let mut talk = stuck();
    assert_eq!(only(talk.say("today")).key, "parking");
    let mut talk = stuck();
    assert_eq!(only(talk.say("never")).key, "survey/stuck");
    assert_eq!(only(talk.say("back")).key, "role");
}

#[test]
fn an_optional_question_can_be_skipped_when_stuck_and_a_given_answer_kept() {
    let mut talk = reviewing();
    talk.say("change parking");
    for text in ["maybe", "perhaps", "who knows"] {
        talk.say(text);
    }
    let out = only(talk.messages());
    assert_eq!(labels(&out), ["Try again", "Keep my answer", "Skip this question", "Stop the survey"]);
    assert!(only(talk.pick(&["Skip this question"])).text.contains("• Parking: (skipped)"));
    talk.say("change start");
    for text in ["x", "y", "z"] {
        talk.say(text);
    }
    assert!(only(talk.pick(&["Keep my answer"])).text.contains("• Start: Monday, 9 March 2026"));
}
