//! What a turn holds in memory of its journal.

#![allow(clippy::unwrap_used)]

use async_trait::async_trait;
use tokio::sync::Notify;

use super::*;
use crate::contract::samples::said;
use crate::engine::LEASE;
use crate::memory::MemoryStore;
use crate::policy::Right;
use crate::ports::{Accepted, Entry, LlmCompletion, LlmRequest, Role};
use crate::scripted::{ManualClock, RecordingMessenger};

const MIB: usize = 1 << 20;

/// A model that answers when it is told to, as much as it was asked.
#[derive(Default)]
struct Slow(Notify);

#[async_trait]
impl Llm for Slow {
    async fn complete(&self, request: LlmRequest) -> Result<LlmCompletion, CallError> {
        self.0.notified().await;
        let text = request.messages.into_iter().map(|(_, text)| text).collect();
        Ok(LlmCompletion { text, model: String::new(), cut: false, prompt_tokens: 0, completion_tokens: 0 })
    }
}

fn asking(bytes: usize) -> LlmRequest {
    LlmRequest { messages: vec![(Role::User, "x".repeat(bytes))], model: None, max_tokens: None, temperature: None }
}

/// A turn that leaves its instance for each answer that is not there at once.
async fn scope(llm: Arc<dyn Llm>, memory: usize) -> Scope {
    let clock = Arc::new(ManualClock::new(1_000));
    let store = Arc::new(MemoryStore::new(clock.clone()));
    let Accepted::Taken(claim) = store.accept(said("ann", "1"), Entry::Take(LEASE)).await.unwrap() else {
        panic!("the place is free")
    };
    let flow: FlowName = "asks".parse().unwrap();
    Scope {
        ports: Ports { store, llm, messenger: Arc::new(RecordingMessenger::default()), clock },
        grants: Arc::new(Grants([(flow.clone(), [Right::Llm].into())].into())),
        bounds: Arc::default(),
        gauges: Arc::default(),
        logs: Arc::default(),
        flow,
        asks: [Right::Llm].into(),
        turn: TurnId::new(&claim.fence.place, claim.seq),
        fence: claim.fence,
        person: "ann".to_owned(),
        generation: 1,
        in_doubt: Resolution::default(),
        pin: String::new(),
        now: Arc::default(),
        journal: Journal::new(Vec::new(), None),
        memory: Memory::alone(memory),
        calling: 0,
        short: None,
        journaled: 0,
        found: 0,
        made: 0,
        progress_at: 0,
        instances: Arc::new(Semaphore::new(0)),
        spent: Duration::ZERO,
        log: None,
        waited: Duration::ZERO,
        again: false,
        parked: None,
    }
}

async fn journal_in_the_store(scope: &Scope) -> Vec<Call> {
    scope.ports.store.underway(scope.place()).await.unwrap().unwrap().journal
}

#[tokio::test]
async fn a_turn_that_waits_holds_no_journal() {
    let llm = Arc::new(Slow::default());
    let mut scope = scope(llm.clone(), 16 * MIB).await;
    llm.0.notify_one();
    assert!(scope.complete(asking(100_000)).await.unwrap().is_ok());
    let weight = scope.journal.weight();
    assert!(weight > 200_000 && scope.memory.bytes() == weight, "{weight}, {}", scope.memory.bytes());
    assert_eq!(scope.complete(asking(50_000)).await, Err(Fault::Parked));
    let call = scope.parked.take().unwrap();
    scope.rest();
    assert!(scope.memory.bytes() < 4 * 50_000, "only the call under way: {}", scope.memory.bytes());
    assert!(scope.journal.get(0).unwrap().request.is_empty());
    llm.0.notify_one();
    scope.resume(call, 0).await.unwrap();
    assert_eq!(scope.memory.bytes(), 0);
    assert!(scope.needs() > weight + 100_000, "its next instance needs all of it: {}", scope.needs());
    scope.recall().await.unwrap();
    assert_eq!(scope.journal.weight(), scope.needs());
    for bytes in [100_000, 50_000] {
        assert_eq!(scope.complete(asking(bytes)).await.unwrap().unwrap().text.len(), bytes, "from the journal");
    }
    scope.ended().unwrap();
}

#[tokio::test]
async fn a_call_without_memory_waits_for_it_and_is_not_made() {
    let llm = Arc::new(Slow::default());
    let mut scope = scope(llm.clone(), MIB).await;
    llm.0.notify_one();
    assert!(scope.complete(asking(200_000)).await.unwrap().is_ok());
    assert_eq!(scope.complete(asking(250_000)).await, Err(Fault::Parked));
    assert_eq!(journal_in_the_store(&scope).await.len(), 1, "nothing was begun");
    let nothing = scope.parked.take().unwrap();
    scope.resume(nothing, 0).await.unwrap();
    assert_eq!(scope.memory.bytes(), 0, "who waits holds nothing");
    assert!(scope.needs() > 400_000 + 3 * 250_000, "{}", scope.needs());
    // Somebody else had it meanwhile.
    scope.recall().await.unwrap();
    assert!(scope.complete(asking(200_000)).await.unwrap().is_ok());
    let refused = scope.complete(asking(250_000)).await.unwrap_err();
    assert!(refused.to_string().contains("limits.memory_total_mib"), "it is tried again later: {refused}");
    // And now there is as much as it asked for.
    (scope.memory, scope.made) = (Memory::alone(16 * MIB), 1);
    llm.0.notify_one();
    assert!(scope.complete(asking(250_000)).await.unwrap().is_ok());
    assert_eq!(journal_in_the_store(&scope).await.len(), 2);
}

#[test]
fn a_light_journal_stays_and_a_heavy_one_is_left_in_the_store() {
    let call = |bytes| Call { number: 1, name: "n".to_owned(), request: "x".repeat(bytes), result: None };
    let mut light = vec![call(4_000)];
    assert_eq!(lighten(&mut light), None);
    assert_eq!(light[0].request.len(), 4_000);
    let mut heavy = vec![call(4_000), call(4_000)];
    assert_eq!(lighten(&mut heavy), Some(8_000));
    let journal = Journal::new(heavy, Some(8_000));
    assert_eq!((journal.len(), journal.weight(), journal.held()), (2, 8_000, 0));
    assert!(journal.into_calls().is_none());
}
