//! How a scenario went otherwise than it should.

use std::fmt;

use serde::Serialize;

use super::file::place;

/// All that differs, and all that was said until then.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Failure {
    /// What was made to go wrong meanwhile, if anything was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub during: Option<String>,
    /// One at least.
    pub differences: Vec<Difference>,
    /// What was said, and what the flow logged.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub transcript: String,
}

/// Something that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// The line of the scenario's file, counted from 1, where it can be told.
    pub line: Option<usize>,
    /// The step, counted from 1, if it is about one.
    pub step: Option<usize>,
    /// In words.
    pub what: String,
}

impl Failure {
    /// Something that is about no step.
    pub(super) fn whole(what: impl Into<String>) -> Self {
        let difference = Difference { line: None, step: None, what: what.into() };
        Self { during: None, differences: vec![difference], transcript: String::new() }
    }

    /// For people: each difference behind the file and the line, so that an editor finds it.
    pub fn show(&self, file: &str) -> String {
        let mut text = String::new();
        for line in self.during.iter().flat_map(|during| during.lines()) {
            text.push_str(&format!("  {line}\n"));
        }
        for difference in &self.differences {
            text.push_str(&format!("  {}\n", place(file, difference.line, &difference.to_string())));
        }
        if !self.transcript.is_empty() {
            text.push_str(&format!("  so far:\n{}", self.transcript));
        }
        text
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.step {
            Some(step) => write!(f, "step {step}: {}", self.what),
            None => f.write_str(&self.what),
        }
    }
}
