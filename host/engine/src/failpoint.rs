//! Places where a crash can be made to happen: before and after each port's work. These wrappers stand between
//! the engine and its ports in scenario tests with crashes, and in a host that is started with `PESTO_FAILPOINT`.
//! A new port method does not compile until it has its place here. An adapter whose methods take several steps to the
//! outside has points of its own around each of them ([`Failpoints::step`]).
//!
//! A crash is a port that never answers: the engine above it can do nothing more, as if it were gone. The test then
//! drops that engine and starts another one on the same state; a test of the real host kills its process.

mod ports;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::future::{Future, pending};
use std::str::FromStr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustix::process::{Signal, getpid, kill_process};
use tokio::sync::watch;

/// A place to crash at, such as `store.commit:after`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Point {
    /// Port and method.
    pub method: &'static str,
    /// After the method's work; otherwise before it.
    pub after: bool,
}

impl std::fmt::Display for Point {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.method, if self.after { "after" } else { "before" })
    }
}

/// What happens at a point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// The point stops answering, from that hit on.
    Hang,
    /// All ports stop answering.
    Crash,
    /// The process is stopped as SIGSTOP does, at that hit alone; after SIGCONT it goes on, as if nothing had been.
    Stop,
    /// An adapter's step gets lost on the way, at that hit alone: before it was done, or its answer. Nothing elsewhere.
    Lose,
}

/// Why an adapter's step has no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoAnswer {
    /// It got lost, and may be tried again.
    Lost,
    /// The host is gone: nothing may be done any more. Whatever the adapter answers now, nobody hears.
    Crashed,
}

/// What is to happen, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// A point, as [`Point`] is written.
    pub point: String,
    /// At which hit of the point, counted from 1.
    pub nth: u64,
    /// What happens then.
    pub action: Action,
}

impl FromStr for Rule {
    type Err = String;

    /// `POINT@N` hangs one point, `POINT@N!` all ports, `POINT@N!stop` stops the process, and `POINT@N!lose` loses a step.
    fn from_str(text: &str) -> Result<Self, String> {
        let (point, nth) = text.split_once('@').ok_or_else(|| format!("`{text}` is not of the form POINT@N"))?;
        let (nth, action) = match nth.split_once('!') {
            None => (nth, Action::Hang),
            Some((nth, "")) => (nth, Action::Crash),
            Some((nth, "stop")) => (nth, Action::Stop),
            Some((nth, "lose")) => (nth, Action::Lose),
            Some((_, other)) => return Err(format!("`{other}` in `{text}` is neither `stop` nor `lose`")),
        };
        let nth = nth.parse().map_err(|_| format!("`{nth}` in `{text}` is not a number"))?;
        Ok(Self { point: point.to_owned(), nth, action })
    }
}

/// Counts hits and carries out rules.
#[derive(Debug)]
pub struct Failpoints {
    book: Mutex<Book>,
    crashed: watch::Sender<bool>,
    /// Port methods that are doing their work.
    working: watch::Sender<usize>,
}

/// What happened at the points, and what is to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Book {
    /// How often each point was hit.
    pub hits: BTreeMap<Point, u64>,
    /// The rules that were not carried out yet, and those that hold on.
    pub rules: Vec<Rule>,
    /// The rules that were carried out.
    pub done: Vec<Rule>,
}

/// A port method does its work as long as this lives.
struct Working<'a>(&'a watch::Sender<usize>);

impl Drop for Working<'_> {
    fn drop(&mut self) {
        self.0.send_modify(|count| *count -= 1);
    }
}

impl Failpoints {
    /// Failpoints with these rules, perhaps none.
    pub fn new(rules: Vec<Rule>) -> Arc<Self> {
        Arc::new(Self {
            book: Mutex::new(Book { rules, ..Book::default() }),
            crashed: watch::Sender::new(false),
            working: watch::Sender::new(0),
        })
    }

    /// Puts other rules in the place of those that are left, and counts hits from 1 again. Answers what was.
    pub fn arm(&self, rules: Vec<Rule>) -> Book {
        std::mem::replace(&mut *self.book(), Book { rules, ..Book::default() })
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        // Nothing between lock and unlock can panic.
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether all ports stopped answering.
    pub fn has_crashed(&self) -> bool {
        *self.crashed.borrow()
    }

    /// Waits until all ports have stopped answering, and what they were doing at that moment is done: a dead host
    /// changes nothing any more.
    pub async fn crashed(&self) {
        // The senders live as long as we do.
        let _ = self.crashed.subscribe().wait_for(|crashed| *crashed).await;
        let _ = self.working.subscribe().wait_for(|count| *count == 0).await;
    }

    /// Counts a hit, and answers what is to happen there now. After a crash nothing counts.
    fn strike(&self, method: &'static str, after: bool) -> Option<Action> {
        let point = Point { method, after };
        let (rule, hit) = {
            let mut book = self.book();
            if self.has_crashed() {
                return Some(Action::Crash);
            }
            let count = book.hits.entry(point).or_default();
            *count += 1;
            let count = *count;
            (book.rule(&point.to_string(), count)?, count)
        };
        tracing::warn!(point = rule.point, hit, "failpoint reached");
        match rule.action {
            Action::Hang | Action::Lose => {}
            Action::Crash => drop(self.crashed.send_replace(true)),
            Action::Stop => {
                if let Err(error) = kill_process(getpid(), Signal::STOP) {
                    tracing::error!(%error, "the process cannot stop itself");
                }
            }
        }
        Some(rule.action)
    }

    async fn hit(&self, method: &'static str, after: bool) {
        if let Some(Action::Hang | Action::Crash) = self.strike(method, after) {
            pending().await
        }
    }

    async fn around<T>(&self, method: &'static str, work: impl Future<Output = T>) -> T {
        self.hit(method, false).await;
        self.working.send_modify(|count| *count += 1);
        let working = Working(&self.working);
        // Whoever waits for the crash either sees the count, or was seen here.
        if self.has_crashed() {
            drop(working);
            return pending().await;
        }
        let result = work.await;
        drop(working);
        self.hit(method, true).await;
        result
    }

    /// Takes one step of an adapter, inside a method of its port. After a crash it answers at once, so that the method
    /// comes to its end: there it is held.
    pub async fn step<T>(&self, name: &'static str, work: impl Future<Output = T>) -> Result<T, NoAnswer> {
        self.passes(name, false).await?;
        let result = work.await;
        self.passes(name, true).await?;
        Ok(result)
    }

    async fn passes(&self, name: &'static str, after: bool) -> Result<(), NoAnswer> {
        match self.strike(name, after) {
            None | Some(Action::Stop) => Ok(()),
            Some(Action::Lose) => Err(NoAnswer::Lost),
            Some(Action::Crash) => Err(NoAnswer::Crashed),
            Some(Action::Hang) => pending().await,
        }
    }
}

impl Book {
    /// The rule for a hit. Only a point that hangs does so again.
    fn rule(&mut self, point: &str, hit: u64) -> Option<Rule> {
        let at = self.rules.iter().position(|rule| rule.point == point && hit >= rule.nth)?;
        let rule = match self.rules[at].action {
            Action::Hang => self.rules[at].clone(),
            Action::Crash | Action::Stop | Action::Lose => self.rules.remove(at),
        };
        if !self.done.contains(&rule) {
            self.done.push(rule.clone());
        }
        Some(rule)
    }
}

/// A port with failpoints around each of its methods.
pub struct WithFailpoints<P> {
    port: P,
    points: Arc<Failpoints>,
}

impl<P> WithFailpoints<P> {
    /// Wraps a port.
    pub fn new(port: P, points: Arc<Failpoints>) -> Self {
        Self { port, points }
    }
}
