//! Two hundred events a second over Socket Mode: how long each waits for its acknowledgement, and its person for a reply.
//!
//! The double runs in the same process and on the same cores. Everybody writes every other second, so that no post waits
//! for Slack's limit of one a second in a channel.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use pesto_server::config::{Secret, Slack as Config};
use pesto_server::slack::Slack;
use slack_double::{Options, SlackDouble};
use tokio::task::JoinSet;
use tokio::time::{Instant, interval_at};

use super::Figure;
use super::rig::{On, Rig, percentile};

const PEOPLE: u32 = 400;
const PAUSE: Duration = Duration::from_secs(2);
/// What each person writes; the first one is not counted, for it is then that Slack is asked for their name.
const TEXTS: u32 = 8;

pub(crate) async fn measure(component: &[u8]) -> anyhow::Result<Vec<Figure>> {
    let double = Arc::new(SlackDouble::start(Options::default()).await);
    let config = Config {
        bot_token: Secret::new(double.bot_token()),
        app_token: Some(Secret::new(double.app_token())),
        http: None,
        base_url: double.api_url(),
        idle: Duration::from_secs(30),
        sockets: 10,
    };
    let slack = Slack::new(&config, Vec::new())?;
    let rig = Rig::with_messenger(On::Embedded, component, Arc::new(slack.messenger())).await?;
    let host = tokio::spawn(slack.run(rig.engine.clone(), std::future::pending()));
    double.has_sockets(2).await;

    let begin = Instant::now() + Duration::from_secs(1);
    let mut people = JoinSet::new();
    for number in 0..PEOPLE {
        let person = double.person(&format!("Person {number}"));
        let mut tick = interval_at(begin + PAUSE * number / PEOPLE, PAUSE);
        people.spawn(async move {
            let mut replies = Vec::new();
            for text in 0..TEXTS {
                tick.tick().await;
                let said = Instant::now();
                person.says(&format!("text {text}")).await;
                person.hears().await;
                replies.push(said.elapsed());
            }
            replies
        });
    }
    let mut replies = Vec::new();
    while let Some(person) = people.join_next().await {
        replies.extend(person?.into_iter().skip(1));
    }
    let took = begin.elapsed().as_secs_f64();
    host.abort();
    let skipped = double.acks().len() - replies.len();
    let acks = double.acks().iter().skip(skipped).filter_map(|ack| ack.took()).map(Duration::from_micros).collect();
    println!("{} events in {took:.0} s, {} posts limited", replies.len(), double.counter("rate_limited"));
    Ok(vec![
        ("slack_events_per_s", f64::from(PEOPLE * TEXTS) / took, "1/s"),
        ("ack_p99_ms", percentile(acks, 99).context("no event was acknowledged")?, "ms"),
        ("reply_p50_ms", percentile(replies.clone(), 50).context("nobody was answered")?, "ms"),
        ("reply_p99_ms", percentile(replies, 99).context("nobody was answered")?, "ms"),
    ])
}
