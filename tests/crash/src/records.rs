//! What is written down while people talk: one kind of record a file, one record a line. The checker knows nothing
//! else. All times are in microseconds since 1970, by the one clock of this machine.

use std::fs::File;
use std::io::{BufRead as _, BufReader, BufWriter, Write as _};
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Context as _;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Microseconds since 1970.
pub type Micros = u64;

/// Now.
pub fn now() -> Micros {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |age| age.as_micros() as u64)
}

/// What kind of a deed it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Asks for a flow by its name.
    Start,
    /// Asks the model something.
    Ask,
    /// The same, with a `cancel` right behind it: it may be answered or not.
    Loose,
    /// Answers a question of the survey, or submits a form.
    Answer,
    /// Says `cancel`.
    Cancel,
    /// Says `restart`.
    Restart,
    /// Waited in vain for what follows the last deed, and left.
    GaveUp,
}

/// What a person did.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Deed {
    /// When.
    pub at: Micros,
    /// The person's id in Slack.
    pub person: String,
    /// Counts the conversations of all people; one number for each.
    pub talk: usize,
    /// With which flow.
    pub flow: String,
    /// What it was.
    pub kind: Kind,
    /// In what words, or with which choice. Words to the model are unique.
    pub words: String,
    /// The time stamp of the message in which it was said; none of a click.
    pub moment: Option<String>,
    /// Whether a click was acknowledged in time. What was said stands in [`Ack`].
    pub acked: bool,
}

/// A copy of an event on its way to the bot.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Ack {
    /// Whose doing it was.
    pub person: String,
    /// [`Deed::moment`].
    pub moment: String,
    /// 0 for the first.
    pub attempt: u32,
    /// When Slack sent it.
    pub sent_at: Micros,
    /// When the bot acknowledged it.
    pub acked_at: Option<Micros>,
}

/// A post of the bot that Slack took.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Post {
    /// When.
    pub at: Micros,
    /// Which run of which host made it.
    pub run: String,
    /// To whom.
    pub person: String,
    /// The message's id and part, from its metadata; none of words that have no id.
    pub id: Option<String>,
    /// What stands in it.
    pub text: String,
}

/// A message as it stands in the end.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Seen {
    /// Who sees it.
    pub person: String,
    /// Its time stamp.
    pub ts: String,
    /// [`Post::id`].
    pub id: Option<String>,
    /// What stands in it.
    pub text: String,
}

/// What became of a request to the model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// It came.
    Asked,
    /// It was answered.
    Answered,
    /// Whoever asked is gone.
    Gone,
}

/// Something about a request to the model.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Asked {
    /// When.
    pub at: Micros,
    /// Which run of which host asked.
    pub run: String,
    /// Counts the requests.
    pub request: u64,
    /// What happened.
    pub phase: Phase,
    /// What was asked: the person's last words, or `closing NAME` of a survey.
    pub about: String,
}

/// What kind of a fault it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// The host runs, and takes events.
    Ready,
    /// `kill -9` of a host.
    Kill,
    /// SIGSTOP.
    Stop,
    /// The host stopped itself where it was about to post.
    StopAtSend,
    /// SIGCONT.
    Continue,
    /// `kill -9` of Redis, and a start on what is left.
    RedisKill,
    /// The host's connections to Redis end in the middle of a step.
    Cut,
    /// The host's connections to Redis are slow for a while.
    Delay,
}

/// A fault, and what it met.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Struck {
    /// When.
    pub at: Micros,
    /// Which.
    pub fault: Fault,
    /// Which run of which host, such as `h1.7`; empty of Redis.
    pub run: String,
    /// Turns that the host had in flight, where it could be asked.
    pub turns: Option<u64>,
    /// Calls that the host had answered from the journal since it started, where it could be asked.
    pub replayed: Option<u64>,
}

/// What a host says in the end.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Final {
    /// The lease of a turn, in microseconds: how long a stop must last to lose it.
    pub lease: Micros,
    /// Events and messages that are not done.
    pub unfinished: u64,
    /// Calls answered from the journal, of the hosts that still run.
    pub replayed: u64,
    /// `pesto doubts`; none where there is no such command.
    pub doubts: Option<Vec<Value>>,
    /// Dead letters.
    pub dead: Vec<Value>,
}

/// An answer of a flow that is on record.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Recorded {
    /// Which flow.
    pub flow: String,
    /// Whose.
    pub person: String,
    /// What.
    pub answers: Value,
}

/// What the plans say must be on record of a conversation that came to its end.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Planned {
    /// [`Deed::talk`].
    pub talk: usize,
    /// Which flow.
    pub flow: String,
    /// Whose.
    pub person: String,
    /// The keys of the questions that must be asked, in order.
    pub path: Vec<String>,
    /// What must be on record.
    pub answers: Value,
}

/// All that is known of a campaign.
#[derive(Debug, Clone, Default)]
#[allow(missing_docs)]
pub struct Evidence {
    pub deeds: Vec<Deed>,
    pub planned: Vec<Planned>,
    pub acks: Vec<Ack>,
    pub posts: Vec<Post>,
    pub seen: Vec<Seen>,
    pub asked: Vec<Asked>,
    pub struck: Vec<Struck>,
    pub recorded: Vec<Recorded>,
    pub last: Final,
}

impl Evidence {
    /// Writes all into a folder.
    pub fn write(&self, folder: &Path) -> anyhow::Result<()> {
        lines(folder, "people", &self.deeds)?;
        lines(folder, "plans", &self.planned)?;
        lines(folder, "acks", &self.acks)?;
        lines(folder, "posts", &self.posts)?;
        lines(folder, "seen", &self.seen)?;
        lines(folder, "model", &self.asked)?;
        lines(folder, "faults", &self.struck)?;
        lines(folder, "answers", &self.recorded)?;
        lines(folder, "last", std::slice::from_ref(&self.last))
    }

    /// Reads what was written.
    pub fn read(folder: &Path) -> anyhow::Result<Self> {
        Ok(Self {
            deeds: read(folder, "people")?,
            planned: read(folder, "plans")?,
            acks: read(folder, "acks")?,
            posts: read(folder, "posts")?,
            seen: read(folder, "seen")?,
            asked: read(folder, "model")?,
            struck: read(folder, "faults")?,
            recorded: read(folder, "answers")?,
            last: read(folder, "last")?.pop().context("last.jsonl is empty")?,
        })
    }
}

fn lines<T: Serialize>(folder: &Path, name: &str, records: &[T]) -> anyhow::Result<()> {
    let path = folder.join(name).with_extension("jsonl");
    let mut file = BufWriter::new(File::create(&path).with_context(|| path.display().to_string())?);
    for record in records {
        serde_json::to_writer(&mut file, record)?;
        file.write_all(b"\n")?;
    }
    Ok(file.flush()?)
}

fn read<T: DeserializeOwned>(folder: &Path, name: &str) -> anyhow::Result<Vec<T>> {
    let path = folder.join(name).with_extension("jsonl");
    let file = BufReader::new(File::open(&path).with_context(|| path.display().to_string())?);
    file.lines().map(|line| Ok(serde_json::from_str(&line?)?)).collect()
}
