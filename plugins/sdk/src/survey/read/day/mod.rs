//! Dates: as ISO writes them, as people say them, and nothing that could be read in two ways.

mod calendar;
mod relative;

use std::ops::RangeInclusive;

use pesto_reading::language::{self, Language, behind, has};
use pesto_reading::plain;
use serde_json::json;

use self::relative::{is_span, later, next_weekday, of_next_week, span, weeks_later};
use super::{Phrases, Problem, Reading, fill};
use crate::Date;
use crate::text::quote;

/// Words that stand in front of a date, or behind it, at most.
const FILLERS: usize = 3;

pub(super) fn read(
    written: &str,
    today: Date,
    days: Option<&RangeInclusive<i64>>,
    phrases: &Phrases,
) -> Result<Reading, Problem> {
    let iso = Date::from_iso(written);
    let date = match iso {
        Some(date) => date,
        None => in_words(written, today).map_err(|why| why.problem(written, today, days, phrases))?,
    };
    if let Some(days) = days {
        within(date, today.plus_days(*days.start()), today.plus_days(*days.end()), phrases)?;
    }
    // Words are repeated as they were understood: the person may be a day ahead of the clock.
    let note = iso.is_none().then(|| fill(phrases.that_is, &[("date", &phrases.day(date))]));
    Ok(Reading { value: json!(date), note })
}

/// Dates that the question accepts, in the ways in which people may write them.
pub(in crate::survey) fn examples(today: Date, days: Option<&RangeInclusive<i64>>, phrases: &Phrases) -> String {
    let (first, last) = days.map_or((i64::MIN, i64::MAX), |days| (*days.start(), *days.end()));
    let (year, month, _) = today.year_month_day();
    // The last day of a month is no month, so nobody wonders which is which.
    let end = (28..=31).rev().find_map(|day| Date::new(year, month, day)).unwrap_or(today);
    let date = end.max(today.plus_days(first)).min(today.plus_days(last));
    let mut examples = vec![phrases.numeric(date), phrases.day_of_year(date)];
    let near = [1, 0, -1].into_iter().zip(phrases.near_days);
    examples
        .extend(near.filter(|(days, _)| (first..=last).contains(days)).map(|(_, name)| format!("`{name}`")).take(1));
    phrases.either(&examples)
}

fn within(date: Date, first: Date, last: Date, phrases: &Phrases) -> Result<(), Problem> {
    let phrase = if date < first {
        phrases.too_early
    } else if date > last {
        phrases.too_late
    } else {
        return Ok(());
    };
    let (date, first, last) = (phrases.day(date), phrases.numeric(first), phrases.numeric(last));
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
    fn problem(self, written: &str, today: Date, days: Option<&RangeInclusive<i64>>, phrases: &Phrases) -> Problem {
        let (why, date) = match self {
            Self::Unknown => (phrases.no_date, String::new()),
            Self::TwoWays => (phrases.two_ways, String::new()),
            Self::NoSuchDay => (phrases.no_such_day, String::new()),
            Self::Weekday(date) => (phrases.other_weekday, phrases.day(date)),
        };
        let wanted = fill(phrases.write_date, &[("examples", &examples(today, days, phrases))]);
        format!("{} {wanted}", fill(why, &[("text", &quote(written)), ("date", &date)]))
    }
}

/// What people say of a day.
struct Said<'a> {
    words: &'a [&'a str],
    today: Date,
    /// It ends in a full stop, or names the day with an article: `15.3.`, `the 15th`.
    is_day: bool,
}

fn in_words(written: &str, today: Date) -> Result<Date, Why> {
    // Longer texts are no dates, and need not be taken apart.
    if written.len() > 60 {
        return Err(Why::Unknown);
    }
    let mut said = plain(written).replace(',', " ");
    // `15-Dec-2026`: signs between words divide them.
    if said.split('-').any(|part| month(part).is_some()) {
        said = said.replace('-', " ");
    }
    let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
    let said = without_fillers(&said);
    if let Some(days) = language::day(said) {
        return Ok(today.plus_days(days));
    }
    let words: Vec<&str> = said.split(' ').filter(|word| !has(word, |language| language.of_a_date)).collect();
    let article = words.len() < said.split(' ').count();
    let is_day = article || written.trim_end_matches(['!', '?', ' ']).ends_with('.');
    Said { words: &words, today, is_day }.date()
}

/// Without `I start on` in front and `I think` behind.
fn without_fillers(said: &str) -> &str {
    std::iter::successors(Some(said), |said| shorter(said)).take(FILLERS + 1).last().unwrap_or(said)
}

fn shorter(said: &str) -> Option<&str> {
    let lists: [fn(&Language) -> &'static [&'static str]; 2] =
        [|language| language.begins_on, |language| language.lead];
    let front = lists.into_iter().filter_map(|list| behind(said, list)).min_by_key(|rest| rest.len());
    let mut ends = language::ALL.iter().flat_map(|language| language.trail);
    front.or_else(|| ends.find_map(|word| said.strip_suffix(word)?.strip_suffix(' ')))
}

impl Said<'_> {
    fn date(&self) -> Result<Date, Why> {
        let said = self.words.join(" ");
        if let Some(date) = span(&said, self.today) {
            return Ok(date);
        }
        if let Some(date) = self.counted_from() {
            return date;
        }
        if let Some(date) = self.weekday() {
            return date;
        }
        self.calendar(self.words)
    }

    /// `Monday`, `next Monday`, `Monday next week`, `Monday in two weeks`, `Monday, 9 March`: none where none is named.
    fn weekday(&self) -> Option<Result<Date, Why>> {
        let (first, rest) = self.words.split_first()?;
        let (last, front) = self.words.split_last()?;
        if is_next_week(front) {
            return weekday(last).map(|day| Ok(of_next_week(day, self.today)));
        }
        if rest.len() == 1 && has(first, |language| language.next) {
            return weekday(last).map(|day| Ok(next_weekday(day, self.today)));
        }
        let day = weekday(first)?;
        let next = next_weekday(day, self.today);
        if rest.is_empty() {
            return Some(Ok(next));
        }
        if is_next_week(rest) {
            return Some(Ok(of_next_week(day, self.today)));
        }
        if let Some(date) = weeks_later(&rest.join(" "), next) {
            return Some(Ok(date));
        }
        let fits = |date: Date| if date.weekday() == day { Ok(date) } else { Err(Why::Weekday(date)) };
        Some(self.calendar(rest).and_then(fits))
    }

    /// `a week from Monday`: none where nothing is counted.
    fn counted_from(&self) -> Option<Result<Date, Why>> {
        let at = self.words.iter().position(|word| has(word, |language| language.counted_from))?;
        let (count, rest) = (self.words.get(..at)?, self.words.get(at + 1..)?);
        // One day is named, so this ends.
        let base = match language::day(&rest.join(" ")) {
            Some(days) => Ok(self.today.plus_days(days)),
            None if rest.iter().any(|word| has(word, |language| language.counted_from)) => Err(Why::Unknown),
            None => Said { words: rest, ..*self }.date(),
        };
        let spans = is_span(&count.join(" "));
        spans.then(|| base.and_then(|base| later(&count.join(" "), base).ok_or(Why::Unknown)))
    }
}

fn is_next_week(words: &[&str]) -> bool {
    has(&words.join(" "), |language| language.next_week)
}

fn weekday(word: &str) -> Option<u32> {
    let word = word.trim_end_matches('.');
    language::weekday(word).or_else(|| language::weekday_like(word))
}

fn month(word: &str) -> Option<u32> {
    let word = word.trim_end_matches('.');
    language::month(word).or_else(|| language::month_like(word))
}

#[cfg(test)]
mod tests;
