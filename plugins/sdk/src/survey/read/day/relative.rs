//! Days that are counted from another one.

use pesto_reading::counted;
use pesto_reading::language::{Language, behind, has, unit};

use crate::Date;

/// More of a unit are no span that people give: of days and weeks, and of months.
const MOST: i64 = 999;
const MOST_MONTHS: i64 = 24;

/// `in two weeks`, `3 days ago`, `vor 3 Tagen`, `two weeks from now`, `1 week`.
pub(super) fn span(said: &str, today: Date) -> Option<Date> {
    type List = fn(&Language) -> &'static [&'static str];
    let lists: [(List, i64); 2] = [(|language| language.within, 1), (|language| language.ago, -1)];
    for (list, sign) in lists {
        if let Some(date) = behind(said, list).and_then(|span| shifted(span, today, sign)) {
            return Some(date);
        }
    }
    let (count, rest) = said.split_once(' ')?;
    let (unit, sign) = match rest.split_once(' ') {
        None => (rest, 1),
        Some((unit, rest)) if has(rest, |language| language.ago) => (unit, -1),
        Some((unit, rest)) if has(rest, |language| language.from_now) => (unit, 1),
        Some(_) => return None,
    };
    shifted(&format!("{count} {unit}"), today, sign)
}

/// Whether this is a count of days, weeks or months.
pub(super) fn is_span(said: &str) -> bool {
    parts(said).is_some()
}

/// The day this span after another.
pub(super) fn later(said: &str, base: Date) -> Option<Date> {
    shifted(said, base, 1)
}

/// The day `in two weeks` after another. Of days and months nobody says so.
pub(super) fn weeks_later(said: &str, base: Date) -> Option<Date> {
    let span = behind(said, |language| language.within)?;
    let (_, unit) = parts(span)?;
    if unit == 1 { shifted(span, base, 1) } else { None }
}

/// The next such day after today.
pub(super) fn next_weekday(weekday: u32, today: Date) -> Date {
    let ahead = (i64::from(weekday) - i64::from(today.weekday()) - 1).rem_euclid(7) + 1;
    today.plus_days(ahead)
}

/// Such a day in the week after this one; weeks begin on Monday.
pub(super) fn of_next_week(weekday: u32, today: Date) -> Date {
    today.plus_days(7 - i64::from(today.weekday()) + i64::from(weekday))
}

fn shifted(span: &str, base: Date, sign: i64) -> Option<Date> {
    Some(match parts(span)? {
        (count, 0) => base.plus_days(sign * count),
        (count, 1) => base.plus_days(sign * count * 7),
        (count, _) => plus_months(base, sign * count)?,
    })
}

/// How many of which unit. `in two years` is not meant by people who give a date.
fn parts(span: &str) -> Option<(i64, usize)> {
    let (count, of) = span.split_once(' ')?;
    let count = counted(count).filter(|count| (0..=MOST).contains(count))?;
    match unit(of)? {
        unit @ (0 | 1) => Some((count, unit)),
        2 if count <= MOST_MONTHS => Some((count, 2)),
        _ => None,
    }
}

/// The same day of another month, or its last one.
fn plus_months(date: Date, months: i64) -> Option<Date> {
    let (year, month, day) = date.year_month_day();
    let months = year * 12 + i64::from(month) - 1 + months;
    let (year, month) = (months.div_euclid(12), u32::try_from(months.rem_euclid(12) + 1).ok()?);
    (1..=day).rev().find_map(|day| Date::new(year, month, day))
}
