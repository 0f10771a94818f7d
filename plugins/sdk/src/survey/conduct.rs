//! Makes a flow of a survey.

use std::marker::PhantomData;

use super::question::Kind;
use super::script::{At, Interview, Script};
use super::step::{Input, Step};
use super::{Survey, words};
use crate::{About, Event, Failure, Flow, Level, Message, Turn};

const REMINDER: &str = "survey/reminder";
const CLOSING: &str = "survey/closing";
const GOODBYE: &str = "survey/goodbye";

/// The flow that conducts the survey `S`: `pesto_sdk::export!(Conduct<MySurvey>)`.
pub struct Conduct<S>(PhantomData<S>);

impl<S: Survey> Flow for Conduct<S> {
    type State = Interview;

    /// # Panics
    /// Where the survey's questions are not sound, which refuses the component and says why.
    fn describe() -> About {
        if let Err(fault) = Script::of::<S>().check() {
            panic!("the survey is not sound: {fault}");
        }
        S::describe()
    }

    fn handle(event: Event, turn: &mut Turn<Interview>) -> Result<(), Failure> {
        let script = Script::of::<S>().speaking(&turn.person().locale);
        let today = turn.local().date();
        match event {
            Event::Started(arguments) => {
                let known = S::known(&arguments, turn.person());
                let step = script.begin(&mut turn.state, &known, today);
                let intro = S::intro(turn.person());
                act::<S>(&script, step, [intro, script.phrases.controls.to_owned()].join("\n"), turn)
            }
            Event::Said(said) => {
                let step = script.step(&mut turn.state, &Input::Wrote(&said.text), today);
                act::<S>(&script, step, String::new(), turn)
            }
            Event::Edited(said) => match script.edit(&mut turn.state, &said.text, today) {
                Some(step) => act::<S>(&script, step, String::new(), turn),
                None => {
                    unchanged(&script, turn);
                    Ok(())
                }
            },
            Event::Picked(picked) => {
                let input = Input::Picked { key: &picked.key, values: &picked.values };
                let step = script.step(&mut turn.state, &input, today);
                act::<S>(&script, step, String::new(), turn)
            }
            // The calendar below a date question.
            Event::Filled(filled) => {
                let day = filled.text(&filled.key).to_owned();
                let values = [day.clone()];
                let is_open = filled.key == words::key(&turn.state.at);
                let of_another = Input::Picked { key: &filled.key, values: &values };
                let input = if is_open { Input::Wrote(&day) } else { of_another };
                let step = script.step(&mut turn.state, &input, today);
                act::<S>(&script, step, String::new(), turn)
            }
            Event::Timer { name, .. } if name == REMINDER => {
                if turn.state.at == At::Moved {
                    let step = script.go_on(&mut turn.state, vec![script.phrases.moved.to_owned()]);
                    return act::<S>(&script, step, String::new(), turn);
                }
                ask(&script, vec![script.phrases.reminder.to_owned()], turn);
                Ok(())
            }
            Event::Cancelled => {
                turn.say(Message::new(S::goodbye(turn.person())).key(GOODBYE));
                Ok(())
            }
            Event::Undelivered { key, reason } => {
                turn.log(Level::Warn, &format!("message `{key}` was not delivered: {reason}"));
                unchanged(&script, turn);
                Ok(())
            }
            // A survey sets no other timer.
            Event::Timer { .. } => {
                unchanged(&script, turn);
                Ok(())
            }
        }
    }
}

fn act<S: Survey>(script: &Script, step: Step, before: String, turn: &mut Turn<Interview>) -> Result<(), Failure> {
    match step {
        Step::Ask(notes) => {
            let notes = std::iter::once(before).filter(|note| !note.is_empty()).chain(notes).collect();
            ask(script, notes, turn);
            if let Some(after) = S::reminder() {
                turn.set_timer(REMINDER, after);
            }
            Ok(())
        }
        Step::Submit => {
            let answers = turn.state.answers.clone();
            let closing = S::closing(&answers, turn);
            let closing = if closing.trim().is_empty() { script.phrases.thanks.to_owned() } else { closing };
            turn.say(Message::new(closing).key(CLOSING));
            turn.finish_with(&answers)
        }
        Step::Stop => {
            turn.say(Message::new(S::goodbye(turn.person())).key(GOODBYE));
            turn.finish();
            Ok(())
        }
    }
}

fn ask(script: &Script, mut notes: Vec<String>, turn: &mut Turn<Interview>) {
    let local = turn.local();
    if asks_for_a_date(script, &turn.state) && !local.is_known() {
        notes.push(words::today(local.date(), script.phrases));
    }
    turn.say(words::prompt(script, &turn.state, notes, local.date()));
    unchanged(script, turn);
}

fn asks_for_a_date(script: &Script, interview: &Interview) -> bool {
    let At::Question { id, .. } = &interview.at else { return false };
    script.question(id).is_some_and(|question| matches!(question.kind, Kind::Date { .. }))
}

/// What the next message means hangs on what is open, also after a turn that asked nothing.
fn unchanged(script: &Script, turn: &mut Turn<Interview>) {
    if let At::Question { id, .. } = &turn.state.at
        && script.question(id).is_some_and(|question| question.literal)
    {
        turn.literal_next();
    }
}

#[cfg(test)]
mod tests;
