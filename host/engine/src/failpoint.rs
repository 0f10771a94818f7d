//! Places where a crash can be made to happen: before and after each port's work. These wrappers stand between
//! the engine and its ports in scenario tests with crashes, and in a host that is started with `PESTO_FAILPOINT`.
//! A new port method does not compile until it has its place here.
//!
//! A crash is a port that never answers: the engine above it can do nothing more, as if it were gone. The test then
//! drops that engine and starts another one on the same state; a test of the real host kills its process.

mod ports;

use std::collections::BTreeMap;
use std::future::{Future, pending};
use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError};

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

    /// `POINT@N` hangs one point, `POINT@N!` all ports, and `POINT@N!stop` stops the process.
    fn from_str(text: &str) -> Result<Self, String> {
        let (point, nth) = text.split_once('@').ok_or_else(|| format!("`{text}` is not of the form POINT@N"))?;
        let (nth, action) = match nth.split_once('!') {
            None => (nth, Action::Hang),
            Some((nth, "")) => (nth, Action::Crash),
            Some((nth, "stop")) => (nth, Action::Stop),
            Some((_, other)) => return Err(format!("`{other}` in `{text}` is not `stop`")),
        };
        let nth = nth.parse().map_err(|_| format!("`{nth}` in `{text}` is not a number"))?;
        Ok(Self { point: point.to_owned(), nth, action })
    }
}

/// Counts hits and carries out rules.
#[derive(Debug)]
pub struct Failpoints {
    rules: Vec<Rule>,
    hits: Mutex<BTreeMap<Point, u64>>,
    crashed: watch::Sender<bool>,
    /// Port methods that are doing their work.
    working: watch::Sender<usize>,
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
            rules,
            hits: Mutex::default(),
            crashed: watch::Sender::new(false),
            working: watch::Sender::new(0),
        })
    }

    /// How often each point was hit.
    pub fn hits(&self) -> BTreeMap<Point, u64> {
        self.hits.lock().unwrap_or_else(PoisonError::into_inner).clone()
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

    async fn hit(&self, method: &'static str, after: bool) {
        let point = Point { method, after };
        let count = {
            let mut hits = self.hits.lock().unwrap_or_else(PoisonError::into_inner);
            let count = hits.entry(point).or_default();
            *count += 1;
            *count
        };
        if self.has_crashed() {
            pending::<()>().await;
        }
        let name = point.to_string();
        let strikes = |rule: &&Rule| match rule.action {
            Action::Hang | Action::Crash => count >= rule.nth,
            Action::Stop => count == rule.nth,
        };
        let Some(rule) = self.rules.iter().filter(|rule| rule.point == name).find(strikes) else { return };
        tracing::warn!(point = name, hit = count, "failpoint reached");
        match rule.action {
            Action::Hang => {}
            Action::Crash => drop(self.crashed.send_replace(true)),
            Action::Stop => {
                if let Err(error) = kill_process(getpid(), Signal::STOP) {
                    tracing::error!(%error, "the process cannot stop itself");
                }
                return;
            }
        }
        pending().await
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
