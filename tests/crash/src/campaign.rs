//! One campaign from its start to its evidence.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use redis_rig::server::Server;
use serde_json::Value;
use slack_double::{Message, Options as SlackOptions, Person, SlackDouble};
use tokio::task::JoinSet;

use crate::faults::Field;
use crate::hosts::{Ground, Host};
use crate::model::Model;
use crate::options::Options;
use crate::people::{self, Street, feedback, survey};
use crate::records::{Ack, Evidence, Final, Post, Recorded, Seen};
use crate::schedule::schedule;

/// People who come do not come in the same moment.
const DOOR: Duration = Duration::from_millis(40);
/// How much longer than planned people may go on until there were events enough.
const LONGEST: u32 = 3;
/// After this long a host has looked for the copies of what it posted late: it waits for half a minute first.
const LOOK: Duration = Duration::from_secs(40);

/// Runs a campaign, and writes what happened into the folder.
pub async fn run(options: &Options, folder: &Path) -> anyhow::Result<Evidence> {
    deploy(&folder.join("flows"))?;
    let slack = SlackDouble::start(SlackOptions {
        seed: options.seed,
        patience: Duration::from_secs(options.patience),
        // Slack waits for minutes; in seconds it is the same.
        retry_delays: [0, 1, 2, 5, 10, 20, 40, 60, 60].map(Duration::from_secs).to_vec(),
        // The host drops what it hears of itself, and this is twice the work for the machine.
        echo: false,
        ..SlackOptions::default()
    });
    let pesto = pesto()?;
    let ground = Ground {
        folder: folder.to_owned(),
        host: options.host.clone().unwrap_or_else(|| pesto.clone()),
        pesto,
        sabotage: options.sabotage.clone(),
        slack: slack.await,
        model: Model::start().await?,
    };
    let ground = Arc::new(ground);
    let mut rng = StdRng::seed_from_u64(options.seed);
    let drawn = StdRng::seed_from_u64(rng.random());
    let mut field = Field::start(ground.clone(), Server::start(), options.hosts, drawn).await?;
    ground.slack.has_sockets(2 * options.hosts).await;

    let street = Arc::new(Street::new(Duration::from_secs(options.patience), Duration::from_millis(options.thinking)));
    let people: Vec<Person> = (0..options.people).map(|number| ground.slack.person(&format!("P{number}"))).collect();
    let mut talking = JoinSet::new();
    for (number, person) in people.iter().enumerate() {
        let (street, person, seed) = (street.clone(), person.clone(), rng.random());
        talking.spawn(async move {
            tokio::time::sleep(DOOR * u32::try_from(number).unwrap_or(u32::MAX)).await;
            people::talk(&street, &person, seed).await;
        });
    }
    let began = Instant::now();
    field.carry_out(schedule(options)).await?;
    let rest = options.duration().saturating_sub(began.elapsed());
    tokio::time::sleep(rest).await;
    while street.count() < options.events && began.elapsed() < LONGEST * options.duration() {
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    street.enough.store(true, Ordering::SeqCst);
    while let Some(ended) = talking.join_next().await {
        ended.context("a person did what people cannot do")?;
    }
    let last = settled(&field, &people, options).await?;
    let host = field.hosts().next().context("a host runs")?;
    let (deeds, planned) = street.records();
    Ok(Evidence {
        deeds,
        planned,
        acks: acks(&ground.slack),
        posts: posts(&ground.slack, &people),
        seen: people.iter().flat_map(seen).collect(),
        asked: ground.model.asked(),
        struck: field.struck(),
        recorded: recorded(host, &ground)?,
        last: Final { doubts: host.lines(&ground, &["doubts", "--format", "jsonl"]).ok(), dead: host.dead()?, ..last },
    })
}

/// Waits until nothing is left to do, and as long as late copies may stand there, but not for ever.
async fn settled(field: &Field, people: &[Person], options: &Options) -> anyhow::Result<Final> {
    let began = Instant::now();
    loop {
        let all: Vec<_> = field.hosts().filter_map(Host::status).collect();
        // All of them see the same store.
        let unfinished = all.first().map_or(u64::MAX, |status| status.unfinished);
        let waits = unfinished > 0 || began.elapsed() < LOOK && people.iter().any(sees_a_copy);
        if !waits || began.elapsed().as_secs() > options.patience {
            let replayed = all.iter().map(|status| status.replayed).sum();
            return Ok(Final { lease: options.lease * 1_000_000, unfinished, replayed, ..Final::default() });
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// The command that was built beside this one.
fn pesto() -> anyhow::Result<PathBuf> {
    let own = std::env::current_exe()?;
    // A test is in a folder below it.
    let binary = own.ancestors().skip(1).take(2).map(|folder| folder.join("pesto")).find(|binary| binary.is_file());
    binary.with_context(|| format!("there is no `pesto` beside {}: run `make build`", own.display()))
}

/// Puts the flows of this repository where all hosts find them.
fn deploy(flows: &Path) -> anyhow::Result<()> {
    std::fs::create_dir_all(flows)?;
    for flow in ["ask", feedback::FLOW, survey::FLOW] {
        let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../flows").join(format!("{flow}.wasm"));
        std::fs::copy(&from, flows.join(format!("{flow}.wasm")))
            .with_context(|| format!("{} is not there: run `make build`", from.display()))?;
    }
    Ok(())
}

fn acks(slack: &SlackDouble) -> Vec<Ack> {
    let bot = slack.bot_user();
    let ours = slack.acks().into_iter().filter(|ack| ack.user != bot);
    let ack = |ack: slack_double::Ack| Ack {
        person: ack.user,
        moment: ack.moment,
        attempt: ack.attempt,
        sent_at: ack.sent_at,
        acked_at: ack.acked_at,
    };
    ours.map(ack).collect()
}

fn posts(slack: &SlackDouble, people: &[Person]) -> Vec<Post> {
    let channels: HashMap<String, &str> = people.iter().map(|person| (person.direct(), person.id())).collect();
    let calls = slack.calls().into_iter().filter(|call| call.method == "chat.postMessage" && call.done);
    let post = |call: slack_double::Call| {
        let field = |name: &str| match call.arguments.get(name) {
            // Arguments of a form are JSON in a text.
            Some(Value::String(text)) => serde_json::from_str(text).unwrap_or_else(|_| Value::from(text.as_str())),
            other => other.cloned().unwrap_or_default(),
        };
        let message = Message {
            text: field("text").as_str().unwrap_or_default().to_owned(),
            blocks: field("blocks").as_array().cloned().unwrap_or_default(),
            metadata: Some(field("metadata")),
            ..Message::default()
        };
        let channel = call.channel.clone().unwrap_or_default();
        Post {
            at: call.at,
            run: call.caller.clone().unwrap_or_default(),
            person: channels.get(&channel).map_or(channel.as_str(), |person| person).to_owned(),
            id: id(&message),
            text: message.shown(),
        }
    };
    calls.map(post).collect()
}

fn seen(person: &Person) -> Vec<Seen> {
    let bots = person.sees().into_iter().filter(|message| message.bot_id.is_some());
    let one = |message: Message| Seen {
        person: person.id().to_owned(),
        id: id(&message),
        text: message.shown(),
        ts: message.ts,
    };
    bots.map(one).collect()
}

/// Whether somebody sees the same message twice.
fn sees_a_copy(person: &Person) -> bool {
    let mut ids: Vec<_> = seen(person).into_iter().filter_map(|message| message.id).collect();
    let all = ids.len();
    ids.sort_unstable();
    ids.dedup();
    ids.len() < all
}

/// The id in a post's metadata, with its part where it has several.
fn id(message: &Message) -> Option<String> {
    let id = message.metadata_value("id")?;
    Some(message.metadata_value("part").map_or_else(|| id.to_owned(), |part| format!("{id}#{part}")))
}

fn recorded(host: &Host, ground: &Ground) -> anyhow::Result<Vec<Recorded>> {
    let mut all = Vec::new();
    for flow in [feedback::FLOW, survey::FLOW] {
        let rows = host.lines(ground, &["answers", flow, "--format", "jsonl"])?;
        all.extend(rows.into_iter().map(|row| Recorded {
            flow: flow.to_owned(),
            person: row["person_id"].as_str().unwrap_or_default().to_owned(),
            answers: row["answers"].clone(),
        }));
    }
    Ok(all)
}
