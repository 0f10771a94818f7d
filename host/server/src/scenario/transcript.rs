//! What was said in a scenario, for people to read.

use std::fmt;

use pesto_engine::model::Message;

/// A conversation as it was.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Transcript(Vec<Entry>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Entry {
    Person(String),
    Bot(Box<Message>),
}

impl Transcript {
    pub(super) fn person(&mut self, what: impl Into<String>) {
        self.0.push(Entry::Person(what.into()));
    }

    pub(super) fn bot(&mut self, message: Message) {
        self.0.push(Entry::Bot(Box::new(message)));
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
            let Entry::Bot(message) = entry else { continue };
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
