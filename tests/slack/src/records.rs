use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

/// One copy of an envelope or one request that went to the app, and when it was answered.
#[derive(Debug, Clone, Serialize)]
pub struct Ack {
    /// The envelope's id; over HTTP one of ours.
    pub envelope: String,
    /// `events_api`, `interactive` or `slash_commands`.
    pub kind: String,
    /// The event's id, or the interaction's trigger id: equal in all copies and attempts.
    pub event: String,
    /// Whose doing led to it.
    pub user: String,
    /// The time stamp of what happened: of a message its own.
    pub moment: String,
    /// 0 at first, then the number of the retry.
    pub attempt: u32,
    /// The number of the socket; none over HTTP.
    pub socket: Option<u64>,
    /// Microseconds since 1970.
    pub sent_at: u64,
    /// Microseconds since 1970; none where it was never acknowledged.
    pub acked_at: Option<u64>,
    /// Over HTTP the status of the answer, where there was one.
    pub status: Option<u16>,
    /// The answer that came with the acknowledgement.
    pub answer: Value,
}

impl Ack {
    /// Microseconds from sending to acknowledgement.
    #[must_use]
    pub fn took(&self) -> Option<u64> {
        self.acked_at.map(|at| at.saturating_sub(self.sent_at))
    }
}

/// How long the app took to acknowledge, in microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct AckTimes {
    /// How many copies and requests were acknowledged.
    pub acked: usize,
    /// How many never were.
    pub unanswered: usize,
    /// Half of them took no longer.
    pub p50: u64,
    /// 99 of 100 took no longer.
    pub p99: u64,
    /// The longest.
    pub worst: u64,
}

impl AckTimes {
    pub(crate) fn of(acks: &[Ack]) -> Self {
        let mut times: Vec<_> = acks.iter().filter_map(Ack::took).collect();
        times.sort_unstable();
        let at = |percent: usize| times.get((times.len() * percent).div_ceil(100).saturating_sub(1)).copied();
        Self {
            acked: times.len(),
            unanswered: acks.len() - times.len(),
            p50: at(50).unwrap_or_default(),
            p99: at(99).unwrap_or_default(),
            worst: at(100).unwrap_or_default(),
        }
    }
}

/// A call of the Web API.
#[derive(Debug, Clone, Serialize)]
pub struct Call {
    /// As `chat.postMessage`.
    pub method: String,
    /// Who called, where the address said so: see [`SlackDouble::api_url_of`](crate::SlackDouble::api_url_of).
    pub caller: Option<String>,
    /// The channel that it named, if any.
    pub channel: Option<String>,
    /// The HTTP status; 0 where the connection was dropped.
    pub status: u16,
    /// Slack's error, if any.
    pub error: Option<String>,
    /// Whether the work was done, be it that the answer says otherwise.
    pub done: bool,
    /// The kind of fault that was injected, if any.
    pub fault: Option<String>,
    /// When it was begun to be done, in microseconds since 1970.
    pub at: u64,
    /// What came, without the token.
    pub arguments: Value,
}

/// What is counted. The names stand in the README.
pub type Counters = BTreeMap<String, u64>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_of_what_was_acknowledged() {
        let ack = |took: Option<u64>| Ack {
            envelope: String::new(),
            kind: String::new(),
            event: String::new(),
            user: String::new(),
            moment: String::new(),
            attempt: 0,
            socket: None,
            sent_at: 1_000,
            acked_at: took.map(|took| 1_000 + took),
            status: None,
            answer: Value::Null,
        };
        let acks: Vec<_> = (1..=200).map(|took| ack(Some(took))).chain([ack(None)]).collect();
        let wanted = AckTimes { acked: 200, unanswered: 1, p50: 100, p99: 198, worst: 200 };
        assert_eq!(AckTimes::of(&acks), wanted);
        assert_eq!(AckTimes::of(&[]).worst, 0);
    }
}
