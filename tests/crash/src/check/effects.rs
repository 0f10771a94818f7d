//! What was posted more than once. A host that was stopped, or died, in the middle of a post may have made it after
//! another one had looked for it in vain: no outside service has a fence. Such late copies are counted apart, and must
//! not stand there in the end. Any other copy is a fault.

use std::collections::BTreeMap;

use super::Verdict;
use super::index::Index;
use crate::records::{Evidence, Micros, Post};

/// So long after its death may a request of a host still arrive.
const ON_ITS_WAY: Micros = 1_000_000;

/// Answers how many copies were late.
pub(super) fn check(evidence: &Evidence, index: &Index<'_>, verdict: &mut Verdict) -> usize {
    let mut copies = BTreeMap::<(&str, &str), Vec<&Post>>::new();
    for post in &evidence.posts {
        if let Some(id) = &post.id {
            copies.entry((&post.person, id)).or_default().push(post);
        }
    }
    let mut seen = BTreeMap::<(&str, &str), usize>::new();
    for message in &evidence.seen {
        if let Some(id) = &message.id {
            *seen.entry((&message.person, id)).or_default() += 1;
        }
    }
    let mut late = 0;
    for ((person, id), copies) in copies.into_iter().filter(|(_, copies)| copies.len() > 1) {
        let sound = copies.iter().filter(|copy| !is_late(copy, &copies, index)).count();
        let doubled = sound.saturating_sub(1);
        let late_here = copies.len() - 1 - doubled;
        let by: Vec<_> = copies.iter().map(|copy| format!("{} at {}", copy.run, copy.at)).collect();
        let what = format!("{person}: {id} was posted by {}", by.join(", "));
        for _ in 0..doubled {
            verdict.found("duplicate_effects", what.clone());
        }
        let left = seen.get(&(person, id)).copied().unwrap_or_default().saturating_sub(1);
        for _ in 0..left.min(late_here) {
            verdict.found("late_sends_left", what.clone());
        }
        late += late_here;
    }
    late
}

/// Whether a copy was made by a run that had been stopped or killed by then, and the others after that by other runs.
fn is_late(copy: &Post, copies: &[&Post], index: &Index<'_>) -> bool {
    let taken_over = |since: Micros| copies.iter().any(|other| other.run != copy.run && other.at > since);
    let stopped =
        index.pauses.iter().any(|pause| pause.run == copy.run && pause.from <= copy.at && taken_over(pause.from));
    let died = index.kills.get(copy.run.as_str()).is_some_and(|at| copy.at > *at && copy.at - at < ON_ITS_WAY);
    stopped || died
}
