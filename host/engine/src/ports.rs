//! What the engine needs from outside, on one page; `data` has what it speaks of. Adapters live in the server, scripted
//! ones in `scripted`; each method stands in `failpoint` too, and a new one does not compile until it does.

mod data;

use std::time::Duration;

use async_trait::async_trait;

use crate::model::{
    Call, CallResult, Completion, DeadLetter, Digest, Doubt, Exchange, FlowName, Inbound, Message, Millis, Place,
};

pub use data::{
    Accepted, After, Backlog, CallError, Claim, Cleared, Commit, Copies, Deploy, Entry, Fence, Glance, LlmCompletion,
    LlmRequest, OpenCount, PostError, Posted, Posting, Receipt, Role, Seats, Stage, StoreError, TimerChange, Underway,
};

/// Durable state. When a method returns, what it did survives a crash of the host and of the machine.
///
/// The contract is `contract`, which every implementation passes.
#[async_trait]
pub trait Store: Send + Sync + 'static {
    /// Stores an event once: an id seen before, within a day, changes nothing. An id comes with one place always. Where
    /// [`INBOX`](crate::policy::contract::INBOX) events wait, none is queued or held behind them. With [`Entry::Take`] a
    /// free place is claimed with it, as [`claim`](Self::claim) does.
    async fn accept(&self, inbound: Inbound, entry: Entry) -> Result<Accepted, StoreError>;

    /// Takes up to `most` places that have an event, no owner, and no backoff, in the order of their
    /// [`rank`](crate::lane::rank): raises their epoch, leases them for `lease`, and counts an attempt. Where several
    /// machines keep the store, each ranks its own part of it.
    async fn claim(&self, most: usize, lease: Duration) -> Result<Vec<Claim>, StoreError>;

    /// Prolongs leases; answers the fences that are lost. Thousands may be given: other steps get between.
    async fn renew(&self, fences: &[Fence], lease: Duration) -> Result<Vec<Fence>, StoreError>;

    /// Records that a call is about to be made. `pin` is kept with the turn's first intent. A repeated intent is
    /// fine; its result, if there is one, stays.
    async fn journal_intent(&self, fence: &Fence, call: &Call, pin: &str) -> Result<(), StoreError>;

    /// Records what a call answered. The intent must be there.
    async fn journal_result(&self, fence: &Fence, number: u32, result: &CallResult) -> Result<(), StoreError>;

    /// Records that a call of the turn is in doubt, before anything is done about it; once for each call and what is done.
    async fn doubt(&self, fence: &Fence, doubt: &Doubt) -> Result<(), StoreError>;

    /// Makes a turn's consequences visible in one step, takes the event out of the inbox with its journal, and
    /// ends the claim. All of them are of the fence's place.
    async fn commit(&self, fence: &Fence, commit: Commit) -> Result<(), StoreError>;

    /// Ends a claim without consequences; the event may be claimed again at `not_before`. The journal stays.
    async fn retry(&self, fence: &Fence, not_before: Millis) -> Result<(), StoreError>;

    /// Ends a claim as if it had not been made: no attempt counts. The journal stays.
    async fn hand_back(&self, fence: &Fence) -> Result<(), StoreError>;

    /// Waits until [`claim`](Self::claim) may find more than it did. For one waiter; it may wake for nothing.
    async fn inbox_changed(&self);

    /// The last exchanges of a conversation, at most `most`, oldest first.
    async fn history(&self, place: &Place, generation: u64, most: usize) -> Result<Vec<Exchange>, StoreError>;

    /// Turns due timers into events, and answers when the next one is due, or an earlier time.
    async fn fire_timers(&self) -> Result<Option<Millis>, StoreError>;

    /// Waits until a timer may be due earlier than [`fire_timers`](Self::fire_timers) said. For one waiter; it may wake
    /// for nothing.
    async fn timers_changed(&self);

    /// Takes up to `most` messages that are due and each the first unsent one of its place, and marks them
    /// `sending` for `lease`; a mark that ran out is taken again, in doubt. What closes a message stands outside this
    /// order: it is due as soon as that one was sent with a receipt, and dropped where that one can be closed no more.
    /// So does a look for copies.
    async fn outbox_claim(&self, most: usize, lease: Duration) -> Result<Vec<Posting>, StoreError>;

    /// Prolongs the mark of a message that is still being sent.
    async fn outbox_renew(&self, posting: &Posting, lease: Duration) -> Result<(), StoreError>;

    /// A message was posted: it leaves the outbox. With a receipt, one with choices is kept until it is closed, for a
    /// month at most. Where an earlier attempt may yet come late, copies are looked for at `look`: the message holds up
    /// nothing then, and counts no more. After such a look there is no other.
    async fn outbox_sent(
        &self,
        posting: &Posting,
        receipt: Option<&Receipt>,
        look: Option<Millis>,
    ) -> Result<(), StoreError>;

    /// Somebody posted a message, or may have, though it was no longer theirs: copies are looked for at `due`, or
    /// later where that was said before, unless whoever has it now looks anyway.
    async fn outbox_look(&self, message: &Message, due: Millis) -> Result<(), StoreError>;

    /// Nothing became of it; try again at `due`. Where it may have been posted all the same, it stays in doubt.
    async fn outbox_later(&self, posting: &Posting, due: Millis, in_doubt: bool) -> Result<(), StoreError>;

    /// A message can never be posted: it goes to the dead letters, and the flow gets `undelivered`. What was to close
    /// another is dropped.
    async fn outbox_never(&self, posting: &Posting, reason: &str) -> Result<(), StoreError>;

    /// Somebody waits for the messages of a place at this host: they are due now, whatever was said before, and from now
    /// on no other host of the store takes them until somebody waits there. One that this host is sending is due as soon
    /// as [`outbox_later`](Self::outbox_later) is said of it; one that the host before is sending is due now, in doubt.
    async fn outbox_wake(&self, place: &Place) -> Result<(), StoreError>;

    /// Waits until [`outbox_claim`](Self::outbox_claim) may find more. For one waiter; it may wake for nothing.
    async fn outbox_changed(&self);

    /// When the next event can be claimed though nobody sends a wake: at the end of its backoff, or of a lease that
    /// nobody prolongs. A time that is not after now means that something can be claimed already. It may be said too early,
    /// until a claim in vain shows that it was, but never too late.
    async fn inbox_due(&self) -> Result<Option<Millis>, StoreError>;

    /// The same for messages. The two are apart, so that a loop with nothing to take does not turn at full speed
    /// while the other one has no room.
    async fn outbox_due(&self) -> Result<Option<Millis>, StoreError>;

    /// Keeps a component's bytes under their digest and makes it the flow's current one, both in one step. Answers what
    /// is current then: where the component was not new, it may be another one, or none.
    async fn put_component(&self, flow: &FlowName, bytes: &[u8], deploy: Deploy) -> Result<Option<Digest>, StoreError>;

    /// The bytes of a component.
    async fn component(&self, digest: &Digest) -> Result<Option<Vec<u8>>, StoreError>;

    /// The current digest of each flow.
    async fn current(&self) -> Result<Vec<(FlowName, Digest)>, StoreError>;

    /// The flow can no longer be started. What was current once is remembered.
    async fn drop_current(&self, flow: &FlowName) -> Result<(), StoreError>;

    /// Waits until [`current`](Self::current) may answer otherwise. For one waiter; it may wake for nothing.
    async fn components_changed(&self);

    /// What goes on at a place.
    async fn glance(&self, place: &Place) -> Result<Glance, StoreError>;

    /// The event of a place whose turn is not done.
    async fn underway(&self, place: &Place) -> Result<Option<Underway>, StoreError>;

    /// Places with an open conversation that come after one, in the order of their keys, at most `most`, and none only at
    /// the end. What a conversation keeps is left out.
    async fn conversations(&self, after: Option<&Place>, most: usize) -> Result<Vec<(Place, Glance)>, StoreError>;

    /// Throws away all that is kept of a place but the numbers that must never be used twice. The epoch is raised, so that
    /// a running turn leaves no trace either. What was completed or given up, and calls in doubt, stay.
    async fn clear(&self, place: &Place) -> Result<Cleared, StoreError>;

    /// What goes on at all places.
    async fn backlog(&self) -> Result<Backlog, StoreError>;

    /// Open conversations, by flow and version.
    async fn open_conversations(&self) -> Result<Vec<OpenCount>, StoreError>;

    /// Completions of a flow with a position above `after`, at most `most`, in the order of their commits. Nothing ever
    /// appears before what was shown; where several machines keep the store, it may appear a moment after its commit.
    async fn completions(&self, flow: &FlowName, after: u64, most: usize)
    -> Result<Vec<(u64, Completion)>, StoreError>;

    /// The flows that have completions.
    async fn completed_flows(&self) -> Result<Vec<FlowName>, StoreError>;

    /// Throws a completion away, at its person's own request. Answers whether it was there.
    async fn completion_drop(&self, flow: &FlowName, position: u64) -> Result<bool, StoreError>;

    /// Dead letters with an id above `after`, at most `most`, oldest first, as completions.
    async fn dead(&self, after: u64, most: usize) -> Result<Vec<(u64, DeadLetter)>, StoreError>;

    /// Puts a dead letter back: an event at the end of its inbox, a message into the outbox. Answers whether it
    /// was there.
    async fn dead_retry(&self, id: u64) -> Result<bool, StoreError>;

    /// Throws a dead letter away. Answers whether it was there.
    async fn dead_drop(&self, id: u64) -> Result<bool, StoreError>;

    /// Calls in doubt with a position above `after`, at most `most`, oldest first, as completions.
    async fn doubts(&self, after: u64, most: usize) -> Result<Vec<(u64, Doubt)>, StoreError>;

    /// Throws the record of a call in doubt away. Answers whether it was there.
    async fn doubt_drop(&self, position: u64) -> Result<bool, StoreError>;

    /// How many seats this host may hold for `lease`: all that take part get alike, those that came first get the rest, and
    /// what a host has in use is given to nobody else. It tells anew what it uses before the lease ends; one that wants
    /// nothing and uses nothing takes part no more.
    async fn seats(&self, seats: Seats, lease: Duration) -> Result<usize, StoreError>;

    /// Forgets event ids older than a day, components that are not current and that no conversation has held for a
    /// day, and receipts and calls in doubt older than a month. Never answers or dead letters. This host begins conversations on the
    /// `offered` components, whatever is current: they count as held.
    async fn sweep(&self, offered: &[Digest]) -> Result<(), StoreError>;
}

/// Time. Stores and engine have no other.
#[async_trait]
pub trait Clock: Send + Sync + 'static {
    /// Now.
    fn now(&self) -> Millis;

    /// Waits until `now` is at least `due`.
    async fn until(&self, due: Millis);
}

/// A language model.
#[async_trait]
pub trait Llm: Send + Sync + 'static {
    /// Asks once, without retries of its own. Dropping the future gives the call up.
    async fn complete(&self, request: LlmRequest) -> Result<LlmCompletion, CallError>;
}

/// The way to people.
#[async_trait]
pub trait Messenger: Send + Sync + 'static {
    /// Posts a message. A messenger that can change what it posted answers where it stands.
    async fn post(&self, message: &Message) -> Result<Option<Receipt>, PostError>;

    /// Where this message stands, if it stands there already. A channel whose other end knows each id may say no.
    async fn posted(&self, message: &Message) -> Result<Option<Receipt>, PostError>;

    /// Takes away all copies of a message but one: the one with this receipt, or else the oldest. A channel whose other
    /// end knows each id has none.
    async fn remove_copies(&self, message: &Message, kept: Option<&Receipt>) -> Result<Copies, PostError>;

    /// Takes away the choices of a message that has a receipt, and shows what was chosen, if anything was. Doing it
    /// twice leaves no second trace. [`PostError::Never`] says that the message is gone.
    async fn close(&self, posted: &Posted, chosen: &str) -> Result<(), PostError>;

    /// Shows a line while a turn runs, if that can be done at once. An empty one takes away what is shown.
    fn progress(&self, place: &Place, text: &str);
}
