//! Two hundred events a second from Slack, over Socket Mode and over HTTP: how long each waits for its acknowledgement, and
//! its person for a reply. Then people who click three times in a row, quickly.
//!
//! The double runs in the same process and on the same cores. Everybody writes every other second or so: that is no burst,
//! and no post waits for Slack's limit of one a second in a channel.

use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use pesto_server::config::{Secret, Slack as Config, SlackHttp};
use pesto_server::slack::Slack;
use slack_double::{Options, RequestUrls, SlackDouble};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{Instant, interval_at, sleep};

use super::Figure;
use super::rig::{On, Rig, percentile};

const PEOPLE: u32 = 500;
const PAUSE: Duration = Duration::from_millis(2_500);
/// What each person writes; the first one is not counted, for it is then that Slack is asked for their name.
const TEXTS: u32 = 8;

/// Who clicks, how often in a row, with which pause, and how long they rest before that.
const CLICKERS: u32 = 50;
const CLICKS: u32 = 3;
const QUICK: Duration = Duration::from_millis(300);
const REST: Duration = Duration::from_secs(4);

/// How events come to the host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Sockets,
    Http,
}

/// A host in a workspace.
struct Host {
    double: Arc<SlackDouble>,
    _rig: Rig,
    running: JoinHandle<anyhow::Result<()>>,
}

impl Drop for Host {
    fn drop(&mut self) {
        self.running.abort();
    }
}

impl Host {
    async fn start(component: &[u8], way: Way) -> anyhow::Result<Self> {
        let double = Arc::new(SlackDouble::start(Options::default()).await);
        let free = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let http = SlackHttp { listen: free, signing_secret: Secret::new(double.signing_secret()) };
        let config = Config {
            bot_token: Secret::new(double.bot_token()),
            app_token: (way == Way::Sockets).then(|| Secret::new(double.app_token())),
            http: (way == Way::Http).then_some(http),
            base_url: double.api_url(),
            idle: Duration::from_secs(30),
            sockets: 10,
            burst: 3,
            // More than Slack would let through.
            posts_a_minute: 60_000,
        };
        let slack = Slack::new(&config, Vec::new())?;
        let rig = Rig::with_messenger(On::Embedded, component, Arc::new(slack.messenger())).await?;
        let running = tokio::spawn(slack.run(rig.engine.clone(), std::future::pending()));
        match way {
            Way::Sockets => double.has_sockets(2).await,
            Way::Http => {
                let urls = RequestUrls::all(&format!("http://{free}/slack"));
                // It begins to listen in a moment.
                while double.use_http(urls.clone()).await.is_err() {
                    sleep(Duration::from_millis(20)).await;
                }
            }
        }
        Ok(Self { double, _rig: rig, running })
    }
}

pub(crate) async fn measure(component: &[u8]) -> anyhow::Result<Vec<Figure>> {
    let mut figures = replies(component, Way::Sockets).await?;
    let http = replies(component, Way::Http).await?;
    let named = |name: &str| match name {
        "slack_events_per_s" => "slack_http_events_per_s",
        "ack_p99_ms" => "http_ack_p99_ms",
        "reply_p50_ms" => "http_reply_p50_ms",
        _ => "http_reply_p99_ms",
    };
    figures.extend(http.into_iter().map(|(name, value, unit)| (named(name), value, unit)));
    figures.extend(clicks(component).await?);
    Ok(figures)
}

async fn replies(component: &[u8], way: Way) -> anyhow::Result<Vec<Figure>> {
    let host = Host::start(component, way).await?;
    let double = &host.double;
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
    let skipped = double.acks().len() - replies.len();
    let acks = double.acks().iter().skip(skipped).filter_map(|ack| ack.took()).map(Duration::from_micros).collect();
    let limited = double.counter("rate_limited");
    println!("{way:?}: {} events in {took:.0} s, {limited} posts limited", replies.len());
    Ok(vec![
        ("slack_events_per_s", f64::from(PEOPLE * TEXTS) / took, "1/s"),
        ("ack_p99_ms", percentile(acks, 99).context("no event was acknowledged")?, "ms"),
        ("reply_p50_ms", percentile(replies.clone(), 50).context("nobody was answered")?, "ms"),
        ("reply_p99_ms", percentile(replies, 99).context("nobody was answered")?, "ms"),
    ])
}

/// How long it takes from a click to the next question, for people who click as fast as they can read.
async fn clicks(component: &[u8]) -> anyhow::Result<Vec<Figure>> {
    let host = Host::start(component, Way::Sockets).await?;
    let mut people = JoinSet::new();
    for number in 0..CLICKERS {
        let person = host.double.person(&format!("Person {number}"));
        people.spawn(async move {
            sleep(QUICK * number / CLICKERS).await;
            person.says("hello").await;
            person.hears().await;
            person.says("ask").await;
            let mut asked = person.hears().await;
            sleep(REST).await;
            let mut waits = Vec::new();
            for _ in 0..CLICKS {
                let clicked = Instant::now();
                person.clicks(&asked, "Next").await;
                asked = person.hears().await;
                waits.push(clicked.elapsed());
                sleep(QUICK.saturating_sub(clicked.elapsed())).await;
            }
            waits
        });
    }
    let mut waits = Vec::new();
    while let Some(person) = people.join_next().await {
        waits.extend(person?);
    }
    Ok(vec![("quick_click_p50_ms", percentile(waits, 50).context("nobody clicked")?, "ms")])
}
