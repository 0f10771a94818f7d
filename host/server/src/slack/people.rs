//! Who people are, where their direct messages go and where what they clicked can be replaced, as Slack tells it:
//! remembered for a while, within bounds.

use std::collections::{BTreeSet, HashMap};
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use pesto_engine::model::Person;
use pesto_engine::text;
use tokio::time::Instant;

use super::api::{Api, ApiError, Profile};

/// A name or a time zone that changed is known after this long.
const FRESH: Duration = Duration::from_secs(3_600);
/// After Slack did not tell, it is asked again after this long.
const AGAIN: Duration = Duration::from_secs(60);
/// How long an event waits for its person's name. Slack wants its answer within 3 s.
const PATIENCE: Duration = Duration::from_secs(1);
/// A channel of direct messages, for only opening one tells that somebody left: posts to them are taken and read by
/// nobody. The members of a group, too.
const OPEN: Duration = Duration::from_secs(600);
/// An address at which a clicked message can be replaced is good for half an hour.
const ADDRESS: Duration = Duration::from_secs(25 * 60);
/// People remembered at once, and clicked messages.
const MOST: usize = 50_000;

/// What was asked of Slack, and answered.
#[derive(Debug, Default)]
pub(super) struct People {
    profiles: Mutex<Remembered<String, Option<Profile>>>,
    channels: Mutex<Remembered<String, String>>,
    clicked: Mutex<Remembered<String, String>>,
    members: Mutex<Remembered<String, Arc<BTreeSet<String>>>>,
    /// The groups that the operator names.
    named: Vec<String>,
}

impl People {
    /// Knows nobody yet; `named` are the groups whose members matter.
    pub(super) fn new(named: Vec<String>) -> Self {
        Self { named, ..Self::default() }
    }

    /// A person as the events of theirs tell it to flows. Where Slack does not answer in time, their name is `hint` or
    /// their id, and the rest is not known.
    pub(super) async fn person(&self, api: &Api, user: &str, hint: Option<&str>) -> Person {
        // Side by side, for Slack waits for our answer.
        let (profile, groups) = tokio::join!(self.profile_of(api, user), self.groups_of(api, user));
        let name = profile.as_ref().map(|profile| profile.name.as_str()).or(hint).unwrap_or(user);
        let (locale, time_zone) =
            profile.as_ref().map(|it| (it.locale.as_str(), it.time_zone.as_str())).unwrap_or_default();
        Person {
            groups,
            id: user.to_owned(),
            name: text::line(name, 200),
            locale: text::line(locale, 40),
            time_zone: text::line(time_zone, 60),
        }
    }

    /// Somebody used a control of the message that stands there.
    pub(super) fn clicked(&self, stands: String, address: String) {
        lock(&self.clicked).put(stands, address, ADDRESS);
    }

    /// Where a message can be replaced that was clicked a while ago.
    pub(super) fn reply_address(&self, stands: &str) -> Option<String> {
        lock(&self.clicked).get(stands)
    }

    async fn profile_of(&self, api: &Api, user: &str) -> Option<Profile> {
        if let Some(known) = lock(&self.profiles).get(user) {
            return known;
        }
        let profile = match tokio::time::timeout(PATIENCE, api.profile(user)).await {
            Ok(Ok(profile)) => Some(profile),
            Ok(Err(error)) => {
                tracing::warn!(user, "Slack does not tell a person's name: {error}");
                None
            }
            Err(_) => None,
        };
        let fresh = if profile.is_some() { FRESH } else { AGAIN };
        lock(&self.profiles).put(user.to_owned(), profile.clone(), fresh);
        profile
    }

    /// Which of the groups that the operator names a person is in. Where Slack does not tell in time, they are in none:
    /// a flow that is not for everybody is not for whom we do not know.
    async fn groups_of(&self, api: &Api, user: &str) -> Vec<String> {
        let mut groups = Vec::new();
        let deadline = Instant::now() + PATIENCE;
        for group in &self.named {
            let known = lock(&self.members).get(group);
            let members = match known {
                Some(members) => members,
                None => {
                    let asked = tokio::time::timeout_at(deadline, api.members(group)).await;
                    let (members, fresh) =
                        match asked.unwrap_or_else(|_| Err(ApiError::Unsent("no answer in time".into()))) {
                            Ok(members) => (members, OPEN),
                            Err(error) => {
                                tracing::warn!(group, "Slack does not tell who is in a group: {error}");
                                (BTreeSet::new(), AGAIN)
                            }
                        };
                    let members = Arc::new(members);
                    lock(&self.members).put(group.clone(), members.clone(), fresh);
                    members
                }
            };
            if members.contains(user) {
                groups.push(group.clone());
            }
        }
        groups
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

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nothing between lock and unlock can panic and leave a map half changed.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
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
    use super::*;

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
