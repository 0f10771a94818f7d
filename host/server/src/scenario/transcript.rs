//! What was said in a scenario, for people to read.

use std::fmt;

use pesto_engine::model::Message;

/// A conversation as it was.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Transcript(Vec<Entry>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Entry {
    Person(String),
    Bot(Message),
}

impl Transcript {
    pub(super) fn person(&mut self, what: impl Into<String>) {
        self.0.push(Entry::Person(what.into()));
    }

    pub(super) fn bot(&mut self, message: Message) {
        self.0.push(Entry::Bot(message));
    }
}

impl fmt::Display for Transcript {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for entry in &self.0 {
            let (who, text) = match entry {
                Entry::Person(text) => ("you", text),
                Entry::Bot(message) => ("bot", &message.text),
            };
            for (at, line) in text.lines().enumerate() {
                writeln!(f, "    {:<4}{line}", if at == 0 { who } else { "" })?;
            }
            if let Entry::Bot(Message { choices: Some(choices), .. }) = entry {
                let labels: Vec<_> = choices.options.iter().map(|option| option.label.as_str()).collect();
                writeln!(f, "        [{}]", labels.join("] ["))?;
            }
        }
        Ok(())
    }
}
