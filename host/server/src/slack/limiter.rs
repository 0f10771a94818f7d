//! Slack's rates: a burst and then one post a second in a channel, so many posts a minute in all, and so many calls of a
//! method a minute.

mod channel;
mod newest;
mod workspace;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Mutex as Queue;
use tokio::time::{Instant, sleep, sleep_until, timeout_at};

use self::channel::{Channel, POST};
use self::newest::Newest;
use self::workspace::Workspace;

/// The longest wait for a turn. What would wait longer comes again.
const PATIENCE: Duration = Duration::from_secs(8);
/// The longest wait where nobody waits for the end of it: what comes too late for an event is there for the next one.
const BESIDE: Duration = Duration::from_secs(60);
/// The longest wait where Slack itself, or a person, waits for the end of it.
const HASTE: Duration = Duration::from_millis(500);
/// The longest wait of what is worth little: it holds a message's mark meanwhile.
const COSMETIC: Duration = Duration::from_secs(15);
/// A `Retry-After` of Slack's that is longer than this is not about one channel.
const ONE_CHANNEL: Duration = Duration::from_secs(1);
/// With more channels than this, those in which nobody waits are forgotten.
const MANY: usize = 4_096;

/// How often a method may be called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Pace {
    /// Between two calls.
    every: Duration,
    /// So much of what was not called lately may be called at once.
    burst: Duration,
    /// The longest wait for a turn.
    patience: Duration,
}

/// The pace of a method; none where something else limits it. Slack documents the calls a minute, and of bursts only
/// that occasional ones are allowed, from the fourth tier on generous ones. A host that starts begins with a burst, for
/// it has to look up what the one before it left open; what is too much is refused, and the refusal is heeded.
fn pace(method: &str) -> Option<Pace> {
    let (a_minute, at_once, patience) = match method {
        "usergroups.users.list" | "users.list" => (20, 16, BESIDE),
        "reactions.add" => (50, 40, HASTE),
        "reactions.remove" => (20, 16, BESIDE),
        "chat.postEphemeral" => (100, 100, PATIENCE),
        "users.info" => (100, 300, BESIDE),
        "views.open" => (100, 300, HASTE),
        "assistant.threads.setStatus" => (600, 600, HASTE),
        "chat.delete" | "chat.update" | "conversations.history" | "conversations.open" | "conversations.replies" => {
            (50, 40, PATIENCE)
        }
        // Each channel has its own, and the others are called once in a while.
        _ => return None,
    };
    let every = Duration::from_secs(60) / a_minute;
    Some(Pace { every, burst: every * at_once, patience })
}

/// When what may happen next.
#[derive(Debug)]
pub(super) struct Limiter {
    born: Instant,
    burst: u32,
    posts: Arc<Mutex<Posts>>,
    methods: Mutex<HashMap<&'static str, Method>>,
    newest: Newest,
}

/// Of `chat.postMessage`.
#[derive(Debug)]
struct Posts {
    channels: HashMap<String, Gate>,
    workspace: Workspace,
}

/// A channel, and the rests of messages that wait to be posted in it, in the order of their coming.
#[derive(Debug)]
struct Gate {
    channel: Channel,
    queue: Arc<Queue<()>>,
}

/// When a method may be called next.
#[derive(Debug, Clone, Copy)]
struct Method {
    /// The first time that is not promised to anybody.
    next: Instant,
    /// Slack said to wait until then.
    until: Instant,
}

/// The right to post in a channel now. To be kept until the post is made.
pub(super) struct Turn {
    posts: Arc<Mutex<Posts>>,
    channel: String,
    /// It keeps to one post a second in its channel.
    is_strict: bool,
    /// What Slack told us to wait.
    pause: Option<Duration>,
}

/// Not now: come again after this long.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct NotNow(pub(super) Duration);

impl Limiter {
    /// `burst` posts of a channel may be made at once; in all channels together `a_minute`, at first.
    pub(super) fn new(burst: u32, a_minute: u32) -> Self {
        let born = Instant::now();
        let posts = Posts { channels: HashMap::new(), workspace: Workspace::new(born, a_minute) };
        Self { born, burst, posts: Arc::new(Mutex::new(posts)), methods: Mutex::default(), newest: Newest::default() }
    }

    /// The right to post in a channel, now or not at all: a message that waits here would be in doubt if we died. `who`
    /// tells who asks, so that whoever asks again keeps their place.
    pub(super) fn post(&self, channel: &str, who: &str) -> Result<Turn, NotNow> {
        let now = Instant::now();
        let mut posts = lock(&self.posts);
        let Posts { channels, workspace } = &mut *posts;
        let gate = self.gate(channels, channel);
        if gate.queue.try_lock().is_err() {
            return Err(NotNow(POST));
        }
        let wait = gate.channel.wait(now, self.burst);
        if !wait.is_zero() {
            return Err(NotNow(wait));
        }
        workspace.ask(who, now).map_err(NotNow)?;
        Ok(self.begin(&mut gate.channel, channel, now))
    }

    /// The right to post the rest of a message in a channel.
    pub(super) async fn post_more(&self, channel: &str) -> Result<Turn, NotNow> {
        let deadline = Instant::now() + PATIENCE;
        let queue = self.gate(&mut lock(&self.posts).channels, channel).queue.clone();
        // The lock is fair: who came first goes first.
        let Ok(_first) = timeout_at(deadline, queue.lock()).await else { return Err(NotNow(POST)) };
        loop {
            let now = Instant::now();
            let wait = {
                let mut posts = lock(&self.posts);
                let Posts { channels, workspace } = &mut *posts;
                let gate = self.gate(channels, channel);
                let wait = gate.channel.wait(now, self.burst).max(workspace.stopped(now));
                if wait.is_zero() {
                    workspace.take(now);
                    return Ok(self.begin(&mut gate.channel, channel, now));
                }
                wait
            };
            if now + wait > deadline {
                return Err(NotNow(wait));
            }
            sleep(wait).await;
        }
    }

    fn begin(&self, channel: &mut Channel, name: &str, now: Instant) -> Turn {
        let is_strict = channel.is_strict(now);
        channel.begin();
        Turn { posts: self.posts.clone(), channel: name.to_owned(), is_strict, pause: None }
    }

    /// How long a method would have to wait now.
    pub(super) fn wait(&self, method: &'static str) -> Duration {
        let next = lock(&self.methods).get(method).map(|method| method.next.max(method.until));
        next.map_or(Duration::ZERO, |next| next.saturating_duration_since(Instant::now()))
    }

    /// Waits until a method may be called. The time is promised when this begins, so that nobody who waits is overtaken.
    pub(super) async fn method(&self, method: &'static str) -> Result<(), NotNow> {
        let Some(pace) = pace(method) else { return Ok(()) };
        self.take(method, pace).await
    }

    /// Takes a turn of a method now, or not at all: for a call that will have to be made later.
    pub(super) fn reserve(&self, method: &'static str) -> Result<(), NotNow> {
        let Some(pace) = pace(method) else { return Ok(()) };
        let now = Instant::now();
        let mut methods = lock(&self.methods);
        let (state, turn) = state(&mut methods, method, pace, now);
        let wait = turn.saturating_duration_since(now);
        if !wait.is_zero() {
            return Err(NotNow(wait));
        }
        state.next += pace.every;
        Ok(())
    }

    /// The same for what goes on with a call before it, and would have to begin anew: it waits as long as it takes.
    pub(super) async fn method_again(&self, method: &'static str) -> Result<(), NotNow> {
        let Some(pace) = pace(method) else { return Ok(()) };
        self.take(method, Pace { patience: Duration::MAX, ..pace }).await
    }

    /// Waits for a turn of a method as its newest caller, whose call is worth nothing when it comes late: not at all where
    /// it would take too long, or too many come later.
    pub(super) async fn method_if_newest(&self, method: &'static str) -> Result<(), NotNow> {
        let Some(pace) = pace(method) else { return Ok(()) };
        let deadline = Instant::now() + COSMETIC;
        let place = self.newest.enter();
        loop {
            let now = Instant::now();
            let turn = {
                let mut methods = lock(&self.methods);
                let (state, turn) = state(&mut methods, method, pace, now);
                if turn <= now && place.is_newest() {
                    state.next += pace.every;
                    return Ok(());
                }
                turn
            };
            if turn > deadline || now > deadline || place.is_lost() {
                return Err(NotNow(turn.saturating_duration_since(now)));
            }
            // Where it is somebody else's turn, the next one is later.
            sleep_until(turn.max(now + pace.every / 10)).await;
        }
    }

    async fn take(&self, method: &'static str, pace: Pace) -> Result<(), NotNow> {
        let now = Instant::now();
        let turn = {
            let mut methods = lock(&self.methods);
            let (state, turn) = state(&mut methods, method, pace, now);
            let wait = turn.saturating_duration_since(now);
            if wait > pace.patience {
                return Err(NotNow(wait - pace.patience + pace.every));
            }
            state.next += pace.every;
            turn
        };
        sleep_until(turn).await;
        Ok(())
    }

    /// Slack said that a method must wait this long. Then a part of the burst is there again: we may have been refused
    /// for one call too many.
    pub(super) fn pause(&self, method: &'static str, wait: Duration) {
        let now = Instant::now();
        let Some(pace) = pace(method) else { return };
        let mut methods = lock(&self.methods);
        let (state, _) = state(&mut methods, method, pace, now);
        state.until = state.until.max(now + wait);
        let part = state.until.checked_sub(pace.burst / 4).unwrap_or(now);
        state.next = state.next.max(part);
    }

    fn gate<'a>(&self, channels: &'a mut HashMap<String, Gate>, channel: &str) -> &'a mut Gate {
        if channels.len() > MANY {
            let now = Instant::now();
            channels.retain(|_, gate| Arc::strong_count(&gate.queue) > 1 || !gate.channel.is_idle(now));
        }
        let new = || Gate { channel: Channel::new(self.born, self.burst), queue: Arc::default() };
        channels.entry(channel.to_owned()).or_insert_with(new)
    }
}

/// A method's state, and its next turn. A pause that Slack wanted uses up no turns.
fn state<'a>(
    methods: &'a mut HashMap<&'static str, Method>,
    method: &'static str,
    pace: Pace,
    now: Instant,
) -> (&'a mut Method, Instant) {
    let unused = now.checked_sub(pace.burst).unwrap_or(now);
    let state = methods.entry(method).or_insert(Method { next: unused, until: unused });
    let turn = state.next.max(unused).max(state.until);
    state.next = state.next.max(unused);
    (state, turn)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nothing between lock and unlock can panic and leave a map half changed.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Turn {
    /// Slack said to wait this long.
    pub(super) fn pause(&mut self, pause: Duration) {
        self.pause = Some(pause);
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let now = Instant::now();
        let mut posts = lock(&self.posts);
        if let Some(gate) = posts.channels.get_mut(&self.channel) {
            gate.channel.end(now, self.pause);
        }
        // One that went beyond a post a second was too much for its channel.
        if let Some(pause) = self.pause.filter(|pause| self.is_strict || *pause > ONE_CHANNEL)
            && let Some(a_minute) = posts.workspace.refused(now, pause)
        {
            tracing::warn!(
                "Slack limits the posts of the workspace: none for {} s, then {a_minute:.0} a minute at first",
                pause.as_secs()
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn at<T>(work: impl Future<Output = Result<T, NotNow>>) -> Result<Duration, NotNow> {
        let began = Instant::now();
        work.await.map(|_| began.elapsed())
    }

    fn limiter() -> Limiter {
        Limiter::new(1, 6_000)
    }

    fn now(turn: Result<Turn, NotNow>) -> Result<(), NotNow> {
        turn.map(drop)
    }

    #[tokio::test(start_paused = true)]
    async fn a_channel_gets_a_post_a_second_and_others_do_not_wait() {
        let limiter = limiter();
        assert_eq!(now(limiter.post("C1", "a")), Err(NotNow(POST)), "a host before us may have posted");
        tokio::time::advance(POST).await;
        assert_eq!(now(limiter.post("C1", "a")), Ok(()));
        assert_eq!(now(limiter.post("C2", "b")), Ok(()));
        assert_eq!(now(limiter.post("C1", "c")), Err(NotNow(POST)));
        assert_eq!(at(limiter.post_more("C1")).await, Ok(POST));
        tokio::time::advance(POST).await;
        let slow = limiter.post("C2", "d").expect("it is its turn");
        tokio::time::advance(Duration::from_secs(3)).await;
        assert_eq!(now(limiter.post("C2", "e")), Err(NotNow(POST)), "one at a time");
        drop(slow);
        assert_eq!(now(limiter.post("C2", "e")), Err(NotNow(POST)), "counted from the end of the call");
    }

    #[tokio::test(start_paused = true)]
    async fn the_rest_of_a_message_goes_before_another_one() {
        let limiter = limiter();
        tokio::time::advance(POST).await;
        drop(limiter.post("C1", "a"));
        let mut more = std::pin::pin!(limiter.post_more("C1"));
        assert!(futures_util::poll!(more.as_mut()).is_pending());
        tokio::time::advance(POST).await;
        assert_eq!(now(limiter.post("C1", "b")), Err(NotNow(POST)));
        assert!(more.await.is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn who_would_wait_too_long_comes_again() {
        let limiter = limiter();
        let mut turn = limiter.post_more("C1").await.expect("it is its turn");
        turn.pause(Duration::ZERO);
        drop(turn);
        assert_eq!(now(limiter.post("C1", "a")), Err(NotNow(POST)), "whatever Slack says, a second");
        let mut turn = limiter.post_more("C1").await.expect("it is its turn");
        turn.pause(Duration::from_secs(30));
        drop(turn);
        assert_eq!(at(limiter.post_more("C1")).await, Err(NotNow(Duration::from_secs(30))));
        tokio::time::advance(Duration::from_secs(26)).await;
        assert_eq!(at(limiter.post_more("C1")).await, Ok(Duration::from_secs(4)));
    }

    #[tokio::test(start_paused = true)]
    async fn whose_fault_a_refusal_is_decides_who_waits() {
        for (burst, pause, all_wait) in [(1, 1, true), (3, 1, false), (3, 2, true)] {
            let limiter = Limiter::new(burst, 6_000);
            tokio::time::advance(POST * 3).await;
            // The second one is beyond a post a second.
            drop(limiter.post("C1", "a"));
            if burst == 1 {
                tokio::time::advance(POST).await;
            }
            let pause = Duration::from_secs(pause);
            limiter.post("C1", "b").expect("it is its turn").pause(pause);
            assert!(now(limiter.post("C1", "c")).is_err());
            assert_eq!(now(limiter.post("C2", "d")).is_err(), all_wait, "{burst} at once, {pause:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_worth_nothing_late_goes_newest_first_or_not_at_all() {
        let limiter = limiter();
        let every = Duration::from_millis(1_200);
        for _ in 0..=40 {
            assert_eq!(at(limiter.method_if_newest("chat.update")).await, Ok(Duration::ZERO));
        }
        let mut waiting = Vec::new();
        for _ in 0..20 {
            let mut one = Box::pin(at(limiter.method_if_newest("chat.update")));
            assert!(futures_util::poll!(one.as_mut()).is_pending());
            waiting.push(one);
        }
        let done: Vec<_> = futures_util::future::join_all(waiting).await.into_iter().collect();
        let (lost, sent): (Vec<_>, Vec<_>) = done.iter().partition(|done| done.is_err());
        assert_eq!((lost.len(), sent.len()), (8, 12), "so many come in time");
        assert!(done[..8].iter().all(Result::is_err), "the oldest ones are lost: {done:?}");
        assert!(done[19].as_ref().is_ok_and(|took| *took <= every * 2), "the newest one goes first: {done:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_method_has_a_burst_and_then_its_pace() {
        let limiter = limiter();
        let every = Duration::from_millis(1_200);
        for _ in 0..=40 {
            assert_eq!(at(limiter.method("chat.update")).await, Ok(Duration::ZERO));
        }
        assert_eq!(limiter.wait("chat.update"), every);
        assert_eq!(at(limiter.method("chat.update")).await, Ok(every));
        limiter.pause("chat.update", Duration::from_secs(30));
        assert_eq!(at(limiter.method("chat.update")).await, Err(NotNow(Duration::from_secs(22) + every)));
        assert_eq!(at(limiter.method("conversations.history")).await, Ok(Duration::ZERO), "another method");
    }

    #[tokio::test(start_paused = true)]
    async fn a_refusal_does_not_use_up_the_burst_for_good() {
        let limiter = limiter();
        let pause = Duration::from_secs(30);
        limiter.pause("users.info", pause);
        let calls: Vec<_> = (0..100).map(|_| at(limiter.method("users.info"))).collect();
        let done = futures_util::future::join_all(calls).await;
        let at_once = done.iter().filter(|done| **done == Ok(pause)).count();
        assert_eq!(at_once, 76, "a quarter of the burst, and the first one");
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_is_kept_waiting_for_a_window() {
        let limiter = limiter();
        limiter.pause("views.open", Duration::from_secs(1));
        assert_eq!(at(limiter.method("views.open")).await, Err(NotNow(Duration::from_millis(1_100))));
        tokio::time::advance(Duration::from_millis(600)).await;
        assert_eq!(at(limiter.method("views.open")).await, Ok(Duration::from_millis(400)));
        assert_eq!(at(limiter.method("chat.postMessage")).await, Ok(Duration::ZERO), "channels have a pace, not it");
    }

    #[tokio::test(start_paused = true)]
    async fn every_turn_of_a_method_is_used_however_many_wait() {
        let limiter = limiter();
        let began = Instant::now();
        let mut waiting: Vec<_> = (0..100).map(|_| Box::pin(limiter.method("conversations.history"))).collect();
        let mut turns = 0;
        while !waiting.is_empty() {
            let results = futures_util::future::join_all(waiting).await;
            turns += results.iter().filter(|result| result.is_ok()).count();
            let again = results.iter().filter(|result| result.is_err()).count();
            waiting = (0..again).map(|_| Box::pin(limiter.method("conversations.history"))).collect();
        }
        assert_eq!((turns, began.elapsed()), (100, Duration::from_millis(1_200) * 59));
    }

    #[tokio::test(start_paused = true)]
    async fn idle_channels_are_forgotten() {
        let limiter = Limiter::new(1, 60_000);
        tokio::time::advance(POST).await;
        for number in 0..=MANY {
            drop(limiter.post(&number.to_string(), "a"));
        }
        tokio::time::advance(POST * 2).await;
        drop(limiter.post("one more", "a"));
        assert_eq!(limiter.posts.lock().expect("nobody panicked").channels.len(), 1);
    }
}
