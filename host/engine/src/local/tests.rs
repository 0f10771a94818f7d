//! Clocks all over the world, and at the two ends of summer.
#![allow(clippy::unwrap_used)]

use super::*;

fn person(time_zone: &str, utc_offset: Option<i32>) -> Person {
    Person {
        id: "ann".into(),
        name: "Ann".into(),
        locale: String::new(),
        time_zone: time_zone.into(),
        utc_offset,
        groups: Vec::new(),
    }
}

fn at(utc: &str) -> Millis {
    utc.parse::<Timestamp>().unwrap().as_millisecond().try_into().unwrap()
}

fn due_in(zone: &str, written: &str, now: &str) -> Result<Millis, String> {
    let (date, time) = written.split_once(' ').unwrap();
    due(&person(zone, None), &LocalTime { date: date.into(), time: time.into() }, at(now))
}

#[test]
fn clocks_follow_the_rules_of_their_zone() {
    for (zone, utc, hours) in [
        ("Asia/Tokyo", "2026-01-05T09:00:00Z", 9.0),
        ("Asia/Tokyo", "2026-07-05T09:00:00Z", 9.0),
        ("Asia/Kolkata", "2026-07-05T09:00:00Z", 5.5),
        ("Pacific/Honolulu", "2026-11-29T22:00:00Z", -10.0),
        ("Pacific/Kiritimati", "2026-01-05T09:00:00Z", 14.0),
        // Summer in California: 8 March to 1 November 2026, at two o'clock there.
        ("America/Los_Angeles", "2026-03-08T09:59:59Z", -8.0),
        ("America/Los_Angeles", "2026-03-08T10:00:00Z", -7.0),
        ("America/Los_Angeles", "2026-11-01T08:59:59Z", -7.0),
        ("America/Los_Angeles", "2026-11-01T09:00:00Z", -8.0),
        ("europe/rome", "2026-03-29T01:00:00Z", 2.0),
        // Long after what any table lists.
        ("Europe/Rome", "2090-07-05T09:00:00Z", 2.0),
        ("UTC", "2026-01-05T09:00:00Z", 0.0),
    ] {
        // What the channel said once is not asked where the rules are known.
        let told = offset(&person(zone, Some(60)), at(utc));
        assert_eq!(told.map(|offset| f64::from(offset) / 3_600.0), Some(hours), "{zone} at {utc}");
    }
    assert_eq!(offset(&person("Asia/Tokyo", None), Millis::MAX), None, "no such time");
}

#[test]
fn a_zone_that_is_not_known_leaves_the_channels_word_or_nothing() {
    for zone in ["", "Mars/Olympus", "../../etc/passwd", "Etc/Unknown", "Europe", &"x".repeat(10_000)] {
        assert!(!is_zone(zone), "{zone}");
        assert_eq!(offset(&person(zone, Some(-3_600)), 0), Some(-3_600));
        assert_eq!(offset(&person(zone, None), 0), None);
    }
    assert_eq!(offset(&person("Mars/Olympus", Some(64_801)), 0), None);
    assert_eq!((sound(-64_800), sound(64_801), sound(i64::MIN)), (Some(-64_800), None, None));
}

#[test]
fn a_local_time_is_a_moment() {
    for (zone, written, utc) in [
        ("Asia/Tokyo", "2026-03-03 09:30", "2026-03-03T00:30:00Z"),
        ("America/Los_Angeles", "2026-03-03 09:30", "2026-03-03T17:30:00Z"),
        ("", "2026-03-03 09:30", "2026-03-03T09:30:00Z"),
        // The clocks skip from 02:00 to 03:00: as much later.
        ("Europe/Rome", "2026-03-29 01:59", "2026-03-29T00:59:00Z"),
        ("Europe/Rome", "2026-03-29 02:30", "2026-03-29T01:30:00Z"),
        ("Europe/Rome", "2026-03-29 03:30", "2026-03-29T01:30:00Z"),
        // They show 02:00 to 03:00 twice: the first of both.
        ("Europe/Rome", "2026-10-25 02:30", "2026-10-25T00:30:00Z"),
        ("Europe/Rome", "2026-10-25 03:00", "2026-10-25T02:00:00Z"),
        // Midnight itself is skipped in Cairo, and a whole day was on Samoa.
        ("Africa/Cairo", "2026-04-24 00:00", "2026-04-23T22:00:00Z"),
    ] {
        assert_eq!(due_in(zone, written, "2026-03-02T20:00:00Z"), Ok(at(utc)), "{written} in {zone}");
    }
    let skipped = due_in("Pacific/Apia", "2011-12-30 12:00", "2011-12-28T00:00:00Z");
    assert_eq!(skipped, Ok(at("2011-12-30T22:00:00Z")), "a whole day was skipped");
    let told = person("Mars/Olympus", Some(5 * 3_600));
    let time = LocalTime { date: "2026-03-03".into(), time: "09:30".into() };
    assert_eq!(due(&told, &time, at("2026-03-02T20:00:00Z")), Ok(at("2026-03-03T04:30:00Z")));
}

#[test]
fn what_is_past_is_now_and_a_year_is_the_most() {
    let now = "2026-03-02T20:00:00Z";
    for written in ["2026-03-02 19:59", "2026-03-02 20:00", "0001-01-01 00:00", "1969-12-31 23:59"] {
        assert_eq!(due_in("UTC", written, now), Ok(at(now)), "{written}");
    }
    assert!(due_in("UTC", "2027-03-03 20:00", now).is_ok());
    for written in ["2027-03-03 20:01", "9999-12-31 23:59"] {
        assert!(due_in("UTC", written, now).unwrap_err().contains("a year ahead is the most"), "{written}");
    }
    for zone in ["America/Los_Angeles", "Asia/Tokyo"] {
        let first = due_in(zone, "0001-01-01 00:00", now);
        assert_eq!(first, Ok(at(now)), "{zone}");
        due_in(zone, "9999-12-31 23:59", now).unwrap_err();
    }
}

#[test]
fn what_is_no_local_time_is_refused() {
    let now = "2026-03-02T20:00:00Z";
    for date in ["2026-02-29", "tomorrow", "2026-3-3", "", "2026-03-03T00:00", "+02026-03-03"] {
        let refused = due_in("UTC", &format!("{date} 09:30"), now).unwrap_err();
        assert!(refused.contains("no date such as"), "{date}: {refused}");
    }
    for time in ["24:00", "9:30", "09:60", "09:30:00", "0930", "", "-1:30", "+9:30", "09:30 "] {
        let refused = due_in("UTC", &format!("2026-03-03 {time}"), now).unwrap_err();
        assert!(refused.contains("no time of day"), "{time}: {refused}");
    }
}
