//! Which day it is for the person.
#![allow(clippy::unwrap_used)]

use serde_json::json;

use crate::About;
use crate::survey::{Conduct, Question, Survey, date};
use crate::testing::Talk;
use crate::time::{Date, Time, Timestamp};

struct Days;

impl Survey for Days {
    fn describe() -> About {
        About::new("Days", "Asks for a day.")
    }

    fn questions() -> Vec<Question> {
        vec![date("when", "When?").days(0..=30)]
    }
}

/// A survey at this hour of Monday, 2 March 2026, in UTC.
fn talk(hour: u32) -> Talk<Conduct<Days>> {
    let mut talk = Talk::new();
    talk.clock(Timestamp::utc(Date::new(2026, 3, 2).unwrap(), Time::at(hour, 0)));
    talk
}

fn asks_what_today_is(talk: &mut Talk<Conduct<Days>>) -> bool {
    talk.start("")[0].text.contains("I do not know your time zone, and take today to be Monday, 2 March 2026.")
}

#[test]
fn days_are_those_of_the_person() {
    for (zone, hours, at, said, meant) in [
        ("Asia/Tokyo", 9, 20, "today", "2026-03-03"),
        ("Asia/Tokyo", 9, 20, "tomorrow", "2026-03-04"),
        ("Asia/Tokyo", 9, 20, "next tuesday", "2026-03-10"),
        ("America/Los_Angeles", -8, 20, "today", "2026-03-02"),
        ("America/Los_Angeles", -8, 7, "tomorrow", "2026-03-02"),
        ("Pacific/Honolulu", -10, 9, "today", "2026-03-01"),
        ("Pacific/Honolulu", -10, 9, "next monday", "2026-03-02"),
        ("Europe/London", 0, 20, "tomorrow", "2026-03-03"),
    ] {
        let mut talk = talk(at);
        talk.zone(zone, Some(hours * 3_600));
        assert!(!asks_what_today_is(&mut talk), "{zone} is known");
        talk.say(said);
        talk.pick(&["Submit"]);
        assert_eq!(talk.answers(), Some(json!({ "when": meant })), "{said} in {zone}");
    }
}

#[test]
fn bounds_of_days_are_those_of_the_person() {
    let mut talk = talk(20);
    talk.zone("Asia/Tokyo", Some(9 * 3_600)).start("");
    let early = &talk.say("2026-03-02")[0];
    assert!(early.text.contains("Monday, 2 March 2026 is too early"), "{}", early.text);
    assert!(talk.say("2026-03-03")[0].text.contains("Tuesday, 3 March 2026"), "it is today there");
}

#[test]
fn where_the_clocks_are_not_known_the_survey_says_what_it_takes_for_today() {
    let mut talk = talk(20);
    talk.zone("", None);
    assert!(asks_what_today_is(&mut talk));
    talk.say("tomorrow");
    talk.pick(&["Submit"]);
    assert_eq!(talk.answers(), Some(json!({ "when": "2026-03-03" })));
}

#[test]
fn an_edit_of_the_last_words_answers_their_question_anew() {
    let mut talk = talk(9);
    talk.zone("Europe/London", Some(0));
    talk.start("");
    talk.say("tomorrow");
    assert!(talk.edit("today")[0].text.contains("Monday, 2 March 2026"));
    assert!(talk.edit("some day")[0].text.contains("When?"), "it asks back");
    assert!(talk.edit("tomorrow")[0].text.contains("Tuesday, 3 March 2026"));
    talk.say("well");
    assert!(talk.edit("hm").is_empty(), "that answered nothing");
    talk.say("submit");
    assert_eq!(talk.answers(), Some(json!({ "when": "2026-03-03" })));
}
