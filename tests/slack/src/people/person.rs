use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::{Value, json};

use super::forms::Submitted;
use super::operate::Operation;
use super::talk::Writing;
use crate::core::Core;
use crate::delivery::Answer;
use crate::model::{Message, View};
use crate::records::Ack;
use crate::replies;
use crate::state::State;

/// Somebody in the workspace who talks to the bot.
///
/// All methods panic, with what they see instead, where a person could not do what they are told to: a test is wrong
/// then, or the bot is. A clone shares what was heard already.
#[derive(Clone)]
pub struct Person {
    core: Arc<Core>,
    id: String,
    heard: Arc<AtomicUsize>,
}

impl Person {
    pub(crate) fn new(core: Arc<Core>, id: String) -> Self {
        Self { core, id, heard: Arc::default() }
    }

    /// The user's id.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The channel of the direct messages with the bot.
    #[must_use]
    pub fn direct(&self) -> String {
        self.core.act(|state| state.direct(&self.id))
    }

    /// Writes to the bot, outside threads.
    pub async fn says(&self, text: &str) -> Message {
        self.writes(Writing { text: text.to_owned(), ..Writing::default() })
    }

    /// Writes to the bot in a thread of their direct messages, which begins with this message.
    pub async fn says_in(&self, thread: &Message, text: &str) -> Message {
        let thread_ts = Some(thread.thread().to_owned());
        self.writes(Writing {
            text: text.to_owned(),
            channel: Some(thread.channel.clone()),
            thread_ts,
            ..Writing::default()
        })
    }

    /// Writes Slack's markup to the bot as it is, such as `<@U123>` or `<https://a.example|a>`.
    pub async fn says_markup(&self, text: &str) -> Message {
        self.writes(Writing { text: text.to_owned(), raw: true, ..Writing::default() })
    }

    /// Mentions the bot in a channel, outside threads.
    pub async fn mentions(&self, channel: &str, text: &str) -> Message {
        let channel = Some(channel.to_owned());
        self.writes(Writing { text: text.to_owned(), channel, mention: true, ..Writing::default() })
    }

    /// Mentions the bot in this message's thread.
    pub async fn mentions_in(&self, thread: &Message, text: &str) -> Message {
        let (channel, thread_ts) = (Some(thread.channel.clone()), Some(thread.thread().to_owned()));
        self.writes(Writing { text: text.to_owned(), channel, thread_ts, mention: true, ..Writing::default() })
    }

    /// Writes in this message's thread without a mention.
    pub async fn replies(&self, thread: &Message, text: &str) -> Message {
        self.says_in(thread, text).await
    }

    /// Writes in a channel, to nobody in particular.
    pub async fn chats(&self, channel: &str, text: &str) -> Message {
        self.writes(Writing { text: text.to_owned(), channel: Some(channel.to_owned()), ..Writing::default() })
    }

    /// Sends the bot a file with a text, which may be empty.
    pub async fn uploads(&self, name: &str, text: &str) -> Message {
        self.writes(Writing { text: text.to_owned(), file: Some(name.to_owned()), ..Writing::default() })
    }

    /// Whether the app acknowledged what this person wrote.
    #[must_use]
    pub fn is_heeded(&self, message: &Message) -> bool {
        let heeded = |ack: &Ack| ack.user == self.id && ack.moment == message.ts && ack.acked_at.is_some();
        self.core.lock().acks.iter().rev().any(heeded)
    }

    /// Changes what they wrote.
    pub async fn edits(&self, message: &Message, text: &str) -> Message {
        self.does(|state| state.edit(&self.id, &message.channel, &message.ts, text))
    }

    /// Deletes what they wrote.
    pub async fn deletes(&self, message: &Message) {
        self.does(|state| state.erase(&self.id, &message.channel, &message.ts));
    }

    /// Clicks a button, or picks an option in a single select: by action id, label or value. Ends when the app
    /// acknowledged, or when it was too late for that.
    pub async fn clicks(&self, message: &Message, control: &str) -> Answer {
        self.operates(message, control, Value::Null).await
    }

    /// Does something with a control of a message as it stands now, with nothing for a button: none where the message
    /// has no such control any more.
    pub async fn tries(&self, message: &Message, control: &str, value: Value) -> Option<Answer> {
        let waiting = self.core.act(|state| state.operate(&self.id, &operation(message, control, value)));
        Some(waiting.ok()?.await.unwrap_or(Answer { acked: false, payload: Value::Null }))
    }

    /// Chooses in a select, a date picker and the like: the option's label or value, the date, the user.
    pub async fn chooses(&self, message: &Message, action: &str, value: &str) -> Answer {
        self.operates(message, action, value.into()).await
    }

    /// Marks these and only these checkboxes, or chooses these in a multiple select, by label or value.
    pub async fn marks(&self, message: &Message, action: &str, values: &[&str]) -> Answer {
        self.operates(message, action, json!(values)).await
    }

    async fn operates(&self, message: &Message, control: &str, value: Value) -> Answer {
        let waiting = self.does(|state| state.operate(&self.id, &operation(message, control, value)));
        waiting.await.unwrap_or(Answer { acked: false, payload: Value::Null })
    }

    /// Types a slash command in the direct messages with the bot. What the app answers at once is heard by `hears`.
    pub async fn commands(&self, command: &str, text: &str) -> Answer {
        let (waiting, channel) = self.does(|state| state.command(&self.id, None, command, text));
        let answer = waiting.await.unwrap_or(Answer { acked: false, payload: Value::Null });
        self.core.act(|state| replies::command_answer(state, &self.id, &channel, &answer.payload));
        answer
    }

    /// The same in a channel.
    pub async fn commands_in(&self, channel: &str, command: &str, text: &str) -> Answer {
        let (waiting, channel) = self.does(|state| state.command(&self.id, Some(channel), command, text));
        let answer = waiting.await.unwrap_or(Answer { acked: false, payload: Value::Null });
        self.core.act(|state| replies::command_answer(state, &self.id, &channel, &answer.payload));
        answer
    }

    /// Writes Slack's markup in this message's thread.
    pub async fn replies_markup(&self, thread: &Message, text: &str) -> Message {
        let (channel, thread_ts) = (Some(thread.channel.clone()), Some(thread.thread().to_owned()));
        self.writes(Writing { text: text.to_owned(), channel, thread_ts, raw: true, ..Writing::default() })
    }

    /// Uses a shortcut of the app, on a message if one is given.
    pub async fn shortcut(&self, callback_id: &str, message: Option<&Message>) -> Answer {
        let on = message.map(|message| (message.channel.as_str(), message.ts.as_str()));
        let waiting = self.does(|state| state.shortcut(&self.id, callback_id, on));
        waiting.await.unwrap_or(Answer { acked: false, payload: Value::Null })
    }

    /// Fills in the form on top and submits it. Fields are named by block id, action id or label, and get a text or a
    /// list of texts: `json!({ "name": "Ann", "tools": ["laptop"] })`.
    pub async fn submits(&self, fields: Value) -> Submitted {
        let (view, waiting) = match self.does(|state| state.submit(&self.id, &fields)) {
            Ok(sent) => sent,
            Err(kept) => return kept,
        };
        let answer = waiting.await.unwrap_or(Answer { acked: false, payload: Value::Null });
        self.core.act(|state| state.submitted(&self.id, &view, &answer))
    }

    /// Closes the form on top.
    pub async fn closes_form(&self) {
        if let Some(waiting) = self.does(|state| state.dismiss(&self.id)) {
            let _ = waiting.await;
        }
    }

    /// Is deactivated.
    pub async fn leaves(&self) {
        self.does(|state| state.leave(&self.id));
    }

    /// The next message of the bot that this person has not heard yet, once it is there: in their direct messages, for
    /// them alone, or where they take part in a channel.
    pub async fn hears(&self) -> Message {
        let patience = self.core.lock().options.patience;
        match self.hears_within(patience).await {
            Some(message) => message,
            None => panic!("{} heard nothing for {patience:?}; they see:\n{}", self.id, self.story()),
        }
    }

    /// The same, or none if nothing comes in this time.
    pub async fn hears_within(&self, patience: Duration) -> Option<Message> {
        self.core.wait(&self.id, patience, |state| next_heard(state, &self.id, &self.heard)).await
    }

    /// The message as it is now; none where it was deleted.
    #[must_use]
    pub fn rereads(&self, message: &Message) -> Option<Message> {
        self.core.lock().message(&message.channel, &message.ts).cloned()
    }

    /// Waits until a message looks as it should, after changes by the bot.
    pub async fn sees_change(&self, message: &Message, fits: impl Fn(&Message) -> bool) -> Message {
        let patience = self.core.lock().options.patience;
        let look = |state: &mut State| state.message(&message.channel, &message.ts).filter(|now| fits(now)).cloned();
        match self.core.wait(&self.id, patience, look).await {
            Some(message) => message,
            None => panic!("{} did not change as it should in {patience:?}; they see:\n{}", message.ts, self.story()),
        }
    }

    /// What this person sees in their direct messages with the bot, oldest first.
    #[must_use]
    pub fn sees(&self) -> Vec<Message> {
        self.core.act(|state| {
            let channel = state.direct(&self.id);
            state.sight(&self.id, &channel)
        })
    }

    /// What this person sees in a channel, oldest first.
    #[must_use]
    pub fn sees_in(&self, channel: &str) -> Vec<Message> {
        self.core.lock().sight(&self.id, channel)
    }

    /// The bot's status in the direct messages, while it shows one.
    #[must_use]
    pub fn sees_status(&self) -> Option<String> {
        let channel = self.direct();
        let state = self.core.lock();
        let (status, since) = state.channels.get(&channel)?.status.as_ref()?;
        (since.elapsed() < state.options.status_life).then(|| status.clone())
    }

    /// The form on top, if there is one.
    #[must_use]
    pub fn form(&self) -> Option<View> {
        self.core.lock().top_view(&self.id).cloned()
    }

    /// Waits for a form.
    pub async fn gets_form(&self) -> View {
        let patience = self.core.lock().options.patience;
        match self.gets_form_within(patience).await {
            Some(view) => view,
            None => panic!("{} got no form in {patience:?}; they see:\n{}", self.id, self.story()),
        }
    }

    /// The same, or none if there is none in this time.
    pub async fn gets_form_within(&self, patience: Duration) -> Option<View> {
        self.core.wait(&self.id, patience, |state| state.top_view(&self.id).cloned()).await
    }

    /// What is to be read in the direct messages, for a test's complaint.
    #[must_use]
    pub fn story(&self) -> String {
        let bot = self.core.lock().app.bot_user.clone();
        let line = |message: &Message| {
            let who = if message.user == bot { "bot" } else { "you" };
            format!("  {who} {} {:?} {:?}", message.ts, message.shown(), message.choices())
        };
        self.sees().iter().map(line).collect::<Vec<_>>().join("\n")
    }

    fn writes(&self, writing: Writing) -> Message {
        self.does(|state| state.write(&self.id, writing))
    }

    fn does<T>(&self, deed: impl FnOnce(&mut State) -> Result<T, String>) -> T {
        match self.core.act(deed) {
            Ok(done) => done,
            Err(why) => panic!("{} cannot do that: {why}", self.id),
        }
    }
}

fn operation(message: &Message, control: &str, value: Value) -> Operation {
    let (channel, ts) = (Some(message.channel.clone()), message.ts.clone());
    Operation { channel, ts, action: control.to_owned(), value }
}

/// The next of what a person heard, by the listener's own count. What was deleted meanwhile is skipped.
pub(crate) fn next_heard(state: &mut State, user: &str, count: &AtomicUsize) -> Option<Message> {
    loop {
        let at = count.load(Ordering::SeqCst);
        let heard = state.heard.get(user)?.get(at)?;
        let message = state.message(&heard.channel, &heard.ts).cloned();
        count.store(at + 1, Ordering::SeqCst);
        if message.is_some() {
            return message;
        }
    }
}
