//! What is on record: each conversation that came to its end once, as its plan says, and nothing else.

use super::Verdict;
use super::index::Index;
use crate::records::{Evidence, Kind, Planned, Recorded};

pub(super) fn check(evidence: &Evidence, index: &Index<'_>, verdict: &mut Verdict) {
    let fits = |plan: &Planned, record: &Recorded| {
        plan.flow == record.flow && plan.person == record.person && plan.answers == record.answers
    };
    for plan in &evidence.planned {
        let count = evidence.recorded.iter().filter(|record| fits(plan, record)).count();
        let ours = || index.deeds.get(plan.person.as_str()).into_iter().flatten().filter(|deed| deed.talk == plan.talk);
        let did = |kind: Kind| ours().any(|deed| deed.kind == kind);
        let (cancelled, gave_up) = (did(Kind::Cancel), did(Kind::GaveUp));
        let what = |words: &str| format!("{}, talk {}: its answers {words}", plan.person, plan.talk);
        match count {
            0 if !cancelled && !gave_up => verdict.found("lost", what("are not on record")),
            0 => {}
            _ if cancelled => verdict.found("stale_writes", what("are on record though it was cancelled")),
            1 => {}
            many => verdict.found("duplicate_effects", what(&format!("are on record {many} times"))),
        }
    }
    for record in &evidence.recorded {
        if !evidence.planned.iter().any(|plan| fits(plan, record)) {
            verdict.found("stale_writes", format!("{}: nobody answered {}", record.person, record.answers));
        }
    }
}
