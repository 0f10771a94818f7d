//! The person and the clock of a test.
#![allow(clippy::unwrap_used)]
use super::*;
use crate::{About, Event, Turn};

/// Sets a timer for half past nine of its day, and says who talks and when.
struct Clock;

impl Flow for Clock {
    type State = ();

    fn describe() -> About {
        About::new("Clock", "Tells the time.")
    }

    fn handle(_: Event, turn: &mut Turn<()>) -> Result<(), Failure> {
        let (local, person) = (turn.local(), turn.person());
        turn.say(format!("{} ({}): {} {}", person.name, person.locale, local.date(), local.time()));
        turn.set_timer_at("nine", local.date(), Time::at(9, 30));
        turn.set_timer("long", Duration::MAX);
        Ok(())
    }
}

#[test]
fn people_zones_and_clocks_can_be_set() {
    let mut talk = Talk::<Clock>::new();
    let monday = Date::new(2026, 3, 2).unwrap();
    assert_eq!(talk.start("")[0].text, "Ada Lovelace (en-GB): 2026-03-02 09:00");
    assert_eq!(talk.timers()[0], ("nine".to_owned(), Some(30 * 60)));
    assert_eq!(talk.timers()[1], ("long".to_owned(), Some(u32::MAX.into())), "the host refuses it");
    talk.zone("Asia/Tokyo", Some(9 * 3_600)).locale("ja-JP").clock(Timestamp::utc(monday, Time::at(20, 0)));
    assert_eq!(talk.say("and now?")[0].text, "Ada Lovelace (ja-JP): 2026-03-03 05:00");
    assert_eq!(talk.timers()[0].1, Some(4 * 3_600 + 1_800));
    let text = str::to_owned;
    let kai = Person {
        id: text("kai"),
        name: text("Kai"),
        locale: text("haw"),
        time_zone: text("Pacific/Honolulu"),
        utc_offset: Some(-10 * 3_600),
    };
    talk.person(kai).wait(Duration::from_secs(60));
    assert_eq!(talk.say("and now?")[0].text, "Kai (haw): 2026-03-02 10:01");
    assert_eq!(talk.timers()[0].1, Some(0), "it is past there");
}
