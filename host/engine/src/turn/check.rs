//! What a flow returned, before anything follows from it.

use crate::fault::GuestFault;
use crate::flow::{Outcome, Reply, TimerWish};
use crate::form;
use crate::policy::{Bounds, contract};

/// The rule that an outcome breaks, in words for the flow's author.
pub(super) fn bad(reason: impl Into<String>) -> GuestFault {
    GuestFault::BadOutcome(reason.into())
}

/// Whether an outcome keeps the contract's rules and the operator's bounds.
pub(super) fn check(outcome: &Outcome, bounds: &Bounds) -> Result<(), GuestFault> {
    let (got, most) = (outcome.state.len(), bounds.state);
    if got > most {
        return Err(GuestFault::StateTooLarge { got, most });
    }
    let (got, most) = (outcome.messages.len(), contract::MESSAGES);
    if got > most {
        return Err(GuestFault::TooManyMessages { got, most });
    }
    outcome.messages.iter().try_for_each(check_reply)?;
    if outcome.timers.len() > 2 * contract::TIMERS {
        return Err(bad(format!("{} changes of timers in one turn", outcome.timers.len())));
    }
    for wish in &outcome.timers {
        let (TimerWish::Set(name, _) | TimerWish::SetAt(name, _) | TimerWish::Stop(name)) = wish;
        check_key("a timer's name", name)?;
        if let TimerWish::Set(name, after) = wish
            && *after > contract::TIMER
        {
            return Err(bad(format!("the timer `{name}` is set {after} s ahead, and a year is the most")));
        }
    }
    match &outcome.answers {
        Some(_) if !outcome.finished => Err(bad("answers come with the last turn: set `finished` too")),
        Some(answers) => check_answers(answers),
        None => Ok(()),
    }
}

fn check_reply(reply: &Reply) -> Result<(), GuestFault> {
    check_key("a message's key", &reply.key)?;
    let (got, most) = (reply.text.len(), contract::TEXT);
    if got > most {
        return Err(GuestFault::MessageTooLarge { got, most });
    }
    if reply.text.trim().is_empty() {
        return Err(bad(format!("the message `{}` is empty", reply.key)));
    }
    let named = |fault: String| bad(format!("the message `{}`: {fault}", reply.key));
    match (&reply.choices, &reply.form) {
        (Some(_), Some(_)) => Err(named("it has choices and a form; it may have one of them".to_owned())),
        (Some(choices), None) => form::check_choices(choices).map_err(named),
        (None, Some(form)) => form::sound(form).map_err(|fault| named(format!("its form: {fault}"))),
        (None, None) => Ok(()),
    }
}

fn check_key(what: &str, key: &str) -> Result<(), GuestFault> {
    if key.is_empty() || key.len() > contract::KEY || key.contains(char::is_control) {
        return Err(bad(format!(
            "{what} must have 1 to {} bytes and no control character: `{}`",
            contract::KEY,
            crate::text::line(key, 80)
        )));
    }
    Ok(())
}

fn check_answers(answers: &str) -> Result<(), GuestFault> {
    if answers.len() > contract::ANSWERS {
        return Err(bad(format!("{} bytes of answers, and {} are allowed", answers.len(), contract::ANSWERS)));
    }
    match serde_json::from_str::<serde_json::Value>(answers) {
        Ok(serde_json::Value::Object(_)) => Ok(()),
        Ok(_) => Err(bad("answers must be a JSON object")),
        Err(error) => Err(bad(format!("answers are not JSON: {error}"))),
    }
}
