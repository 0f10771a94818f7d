//! Who talks: people in Slack, each with one flow after the other. All they do is written down, and why they wait.

pub mod ask;
pub mod feedback;
pub mod survey;

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use slack_double::{Message, Person};

use crate::records::{Deed, Kind, Planned, now};

/// What people share.
pub struct Street {
    /// How long somebody waits for an answer.
    pub patience: Duration,
    /// How long they think before they go on, at most.
    pub thinking: Duration,
    /// No new conversations are begun.
    pub enough: AtomicBool,
    talks: AtomicUsize,
    deeds: Mutex<Vec<Deed>>,
    planned: Mutex<Vec<Planned>>,
}

impl Street {
    /// Nobody is there yet.
    pub fn new(patience: Duration, thinking: Duration) -> Self {
        Self {
            patience,
            thinking,
            enough: AtomicBool::new(false),
            talks: AtomicUsize::new(0),
            deeds: Mutex::default(),
            planned: Mutex::default(),
        }
    }

    /// What was done so far, and what was planned to be on record.
    pub fn records(&self) -> (Vec<Deed>, Vec<Planned>) {
        (lock(&self.deeds).clone(), lock(&self.planned).clone())
    }

    /// How many deeds there are so far.
    pub fn count(&self) -> usize {
        lock(&self.deeds).len()
    }
}

fn lock<T>(of: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Somebody waited in vain, and goes.
#[derive(Debug)]
pub struct GaveUp;

/// Somebody in the middle of a conversation.
pub struct Talk<'a> {
    street: &'a Street,
    person: &'a Person,
    /// The ids of all messages that they were shown, in whichever conversation.
    heard: &'a Mutex<HashSet<String>>,
    /// Draws what they do.
    pub rng: StdRng,
    /// The number of the conversation.
    pub number: usize,
    flow: &'static str,
}

/// Talks until it is enough, or until they wait in vain.
pub async fn talk(street: &Street, person: &Person, seed: u64) {
    let mut rng = StdRng::seed_from_u64(seed);
    let heard = Mutex::default();
    while !street.enough.load(Ordering::SeqCst) {
        let number = street.talks.fetch_add(1, Ordering::SeqCst);
        let flow = match rng.random_range(0..10) {
            0..5 => "ask",
            5..8 => survey::FLOW,
            _ => feedback::FLOW,
        };
        let mut talk = Talk { street, person, heard: &heard, rng: StdRng::seed_from_u64(rng.random()), number, flow };
        let ended = match flow {
            "ask" => ask::converse(&mut talk).await,
            survey::FLOW => survey::hold(&mut talk).await,
            _ => feedback::give(&mut talk).await,
        };
        if ended.is_err() {
            talk.note(Kind::GaveUp, "", None, false);
            return;
        }
    }
}

impl Talk<'_> {
    /// Says something, and notes it as this.
    pub async fn says(&self, kind: Kind, words: &str) -> Message {
        let message = self.person.says(words).await;
        self.note(kind, words, Some(message.ts.clone()), false);
        message
    }

    /// Waits until the bot has acknowledged this, but not for ever: Slack gives up, too.
    pub async fn is_heeded(&self, message: &Message) {
        let began = tokio::time::Instant::now();
        while !self.person.is_heeded(message) && began.elapsed() < self.street.patience {
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
    }

    /// The next message, or the end of their patience. Nobody answers a late copy of what they have read already.
    pub async fn hears(&self) -> Result<Message, GaveUp> {
        loop {
            let message = self.person.hears_within(self.street.patience).await.ok_or(GaveUp)?;
            let id = message.metadata_value("id").map(str::to_owned);
            if id.is_none_or(|id| lock(self.heard).insert(id)) {
                return Ok(message);
            }
        }
    }

    /// Operates a control until the bot acknowledges it or the message has no controls any more: Slack sends no click
    /// twice by itself.
    pub async fn operates(&self, kind: Option<Kind>, message: &Message, control: &str, value: &serde_json::Value) {
        let words = if value.is_null() { control.to_owned() } else { value.to_string() };
        while let Some(answer) = self.person.tries(message, control, value.clone()).await {
            if let Some(kind) = kind {
                self.note(kind, &words, None, answer.acked);
            }
            // What was not acknowledged may have been taken all the same, and then something follows.
            if answer.acked || self.changed(message).await {
                return;
            }
        }
    }

    async fn changed(&self, message: &Message) -> bool {
        for _ in 0..10 {
            if self.person.rereads(message).is_none_or(|now| !now.has_controls()) {
                return true;
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        false
    }

    /// Thinks for a while.
    pub async fn thinks(&mut self) {
        let most = u64::try_from(self.street.thinking.as_millis()).unwrap_or(u64::MAX);
        tokio::time::sleep(Duration::from_millis(self.rng.random_range(0..=most))).await;
    }

    /// Whether something happens that has this chance in a hundred.
    pub fn happens(&mut self, percent: u32) -> bool {
        self.rng.random_range(0..100) < percent
    }

    /// Writes down what must be on record when this conversation has come to its end.
    pub fn plans(&self, path: Vec<String>, answers: serde_json::Value) {
        let person = self.person.id().to_owned();
        lock(&self.street.planned).push(Planned {
            talk: self.number,
            flow: self.flow.to_owned(),
            person,
            path,
            answers,
        });
    }

    fn note(&self, kind: Kind, words: &str, moment: Option<String>, acked: bool) {
        lock(&self.street.deeds).push(Deed {
            at: now(),
            person: self.person.id().to_owned(),
            talk: self.number,
            flow: self.flow.to_owned(),
            kind,
            words: words.to_owned(),
            moment,
            acked,
        });
    }
}
