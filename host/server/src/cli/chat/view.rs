//! What a person sees in the terminal. Pure, but for [`Style::of_stdout`].

use std::io::IsTerminal as _;

use pesto_engine::model::{Asks, Choice, Choices, Message};
use pesto_engine::text::is_harmful;

use super::filling::Filling;
use super::wrap::wrap;
use crate::markdown;

/// Whether the labels are numbers, or begin with those that they would get.
fn numbers_itself(options: &[Choice]) -> bool {
    let numbers = options.iter().all(|option| option.label.parse::<i64>().is_ok());
    let begins = |(at, option): (usize, &Choice)| option.label.split_whitespace().next() == Some(&(at + 1).to_string());
    numbers || options.iter().enumerate().all(begins)
}

/// Below which lines stand that are no person's, in columns: as wide as [`PROMPT`].
const INDENT: usize = 6;
/// Numbers of choices, and what stands below a choice's label.
const NUMBER: usize = 9;
const LABEL: usize = NUMBER + 2;
/// A terminal that is narrower breaks lines better than we do.
const NARROW: usize = 24;

/// What the terminal can do.
#[derive(Debug, Clone, Copy)]
pub(super) struct Style {
    /// It understands colours.
    pub(super) colour: bool,
    /// Its columns. None where lines stay whole, for something else than a terminal reads them.
    pub(super) width: Option<usize>,
}

impl Style {
    /// As standard output is now: people resize their terminals.
    pub(super) fn of_stdout() -> Self {
        let out = std::io::stdout();
        if !out.is_terminal() {
            return Self { colour: false, width: None };
        }
        let width = rustix::termios::tcgetwinsize(&out).ok().map(|size| usize::from(size.ws_col));
        Self { colour: std::env::var_os("NO_COLOR").is_none(), width: width.filter(|width| *width >= NARROW) }
    }

    /// A message with what it asks for.
    pub(super) fn message(self, message: &Message) -> String {
        let mut text = self.said(&message.text);
        if let Some(asks) = message.asks() {
            text.push_str(&self.asks(&asks));
        }
        text
    }

    /// Numbered choices, or a form's title and its first field.
    pub(super) fn asks(self, asks: &Asks) -> String {
        match asks {
            Asks::Choices(choices) => self.choices(choices),
            Asks::Form(form) => {
                // The message asks for a day already, and its words are the flow's to know.
                if let Some(field) = form.day() {
                    return field.hint.as_ref().map(|hint| self.aside(hint)).unwrap_or_default();
                }
                let title = format!("{} (`back` goes a field back, `cancel` ends the conversation)", form.title);
                self.aside(&title) + &self.field(&Filling::new(form.clone()))
            }
        }
    }

    /// The field that is asked for now.
    pub(super) fn field(self, filling: &Filling) -> String {
        let Some(field) = filling.field() else { return String::new() };
        let mut text = self.below(&self.paint("1", &clean(&filling.label())));
        if let Some(hint) = &field.hint {
            text.push_str(&self.aside(hint));
        }
        if let Some(choices) = filling.choices() {
            text.push_str(&self.choices(&choices));
        }
        text
    }

    /// What the bot said.
    pub(super) fn said(self, text: &str) -> String {
        let mut lines = String::new();
        for (at, line) in markdown::to_text(text).lines().enumerate() {
            let head = if at == 0 { self.paint("1;32", "pesto ") } else { " ".repeat(INDENT) };
            lines.push_str(&self.fit(format!("{head}{}", self.marked(line)).trim_end(), INDENT));
        }
        lines
    }

    /// The choices of a message. Numbers that name themselves need no other.
    pub(super) fn choices(self, choices: &Choices) -> String {
        if numbers_itself(&choices.options) {
            let labels: Vec<_> = choices.options.iter().map(|option| clean(&option.label)).collect();
            return self.below(&self.paint("36", &labels.join("  ")));
        }
        let mut lines = String::new();
        for (at, option) in choices.options.iter().enumerate() {
            let number = self.paint("36", &format!("{:>NUMBER$}", at + 1));
            lines.push_str(&self.fit(&format!("{number}  {}", clean(&option.label)), LABEL));
        }
        if choices.most > 1 {
            lines.push_str(&self.aside("several: numbers divided by commas"));
        }
        lines
    }

    /// A remark of the terminal itself.
    pub(super) fn aside(self, text: &str) -> String {
        self.below(&self.paint("2", &clean(text)))
    }

    /// What the person typed, where the terminal does not show it by itself.
    pub(super) fn typed(self, text: &str) -> String {
        self.fit(&format!("{}{}", self.paint("1;34", PROMPT), clean(text)), INDENT)
    }

    /// A line below a person's.
    fn below(self, line: &str) -> String {
        self.fit(&format!("{}{line}", " ".repeat(INDENT)), INDENT)
    }

    /// A line as the terminal has room for it, with its end.
    fn fit(self, line: &str, indent: usize) -> String {
        self.width.map_or_else(|| line.to_owned(), |width| wrap(line, width, indent)) + "\n"
    }

    fn paint(self, code: &str, text: &str) -> String {
        if self.colour { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }

    /// `*bold*` and `_italic_`, where there are colours.
    fn marked(self, line: &str) -> String {
        let line = clean(line);
        if !self.colour {
            return line;
        }
        let bold = pairs(&line, '*', "\u{1b}[1m", "\u{1b}[22m");
        pairs(&bold, '_', "\u{1b}[3m", "\u{1b}[23m")
    }
}

/// Before what the person types.
pub(super) const PROMPT: &str = "you   ";

/// Without what could command the terminal: messages hold text from people and models.
fn clean(text: &str) -> String {
    text.chars().filter(|c| !is_harmful(*c) || *c == '\t').collect()
}

/// Replaces pairs of a mark around words; a mark inside a word is none.
fn pairs(line: &str, mark: char, open: &str, close: &str) -> String {
    let mut result = String::new();
    let mut rest = line;
    while let Some((before, after)) = rest.split_once(mark) {
        let starts = before.chars().next_back().is_none_or(|c| !c.is_alphanumeric());
        let inner = after.split_once(mark).filter(|(inner, tail)| {
            let words = !inner.is_empty() && inner.trim() == *inner;
            words && tail.chars().next().is_none_or(|c| !c.is_alphanumeric())
        });
        match inner {
            Some((inner, tail)) if starts => {
                result.push_str(&format!("{before}{open}{inner}{close}"));
                rest = tail;
            }
            _ => {
                result.push_str(before);
                result.push(mark);
                rest = after;
            }
        }
    }
    result + rest
}

#[cfg(test)]
mod tests {
    use super::super::asked::tests::choices;
    use super::*;

    const PLAIN: Style = Style { colour: false, width: None };

    #[test]
    fn labels_with_numbers_get_no_other() {
        let shown = |labels: &[&str]| PLAIN.choices(&choices(labels, 1, 1));
        assert_eq!(shown(&["1 (low)", "2", "3 (high)"]), "      1 (low)  2  3 (high)\n");
        assert_eq!(shown(&["0", "1"]), "      0  1\n");
        assert_eq!(shown(&["2 days", "1 day"]), "        1  2 days\n        2  1 day\n");
    }

    #[test]
    fn messages_cannot_command_the_terminal() {
        let style = Style { colour: true, width: None };
        assert!(!style.said("a\u{1b}]0;owned\u{7}b").contains("\u{1b}]"));
    }

    #[test]
    fn long_lines_break_at_words_below_their_beginning() {
        let narrow = Style { colour: false, width: Some(30) };
        assert_eq!(
            narrow.said("What should be on your desk?\n\n(one to four)"),
            "pesto What should be on your\n      desk?\n\n      (one to four)\n"
        );
        let shown = narrow.choices(&choices(&["In the office, or near it", "Away"], 1, 1));
        assert_eq!(shown, "        1  In the office, or\n           near it\n        2  Away\n");
        assert_eq!(narrow.aside("The host is away for a while."), "      The host is away for a\n      while.\n");
        assert_eq!(PLAIN.said(&"long ".repeat(60)).lines().count(), 1);
    }

    #[test]
    fn marks_are_for_words() {
        assert_eq!(pairs("a *b c* d", '*', "<", ">"), "a <b c> d");
        assert_eq!(pairs("2*3*4 and snake*", '*', "<", ">"), "2*3*4 and snake*");
    }
}
