//! Questions that were answered a moment ago. A person who clicks twice means it once, and the second click of theirs
//! needs no word. Nothing hangs on it, so it is kept in memory: another host, or one that was started again, says that
//! the question is no longer open.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::model::{Body, EffectId, Inbound, Millis};

/// For so long after its answer.
const MOMENT: Millis = 10_000;
/// Questions that are remembered at once.
const MOST: usize = 10_000;

/// When who answered which question, or was refused there.
#[derive(Debug, Default)]
pub(crate) struct Answered(Mutex<HashMap<(EffectId, String), Millis>>);

impl Answered {
    /// The event answers a question, or is refused, if it is a click or a form.
    pub(crate) fn note(&self, inbound: &Inbound, now: Millis) {
        let Some(message) = question(&inbound.body) else { return };
        // Nothing between lock and unlock can panic and leave the map half changed.
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MOST {
            known.retain(|_, at| at.saturating_add(MOMENT) > now);
        }
        if known.len() >= MOST {
            known.clear();
        }
        known.insert((message.clone(), inbound.person.id.clone()), now);
    }

    /// The turn of an event that was noted is done: from now on its answer is seen.
    pub(crate) fn settle(&self, inbound: &Inbound, now: Millis) {
        let Some(message) = question(&inbound.body) else { return };
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(at) = known.get_mut(&(message.clone(), inbound.person.id.clone()))
            && *at == inbound.at
        {
            *at = now;
        }
    }

    /// Whether the person answered the same question a moment before, or was refused.
    pub(crate) fn again(&self, inbound: &Inbound) -> bool {
        let Some(message) = question(&inbound.body) else { return false };
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let at = known.get(&(message.clone(), inbound.person.id.clone()));
        at.is_some_and(|at| inbound.at <= at.saturating_add(MOMENT))
    }
}

fn question(body: &Body) -> Option<&EffectId> {
    match body {
        Body::Picked { message, .. } | Body::Filled { message, .. } => Some(message),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::samples::said;

    fn click(person: &str, message: &str, at: Millis) -> Inbound {
        let message = EffectId::stored(message.to_owned());
        Inbound { at, body: Body::Picked { message, values: Vec::new() }, ..said(person, "click") }
    }

    #[test]
    fn a_second_click_is_known_for_a_moment_and_only_by_who_clicked_first() {
        let answered = Answered::default();
        answered.note(&said("ann", "words"), 1_000);
        let first = click("ann", "m1", 500);
        answered.note(&first, first.at);
        answered.settle(&click("ann", "m1", 700), 2_000);
        answered.settle(&first, 1_000);
        let again = |person, message, at| answered.again(&click(person, message, at));
        assert!(again("ann", "m1", 900) && again("ann", "m1", 11_000));
        assert!(!again("ann", "m1", 11_001), "a later click gets its word");
        assert!(!again("bob", "m1", 1_000) && !again("ann", "m2", 1_000) && !answered.again(&said("ann", "words")));
    }

    #[test]
    fn what_is_remembered_stays_bounded() {
        let answered = Answered::default();
        for number in 0..=MOST {
            answered.note(&click("ann", &number.to_string(), 0), 5);
        }
        assert!(answered.0.lock().is_ok_and(|known| known.len() <= MOST));
        assert!(answered.again(&click("ann", &MOST.to_string(), 5)));
    }
}
