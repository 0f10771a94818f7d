//! Holds a scenario again and again, until each thing went wrong in it once that can go wrong in a host.
//!
//! Something goes wrong once in each step, so that a conversation of twenty steps need not be held for each point of each
//! of them. What is then said otherwise is looked for with each alone.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::stream::{self, StreamExt as _};
use pesto_engine::failpoint::{Action, Point, Rule};

use super::failure::Failure;
use super::file::Scenario;
use super::run::{Bench, Case, Flow, Held, Passed};
use super::store::StoreKind;

/// Points that only look: a crash there is told from a crash before the next write by nothing, so one of each is
/// enough.
const LOOKS: [&str; 18] = [
    "store.inbox_due",
    "store.outbox_due",
    "store.glance",
    "store.renew",
    "store.sweep",
    "store.history",
    "store.dead",
    "store.completions",
    "store.current",
    "redis.peek",
    "redis.glance",
    "redis.timers_due",
    "redis.renew",
    "redis.sweep",
    "redis.doubt_sweep",
    "redis.component_old",
    "redis.history",
    "redis.page",
];
/// So many conversations are held side by side: most of them wait for a disk or for Redis.
const AT_ONCE: usize = 8;

/// What is to go wrong, by the step of the scenario.
pub(super) type Plan = BTreeMap<usize, Rule>;

impl Bench {
    /// Holds it until a host crashed once at each failpoint of each step, and wants the same to be said as in memory without
    /// a crash. Where an adapter has steps of its own, each of them and its answer is lost once, too.
    pub async fn run_with_crashes(&self, flow: &Flow, scenario: &Scenario) -> Result<Passed, Failure> {
        let case = self.case(flow, scenario).await?;
        let model = self.hold(&case, &StoreKind::Memory, &Plan::new()).await?;
        let whole = self.hold(&case, &self.store, &Plan::new()).await?;
        same(&model, &whole)?;
        let mut passed = Passed::default();
        let mut missed = Vec::new();
        let together = plans(&whole.hits);
        let mut runs = stream::iter(&together).map(|plan| self.hold_as(&case, &model, plan)).buffered(AT_ONCE);
        let mut failed = None;
        while let Some((plan, held)) = runs.next().await {
            match held {
                Ok(held) => {
                    passed.add(&held);
                    // A point that hangs on chance was not met, or not so often.
                    missed.extend(plan.iter().filter(|(step, _)| !held.done.contains_key(*step)).map(alone));
                }
                Err(failure) => {
                    failed = Some(failure);
                    missed = plan.iter().map(alone).collect();
                    break;
                }
            }
        }
        drop(runs);
        let mut runs = stream::iter(&missed).map(|plan| self.hold_as(&case, &model, plan)).buffered(AT_ONCE);
        while let Some((_, held)) = runs.next().await {
            passed.add(&held?);
        }
        match failed {
            Some(failure) => Err(failure),
            None if passed.crashes == 0 => Err(Failure::whole("no crash could be made to happen in it")),
            None => Ok(passed),
        }
    }

    /// Holds it with a plan, and compares with how it was without.
    async fn hold_as<'a>(&self, case: &Case<'_>, model: &Held, plan: &'a Plan) -> (&'a Plan, Result<Held, Failure>) {
        let held = self.hold(case, &self.store, plan).await;
        let held = held.and_then(|held| same(model, &held).map(|()| held));
        (plan, held.map_err(|failure| Failure { during: Some(words(plan)), ..failure }))
    }
}

impl Passed {
    fn add(&mut self, held: &Held) {
        self.crashes += held.crashes;
        self.losses += held.done.values().filter(|rule| rule.action == Action::Lose).count();
    }
}

fn alone((step, rule): (&usize, &Rule)) -> Plan {
    [(*step, rule.clone())].into()
}

/// Plans of which one or another has each thing that can go wrong, by the points that each step hit.
fn plans(hits: &[BTreeMap<Point, u64>]) -> Vec<Plan> {
    let (mut plans, mut looks) = (Vec::<Plan>::new(), BTreeSet::new());
    for (step, hits) in hits.iter().enumerate() {
        let hits = hits.iter().filter_map(|(point, hits)| match LOOKS.contains(&point.method) {
            true => looks.insert(*point).then_some((*point, 1)),
            false => Some((*point, *hits)),
        });
        for (at, rule) in hits.flat_map(|(point, hits)| rules(point, hits)).enumerate() {
            if plans.len() == at {
                plans.push(Plan::new());
            }
            plans[at].insert(step, rule);
        }
    }
    plans
}

/// What can go wrong at a point that is hit so often.
fn rules(point: Point, hits: u64) -> impl Iterator<Item = Rule> {
    let own = point.method.starts_with("redis.");
    let actions: &[_] = if own { &[Action::Crash, Action::Lose] } else { &[Action::Crash] };
    let rule = move |nth, action| Rule { point: point.to_string(), nth, action };
    (1..=hits).flat_map(move |nth| actions.iter().map(move |action| rule(nth, *action)))
}

fn words(plan: &Plan) -> String {
    let all = plan.iter().map(|(step, Rule { point, nth, action })| {
        let what = if *action == Action::Lose { "a loss" } else { "a crash" };
        format!("with {what} in step {} at {point}, hit {nth}:", step + 1)
    });
    all.collect::<Vec<_>>().join("\n")
}

fn same(model: &Held, held: &Held) -> Result<(), Failure> {
    match held.transcript == model.transcript {
        true => Ok(()),
        false => Err(Failure::whole(format!(
            "something else was said:\n{}  than in memory without a crash:\n{}",
            held.transcript, model.transcript
        ))),
    }
}
