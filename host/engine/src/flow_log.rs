//! What flows log, for whoever holds a conversation with one and wants to see it.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use crate::text::line;

/// The most lines that are kept until they are taken, and the bytes of each: what a turn may log at most fits.
const LINES: usize = 1_000;
const BYTES: usize = 4_000;

/// A line of a flow's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// How much it matters.
    pub level: tracing::Level,
    /// One line; control characters are escaped.
    pub text: String,
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.level.as_str().to_lowercase(), self.text)
    }
}

/// Lines in the order in which they were logged, standard output and error included. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct FlowLog(Arc<Mutex<Vec<Line>>>);

impl FlowLog {
    /// Adds a line; beyond the most that are kept it is dropped.
    pub fn push(&self, level: tracing::Level, text: &str) {
        // A panic's place and its words are on two lines.
        let text = line(&text.replacen(":\n", ": ", 1), BYTES);
        // Nothing between lock and unlock can panic and leave the list half changed.
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.len() < LINES {
            lines.push(Line { level, text });
        }
    }

    /// Takes what was logged since the last time. A turn that failed is tried once more and logs the same: the second
    /// time is left out.
    pub fn take(&self) -> Vec<Line> {
        let mut lines = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        let half = lines.len() / 2;
        if lines.len().is_multiple_of(2) && lines[..half] == lines[half..] {
            lines.truncate(half);
        }
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_try_is_not_told_again() {
        let log = FlowLog::default();
        let of_a_turn = |log: &FlowLog| {
            log.push(tracing::Level::INFO, "counting");
            log.push(tracing::Level::ERROR, "panicked at src/lib.rs:1:2:\nno\nday");
        };
        of_a_turn(&log);
        of_a_turn(&log.clone());
        let lines: Vec<_> = log.take().iter().map(ToString::to_string).collect();
        assert_eq!(lines, ["info: counting", "error: panicked at src/lib.rs:1:2: no\\nday"]);
        assert!(log.take().is_empty());
        (0..=LINES).for_each(|at| log.push(tracing::Level::INFO, &at.to_string()));
        assert_eq!(log.take().len(), LINES);
    }
}
