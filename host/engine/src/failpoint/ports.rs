//! Failpoints around each method of the ports.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use super::{Failpoints, WithFailpoints};
use crate::model::{
    Call, CallResult, Completion, DeadLetter, Digest, Doubt, Exchange, FlowName, Inbound, Message, Millis, Place,
};
use crate::ports::{
    Accepted, Backlog, CallError, Claim, Cleared, Commit, Copies, Deploy, Entry, Fence, Glance, Llm, LlmCompletion,
    LlmRequest, Messenger, OpenCount, PostError, Posted, Posting, Receipt, Seats, Store, StoreError, Underway,
};

#[async_trait]
impl Store for WithFailpoints<Arc<dyn Store>> {
    async fn accept(&self, inbound: Inbound, entry: Entry) -> Result<Accepted, StoreError> {
        self.points.around("store.accept", self.port.accept(inbound, entry)).await
    }

    async fn claim(&self, most: usize, lease: Duration) -> Result<Vec<Claim>, StoreError> {
        self.points.around("store.claim", self.port.claim(most, lease)).await
    }

    async fn renew(&self, fences: &[Fence], lease: Duration) -> Result<Vec<Fence>, StoreError> {
        self.points.around("store.renew", self.port.renew(fences, lease)).await
    }

    async fn journal_intent(&self, fence: &Fence, call: &Call, pin: &str) -> Result<(), StoreError> {
        self.points.around("store.journal_intent", self.port.journal_intent(fence, call, pin)).await
    }

    async fn journal_result(&self, fence: &Fence, number: u32, result: &CallResult) -> Result<(), StoreError> {
        self.points.around("store.journal_result", self.port.journal_result(fence, number, result)).await
    }

    async fn doubt(&self, fence: &Fence, doubt: &Doubt) -> Result<(), StoreError> {
        self.points.around("store.doubt", self.port.doubt(fence, doubt)).await
    }

    async fn commit(&self, fence: &Fence, commit: Commit) -> Result<(), StoreError> {
        self.points.around("store.commit", self.port.commit(fence, commit)).await
    }

    async fn retry(&self, fence: &Fence, not_before: Millis) -> Result<(), StoreError> {
        self.points.around("store.retry", self.port.retry(fence, not_before)).await
    }

    async fn hand_back(&self, fence: &Fence) -> Result<(), StoreError> {
        self.points.around("store.hand_back", self.port.hand_back(fence)).await
    }

    async fn inbox_changed(&self) {
        // A wait does no work that a crash could cut in two.
        self.port.inbox_changed().await;
    }

    async fn history(&self, place: &Place, generation: u64, most: usize) -> Result<Vec<Exchange>, StoreError> {
        self.points.around("store.history", self.port.history(place, generation, most)).await
    }

    async fn fire_timers(&self) -> Result<Option<Millis>, StoreError> {
        self.points.around("store.fire_timers", self.port.fire_timers()).await
    }

    async fn timers_changed(&self) {
        // As for `inbox_changed`.
        self.port.timers_changed().await;
    }

    async fn outbox_claim(&self, most: usize, lease: Duration) -> Result<Vec<Posting>, StoreError> {
        self.points.around("store.outbox_claim", self.port.outbox_claim(most, lease)).await
    }

    async fn outbox_renew(&self, posting: &Posting, lease: Duration) -> Result<(), StoreError> {
        self.points.around("store.outbox_renew", self.port.outbox_renew(posting, lease)).await
    }

    async fn outbox_sent(
        &self,
        posting: &Posting,
        receipt: Option<&Receipt>,
        look: Option<Millis>,
    ) -> Result<(), StoreError> {
        self.points.around("store.outbox_sent", self.port.outbox_sent(posting, receipt, look)).await
    }

    async fn outbox_look(&self, message: &Message, due: Millis) -> Result<(), StoreError> {
        self.points.around("store.outbox_look", self.port.outbox_look(message, due)).await
    }

    async fn outbox_later(&self, posting: &Posting, due: Millis, in_doubt: bool) -> Result<(), StoreError> {
        self.points.around("store.outbox_later", self.port.outbox_later(posting, due, in_doubt)).await
    }

    async fn outbox_never(&self, posting: &Posting, reason: &str) -> Result<(), StoreError> {
        self.points.around("store.outbox_never", self.port.outbox_never(posting, reason)).await
    }

    async fn outbox_wake(&self, place: &Place) -> Result<(), StoreError> {
        self.points.around("store.outbox_wake", self.port.outbox_wake(place)).await
    }

    async fn outbox_changed(&self) {
        // As for `inbox_changed`.
        self.port.outbox_changed().await;
    }

    async fn inbox_due(&self) -> Result<Option<Millis>, StoreError> {
        self.points.around("store.inbox_due", self.port.inbox_due()).await
    }

    async fn outbox_due(&self) -> Result<Option<Millis>, StoreError> {
        self.points.around("store.outbox_due", self.port.outbox_due()).await
    }

    async fn put_component(&self, flow: &FlowName, bytes: &[u8], deploy: Deploy) -> Result<Option<Digest>, StoreError> {
        self.points.around("store.put_component", self.port.put_component(flow, bytes, deploy)).await
    }

    async fn component(&self, digest: &Digest) -> Result<Option<Vec<u8>>, StoreError> {
        self.points.around("store.component", self.port.component(digest)).await
    }

    async fn current(&self) -> Result<Vec<(FlowName, Digest)>, StoreError> {
        self.points.around("store.current", self.port.current()).await
    }

    async fn drop_current(&self, flow: &FlowName) -> Result<(), StoreError> {
        self.points.around("store.drop_current", self.port.drop_current(flow)).await
    }

    async fn components_changed(&self) {
        // As for `inbox_changed`.
        self.port.components_changed().await;
    }

    async fn glance(&self, place: &Place) -> Result<Glance, StoreError> {
        self.points.around("store.glance", self.port.glance(place)).await
    }

    async fn underway(&self, place: &Place) -> Result<Option<Underway>, StoreError> {
        self.points.around("store.underway", self.port.underway(place)).await
    }

    async fn conversations(&self, after: Option<&Place>, most: usize) -> Result<Vec<(Place, Glance)>, StoreError> {
        self.points.around("store.conversations", self.port.conversations(after, most)).await
    }

    async fn clear(&self, place: &Place) -> Result<Cleared, StoreError> {
        self.points.around("store.clear", self.port.clear(place)).await
    }

    async fn backlog(&self) -> Result<Backlog, StoreError> {
        self.points.around("store.backlog", self.port.backlog()).await
    }

    async fn open_conversations(&self) -> Result<Vec<OpenCount>, StoreError> {
        self.points.around("store.open_conversations", self.port.open_conversations()).await
    }

    async fn completions(
        &self,
        flow: &FlowName,
        after: u64,
        most: usize,
    ) -> Result<Vec<(u64, Completion)>, StoreError> {
        self.points.around("store.completions", self.port.completions(flow, after, most)).await
    }

    async fn completed_flows(&self) -> Result<Vec<FlowName>, StoreError> {
        self.points.around("store.completed_flows", self.port.completed_flows()).await
    }

    async fn completion_drop(&self, flow: &FlowName, position: u64) -> Result<bool, StoreError> {
        self.points.around("store.completion_drop", self.port.completion_drop(flow, position)).await
    }

    async fn dead(&self, after: u64, most: usize) -> Result<Vec<(u64, DeadLetter)>, StoreError> {
        self.points.around("store.dead", self.port.dead(after, most)).await
    }

    async fn dead_retry(&self, id: u64) -> Result<bool, StoreError> {
        self.points.around("store.dead_retry", self.port.dead_retry(id)).await
    }

    async fn dead_drop(&self, id: u64) -> Result<bool, StoreError> {
        self.points.around("store.dead_drop", self.port.dead_drop(id)).await
    }

    async fn doubts(&self, after: u64, most: usize) -> Result<Vec<(u64, Doubt)>, StoreError> {
        self.points.around("store.doubts", self.port.doubts(after, most)).await
    }

    async fn doubt_drop(&self, position: u64) -> Result<bool, StoreError> {
        self.points.around("store.doubt_drop", self.port.doubt_drop(position)).await
    }

    async fn seats(&self, seats: Seats, lease: Duration) -> Result<usize, StoreError> {
        self.points.around("store.seats", self.port.seats(seats, lease)).await
    }

    async fn sweep(&self, offered: &[Digest]) -> Result<(), StoreError> {
        self.points.around("store.sweep", self.port.sweep(offered)).await
    }
}

#[async_trait]
impl Llm for WithFailpoints<Arc<dyn Llm>> {
    async fn complete(&self, request: LlmRequest) -> Result<LlmCompletion, CallError> {
        self.points.around("llm.complete", self.port.complete(request)).await
    }
}

#[async_trait]
impl Messenger for WithFailpoints<Arc<dyn Messenger>> {
    async fn post(&self, message: &Message) -> Result<Option<Receipt>, PostError> {
        self.points.around("messenger.post", self.port.post(message)).await
    }

    async fn posted(&self, message: &Message) -> Result<Option<Receipt>, PostError> {
        self.points.around("messenger.posted", self.port.posted(message)).await
    }

    async fn remove_copies(&self, message: &Message, kept: Option<&Receipt>) -> Result<Copies, PostError> {
        self.points.around("messenger.remove_copies", self.port.remove_copies(message, kept)).await
    }

    async fn close(&self, posted: &Posted, chosen: &str) -> Result<(), PostError> {
        self.points.around("messenger.close", self.port.close(posted, chosen)).await
    }

    fn progress(&self, place: &Place, text: &str) {
        // Nothing durable hangs on it, and it cannot be waited for.
        self.port.progress(place, text);
    }
}

impl crate::broker::Ports {
    /// These ports with failpoints around them. Time cannot crash.
    pub fn with_failpoints(self, points: &Arc<Failpoints>) -> Self {
        Self {
            store: Arc::new(WithFailpoints::new(self.store, points.clone())),
            llm: Arc::new(WithFailpoints::new(self.llm, points.clone())),
            messenger: Arc::new(WithFailpoints::new(self.messenger, points.clone())),
            clock: self.clock,
        }
    }
}
