//! Days as people say them, where a form wants a date: the ways of the survey kit that need no names of months. Pure.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

const DAY: Duration = Duration::from_secs(86_400);
/// The first day of the epoch was a Thursday.
const WEEKDAYS: [&str; 7] = ["thursday", "friday", "saturday", "sunday", "monday", "tuesday", "wednesday"];

/// The date that is meant, as ISO writes it; none where these are other words. `now` is the person's time as if it were
/// UTC.
pub(super) fn in_words(said: &str, now: SystemTime) -> Option<String> {
    let said = said.to_lowercase();
    let words: Vec<&str> = said.split_whitespace().filter(|word| *word != "on").collect();
    let days = match words[..] {
        ["today"] => 0,
        ["tomorrow"] => 1,
        ["yesterday"] => -1,
        ["next", "week"] => 7,
        ["in", count, unit] => span(count, unit)?,
        [count, unit, "ago"] => -span(count, unit)?,
        [day] | ["next", day] => until(day, now)?,
        _ => return None,
    };
    let shift = DAY * u32::try_from(days.unsigned_abs()).ok()?;
    let then = if days < 0 { now.checked_sub(shift)? } else { now.checked_add(shift)? };
    let written = humantime::format_rfc3339_seconds(then).to_string();
    written.split_once('T').map(|(date, _)| date.to_owned())
}

/// Days or weeks, at most 999 of them.
fn span(count: &str, unit: &str) -> Option<i64> {
    let count = if count == "a" || count == "one" { 1 } else { i64::from(count.parse::<u16>().ok()?) };
    let days = match unit {
        "day" | "days" => 1,
        "week" | "weeks" => 7,
        _ => return None,
    };
    (count < 1_000).then_some(count * days)
}

/// Days until the next such weekday after today, by its name or the first three letters of it.
fn until(name: &str, now: SystemTime) -> Option<i64> {
    let wanted = WEEKDAYS.iter().position(|day| *day == name || (name.len() == 3 && day.starts_with(name)))?;
    let today = now.duration_since(UNIX_EPOCH).ok()?.as_secs() / DAY.as_secs();
    let ahead = i64::try_from(wanted).ok()? - i64::try_from(today % 7).ok()?;
    Some((ahead - 1).rem_euclid(7) + 1)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn as_people_say_it() {
        // A Monday.
        let now = humantime::parse_rfc3339("2026-03-02T23:59:00Z").unwrap();
        for (said, date) in [
            ("today", "2026-03-02"),
            ("Tomorrow", "2026-03-03"),
            ("yesterday", "2026-03-01"),
            ("in 3 days", "2026-03-05"),
            ("in a week", "2026-03-09"),
            ("2 weeks ago", "2026-02-16"),
            ("monday", "2026-03-09"),
            ("next Tue", "2026-03-03"),
            ("on Sunday", "2026-03-08"),
            ("next week", "2026-03-09"),
        ] {
            assert_eq!(in_words(said, now).as_deref(), Some(date), "{said}");
        }
        for said in ["", "soon", "m", "in 2 years", "in 1000 days", "in -3 days", "99999 days ago", "2026-03-02"] {
            assert_eq!(in_words(said, now), None, "{said}");
        }
    }
}
