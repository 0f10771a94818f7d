//! How much flows log over their turns: a bucket of bytes for each. What does not fit is dropped and counted, so that a
//! flow that logs in each of many turns fills no disk.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::model::{FlowName, Millis};
use crate::policy::contract;

/// What each line costs beside its text, in bytes: time, level and the turn's name.
const FRAME: u64 = 128;

/// The buckets of all flows.
#[derive(Debug, Default)]
pub(crate) struct LogRates(Mutex<HashMap<FlowName, Bucket>>);

/// What becomes of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Line {
    /// It is written. So many were dropped before it and are to be told now.
    Write(u64),
    /// It is dropped; `true` for the first one, which is to be told.
    Drop(bool),
}

#[derive(Debug)]
struct Bucket {
    /// In bytes.
    left: u64,
    /// When `left` was reckoned.
    at: Millis,
    dropped: u64,
}

impl LogRates {
    /// Takes the room of a line.
    pub(crate) fn take(&self, flow: &FlowName, bytes: usize, now: Millis) -> Line {
        // No operation panics half-way.
        let mut buckets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let full = Bucket { left: contract::LOG_RATE.0, at: now, dropped: 0 };
        buckets.entry(flow.clone()).or_insert(full).take(bytes as u64 + FRAME, now)
    }
}

impl Bucket {
    fn take(&mut self, bytes: u64, now: Millis) -> Line {
        let (most, rate) = contract::LOG_RATE;
        let gained = now.saturating_sub(self.at).saturating_mul(rate) / 1000;
        if gained > 0 {
            self.left = self.left.saturating_add(gained).min(most);
            self.at = now;
        }
        // Once lines were dropped there is a pause, so that what is told of it does not fill the log in their place.
        let needed = if self.dropped > 0 { bytes.max(most / 4) } else { bytes };
        if self.left < needed {
            self.dropped += 1;
            return Line::Drop(self.dropped == 1);
        }
        self.left -= bytes;
        Line::Write(std::mem::take(&mut self.dropped))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_flow_that_logs_in_each_turn_is_bounded() {
        let rates = LogRates::default();
        let (loud, calm): (FlowName, FlowName) = ("loud".parse().unwrap(), "calm".parse().unwrap());
        let (mut written, mut told) = (0, 0);
        // Twenty long lines in each millisecond of a minute would be 3.8 GB.
        for at in 0..60_000 {
            for _ in 0..20 {
                match rates.take(&loud, 3_200, at) {
                    Line::Write(dropped) => {
                        written += 3_200;
                        told += u64::from(dropped > 0);
                    }
                    Line::Drop(first) => told += u64::from(first),
                }
            }
        }
        let most = contract::LOG_RATE.0 + 60 * contract::LOG_RATE.1;
        assert!((most / 2..=most).contains(&written), "{written}");
        assert!(told <= 60, "{told} times in a minute");
        assert_eq!(rates.take(&calm, 3_200, 60_000), Line::Write(0), "others log on");
        let Line::Write(dropped) = rates.take(&loud, 10, 120_000) else { panic!("it rested") };
        assert!(dropped > 0, "what was dropped is counted");
        assert_eq!(rates.take(&loud, 10, 120_000), Line::Write(0));
    }
}
