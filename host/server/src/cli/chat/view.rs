//! What a person sees in the terminal, and what their line means. Pure.

use pesto_engine::model::{Asks, Choice, Choices, Control, EffectId, Message, Values};
use pesto_engine::text::is_harmful;

use super::filling::{Filled, Filling};

/// What a line of the person is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Line {
    /// Nothing.
    Empty,
    /// Text.
    Say(String),
    /// A choice of the message that is asked about now.
    Pick(EffectId, Vec<String>),
    /// An entry in the form that is being filled in; this is to be shown.
    Ask(String),
    /// All that the form of a message asks for.
    Fill(EffectId, Values),
}

/// What can be picked or filled in now.
#[derive(Debug, Default)]
pub(super) struct Asked(Option<Question>);

#[derive(Debug)]
enum Question {
    Choices(EffectId, Choices),
    Form(EffectId, Filling),
}

impl Asked {
    /// A message was shown that asks for this: it is what lines answer now.
    pub(super) fn shown(&mut self, message: EffectId, asks: Asks) {
        self.0 = Some(match asks {
            Asks::Choices(choices) => Question::Choices(message, choices),
            Asks::Form(form) => Question::Form(message, Filling::new(form)),
        });
    }

    /// What a line means: numbers of choices divided by commas or blanks, or their words; an entry in a form; else it
    /// is text. What is picked or filled in can be once. The host's control words are never entries.
    pub(super) fn read(&mut self, line: &str, style: Style) -> Line {
        let line = line.trim();
        if line.is_empty() {
            return Line::Empty;
        }
        let answer = match &mut self.0 {
            Some(Question::Choices(message, choices)) => {
                picks(line, choices).map(|values| Line::Pick(message.clone(), values))
            }
            Some(Question::Form(message, filling)) if Control::parse(line).is_none() => match filling.enter(line) {
                Filled::Whole(values) => Some(Line::Fill(message.clone(), values)),
                Filled::Again(words) => return Line::Ask(style.aside(&words) + &style.field(filling)),
                Filled::Next => return Line::Ask(style.field(filling)),
            },
            _ => None,
        };
        if let Some(answer) = answer {
            self.0 = None;
            return answer;
        }
        // The host answers these beside the question, which stays open.
        if !matches!(Control::parse(line), Some(Control::Help | Control::Status)) {
            self.0 = None;
        }
        Line::Say(line.to_owned())
    }
}

pub(super) fn picks(line: &str, choices: &Choices) -> Option<Vec<String>> {
    let one = |word: &str| pick(word.trim(), choices);
    if let Some(value) = one(line) {
        return (choices.least <= 1).then(|| vec![value]);
    }
    let values: Vec<String> = line.split(',').map(one).collect::<Option<_>>()?;
    let count = u32::try_from(values.len()).ok()?;
    (choices.least..=choices.most).contains(&count).then_some(values)
}

/// Words come before numbers, for an option may be called `5` and be the sixth.
fn pick(word: &str, choices: &Choices) -> Option<String> {
    let options = &choices.options;
    let named =
        options.iter().find(|option| option.label.to_lowercase() == word.to_lowercase() || option.value == word);
    let counted = || options.get(word.parse::<usize>().ok()?.checked_sub(1)?);
    named.or_else(counted).map(|option| option.value.clone())
}

/// Whether the labels are numbers, or begin with those that they would get.
fn numbers_itself(options: &[Choice]) -> bool {
    let numbers = options.iter().all(|option| option.label.parse::<i64>().is_ok());
    let begins = |(at, option): (usize, &Choice)| option.label.split_whitespace().next() == Some(&(at + 1).to_string());
    numbers || options.iter().enumerate().all(begins)
}

/// Whether and how to use colours.
#[derive(Debug, Clone, Copy)]
pub(super) struct Style {
    /// The terminal understands colours.
    pub(super) colour: bool,
}

impl Style {
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
                let title = format!("{} (`back` goes a field back, `cancel` ends the conversation)", form.title);
                self.aside(&title) + &self.field(&Filling::new(form.clone()))
            }
        }
    }

    /// The field that is asked for now.
    pub(super) fn field(self, filling: &Filling) -> String {
        let Some(field) = filling.field() else { return String::new() };
        let mut text = format!("      {}\n", self.paint("1", &clean(&filling.label())));
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
        for (at, line) in text.lines().enumerate() {
            let head = if at == 0 { self.paint("1;32", "pesto ") } else { "      ".to_owned() };
            lines.push_str(format!("{head}{}", self.marked(line)).trim_end());
            lines.push('\n');
        }
        lines
    }

    /// The choices of a message. Numbers that name themselves need no other.
    pub(super) fn choices(self, choices: &Choices) -> String {
        if numbers_itself(&choices.options) {
            let labels: Vec<_> = choices.options.iter().map(|option| clean(&option.label)).collect();
            return format!("      {}\n", self.paint("36", &labels.join("  ")));
        }
        let mut lines = String::new();
        for (at, option) in choices.options.iter().enumerate() {
            let number = self.paint("36", &format!("{:>9}", at + 1));
            lines.push_str(&format!("{number}  {}\n", clean(&option.label)));
        }
        if choices.most > 1 {
            lines.push_str(&self.aside("several: numbers divided by commas"));
        }
        lines
    }

    /// A remark of the terminal itself.
    pub(super) fn aside(self, text: &str) -> String {
        format!("      {}\n", self.paint("2", &clean(text)))
    }

    /// What the person typed, where the terminal does not show it by itself.
    pub(super) fn typed(self, text: &str) -> String {
        format!("{}{}\n", self.paint("1;34", PROMPT), clean(text))
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
    use super::*;

    fn choices(labels: &[&str], least: u32, most: u32) -> Choices {
        let option = |label: &&str| Choice { value: format!("v-{label}"), label: (*label).to_owned() };
        Choices { options: labels.iter().map(option).collect(), least, most }
    }

    const PLAIN: Style = Style { colour: false };

    fn read(line: &str, labels: &[&str], most: u32) -> Line {
        let mut asked = Asked::default();
        asked.shown(EffectId::stored("m".into()), Asks::Choices(choices(labels, 1, most)));
        asked.read(line, PLAIN)
    }

    fn pick(values: &[&str]) -> Line {
        Line::Pick(EffectId::stored("m".into()), values.iter().map(|value| (*value).to_owned()).collect())
    }

    #[test]
    fn numbers_and_words_pick() {
        assert_eq!(read("2", &["Red", "Blue"], 1), pick(&["v-Blue"]));
        assert_eq!(read(" blue ", &["Red", "Blue"], 1), pick(&["v-Blue"]));
        assert_eq!(read("1, blue", &["Red", "Blue"], 2), pick(&["v-Red", "v-Blue"]));
    }

    #[test]
    fn an_option_called_by_a_number_is_not_counted() {
        assert_eq!(read("1", &["0", "1", "2"], 1), pick(&["v-1"]));
    }

    #[test]
    fn labels_with_numbers_get_no_other() {
        let shown = |labels: &[&str]| Style { colour: false }.choices(&choices(labels, 1, 1));
        assert_eq!(shown(&["1 (low)", "2", "3 (high)"]), "      1 (low)  2  3 (high)\n");
        assert_eq!(shown(&["0", "1"]), "      0  1\n");
        assert_eq!(shown(&["2 days", "1 day"]), "        1  2 days\n        2  1 day\n");
        assert_eq!(read("3", &["1 (low)", "2", "3 (high)"], 1), pick(&["v-3 (high)"]));
    }

    #[test]
    fn what_picks_nothing_is_said() {
        assert_eq!(read("3", &["Red", "Blue"], 1), Line::Say("3".into()));
        assert_eq!(read("1,2", &["Red", "Blue"], 1), Line::Say("1,2".into()));
        assert_eq!(read("0", &["Red"], 1), Line::Say("0".into()));
        assert_eq!(read("  ", &["Red"], 1), Line::Empty);
    }

    #[test]
    fn a_choice_is_picked_once() {
        let mut asked = Asked::default();
        asked.shown(EffectId::stored("m".into()), Asks::Choices(choices(&["Red"], 1, 1)));
        assert!(matches!(asked.read("1", PLAIN), Line::Pick(..)));
        assert_eq!(asked.read("1", PLAIN), Line::Say("1".into()));
    }

    #[test]
    fn asking_for_help_leaves_the_question_open() {
        let mut asked = Asked::default();
        asked.shown(EffectId::stored("m".into()), Asks::Choices(choices(&["Red", "Blue"], 1, 1)));
        assert_eq!(asked.read("help", PLAIN), Line::Say("help".into()));
        assert_eq!(asked.read("2", PLAIN), pick(&["v-Blue"]));
        assert_eq!(asked.read("status", PLAIN), Line::Say("status".into()));
        assert_eq!(asked.read("2", PLAIN), Line::Say("2".into()));
    }

    #[test]
    fn messages_cannot_command_the_terminal() {
        let style = Style { colour: true };
        assert!(!style.said("a\u{1b}]0;owned\u{7}b").contains("\u{1b}]"));
    }

    #[test]
    fn marks_are_for_words() {
        assert_eq!(pairs("a *b c* d", '*', "<", ">"), "a <b c> d");
        assert_eq!(pairs("2*3*4 and snake*", '*', "<", ">"), "2*3*4 and snake*");
    }
}
