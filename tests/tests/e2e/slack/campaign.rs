//! A hundred people hold the survey at once while Slack does all that it does, and the host is killed once.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use pesto_server::admin::Status;
use pesto_tests::figure;
use pesto_tests::host::TestHost;
use slack_double::{DeliveryFault, Fault, Message, Options, Person, RequestUrls, SlackDouble, When};
use tokio::sync::Semaphore;

use super::{answer, http_setup, setup};
use crate::survey::{CLOSING, FLOW, Plan, Reply, records};

const PEOPLE: usize = 100;
/// So many people begin at once.
const DOOR: usize = 10;
/// How long people wait for an answer.
const PATIENCE: Duration = Duration::from_secs(180);
/// Every other person knows what is asked after this, and answers both at once. Early, so that the kill and the silent
/// socket are later: what Slack sends again after a time-out comes too late for any order.
const BURST: &str = "name";

/// Faults at random, so often that each kind strikes at least twenty times.
fn strike(slack: &SlackDouble) {
    let faults = slack.faults();
    faults.sometimes_events(0.04, DeliveryFault::Duplicate);
    faults.sometimes_events(0.04, DeliveryFault::RetriedThoughAcked);
    faults.sometimes("chat.postMessage", 0.04, Fault::RateLimited { after: 1 });
    faults.sometimes("chat.postMessage", 0.03, Fault::ServerError { when: When::Before });
    faults.sometimes("chat.postMessage", 0.03, Fault::ServerError { when: When::After });
}

/// Holds the survey, and says two things at once here and there, which come to the host in the wrong order.
async fn hold(
    slack: Arc<SlackDouble>,
    person: Person,
    plan: Plan,
    hasty: bool,
    door: Arc<Semaphore>,
    heeded: Arc<Semaphore>,
) -> Vec<Message> {
    // A hundred people do not come in the same millisecond.
    let entering = door.acquire_owned().await.expect("the door stays");
    person.says(&format!("start {FLOW}")).await;
    let mut entering = Some(entering);
    let mut heard = Vec::new();
    let path = plan.path();
    let mut said = 0;
    for (at, key) in path.iter().enumerate() {
        let message = person.hears().await;
        entering.take();
        heard.push(message.clone());
        if hasty && said > 0 && at == said {
            heeded.add_permits(1);
        }
        if *key == CLOSING || at < said {
            continue;
        }
        if *key == BURST && hasty {
            slack.faults().next_events(&person, 1, DeliveryFault::Swapped);
            for key in &path[at..at + 2] {
                let words = match plan.reply(key) {
                    Reply::Say(text) => text,
                    Reply::Pick(values) => values.join(", "),
                };
                person.says(&words).await;
            }
            said = at + 2;
        } else {
            answer(&person, &message, plan.reply(key)).await;
        }
    }
    heard
}

/// How events come to the host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Sockets,
    Http,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_people_over_sockets() {
    campaign(Way::Sockets).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_people_over_http() {
    campaign(Way::Http).await;
}

async fn campaign(way: Way) {
    let _alone = crate::MACHINE.lock().await;
    let began = Instant::now();
    // Slack waits for minutes; in seconds it is the same.
    let retry_delays = [0, 1, 2, 5, 10].map(Duration::from_secs).to_vec();
    let slack = Arc::new(SlackDouble::start(Options { patience: PATIENCE, retry_delays, ..Options::default() }).await);
    let port = free_port();
    let setup = match way {
        Way::Sockets => setup(&slack),
        Way::Http => http_setup(&slack, port),
    };
    let mut host = TestHost::start_with(setup, &[("PESTO_FAILPOINT", "llm.complete:before@1")]).await;
    match way {
        Way::Sockets => slack.has_sockets(2).await,
        Way::Http => {
            host.log().wait("Slack's requests are taken at /slack").await;
            let url = format!("http://127.0.0.1:{port}/slack");
            slack.use_http(RequestUrls::all(&url)).await.expect("the host answers the challenge");
        }
    }
    strike(&slack);
    let plans: Vec<_> = (0..PEOPLE).map(Plan::new).collect();
    let people: Vec<_> = plans.iter().map(|plan| slack.person(&plan.name())).collect();
    let (door, heeded) = (Arc::new(Semaphore::new(DOOR)), Arc::new(Semaphore::new(0)));
    let holding: Vec<_> = (plans.iter().zip(&people).enumerate())
        .map(|(number, (plan, person))| {
            let (slack, door, heeded) = (slack.clone(), door.clone(), heeded.clone());
            tokio::spawn(hold(slack, person.clone(), plan.clone(), number.is_multiple_of(2), door, heeded))
        })
        .collect();
    if way == Way::Sockets {
        slack.faults().too_many_sockets(1);
        assert!(slack.faults().refresh_socket());
    }
    let all_hasty = u32::try_from(PEOPLE.div_ceil(2)).expect("there are few");
    drop(heeded.acquire_many(all_hasty).await.expect("it stays"));
    if way == Way::Sockets {
        assert!(slack.faults().silence_socket());
    }

    // The model is never answered in this run, so the last turns pile up; meanwhile posts take long.
    host.until("turns in flight", |status| status.turns_waiting >= 10).await;
    slack.faults().next_n("chat.postMessage", 20, Fault::Slow { ms: 3_000, when: When::After });
    let both = |status: &Status| status.turns_waiting >= 10 && status.posts_in_flight >= 5;
    let status = host.until("turns and posts in flight", both).await;
    host.kill();
    host.again().await;

    for (plan, holding) in plans.iter().zip(holding) {
        let heard = holding.await.expect("the survey is held to its end");
        assert_eq!(heard.len(), plan.path().len());
    }
    host.idle().await;
    check(&slack, &host, &plans, &people);
    let name = format!("slack_{way:?}").to_lowercase();
    println!("{name}: injected {:?}", slack.injected());
    println!("{name}: counted {:?}", slack.counters());
    figure(format_args!("{name}_kill_turns_in_flight {} turns", status.turns_waiting));
    figure(format_args!("{name}_kill_posts_in_flight {} posts", status.posts_in_flight));
    let mut took: Vec<_> = slack.acks().iter().filter_map(|ack| ack.took()).collect();
    took.sort_unstable();
    let worst = took.last().copied().unwrap_or_default();
    figure(format_args!("{name}_ack_p99_ms {:.1} ms", took[took.len() * 99 / 100] as f64 / 1e3));
    figure(format_args!("{name}_ack_max_ms {:.1} ms", worst as f64 / 1e3));
    figure(format_args!("{name}_campaign_s {:.0} s", began.elapsed().as_secs_f64()));
    let injected = slack.injected();
    for kind in
        ["duplicate", "retried_though_acked", "swapped", "rate_limited", "server_error", "server_error_after_work"]
    {
        assert!(injected.get(kind).is_some_and(|&count| count >= 20), "too few of {kind}: {injected:?}");
    }
    assert!(worst < 3_000_000, "an envelope was acknowledged after {worst} µs");
    assert_eq!(slack.counter("rate_limited"), 0, "the host posts faster than Slack allows");
}

/// Everybody's answers are recorded once, as they were given, and everybody was asked each question once, in order.
fn check(slack: &SlackDouble, host: &TestHost, plans: &[Plan], people: &[Person]) {
    let mut records = records(host);
    let mut asked = BTreeMap::<String, Vec<String>>::new();
    for (plan, person) in plans.iter().zip(people) {
        assert_eq!(records.remove(person.id()), Some(vec![plan.record()]), "the record of {}", plan.name());
        let ours: Vec<_> = person.sees().into_iter().filter(|message| message.bot_id.is_some()).collect();
        assert_eq!(ours.len(), plan.path().len(), "{} sees too much or too little:\n{}", person.id(), person.story());
        // Two people with the same path see the same questions in the same order.
        let questions = ours[1..ours.len() - 2].iter().map(|message| first_line(&message.shown())).collect::<Vec<_>>();
        let path = plan.path().join(" ");
        assert_eq!(
            asked.entry(path).or_insert_with(|| questions.clone()),
            &questions,
            "what {} was asked",
            person.id()
        );
    }
    assert!(records.is_empty(), "records of nobody: {records:?}");
    assert_eq!(slack.counter("acks_late"), 0);
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().to_owned()
}

fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port is free");
    listener.local_addr().expect("it has an address").port()
}
