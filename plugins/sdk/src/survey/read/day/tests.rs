#![allow(clippy::unwrap_used)]
use super::*;

fn read(written: &str, today: Date, days: Option<&RangeInclusive<i64>>) -> Result<Reading, Problem> {
    super::read(written, today, days, Phrases::of("en"))
}

/// A Monday.
fn today() -> Date {
    Date::new(2026, 3, 2).unwrap()
}

#[test]
fn as_people_say_it() {
    for (written, date) in [
        ("2026-03-09", "2026-03-09"),
        ("today", "2026-03-02"),
        ("Tomorrow", "2026-03-03"),
        ("tomorrow, please!", "2026-03-03"),
        ("the day after tomorrow", "2026-03-04"),
        ("yesterday", "2026-03-01"),
        ("in 3 days", "2026-03-05"),
        ("in a week", "2026-03-09"),
        ("in two weeks", "2026-03-16"),
        ("In two weeks.", "2026-03-16"),
        ("two weeks from now", "2026-03-16"),
        ("2 weeks from now", "2026-03-16"),
        ("2 weeks ago", "2026-02-16"),
        ("monday", "2026-03-09"),
        ("Monday!", "2026-03-09"),
        ("next Tue", "2026-03-03"),
        ("this Friday", "2026-03-06"),
        ("on Sunday", "2026-03-08"),
        ("next week", "2026-03-09"),
        ("9 March 2026", "2026-03-09"),
        ("March 9th, 2026", "2026-03-09"),
        ("1st of apr 2026", "2026-04-01"),
        ("9 march", "2026-03-09"),
        ("Jan 5", "2027-01-05"),
        ("29 February", "2028-02-29"),
        ("Mon 9 Mar", "2026-03-09"),
        ("Monday, 9 March 2026", "2026-03-09"),
        ("09.03.2026", "2026-03-09"),
        ("9.3.2026", "2026-03-09"),
        ("9.3.", "2026-03-09"),
        ("1.3.", "2027-03-01"),
        ("the 15th", "2026-03-15"),
        ("on the 1st", "2026-04-01"),
        ("the 31st", "2026-03-31"),
        ("am 15.", "2026-03-15"),
        ("2026/03/09", "2026-03-09"),
        ("2026.3.9", "2026-03-09"),
        ("15/03/2026", "2026-03-15"),
        ("03-15-2026", "2026-03-15"),
        ("04/04/2026", "2026-04-04"),
        ("heute", "2026-03-02"),
        ("morgen", "2026-03-03"),
        ("übermorgen", "2026-03-04"),
        ("nächsten Montag", "2026-03-09"),
        ("am Freitag", "2026-03-06"),
        ("in zwei Wochen", "2026-03-16"),
        ("vor 3 Tagen", "2026-02-27"),
        ("12. März 2027", "2027-03-12"),
        ("1. Mai", "2026-05-01"),
    ] {
        assert_eq!(read(written, today(), None).map(|reading| reading.value), Ok(json!(date)), "{written}");
    }
}

#[test]
fn as_people_say_it_in_a_sentence_or_with_an_error() {
    for (written, date) in [
        ("15/12", "2026-12-15"),
        ("12/15", "2026-12-15"),
        ("12-15", "2026-12-15"),
        ("4/4", "2026-04-04"),
        ("15.12.26", "2026-12-15"),
        ("1. 12.", "2026-12-01"),
        ("1. 12. 2026", "2026-12-01"),
        ("15-Dec-2026", "2026-12-15"),
        ("15-Dec", "2026-12-15"),
        ("20261215", "2026-12-15"),
        ("20260309", "2026-03-09"),
        ("Tuesday next week", "2026-03-10"),
        ("next week on Tuesday", "2026-03-10"),
        ("Dienstag nächste Woche", "2026-03-10"),
        ("a week from Monday", "2026-03-16"),
        ("two weeks after next Friday", "2026-03-20"),
        ("a week from tomorrow", "2026-03-10"),
        ("Montag in einer Woche", "2026-03-16"),
        ("in a month", "2026-04-02"),
        ("in 2 months", "2026-05-02"),
        ("1 week", "2026-03-09"),
        ("first of january", "2027-01-01"),
        ("the second of May", "2026-05-02"),
        ("erster Mai", "2026-05-01"),
        ("the first", "2026-04-01"),
        ("tomorow", "2026-03-03"),
        ("Wedesday", "2026-03-04"),
        ("9 Mrach 2026", "2026-03-09"),
        ("I start tomorrow", "2026-03-03"),
        ("my first day is 7 December", "2026-12-07"),
        ("I'll start on Monday, I think", "2026-03-09"),
        ("now", "2026-03-02"),
    ] {
        assert_eq!(read(written, today(), None).map(|reading| reading.value), Ok(json!(date)), "{written}");
    }
    let january = Date::new(2026, 1, 31).unwrap();
    assert_eq!(read("in a month", january, None).map(|reading| reading.value), Ok(json!("2026-02-28")));
}

#[test]
fn examples_are_within_the_range() {
    for (today, days, said) in [
        ("2026-03-02", None, "2026-03-31, 31 March or `tomorrow`"),
        ("2026-03-02", Some(0..=30), "2026-03-31, 31 March or `tomorrow`"),
        ("2026-03-02", Some(0..=10), "2026-03-12, 12 March or `tomorrow`"),
        ("2026-11-30", Some(-30..=0), "2026-11-30, 30 November or `today`"),
        ("2026-11-30", Some(-30..=-1), "2026-11-29, 29 November or `yesterday`"),
        ("2026-11-30", Some(7..=9), "2026-12-07 or 7 December"),
    ] {
        let today = Date::from_iso(today).unwrap();
        assert_eq!(examples(today, days.as_ref(), Phrases::of("en")), said);
        if let Some(days) = &days {
            let problem = read("soon", today, Some(days)).unwrap_err();
            assert!(problem.ends_with(&format!("Please write it as {said}.")), "{problem}");
        }
    }
}

#[test]
fn words_are_repeated_and_iso_is_not() {
    assert_eq!(read("tomorrow", today(), None).unwrap().note.unwrap(), "That is Tuesday, 3 March 2026.");
    assert_eq!(read("2026-03-03", today(), None).unwrap().note, None);
}

#[test]
fn what_is_no_date_or_could_be_two() {
    for (written, why) in [
        ("12/5", "could be read in two ways"),
        ("03-04", "could be read in two ways"),
        ("32/13", "is no day of the calendar"),
        ("99990101", "is not a date that I know"),
        ("a week from", "is not a date that I know"),
        ("tursday", "is not a date that I know"),
        ("in 99 months", "is not a date that I know"),
        ("soon", "is not a date that I know"),
        ("asap", "is not a date that I know"),
        ("", "is not a date that I know"),
        ("9 March 26", "is not a date that I know"),
        ("in 2 years", "is not a date that I know"),
        ("march", "is not a date that I know"),
        ("9 9 2026", "is not a date that I know"),
        ("in -3 days", "is not a date that I know"),
        ("1.2", "is not a date that I know"),
        ("15", "is not a date that I know"),
        ("15th", "is not a date that I know"),
        ("03/09/26", "is not a date that I know"),
        ("1/2", "could be read in two ways"),
        ("monday or tuesday", "is not a date that I know"),
        ("03/09/2026", "could be read in two ways"),
        ("07-12-2026", "could be read in two ways"),
        ("2026-02-30", "is no day of the calendar"),
        ("31/02/2027", "is no day of the calendar"),
        ("31.02.2027", "is no day of the calendar"),
        ("31 April 2026", "is no day of the calendar"),
        ("31 April", "is no day of the calendar"),
        ("2027/13/04", "is no day of the calendar"),
        ("Tue 9 March 2026", "does not fit: that is Monday, 9 March 2026"),
    ] {
        let problem = read(written, today(), None).unwrap_err();
        assert!(problem.contains(why), "{written}: {problem}");
    }
}

#[test]
fn bounds_in_days_from_today() {
    let days = 0..=30;
    assert!(read("today", today(), Some(&days)).is_ok());
    assert!(read("2026-04-01", today(), Some(&days)).is_ok());
    assert_eq!(
        read("yesterday", today(), Some(&days)).unwrap_err(),
        "Sunday, 1 March 2026 is too early. Please give a date from 2026-03-02 to 2026-04-01."
    );
    assert!(read("2026-04-02", today(), Some(&days)).unwrap_err().contains("too late"));
}
