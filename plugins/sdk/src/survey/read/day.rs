//! Dates: as ISO writes them, as people say them, and nothing that could be read in two ways.

use std::ops::RangeInclusive;

use serde_json::json;

use super::{Problem, Reading};
use crate::Date;
use crate::text::quote;

pub(super) fn read(written: &str, today: Date, days: Option<&RangeInclusive<i64>>) -> Result<Reading, Problem> {
    let iso = Date::from_iso(written);
    let date = iso.or_else(|| in_words(written, today)).ok_or_else(|| problem(written))?;
    if let Some(days) = days {
        within(date, today.plus_days(*days.start()), today.plus_days(*days.end()))?;
    }
    // Words are repeated as they were understood: the person may be a day ahead of the clock.
    let note = iso.is_none().then(|| format!("That is {}.", date.in_words()));
    Ok(Reading { value: json!(date), note })
}

fn within(date: Date, first: Date, last: Date) -> Result<(), Problem> {
    let side = if date < first {
        "too early"
    } else if date > last {
        "too late"
    } else {
        return Ok(());
    };
    Err(format!("{} is {side}. Please give a date from {first} to {last}.", date.in_words()))
}

fn problem(written: &str) -> Problem {
    let slashes = written.split('/').count() == 3 && written.bytes().all(|b| b.is_ascii_digit() || b == b'/');
    let why = if slashes { "could be read in two ways" } else { "is not a date that I know" };
    format!("{} {why}. Please write it as 2026-03-31, 31 March 2026 or `tomorrow`.", quote(written))
}

fn in_words(written: &str, today: Date) -> Option<Date> {
    // Longer texts are no dates, and need not be taken apart.
    if written.len() > 60 {
        return None;
    }
    let lower = written.to_lowercase().replace([',', '\t', '\n'], " ");
    let words: Vec<&str> = lower.split_whitespace().filter(|word| *word != "on" && *word != "of").collect();
    match words[..] {
        ["today"] => Some(today),
        ["tomorrow"] => Some(today.plus_days(1)),
        ["day", "after", "tomorrow"] | ["the", "day", "after", "tomorrow"] => Some(today.plus_days(2)),
        ["yesterday"] => Some(today.plus_days(-1)),
        ["in", count, unit] => Some(today.plus_days(span(count, unit)?)),
        [count, unit, "ago"] => Some(today.plus_days(-span(count, unit)?)),
        ["next", "week"] => Some(today.plus_days(7)),
        [day] if day.contains('.') => dotted(day),
        [day] | ["next", day] => Some(next_weekday(Date::weekday_named(day)?, today)),
        [first, second] => {
            let (month, day) = month_and_day(first, second).or_else(|| month_and_day(second, first))?;
            next_of_year(month, day, today)
        }
        [first, second, year] => {
            let (month, day) = month_and_day(first, second).or_else(|| month_and_day(second, first))?;
            Date::new(digits(year, 4..=4)?.into(), month, day)
        }
        _ => None,
    }
}

/// `in two years` is not meant by people who give a date: days, weeks, at most 999 of them.
fn span(count: &str, unit: &str) -> Option<i64> {
    let count = if count == "a" || count == "one" { 1 } else { i64::from(digits(count, 1..=3)?) };
    match unit {
        "day" | "days" => Some(count),
        "week" | "weeks" => Some(count * 7),
        _ => None,
    }
}

/// The next such day after today.
fn next_weekday(weekday: u32, today: Date) -> Date {
    let ahead = (i64::from(weekday) - i64::from(today.weekday()) - 1).rem_euclid(7) + 1;
    today.plus_days(ahead)
}

/// Day, month, year: what is written with dots is never meant in another order.
fn dotted(written: &str) -> Option<Date> {
    let mut parts = written.split('.');
    let (day, month, year) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() {
        return None;
    }
    Date::new(digits(year, 4..=4)?.into(), digits(month, 1..=2)?, digits(day, 1..=2)?)
}

fn month_and_day(month: &str, day: &str) -> Option<(u32, u32)> {
    let month = Date::month_named(month.trim_end_matches('.'))?;
    let day = ["st", "nd", "rd", "th", "."].iter().find_map(|end| day.strip_suffix(end)).unwrap_or(day);
    Some((month, digits(day, 1..=2)?))
}

/// The day of this year if it is not over, else of the next year that has it.
fn next_of_year(month: u32, day: u32, today: Date) -> Option<Date> {
    let (year, ..) = today.year_month_day();
    (year..=year + 8).filter_map(|year| Date::new(year, month, day)).find(|date| *date >= today)
}

fn digits(text: &str, length: RangeInclusive<usize>) -> Option<u32> {
    let good = length.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    if good { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

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
            ("the day after tomorrow", "2026-03-04"),
            ("yesterday", "2026-03-01"),
            ("in 3 days", "2026-03-05"),
            ("in a week", "2026-03-09"),
            ("2 weeks ago", "2026-02-16"),
            ("monday", "2026-03-09"),
            ("next Tue", "2026-03-03"),
            ("on Sunday", "2026-03-08"),
            ("next week", "2026-03-09"),
            ("9 March 2026", "2026-03-09"),
            ("March 9th, 2026", "2026-03-09"),
            ("1st of apr 2026", "2026-04-01"),
            ("9 march", "2026-03-09"),
            ("Jan 5", "2027-01-05"),
            ("29 February", "2028-02-29"),
            ("09.03.2026", "2026-03-09"),
            ("9.3.2026", "2026-03-09"),
        ] {
            assert_eq!(read(written, today(), None).map(|reading| reading.value), Ok(json!(date)), "{written}");
        }
    }

    #[test]
    fn words_are_repeated_and_iso_is_not() {
        assert_eq!(read("tomorrow", today(), None).unwrap().note.unwrap(), "That is Tuesday, 3 March 2026.");
        assert_eq!(read("2026-03-03", today(), None).unwrap().note, None);
    }

    #[test]
    fn what_is_no_date_or_could_be_two() {
        for written in [
            "soon",
            "",
            "2026-02-30",
            "31 April 2026",
            "9 March 26",
            "in 2 years",
            "march",
            "9 9 2026",
            "in -3 days",
            "1.2",
        ] {
            let problem = read(written, today(), None).unwrap_err();
            assert!(problem.contains("is not a date that I know"), "{written}: {problem}");
        }
        let problem = read("03/09/2026", today(), None).unwrap_err();
        assert!(problem.starts_with("“03/09/2026” could be read in two ways."), "{problem}");
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
}
