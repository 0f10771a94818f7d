//! Who people are, where their direct messages go and where what they clicked can be replaced, as Slack tells it:
//! remembered for a while, within bounds.

use std::collections::{BTreeSet, HashMap};
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, Shared};
use pesto_engine::model::Person;
use pesto_engine::policy::MEMBERS;
use pesto_engine::text;
use serde_json::Value;
use tokio::time::Instant;

use super::api::{Api, Profile};
use super::api_error::ApiError;

/// A name or a time zone that changed is known after this long.
const FRESH: Duration = Duration::from_secs(3_600);
/// After Slack did not tell, it is asked again after this long.
const AGAIN: Duration = Duration::from_secs(60);
/// How long an event waits for what Slack tells of its person, for Slack wants its answer within 3 s. What comes later is
/// remembered all the same.
const PATIENCE: Duration = Duration::from_secs(1);
/// A channel of direct messages, for only opening one tells that somebody left: posts to them are taken and read by
/// nobody. The members of a group, too.
const OPEN: Duration = Duration::from_secs(600);
/// While Slack does not tell anew, what it told before is good for so long.
const OLD: Duration = Duration::from_secs(2 * 3_600);
/// How long a start waits for the members of the groups.
const WARM: Duration = Duration::from_secs(10);
/// An address at which a clicked message can be replaced is good for half an hour.
const ADDRESS: Duration = Duration::from_secs(25 * 60);
/// People remembered at once, and clicked messages.
const MOST: usize = 50_000;
/// Pages of people that are read, so that there is room for those who are asked for one by one.
const PAGES: usize = 80;
/// Between two readings of the list. The method's own pace is what limits them.
const READ: Duration = Duration::from_secs(3);

/// What was asked of Slack, and what its payloads told.
#[derive(Debug, Default)]
pub(super) struct People {
    profiles: Answers<Profile>,
    channels: Mutex<Remembered<String, String>>,
    clicked: Mutex<Remembered<String, String>>,
    members: Answers<BTreeSet<String>>,
    /// The last reading of the list of all people; it may be under way.
    reading: Mutex<Option<(Instant, Reading)>>,
    /// The groups that the operator names.
    named: Vec<String>,
    /// It matters who is a full member of the workspace.
    members_matter: bool,
    /// Replies in threads of direct messages that were taken for what goes on outside them, by their events' ids.
    moved: Mutex<Remembered<String, ()>>,
}

impl People {
    /// Knows nobody yet; `named` are the groups whose members matter, [`MEMBERS`] among them.
    pub(super) fn new(mut named: Vec<String>) -> Self {
        let members_matter = named.iter().any(|group| group == MEMBERS);
        named.retain(|group| group != MEMBERS);
        Self { named, members_matter, ..Self::default() }
    }

    /// A person as the events of theirs tell it to flows. Where Slack does not answer in time, their name is `hint` or
    /// empty, and the rest is not known. `team` is our workspace.
    pub(super) async fn person(&self, api: &Arc<Api>, user: &str, hint: Option<&str>, team: &str) -> Person {
        let now = Instant::now();
        // All are asked before the first is waited for.
        let members = self.ask_members(api);
        let ask = || {
            let (api, asked) = (api.clone(), user.to_owned());
            self.profiles.ask(user, FRESH, async move { api.profile(&asked).await })
        };
        // In a rush of new people one by one takes longer than anybody could wait.
        let is_rush = api.limiter.wait("users.info") >= PATIENCE / 2;
        let profile = if is_rush && self.profiles.known(user).is_none() {
            let _ = tokio::time::timeout_at(now + PATIENCE, self.read_list(api)).await;
            // Whoever is not in the list, such as somebody of another workspace, is asked for, but not waited for.
            timely(Instant::now(), ask()).await
        } else {
            timely(now + PATIENCE, ask()).await
        };
        let mut groups = Vec::new();
        for (group, members) in members {
            // Where Slack does not tell in time, they are not in it: a flow that is not for everybody is not for whom
            // we do not know.
            if timely(now + PATIENCE, members).await.is_some_and(|members| members.value.contains(user)) {
                groups.push(group.clone());
            }
        }
        let profile = profile.as_ref().map(|profile| &profile.value);
        if self.members_matter && profile.is_some_and(|profile| profile.member_of.iter().any(|of| of == team)) {
            groups.push(MEMBERS.to_owned());
        }
        let name = profile.map(|profile| profile.name.as_str()).or(hint).unwrap_or_default();
        let (locale, time_zone) = profile.map(|it| (it.locale.as_str(), it.time_zone.as_str())).unwrap_or_default();
        Person {
            groups,
            id: user.to_owned(),
            name: text::line(name, 200),
            locale: text::line(locale, 40),
            time_zone: text::line(time_zone, 60),
            utc_offset: profile.and_then(|profile| profile.utc_offset),
        }
    }

    /// What people are called, of those of whom Slack tells in time.
    pub(super) async fn names(&self, api: &Arc<Api>, users: &[String]) -> Vec<(String, String)> {
        let now = Instant::now();
        let by = if api.limiter.wait("users.info") < PATIENCE / 2 { now + PATIENCE } else { now };
        let ask = |user: &String| {
            let (api, asked) = (api.clone(), user.clone());
            (user.clone(), self.profiles.ask(user, FRESH, async move { api.profile(&asked).await }))
        };
        let asked: Vec<_> = users.iter().map(ask).collect();
        let mut names = Vec::new();
        for (user, answer) in asked {
            if let Some(profile) = timely(by, answer).await {
                names.push((user, text::line(&profile.value.name, 80)));
            }
        }
        names
    }

    /// A reply was taken for what goes on outside its thread.
    pub(super) fn moved(&self, id: &str) {
        lock(&self.moved).put(id.to_owned(), (), FRESH);
    }

    /// Whether it was: the same reply may come again.
    pub(super) fn was_moved(&self, id: &str) -> bool {
        lock(&self.moved).get(id).is_some()
    }

    /// Asks who is in the groups, before anybody's event depends on it.
    pub(super) async fn warm(&self, api: &Arc<Api>) {
        let deadline = Instant::now() + WARM;
        for (group, members) in self.ask_members(api) {
            if timely(deadline, members).await.is_none() {
                tracing::warn!(group, "it is not known yet who is in a group: flows for it are for nobody until it is");
            }
        }
    }

    /// Reads who is in the workspace, unless that was done a moment ago or is under way. Done when it is.
    pub(super) fn read_list(&self, api: &Arc<Api>) -> Reading {
        let mut last = lock(&self.reading);
        if let Some((at, reading)) = &*last
            && (reading.peek().is_none() || at.elapsed() < READ)
        {
            return reading.clone();
        }
        let (api, profiles) = (api.clone(), self.profiles.clone());
        // Whoever waits may give up; the list is for the next one, too.
        let read = tokio::spawn(async move {
            let (mut cursor, mut count) = (String::new(), 0);
            for _ in 0..PAGES {
                let (people, next) = match api.people(&cursor).await {
                    Ok(page) => page,
                    Err(error) => {
                        tracing::warn!("Slack does not tell who is in the workspace: {error}");
                        break;
                    }
                };
                count += people.len();
                people.into_iter().for_each(|(user, profile)| profiles.tell(user, profile, FRESH));
                cursor = next;
                if cursor.is_empty() {
                    break;
                }
            }
            tracing::debug!(count, "read who is in the workspace");
        });
        let reading = async move { drop(read.await) }.boxed().shared();
        *last = Some((Instant::now(), reading.clone()));
        reading
    }

    fn ask_members(&self, api: &Arc<Api>) -> Vec<(&String, Answer<BTreeSet<String>>)> {
        let ask = |group| {
            let (api, asked) = (api.clone(), String::clone(group));
            (group, self.members.ask(group, OPEN, async move { api.members(&asked).await }))
        };
        self.named.iter().map(ask).collect()
    }

    /// Somebody used a control of the message that stands there.
    pub(super) fn clicked(&self, stands: String, address: String) {
        lock(&self.clicked).put(stands, address, ADDRESS);
    }

    /// Where a message can be replaced that was clicked a while ago.
    pub(super) fn reply_address(&self, stands: &str) -> Option<String> {
        lock(&self.clicked).get(stands)
    }

    /// The channel of a person's direct messages, if it is known.
    pub(super) fn direct(&self, user: &str) -> Option<String> {
        lock(&self.channels).get(user)
    }

    /// A person's direct messages are in this channel: it was opened, or they just wrote in it.
    pub(super) fn is_direct(&self, user: &str, channel: &str) {
        lock(&self.channels).put(user.to_owned(), channel.to_owned(), OPEN);
    }
}

/// The workspaces in which a user is a full member. In an organisation they may be in several.
pub(super) fn member_of(user: &Value) -> Vec<String> {
    let is = |flag: &str| user.get(flag).and_then(Value::as_bool).unwrap_or_default();
    if ["is_restricted", "is_ultra_restricted", "is_stranger", "deleted"].into_iter().any(is) {
        return Vec::new();
    }
    let teams = user.pointer("/enterprise_user/teams").and_then(Value::as_array).into_iter().flatten();
    let teams = user.get("team_id").into_iter().chain(teams).filter_map(Value::as_str);
    teams.map(|team| text::line(team, 40)).collect()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nothing between lock and unlock can panic and leave a map half changed.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A reading of the list of people.
pub(super) type Reading = Shared<BoxFuture<'static, ()>>;

/// What Slack answers, or will; none where it did not.
type Answer<V> = Shared<BoxFuture<'static, Option<Arc<Learnt<V>>>>>;

/// What Slack told, and when.
#[derive(Debug)]
struct Learnt<V> {
    value: V,
    at: Instant,
}

async fn timely<V>(deadline: Instant, answer: Answer<V>) -> Option<Arc<Learnt<V>>> {
    tokio::time::timeout_at(deadline, answer).await.ok().flatten()
}

/// Answers of Slack, by what was asked about. However many wait for the same one, it is asked once.
#[derive(Debug)]
struct Answers<V>(Arc<Mutex<Remembered<String, Answer<V>>>>);

impl<V> Default for Answers<V> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<V> Clone for Answers<V> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<V: Send + Sync + 'static> Answers<V> {
    /// What was told, and is good.
    fn known(&self, about: &str) -> Option<Arc<Learnt<V>>> {
        lock(&self.0).get(about).and_then(|answer| answer.now_or_never().flatten())
    }

    /// Slack told without being asked for this one.
    fn tell(&self, about: String, value: V, fresh: Duration) {
        let learnt = Some(Arc::new(Learnt { value, at: Instant::now() }));
        lock(&self.0).put(about, std::future::ready(learnt).boxed().shared(), fresh);
    }

    /// The answer that is known or on its way, or that of this call. It is good for so long; one that failed, for less.
    /// While an old one is asked for anew, it is the answer: nobody is shut out for a moment in which Slack is slow.
    fn ask(
        &self,
        about: &str,
        fresh: Duration,
        call: impl Future<Output = Result<V, ApiError>> + Send + 'static,
    ) -> Answer<V> {
        let mut known = lock(&self.0);
        if let Some(answer) = known.get(about) {
            return answer;
        }
        let is_good = |learnt: &Learnt<V>| learnt.at.elapsed() < OLD;
        let former = known.stale(about).filter(|it| it.peek().is_some_and(|it| it.as_deref().is_some_and(is_good)));
        let (answers, key, before) = (self.0.clone(), about.to_owned(), former.clone());
        // Whoever waits may give up; the answer is for the next one, too.
        let asked = tokio::spawn(async move {
            let (learnt, fresh) = match call.await {
                Ok(value) => (Some(Arc::new(Learnt { value, at: Instant::now() })), fresh),
                Err(error) => {
                    tracing::warn!(about = key, "Slack does not tell who somebody is: {error}");
                    let again = if let ApiError::Limited(Some(wait)) = error { AGAIN.min(wait) } else { AGAIN };
                    (before.and_then(|before| before.now_or_never().flatten()), again)
                }
            };
            lock(&answers).put(key, std::future::ready(learnt.clone()).boxed().shared(), fresh);
            learnt
        });
        let answer = former.unwrap_or_else(|| async move { asked.await.ok().flatten() }.boxed().shared());
        known.put(about.to_owned(), answer.clone(), fresh);
        answer
    }
}

/// Values that are good for a while.
#[derive(Debug)]
struct Remembered<K, V>(HashMap<K, (Instant, V)>);

impl<K, V> Default for Remembered<K, V> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl<V: Clone> Remembered<String, V> {
    /// The value, although it may be good no longer.
    fn stale(&self, key: &str) -> Option<V> {
        self.0.get(key).map(|(_, value)| value.clone())
    }

    fn get(&self, key: &str) -> Option<V> {
        self.0.get(key).filter(|(until, _)| *until > Instant::now()).map(|(_, value)| value.clone())
    }
}

impl<K: Hash + Eq, V> Remembered<K, V> {
    fn put(&mut self, key: K, value: V, fresh: Duration) {
        let now = Instant::now();
        if self.0.len() >= MOST {
            self.0.retain(|_, (until, _)| *until > now);
        }
        // All of them fresh: forget all, for they are asked again one by one.
        if self.0.len() >= MOST {
            self.0.clear();
        }
        self.0.insert(key, (now + fresh, value));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn guests_and_strangers_are_no_members() {
        assert_eq!(member_of(&json!({ "team_id": "T1", "is_restricted": false })), ["T1"]);
        let several = json!({ "team_id": "T1", "enterprise_user": { "teams": ["T1", "T2", 7] } });
        assert_eq!(member_of(&several), ["T1", "T1", "T2"]);
        for flag in ["is_restricted", "is_ultra_restricted", "is_stranger", "deleted"] {
            assert!(member_of(&json!({ "team_id": "T1", flag: true })).is_empty(), "{flag}");
        }
        assert!(member_of(&json!(null)).is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn what_many_want_to_know_is_asked_once() {
        let answers = Answers::default();
        let calls = Arc::new(std::sync::atomic::AtomicU32::new(0));
        let ask = |takes: Duration, answer: Result<u32, ApiError>| {
            let calls = calls.clone();
            answers.ask("ann", FRESH, async move {
                calls.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                tokio::time::sleep(takes).await;
                answer
            })
        };
        let slow = PATIENCE * 2;
        let waiting: Vec<_> = (0..10).map(|_| timely(Instant::now() + PATIENCE, ask(slow, Ok(1)))).collect();
        assert!(futures_util::future::join_all(waiting).await.iter().all(Option::is_none), "nobody waits so long");
        tokio::time::sleep(slow).await;
        let now = |answer: Answer<u32>| answer.now_or_never().flatten().map(|learnt| learnt.value);
        assert_eq!(now(ask(slow, Ok(2))), Some(1), "it came, and is remembered");
        assert_eq!(calls.load(std::sync::atomic::Ordering::Relaxed), 1);
        tokio::time::advance(FRESH).await;
        assert_eq!(now(ask(Duration::ZERO, Err(ApiError::Limited(None)))), Some(1), "old, and better than nothing");
        tokio::time::sleep(AGAIN / 2).await;
        assert_eq!(now(ask(slow, Ok(3))), Some(1), "it is not asked again at once");
        tokio::time::sleep(AGAIN).await;
        assert_eq!(now(ask(Duration::ZERO, Ok(3))), Some(1));
        tokio::time::sleep(Duration::from_millis(1)).await;
        assert_eq!(now(ask(slow, Ok(4))), Some(3));
        assert_eq!(calls.load(std::sync::atomic::Ordering::Relaxed), 3);
        // Too old, and Slack fails.
        tokio::time::advance(OLD).await;
        assert_eq!(ask(slow, Err(ApiError::Limited(Some(PATIENCE)))).await.map(|learnt| learnt.value), None);
        assert_eq!(now(ask(slow, Ok(5))), None);
        tokio::time::sleep(PATIENCE).await;
        assert_eq!(ask(slow, Ok(5)).await.map(|learnt| learnt.value), Some(5));
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_remembered_gets_old_and_stays_bounded() {
        let mut remembered = Remembered::default();
        remembered.put("ann".to_owned(), 1, Duration::from_secs(10));
        assert_eq!(remembered.get("ann"), Some(1));
        tokio::time::advance(Duration::from_secs(10)).await;
        assert_eq!(remembered.get("ann"), None);
        for number in 0..=MOST {
            remembered.put(number.to_string(), number, FRESH);
        }
        assert!(remembered.0.len() <= MOST);
        assert_eq!(remembered.get(&MOST.to_string()), Some(MOST));
    }
}
