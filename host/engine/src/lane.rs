//! Who goes first where more can be claimed than there is room for: lanes, and fairness between people. Pure.
//!
//! There is one order, and no queue for each lane. A place that can be claimed stands in line by its *rank*: the time from
//! which it can be, and later by the patience of its lane, so that it counts as if it had come later. A person's places of
//! one lane keep a distance of [`SHARE`], so that their tenth one lets those go first who have but one. A rank only orders:
//! where there is room nothing waits, and whatever has waited longer than its patience goes before what comes then.

use crate::life;
use crate::model::{Body, Millis};

/// The distance between the places of one person that stand in line in the same lane, in milliseconds.
pub const SHARE: Millis = 1_000;

/// A class of work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lane {
    /// Somebody waits for the answer.
    Interactive,
    /// A conversation goes on by itself.
    Normal,
    /// What the host makes of long silence: thousands of conversations may be silent since the same day.
    Batch,
}

impl Lane {
    /// The lane of an event.
    pub fn of(body: &Body) -> Self {
        match body {
            Body::Timer { .. } if life::is_hosts(body) => Self::Batch,
            Body::Timer { .. } | Body::Undelivered { .. } => Self::Normal,
            Body::Start { .. }
            | Body::Said { .. }
            | Body::Edited { .. }
            | Body::Picked { .. }
            | Body::Filled { .. }
            | Body::Control(_)
            | Body::Reset => Self::Interactive,
        }
    }

    /// For how long what came later may go first, in milliseconds.
    pub fn patience(self) -> Millis {
        match self {
            Self::Interactive => 0,
            Self::Normal => 2_000,
            Self::Batch => 60_000,
        }
    }
}

/// The rank of a place that can be claimed since `due`; the lowest goes first. `last` is the highest rank of the person's
/// places that stand in line in this lane.
pub fn rank(due: Millis, lane: Lane, last: Option<Millis>) -> Millis {
    let rank = due.saturating_add(lane.patience());
    last.map_or(rank, |last| rank.max(last.saturating_add(SHARE)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Control;

    const NOW: Millis = 1_700_000_000_000;

    fn timer(name: &str) -> Body {
        Body::Timer { generation: 1, name: name.into(), due: 0 }
    }

    #[test]
    fn what_people_do_goes_before_what_happens_by_itself() {
        let said = Body::Said { text: "hello".into(), files: Vec::new() };
        for body in [said, Body::Control(Control::Cancel), Body::Reset] {
            assert_eq!(Lane::of(&body), Lane::Interactive);
        }
        let undelivered = Body::Undelivered { generation: 1, key: String::new(), reason: String::new() };
        assert_eq!((Lane::of(&timer("nag")), Lane::of(&undelivered)), (Lane::Normal, Lane::Normal));
        assert_eq!((Lane::of(&timer(life::SILENCE)), Lane::of(&timer(life::EXPIRY))), (Lane::Batch, Lane::Batch));
        let ranks = [Lane::Interactive, Lane::Normal, Lane::Batch].map(|lane| rank(NOW, lane, None));
        assert!(ranks[0] == NOW && ranks.is_sorted_by(|one, next| one < next), "{ranks:?}");
    }

    #[test]
    fn nobody_starves() {
        let batch = rank(NOW, Lane::Batch, None);
        let newer = NOW + Lane::Batch.patience() + 1;
        assert!(batch < rank(newer, Lane::Interactive, None));
    }

    #[test]
    fn places_of_one_person_keep_a_distance() {
        let first = rank(NOW, Lane::Interactive, None);
        assert_eq!(rank(NOW, Lane::Interactive, Some(first)), NOW + SHARE);
        assert_eq!(rank(NOW, Lane::Interactive, Some(NOW - 2 * SHARE)), NOW, "what is long past counts no more");
        assert_eq!(rank(Millis::MAX, Lane::Batch, Some(Millis::MAX)), Millis::MAX);
    }
}
