//! What a message, or a question to a model, must be.

use regex::Regex;
use serde::Deserialize;

/// What a text must be.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Wanted {
    /// Exactly this.
    Exact(String),
    /// All that is given here.
    Like(Like),
}

/// Demands on a message.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Like {
    exact: Option<String>,
    contains: Option<String>,
    matches: Option<String>,
    /// The labels offered, in order.
    pub(super) choices: Option<Vec<String>>,
    /// The labels of the form's fields, in order.
    pub(super) form: Option<Vec<String>>,
}

impl Wanted {
    /// What is wrong with a text, if anything is.
    pub(super) fn differs(&self, text: &str) -> Option<String> {
        let like = match self {
            Self::Exact(exact) => return (text != exact).then(|| format!("exactly {exact:?}")),
            Self::Like(like) => like,
        };
        let exact = like.exact.as_ref().filter(|exact| text != *exact).map(|exact| format!("exactly {exact:?}"));
        let contains = like.contains.as_ref().filter(|part| !text.contains(*part));
        let matches = like.matches.as_ref().filter(|pattern| {
            // The pattern was checked when the file was read.
            !Regex::new(pattern).is_ok_and(|regex| regex.is_match(text))
        });
        exact
            .or_else(|| contains.map(|part| format!("a text that contains {part:?}")))
            .or_else(|| matches.map(|pattern| format!("a text that matches {pattern:?}")))
    }

    /// The labels wanted.
    pub(super) fn labels(&self) -> Option<&[String]> {
        match self {
            Self::Exact(_) => None,
            Self::Like(like) => like.choices.as_deref(),
        }
    }

    /// The labels of fields wanted.
    pub(super) fn fields(&self) -> Option<&[String]> {
        match self {
            Self::Exact(_) => None,
            Self::Like(like) => like.form.as_deref(),
        }
    }

    /// Whether it demands something, and can be held against a text.
    pub(super) fn check(&self) -> Result<(), String> {
        let Self::Like(like) = self else { return Ok(()) };
        let empty = |text: &Option<String>| text.as_ref().is_some_and(String::is_empty);
        if empty(&like.contains) || empty(&like.matches) {
            return Err("an empty `contains` or `matches` demands nothing".to_owned());
        }
        match &like.matches {
            Some(pattern) => Regex::new(pattern).map(drop).map_err(|error| format!("matches: {error}")),
            None if [like.exact.is_some(), like.contains.is_some(), like.choices.is_some(), like.form.is_some()]
                == [false; 4] =>
            {
                Err("a demand must have one of exact, contains, matches, choices and form".to_owned())
            }
            None => Ok(()),
        }
    }
}
