//! Carries out the schedule: hosts are killed and started again, stopped and continued, Redis is killed, and the
//! network between them fails. What each fault met is written down.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use rand::RngExt as _;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use redis_rig::server::Server;
use rustix::process::Signal;
use slack_double::Fault::Slow;
use slack_double::When;
use tokio::task::JoinSet;

use crate::hosts::{Ground, Host, Status};
use crate::records::{Fault, Struck, now};
use crate::schedule::Order;

/// Between two looks at hosts that may have stopped themselves.
const PAUSE: Duration = Duration::from_millis(50);
/// How long a kill waits for a moment at which its host has turns in flight.
const HUNT: Duration = Duration::from_millis(1_500);
/// How long a host that was stopped is left in peace.
const AWAKE: Duration = Duration::from_secs(4);
/// How long hosts have in the end to stop themselves.
const LAST: Duration = Duration::from_secs(60);
/// A start fails while Redis is away; a host is started again after this, so often.
const AGAIN: (Duration, u32) = (Duration::from_millis(500), 20);

/// What a host does to itself.
#[derive(Debug, Clone)]
enum Load {
    /// It stops, and is continued after this time.
    Stop(String, Duration),
    /// Something hangs in it.
    Hang(String),
}

impl Load {
    /// The value of `PESTO_FAILPOINT`.
    fn failpoint(&self) -> &str {
        let (Self::Stop(rule, _) | Self::Hang(rule)) = self;
        rule
    }
}

/// Hosts and Redis, and what happened to them.
pub struct Field {
    ground: Arc<Ground>,
    redis: Arc<Mutex<Server>>,
    /// None while it starts or is stopped.
    hosts: Vec<Option<Host>>,
    busy: JoinSet<anyhow::Result<(usize, Host)>>,
    /// What the next hosts that start do to themselves.
    armed: VecDeque<Load>,
    /// The same of those that run.
    loaded: Vec<Option<Load>>,
    /// How many are stopped.
    stopped: Arc<AtomicUsize>,
    struck: Arc<Mutex<Vec<Struck>>>,
    rng: StdRng,
}

impl Field {
    /// Starts the hosts, one after the other.
    pub async fn start(ground: Arc<Ground>, redis: Server, hosts: usize, rng: StdRng) -> anyhow::Result<Self> {
        let mut field = Self {
            ground,
            hosts: Vec::new(),
            busy: JoinSet::new(),
            armed: VecDeque::new(),
            loaded: vec![None; hosts],
            stopped: Arc::default(),
            struck: Arc::default(),
            rng,
            redis: Arc::new(Mutex::new(redis)),
        };
        for number in 0..hosts {
            let socket = field.redis.lock().unwrap_or_else(PoisonError::into_inner).socket();
            let mut host = Host::new(number, &field.ground, &socket).await?;
            host.start(&field.ground, None).await?;
            note(&field.struck, Fault::Ready, &host.run(), None);
            field.hosts.push(Some(host));
        }
        Ok(field)
    }

    /// Does what is ordered, each at its time or as soon after it as there is a host for it, and waits until all hosts
    /// run again.
    pub async fn carry_out(&mut self, orders: Vec<(Duration, Order)>) -> anyhow::Result<()> {
        let began = Instant::now();
        let mut orders = orders.into_iter().peekable();
        let mut due = Vec::new();
        while !due.is_empty() || orders.peek().is_some() {
            self.look().await?;
            due.extend(std::iter::from_fn(|| orders.next_if(|(at, _)| *at <= began.elapsed())).map(|(_, order)| order));
            for order in std::mem::take(&mut due) {
                if !self.strike(&order).await? {
                    due.push(order);
                }
            }
            tokio::time::sleep(PAUSE / 10).await;
        }
        self.unload().await
    }

    /// Sees to it that in the end all hosts run, and nothing hangs in them.
    async fn unload(&mut self) -> anyhow::Result<()> {
        // No host started any more that these could have been for.
        for load in std::mem::take(&mut self.armed) {
            let Load::Stop(_, long) = load else { continue };
            while !self.strike(&Order::Stop(long)).await? {
                self.look().await?;
                tokio::time::sleep(PAUSE).await;
            }
        }
        let began = Instant::now();
        loop {
            self.look().await?;
            if began.elapsed() > LAST {
                // A host that does not post does not stop itself.
                self.loaded
                    .iter_mut()
                    .filter(|load| matches!(load, Some(Load::Stop(..))))
                    .for_each(|load| *load = None);
            }
            let hangs = |load: &Option<Load>| matches!(load, Some(Load::Hang(_)));
            let hanging =
                (0..self.hosts.len()).find(|&number| hangs(&self.loaded[number]) && self.hosts[number].is_some());
            match hanging {
                Some(number) => drop(self.kill(number).await?),
                None if self.hosts.iter().all(Option::is_some) && self.loaded.iter().all(Option::is_none) => {
                    return Ok(());
                }
                None => tokio::time::sleep(PAUSE).await,
            }
        }
    }

    /// The hosts that run, and what happened so far.
    pub fn hosts(&self) -> impl Iterator<Item = &Host> {
        self.hosts.iter().flatten()
    }

    /// What happened so far.
    pub fn struck(&self) -> Vec<Struck> {
        self.struck.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Takes back hosts that run again, and looks after those that stopped themselves.
    async fn look(&mut self) -> anyhow::Result<()> {
        while let Some(ended) = self.busy.try_join_next() {
            let (number, host) = ended??;
            self.hosts[number] = Some(host);
        }
        for number in 0..self.hosts.len() {
            if let Some(Load::Stop(_, long)) = self.loaded[number]
                && self.hosts[number].as_ref().is_some_and(Host::is_stopped)
            {
                self.loaded[number] = None;
                self.pause(number, Fault::StopAtSend, long, None)?;
            }
        }
        Ok(())
    }

    /// Whether a host may be stopped: somebody has to take over, so one is stopped at a time, and none while one is to stop
    /// itself.
    fn may_stop(&self) -> bool {
        let to_stop = self.loaded.iter().any(|load| matches!(load, Some(Load::Stop(..))));
        self.hosts.len() == 1 || !to_stop && self.stopped.load(Ordering::Relaxed) == 0
    }

    /// Answers whether it could be done.
    async fn strike(&mut self, order: &Order) -> anyhow::Result<bool> {
        let running: Vec<usize> = (0..self.hosts.len()).filter(|number| self.hosts[*number].is_some()).collect();
        if *order == Order::RedisKill {
            let redis = self.redis.clone();
            note(&self.struck, Fault::RedisKill, "", None);
            tokio::task::spawn_blocking(move || redis.lock().unwrap_or_else(PoisonError::into_inner).crash()).await?;
            return Ok(true);
        }
        match order {
            Order::StopAtSend(nth, long) => {
                self.armed.push_back(Load::Stop(format!("messenger.post:before@{nth}!stop"), *long));
                return Ok(true);
            }
            Order::Hang(point, nth) => {
                self.armed.push_back(Load::Hang(format!("{point}@{nth}")));
                return Ok(true);
            }
            _ => {}
        }
        let Some(&drawn) = running.choose(&mut self.rng) else { return Ok(false) };
        // A host in which something hangs would hang for long otherwise.
        let hanging = running.iter().copied().find(|&number| matches!(self.loaded[number], Some(Load::Hang(_))));
        let number = hanging.filter(|_| *order == Order::Kill && self.rng.random_bool(0.5)).unwrap_or(drawn);
        let Some(host) = &self.hosts[number] else { return Ok(false) };
        match order {
            Order::Kill => return self.kill(number).await,
            // A host in which something hangs is to be killed.
            Order::Stop(_) | Order::StopInSend(_) if !self.may_stop() || self.loaded[number].is_some() => {
                return Ok(false);
            }
            Order::Stop(long) => {
                let Some(status) = status(host) else { return Ok(false) };
                self.pause(number, Fault::Stop, *long, Some(status))?;
            }
            Order::StopInSend(long) => {
                let run = host.run();
                if !self.sends(&run, *long).await {
                    return Ok(false);
                }
                self.pause(number, Fault::StopAtSend, *long, None)?;
            }
            Order::Cut => {
                note(&self.struck, Fault::Cut, &host.run(), None);
                host.proxy.cut();
            }
            Order::Delay(delay, long) => {
                note(&self.struck, Fault::Delay, &host.run(), None);
                host.proxy.delay(*delay, *long);
            }
            Order::RedisKill | Order::StopAtSend(..) | Order::Hang(..) => {}
        }
        Ok(true)
    }

    /// Waits until a post of this run is on its way, which Slack takes in a little before `long` is over.
    async fn sends(&self, run: &str, long: Duration) -> bool {
        let slack = &self.ground.slack;
        let slow = || slack.injected().get("slow").copied().unwrap_or_default();
        let (before, began) = (slow(), Instant::now());
        let ms = u64::try_from(long.mul_f64(0.95).as_millis()).unwrap_or(u64::MAX);
        slack.faults().next(&format!("{run}/chat.postMessage"), Slow { ms, when: When::Before });
        while slow() == before {
            if began.elapsed() > HUNT {
                return false;
            }
            tokio::time::sleep(PAUSE / 50).await;
        }
        true
    }

    /// Kills a host, if it can in the middle of turns, and starts it again.
    async fn kill(&mut self, number: usize) -> anyhow::Result<bool> {
        let began = Instant::now();
        let mut known = None;
        while let Some(host) = &self.hosts[number] {
            if host.is_stopped() {
                return Ok(false);
            }
            known = status(host).or(known);
            if known.is_some_and(|status| status.turns > 0) || began.elapsed() > HUNT {
                break;
            }
            tokio::time::sleep(PAUSE / 5).await;
        }
        let Some(mut host) = self.hosts[number].take() else { return Ok(false) };
        note(&self.struck, Fault::Kill, &host.run(), known);
        host.kill()?;
        // A stop that did not come about comes another time.
        if let Some(stop @ Load::Stop(..)) = self.loaded[number].take() {
            self.armed.push_front(stop);
        }
        let may_stop = self.may_stop();
        let next = self.armed.iter().position(|load| may_stop || matches!(load, Load::Hang(_)));
        let load = next.and_then(|next| self.armed.remove(next));
        self.loaded[number] = load.clone();
        let (ground, struck) = (self.ground.clone(), self.struck.clone());
        self.busy.spawn(async move {
            let mut left = AGAIN.1;
            while let Err(error) = host.start(&ground, load.as_ref().map(Load::failpoint)).await {
                left -= 1;
                if left == 0 {
                    return Err(error);
                }
                tokio::time::sleep(AGAIN.0).await;
            }
            note(&struck, Fault::Ready, &host.run(), None);
            Ok((number, host))
        });
        Ok(true)
    }

    /// Stops a host for so long.
    fn pause(&mut self, number: usize, fault: Fault, long: Duration, status: Option<Status>) -> anyhow::Result<()> {
        let host = self.hosts[number].take().context("the host runs")?;
        host.signal(Signal::STOP)?;
        note(&self.struck, fault, &host.run(), status);
        self.stopped.fetch_add(1, Ordering::Relaxed);
        let (struck, stopped) = (self.struck.clone(), self.stopped.clone());
        self.busy.spawn(async move {
            tokio::time::sleep(long).await;
            stopped.fetch_sub(1, Ordering::Relaxed);
            host.signal(Signal::CONT)?;
            note(&struck, Fault::Continue, &host.run(), None);
            // What it still does late shall not be cut short.
            tokio::time::sleep(AWAKE).await;
            Ok((number, host))
        });
        Ok(())
    }
}

/// Asks a host without holding up the others.
fn status(host: &Host) -> Option<Status> {
    tokio::task::block_in_place(|| host.status())
}

fn note(struck: &Mutex<Vec<Struck>>, fault: Fault, run: &str, status: Option<Status>) {
    let (turns, replayed) = (status.map(|status| status.turns), status.map(|status| status.replayed));
    let struck_now = Struck { at: now(), fault, run: run.to_owned(), turns, replayed };
    struck.lock().unwrap_or_else(PoisonError::into_inner).push(struck_now);
}
