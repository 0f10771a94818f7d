//! What the model was asked more than once, and how long people waited for another host.
//!
//! A turn that waits for the model is the one thing that can be seen of a host from outside: the model knows which run
//! asked what. The takeover of such a turn is the time from the kill or the stop of its host until another run asks the
//! model the same, or until its answer is posted, whichever comes first. Turns that nobody takes over are not in the
//! percentile: they are lost, or were cancelled.

use std::collections::{BTreeMap, HashMap};

use super::Verdict;
use super::index::Index;
use crate::records::{Asked, Evidence, Fault, Micros, Phase, Struck};

/// Answers how many calls were in doubt, and the 99th percentile of the takeovers in seconds.
pub(super) fn check(evidence: &Evidence, index: &Index<'_>, verdict: &mut Verdict) -> (usize, f64) {
    let mut requests = BTreeMap::<&str, Vec<&Asked>>::new();
    for asked in evidence.asked.iter().filter(|asked| asked.phase == Phase::Asked) {
        requests.entry(&asked.about).or_default().push(asked);
    }
    let in_doubt: Vec<_> = requests.iter().filter(|(_, requests)| requests.len() > 1).collect();
    for (about, requests) in &in_doubt {
        if !is_reported(about, evidence, index) {
            let runs: Vec<_> = requests.iter().map(|asked| asked.run.as_str()).collect();
            verdict.found("in_doubt_unreported", format!("`{about}` was asked by {}", runs.join(", ")));
        }
    }
    let ends = evidence.asked.iter().filter(|asked| asked.phase != Phase::Asked);
    let done: HashMap<_, _> = ends.map(|asked| (asked.request, asked.at)).collect();
    let halts = [Fault::Kill, Fault::Stop, Fault::StopAtSend];
    let mut took: Vec<Micros> = Vec::new();
    for halt in evidence.struck.iter().filter(|struck| halts.contains(&struck.fault)) {
        for asked in held(halt, evidence, &done) {
            let again =
                requests[asked.about.as_str()].iter().filter(|other| other.run != halt.run).map(|other| other.at);
            let posted = index.answers.get(&asked.about).map(|post| post.at);
            took.extend(again.chain(posted).filter(|at| *at > halt.at).min().map(|at| at - halt.at));
        }
    }
    took.sort_unstable();
    let p99 = took.get((took.len() * 99).div_ceil(100).saturating_sub(1)).copied().unwrap_or_default();
    (in_doubt.len(), p99 as f64 / 1e6)
}

/// What a run waited for when it was killed or stopped. `done` tells when each request came to an end.
fn held<'a>(
    halt: &'a Struck,
    evidence: &'a Evidence,
    done: &'a HashMap<u64, Micros>,
) -> impl Iterator<Item = &'a Asked> {
    let before = evidence.asked.iter().filter(|asked| asked.run == halt.run && asked.at <= halt.at);
    before.filter(|asked| asked.phase == Phase::Asked && done.get(&asked.request).is_none_or(|at| *at > halt.at))
}

/// Whether `pesto doubts` lists it. Its message names the turn; a turn that was cancelled posts none, and cannot be
/// looked up.
fn is_reported(about: &str, evidence: &Evidence, index: &Index<'_>) -> bool {
    let Some(doubts) = &evidence.last.doubts else { return false };
    let Some(turn) = index.answers.get(about).and_then(|post| post.id.as_deref()?.rsplit_once('/')) else {
        return true;
    };
    let of_turn = |effect: &str| effect.strip_prefix(turn.0).is_some_and(|rest| rest.starts_with('/'));
    doubts.iter().any(|doubt| doubt["effect"].as_str().is_some_and(of_turn))
}
