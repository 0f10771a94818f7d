//! What is said on the local socket: one JSON object a line, in either direction.
//!
//! Nothing is lost or doubled on it: what a person sends has an id and is answered with `stored` once it is durable,
//! so it may be sent again until then; a message has an id and is sent again until it is answered with `shown`.

use std::collections::BTreeSet;
use std::io;
use std::sync::Arc;

use pesto_engine::model::{EffectId, FlowName, Message, OpenQuestion, Values};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufRead, AsyncBufReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::sync::Semaphore;

use crate::admin::{AdminReply, AdminRequest};

/// The longest line, in bytes.
const LONGEST: usize = 4 << 20;
/// A line of so many bytes needs no room of its own: what people say is shorter.
const SHORT: usize = 32 << 10;
/// Lines longer than that which a host has in its memory at once, of all clients.
const LONG_LINES: usize = 32;

/// Room for lines that are not short.
#[derive(Debug, Clone)]
pub(super) struct Room(Arc<Semaphore>);

impl Default for Room {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(LONG_LINES)))
    }
}

/// From a client to the host.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ToHost {
    /// A person is here, and sees messages from now on. Another terminal of theirs is sent away.
    Hello {
        /// Who: 1 to 80 bytes without blanks, `/`, `#` and `@`.
        person: String,
        /// As they call themselves.
        name: String,
        /// An IETF language tag such as `en-GB`, or empty.
        #[serde(default)]
        locale: String,
        /// An IANA zone such as `Europe/Rome`, or empty.
        #[serde(default)]
        time_zone: String,
    },
    /// The person wrote.
    Say {
        /// Of the client's choice, unique for the person; the same when it is sent again.
        id: String,
        /// At most 12,000 bytes.
        text: String,
    },
    /// The person chose.
    Pick {
        /// As above.
        id: String,
        /// The message whose choices these are.
        message: EffectId,
        /// The values.
        values: Vec<String>,
    },
    /// The person filled in a form.
    Fill {
        /// As above.
        id: String,
        /// The message whose form this is.
        message: EffectId,
        /// The values, by the keys of the fields.
        values: Values,
    },
    /// The person wants a flow.
    Start {
        /// As above.
        id: String,
        /// Which.
        flow: FlowName,
        /// What it is told.
        arguments: String,
    },
    /// A message was shown: it need not be sent again.
    Shown {
        /// Which.
        id: EffectId,
    },
    /// Answer when no event and no message of the person is left.
    Settle,
    /// A question of an operator.
    Admin(AdminRequest),
}

/// From the host to a client.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum FromHost {
    /// Answers `hello`.
    Welcome {
        /// Something the person should know, such as that no model is connected.
        notice: Option<String>,
        /// The flows that the person can start.
        flows: BTreeSet<FlowName>,
        /// The open conversation.
        open: Option<OpenConversation>,
    },
    /// An event is stored: it need not be sent again.
    Stored {
        /// Which.
        id: String,
    },
    /// An event was not taken.
    Refused {
        /// Which.
        id: String,
        /// For the person.
        reason: String,
    },
    /// A message for the person. It comes again until it is answered with `shown`.
    Message(Message),
    /// A sign of life during a long turn.
    Progress {
        /// One line.
        text: String,
    },
    /// Answers `settle`.
    Settled,
    /// Answers `admin`.
    Admin(AdminReply),
    /// The last word before the host hangs up.
    Bye {
        /// Why.
        reason: String,
    },
}

/// Where a person left off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenConversation {
    /// The flow.
    pub flow: FlowName,
    /// What people call it.
    pub title: String,
    /// What it said last, if that is known.
    pub last: Option<String>,
    /// What can still be picked or filled in.
    pub questions: Vec<OpenQuestion>,
}

/// Reads a line; none at the end.
pub(super) async fn read<T: DeserializeOwned>(
    from: &mut (impl AsyncBufRead + Unpin),
    room: &Room,
) -> io::Result<Option<T>> {
    let bad = |what: &str| io::Error::new(io::ErrorKind::InvalidData, what);
    let (mut line, mut long) = (Vec::new(), None);
    loop {
        let some = from.fill_buf().await?;
        if some.is_empty() {
            let broken = || Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the last line is not whole"));
            return if line.is_empty() { Ok(None) } else { broken() };
        }
        let end = some.iter().position(|byte| *byte == b'\n').map(|at| at + 1);
        let taken = end.unwrap_or(some.len());
        if line.len() + taken > LONGEST {
            return Err(bad("a line is longer than 4 MiB"));
        }
        if line.len() + taken > SHORT && long.is_none() {
            let permit = room.0.clone().try_acquire_owned();
            long = Some(permit.map_err(|_| bad("too many clients send long lines at once; try again"))?);
        }
        line.extend_from_slice(some.get(..taken).unwrap_or_default());
        from.consume(taken);
        if end.is_some() {
            break;
        }
    }
    let frame = serde_json::from_slice(&line);
    frame.map(Some).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, format!("not a frame: {error}")))
}

/// Writes a line.
pub(super) async fn write<T: Serialize>(to: &mut (impl AsyncWrite + Unpin), frame: &T) -> io::Result<()> {
    let mut line = serde_json::to_vec(frame)?;
    line.push(b'\n');
    to.write_all(&line).await?;
    to.flush().await
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn lines_are_bounded_one_by_one_and_together() {
        let room = Room::default();
        let read = async |text: &str| read::<String>(&mut text.as_bytes(), &room).await;
        assert_eq!(read("\"a\"\n\"b\"").await.unwrap().as_deref(), Some("a"));
        assert_eq!(read("").await.unwrap(), None);
        assert_eq!(read("\"a").await.unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
        let long = format!("\"{}\"\n", "x".repeat(SHORT));
        assert_eq!(read(&long).await.unwrap().map(|text| text.len()), Some(SHORT));
        assert!(read(&"x".repeat(LONGEST + 1)).await.unwrap_err().to_string().contains("4 MiB"));
        let others = room.0.try_acquire_many(LONG_LINES as u32).unwrap();
        assert!(read(&long).await.unwrap_err().to_string().contains("long lines"));
        assert_eq!(read("\"a\"\n").await.unwrap().as_deref(), Some("a"), "who is short is served");
        drop(others);
        assert!(read(&long).await.is_ok(), "and what was long gives its room back");
    }
}
