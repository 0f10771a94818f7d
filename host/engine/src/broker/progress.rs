//! Signs of life. Ephemeral: shown at most four times a second, and never waited for.

use crate::policy::contract;

use super::Scope;

const PAUSE: u64 = 250;

impl Scope {
    /// Shows a line to the person.
    pub(crate) fn progress(&mut self, text: &str) {
        let now = self.ports.clock.now();
        if self.repeats() || (self.progress_at != 0 && now < self.progress_at + PAUSE) {
            return;
        }
        self.progress_at = now;
        let line: String = text.chars().filter(|c| !c.is_control()).take(contract::PROGRESS).collect();
        if !line.trim().is_empty() {
            self.ports.messenger.progress(self.place(), &line);
        }
    }
}
