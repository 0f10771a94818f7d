//! Many people at once, and what Slack refuses for a while.

use std::time::{Duration, Instant};

use pesto_tests::figure;
use pesto_tests::host::TestHost;
use slack_double::{DeliveryFault, Fault, Options, SlackDouble, documented_tiers};

use super::{UNHURRIED, double, setup};
use crate::survey::FLOW;

/// Longer than a rush takes.
const PATIENCE: Duration = Duration::from_secs(120);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rush_finds_what_the_workspace_takes() {
    let _alone = crate::MACHINE.lock().await;
    // Three hundred a minute, after a burst.
    let options = Options { workspace_posts: Some((36, 300)), patience: PATIENCE, ..Options::default() };
    let slack = SlackDouble::start(options).await;
    let mut setup = setup(&slack);
    setup.replace(UNHURRIED, "");
    let host = TestHost::start(setup).await;
    slack.has_sockets(2).await;
    let people: Vec<_> = (0..150).map(|number| slack.person(&format!("Person {number}"))).collect();
    let began = Instant::now();
    for person in &people {
        person.says(&format!("start {FLOW}")).await;
    }
    for person in &people {
        person.hears().await;
    }
    let took = began.elapsed();
    host.idle().await;
    let refused = slack.counter("rate_limited.chat.postMessage");
    figure(format_args!("rush_refused_posts {refused} posts"));
    figure(format_args!("rush_answered_s {:.1} s", took.as_secs_f64()));
    assert!(refused <= 10, "{refused} posts were refused");
    // The double can take the last one after 22.8 s; posts without a pace had it there after 23 s.
    assert!(took < Duration::from_secs(26), "{took:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_is_greeted_by_an_id_in_a_rush_of_new_people() {
    let _alone = crate::MACHINE.lock().await;
    let slack =
        SlackDouble::start(Options { tiers: documented_tiers(), patience: PATIENCE, ..Options::default() }).await;
    // Half of them are there when the host reads who is, and half come later.
    let mut people: Vec<_> = (0..225).map(|number| slack.person(&format!("Person {number}"))).collect();
    let host = TestHost::start(setup(&slack)).await;
    slack.has_sockets(2).await;
    people.extend((225..450).map(|number| slack.person(&format!("Person {number}"))));
    // What was asked before counts for Slack, too.
    slack.faults().next("users.info", Fault::RateLimited { after: 20 });
    for person in people.iter().rev() {
        person.says(&format!("start {FLOW}")).await;
        tokio::time::sleep(Duration::from_millis(22)).await;
    }
    let mut named = 0;
    for (number, person) in people.iter().enumerate() {
        let greeting = person.hears().await.shown();
        assert!(!greeting.contains(person.id()), "{greeting}");
        assert!(greeting.contains("Welcome"), "{greeting}");
        named += usize::from(greeting.contains(&format!("Welcome, Person {number}!")));
    }
    figure(format_args!("rush_greeted_by_name {named} people of 450"));
    assert!(named >= 300, "only {named} are greeted by their names");
    host.idle().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refusal_that_somebody_heals_is_no_end() {
    let slack = double().await;
    let host = TestHost::start(setup(&slack)).await;
    slack.has_sockets(2).await;
    let (ann, channel) = (slack.person("Ann"), slack.channel("general"));
    slack.faults().next("chat.postMessage", Fault::Refused { error: "not_in_channel".to_owned() });
    ann.mentions(&channel, &format!("start {FLOW}")).await;
    host.log().text("invite it there").await;
    let asked = ann.hears().await;
    assert!(asked.shown().contains("What should we call you?"), "{}", asked.shown());
    host.idle().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_single_socket_keeps_texts_in_order_by_itself() {
    let slack = double().await;
    let mut setup = setup(&slack);
    setup.replace(UNHURRIED, &format!("{UNHURRIED}\nsockets = 1"));
    let host = TestHost::start(setup).await;
    slack.has_sockets(1).await;
    assert_eq!(slack.sockets(), 1);
    let people: Vec<_> = (0..20).map(|number| slack.person(&format!("Person {number}"))).collect();
    for text in [&format!("start {FLOW}"), "Ann", "Sales"] {
        for person in &people {
            person.says(text).await;
        }
    }
    for person in &people {
        for question in ["What should we call you?", "What will you work on?", "Which region"] {
            let asked = person.hears().await.shown();
            assert!(asked.contains(question), "not `{question}`: {asked}");
        }
    }
    host.idle().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_overtakes_another_text_is_put_behind_it() {
    let slack = double().await;
    let host = TestHost::start(setup(&slack)).await;
    slack.has_sockets(2).await;
    let people: Vec<_> = (0..10).map(|number| slack.person(&format!("Person {number}"))).collect();
    for person in &people {
        // The first thing that they say: nothing shows that there will be more.
        slack.faults().next_events(person, 1, DeliveryFault::Swapped);
        person.says(&format!("start {FLOW}")).await;
        person.says("Ann").await;
        for question in ["What should we call you?", "What will you work on?"] {
            let asked = person.hears().await.shown();
            assert!(asked.contains(question), "not `{question}`: {asked}");
        }
    }
    assert_eq!(slack.injected().get("swapped"), Some(&10));
    host.idle().await;
}
