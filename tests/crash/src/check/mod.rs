//! The checker: from what the doubles and the people wrote down to figures. Pure, and without a line of Pesto's own
//! code: it knows what people were promised, and nothing of how that is kept.
//!
//! - `talk`: what was answered, in which order, and whether the answers fit together
//! - `records`: what is on record
//! - `effects`: what was posted more than once
//! - `takeover`: what the model was asked twice, and how long places waited for another host

mod effects;
mod index;
mod records;
mod takeover;
mod talk;
#[cfg(test)]
mod tests;

use crate::records::{Evidence, Fault, Kind};
use index::Index;

/// What must be 0, or the campaign fails.
const FAULTS: [&str; 6] =
    ["lost", "reordered", "duplicate_effects", "late_sends_left", "stale_writes", "in_doubt_unreported"];

/// What was found.
#[derive(Debug, Default)]
pub struct Verdict {
    /// Name, value and unit, in the order in which they are printed.
    pub figures: Vec<(&'static str, f64, &'static str)>,
    /// What stands behind them: the figure's name, and who saw what.
    pub evidence: Vec<(&'static str, String)>,
}

impl Verdict {
    fn figure(&mut self, name: &'static str, value: usize, unit: &'static str) {
        self.figures.push((name, value as f64, unit));
    }

    fn found(&mut self, figure: &'static str, what: String) {
        self.evidence.push((figure, what));
    }

    fn count(&self, figure: &str) -> usize {
        self.evidence.iter().filter(|(name, _)| *name == figure).count()
    }

    /// A figure; 0 where there is none of this name.
    pub fn of(&self, figure: &str) -> f64 {
        self.figures.iter().find(|(name, ..)| *name == figure).map_or(0.0, |(_, value, _)| *value)
    }

    /// Whether all was kept that was promised.
    pub fn is_good(&self) -> bool {
        FAULTS.iter().all(|name| self.of(name) == 0.0)
    }
}

/// Judges a campaign.
pub fn check(evidence: &Evidence) -> Verdict {
    let index = Index::new(evidence);
    let mut verdict = Verdict::default();
    let accepted = evidence.deeds.iter().filter(|deed| index.is_accepted(deed));
    let mut talks: Vec<_> = accepted.clone().map(|deed| deed.talk).collect();
    talks.sort_unstable();
    talks.dedup();
    verdict.figure("accepted", accepted.count(), "events");
    verdict.figure("conversations", talks.len(), "conversations");
    struck(evidence, &index, &mut verdict);

    talk::check(evidence, &index, &mut verdict);
    records::check(evidence, &index, &mut verdict);
    let late = effects::check(evidence, &index, &mut verdict);
    let (in_doubt, p99) = takeover::check(evidence, &index, &mut verdict);
    for letter in &evidence.last.dead {
        verdict.found("lost", format!("a dead letter: {}", head(&letter.to_string(), 600)));
    }
    for _ in 0..evidence.last.unfinished.min(1) {
        verdict.found("lost", format!("{} events or messages are not done in the end", evidence.last.unfinished));
    }

    for name in ["lost", "reordered", "duplicate_effects"] {
        verdict.figure(name, verdict.count(name), "faults");
    }
    verdict.figure("late_sends", late, "posts");
    verdict.figure("late_sends_left", verdict.count("late_sends_left"), "posts");
    verdict.figure("stale_writes", verdict.count("stale_writes"), "faults");
    verdict.figure("in_doubt", in_doubt, "calls");
    verdict.figure("in_doubt_unreported", verdict.count("in_doubt_unreported"), "calls");
    verdict.figures.push(("takeover_p99_s", p99, "s"));
    verdict
}

/// What went wrong on purpose.
fn struck(evidence: &Evidence, index: &Index<'_>, verdict: &mut Verdict) {
    let all = |fault: Fault| evidence.struck.iter().filter(move |struck| struck.fault == fault);
    let in_flight = all(Fault::Kill).filter(|struck| struck.turns.is_some_and(|turns| turns > 0)).count();
    let replayed = all(Fault::Kill).filter_map(|struck| struck.replayed).sum::<u64>() + evidence.last.replayed;
    let past = index.pauses.iter().filter(|pause| pause.until - pause.from > evidence.last.lease).count();
    verdict.figure("kills", all(Fault::Kill).count(), "kills");
    verdict.figure("kills_in_flight", in_flight, "kills");
    verdict.figure("redis_kills", all(Fault::RedisKill).count(), "kills");
    verdict.figure("stops", index.pauses.len(), "stops");
    verdict.figure("stops_past_lease", past, "stops");
    verdict.figure("stops_at_send", all(Fault::StopAtSend).count(), "stops");
    let gave_up = evidence.deeds.iter().filter(|deed| deed.kind == Kind::GaveUp).count();
    verdict.figure("people_out_of_patience", gave_up, "people");
    verdict.figure("cuts_and_delays", all(Fault::Cut).count() + all(Fault::Delay).count(), "faults");
    verdict.figures.push(("replayed_calls", replayed as f64, "calls"));
}

/// The beginning of a text.
fn head(text: &str, most: usize) -> String {
    text.chars().take(most).collect()
}
