//! The evidence in the order in which the checks look at it.

use std::collections::{BTreeMap, HashMap, HashSet};

use crate::records::{Deed, Evidence, Fault, Micros, Post};
use crate::words::{Heard, read};

/// When what was said was first sent to the bot, and first acknowledged.
#[derive(Debug, Clone, Copy)]
pub(super) struct Heed {
    pub(super) sent: Micros,
    pub(super) acked: Option<Micros>,
}

/// A run of a host did nothing from one time to another.
#[derive(Debug, Clone)]
pub(super) struct Pause {
    pub(super) run: String,
    pub(super) from: Micros,
    /// The end of the campaign, where it never went on.
    pub(super) until: Micros,
}

pub(super) struct Index<'a> {
    heeds: HashMap<&'a str, Heed>,
    /// Each message once, as it was posted first: by person, in the order of the posts.
    pub(super) posts: BTreeMap<&'a str, Vec<(&'a Post, Heard)>>,
    /// The deeds of each person, in their order.
    pub(super) deeds: BTreeMap<&'a str, Vec<&'a Deed>>,
    pub(super) pauses: Vec<Pause>,
    /// When each run was killed.
    pub(super) kills: HashMap<&'a str, Micros>,
    /// The message that answers what the model was asked.
    pub(super) answers: HashMap<String, &'a Post>,
}

impl<'a> Index<'a> {
    pub(super) fn new(evidence: &'a Evidence) -> Self {
        let mut heeds = HashMap::<&str, Heed>::new();
        for ack in &evidence.acks {
            let heed = heeds.entry(&ack.moment).or_insert(Heed { sent: ack.sent_at, acked: None });
            heed.sent = heed.sent.min(ack.sent_at);
            heed.acked = heed.acked.into_iter().chain(ack.acked_at).min();
        }
        let mut sorted: Vec<_> = evidence.posts.iter().collect();
        sorted.sort_by_key(|post| post.at);
        let mut known = HashSet::new();
        let mut posts = BTreeMap::<_, Vec<_>>::new();
        let mut answers = HashMap::new();
        for post in sorted {
            // What has no id is beside all conversations.
            let Some(id) = &post.id else { continue };
            if known.insert(id) {
                let heard = read(&post.text);
                if let Some(about) = about(&heard) {
                    answers.entry(about).or_insert(post);
                }
                posts.entry(post.person.as_str()).or_default().push((post, heard));
            }
        }
        let mut deeds = BTreeMap::<_, Vec<_>>::new();
        for deed in &evidence.deeds {
            deeds.entry(deed.person.as_str()).or_default().push(deed);
        }
        for of_one in deeds.values_mut() {
            of_one.sort_by_key(|deed: &&Deed| deed.at);
        }
        let kills = evidence.struck.iter().filter(|struck| struck.fault == Fault::Kill);
        let kills = kills.map(|struck| (struck.run.as_str(), struck.at)).collect();
        Self { heeds, posts, deeds, pauses: pauses(evidence), kills, answers }
    }

    /// What became of what was said in a message.
    pub(super) fn heed(&self, deed: &Deed) -> Option<Heed> {
        self.heeds.get(deed.moment.as_deref()?).copied()
    }

    /// Whether the bot acknowledged what somebody did.
    pub(super) fn is_accepted(&self, deed: &Deed) -> bool {
        deed.acked || self.heed(deed).is_some_and(|heed| heed.acked.is_some())
    }
}

/// What the model was asked, where this tells its answer: as [`Asked::about`](crate::records::Asked::about).
fn about(heard: &Heard) -> Option<String> {
    match heard {
        Heard::Told(told) => told.last().cloned(),
        Heard::Closing(name) => Some(format!("closing {name}")),
        _ => None,
    }
}

fn pauses(evidence: &Evidence) -> Vec<Pause> {
    let mut pauses: Vec<Pause> = Vec::new();
    let mut struck: Vec<_> = evidence.struck.iter().collect();
    struck.sort_by_key(|struck| struck.at);
    let end = struck.last().map_or(0, |struck| struck.at);
    for it in struck {
        match it.fault {
            Fault::Stop | Fault::StopAtSend => pauses.push(Pause { run: it.run.clone(), from: it.at, until: end }),
            Fault::Continue => {
                if let Some(pause) = pauses.iter_mut().rev().find(|pause| pause.run == it.run) {
                    pause.until = it.at;
                }
            }
            _ => {}
        }
    }
    pauses
}
