//! Two stores that are told the same say the same: a seeded walk through all operations, which finds what no case
//! thought of.

use std::fmt::Debug;
use std::sync::Arc;

use super::samples::{
    answered, call, closing, completion, conversation, dead, exchange, flow, message, open_with, place, result, said,
};
use super::{LEASE, Subject, not_late};
use crate::life;
use crate::model::{Digest, Letter, Place};
use crate::ports::{Accepted, After, Claim, Clock as _, Commit, Deploy, Entry, Fence, Posting, Store, TimerChange};

/// Tells both stores the same `steps` things, drawn by `seed`, and crashes both now and then.
///
/// # Panics
/// When they answer differently, with the step and both answers.
pub async fn agree(seed: u64, steps: usize, one: Subject, other: Subject) {
    let mut walk = Walk { dice: Dice(seed), one, other, fences: Vec::new(), posted: Vec::new(), step: 0 };
    for step in 0..steps {
        walk.step = step;
        let context = format!("seed {seed}, step {step}");
        walk.step(&context).await;
        walk.compare(&context).await;
    }
}

/// Three people, so that they often meet what was done before.
const NAMES: [&str; 3] = ["ann", "bob", "cat"];

struct Walk {
    dice: Dice,
    one: Subject,
    other: Subject,
    /// Claims that were seen, lost ones too, as each store fences them.
    fences: Vec<(Fence, Fence)>,
    posted: Vec<Posting>,
    step: usize,
}

/// SplitMix64: the same walk on every machine.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % bound
    }

    fn index(&mut self, len: usize) -> usize {
        usize::try_from(self.below(len.max(1) as u64)).unwrap_or(0)
    }

    fn name(&mut self) -> &'static str {
        NAMES[self.index(NAMES.len())]
    }

    fn once_in(&mut self, bound: u64) -> bool {
        self.below(bound) == 0
    }
}

fn same<T: PartialEq + Debug>(context: &str, what: &str, one: T, other: T) -> T {
    assert_eq!(one, other, "{what} differs at {context}");
    one
}

/// Asks both stores and wants one answer.
macro_rules! both {
    ($walk:expr, $context:expr, $method:ident($($argument:expr),*)) => {{
        let (one, other): (&Arc<dyn Store>, &Arc<dyn Store>) = (&$walk.one.store, &$walk.other.store);
        same($context, stringify!($method), one.$method($($argument),*).await, other.$method($($argument),*).await)
    }};
}

/// The same for what is done with a claim.
macro_rules! fenced {
    ($walk:expr, $context:expr, $fence:expr, $method:ident($($argument:expr),*)) => {{
        let (ours, theirs) = &$fence;
        let one = $walk.one.store.$method(ours $(, $argument)*).await;
        same($context, stringify!($method), one, $walk.other.store.$method(theirs $(, $argument)*).await)
    }};
}

impl Walk {
    async fn step(&mut self, at: &str) {
        let now = self.one.clock.now();
        match self.dice.below(27) {
            0..=4 => {
                let name = self.dice.name();
                let mut inbound = said(name, &event(name, self.dice.below(15 + self.step as u64 / 3)));
                inbound.sent = self.dice.once_in(2).then(|| self.dice.below(1_000));
                let entry = match self.dice.below(8) {
                    0 => Entry::Cut,
                    3..=4 => Entry::Take(LEASE),
                    2 => Entry::Hold(now + self.dice.below(20_000)),
                    1 => Entry::Answer(vec![message(name, self.dice.below(9), 7)]),
                    _ => Entry::Queue,
                };
                let (one, other) = (&self.one.store, &self.other.store);
                let one = one.accept(inbound.clone(), entry.clone()).await.expect("accept");
                match (one, other.accept(inbound, entry).await.expect("accept")) {
                    (Accepted::Taken(one), Accepted::Taken(other)) => self.claimed(at, vec![*one], vec![*other]),
                    (one, other) => drop(same(at, "accept", one, other)),
                }
            }
            5..=8 => {
                let most = self.dice.index(3) + 1;
                let (one, other) = (&self.one.store, &self.other.store);
                let one = one.claim(most, LEASE).await.expect("claim");
                let other = other.claim(most, LEASE).await.expect("claim");
                self.claimed(at, one, other);
            }
            9..=12 => {
                let fence = self.fence();
                let commit = self.commit(&fence.0.place, now);
                let _ = fenced!(self, at, fence, commit(commit.clone()));
            }
            13 => {
                let (fence, number) = (self.fence(), u32::try_from(self.dice.below(3)).unwrap_or(0));
                let pin = format!("pin{}", self.step);
                let _ = fenced!(self, at, fence, journal_intent(&call(number), &pin));
            }
            14 => {
                let ((ours, theirs), number) = (self.fence(), u32::try_from(self.dice.below(3)).unwrap_or(0));
                let answer = result(&format!("answer {}", self.step));
                let (one, other) = (&self.one.store, &self.other.store);
                let one = one.journal_result(&ours, number, &answer).await;
                let other = other.journal_result(&theirs, number, &answer).await;
                same(at, "journal_result", one.map_err(|error| kind(&error)), other.map_err(|error| kind(&error))).ok();
            }
            15 => {
                let (fence, due) = (self.fence(), now + self.dice.below(20_000));
                let _ = fenced!(self, at, fence, retry(due));
            }
            16 => {
                let fence = self.fence();
                let _ = fenced!(self, at, fence, hand_back());
            }
            17 => {
                let (ours, theirs): (Vec<_>, Vec<_>) = [self.fence(), self.fence()].into_iter().unzip();
                let one = self.one.store.renew(&ours, LEASE).await.expect("renew");
                let other = self.other.store.renew(&theirs, LEASE).await.expect("renew");
                let lost = |of: &[Fence], lost: &[Fence]| of.iter().map(|one| lost.contains(one)).collect::<Vec<_>>();
                same(at, "renew", lost(&ours, &one), lost(&theirs, &other));
            }
            18..=19 => {
                let most = self.dice.index(3) + 1;
                let postings = both!(self, at, outbox_claim(most, LEASE)).expect("outbox_claim");
                self.posted.extend(postings);
            }
            20..=21 => self.deliver(at, now).await,
            22 => {
                let step = std::time::Duration::from_millis(self.dice.below(15_000));
                self.one.clock.advance(step);
                self.other.clock.advance(step);
                let (one, other) = (&self.one.store, &self.other.store);
                let exact = one.fire_timers().await.expect("fire_timers");
                not_late(other.fire_timers().await.expect("fire_timers"), exact);
            }
            23 => self.operate(at).await,
            25 if self.dice.once_in(4) => {
                let place = place(self.dice.name());
                let _ = both!(self, at, clear(&place));
            }
            24 if self.dice.once_in(3) => {
                self.one.crash().await;
                self.other.crash().await;
            }
            24 => {
                let (flow, bytes) = (flow(self.dice.name()), [self.dice.below(4) as u8]);
                match self.dice.below(3) {
                    0 => drop(both!(self, at, drop_current(&flow))),
                    1 => drop(both!(self, at, put_component(&flow, &bytes, Deploy::IfNew))),
                    _ => drop(both!(self, at, put_component(&flow, &bytes, Deploy::Always))),
                }
            }
            _ if self.dice.once_in(6) => {
                self.one.clock.advance(super::DAY);
                self.other.clock.advance(super::DAY);
                let _ = both!(self, at, sweep(&[]));
            }
            _ => {
                let place = place(self.dice.name());
                let _ = both!(self, at, outbox_wake(&place));
            }
        }
    }

    async fn deliver(&mut self, at: &str, now: u64) {
        if self.posted.is_empty() {
            return;
        }
        let posting = self.posted[self.dice.index(self.posted.len())].clone();
        let (due, in_doubt) = (now + self.dice.below(20_000), self.dice.once_in(2));
        let receipt = self.dice.once_in(2).then(|| format!("receipt {}", self.step));
        let look = self.dice.once_in(3).then_some(due).filter(|_| posting.message.closes.is_none());
        let _ = match self.dice.below(6) {
            0 => both!(self, at, outbox_later(&posting, due, in_doubt)),
            1 => both!(self, at, outbox_never(&posting, "gone")),
            2 => both!(self, at, outbox_renew(&posting, LEASE)),
            3 if posting.message.closes.is_none() => both!(self, at, outbox_look(&posting.message, due)),
            _ => both!(self, at, outbox_sent(&posting, receipt.as_ref(), look)),
        };
    }

    async fn operate(&mut self, at: &str) {
        let (one, other) = (&self.one.store, &self.other.store);
        let (ours, theirs) = (one.dead(0, 1000).await.expect("dead"), other.dead(0, 1000).await.expect("dead"));
        let index = self.dice.index(ours.len());
        let (Some((ours, _)), Some((theirs, _))) = (ours.get(index), theirs.get(index)) else { return };
        match self.dice.below(3) {
            0 => same(at, "dead_drop", one.dead_drop(*ours).await, other.dead_drop(*theirs).await).ok(),
            _ => same(at, "dead_retry", one.dead_retry(*ours).await, other.dead_retry(*theirs).await).ok(),
        };
    }

    /// Stores number epochs as they like, as long as the numbers grow.
    fn claimed(&mut self, at: &str, one: Vec<Claim>, other: Vec<Claim>) {
        let fences = one.iter().zip(&other).map(|(one, other)| (one.fence.clone(), other.fence.clone()));
        self.fences.extend(fences);
        let [one, other] = [one, other].map(|mut claims| {
            claims.iter_mut().for_each(|claim| claim.fence.epoch = 0);
            claims
        });
        same(at, "claim", one, other);
    }

    /// Mostly a late one, for those may still hold.
    fn fence(&mut self) -> (Fence, Fence) {
        let back = if self.dice.once_in(4) { self.dice.index(self.fences.len()) } else { self.dice.index(4) };
        let fence = self.fences.iter().rev().nth(back).or(self.fences.last());
        let none = || Fence { place: place("nobody"), epoch: 1 };
        fence.cloned().unwrap_or_else(|| (none(), none()))
    }

    /// A turn's consequences, which are all of its place.
    fn commit(&mut self, place: &Place, now: u64) -> Commit {
        let (dice, step) = (&mut self.dice, self.step);
        let name = place.person().expect("direct messages");
        let mut next = conversation(1 + dice.below(2) + step as u64 / 40, format!("state {step}").as_bytes());
        next.digest = Digest::of(&[dice.below(4) as u8]);
        let mut commit = match dice.below(6) {
            0 => Commit { conversation: After::Closed(next.generation), ..Commit::default() },
            1 => Commit::default(),
            _ => open_with(next),
        };
        let sent = |index| message(name, step as u64, index);
        commit.messages = (0..dice.index(4)).map(sent).collect();
        if dice.once_in(2) {
            let closed = message(name, (step as u64).saturating_sub(dice.below(30)), 0);
            commit.messages.push(closing(&closed, step as u64, "one"));
        }
        for _ in 0..dice.below(3) {
            let timer = ["t0", "t1", life::SILENCE][dice.index(3)].to_owned();
            let set = TimerChange::Set(timer.clone(), now + dice.below(20_000));
            commit.timers.push(if dice.once_in(3) { TimerChange::Stop(timer) } else { set });
        }
        commit.drops = dice.once_in(4).then_some(1);
        commit.exchange = dice.once_in(2).then(|| exchange(&step.to_string()));
        commit.completion = dice.once_in(4).then(|| completion(&format!("{place}#{}", dice.below(8)), "survey", now));
        commit.follow = dice.once_in(5).then(|| said(name, &event(name, dice.below(20))));
        if dice.once_in(8) {
            let mut letter = dead(Letter::Event(said(name, &format!("d{step}"))));
            letter.journal.push(answered(3, "late"));
            commit.dead = Some(letter);
        }
        commit
    }

    /// All that can be read without changing it.
    async fn compare(&mut self, at: &str) {
        for name in NAMES {
            let glance = both!(self, at, glance(&place(name))).expect("glance");
            for generation in glance.conversation.iter().flat_map(|open| [open.generation, open.generation + 1]) {
                let _ = both!(self, at, history(&place(name), generation, 5));
            }
            let _ = both!(self, at, underway(&place(name)));
        }
        let _ = both!(self, at, backlog());
        let (one, other) = (&self.one.store, &self.other.store);
        not_late(other.inbox_due().await.expect("inbox_due"), one.inbox_due().await.expect("inbox_due"));
        not_late(other.outbox_due().await.expect("outbox_due"), one.outbox_due().await.expect("outbox_due"));
        let _ = both!(self, at, open_conversations());
        if self.step.is_multiple_of(16) {
            let (survey, one, other) = (flow("survey"), &self.one.store, &self.other.store);
            let ours = in_order(one.completions(&survey, 0, 1000).await.expect("completions"));
            same(at, "completions", ours, in_order(other.completions(&survey, 0, 1000).await.expect("completions")));
            let ours = in_order(one.dead(0, 1000).await.expect("dead"));
            same(at, "dead", ours, in_order(other.dead(0, 1000).await.expect("dead")));
            for byte in 0..4 {
                let _ = both!(self, at, component(&Digest::of(&[byte])));
            }
            let _ = both!(self, at, current());
            let _ = both!(self, at, conversations(Some(&place("bob")), 2));
            let _ = both!(self, at, completed_flows());
        }
    }
}

/// An event's id: it comes with one place always.
fn event(name: &str, number: u64) -> String {
    format!("{name} e{number}")
}

/// Stores number their records as they like, as long as the numbers grow.
fn in_order<T>(page: Vec<(u64, T)>) -> Vec<T> {
    assert!(page.is_sorted_by(|(one, _), (next, _)| one < next), "positions grow");
    page.into_iter().map(|(_, record)| record).collect()
}

/// Stores word their own errors.
fn kind(error: &crate::ports::StoreError) -> std::mem::Discriminant<crate::ports::StoreError> {
    std::mem::discriminant(error)
}
