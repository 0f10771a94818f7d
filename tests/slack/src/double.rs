use std::collections::BTreeSet;
use std::sync::Arc;

use tokio::net::TcpListener;

use crate::callback;
use crate::core::Core;
use crate::model::{Group, Kind, Message, User};
use crate::options::{Options, RequestUrls};
use crate::order_faults::Faults;
use crate::people::Person;
use crate::records::{Ack, AckTimes, Call, Counters};
use crate::server;
use crate::state::State;

/// A running stand-in for Slack. It ends, and closes its sockets, when this is dropped.
pub struct SlackDouble {
    core: Arc<Core>,
}

impl SlackDouble {
    /// Starts it. Panics if it cannot listen where it should.
    pub async fn start(options: Options) -> Self {
        match Self::try_start(options).await {
            Ok(double) => double,
            Err(error) => panic!("the Slack double cannot start: {error}"),
        }
    }

    /// Starts it, or says why it cannot listen.
    ///
    /// # Errors
    ///
    /// What the system says of the address.
    pub async fn try_start(options: Options) -> std::io::Result<Self> {
        let listener = TcpListener::bind(options.listen).await?;
        let address = listener.local_addr()?.to_string();
        let core = Arc::new(Core::new(State::new(options, address)));
        tokio::spawn(server::serve(Arc::clone(&core), listener));
        Ok(Self { core })
    }

    /// `http://127.0.0.1:PORT`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.core.lock().app.address)
    }

    /// Where the Web API is, without a slash in the end.
    #[must_use]
    pub fn api_url(&self) -> String {
        format!("{}/api", self.url())
    }

    /// The same for one of several callers: their calls are recorded with this name.
    #[must_use]
    pub fn api_url_of(&self, caller: &str) -> String {
        format!("{}/of/{caller}", self.api_url())
    }

    /// `xoxb-…`.
    #[must_use]
    pub fn bot_token(&self) -> String {
        self.core.lock().app.bot_token.clone()
    }

    /// `xapp-…`.
    #[must_use]
    pub fn app_token(&self) -> String {
        self.core.lock().app.app_token.clone()
    }

    /// What requests to the app are signed with.
    #[must_use]
    pub fn signing_secret(&self) -> String {
        self.core.lock().app.signing_secret.clone()
    }

    /// The workspace's id.
    #[must_use]
    pub fn team(&self) -> String {
        self.core.lock().app.team.clone()
    }

    /// The bot's user id.
    #[must_use]
    pub fn bot_user(&self) -> String {
        self.core.lock().app.bot_user.clone()
    }

    /// Somebody new.
    #[must_use]
    pub fn person(&self, name: &str) -> Person {
        self.person_with(name, |_| ())
    }

    /// Somebody new with another language, another time zone and so on.
    #[must_use]
    pub fn person_with(&self, name: &str, change: impl FnOnce(&mut User)) -> Person {
        let user = self.core.act(|state| state.add_person(name, change));
        Person::new(Arc::clone(&self.core), user.id)
    }

    /// A new public channel with the bot in it. Whoever writes there joins it.
    #[must_use]
    pub fn channel(&self, name: &str) -> String {
        self.core.act(|state| {
            let members = BTreeSet::from([state.app.bot_user.clone()]);
            state.add_channel(name, Kind::Public, members)
        })
    }

    /// A new private channel with these people and the bot in it.
    #[must_use]
    pub fn private_channel(&self, name: &str, people: &[&Person]) -> String {
        self.core.act(|state| {
            let mut members: BTreeSet<_> = people.iter().map(|person| person.id().to_owned()).collect();
            members.insert(state.app.bot_user.clone());
            state.add_channel(name, Kind::Private, members)
        })
    }

    /// New direct messages of these people and the bot; gives their channel's id.
    #[must_use]
    pub fn group_direct(&self, people: &[&Person]) -> String {
        self.core.act(|state| {
            let mut members: BTreeSet<_> = people.iter().map(|person| person.id().to_owned()).collect();
            members.insert(state.app.bot_user.clone());
            state.add_channel("mpdm", Kind::Group, members)
        })
    }

    /// Takes the bot out of a channel.
    pub fn expel_bot(&self, channel: &str) {
        self.core.act(|state| {
            let bot = state.app.bot_user.clone();
            state.channels.get_mut(channel).map(|channel| channel.members.remove(&bot))
        });
    }

    /// Archives a channel.
    pub fn archive(&self, channel: &str) {
        self.core.act(|state| state.channels.get_mut(channel).map(|channel| channel.archived = true));
    }

    /// A new user group; gives its id.
    #[must_use]
    pub fn group(&self, handle: &str, people: &[&Person]) -> String {
        self.core.act(|state| {
            let id = state.ids.next("S");
            let users = people.iter().map(|person| person.id().to_owned()).collect();
            state.groups.push(Group { id: id.clone(), handle: handle.to_owned(), users });
            id
        })
    }

    /// Revokes the bot token; the app hears `tokens_revoked`, and every later call answers `token_revoked`.
    pub fn revoke_token(&self) {
        self.core.act(State::revoke);
    }

    /// Takes a scope from the token.
    pub fn take_scope(&self, scope: &str) {
        self.core.act(|state| state.options.scopes.remove(scope));
    }

    /// Ends the app's subscription to a bot event, such as `message.im`.
    pub fn take_subscription(&self, events: &str) {
        self.core.act(|state| state.options.subscriptions.remove(events));
    }

    /// Sends events to these addresses from now on, and no more to sockets, once the one for events has answered the
    /// challenge.
    ///
    /// # Errors
    ///
    /// What was wrong with the answer to the challenge; nothing is changed then.
    pub async fn use_http(&self, urls: RequestUrls) -> Result<(), String> {
        callback::verify(&self.core, &urls.events).await?;
        self.core.act(|state| state.app.urls = Some(urls));
        Ok(())
    }

    /// Sends events to sockets again.
    pub fn use_sockets(&self) {
        self.core.act(|state| state.app.urls = None);
    }

    /// What can be made to go wrong.
    #[must_use]
    pub fn faults(&self) -> Faults<'_> {
        Faults::of(&self.core)
    }

    /// Every envelope and request that went to the app so far.
    #[must_use]
    pub fn acks(&self) -> Vec<Ack> {
        self.core.lock().acks.clone()
    }

    /// How long the app took to acknowledge so far.
    #[must_use]
    pub fn ack_times(&self) -> AckTimes {
        AckTimes::of(&self.core.lock().acks)
    }

    /// Every call of the Web API so far.
    #[must_use]
    pub fn calls(&self) -> Vec<Call> {
        self.core.lock().calls.clone()
    }

    /// What was counted so far.
    #[must_use]
    pub fn counters(&self) -> Counters {
        self.core.lock().counters.clone()
    }

    /// One counter; 0 if nothing of that name was counted.
    #[must_use]
    pub fn counter(&self, name: &str) -> u64 {
        self.core.lock().counters.get(name).copied().unwrap_or_default()
    }

    /// The faults that were injected so far, by kind.
    #[must_use]
    pub fn injected(&self) -> Counters {
        self.core.lock().faults.clone()
    }

    /// All messages of a channel, oldest first.
    #[must_use]
    pub fn messages(&self, channel: &str) -> Vec<Message> {
        let state = self.core.lock();
        state.channels.get(channel).into_iter().flat_map(|channel| channel.messages.values()).cloned().collect()
    }

    /// How many sockets are open and take events.
    #[must_use]
    pub fn sockets(&self) -> usize {
        self.core.lock().sockets.usable().len()
    }

    /// Waits until at least so many sockets are open. Panics if that takes longer than the patience of the options.
    pub async fn has_sockets(&self, count: usize) {
        let there = |state: &mut State| (state.sockets.usable().len() >= count).then_some(());
        self.wait(&format!("{count} sockets"), there).await;
    }

    /// Waits until a counter is at least so high.
    pub async fn has_counted(&self, name: &str, count: u64) {
        let counted = |state: &mut State| (state.counters.get(name).copied() >= Some(count)).then_some(());
        self.wait(&format!("{name} at {count}"), counted).await;
    }

    /// Waits until everything that was sent so far is acknowledged or given up.
    pub async fn is_quiet(&self) {
        let quiet = |state: &mut State| (state.under_way == 0).then_some(());
        self.wait("every envelope acknowledged", quiet).await;
    }

    /// Waits until a call of this method was made that fits.
    pub async fn is_called(&self, method: &str, fits: impl Fn(&Call) -> bool) -> Call {
        let made = |state: &mut State| state.calls.iter().find(|call| call.method == method && fits(call)).cloned();
        self.wait(method, made).await
    }

    async fn wait<T>(&self, what: &str, look: impl FnMut(&mut State) -> Option<T>) -> T {
        let patience = self.core.lock().options.patience;
        match self.core.wait("", patience, look).await {
            Some(found) => found,
            None => panic!("not in {patience:?}: {what}; counted: {:?}", self.counters()),
        }
    }

    /// Addresses and secrets, in one JSON object.
    #[must_use]
    pub fn summary(&self) -> serde_json::Value {
        self.core.lock().summary()
    }
}

impl Drop for SlackDouble {
    fn drop(&mut self) {
        self.core.over.send_replace(true);
    }
}

impl State {
    pub(crate) fn summary(&self) -> serde_json::Value {
        let app = &self.app;
        serde_json::json!({
            "url": format!("http://{}", app.address), "api_url": format!("http://{}/api", app.address),
            "control_url": format!("http://{}/control", app.address), "bot_token": app.bot_token,
            "app_token": app.app_token, "signing_secret": app.signing_secret, "team": app.team, "app": app.id,
            "bot_user": app.bot_user, "bot_id": app.bot_id,
        })
    }

    pub(crate) fn revoke(&mut self) {
        self.app.revoked = true;
        let at = self.ids.ts();
        let event = serde_json::json!({
            "type": "tokens_revoked", "tokens": { "oauth": [], "bot": [self.app.bot_user] }, "event_ts": at,
        });
        if self.options.subscriptions.contains("tokens_revoked") {
            let bot = self.app.bot_user.clone();
            self.tell(&bot, &at, event);
        }
    }
}
