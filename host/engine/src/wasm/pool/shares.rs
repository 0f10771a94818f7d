//! How much of one thing a flow may have: of instances, or of memory. Pure; the rule is in [`pool`](super).

/// The part of all that is kept for flows that run nothing.
const KEPT: usize = 16;

/// What somebody has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Had {
    /// Of what is shared out.
    common: usize,
    /// Of what is kept.
    kept: usize,
}

impl Had {
    pub(super) fn all(self) -> usize {
        self.common + self.kept
    }

    /// Takes `less` away from it, of what is kept first, and answers what it took.
    pub(super) fn split(&mut self, less: usize) -> Self {
        let kept = less.min(self.kept);
        let taken = Self { kept, common: (less - kept).min(self.common) };
        self.take(taken);
        taken
    }

    pub(super) fn add(&mut self, more: Self) {
        self.common = self.common.saturating_add(more.common);
        self.kept += more.kept;
    }

    pub(super) fn take(&mut self, less: Self) {
        self.common -= less.common;
        self.kept -= less.kept;
    }
}

/// Who wants more.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Claimant {
    /// What its flow has.
    pub(super) had: Had,
    /// The flow runs no other instance.
    pub(super) lone: bool,
    /// Somebody who came first waits for what is shared out.
    pub(super) behind: bool,
}

/// All there is of one thing.
#[derive(Debug)]
pub(super) struct Pot {
    total: usize,
    kept: usize,
    /// What one flow may have of what is kept.
    kept_each: usize,
    used: Had,
}

impl Pot {
    /// Instances: there must be one at least for somebody who has none.
    pub(super) fn of_slots(total: usize) -> Self {
        let kept = (total / KEPT).max(1);
        Self { total, kept, kept_each: kept, used: Had::default() }
    }

    /// Memory: what is kept of it is for several.
    pub(super) fn of_bytes(total: usize) -> Self {
        let kept = total / KEPT;
        Self { total, kept, kept_each: kept / 4, used: Had::default() }
    }

    /// What one flow may have where there is no other.
    pub(super) fn half(&self) -> usize {
        self.total.div_ceil(2)
    }

    pub(super) fn total(&self) -> usize {
        self.total
    }

    #[cfg(test)]
    fn is_unused(&self) -> bool {
        self.used == Had::default()
    }

    /// Where `more` can be taken from, if it may be had.
    pub(super) fn find(&self, more: usize, who: Claimant) -> Option<Had> {
        if more == 0 {
            return Some(Had::default());
        }
        let others = self.used.common.saturating_sub(who.had.common);
        let left = self.total.saturating_sub(others);
        let most = left.div_ceil(2).min(left.saturating_sub(self.kept));
        let wanted = who.had.common.saturating_add(more);
        // One instance may be larger than its flow's share: it has what there is.
        if !who.behind && (wanted <= most || who.lone && wanted <= left.saturating_sub(self.kept)) {
            return Some(Had { common: more, kept: 0 });
        }
        let kept = who.had.kept.saturating_add(more) <= self.kept_each && more <= self.kept - self.used.kept;
        (who.lone && kept).then_some(Had { common: 0, kept: more })
    }

    pub(super) fn take(&mut self, taken: Had) {
        self.used.add(taken);
    }

    /// What somebody has whether it may or not: of what is shared out, of which there may be less than none then.
    pub(super) fn force(&mut self, more: usize) -> Had {
        let taken = Had { common: more, kept: 0 };
        self.take(taken);
        taken
    }

    pub(super) fn give(&mut self, back: Had) {
        self.used.take(back);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a flow can have of a pot that takes one after the other.
    fn all_it_gets(pot: &mut Pot) -> usize {
        let mut had = Had::default();
        while let Some(more) = pot.find(1, Claimant { had, lone: had.all() == 0, behind: false }) {
            pot.take(more);
            had.add(more);
        }
        had.all()
    }

    #[test]
    fn each_flow_gets_half_of_what_the_others_leave_and_the_last_ones_one() {
        for (total, expected) in [
            (1, vec![1, 0]),
            (2, vec![1, 1, 0]),
            (4, vec![2, 1, 1, 0]),
            (8, vec![4, 2, 1, 1, 0]),
            (1_000, vec![500, 250, 125, 63, 1, 1, 1]),
        ] {
            let mut pot = Pot::of_slots(total);
            let got: Vec<_> = expected.iter().map(|_| all_it_gets(&mut pot)).collect();
            assert_eq!(got, expected, "of {total}");
        }
    }

    #[test]
    fn what_is_given_back_from_what_is_kept_goes_there() {
        let mut pot = Pot::of_slots(2);
        let first = pot.find(1, Claimant { lone: true, ..Claimant::default() });
        pot.take(first.unwrap_or_default());
        let mut second = pot.find(1, Claimant { lone: true, ..Claimant::default() }).unwrap_or_default();
        assert_eq!(second, Had { common: 0, kept: 1 });
        pot.take(second);
        pot.give(second.split(1));
        assert_eq!((second.all(), pot.used.all()), (0, 1));
        assert!(pot.find(1, Claimant { lone: true, ..Claimant::default() }).is_some());
    }

    #[test]
    fn more_than_there_is_leaves_less_than_none() {
        let mut pot = Pot::of_bytes(160);
        let had = pot.force(1_000);
        assert!(pot.find(1, Claimant::default()).is_none());
        assert!(pot.find(2, Claimant { lone: true, ..Claimant::default() }).is_some(), "what is kept is still there");
        pot.give(had);
        assert!(pot.is_unused());
    }
}
