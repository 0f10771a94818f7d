//! Three hosts are restarted one after the other while people hold the survey and its component is swapped: nobody
//! misses a question, sees one twice, or hears of an error.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use pesto_tests::host::TestHost;
use pesto_tests::{figure, files, guests};
use slack_double::{Message, Options, Person, SlackDouble};

use super::{agree, on, stop};
use crate::slack::{answer, setup};
use crate::survey::{CLOSING, FLOW, Plan, records};
use redis_rig::server::Server;

const HOSTS: usize = 3;
const PEOPLE: usize = 30;
/// What a person takes to answer. In less than a second, Slack's rate of posts in a channel would be what is measured.
const THOUGHT: Duration = Duration::from_millis(1_200);
/// How long people wait for an answer.
const PATIENCE: Duration = Duration::from_secs(60);

/// What a person heard of one survey, and how long they waited for it.
struct Held {
    heard: Vec<Message>,
    waited: Vec<Duration>,
}

/// Holds the survey once.
async fn hold(person: &Person, plan: &Plan) -> Held {
    let mut held = Held { heard: Vec::new(), waited: Vec::new() };
    let mut asked = Instant::now();
    person.says(&format!("start {FLOW}")).await;
    for key in plan.path() {
        let message = person.hears().await;
        held.waited.push(asked.elapsed());
        held.heard.push(message.clone());
        tokio::time::sleep(THOUGHT).await;
        if key != CLOSING {
            asked = Instant::now();
            answer(person, &message, plan.reply(key)).await;
        }
    }
    held
}

/// Holds it again and again, until there is enough.
async fn hold_on(person: Person, plan: Plan, enough: Arc<AtomicBool>) -> Vec<Held> {
    let mut all = Vec::new();
    while !enough.load(Ordering::SeqCst) {
        all.push(hold(&person, &plan).await);
    }
    all
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rolling_restart_with_a_swap_is_noticed_by_nobody() {
    let _alone = crate::MACHINE.lock().await;
    let slack = SlackDouble::start(Options { patience: PATIENCE, ..Options::default() }).await;
    let redis = Server::start();
    let mut hosts = Vec::new();
    for _ in 0..HOSTS {
        hosts.push(TestHost::start(on(&redis, setup(&slack))).await);
    }
    slack.has_sockets(2 * HOSTS).await;

    let enough = Arc::new(AtomicBool::new(false));
    let plans: Vec<_> = (0..PEOPLE).map(Plan::new).collect();
    let people: Vec<_> = plans.iter().map(|plan| slack.person(&plan.name())).collect();
    let holding: Vec<_> = (plans.iter().zip(&people))
        .map(|(plan, person)| tokio::spawn(hold_on(person.clone(), plan.clone(), enough.clone())))
        .collect();

    // The first host gets the new component at work, the second one keeps its old file, the third one gets it at its
    // restart.
    let old = std::fs::read(files::component(FLOW)).expect("the component can be read");
    let new = guests::padded(old, 1);
    hosts[0].until("people at work", |status| status.turns_committed > PEOPLE as u64).await;
    hosts[0].setup.deploy(FLOW, &new);
    agree(&hosts, FLOW, Some(&new)).await;
    hosts[2].setup.deploy(FLOW, &new);
    for at in 0..HOSTS {
        stop(&mut hosts[at]).await;
        hosts[at].again().await;
        slack.has_sockets(2 * HOSTS).await;
        agree(&hosts, FLOW, Some(&new)).await;
        hosts[at].until("turns on the new host", |status| status.turns_committed > PEOPLE as u64).await;
    }
    enough.store(true, Ordering::SeqCst);
    let mut all = Vec::new();
    for holding in holding {
        all.push(holding.await.expect("the surveys are held to their end"));
    }
    hosts[0].idle().await;
    check(&hosts[0], &plans, &people, &all);
    figures(&slack, &all);
}

/// Everybody's answers are recorded once for each survey, and everybody saw each question once, in order.
fn check(host: &TestHost, plans: &[Plan], people: &[Person], all: &[Vec<Held>]) {
    let mut records = records(host);
    let mut asked = BTreeMap::<String, Vec<String>>::new();
    for ((plan, person), surveys) in plans.iter().zip(people).zip(all) {
        let expected = vec![plan.record(); surveys.len()];
        assert_eq!(records.remove(person.id()), Some(expected), "the records of {}", plan.name());
        let seen = person.sees().into_iter().filter(|message| message.bot_id.is_some()).count();
        assert_eq!(seen, surveys.len() * plan.path().len(), "{} sees too much:\n{}", person.id(), person.story());
        for survey in surveys {
            // Between the greeting, which has the name, and the review all is alike for people on the same path.
            let words = &survey.heard[1..survey.heard.len() - 2];
            let words: Vec<_> = words.iter().map(|message| first_line(&message.shown())).collect();
            let same = asked.entry(plan.path().join(" ")).or_insert_with(|| words.clone());
            assert_eq!(*same, words, "what {} was asked", person.id());
        }
    }
    assert!(records.is_empty(), "records of nobody: {records:?}");
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().to_owned()
}

fn figures(slack: &SlackDouble, all: &[Vec<Held>]) {
    let mut waited: Vec<_> = all.iter().flatten().flat_map(|held| held.waited.iter().copied()).collect();
    waited.sort_unstable();
    let at = |part: usize| waited[(waited.len() - 1) * part / 1_000].as_secs_f64() * 1e3;
    println!("rolling: counted {:?}", slack.counters());
    figure(format_args!("rolling_restart_surveys {} surveys", all.iter().map(Vec::len).sum::<usize>()));
    figure(format_args!("rolling_restart_replies {} replies", waited.len()));
    figure(format_args!("rolling_restart_reply_p50_ms {:.0} ms", at(500)));
    figure(format_args!("rolling_restart_reply_p99_ms {:.0} ms", at(990)));
    figure(format_args!("rolling_restart_reply_max_ms {:.0} ms", at(1_000)));
}
