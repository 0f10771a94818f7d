//! The review, and changes in it.

use super::*;

#[test]
fn a_sentence_says_what_to_change() {
    for (text, key) in [
        ("the date is wrong", "start"),
        ("no, the role is wrong", "role"),
        ("ok, but the date", "start"),
        ("yes but change my name", "name"),
        ("Name stimmt nicht", "name"),
    ] {
        let mut talk = reviewing();
        assert_eq!(only(talk.say(text)).key, key, "{text}");
    }
    for (text, then, line) in [
        ("Name: Joe", &[][..], "• Name: Joe\n"),
        ("change role to Engineering", &["Rust", "2"], "• Role: Engineering\n"),
        ("change my name to Mary Ann", &[], "• Name: Mary Ann\n"),
        ("no, change the role to other", &["skip"], "• Role: Other\n"),
    ] {
        let mut talk = reviewing();
        let mut review = only(talk.say(text));
        for answer in then {
            review = only(talk.say(answer));
        }
        assert!(review.key == "survey/review" && review.text.contains(line), "{text}: {}", review.text);
    }
    let mut talk = reviewing();
    let again = only(talk.say("role: pilot"));
    assert_eq!(again.key, "role");
    assert!(again.text.starts_with("“pilot” is not among the choices."), "{}", again.text);
    for text in ["Note: all is well", "change to Design", "is wrong", "yes, but", "name or role"] {
        assert_eq!(only(reviewing().say(text)).key, "survey/review", "{text}");
    }
    for text in ["nichts davon", "none of them", "keine davon", "nothing"] {
        let mut talk = reviewing();
        talk.say("change");
        assert_eq!(only(talk.say(text)).key, "survey/review", "{text}");
    }
}

#[test]
fn every_answer_can_be_changed_in_the_review() {
    let mut talk = reviewing();
    let which = only(talk.pick(&["Change an answer"]));
    assert_eq!(labels(&which), ["Name", "Role", "Start", "Parking", "Tools", "None of them"]);
    let name = only(talk.pick(&["Name"]));
    assert!(name.text.contains("Your answer so far: Ada."), "{}", name.text);
    let review = only(talk.say("Grace"));
    assert_eq!(review.key, "survey/review");
    assert!(review.text.contains("• Name: Grace\n• Role: Design"), "{}", review.text);
    assert_eq!(only(talk.say("change NAME")).key, "name");
    assert_eq!(only(talk.say("back")).key, "survey/review", "back from a change is the review");
    talk.say("2");
    assert_eq!(only(talk.say("back")).key, "survey/review");
    assert!(only(talk.say("wait, what?")).text.starts_with("Please write `submit`"));
    for text in ["nope", "change an answer", "no, thanks"] {
        assert_eq!(only(talk.say(text)).key, "survey/which", "{text}");
        assert_eq!(only(talk.say("`back`")).key, "survey/review");
    }
    assert!(only(talk.say("Change the nmae")).text.starts_with("Please write `submit`"), "too short for an error");
    for text in ["change my name", "edit name"] {
        assert_eq!(only(talk.say(text)).key, "name", "{text}");
        assert_eq!(only(talk.say("keep")).key, "survey/review");
    }
    assert_eq!(only(talk.say("parkign")).key, "parking");
    assert_eq!(only(talk.say("keep it.")).key, "survey/review");
    assert_eq!(only(talk.say("back")).key, "tools", "back from the review is the last question");
    assert_eq!(only(talk.say("back")).key, "parking");
}

#[test]
fn agreement_submits_and_nothing_else_does() {
    for text in ["yes", "ok", "looks good", "Submit!", "send", "yes, submit", "👍", "ja", "passt so"] {
        let mut talk = reviewing();
        talk.llm_answers("Bye.");
        assert_eq!(only(talk.say(text)).text, "Bye.", "{text}");
        assert!(talk.ended() && talk.answers().is_some());
    }
    for text in ["maybe", "7", "yes, but wait", "what?", "hm", "submit no"] {
        let mut talk = reviewing();
        assert_eq!(only(talk.say(text)).key, "survey/review", "{text}");
        assert!(!talk.ended() && talk.answers().is_none());
    }
}

#[test]
fn a_change_drops_stale_answers_and_asks_what_is_new() {
    let mut talk = started();
    for text in ["Ada", "eng", "Rust", "2", "2026-03-09", "no", "phone"] {
        talk.say(text);
    }
    talk.say("change role");
    let asked = only(talk.pick(&["Other"]));
    assert_eq!(asked.key, "role-name");
    assert!(
        asked.text.starts_with("This no longer applies, and I have dropped it: Stack, Monitors."),
        "{}",
        asked.text
    );
    let review = only(talk.say("Janitor"));
    assert!(review.text.contains("• Role: Other\n• Role name: Janitor\n• Start"), "{}", review.text);
    talk.say("change role");
    let asked = only(talk.say("eng"));
    assert_eq!(asked.key, "stack", "what was dropped does not come back");
    assert!(!asked.text.contains("so far"), "{}", asked.text);
}
