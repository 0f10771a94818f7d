//! What people were answered. The model's answer tells what it was told, so each shows which history its turn had: a
//! turn that was lost, doubled, out of order or done by somebody who had lost the place shows in the next answers.

use std::collections::HashMap;

use super::index::Index;
use super::{Verdict, head};
use crate::records::{Deed, Evidence, Kind, Micros, Planned, Post};
use crate::words::Heard;

/// Exchanges that `ask` tells the model.
const HISTORY: usize = 10;
/// Two texts are brought into order where the earlier one was stored no later than this after the later one was sent: what
/// docs/hosts.md promises at least. A host may wait for longer, and does in bursts.
const HELD: Micros = 10_000;

pub(super) fn check(evidence: &Evidence, index: &Index<'_>, verdict: &mut Verdict) {
    let none = Vec::new();
    for (person, deeds) in &index.deeds {
        let posts = index.posts.get(person).unwrap_or(&none);
        questions(person, deeds, posts, index, verdict);
        ends(person, deeds, posts, index, verdict);
    }
    for plan in evidence.planned.iter().filter(|plan| !plan.path.is_empty()) {
        path(plan, index, verdict);
    }
}

/// The questions to the model, and what has no place among the posts.
fn questions(person: &str, deeds: &[&Deed], posts: &[(&Post, Heard)], index: &Index<'_>, verdict: &mut Verdict) {
    let asked = |words: &str| deeds.iter().any(|deed| deed.words == words);
    let mut history: Vec<&String> = Vec::new();
    let mut answered: HashMap<&str, usize> = HashMap::new();
    let mut regrets = 0;
    let mut stale = 0;
    for (position, (post, heard)) in posts.iter().enumerate() {
        match heard {
            Heard::Told(told) => {
                let Some(words) = told.last() else { continue };
                let expected = history.iter().skip(history.len().saturating_sub(HISTORY)).copied().chain([words]);
                if !expected.eq(told) || !asked(words) {
                    let id = post.id.as_deref().unwrap_or_default();
                    let expected: Vec<_> = history.iter().map(|words| words.as_str()).collect();
                    verdict.found("stale_writes", format!("{person}: {id} answers {told:?} after {expected:?}"));
                }
                if answered.insert(words, position).is_some() {
                    verdict.found("duplicate_effects", format!("{person}: `{words}` is answered twice"));
                }
                // After a fault go on with what the flow believes.
                history = told.iter().collect();
            }
            Heard::Greeting | Heard::Ended | Heard::Form | Heard::Question(_, true) => history.clear(),
            Heard::Sorry | Heard::Failed => regrets += 1,
            Heard::Stale => stale += 1,
            Heard::Odd => {
                verdict.found("stale_writes", format!("{person}: nobody expects {:?}", head(&post.text, 200)))
            }
            Heard::Question(..) | Heard::Closing(_) | Heard::Thanks | Heard::Late => {}
        }
    }
    let clicks = deeds.iter().filter(|deed| deed.moment.is_none() && !deed.acked && deed.kind == Kind::Answer).count();
    if stale > clicks {
        verdict.found("stale_writes", format!("{person}: {stale} clicks came too late, and {clicks} were unsure"));
    }
    for (at, deed) in deeds.iter().enumerate().filter(|(_, deed)| deed.kind == Kind::Ask) {
        if !answered.contains_key(deed.words.as_str()) && index.is_accepted(deed) {
            // The host or the flow said that it could not.
            if regrets > 0 {
                regrets -= 1;
            } else {
                verdict.found("lost", format!("{person}: `{}` was acknowledged, and never answered", deed.words));
            }
        }
        let next = deeds.get(at + 1).filter(|next| next.kind == Kind::Ask && next.talk == deed.talk);
        if let Some(next) = next
            && let Some((one, other)) = answered.get(deed.words.as_str()).zip(answered.get(next.words.as_str()))
            && one > other
            && must_keep_order(deed, next, index)
        {
            verdict.found("reordered", format!("{person}: `{}` is answered before `{}`", next.words, deed.words));
        }
    }
}

/// Slack may bring the later of two texts first, and the host waits a moment for the earlier one. What Slack brings again
/// because a host died with it comes too late for any order.
fn must_keep_order(one: &Deed, other: &Deed, index: &Index<'_>) -> bool {
    let acked = index.heed(one).and_then(|heed| heed.acked);
    acked.zip(index.heed(other)).is_some_and(|(acked, other)| acked <= other.sent + HELD)
}

/// What ends a conversation is answered once, and nobody waits in vain.
fn ends(person: &str, deeds: &[&Deed], posts: &[(&Post, Heard)], index: &Index<'_>, verdict: &mut Verdict) {
    let ends = || deeds.iter().filter(|deed| matches!(deed.kind, Kind::Cancel | Kind::Restart));
    let said = ends().filter(|deed| index.is_accepted(deed)).count();
    // `ask` ends without a word where it begins anew, and greets only then.
    let is_end = |heard: &Heard| matches!(heard, Heard::Ended | Heard::Late | Heard::Greeting);
    let answered = posts.iter().filter(|(_, heard)| is_end(heard)).count();
    // What was not acknowledged may have been stored all the same.
    if answered > ends().count() {
        verdict.found("duplicate_effects", format!("{person}: {said} conversations were ended {answered} times"));
    }
    match deeds.iter().position(|deed| deed.kind == Kind::GaveUp) {
        Some(at) => {
            // A question without an answer is counted already, and what came after all was only late.
            let last = deeds[..at].last().filter(|last| last.kind != Kind::Ask && index.is_accepted(last));
            let nothing = |last: &&&Deed| posts.iter().all(|(post, _)| post.at < last.at);
            if let Some(last) = last.filter(nothing) {
                verdict.found("lost", format!("{person}: `{}` led to nothing, in talk {}", last.words, last.talk));
            }
        }
        None if answered < said => {
            verdict.found("lost", format!("{person}: of {said} conversations only {answered} were ended"));
        }
        None => {}
    }
}

/// The survey asks each of its questions once, in order, from its beginning or from a restart on.
fn path(plan: &Planned, index: &Index<'_>, verdict: &mut Verdict) {
    let Some(deeds) = index.deeds.get(plan.person.as_str()) else { return };
    let Some(from) = deeds.iter().find(|deed| deed.talk == plan.talk).map(|deed| deed.at) else { return };
    let until = deeds.iter().find(|deed| deed.talk > plan.talk).map_or(Micros::MAX, |deed| deed.at);
    let posts = index.posts.get(plan.person.as_str()).into_iter().flatten();
    let ours: Vec<_> = posts.filter(|(post, _)| (from..until).contains(&post.at)).collect();
    if ours.iter().any(|(_, heard)| *heard == Heard::Failed) {
        return;
    }
    let mut keys = Vec::new();
    let mut closings = 0;
    for (_, heard) in &ours {
        match heard {
            Heard::Question(key, first) => {
                if *first {
                    keys.clear();
                }
                keys.push(*key);
            }
            Heard::Closing(_) => closings += 1,
            _ => {}
        }
    }
    let whole = closings > 0;
    let right =
        plan.path.get(..keys.len()).is_some_and(|path| path == keys) && (!whole || keys.len() == plan.path.len());
    if !right {
        let what = format!("{}, talk {}: was asked {keys:?} and not {:?}", plan.person, plan.talk, plan.path);
        verdict.found("reordered", what);
    }
    if closings > 1 {
        verdict.found("duplicate_effects", format!("{}, talk {}: {closings} last words", plan.person, plan.talk));
    }
}
