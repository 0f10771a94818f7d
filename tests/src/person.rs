//! Somebody who talks to a host over its socket, and stays when the host goes.

use std::path::PathBuf;
use std::time::Duration;

use pesto_engine::model::Message;
use pesto_server::socket::{Heard, OpenConversation, Setting, Talk};

use crate::PATIENCE;

/// A person. All they hear is kept.
pub struct Person {
    id: String,
    talk: Talk,
    /// Messages, in the order in which they were shown.
    pub messages: Vec<Message>,
    /// Reasons for which something was not taken.
    pub refused: Vec<String>,
    /// Signs of life.
    pub progress: Vec<String>,
    /// Where they left off, as the host said when it last welcomed them.
    pub open: Option<OpenConversation>,
    /// How often the host was gone.
    pub away: u32,
    /// How long they wait for what they wait for.
    pub patience: Duration,
}

impl Person {
    /// Arrives, as soon as a host listens.
    pub fn arrive(socket: PathBuf, id: &str) -> Self {
        let setting = Setting { locale: "en-GB".to_owned(), time_zone: "Europe/London".to_owned() };
        let talk = Talk::start(socket, id.to_owned(), id.to_owned(), setting);
        Self {
            id: id.to_owned(),
            talk,
            messages: Vec::new(),
            refused: Vec::new(),
            progress: Vec::new(),
            open: None,
            away: 0,
            patience: PATIENCE,
        }
    }

    /// Writes.
    pub fn say(&mut self, text: &str) {
        self.talk.say(text);
    }

    /// Asks for a flow.
    pub fn start(&mut self, flow: &str) {
        self.talk.start_flow(flow.parse().expect("a flow's name"));
    }

    /// Picks from the last message that had choices, by value or label.
    pub fn pick(&mut self, wanted: &[&str]) {
        let asked = self.messages.iter().rev().find_map(|message| Some((message.id.clone(), message.choices.clone()?)));
        let (message, choices) = asked.unwrap_or_else(|| panic!("{} was asked nothing that could be picked", self.id));
        let value = |name: &&str| {
            let option = choices.options.iter().find(|option| option.value == **name || option.label == **name);
            option.unwrap_or_else(|| panic!("{} cannot pick `{name}` from {choices:?}", self.id)).value.clone()
        };
        self.talk.pick(message, wanted.iter().map(value).collect());
    }

    /// The next message, when it is shown.
    pub async fn hear(&mut self) -> Message {
        let count = self.messages.len();
        self.listen("a message", |person, _| person.messages.len() > count).await;
        self.messages[count].clone()
    }

    /// Waits until all that was said is answered; the messages that came meanwhile.
    pub async fn settle(&mut self) -> Vec<Message> {
        let count = self.messages.len();
        self.talk.settle();
        self.listen("all to be answered", |_, heard| matches!(heard, Heard::Settled)).await;
        self.messages.split_off_copy(count)
    }

    /// Says something, waits for all answers, and tells their texts.
    pub async fn answers_to(&mut self, text: &str) -> Vec<String> {
        self.say(text);
        self.settle().await.into_iter().map(|message| message.text).collect()
    }

    /// Waits for the host's welcome: from then on it knows that this person is here.
    pub async fn welcomed(&mut self) {
        self.listen("a welcome", |_, heard| matches!(heard, Heard::Welcome { .. })).await;
    }

    /// Takes in what is heard, until it is what is waited for.
    pub async fn listen(&mut self, what: &str, mut done: impl FnMut(&Self, &Heard) -> bool) {
        let patience = self.patience;
        let listening = async {
            loop {
                let heard = self.talk.next().await.unwrap_or_else(|| panic!("the host hung up on {}", self.id));
                match &heard {
                    Heard::Welcome { open, .. } => self.open.clone_from(open),
                    Heard::Message(message) => {
                        self.talk.shown(message.id.clone());
                        self.messages.push(message.clone());
                    }
                    Heard::Progress(text) => self.progress.push(text.clone()),
                    Heard::Refused(reason) => self.refused.push(reason.clone()),
                    Heard::Away => self.away += 1,
                    Heard::Settled => {}
                    Heard::Bye(reason) => panic!("the host hung up on {}: {reason}", self.id),
                }
                if done(self, &heard) {
                    return;
                }
            }
        };
        let timely = tokio::time::timeout(patience, listening).await.is_ok();
        assert!(timely, "{} waits in vain for {what}, and heard {:#?}", self.id, self.messages);
    }
}

/// A copy of a tail.
trait Tail<T> {
    fn split_off_copy(&self, from: usize) -> Vec<T>;
}

impl<T: Clone> Tail<T> for Vec<T> {
    fn split_off_copy(&self, from: usize) -> Vec<T> {
        self.iter().skip(from).cloned().collect()
    }
}
