use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use tokio::sync::watch;
use tokio::time::Instant;

use crate::delivery::{Held, Outgoing};
use crate::faults::Orders;
use crate::ids::Ids;
use crate::model::{Channel, Group, Heard, Kind, Message, Reply, Trigger, User, View};
use crate::options::{Options, RequestUrls};
use crate::random::Random;
use crate::records::{Ack, Call, Counters};
use crate::sockets::Sockets;

/// The whole workspace, its app, and what is recorded. One lock guards it, and none waits while holding it.
pub(crate) struct State {
    pub(crate) options: Options,
    pub(crate) ids: Ids,
    pub(crate) random: Random,
    pub(crate) app: App,
    pub(crate) users: BTreeMap<String, User>,
    pub(crate) channels: BTreeMap<String, Channel>,
    pub(crate) groups: Vec<Group>,
    pub(crate) views: BTreeMap<String, View>,
    /// Each person's open views, the top one last.
    pub(crate) stacks: HashMap<String, Vec<String>>,
    pub(crate) triggers: HashMap<String, Trigger>,
    pub(crate) replies: HashMap<String, Reply>,
    pub(crate) heard: HashMap<String, Vec<Heard>>,
    /// How much of it each person was told by the control API.
    pub(crate) listeners: HashMap<String, Arc<AtomicUsize>>,
    /// What is to be sent to the app once the change is complete.
    pub(crate) outgoing: Vec<Outgoing>,
    /// How many deliveries are neither acknowledged nor given up.
    pub(crate) under_way: u64,
    pub(crate) held: HashMap<String, Vec<Held>>,
    pub(crate) sockets: Sockets,
    pub(crate) orders: Orders,
    pub(crate) acks: Vec<Ack>,
    pub(crate) calls: Vec<Call>,
    pub(crate) counters: Counters,
    pub(crate) faults: Counters,
    pub(crate) recent: HashMap<String, Vec<Instant>>,
    /// When the workspace's burst of posts will be whole again.
    pub(crate) posts_full: Option<Instant>,
    bells: HashMap<String, watch::Sender<u64>>,
}

/// The app as the workspace knows it.
#[derive(Debug, Clone)]
pub(crate) struct App {
    pub(crate) team: String,
    pub(crate) id: String,
    pub(crate) bot_user: String,
    pub(crate) bot_id: String,
    pub(crate) bot_token: String,
    pub(crate) app_token: String,
    pub(crate) signing_secret: String,
    pub(crate) verification_token: String,
    pub(crate) revoked: bool,
    pub(crate) socket_mode: bool,
    pub(crate) urls: Option<RequestUrls>,
    /// The address of the double, as `127.0.0.1:4000`.
    pub(crate) address: String,
}

impl State {
    pub(crate) fn new(options: Options, address: String) -> Self {
        let mut ids = Ids::default();
        let mut random = Random::new(options.seed);
        let mut secret = |prefix: &str| format!("{prefix}{:016x}{:016x}", random.next(), random.next());
        let app = App {
            team: ids.next("T"),
            id: ids.next("A"),
            bot_user: ids.next("U"),
            bot_id: ids.next("B"),
            bot_token: secret("xoxb-"),
            app_token: secret("xapp-1-"),
            signing_secret: secret(""),
            verification_token: secret(""),
            revoked: false,
            socket_mode: true,
            urls: None,
            address,
        };
        let mut state = Self {
            sockets: Sockets::default(),
            options,
            ids,
            random,
            app,
            users: BTreeMap::new(),
            channels: BTreeMap::new(),
            groups: Vec::new(),
            views: BTreeMap::new(),
            stacks: HashMap::new(),
            triggers: HashMap::new(),
            replies: HashMap::new(),
            heard: HashMap::new(),
            listeners: HashMap::new(),
            outgoing: Vec::new(),
            under_way: 0,
            held: HashMap::new(),
            orders: Orders::default(),
            acks: Vec::new(),
            calls: Vec::new(),
            counters: Counters::new(),
            faults: Counters::new(),
            recent: HashMap::new(),
            posts_full: None,
            bells: HashMap::new(),
        };
        let name = state.options.bot_name.clone();
        let bot = User { is_bot: true, ..new_user(state.app.bot_user.clone(), &name) };
        state.users.insert(bot.id.clone(), bot);
        state
    }

    pub(crate) fn add_person(&mut self, real_name: &str, change: impl FnOnce(&mut User)) -> User {
        let mut user = new_user(self.ids.next("U"), real_name);
        change(&mut user);
        self.users.insert(user.id.clone(), user.clone());
        user
    }

    pub(crate) fn add_channel(&mut self, name: &str, kind: Kind, members: BTreeSet<String>) -> String {
        let id = self.ids.next(if matches!(kind, Kind::Direct(_)) { "D" } else { "C" });
        let channel = Channel {
            id: id.clone(),
            name: name.to_owned(),
            kind,
            archived: false,
            created: self.ids.micros() / 1_000_000,
            members,
            messages: BTreeMap::new(),
            posts_full: None,
            status: None,
        };
        self.channels.insert(id.clone(), channel);
        id
    }

    /// The talk of the bot and this person, which is made where it is not there yet.
    pub(crate) fn direct(&mut self, user: &str) -> String {
        let there = self.channels.values().find(|channel| channel.kind == Kind::Direct(user.to_owned()));
        match there {
            Some(channel) => channel.id.clone(),
            None => {
                let members = [user.to_owned(), self.app.bot_user.clone()].into();
                self.add_channel("", Kind::Direct(user.to_owned()), members)
            }
        }
    }

    pub(crate) fn message(&self, channel: &str, ts: &str) -> Option<&Message> {
        self.channels.get(channel)?.messages.get(ts)
    }

    pub(crate) fn message_mut(&mut self, channel: &str, ts: &str) -> Option<&mut Message> {
        self.channels.get_mut(channel)?.messages.get_mut(ts)
    }

    pub(crate) fn bot_is_in(&self, channel: &str) -> bool {
        self.channels.get(channel).is_some_and(|channel| channel.members.contains(&self.app.bot_user))
    }

    /// Puts a message of the bot where it belongs, and tells those that it reaches.
    pub(crate) fn show(&mut self, message: Message) {
        let hearers = self.hearers(&message);
        let heard = Heard { channel: message.channel.clone(), ts: message.ts.clone() };
        if let Some(channel) = self.channels.get_mut(&message.channel) {
            channel.status = None;
            channel.messages.insert(message.ts.clone(), message);
        }
        for user in hearers {
            self.heard.entry(user.clone()).or_default().push(heard.clone());
            self.ring(&user);
        }
    }

    /// Whom a message of the bot reaches: in a thread of a channel those who write there, as they alone are notified.
    pub(crate) fn hearers(&self, message: &Message) -> Vec<String> {
        if let Some(only) = &message.only_for {
            return vec![only.clone()];
        }
        let Some(channel) = self.channels.get(&message.channel) else { return Vec::new() };
        let thread = (!matches!(channel.kind, Kind::Direct(_))).then_some(message.thread_ts.as_deref()).flatten();
        let in_thread = |user: &String| {
            thread
                .is_none_or(|root| channel.messages.values().any(|other| other.user == *user && other.thread() == root))
        };
        channel.members.iter().filter(|user| **user != self.app.bot_user && in_thread(user)).cloned().collect()
    }

    /// The view that a person has on top.
    pub(crate) fn top_view(&self, user: &str) -> Option<&View> {
        self.views.get(self.stacks.get(user)?.last()?)
    }

    pub(crate) fn count(&mut self, what: &str) {
        *self.counters.entry(what.to_owned()).or_default() += 1;
    }

    pub(crate) fn count_fault(&mut self, kind: &str) {
        *self.faults.entry(kind.to_owned()).or_default() += 1;
    }

    /// Wakes those who wait for something of this person. The empty name is for everything else.
    pub(crate) fn ring(&mut self, user: &str) {
        if let Some(bell) = self.bells.get(user) {
            bell.send_modify(|count| *count += 1);
        }
    }

    pub(crate) fn listen(&mut self, user: &str) -> watch::Receiver<u64> {
        self.bells.entry(user.to_owned()).or_insert_with(|| watch::channel(0).0).subscribe()
    }

    /// A trigger that can be exchanged once, soon.
    pub(crate) fn trigger(&mut self, user: &str, view: Option<String>) -> String {
        // Slack's are three parts divided by dots.
        let id = format!("{}.{}.{:016x}", self.ids.micros(), self.app.team, self.random.next());
        let trigger = Trigger { user: user.to_owned(), made: Instant::now(), exchanged: false, view };
        self.triggers.insert(id.clone(), trigger);
        id
    }

    /// An address at which an interaction can be answered five times in half an hour.
    pub(crate) fn response_url(&mut self, user: &str, channel: &str, ts: Option<&str>) -> String {
        let id = format!("{:016x}", self.random.next());
        let reply = Reply {
            user: user.to_owned(),
            channel: channel.to_owned(),
            ts: ts.map(str::to_owned),
            made: Instant::now(),
            uses: 0,
        };
        self.replies.insert(id.clone(), reply);
        format!("http://{}/actions/{}/{id}", self.app.address, self.app.team)
    }

    /// A record of a call, bounded only by the life of the double.
    pub(crate) fn record(&mut self, call: Call) {
        self.count(&format!("calls.{}", call.method));
        self.calls.push(call);
        self.ring("");
    }
}

fn new_user(id: String, real_name: &str) -> User {
    User {
        id,
        name: real_name.to_lowercase().split_whitespace().collect::<Vec<_>>().join("."),
        real_name: real_name.to_owned(),
        locale: "en-US".to_owned(),
        tz: "Europe/Berlin".to_owned(),
        tz_offset: 3_600,
        deleted: false,
        is_bot: false,
        is_guest: false,
    }
}
