//! The calls of one turn. A guest that runs has all of them in memory, where they are counted; while the turn waits, a
//! heavy journal is in the store only.

use crate::model::{Call, CallResult};

/// The largest journal, in bytes, that stays in memory while its turn waits: reading it again would cost more. These are
/// not counted, or turns that wait for memory would hold all of it.
const LIGHT: usize = 4 << 10;

/// The calls of a turn, by number.
#[derive(Debug)]
pub(crate) struct Journal {
    calls: Vec<Call>,
    /// Requests and answers, in bytes, be they in memory or not.
    weight: usize,
    /// What was asked and answered is in the store only; the calls here say how many there are, and which are answered.
    away: bool,
}

impl Journal {
    /// The journal of a claim. `left` is the weight of what [`lighten`] took away.
    pub(crate) fn new(calls: Vec<Call>, left: Option<usize>) -> Self {
        let weight = left.unwrap_or_else(|| weight(&calls));
        Self { calls, weight, away: left.is_some() }
    }

    pub(crate) fn get(&self, at: usize) -> Option<&Call> {
        self.calls.get(at)
    }

    pub(crate) fn len(&self) -> usize {
        self.calls.len()
    }

    pub(crate) fn push(&mut self, call: Call) {
        self.weight += size(&call);
        self.calls.push(call);
    }

    /// A call is answered. The answer is in the store already.
    pub(crate) fn answer(&mut self, at: usize, mut result: CallResult) {
        self.weight += result.answer.len();
        if self.away {
            result.answer = String::new();
        }
        if let Some(call) = self.calls.get_mut(at) {
            call.result = Some(result);
        }
    }

    /// In bytes, as it is when a guest runs.
    pub(crate) fn weight(&self) -> usize {
        self.weight
    }

    /// In bytes, as it is in memory.
    pub(crate) fn held(&self) -> usize {
        if self.away { 0 } else { self.weight }
    }

    pub(crate) fn is_away(&self) -> bool {
        self.away
    }

    /// No guest runs: what is heavy is left in the store.
    pub(crate) fn rest(&mut self) {
        if !self.away {
            self.away = lighten(&mut self.calls).is_some();
        }
    }

    /// Has all in memory again.
    pub(crate) fn back(&mut self, calls: Vec<Call>) {
        *self = Self::new(calls, None);
    }

    /// The calls, if they are in memory.
    pub(crate) fn into_calls(self) -> Option<Vec<Call>> {
        (!self.away).then_some(self.calls)
    }
}

/// Whether a journal is left in the store while its turn waits.
pub(crate) fn is_heavy(calls: &[Call]) -> bool {
    weight(calls) > LIGHT
}

/// Takes requests and answers out of a heavy journal; the store has them. Answers how heavy it was, if it was.
pub(crate) fn lighten(calls: &mut [Call]) -> Option<usize> {
    if !is_heavy(calls) {
        return None;
    }
    let weight = weight(calls);
    for call in calls {
        call.request = String::new();
        if let Some(result) = &mut call.result {
            result.answer = String::new();
        }
    }
    Some(weight)
}

fn weight(calls: &[Call]) -> usize {
    calls.iter().map(size).sum()
}

fn size(call: &Call) -> usize {
    call.request.len() + call.result.as_ref().map_or(0, |result| result.answer.len())
}
