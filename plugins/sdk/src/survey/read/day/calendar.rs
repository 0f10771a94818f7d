//! Days by their number, month and year.

use std::ops::RangeInclusive;

use pesto_reading::language;

use super::{Said, Why, month};
use crate::Date;

impl Said<'_> {
    /// A day by its number, with its month, with its year.
    pub(super) fn calendar(&self, words: &[&str]) -> Result<Date, Why> {
        match *words {
            [day] if day.contains(['.', '/', '-']) => self.numeric(day),
            [day] if day.len() == 8 && day.starts_with("20") => compact(day),
            [day] if self.is_day => {
                let day = ordinal(day).or_else(|| digits(day, 1..=2)).ok_or(Why::Unknown)?;
                self.next_of_month(day).ok_or(Why::NoSuchDay)
            }
            [first, second] => {
                let (month, day) = self.month_and_day(first, second).ok_or(Why::Unknown)?;
                self.next_of_year(month, day).ok_or(Why::NoSuchDay)
            }
            [first, second, year] => {
                let dotted = || with_dots(first, second.strip_suffix('.')?);
                let (month, day) = month_and_day(first, second).or_else(dotted).ok_or(Why::Unknown)?;
                let year = digits(year, 4..=4).ok_or(Why::Unknown)?;
                Date::new(year.into(), month, day).ok_or(Why::NoSuchDay)
            }
            _ => Err(Why::Unknown),
        }
    }

    /// `1. 12.` has dots behind both.
    fn month_and_day(&self, first: &str, second: &str) -> Option<(u32, u32)> {
        let dotted = || if self.is_day { with_dots(first, second) } else { None };
        month_and_day(first, second).or_else(dotted)
    }

    /// Numbers with one sign between them. What is written with dots is never meant in another order than day, month, year,
    /// and what begins with the year in no other than year, month, day.
    fn numeric(&self, written: &str) -> Result<Date, Why> {
        let sign = written.chars().find(|c| !c.is_ascii_digit()).ok_or(Why::Unknown)?;
        let parts: Vec<&str> = written.split(sign).collect();
        let short = |text| digits(text, 1..=2).ok_or(Why::Unknown);
        match parts[..] {
            [day, month] if sign == '.' => {
                let (day, month) = (short(day)?, short(month)?);
                if self.is_day { self.next_of_year(month, day).ok_or(Why::NoSuchDay) } else { Err(Why::Unknown) }
            }
            [first, second] => {
                let (first, second) = (short(first)?, short(second)?);
                only(self.next_of_year(second, first), self.next_of_year(first, second))
            }
            [year, month, day] if year.len() == 4 => {
                let year = digits(year, 4..=4).ok_or(Why::Unknown)?;
                Date::new(year.into(), short(month)?, short(day)?).ok_or(Why::NoSuchDay)
            }
            [day, month, year] if sign == '.' && year.len() == 2 => {
                Date::new(2_000 + i64::from(short(year)?), short(month)?, short(day)?).ok_or(Why::NoSuchDay)
            }
            [first, second, year] => {
                let year = i64::from(digits(year, 4..=4).ok_or(Why::Unknown)?);
                let (first, second) = (short(first)?, short(second)?);
                only(Date::new(year, second, first), Date::new(year, first, second).filter(|_| sign != '.'))
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

/// The reading that is possible, if it is the only one.
fn only(one: Option<Date>, other: Option<Date>) -> Result<Date, Why> {
    match (one, other) {
        (Some(date), Some(same)) if date == same => Ok(date),
        (Some(_), Some(_)) => Err(Why::TwoWays),
        (one, other) => one.or(other).ok_or(Why::NoSuchDay),
    }
}

/// `20261215`
fn compact(written: &str) -> Result<Date, Why> {
    let (year, rest) = written.split_at_checked(4).ok_or(Why::Unknown)?;
    let (month, day) = rest.split_at_checked(2).ok_or(Why::Unknown)?;
    let year = digits(year, 4..=4).ok_or(Why::Unknown)?;
    let (month, day) = digits(month, 2..=2).zip(digits(day, 2..=2)).ok_or(Why::Unknown)?;
    Date::new(year.into(), month, day).ok_or(Why::NoSuchDay)
}

/// Day and month as numbers of which the first has its dot.
fn with_dots(day: &str, month: &str) -> Option<(u32, u32)> {
    digits(month, 1..=2).zip(digits(day.strip_suffix('.')?, 1..=2))
}

fn month_and_day(first: &str, second: &str) -> Option<(u32, u32)> {
    let day_of = |word: &str| ordinal(word).or_else(|| digits(word, 1..=2));
    let either = |name: &str, day: &str| month(name).zip(day_of(day));
    either(first, second).or_else(|| either(second, first))
}

/// `15th`, `15.`, `first`
fn ordinal(word: &str) -> Option<u32> {
    let number = ["st", "nd", "rd", "th", "."].iter().find_map(|end| digits(word.strip_suffix(end)?, 1..=2));
    number.or_else(|| language::ordinal(word))
}

fn digits(text: &str, length: RangeInclusive<usize>) -> Option<u32> {
    let good = length.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    if good { text.parse().ok() } else { None }
}
