//! Local time: what people's clocks show, by the rules of their zones. Pure.
//!
//! The rules are compiled in, never the machine's: each host with this build knows the same, one without a zone
//! database too. So what a turn sees is told by its person and its `now` alone, and a turn that is done again sees the
//! same.

use std::sync::LazyLock;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::{Offset, TimeZone, TimeZoneDatabase};

use crate::flow::LocalTime;
use crate::form::is_date;
use crate::model::{Millis, Person};
use crate::policy::contract;
use crate::text::line;

static ZONES: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);

/// Whether the rules of this zone are known. Letter case does not matter.
pub fn is_zone(name: &str) -> bool {
    zone(name).is_some()
}

/// How far the clocks of a zone are ahead of UTC at this time, in seconds, if its rules are known.
pub fn zone_offset(name: &str, at: Millis) -> Option<i32> {
    let at = Timestamp::from_millisecond(i64::try_from(at).ok()?).ok()?;
    sound(zone(name)?.to_offset(at).seconds().into())
}

/// How far a person's clocks are ahead of UTC at this time, in seconds: by their zone, else as their channel said.
pub fn offset(person: &Person, at: Millis) -> Option<i32> {
    zone_offset(&person.time_zone, at).or_else(|| sound(person.utc_offset?.into()))
}

/// An offset as somebody else gives it, if it is within the contract's bounds.
pub fn sound(offset: i64) -> Option<i32> {
    i32::try_from(offset).ok().filter(|offset| offset.unsigned_abs() <= contract::OFFSET)
}

/// When a timer is due that is set to this time on a person's clocks: now, if that is past. An error says which rule of
/// the contract is broken.
pub(crate) fn due(person: &Person, time: &LocalTime, now: Millis) -> Result<Millis, String> {
    let civil = civil(time)?;
    let zone = zone(&person.time_zone).or_else(|| {
        let told = Offset::from_seconds(offset(person, now)?).ok()?;
        Some(TimeZone::fixed(told))
    });
    // Times that clocks skip or show twice are taken as the contract says: "compatible" is the rule's usual name.
    let moment = zone.unwrap_or(TimeZone::UTC).to_ambiguous_timestamp(civil).compatible();
    // Only the last day of the calendar is too much for the library. What is before 1970 is past.
    let moment = moment.map_or(i64::MAX, Timestamp::as_millisecond);
    let due = Millis::try_from(moment).unwrap_or_default().max(now);
    if due - now > contract::TIMER * 1000 {
        return Err(format!("it is set to {}, and a year ahead is the most", time.date));
    }
    Ok(due)
}

fn civil(time: &LocalTime) -> Result<DateTime, String> {
    let date = Some(time.date.as_str()).filter(|date| is_date(date)).and_then(|date| date.parse::<Date>().ok());
    let date = date.ok_or_else(|| format!("`{}` is no date such as 2026-03-31", line(&time.date, 40)))?;
    let clock = time.time.split_once(':').and_then(|(hour, minute)| Some((digits(hour)?, digits(minute)?)));
    let civil = clock.and_then(|(hour, minute)| date.at(0, 0, 0, 0).with().hour(hour).minute(minute).build().ok());
    civil.ok_or_else(|| format!("`{}` is no time of day such as 09:30", line(&time.time, 40)))
}

/// Two digits.
fn digits(text: &str) -> Option<i8> {
    let good = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
    good.then(|| text.parse().ok()).flatten()
}

fn zone(name: &str) -> Option<TimeZone> {
    // The library has a zone for unknown ones, which is UTC.
    ZONES.get(name).ok().filter(|zone| !zone.is_unknown())
}

#[cfg(test)]
mod tests;
