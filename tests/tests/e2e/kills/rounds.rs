//! When the host is killed: one round for each kill, chosen by the seed.

use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};

/// What the host is in the middle of when it is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Phase {
    Accept,
    Journal,
    Llm,
    Commit,
    Delivery,
}

/// A point at which work hangs.
#[derive(Debug, Clone)]
pub(super) struct Rule {
    pub(super) point: String,
    /// From this hit on.
    from: u64,
    /// This hit is waited for.
    pub(super) until: u64,
}

/// One run of the host, and the state in which it is killed.
#[derive(Debug, Clone)]
pub(super) struct Round {
    pub(super) phase: Phase,
    /// The points at which work hangs; none for a kill without any.
    pub(super) rules: Vec<Rule>,
    /// Answers that people of the survey may give in it.
    pub(super) tickets: usize,
    /// So many turns must be claimed and not committed.
    pub(super) running: u64,
    /// So many turns must wait for the model.
    pub(super) waiting: u64,
}

/// Answers for each of the rounds before the closing ones.
const TICKETS: usize = 40;

impl Rule {
    fn at(point: &str, nth: u64) -> Self {
        Self { point: point.to_owned(), from: nth, until: nth }
    }
}

impl Round {
    fn new(phase: Phase, rules: Vec<Rule>, running: u64) -> Self {
        Self { phase, rules, tickets: TICKETS, running, waiting: 0 }
    }

    /// The value of `PESTO_FAILPOINT`.
    pub(super) fn failpoint(&self) -> String {
        self.rules.iter().map(|Rule { point, from, .. }| format!("{point}@{from}")).collect::<Vec<_>>().join(",")
    }
}

/// The ten rounds of a campaign with so many askers and so many people at the survey.
///
/// - First the host is killed while the model is asked, without any failpoint.
/// - Then in all other phases, in any order. A journal that hangs from a hit on stops every asker in the end; where
///   something else is to hang, the model hangs at once. So all askers' turns are in flight in each of these, and
///   whatever people may still do leads to the point that is to be hit.
/// - At last three times while everybody's last answer is being handled: answered by the model and not journaled,
///   journaled and not used, used and not committed.
pub(super) fn rounds(seed: u64, askers: u64, holders: u64) -> Vec<Round> {
    let mut rng = StdRng::seed_from_u64(seed);
    let mut side = |point: &str| format!("{point}:{}", if rng.random_bool(0.5) { "before" } else { "after" });
    let points = [
        (Phase::Journal, side("store.journal_intent")),
        // With their results journaled the askers would go on in the next round, and some be stopped by its point.
        (Phase::Journal, "store.journal_result:before".to_owned()),
        (Phase::Accept, "store.accept:before".to_owned()),
        (Phase::Accept, "store.accept:after".to_owned()),
        (Phase::Delivery, side("messenger.post")),
        (Phase::Delivery, side("store.outbox_sent")),
    ];
    let [intent, mut others @ ..] = points.map(|(phase, point)| {
        let rules = match phase {
            // Past one call of each asker, so that no turn is tried so often that it is given up.
            Phase::Journal => vec![Rule::at(&point, rng.random_range(askers + 1..=2 * askers))],
            _ => vec![Rule::at("llm.complete:before", 1), Rule::at(&point, rng.random_range(1..=TICKETS as u64))],
        };
        Round::new(phase, rules, askers)
    });
    others.shuffle(&mut rng);
    let everybody = askers + holders;
    let last = [
        (Phase::Llm, "store.journal_result:before"),
        (Phase::Journal, "store.journal_result:after"),
        (Phase::Commit, "store.commit:before"),
    ];
    let last = last.map(|(phase, point)| Round {
        tickets: 1_000_000,
        ..Round::new(phase, vec![Rule { until: everybody, ..Rule::at(point, 1) }], everybody)
    });
    let asking = Round { waiting: 10, ..Round::new(Phase::Llm, Vec::new(), 10) };
    [asking, intent].into_iter().chain(others).chain(last).collect()
}

#[test]
fn every_seed_hits_every_phase_in_ten_rounds() {
    for seed in 0..50 {
        let rounds = rounds(seed, 20, 50);
        assert_eq!(rounds.len(), 10);
        let phases: std::collections::BTreeSet<_> = rounds.iter().map(|round| round.phase).collect();
        assert_eq!(phases.len(), 5, "seed {seed}: {phases:?}");
    }
}
