//! The one error a configuration can have: where, which key, what is wrong, and what to do.

use std::fmt;

use pesto_engine::text::distance;

/// Where a value was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// A configuration file, as the operator named it, and the line, counted from 1; none where the whole file is
    /// meant.
    File(String, Option<usize>),
    /// An environment variable that overrides the file.
    Variable(String),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(name, Some(line)) => write!(f, "{name}:{line}"),
            Self::File(name, None) => f.write_str(name),
            Self::Variable(name) => f.write_str(name),
        }
    }
}

/// A configuration that cannot be used. It never repeats a text value, for somebody may have written a secret there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    /// Where.
    pub origin: Origin,
    /// The key with dots, such as `llm.timeout_s`; empty where no key is meant.
    pub key: String,
    /// What is wrong, without a full stop.
    pub what: String,
    /// What to do about it, in sentences.
    pub remedy: String,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.origin)?;
        if !self.key.is_empty() {
            write!(f, "{}: ", self.key)?;
        }
        write!(f, "{}. {}", self.what, self.remedy)
    }
}

impl std::error::Error for ConfigError {}

/// The known name that somebody most likely meant.
pub(super) fn nearest<'a>(wrong: &str, known: &[&'a str]) -> Option<&'a str> {
    let near = (wrong.chars().count() / 3).max(2);
    // What was cut short, such as `model` for `models`, is found by its beginning before it is found by its letters.
    let begins = known.iter().copied().find(|name| wrong.len() > 2 && name.starts_with(wrong));
    begins.or_else(|| {
        let scored = known.iter().map(|name| (distance(wrong, name), *name));
        scored.filter(|(far, _)| *far <= near).min().map(|(_, name)| name)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suggests_only_what_is_near() {
        let known = ["base_url", "api_key_env", "model", "models", "timeout_s"];
        assert_eq!(nearest("timout_s", &known), Some("timeout_s"));
        assert_eq!(nearest("api_key", &known), Some("api_key_env"));
        assert_eq!(nearest("colour", &known), None);
    }
}
