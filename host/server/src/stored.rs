//! What stores write alike: the model's types as JSON, and errors that name what cannot be read.

use std::collections::BTreeMap;
use std::fmt::Display;

use pesto_engine::model::{Beginning, Control, Conversation, Digest, FlowName, Micros, Millis, OpenQuestion, Switch};
use pesto_engine::ports::StoreError;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// The model's types always become JSON; were one not to, it is the same to the caller as if it could not be read.
pub(crate) fn encode<T: Serialize>(value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|error| StoreError::Corrupt(error.to_string()))
}

pub(crate) fn decode<T: DeserializeOwned>(json: &str, table: &str, key: impl Display) -> Result<T, StoreError> {
    serde_json::from_str(json).map_err(|error| corrupt(table, key, error))
}

/// Names what cannot be read, without its content.
pub(crate) fn corrupt(table: &str, key: impl Display, what: impl Display) -> StoreError {
    StoreError::Corrupt(format!("{table} of `{key}`: {what}"))
}

/// What of a conversation has no column of its own.
#[derive(Deserialize)]
struct Rest {
    literal_next: bool,
    questions: Vec<OpenQuestion>,
    switch_to: Option<Switch>,
    timers: BTreeMap<String, Millis>,
    began: Beginning,
    #[serde(default)]
    last: Millis,
    #[serde(default)]
    alone: Millis,
    #[serde(default)]
    passed: Option<Control>,
    #[serde(default)]
    spoken: Option<Micros>,
    #[serde(default)]
    asked: String,
    #[serde(default)]
    tried: Vec<Digest>,
}

#[derive(Serialize)]
struct RestRef<'a> {
    literal_next: bool,
    questions: &'a [OpenQuestion],
    switch_to: &'a Option<Switch>,
    timers: &'a BTreeMap<String, Millis>,
    began: &'a Beginning,
    last: Millis,
    alone: Millis,
    #[serde(skip_serializing_if = "Option::is_none")]
    passed: Option<Control>,
    #[serde(skip_serializing_if = "Option::is_none")]
    spoken: Option<Micros>,
    #[serde(skip_serializing_if = "str::is_empty")]
    asked: &'a str,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    tried: &'a [Digest],
}

/// A conversation as columns; the JSON is all that nobody searches for.
pub(crate) struct Columns {
    pub(crate) generation: u64,
    pub(crate) flow: String,
    pub(crate) digest: String,
    pub(crate) rest: String,
    pub(crate) state: Vec<u8>,
}

impl Columns {
    /// The JSON column of a conversation.
    pub(crate) fn rest(conversation: &Conversation) -> Result<String, StoreError> {
        let Conversation { questions, switch_to, timers, began, tried, .. } = conversation;
        encode(&RestRef {
            literal_next: conversation.literal_next,
            questions,
            switch_to,
            timers,
            began,
            last: conversation.last,
            alone: conversation.alone,
            passed: conversation.passed,
            spoken: conversation.spoken,
            asked: &conversation.asked,
            tried,
        })
    }

    /// The conversation of the place named `key`.
    pub(crate) fn read(self, key: impl Display) -> Result<Conversation, StoreError> {
        let Self { generation, flow, digest, rest, state } = self;
        let flow = FlowName::try_from(flow).map_err(|error| corrupt("conversation", &key, error))?;
        let rest: Rest = decode(&rest, "conversation", &key)?;
        Ok(Conversation {
            generation,
            flow,
            digest: Digest::stored(digest),
            state,
            literal_next: rest.literal_next,
            questions: rest.questions,
            switch_to: rest.switch_to,
            timers: rest.timers,
            began: rest.began,
            last: rest.last,
            alone: rest.alone,
            passed: rest.passed,
            spoken: rest.spoken,
            asked: rest.asked,
            tried: rest.tried,
        })
    }
}
