//! Which day it is for people all over the world, as Slack tells where they are.

use std::time::{Duration, SystemTime};

use pesto_tests::host::TestHost;
use slack_double::{Person, SlackDouble};

use super::{answer, double, setup};
use crate::survey::{CLOSING, FLOW, Plan, Reply, records};

/// The date that clocks show which are so many hours ahead of UTC.
fn date(hours: i64) -> String {
    let now = SystemTime::now();
    let shift = Duration::from_secs(hours.unsigned_abs() * 3_600);
    let seen = if hours < 0 { now - shift } else { now + shift };
    humantime::format_rfc3339_seconds(seen).to_string()[..10].to_owned()
}

/// Somebody of whom Slack tells this zone and this offset.
fn person(slack: &SlackDouble, name: &str, zone: &str, offset: i64) -> Person {
    slack.person_with(name, |user| {
        user.tz = zone.to_owned();
        user.tz_offset = offset;
    })
}

/// Holds the survey, and answers the question for the first day with this; how that was asked, and what is on record.
async fn first_day(host: &TestHost, person: &Person, said: &str) -> (String, String) {
    let plan = Plan::new(0);
    let mut asked = String::new();
    person.says(&format!("start {FLOW}")).await;
    for key in plan.path() {
        let message = person.hears().await;
        match key {
            CLOSING => {}
            "start" => {
                asked = message.shown();
                answer(person, &message, Reply::Say(said.to_owned())).await;
            }
            _ => answer(person, &message, plan.reply(key)).await,
        }
    }
    let record = records(host).remove(person.id()).expect("it is on record").remove(0);
    (asked, record["start"].as_str().expect("a date").to_owned())
}

/// East and west of the date line it is never the same day, so one of both is never UTC's.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn today_is_the_persons_own_day() {
    let slack = double().await;
    let host = TestHost::start(setup(&slack)).await;
    slack.has_sockets(2).await;
    for (name, zone, offset, hours) in [
        // Rules are asked before what Slack says of the moment.
        ("Kiri", "Pacific/Kiritimati", 0, 14),
        ("Kai", "Pacific/Honolulu", 0, -10),
        ("Ken", "Asia/Tokyo", 9 * 3_600, 9),
        // Of a zone that is newer than the rules there is only what Slack says.
        ("Mars", "Pacific/Atlantis", 14 * 3_600, 14),
    ] {
        let person = person(&slack, name, zone, offset);
        let before = date(hours);
        let (asked, day) = first_day(&host, &person, "today").await;
        // Midnight may fall in between.
        assert!([before, date(hours)].contains(&day), "{name} got {day}");
        assert!(!asked.contains("time zone"), "{name} was asked: {asked}");
    }
    host.idle().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_is_nowhere_hears_which_day_is_taken_for_today() {
    let slack = double().await;
    let host = TestHost::start(setup(&slack)).await;
    slack.has_sockets(2).await;
    // Nobody's clocks are so far ahead.
    let person = person(&slack, "Ann", "", 1_000_000);
    let before = date(24);
    let (asked, day) = first_day(&host, &person, "tomorrow").await;
    assert!([before, date(24)].contains(&day), "{day}");
    assert!(asked.contains("I do not know your time zone, and take today to be "), "{asked}");
    host.idle().await;
}
