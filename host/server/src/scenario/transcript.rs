//! What was said in a scenario, for people to read.

use std::fmt;

use pesto_engine::flow_log::Line;
use pesto_engine::model::Message;

/// A conversation as it was. Two are equal if the same was said: what was logged is no part of that, because a turn that
/// is done again logs again.
#[derive(Debug, Clone, Default)]
pub(super) struct Transcript(Vec<Entry>);

impl PartialEq for Transcript {
    fn eq(&self, other: &Self) -> bool {
        let said = |entry: &&Entry| !matches!(entry, Entry::Log(_));
        self.0.iter().filter(said).eq(other.0.iter().filter(said))
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Entry {
    Person(String, String),
    Bot(String, Box<Message>),
    Log(Line),
}

impl Transcript {
    /// Who did what.
    pub(super) fn person(&mut self, who: &str, what: impl Into<String>) {
        self.0.push(Entry::Person(who.to_owned(), what.into()));
    }

    /// The bot's message; `who` says where, too.
    pub(super) fn bot(&mut self, who: String, message: Message) {
        self.0.push(Entry::Bot(who, Box::new(message)));
    }

    /// What a flow logged.
    pub(super) fn log(&mut self, line: Line) {
        self.0.push(Entry::Log(line));
    }
}

impl fmt::Display for Transcript {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for entry in &self.0 {
            let (who, text) = match entry {
                Entry::Person(who, text) => (who.as_str(), text),
                Entry::Bot(who, message) => (who.as_str(), &message.text),
                Entry::Log(line) => ("log", &line.to_string()),
            };
            for (at, line) in text.lines().enumerate() {
                writeln!(f, "    {:<3} {line}", if at == 0 { who } else { "" })?;
            }
            let Entry::Bot(_, message) = entry else { continue };
            if let Some(choices) = &message.choices {
                let labels: Vec<_> = choices.options.iter().map(|option| option.label.as_str()).collect();
                writeln!(f, "        [{}]", labels.join("] ["))?;
            }
            if let Some(form) = &message.form {
                let labels: Vec<_> = form.fields.iter().map(|field| field.label.as_str()).collect();
                writeln!(f, "        [{}: {}]", form.title, labels.join(" | "))?;
            }
        }
        Ok(())
    }
}
