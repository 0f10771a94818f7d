//! How much is kept of dead letters: a bounded journal of each, and so many bytes of a flow.

use std::collections::BTreeMap;

use crate::engine::Engine;
use crate::model::{Call, CallResult, DeadLetter, FlowName, Letter};
use crate::policy::contract;
use crate::ports::StoreError;
use crate::text::cut;

/// Dead letters looked at in one step: each may have a journal.
const PAGE: usize = 20;

/// The journal as a dead letter keeps it: where it is too long, the longest texts are cut to the same length.
pub(crate) fn journal(mut calls: Vec<Call>) -> Vec<Call> {
    let most = share(&calls, contract::DEAD_JOURNAL);
    for call in &mut calls {
        call.request = cut(&call.request, most);
        call.result = call.result.take().map(|result| CallResult { answer: cut(&result.answer, most), ..result });
    }
    calls
}

/// The longest that texts may be, so that all of them fit into `room`, in bytes.
fn share(calls: &[Call], mut room: usize) -> usize {
    let answers = calls.iter().filter_map(|call| call.result.as_ref()).map(|result| result.answer.len());
    let mut lengths: Vec<_> = calls.iter().map(|call| call.request.len()).chain(answers).collect();
    lengths.sort_unstable();
    let mut left = lengths.len();
    for length in lengths {
        if length * left > room {
            return room / left;
        }
        room -= length;
        left -= 1;
    }
    usize::MAX
}

/// About what a dead letter takes in a store, in bytes.
fn weight(letter: &DeadLetter) -> usize {
    let text = match &letter.letter {
        Letter::Event(event) => serde_json::to_vec(event).map_or(0, |json| json.len()),
        Letter::Message(message) => serde_json::to_vec(message).map_or(0, |json| json.len()),
    };
    let call = |call: &Call| call.request.len() + call.result.as_ref().map_or(0, |result| result.answer.len());
    text + letter.reason.len() + letter.journal.iter().map(call).sum::<usize>()
}

impl Engine {
    /// Throws the oldest dead letters of a flow away that has too many bytes of them, and says so.
    pub(crate) async fn bound_letters(&self) -> Result<(), StoreError> {
        let store = &self.ports.store;
        let mut flows = BTreeMap::<Option<FlowName>, Vec<(u64, usize)>>::new();
        let mut after = 0;
        while let page = store.dead(after, PAGE).await?
            && let Some((last, _)) = page.last()
        {
            after = *last;
            for (id, letter) in page {
                let weight = weight(&letter);
                flows.entry(letter.flow.map(|(flow, _)| flow)).or_default().push((id, weight));
            }
        }
        for (flow, letters) in flows {
            let flow = flow.as_ref().map_or("no flow", FlowName::as_str);
            let (mut bytes, mut dropped) = (letters.iter().map(|(_, weight)| weight).sum::<usize>(), 0);
            if bytes > contract::DEAD / 2 {
                let mib = bytes >> 20;
                tracing::warn!(flow, mib, "many dead letters: look at them with `pesto dead`, and drop or retry them");
            }
            for (id, weight) in letters {
                if bytes <= contract::DEAD {
                    break;
                }
                dropped += u64::from(store.dead_drop(id).await?);
                bytes -= weight;
            }
            if dropped > 0 {
                let most = contract::DEAD >> 20;
                tracing::error!(
                    flow,
                    dropped,
                    "the oldest dead letters are thrown away: there were more than {most} MiB"
                );
            }
        }
        Ok(())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::broker::Ports;
    use crate::contract::samples::{dead, said};
    use crate::engine::Settings;
    use crate::memory::MemoryStore;
    use crate::ports::{Commit, Entry};
    use crate::scripted::{CannedLlm, ManualClock, RecordingMessenger};

    fn call(number: u32, request: usize, answer: usize) -> Call {
        let result = Some(CallResult { answer: "é".repeat(answer / 2), at: 0 });
        Call { number, name: "llm.complete".into(), request: "x".repeat(request), result }
    }

    #[test]
    fn a_long_journal_is_cut_where_it_is_long() {
        let short = vec![call(1, 100, 1_000), call(2, 100, 200_000)];
        assert_eq!(journal(short.clone()), short);
        let long: Vec<_> = (0..16).map(|number| call(number, 250_000, 100)).collect();
        let kept = journal(long);
        let bytes: usize =
            kept.iter().map(|call| call.request.len() + call.result.as_ref().unwrap().answer.len()).sum();
        assert!((contract::DEAD_JOURNAL - 1_000..=contract::DEAD_JOURNAL).contains(&bytes), "{bytes}");
        assert_eq!(kept.len(), 16, "each call is there");
        assert!(
            kept.iter().all(|call| call.request.ends_with('…') && !call.result.as_ref().unwrap().answer.contains('…'))
        );
        assert_eq!(journal(Vec::new()), []);
    }

    #[tokio::test]
    async fn the_oldest_letters_of_a_flow_go() {
        let clock = Arc::new(ManualClock::new(1_000));
        let store = Arc::new(MemoryStore::new(clock.clone()));
        let messenger = Arc::new(RecordingMessenger::default());
        let ports = Ports { store: store.clone(), llm: Arc::new(CannedLlm), messenger, clock };
        let engine = Engine::new(ports, Settings::default()).unwrap();
        let store = engine.ports().store.clone();
        let fits = contract::DEAD / contract::DEAD_JOURNAL;
        for number in 0..fits + 10 {
            let event = said("ann", &format!("e{number}"));
            store.accept(event.clone(), Entry::Queue).await.unwrap();
            let claim = store.claim(1, crate::engine::LEASE).await.unwrap().remove(0);
            let mut letter = dead(Letter::Event(event));
            letter.flow = letter.flow.filter(|_| number > 0);
            letter.journal = journal(vec![call(1, contract::DEAD_JOURNAL, 0)]);
            store.commit(&claim.fence, Commit { dead: Some(letter), ..Commit::default() }).await.unwrap();
        }
        engine.bound_letters().await.unwrap();
        let left = store.dead(0, 1_000).await.unwrap();
        let bytes: usize = left.iter().map(|(_, letter)| weight(letter)).sum();
        assert!(left.len() < fits + 2 && left.len() > fits - 10, "{}", left.len());
        assert!(bytes <= contract::DEAD + 2 * contract::DEAD_JOURNAL);
        assert_eq!(left[0].1.flow, None, "another flow's stay");
        assert!(matches!(&left.last().unwrap().1.letter, Letter::Event(event) if event.id == format!("e{}", fits + 9)));
    }
}
