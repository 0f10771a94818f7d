//! Lines that are typed before the flow has asked anything. Pure.

use std::collections::VecDeque;

use pesto_engine::model::Control;

/// Lines typed ahead. They wait for the flow to begin, and go out one at a time, each when the one before is answered:
/// sent at once, they would be answers to nothing, or to the default flow.
#[derive(Debug)]
pub(super) struct Ahead {
    lines: VecDeque<String>,
    waits: bool,
}

impl Ahead {
    /// Nothing is answered yet.
    pub(super) fn new() -> Self {
        Self { lines: VecDeque::new(), waits: true }
    }

    /// A line was typed. Answers it if it is to be sent now. What acts beside a running turn does not wait for it, but
    /// for the host's welcome: before that nobody knows whether the flow is to be started.
    pub(super) fn typed(&mut self, line: String, welcome: bool) -> Option<String> {
        let control = Control::parse(&line).filter(|_| welcome);
        if control == Some(Control::Cancel) {
            self.lines.clear();
        }
        if self.waits && !matches!(control, Some(Control::Cancel | Control::Status | Control::Help)) {
            self.lines.push_back(line);
            return None;
        }
        Some(line)
    }

    /// All is answered that was sent. Answers what to send next; after the last one nothing waits any more.
    pub(super) fn settled(&mut self) -> Option<String> {
        let next = self.lines.pop_front();
        self.waits = next.is_some();
        next
    }

    /// Whether nothing is left to be sent.
    pub(super) fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_go_out_one_by_one_and_then_at_once() {
        let mut ahead = Ahead::new();
        assert_eq!(ahead.typed("Ada".into(), false), None);
        assert_eq!(ahead.typed("help".into(), false), None);
        assert_eq!(ahead.settled().as_deref(), Some("Ada"));
        assert_eq!(ahead.typed("3".into(), true), None);
        assert_eq!(ahead.settled().as_deref(), Some("help"));
        assert_eq!(ahead.settled().as_deref(), Some("3"));
        assert_eq!(ahead.settled(), None);
        assert_eq!(ahead.typed("4".into(), true).as_deref(), Some("4"));
    }

    #[test]
    fn a_turn_that_takes_long_can_be_cancelled() {
        let mut ahead = Ahead::new();
        ahead.typed("Ada".into(), true);
        assert_eq!(ahead.typed("status".into(), true).as_deref(), Some("status"));
        assert!(!ahead.is_empty());
        assert_eq!(ahead.typed("Cancel".into(), true).as_deref(), Some("Cancel"));
        assert!(ahead.is_empty());
    }
}
