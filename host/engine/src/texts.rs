//! The host's own words to people, in one place. Names in them come from components that an operator put into
//! the flows folder, or were typed by the person who reads them.

use crate::flow::Offers;
use crate::form::Problem;
use crate::meant::guesses;
use crate::model::{Beginning, Control, Form, Millis};
use crate::text::line;

/// Flows that `help` lists: with the longest descriptions, they still fit into a message.
const LISTED: usize = 20;

/// What can be done here.
pub(crate) fn help(offers: &Offers) -> String {
    let mut text = String::new();
    if offers.flows.is_empty() {
        text.push_str("There is nothing to talk about yet: no flow is loaded.\n");
    } else {
        text.push_str("I can do this:\n");
        for (name, offer) in offers.flows.iter().take(LISTED) {
            text.push_str(&format!("• `start {name}` – {}: {}\n", offer.title, offer.summary));
        }
        if let Some(more) = offers.flows.len().checked_sub(LISTED).filter(|more| *more > 0) {
            text.push_str(&format!("• and {more} more\n"));
        }
    }
    text.push_str(
        "At any time: `cancel` ends the conversation, `restart` begins it again, `status` says where we are.",
    );
    text
}

/// Nothing fits, and there is no default flow.
pub(crate) fn lost(offers: &Offers) -> String {
    format!("I don't know what to do with that.\n{}", help(offers))
}

/// No flow has this name.
pub(crate) fn unknown_flow(name: &str, offers: &Offers) -> String {
    let name: String = name.chars().filter(|c| !c.is_control() && *c != '`').take(64).collect();
    let meant: Vec<_> = guesses(&name, offers).into_iter().map(|flow| format!("`start {flow}`")).collect();
    let meant = if meant.is_empty() { String::new() } else { format!(" Did you mean {}?", meant.join(" or ")) };
    format!("There is no flow `{name}`.{meant}\n{}", help(offers))
}

/// Asks whether the open conversation is to end, for another if there is one.
pub(crate) fn switch(open: &str, next: Option<&str>) -> String {
    let then = match next {
        None => String::new(),
        Some(next) if next == open => " and begin it again".to_owned(),
        Some(next) => format!(" and start {next}"),
    };
    format!("You are in the middle of {open}. Shall I end it{then}?")
}

/// The conversation is not to end.
pub(crate) const SWITCH_NO: &str = "Good, we go on where we were.";

/// The flow said nothing when it was cancelled.
pub(crate) const CANCELLED: &str = "Cancelled.";

/// The person said nothing for long; so many milliseconds are left.
pub(crate) fn still_open(flow: &str, left: Millis) -> String {
    let left = span(left);
    format!("We are still in the middle of {flow}. If I hear nothing from you, I will end it in {left}.")
}

/// The person said nothing for too long.
pub(crate) fn expired(flow: &str) -> String {
    format!("I have heard nothing from you for long, so {flow} is over. You can begin it again.")
}

/// A span of time in whole days, hours, minutes or seconds, whichever is the largest that fits.
fn span(millis: Millis) -> String {
    let seconds = millis / 1000;
    let units = [("day", 86_400), ("hour", 3_600), ("minute", 60)];
    let (unit, length) = units.into_iter().find(|(_, length)| seconds >= *length).unwrap_or(("second", 1));
    match seconds / length {
        1 => format!("1 {unit}"),
        count => format!("{count} {unit}s"),
    }
}

/// More came to a place than it can hold.
pub(crate) fn full(lost: usize) -> String {
    let lost = if lost == 1 { "1 message".to_owned() } else { format!("{lost} messages") };
    format!(
        "So much of yours is waiting that I could not take more: what you sent last, {lost}, is lost. Wait for my \
         answers, or say `cancel`."
    )
}

/// The operator ended what went on.
pub(crate) const RESET: &str = "What we were at was ended by whoever runs me, and what you sent last may be lost. \
                                You can begin again.";

/// A restart cut the very first turn: which flow it was for is no longer known.
pub(crate) const CUT_SHORT: &str = "Cancelled, before it had begun. Say `start` and its name to begin again.";

/// There is no conversation.
pub(crate) const NOTHING_OPEN: &str = "There is no conversation to end or to restart. Say `help` to see what I can do.";

/// A `cancel` or `restart` that was sent long before the conversation began.
pub(crate) fn late(control: Control) -> String {
    let word = control.word();
    format!("Your `{word}` came late: it is older than what we are at now. Say `{word}` again if you mean this.")
}

/// Somebody else's conversation, with a flow that is for some only.
pub(crate) const NOT_YOURS: &str = "Sorry, not everybody can take part in this conversation.";

/// Somebody else's conversation.
pub(crate) fn theirs(began: &Beginning) -> String {
    let name = line(began.name.trim(), 80);
    let whose = match name.is_empty() || name == began.by {
        true => "This is somebody else's conversation".to_owned(),
        false => format!("This is {name}'s conversation"),
    };
    format!("{whose}, so I take nothing here from you. Begin one of your own elsewhere: `help` says how.")
}

/// A pick of what cannot be picked any more.
pub(crate) const STALE_PICK: &str = "That question is no longer open.";

/// A pick that breaks the choices' rules.
pub(crate) fn bad_pick(least: u32, most: u32) -> String {
    match (least, most) {
        (1, 1) => "Please pick exactly one of the choices.".to_owned(),
        (least, most) if least == most => format!("Please pick exactly {least} of the choices."),
        (least, most) => format!("Please pick {least} to {most} of the choices."),
    }
}

/// What stands below a form that was filled in.
pub(crate) const FILLED: &str = "Submitted";

/// What is filled into a form that cannot be filled in any more.
pub(crate) const STALE_FORM: &str = "That form is no longer open.";

/// What was filled in breaks a form's rules; the first fault is told.
pub(crate) fn bad_form(form: &Form, problems: &[Problem]) -> String {
    let Some((key, words)) = problems.first() else { return "Please fill in the form again.".to_owned() };
    match form.fields.iter().find(|field| field.key == *key) {
        Some(field) => format!("{}: {words}", field.label),
        None => words.clone(),
    }
}

/// What goes on at a place.
pub(crate) fn status(open: Option<&str>, running: bool, waiting: u64) -> String {
    let Some(open) = open else {
        return if running { "I am working on your message." } else { "There is no open conversation." }.to_owned();
    };
    let mut text = format!("We are in the middle of {open}.");
    match (running, waiting) {
        (true, 0) => text.push_str(" I am working on your message."),
        (true, 1) => text.push_str(" I am working on your message, and one more waits."),
        (true, waiting) => text.push_str(&format!(" I am working on your message, and {waiting} more wait.")),
        (false, _) => text.push_str(" I wait for you."),
    }
    text
}

/// A turn was given up.
pub(crate) fn gave_up(open: bool) -> &'static str {
    if open {
        "Sorry, something went wrong with your last message, and somebody will look into it. \
         Our conversation goes on as if you had not sent it; `cancel` ends it."
    } else {
        "Sorry, something went wrong, and somebody will look into it. You can try again later."
    }
}
