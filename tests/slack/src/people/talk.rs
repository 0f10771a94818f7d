use serde::Deserialize;
use serde_json::{Value, json};

use crate::events::Change;
use crate::model::{Kind, Message};
use crate::state::State;
use crate::wire;

/// What somebody writes.
#[derive(Debug, Default, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Writing {
    pub(crate) text: String,
    /// The direct messages with the bot where it is not said.
    pub(crate) channel: Option<String>,
    pub(crate) thread_ts: Option<String>,
    /// Puts a mention of the bot before the text.
    pub(crate) mention: bool,
    /// The text is Slack's markup already. Otherwise `&`, `<` and `>` are escaped as Slack's clients do.
    pub(crate) raw: bool,
    /// The name of a file that is uploaded with it.
    pub(crate) file: Option<String>,
}

impl State {
    /// A person writes something, and the app hears of it.
    pub(crate) fn write(&mut self, user: &str, writing: Writing) -> Result<Message, String> {
        self.active(user)?;
        let channel = match writing.channel {
            None => self.direct(user),
            Some(named) => self.joined(user, &named)?,
        };
        if let Some(ts) = &writing.thread_ts
            && self.message(&channel, ts).is_none()
        {
            return Err(format!("{channel} has no message {ts}"));
        }
        let mut text = if writing.raw { writing.text } else { escape(&writing.text) };
        if writing.mention {
            text = format!("<@{}> {text}", self.app.bot_user);
        }
        let files = writing.file.map(|name| self.file(user, &name)).into_iter().collect::<Vec<_>>();
        let blocks = if text.is_empty() { Vec::new() } else { vec![wire::rich_text(&text, self.ids.next(""))] };
        let thread =
            writing.thread_ts.map(|ts| self.message(&channel, &ts).map_or(ts, |root| root.thread().to_owned()));
        let message = Message {
            ts: self.ids.ts(),
            channel: channel.clone(),
            thread_ts: thread,
            user: user.to_owned(),
            subtype: (!files.is_empty()).then(|| "file_share".to_owned()),
            text,
            blocks,
            files,
            client_msg_id: Some(uuid::Uuid::new_v4().to_string()),
            ..Message::default()
        };
        if let Some(channel) = self.channels.get_mut(&channel) {
            channel.messages.insert(message.ts.clone(), message.clone());
        }
        self.tell_message(user, &message, Change::Posted);
        self.count("messages_of_people");
        Ok(message)
    }

    /// A person changes what they wrote.
    pub(crate) fn edit(&mut self, user: &str, channel: &str, ts: &str, text: &str) -> Result<Message, String> {
        let before = self.own_message(user, channel, ts)?;
        let mut after = before.clone();
        after.text = escape(text);
        after.blocks = vec![wire::rich_text(&after.text, self.ids.next(""))];
        after.edited = Some(self.ids.ts());
        if let Some(there) = self.message_mut(channel, ts) {
            *there = after.clone();
        }
        self.tell_message(user, &after, Change::Changed(Box::new(before)));
        Ok(after)
    }

    /// A person deletes what they wrote.
    pub(crate) fn erase(&mut self, user: &str, channel: &str, ts: &str) -> Result<(), String> {
        let message = self.own_message(user, channel, ts)?;
        if let Some(channel) = self.channels.get_mut(channel) {
            channel.messages.remove(ts);
        }
        self.tell_message(user, &message, Change::Deleted);
        Ok(())
    }

    /// The account is deactivated.
    pub(crate) fn leave(&mut self, user: &str) -> Result<(), String> {
        let who = self.users.get_mut(user).ok_or_else(|| format!("nobody is {user}"))?;
        who.deleted = true;
        for channel in self.channels.values_mut() {
            if !matches!(channel.kind, Kind::Direct(_)) {
                channel.members.remove(user);
            }
        }
        self.close_views(user);
        Ok(())
    }

    /// What a person sees in a channel, oldest first.
    pub(crate) fn sight(&self, user: &str, channel: &str) -> Vec<Message> {
        let messages = self.channels.get(channel).into_iter().flat_map(|channel| channel.messages.values());
        messages.filter(|message| message.only_for.as_deref().is_none_or(|only| only == user)).cloned().collect()
    }

    pub(crate) fn active(&self, user: &str) -> Result<(), String> {
        match self.users.get(user) {
            None => Err(format!("nobody is {user}")),
            Some(user) if user.deleted => Err(format!("{} left", user.real_name)),
            Some(_) => Ok(()),
        }
    }

    /// A channel where this person may write. Whoever writes in a public one joins it.
    fn joined(&mut self, user: &str, named: &str) -> Result<String, String> {
        let found = self.channels.values_mut().find(|channel| channel.id == named || channel.name == named);
        let channel = found.ok_or_else(|| format!("there is no channel {named:?}"))?;
        if channel.archived {
            return Err(format!("{named} is archived"));
        }
        if channel.kind == Kind::Public {
            channel.members.insert(user.to_owned());
        } else if !channel.members.contains(user) {
            return Err(format!("{user} is not in {named}"));
        }
        Ok(channel.id.clone())
    }

    fn own_message(&self, user: &str, channel: &str, ts: &str) -> Result<Message, String> {
        let message = self.message(channel, ts).ok_or_else(|| format!("{channel} has no message {ts}"))?;
        if message.user == user { Ok(message.clone()) } else { Err(format!("{user} did not write {ts}")) }
    }

    fn file(&mut self, user: &str, name: &str) -> Value {
        let id = self.ids.next("F");
        let address = format!("http://{}/files/{id}/{name}", self.app.address);
        json!({
            "id": id, "created": self.ids.micros() / 1_000_000, "name": name, "title": name,
            "mimetype": "text/plain", "filetype": "text", "pretty_type": "Plain Text", "user": user,
            "user_team": self.app.team, "editable": false, "size": 42, "mode": "hosted", "is_external": false,
            "external_type": "", "is_public": false, "public_url_shared": false, "url_private": address,
            "url_private_download": address, "permalink": address, "has_rich_preview": false,
            "file_access": "visible",
        })
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
