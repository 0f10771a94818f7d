//! What the flows and the host say, as far as people and the checker must tell one thing from another. These are the
//! words that people read, written down once more: nothing here comes from the sources.

use crate::model::{SAID, SEPARATOR};

/// What a post of the bot is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    /// The answer to the last of these words, with those before it that the model was told.
    Told(Vec<String>),
    /// `ask` could not answer.
    Sorry,
    /// `ask` begins without a question.
    Greeting,
    /// A conversation was ended, or there was none to end.
    Ended,
    /// Where the conversation stands, this is the question of the survey that is asked now; and whether it is the first.
    Question(&'static str, bool),
    /// The survey's last words, for this name.
    Closing(String),
    /// The form is offered.
    Form,
    /// The form is taken.
    Thanks,
    /// A click came too late.
    Stale,
    /// A control word came too late, and did nothing.
    Late,
    /// The host gave up.
    Failed,
    /// Anything else.
    Odd,
}

/// Key and words of each question of the survey.
const QUESTIONS: [(&str, &str); 15] = [
    ("name", "What should we call you?"),
    ("role", "What will you work on?"),
    ("languages", "Which languages do you write?"),
    ("portfolio", "Where can we see your work?"),
    ("region", "Which region will you look after?"),
    ("job", "What is your job called?"),
    ("workplace", "Where will you work?"),
    ("address", "Where should we send your equipment?"),
    ("office-days", "How many days a week will you be in the office?"),
    ("parking", "Do you need a parking space?"),
    ("start", "When is your first day?"),
    ("tools", "What should be on your desk?"),
    ("confidence", "How well prepared do you feel?"),
    ("diet", "Is there anything that our kitchen should know?"),
    ("review", "Shall I submit them?"),
];

/// What ends a conversation with each flow, and what the host says where there is none to end.
const ENDED: [&str; 5] = [
    "All right, we stop here. Nothing was recorded.",
    "All right. Nothing was recorded.",
    "Cancelled.",
    "Cancelled, before it had begun.",
    "There is no conversation here to end",
];

/// Reads a post.
pub fn read(text: &str) -> Heard {
    let begins = |words: &str| text.starts_with(words);
    if let Some(told) = text.strip_prefix(SAID) {
        return Heard::Told(told.split(SEPARATOR).map(str::to_owned).collect());
    }
    if let Some(name) = text.strip_prefix("Thank you, ").and_then(|rest| rest.split_once('.')) {
        return Heard::Closing(name.0.to_owned());
    }
    // A question may stand below what became of the answer before; the last one is asked.
    let asked = QUESTIONS.iter().filter_map(|(key, words)| Some((text.rfind(words)?, *key))).max();
    if let Some((_, key)) = asked {
        return Heard::Question(key, begins("Welcome"));
    }
    match () {
        () if begins("I could not answer: ") => Heard::Sorry,
        () if begins("What would you like to know?") => Heard::Greeting,
        () if begins("Please tell us how it was") || begins("Please fill in the form") => Heard::Form,
        () if begins("Thank you!") => Heard::Thanks,
        () if begins("That question is no longer open") || begins("That form is no longer open") => Heard::Stale,
        () if begins("Your `") && text.contains("came late") => Heard::Late,
        () if begins("Sorry, something went wrong") => Heard::Failed,
        () if ENDED.iter().any(|words| begins(words)) => Heard::Ended,
        () => Heard::Odd,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_is_told_apart() {
        assert_eq!(read("You said: a / b"), Heard::Told(vec!["a".to_owned(), "b".to_owned()]));
        let asked = "That is Monday.\n\nWhat should be on your desk?\n(1 to 4)";
        assert_eq!(read(asked), Heard::Question("tools", false));
        let first = "Welcome, Ann! About ten short questions.\nWhat should we call you?";
        assert_eq!(read(first), Heard::Question("name", true));
        assert_eq!(read("Thank you, Name 7. Your desk is waiting."), Heard::Closing("Name 7".to_owned()));
        assert_eq!(read("Thank you! We will come back to you."), Heard::Thanks);
        assert_eq!(read("All right. Nothing was recorded."), Heard::Ended);
        assert_eq!(read("Your `cancel` came late: it is older"), Heard::Late);
        assert_eq!(read("Something else"), Heard::Odd);
    }
}
