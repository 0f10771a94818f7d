//! The host's own words to people, by their language: `en` and `de` say them. A further language is one more file
//! that says all of [`Words`], and a line in `ALL`; the control words that people write are the same in all.
//!
//! Names come from components that an operator put into the flows folder, or were typed by the person who reads them.

mod de;
mod en;

use std::fmt::Debug;

use crate::flow::Offers;
use crate::form::{Problem, Wrong};
use crate::meant::guesses;
use crate::model::{Beginning, Control, Conversation, Form, Millis};
use crate::text::line;

/// Flows that `help` lists: with the longest descriptions, they still fit into a message.
const LISTED: usize = 20;

/// The languages.
const ALL: [&dyn Words; 2] = [DEFAULT, &de::German];

/// Spoken where a person's language is not among them, or not known.
pub const DEFAULT: &dyn Words = &en::English;

/// In the language of a locale such as `de-AT`; that may be anything.
pub fn of(locale: &str) -> &'static dyn Words {
    let language = locale.split(['-', '_']).next().unwrap_or_default();
    ALL.into_iter().find(|words| words.tag().eq_ignore_ascii_case(language)).unwrap_or(DEFAULT)
}

/// In all languages.
pub fn all() -> impl Iterator<Item = &'static dyn Words> {
    ALL.into_iter()
}

/// A span of time in the largest unit that fits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Span {
    /// Whole days.
    Days(u64),
    /// Whole hours.
    Hours(u64),
    /// Whole minutes.
    Minutes(u64),
    /// Whole seconds.
    Seconds(u64),
}

/// What is to follow a conversation that ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Then<'a> {
    /// Nothing.
    Nothing,
    /// The same from its beginning.
    Again,
    /// The flow of this title.
    Start(&'a str),
}

impl Span {
    fn of(millis: Millis) -> Self {
        match millis / 1000 {
            seconds if seconds >= 86_400 => Self::Days(seconds / 86_400),
            seconds if seconds >= 3_600 => Self::Hours(seconds / 3_600),
            seconds if seconds >= 60 => Self::Minutes(seconds / 60),
            seconds => Self::Seconds(seconds),
        }
    }
}

/// All that the host says by itself.
pub trait Words: Debug + Sync {
    /// The language's tag (BCP 47), such as `en`.
    fn tag(&self) -> &'static str;

    /// A button, and what may be typed for it.
    fn yes(&self) -> &'static str;
    /// A button, and what may be typed for it.
    fn no(&self) -> &'static str;

    /// Nothing is on offer.
    fn nothing_on_offer(&self) -> &'static str;
    /// Before the list of what is on offer.
    fn on_offer(&self) -> &'static str;
    /// So many more are on offer than are listed.
    fn more_on_offer(&self, count: usize) -> String;
    /// More is made ready.
    fn more_soon(&self) -> &'static str;
    /// The flow of this name is made ready.
    fn soon(&self, name: &str) -> String;
    /// The control words.
    fn controls(&self) -> &'static str;
    /// Nothing fits, and there is no default flow.
    fn lost(&self) -> &'static str;
    /// No flow has this name; these may be meant.
    fn no_such_flow(&self, name: &str, meant: &[String]) -> String;

    /// The flow of this name is for others only.
    fn not_for_you(&self, name: &str) -> String;

    /// Asks whether the open conversation is to end.
    fn switch(&self, open: &str, then: Then<'_>) -> String;
    /// The conversation is not to end.
    fn switch_no(&self) -> &'static str;
    /// The flow said nothing when it was cancelled.
    fn cancelled(&self) -> &'static str;
    /// A restart cut the very first turn: which flow it was for is no longer known.
    fn cut_short(&self) -> &'static str;
    /// There is no conversation to end or to restart.
    fn nothing_open(&self) -> &'static str;
    /// `start`, and nothing behind it.
    fn start_what(&self) -> &'static str;
    /// A `cancel` or `restart` that was sent long before the conversation began.
    fn late(&self, control: Control) -> String;
    /// The operator ended what went on.
    fn reset(&self) -> &'static str;
    /// The person said nothing for long; so much time is left.
    fn still_open(&self, flow: &str, left: Span) -> String;
    /// The person said nothing for too long.
    fn expired(&self, flow: &str) -> String;
    /// A message is not taken, for it has so many bytes.
    fn too_long(&self, got: usize, most: usize) -> String;
    /// What goes on at a place: whether a turn runs, and how many events wait behind it.
    fn status(&self, open: Option<&str>, running: bool, waiting: u64) -> String;

    /// More came to a place than it can hold: so many are lost.
    fn full(&self, lost: usize) -> String;
    /// A turn was given up.
    fn gave_up(&self, open: bool) -> &'static str;
    /// Somebody else's conversation, with a flow that is for some only.
    fn not_yours(&self) -> &'static str;
    /// Somebody else's conversation: theirs, if their name is known.
    fn theirs(&self, name: Option<&str>) -> String;

    /// An edit that changes nothing.
    fn edited(&self) -> &'static str;
    /// A pick of what cannot be picked any more.
    fn stale_pick(&self) -> &'static str;
    /// A pick that breaks the choices' rules.
    fn bad_pick(&self, least: u32, most: u32) -> String;
    /// What stands below a form that was filled in.
    fn filled(&self) -> &'static str;
    /// What is filled into a form that cannot be filled in any more.
    fn stale_form(&self) -> &'static str;
    /// What was filled in breaks a form's rules, and nobody knows which.
    fn bad_form(&self) -> &'static str;
    /// What is wrong with a field.
    fn wrong(&self, wrong: &Wrong) -> String;
}

/// A line of its own, if there is something.
fn quoted(asked: &str) -> String {
    if asked.is_empty() { String::new() } else { format!("\n> {asked}") }
}

impl dyn Words + '_ {
    /// What can be done here.
    pub(crate) fn help(&self, offers: &Offers) -> String {
        let mut text = String::new();
        if offers.flows.is_empty() && offers.awaited.is_empty() {
            text.push_str(&format!("{}\n", self.nothing_on_offer()));
        } else if !offers.flows.is_empty() {
            text.push_str(&format!("{}\n", self.on_offer()));
            for (name, offer) in offers.flows.iter().take(LISTED) {
                text.push_str(&format!("• `start {name}` – {}: {}\n", offer.title, offer.summary));
            }
            if let Some(more) = offers.flows.len().checked_sub(LISTED).filter(|more| *more > 0) {
                text.push_str(&format!("• {}\n", self.more_on_offer(more)));
            }
        }
        if !offers.awaited.is_empty() {
            text.push_str(&format!("{}\n", self.more_soon()));
        }
        text.push_str(self.controls());
        text
    }

    /// Nothing fits, and there is no default flow.
    pub(crate) fn help_lost(&self, offers: &Offers) -> String {
        match offers.default.as_ref().filter(|flow| offers.awaited.contains(flow)) {
            Some(flow) => self.soon(flow.as_str()),
            None => format!("{}\n{}", self.lost(), self.help(offers)),
        }
    }

    /// `start`, and nothing behind it.
    pub(crate) fn help_start(&self, offers: &Offers) -> String {
        format!("{}\n{}", self.start_what(), self.help(offers))
    }

    /// No flow has this name.
    pub(crate) fn unknown_flow(&self, name: &str, offers: &Offers) -> String {
        let name: String = name.chars().filter(|c| !c.is_control() && *c != '`').take(64).collect();
        match name.to_lowercase().parse() {
            Ok(flow) if offers.awaited.contains(&flow) => return self.soon(&name),
            Ok(flow) if offers.barred.contains(&flow) => return self.not_for_you(&name),
            _ => {}
        }
        let meant: Vec<_> = guesses(&name, offers).into_iter().map(|flow| format!("`start {flow}`")).collect();
        format!("{}\n{}", self.no_such_flow(&name, &meant), self.help(offers))
    }

    /// The conversation is not to end.
    pub(crate) fn go_on(&self, open: &Conversation) -> String {
        format!("{}{}", self.switch_no(), quoted(&open.asked))
    }

    /// What goes on at a place, and what the person is to answer.
    pub(crate) fn where_we_are(&self, open: Option<&Conversation>, running: bool, waiting: u64) -> String {
        let status = self.status(open.map(Conversation::title), running, waiting);
        match open.filter(|_| !running) {
            Some(open) => status + &quoted(&open.asked),
            None => status,
        }
    }

    /// Somebody else's conversation.
    pub(crate) fn somebody_elses(&self, began: &Beginning) -> String {
        let name = line(began.name.trim(), 80);
        self.theirs(Some(name.as_str()).filter(|name| !name.is_empty() && *name != began.by))
    }

    /// The person said nothing for long; so much time is left.
    pub(crate) fn remind(&self, flow: &str, left: Millis) -> String {
        self.still_open(flow, Span::of(left))
    }

    /// What was filled in breaks a form's rules; the first fault is told.
    pub(crate) fn bad_fields(&self, form: &Form, problems: &[Problem]) -> String {
        let Some((key, wrong)) = problems.first() else { return self.bad_form().to_owned() };
        let words = self.wrong(wrong);
        match form.fields.iter().find(|field| field.key == *key) {
            Some(field) => format!("{}: {words}", field.label),
            None => words,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_locale_finds_its_language_or_the_default() {
        for (locale, tag) in
            [("de-DE", "de"), ("DE_at", "de"), ("en-GB", "en"), ("it-IT", "en"), ("", "en"), ("-", "en")]
        {
            assert_eq!(of(locale).tag(), tag, "{locale}");
        }
    }

    #[test]
    fn what_a_button_says_can_be_typed() {
        for words in ALL {
            assert_eq!(pesto_reading::yes_no(words.yes()), Some(true), "{}", words.tag());
            assert_eq!(pesto_reading::yes_no(words.no()), Some(false), "{}", words.tag());
        }
    }

    #[test]
    fn all_control_words_are_told_in_every_language() {
        for words in ALL {
            for control in [Control::Cancel, Control::Restart, Control::Status] {
                assert!(words.controls().contains(&format!("`{}`", control.word())), "{}: {control:?}", words.tag());
            }
        }
    }

    #[test]
    fn a_span_is_told_in_its_largest_unit() {
        let told = |seconds: u64| (DEFAULT.remind("x", seconds * 1000), of("de").remind("x", seconds * 1000));
        for (seconds, english, german) in [
            (2 * 86_400 + 5, "2 days", "2 Tagen"),
            (86_400, "1 day", "1 Tag"),
            (3_600, "1 hour", "1 Stunde"),
            (150, "2 minutes", "2 Minuten"),
            (1, "1 second", "1 Sekunde"),
        ] {
            let (in_english, in_german) = told(seconds);
            assert!(in_english.ends_with(&format!("in {english}.")), "{in_english}");
            assert!(in_german.contains(&format!("in {german}")), "{in_german}");
        }
    }
}
