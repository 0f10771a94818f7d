//! Dates: as ISO writes them, as people say them, and nothing that could be read in two ways.

use std::ops::RangeInclusive;

use pesto_reading::language::{Language, behind, has, month, unit, weekday};
use pesto_reading::{counted, plain};
use serde_json::json;

use super::{Phrases, Problem, Reading, fill};
use crate::Date;
use crate::text::quote;

pub(super) fn read(
    written: &str,
    today: Date,
    days: Option<&RangeInclusive<i64>>,
    phrases: &Phrases,
) -> Result<Reading, Problem> {
    let iso = Date::from_iso(written);
    let date = match iso {
        Some(date) => date,
        None => in_words(written, today).map_err(|why| why.problem(written, phrases))?,
    };
    if let Some(days) = days {
        within(date, today.plus_days(*days.start()), today.plus_days(*days.end()), phrases)?;
    }
    // Words are repeated as they were understood: the person may be a day ahead of the clock.
    let note = iso.is_none().then(|| fill(phrases.that_is, &[("date", &phrases.day(date))]));
    Ok(Reading { value: json!(date), note })
}

fn within(date: Date, first: Date, last: Date, phrases: &Phrases) -> Result<(), Problem> {
    let phrase = if date < first {
        phrases.too_early
    } else if date > last {
        phrases.too_late
    } else {
        return Ok(());
    };
    let (date, first, last) = (phrases.day(date), first.to_string(), last.to_string());
    Err(fill(phrase, &[("date", &date), ("first", &first), ("last", &last)]))
}

/// Why a text is no date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Why {
    Unknown,
    /// Day and month could change places.
    TwoWays,
    /// 31 February.
    NoSuchDay,
    /// The day is another one of the week.
    Weekday(Date),
}

impl Why {
    fn problem(self, written: &str, phrases: &Phrases) -> Problem {
        let (why, date) = match self {
            Self::Unknown => (phrases.no_date, String::new()),
            Self::TwoWays => (phrases.two_ways, String::new()),
            Self::NoSuchDay => (phrases.no_such_day, String::new()),
            Self::Weekday(date) => (phrases.other_weekday, phrases.day(date)),
        };
        format!("{} {}", fill(why, &[("text", &quote(written)), ("date", &date)]), phrases.write_date)
    }
}

/// What people say of a day.
struct Said<'a> {
    words: Vec<&'a str>,
    today: Date,
    /// It ends in a full stop, or names the day with an article: `15.3.`, `the 15th`.
    is_day: bool,
}

fn in_words(written: &str, today: Date) -> Result<Date, Why> {
    // Longer texts are no dates, and need not be taken apart.
    if written.len() > 60 {
        return Err(Why::Unknown);
    }
    let said = plain(written).replace(',', " ");
    let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
    if let Some(date) = by_name(&said, today) {
        return Ok(date);
    }
    let words: Vec<&str> = said.split(' ').filter(|word| !has(word, |language| language.of_a_date)).collect();
    let article = words.len() < said.split(' ').count();
    let is_day = article || written.trim_end_matches(['!', '?', ' ']).ends_with('.');
    Said { words, today, is_day }.date()
}

/// `today`, `übermorgen`, `next week`.
fn by_name(said: &str, today: Date) -> Option<Date> {
    let days = pesto_reading::language::ALL.iter().flat_map(|language| language.days);
    days.filter(|(name, _)| *name == said).map(|(_, days)| today.plus_days(*days)).next()
}

impl Said<'_> {
    fn date(&self) -> Result<Date, Why> {
        if let Some(days) = self.span() {
            return Ok(self.today.plus_days(days));
        }
        match self.words[..] {
            [] => Err(Why::Unknown),
            [next, day] if has(next, |language| language.next) => {
                weekday(day).map(|day| next_weekday(day, self.today)).ok_or(Why::Unknown)
            }
            [day] if weekday(day).is_some() => {
                weekday(day).map(|day| next_weekday(day, self.today)).ok_or(Why::Unknown)
            }
            [day, ref rest @ ..] if weekday(day.trim_end_matches('.')).is_some() => {
                let date = self.calendar(rest)?;
                let right = weekday(day.trim_end_matches('.')) == Some(date.weekday());
                if right { Ok(date) } else { Err(Why::Weekday(date)) }
            }
            ref words => self.calendar(words),
        }
    }

    /// `in two weeks`, `3 days ago`, `vor 3 Tagen`, `two weeks from now`: in days from today.
    fn span(&self) -> Option<i64> {
        let said = self.words.join(" ");
        type List = fn(&Language) -> &'static [&'static str];
        let lists: [(List, i64); 2] = [(|language| language.within, 1), (|language| language.ago, -1)];
        for (list, sign) in lists {
            if let Some(days) = behind(&said, list).and_then(span) {
                return Some(sign * days);
            }
        }
        let (count, rest) = said.split_once(' ')?;
        let (unit, rest) = rest.split_once(' ')?;
        let days = span(&format!("{count} {unit}"))?;
        let sign = match rest {
            rest if has(rest, |language| language.ago) => -1,
            rest if has(rest, |language| language.from_now) => 1,
            _ => return None,
        };
        Some(sign * days)
    }

    /// A day by its number, with its month, with its year.
    fn calendar(&self, words: &[&str]) -> Result<Date, Why> {
        match *words {
            [day] if day.contains(['.', '/', '-']) => self.numeric(day),
            [day] if self.is_day => {
                let day = ordinal(day).or_else(|| digits(day, 1..=2)).ok_or(Why::Unknown)?;
                self.next_of_month(day).ok_or(Why::NoSuchDay)
            }
            [first, second] => {
                let (month, day) = month_and_day(first, second).ok_or(Why::Unknown)?;
                self.next_of_year(month, day).ok_or(Why::NoSuchDay)
            }
            [first, second, year] => {
                let (month, day) = month_and_day(first, second).ok_or(Why::Unknown)?;
                let year = digits(year, 4..=4).ok_or(Why::Unknown)?;
                Date::new(year.into(), month, day).ok_or(Why::NoSuchDay)
            }
            _ => Err(Why::Unknown),
        }
    }

    /// Numbers with one sign between them. What is written with dots is never meant in another order than day, month, year,
    /// and what begins with the year in no other than year, month, day.
    fn numeric(&self, written: &str) -> Result<Date, Why> {
        let sign = written.chars().find(|c| !c.is_ascii_digit()).ok_or(Why::Unknown)?;
        let parts: Vec<&str> = written.split(sign).collect();
        let short = |text| digits(text, 1..=2).ok_or(Why::Unknown);
        match parts[..] {
            [day, month] if sign == '.' && self.is_day => {
                self.next_of_year(short(month)?, short(day)?).ok_or(Why::NoSuchDay)
            }
            [year, month, day] if year.len() == 4 => {
                let year = digits(year, 4..=4).ok_or(Why::Unknown)?;
                Date::new(year.into(), short(month)?, short(day)?).ok_or(Why::NoSuchDay)
            }
            [first, second, year] => {
                let year = i64::from(digits(year, 4..=4).ok_or(Why::Unknown)?);
                let (first, second) = (short(first)?, short(second)?);
                let ours = Date::new(year, second, first);
                let other = Date::new(year, first, second).filter(|_| sign != '.');
                match (ours, other) {
                    (Some(date), Some(same)) if date == same => Ok(date),
                    (Some(_), Some(_)) => Err(Why::TwoWays),
                    (one, other) => one.or(other).ok_or(Why::NoSuchDay),
                }
            }
            _ => Err(Why::Unknown),
        }
    }

    /// The day of this month if it is not over, else of the next month that has it.
    fn next_of_month(&self, day: u32) -> Option<Date> {
        let (year, month, _) = self.today.year_month_day();
        let later = (0..12).filter_map(|ahead| {
            let month = month - 1 + ahead;
            Date::new(year + i64::from(month / 12), month % 12 + 1, day)
        });
        later.into_iter().find(|date| *date >= self.today)
    }

    /// The day of this year if it is not over, else of the next year that has it.
    fn next_of_year(&self, month: u32, day: u32) -> Option<Date> {
        let (year, ..) = self.today.year_month_day();
        (year..=year + 8).filter_map(|year| Date::new(year, month, day)).find(|date| *date >= self.today)
    }
}

/// `in two years` is not meant by people who give a date: days, weeks, at most 999 of them.
fn span(said: &str) -> Option<i64> {
    let (count, of) = said.split_once(' ')?;
    let count = counted(count).filter(|count| (0..=999).contains(count))?;
    match unit(of)? {
        0 => Some(count),
        1 => Some(count * 7),
        _ => None,
    }
}

/// The next such day after today.
fn next_weekday(weekday: u32, today: Date) -> Date {
    let ahead = (i64::from(weekday) - i64::from(today.weekday()) - 1).rem_euclid(7) + 1;
    today.plus_days(ahead)
}

fn month_and_day(first: &str, second: &str) -> Option<(u32, u32)> {
    let month_of = |word: &str| month(word.trim_end_matches('.'));
    let day_of = |word: &str| ordinal(word).or_else(|| digits(word, 1..=2));
    let either = |month: &str, day: &str| month_of(month).zip(day_of(day));
    either(first, second).or_else(|| either(second, first))
}

/// `15th`, `15.`
fn ordinal(word: &str) -> Option<u32> {
    ["st", "nd", "rd", "th", "."].iter().find_map(|end| digits(word.strip_suffix(end)?, 1..=2))
}

fn digits(text: &str, length: RangeInclusive<usize>) -> Option<u32> {
    let good = length.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    if good { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
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
    fn words_are_repeated_and_iso_is_not() {
        assert_eq!(read("tomorrow", today(), None).unwrap().note.unwrap(), "That is Tuesday, 3 March 2026.");
        assert_eq!(read("2026-03-03", today(), None).unwrap().note, None);
    }

    #[test]
    fn what_is_no_date_or_could_be_two() {
        for (written, why) in [
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
            ("20260309", "is not a date that I know"),
            ("1/2", "is not a date that I know"),
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
}
