//! The turn's clock, what the person's clocks show, and dates of the calendar. There is no other clock: a re-run must
//! see the same time.
//!
//! People speak of their own days: "today", "tomorrow" and "at nine" are by [`Turn::local`](crate::Turn::local), and a
//! timer for nine o'clock is set by [`Turn::set_timer_at`](crate::Turn::set_timer_at). A [`Timestamp`] is for durations
//! and records.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

const DAY: u64 = 86_400_000;
const MINUTE: u64 = 60_000;
const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const WEEKDAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

/// A moment, in milliseconds since 1970-01-01 UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(u64);

impl Timestamp {
    /// The moment this many milliseconds after 1970-01-01 UTC.
    pub fn from_millis(millis: u64) -> Self {
        Self(millis)
    }

    /// Milliseconds since 1970-01-01 UTC.
    pub fn millis(self) -> u64 {
        self.0
    }

    /// The moment at which clocks in UTC show this; 1970-01-01 for what is earlier.
    pub fn utc(date: Date, time: Time) -> Self {
        Self(u64::try_from(date.days).unwrap_or_default() * DAY + u64::from(time.minutes) * MINUTE)
    }

    /// The date of this moment in UTC. The person's date may be the one before or after it, which
    /// [`Turn::local`](crate::Turn::local) has.
    pub fn date(self) -> Date {
        Date::from_days(i64::try_from(self.0 / DAY).unwrap_or(i64::MAX))
    }

    /// What clocks show that are so many seconds ahead of UTC.
    pub(crate) fn seen_at(self, utc_offset: Option<i32>) -> Local {
        let shifted = Self(self.0.saturating_add_signed(i64::from(utc_offset.unwrap_or_default()) * 1_000));
        let minutes = (shifted.0 % DAY / MINUTE) as u16;
        Local { date: shifted.date(), time: Time { minutes }, known: utc_offset.is_some() }
    }
}

/// What the person's clocks show, or clocks in UTC if the person's are not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Local {
    date: Date,
    time: Time,
    known: bool,
}

impl Local {
    /// The day, which is today for the person.
    pub fn date(self) -> Date {
        self.date
    }

    /// The time of day, without its seconds.
    pub fn time(self) -> Time {
        self.time
    }

    /// From 0, Monday, to 6, Sunday.
    pub fn weekday(self) -> u32 {
        self.date.weekday()
    }

    /// Whether these are the person's clocks. If not, say the date that you took for today before you rely on it.
    pub fn is_known(self) -> bool {
        self.known
    }
}

/// A time of day in hours and minutes. Written and serialised as `09:30`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time {
    /// Since midnight.
    minutes: u16,
}

impl Time {
    /// The time, if a clock shows it: 0 to 23 hours, 0 to 59 minutes.
    pub const fn new(hour: u32, minute: u32) -> Option<Self> {
        if hour < 24 && minute < 60 { Some(Self { minutes: (hour * 60 + minute) as u16 }) } else { None }
    }

    /// The same, for times that stand in the code: `const NINE: Time = Time::at(9, 0)`.
    ///
    /// # Panics
    /// If no clock shows it; in a constant, that is an error of the compiler.
    pub const fn at(hour: u32, minute: u32) -> Self {
        match Self::new(hour, minute) {
            Some(time) => time,
            None => panic!("a time has 0 to 23 hours and 0 to 59 minutes"),
        }
    }

    /// The time that `text` writes as `09:30`, and in no other way.
    pub fn from_iso(text: &str) -> Option<Self> {
        let part = |part: &str| {
            let good = part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
            if good { part.parse().ok() } else { None }
        };
        let (hour, minute) = text.split_once(':')?;
        Self::new(part(hour)?, part(minute)?)
    }

    /// From 0 to 23.
    pub fn hour(self) -> u32 {
        u32::from(self.minutes / 60)
    }

    /// From 0 to 59.
    pub fn minute(self) -> u32 {
        u32::from(self.minutes % 60)
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.hour(), self.minute())
    }
}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::from_iso(&text).ok_or_else(|| de::Error::custom("a time is written 09:30"))
    }
}

/// A day of the proleptic Gregorian calendar, of the years 1 to 9999. Serialised as `2026-03-02`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date {
    /// Days since 1970-01-01.
    days: i64,
}

impl Date {
    const FIRST: i64 = -719_162;
    const LAST: i64 = 2_932_896;

    /// The day, if there is such a one.
    pub fn new(year: i64, month: u32, day: u32) -> Option<Self> {
        let known = (1..=9999).contains(&year) && (1..=12).contains(&month) && day >= 1;
        if !known {
            return None;
        }
        let date = Self { days: days_from_civil(year, i64::from(month), i64::from(day)) };
        (date.year_month_day() == (year, month, day)).then_some(date)
    }

    /// The date that `text` writes as `2026-03-02`, and in no other way.
    pub fn from_iso(text: &str) -> Option<Self> {
        let mut parts = text.split('-');
        let mut part = |digits: usize| {
            let part = parts.next()?;
            let good = part.len() == digits && part.bytes().all(|byte| byte.is_ascii_digit());
            if good { part.parse::<u32>().ok() } else { None }
        };
        let (year, month, day) = (part(4)?, part(2)?, part(2)?);
        if parts.next().is_some() {
            return None;
        }
        Self::new(i64::from(year), month, day)
    }

    /// Where the day is out of the calendar's years, the nearest that is within.
    fn from_days(days: i64) -> Self {
        Self { days: days.clamp(Self::FIRST, Self::LAST) }
    }

    /// This many days later, or earlier; it stays within the years 1 to 9999.
    pub fn plus_days(self, days: i64) -> Self {
        Self::from_days(self.days.saturating_add(days))
    }

    /// Days from `earlier` to this one.
    pub fn days_since(self, earlier: Self) -> i64 {
        self.days - earlier.days
    }

    /// Year, month from 1, day from 1.
    pub fn year_month_day(self) -> (i64, u32, u32) {
        civil_from_days(self.days)
    }

    /// From 0, Monday, to 6, Sunday.
    pub fn weekday(self) -> u32 {
        // 1970-01-01 was a Thursday.
        (self.days + 3).rem_euclid(7) as u32
    }

    /// As people say it: `Monday, 2 March 2026`.
    pub fn in_words(self) -> String {
        let (year, month, day) = self.year_month_day();
        format!("{}, {day} {} {year}", WEEKDAYS[self.weekday() as usize], MONTHS[month as usize - 1])
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.year_month_day();
        write!(f, "{year:04}-{month:02}-{day:02}")
    }
}

impl Serialize for Date {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Date {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::from_iso(&text).ok_or_else(|| de::Error::custom("a date is written 2026-03-02"))
    }
}

/// Days since 1970-01-01. Years are counted from March, so that the day that leap years add is their last.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + day_of_year - 719_468
}

fn civil_from_days(days: i64) -> (i64, u32, u32) {
    let days = days + 719_468;
    let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let day_of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month as u32, day as u32)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn every_day_of_the_calendar_is_itself_again() {
        let mut before = (0, 12, 31);
        for days in Date::FIRST..=Date::LAST {
            let (year, month, day) = civil_from_days(days);
            assert_eq!(days_from_civil(year, i64::from(month), i64::from(day)), days);
            assert!((year, month, day) > before);
            before = (year, month, day);
        }
        assert_eq!(before, (9999, 12, 31));
        assert_eq!(civil_from_days(Date::FIRST), (1, 1, 1));
    }

    #[test]
    fn days_that_are_not() {
        for (year, month, day) in [(2026, 2, 29), (1900, 2, 29), (2026, 13, 1), (2026, 0, 1), (2026, 4, 31), (0, 1, 1)]
        {
            assert_eq!(Date::new(year, month, day), None, "{year}-{month}-{day}");
        }
        assert!(Date::new(2028, 2, 29).is_some());
        assert!(Date::new(2000, 2, 29).is_some());
    }

    #[test]
    fn iso_is_strict() {
        assert_eq!(Date::from_iso("2026-03-02").unwrap().to_string(), "2026-03-02");
        for text in ["2026-3-2", "26-03-02", "2026-03-02T00", "2026/03/02", "+026-03-02", "", "2026-03", "2026-03-02-1"]
        {
            assert_eq!(Date::from_iso(text), None, "{text}");
        }
    }

    #[test]
    fn a_moment_has_a_date_with_its_weekday() {
        let date = Timestamp::from_millis(1_772_442_000_000).date();
        assert_eq!(date.in_words(), "Monday, 2 March 2026");
        assert_eq!(date.plus_days(-2).in_words(), "Saturday, 28 February 2026");
        assert_eq!(Timestamp::from_millis(u64::MAX).date().to_string(), "9999-12-31");
        assert_eq!(date.plus_days(i64::MIN).to_string(), "0001-01-01");
    }

    #[test]
    fn the_same_moment_is_another_day_elsewhere() {
        let day = |day| Date::new(2026, 3, day).unwrap();
        let moment = Timestamp::utc(day(2), Time::at(20, 0));
        assert_eq!(moment.millis(), 1_772_481_600_000);
        for (offset, date, time) in [
            (Some(9 * 3_600), day(3), Time::at(5, 0)),
            (Some(-8 * 3_600), day(2), Time::at(12, 0)),
            (Some(4 * 3_600 - 1), day(2), Time::at(23, 59)),
            (Some(4 * 3_600), day(3), Time::at(0, 0)),
            (None, day(2), Time::at(20, 0)),
        ] {
            let local = moment.seen_at(offset);
            assert_eq!((local.date(), local.time(), local.is_known()), (date, time, offset.is_some()), "{offset:?}");
            assert_eq!(local.weekday(), date.weekday());
        }
        assert_eq!(Timestamp::from_millis(u64::MAX).seen_at(Some(64_800)).date().to_string(), "9999-12-31");
        assert_eq!(Timestamp::from_millis(0).seen_at(Some(-64_800)).date().to_string(), "1970-01-01");
        assert_eq!(Timestamp::utc(Date::new(1, 1, 1).unwrap(), Time::at(0, 0)).millis(), 0);
    }

    #[test]
    fn times_of_day() {
        assert_eq!((Time::new(24, 0), Time::new(0, 60)), (None, None));
        let time = Time::from_iso("09:30").unwrap();
        assert_eq!((time, time.hour(), time.minute(), time.to_string()), (Time::at(9, 30), 9, 30, "09:30".to_owned()));
        assert_eq!(serde_json::to_string(&time).unwrap(), "\"09:30\"");
        assert_eq!(serde_json::from_str::<Time>("\"09:30\"").unwrap(), time);
        for text in ["9:30", "09:30:00", "24:00", "0930", "+9:30", ""] {
            assert_eq!(Time::from_iso(text), None, "{text}");
        }
    }

    #[test]
    fn serialised_as_iso() {
        let date = Date::new(2026, 3, 2).unwrap();
        assert_eq!(serde_json::to_string(&date).unwrap(), "\"2026-03-02\"");
        assert_eq!(serde_json::from_str::<Date>("\"2026-03-02\"").unwrap(), date);
        assert!(serde_json::from_str::<Date>("\"2 March\"").is_err());
    }
}
