//! Tells what the person's clocks show, and rings at the time that it is told: `2026-03-31 09:30`.

use pesto_sdk::{About, Date, Event, Failure, Flow, Time, Turn};

/// The flow.
pub struct Alarm;

fn shown(turn: &Turn<()>) -> String {
    let local = turn.local();
    let whose = if local.is_known() { "yours" } else { "UTC" };
    format!("{} {} ({whose})", local.date(), local.time())
}

impl Flow for Alarm {
    type State = ();

    fn describe() -> About {
        About::new("Alarm", "Rings.")
    }

    fn handle(event: Event, turn: &mut Turn<()>) -> Result<(), Failure> {
        match event {
            Event::Started(_) => turn.say("ready"),
            Event::Said(said) => {
                let at = said.text.split_once(' ');
                let at = at.and_then(|(date, time)| Some((Date::from_iso(date)?, Time::from_iso(time)?)));
                if let Some((date, time)) = at {
                    turn.set_timer_at("alarm", date, time);
                }
                turn.say(shown(turn));
            }
            Event::Timer { .. } => turn.say(format!("rings at {}", shown(turn))),
            _ => {}
        }
        Ok(())
    }
}

#[cfg(target_arch = "wasm32")]
pesto_sdk::export!(Alarm);
