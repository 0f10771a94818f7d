//! Days of the calendar that all use, written as ISO 8601 has them. In this form they compare as texts.

use super::wrong::{Range, Wrong};

/// The date, or what is wrong with it. `least` and `most` are dates.
pub(super) fn read(text: &str, least: Option<&str>, most: Option<&str>) -> Result<String, Wrong> {
    if !is_date(text) {
        return Err(Wrong::NoDate);
    }
    let under = least.is_some_and(|least| text < least);
    let over = most.is_some_and(|most| text > most);
    match Range::of(least.map(str::to_owned), most.map(str::to_owned)) {
        Some(range) if under || over => Err(Wrong::Date(range)),
        _ => Ok(text.to_owned()),
    }
}

/// Whether a text is a day of the years 1 to 9999, such as `2026-03-31`.
pub fn is_date(text: &str) -> bool {
    let bytes = text.as_bytes();
    let form = bytes.len() == 10
        && bytes
            .iter()
            .enumerate()
            .all(|(at, byte)| if at == 4 || at == 7 { *byte == b'-' } else { byte.is_ascii_digit() });
    let part = |range| text.get(range).and_then(|part: &str| part.parse::<u32>().ok()).unwrap_or_default();
    let (year, month, day) = (part(0..4), part(5..7), part(8..10));
    form && year > 0 && (1..=days(year, month)).contains(&day)
}

fn days(year: u32, month: u32) -> u32 {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => 0,
    }
}
