//! Fifty people hold the survey while the host is killed ten times: nothing is lost, doubled, or out of order.
//!
//! `KILLS_SEED` repeats a campaign.

mod people;
mod rounds;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use pesto_server::admin::Status;
use pesto_tests::aimock::Aimock;
use pesto_tests::figure;
use pesto_tests::host::TestHost;
use pesto_tests::setup::Setup;
use serde_json::Value;
use tokio::sync::Semaphore;

use crate::survey::{FLOW, Plan, records};
use rounds::{Phase, Round, rounds};

const HOLDERS: usize = 50;
const ASKERS: usize = 20;
/// A turn may wait for several rounds until it is done.
const PATIENCE: Duration = Duration::from_secs(300);
const LATENCY: Duration = Duration::from_millis(200);

/// What the kills met.
#[derive(Default)]
struct Toll {
    phases: BTreeMap<Phase, u32>,
    least: Option<u64>,
    replayed: u64,
}

impl Toll {
    /// Waits for the round's state, and kills the host in it.
    async fn take(&mut self, host: &mut TestHost, round: &Round) {
        for rule in &round.rules {
            host.log().failpoint(&rule.point, rule.until).await;
        }
        let so_far = |status: &Status| status.backlog.running >= round.running && status.turns_waiting >= round.waiting;
        let status = host.until(&format!("{round:?}"), so_far).await;
        host.kill();
        *self.phases.entry(round.phase).or_default() += 1;
        let running = status.backlog.running;
        self.least = Some(self.least.map_or(running, |least| least.min(running)));
        self.replayed += status.calls_replayed;
        println!("killed during {:?} ({}): {running} turns in flight", round.phase, round.failpoint());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_people_and_ten_kills() {
    let _alone = crate::MACHINE.lock().await;
    let seed = std::env::var("KILLS_SEED").map_or(1, |seed| seed.parse().expect("KILLS_SEED is a number"));
    println!("KILLS_SEED={seed}");
    let began = Instant::now();
    let model = Aimock::start(LATENCY).await;
    let setup = Setup::new().line("default_flow = \"ask\"").flow(FLOW).flow("ask").model(model.url());
    let mut rounds = rounds(seed, ASKERS as u64, HOLDERS as u64).into_iter().peekable();
    let failpoint = |round: Option<&Round>| round.map(Round::failpoint).filter(|rules| !rules.is_empty());
    let first = failpoint(rounds.peek());
    let mut host = TestHost::start_with(setup, &environment(first.as_deref())).await;

    let tickets = Arc::new(Semaphore::new(0));
    let enough = Arc::new(AtomicBool::new(false));
    let person = |id: &str| {
        let mut person = host.person(id);
        person.patience = PATIENCE;
        person
    };
    let plans: Vec<_> = (0..HOLDERS).map(Plan::new).collect();
    let holders: Vec<_> =
        plans.iter().map(|plan| tokio::spawn(people::hold(person(&plan.id), plan.clone(), tickets.clone()))).collect();
    let askers: Vec<_> = (0..ASKERS).map(|number| format!("asker{number}")).collect();
    let asking: Vec<_> =
        askers.iter().map(|id| tokio::spawn(people::ask(person(id), id.clone(), enough.clone()))).collect();

    let mut toll = Toll::default();
    while let Some(round) = rounds.next() {
        tickets.add_permits(round.tickets);
        toll.take(&mut host, &round).await;
        let next = failpoint(rounds.peek());
        host.again_with(&environment(next.as_deref())).await;
    }

    for (plan, holder) in plans.iter().zip(holders) {
        people::check_survey(plan, &holder.await.expect("the survey is held to its end"));
    }
    enough.store(true, Ordering::SeqCst);
    for (id, asker) in askers.iter().zip(asking) {
        people::check_asked(id, &asker.await.expect("all questions are answered"));
    }
    check_records(&host, &plans);
    check_closings(&model, &plans);
    let replayed = toll.replayed + host.idle().await.calls_replayed;
    let kills: u32 = toll.phases.values().sum();
    let least = toll.least.unwrap_or_default();
    figure(format_args!("kill_turns_in_flight_min {least} turns"));
    figure(format_args!("kills {kills} kills"));
    figure(format_args!("replayed_calls {replayed} calls"));
    figure(format_args!("kill_campaign_s {:.0} s", began.elapsed().as_secs_f64()));
    println!("phases hit: {:?}", toll.phases);
    assert!(kills == 10 && least >= 10 && replayed > 0 && toll.phases.len() == 5);
}

/// The model was asked for each person's last words in the round that lost its answer, and in the next, which
/// journaled it; in the two runs after that the journal answered.
fn check_closings(model: &Aimock, plans: &[Plan]) {
    let asked = model.asked();
    for plan in plans {
        let name = format!("\"name\":\"{}\"", plan.name());
        let closing = |line: &&Value| line["closing"] == true && line["text"].as_str().unwrap_or("").contains(&name);
        assert_eq!(asked.iter().filter(closing).count(), 2, "how often the model closed for {}", plan.id);
    }
}

fn environment(failpoint: Option<&str>) -> Vec<(&'static str, &str)> {
    failpoint.map(|rules| ("PESTO_FAILPOINT", rules)).into_iter().collect()
}

/// Each person's answers are recorded once, as they were given.
fn check_records(host: &TestHost, plans: &[Plan]) {
    let mut records = records(host);
    for plan in plans {
        assert_eq!(records.remove(&plan.id), Some(vec![plan.record()]), "the record of {}", plan.id);
    }
    assert!(records.is_empty(), "records of nobody: {records:?}");
}
