//! English.

use super::{Span, Then, Words};
use crate::form::{Range, Wrong};
use crate::model::Control;

#[derive(Debug)]
pub(super) struct English;

fn count(count: u64, one: &str) -> String {
    match count {
        1 => format!("1 {one}"),
        count => format!("{count} {one}s"),
    }
}

impl Words for English {
    fn tag(&self) -> &'static str {
        "en"
    }

    fn yes(&self) -> &'static str {
        "Yes"
    }

    fn no(&self) -> &'static str {
        "No"
    }

    fn nothing_on_offer(&self) -> &'static str {
        "There is nothing to talk about yet: no flow is loaded."
    }

    fn on_offer(&self) -> &'static str {
        "I can do this:"
    }

    fn more_on_offer(&self, count: usize) -> String {
        format!("and {count} more")
    }

    fn more_soon(&self) -> &'static str {
        "More is being made ready. Please try again in a minute."
    }

    fn soon(&self, name: &str) -> String {
        format!("`{name}` is being made ready. Please try again in a minute.")
    }

    fn controls(&self) -> &'static str {
        "At any time: `cancel` ends the conversation, `restart` begins it again, `status` says where we are."
    }

    fn lost(&self) -> &'static str {
        "I don't know what to do with that."
    }

    fn no_such_flow(&self, name: &str, meant: &[String]) -> String {
        let meant = if meant.is_empty() { String::new() } else { format!(" Did you mean {}?", meant.join(" or ")) };
        format!("There is no flow `{name}`.{meant}")
    }

    fn not_for_you(&self, name: &str) -> String {
        format!("`{name}` is not open to you here.")
    }

    fn switch(&self, open: &str, then: Then<'_>) -> String {
        let then = match then {
            Then::Nothing => String::new(),
            Then::Again => " and begin it again".to_owned(),
            Then::Start(next) => format!(" and start {next}"),
        };
        format!("You are in the middle of {open}. Shall I end it{then}?")
    }

    fn switch_no(&self) -> &'static str {
        "Good, we go on where we were."
    }

    fn cancelled(&self) -> &'static str {
        "Cancelled."
    }

    fn cut_short(&self) -> &'static str {
        "Cancelled, before it had begun. Say `start` and its name to begin again."
    }

    fn nothing_open(&self) -> &'static str {
        "There is no conversation here to end or to restart. In a thread, say it there; `help` shows what I can do."
    }

    fn start_what(&self) -> &'static str {
        "Say which one: `start` and its name."
    }

    fn late(&self, control: Control) -> String {
        let word = control.word();
        format!("Your `{word}` came late: it is older than what we are at now. Say `{word}` again if you mean this.")
    }

    fn reset(&self) -> &'static str {
        "What we were at was ended by whoever runs me, and what you sent last may be lost. You can begin again."
    }

    fn still_open(&self, flow: &str, left: Span) -> String {
        let left = match left {
            Span::Days(days) => count(days, "day"),
            Span::Hours(hours) => count(hours, "hour"),
            Span::Minutes(minutes) => count(minutes, "minute"),
            Span::Seconds(seconds) => count(seconds, "second"),
        };
        format!("We are still in the middle of {flow}. If I hear nothing from you, I will end it in {left}.")
    }

    fn expired(&self, flow: &str) -> String {
        format!("I have heard nothing from you for a long time, so {flow} is over. You can begin it again.")
    }

    fn status(&self, open: Option<&str>, running: bool, waiting: u64) -> String {
        let Some(open) = open else {
            return if running { "I am working on your message." } else { "There is no open conversation." }.to_owned();
        };
        let then = match (running, waiting) {
            (true, 0) => "I am working on your message.".to_owned(),
            (true, 1) => "I am working on your message, and one more waits.".to_owned(),
            (true, waiting) => format!("I am working on your message, and {waiting} more wait."),
            (false, _) => "I wait for you.".to_owned(),
        };
        format!("We are in the middle of {open}. {then}")
    }

    fn too_long(&self, got: usize, most: usize) -> String {
        format!("Your message is too long: it has some {got} characters, and I can take {most}.")
    }

    fn full(&self, lost: usize) -> String {
        let lost = count(lost as u64, "message");
        format!(
            "So much of yours is waiting that I could not take more: what you sent last, {lost}, is lost. Wait for my \
             answers, or say `cancel`."
        )
    }

    fn gave_up(&self, open: bool) -> &'static str {
        if open {
            "Sorry, something went wrong with your last message, and somebody will look into it. \
             Our conversation goes on as if you had not sent it; `cancel` ends it."
        } else {
            "Sorry, something went wrong, and somebody will look into it. You can try again later."
        }
    }

    fn not_yours(&self) -> &'static str {
        "Sorry, not everybody can take part in this conversation."
    }

    fn theirs(&self, name: Option<&str>) -> String {
        let whose = name.map_or_else(
            || "This is somebody else's conversation".to_owned(),
            |name| format!("This is {name}'s conversation"),
        );
        format!("{whose}, so I take nothing here from you. Write to me directly, or mention me outside of this thread.")
    }

    fn edited(&self) -> &'static str {
        "That edit came too late for me, so what you wrote first counts. Write it anew; in a survey, `back` leads to the \
         question before."
    }

    fn stale_pick(&self) -> &'static str {
        "That question is no longer open."
    }

    fn bad_pick(&self, least: u32, most: u32) -> String {
        match (least, most) {
            (1, 1) => "Please pick exactly one of the choices.".to_owned(),
            (least, most) if least == most => format!("Please pick exactly {least} of the choices."),
            (least, most) => format!("Please pick {least} to {most} of the choices."),
        }
    }

    fn filled(&self) -> &'static str {
        "Submitted"
    }

    fn stale_form(&self) -> &'static str {
        "That form is no longer open."
    }

    fn bad_form(&self) -> &'static str {
        "Please fill in the form again."
    }

    fn wrong(&self, wrong: &Wrong) -> String {
        let characters = |number: u32| count(number.into(), "character");
        match wrong {
            Wrong::NoSuchField => "The form has no such field.".to_owned(),
            Wrong::TooLongTogether => "All your answers together are too long. Please shorten this one.".to_owned(),
            Wrong::SeveralAnswers => "Please give one answer.".to_owned(),
            Wrong::NothingPicked => "Please pick one.".to_owned(),
            Wrong::Empty => "Please fill this in.".to_owned(),
            Wrong::TooShort { least } => format!("Please write at least {}.", characters(*least)),
            Wrong::TooLong { most, got } => {
                format!("Please write at most {}: these are {got}.", characters(*most))
            }
            Wrong::NotAmong => "That is not among the choices.".to_owned(),
            Wrong::Count { least, most } if least == most => format!("Please pick {least}."),
            Wrong::Count { least, most } => format!("Please pick {least} to {most}."),
            Wrong::Twice => "Please pick each only once.".to_owned(),
            Wrong::NoNumber => "Please write a number, such as 42 or -1.5.".to_owned(),
            Wrong::NotWhole => "Please write a whole number.".to_owned(),
            Wrong::NoDate => "Please write a date such as 2026-03-31.".to_owned(),
            Wrong::Number(Range::Between(least, most)) => format!("Please write a number from {least} to {most}."),
            Wrong::Number(Range::From(least)) => format!("Please write a number from {least} on."),
            Wrong::Number(Range::UpTo(most)) => format!("Please write a number up to {most}."),
            Wrong::Date(Range::Between(least, most)) => format!("Please choose a date from {least} to {most}."),
            Wrong::Date(Range::From(least)) => format!("Please choose a date from {least} on."),
            Wrong::Date(Range::UpTo(most)) => format!("Please choose a date up to {most}."),
        }
    }
}
