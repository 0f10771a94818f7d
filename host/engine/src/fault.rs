//! How a turn can fail, in three fates: the guest is at fault (tried once more, then given up), the host is at
//! fault (tried again with backoff), or the place was lost (nothing to do). What a flow can act on is none of
//! these: that is a [`CallError`](crate::ports::CallError).

use crate::ports::StoreError;

/// How a panic begins in the words of Rust.
const PANICKED: &str = "panicked at ";

/// Why a turn ended without a trace.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The component did what it may not do.
    #[error(transparent)]
    Guest(#[from] GuestFault),
    /// Something of ours failed; later it may work.
    #[error("{0}")]
    Host(String),
    /// The place has another owner.
    #[error("the place is owned by a later epoch")]
    Stale,
    /// No failure: the turn left its instance while it waits. Only the sandbox sees this.
    #[error("the turn waits without an instance")]
    Parked,
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Stale => Self::Stale,
            other => Self::Host(other.to_string()),
        }
    }
}

/// What a component did. The message is for operators and authors, with the remedy where there is one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GuestFault {
    /// It ran for too long.
    #[error("ran for more than {0} ms of CPU time in one turn; do less in a turn, or raise limits.cpu_ms")]
    CpuDeadline(u64),
    /// The turn took too long, waiting included.
    #[error("the turn took more than {0} s, waiting included; make fewer or shorter calls, or raise limits.turn_s")]
    TurnDeadline(u64),
    /// The turn in which it heard `cancelled` took too long.
    #[error("took more than {0} s to answer `cancelled`, waiting included; the conversation is over all the same")]
    CancelDeadline(u64),
    /// It waited by itself for too long.
    #[error(
        "waited for more than {0} s by WASI's clocks in one turn; waiting holds memory, so set a timer in the outcome and \
         go on when it fires"
    )]
    WaitLimit(u64),
    /// Its memories together grew too large.
    #[error("wanted more than {0} MiB of memory; use less, or raise limits.memory_mib")]
    MemoryLimit(u64),
    /// Its memories are too many, or too large from the start.
    #[error("wants more memory than a turn may have from the start: {0}; use less, or raise limits.memory_mib")]
    StaticMemory(String),
    /// A table grew too large, or there are too many.
    #[error("wanted larger or more tables than a turn may have: {0}")]
    TableLimit(String),
    /// It has too many instances or memories.
    #[error("wanted more instances or memories than a component may have: {0}")]
    InstanceLimit(String),
    /// It holds too many handles of the host's things.
    #[error("holds more than {0} handles at once; drop what is not needed any more")]
    HandleLimit(usize),
    /// It called too deeply.
    #[error("used up its call stack; is a recursion without end?")]
    StackOverflow,
    /// Any other trap.
    #[error("trapped: {0}")]
    Trap(String),
    /// A trap, and what the guest said before it: a panic's words, with file and line.
    #[error("{0}")]
    LastWords(String),
    /// Its state is too large.
    #[error("returned a state of {got} bytes, and {most} are allowed; keep less, or raise limits.state_kib")]
    StateTooLarge {
        /// In bytes.
        got: usize,
        /// In bytes.
        most: usize,
    },
    /// A message is too large.
    #[error("returned a message of {got} bytes, and {most} are allowed; say less, or say it in several messages")]
    MessageTooLarge {
        /// In bytes.
        got: usize,
        /// In bytes.
        most: usize,
    },
    /// Too many messages.
    #[error("returned {got} messages, and a turn may send {most}")]
    TooManyMessages {
        /// How many.
        got: usize,
        /// At most.
        most: usize,
    },
    /// Too much was logged.
    #[error("logged more than {0}; log less")]
    LogLimit(String),
    /// Too many host calls.
    #[error("made more than {0} host calls in one turn; make fewer, or raise limits.host_calls")]
    HostCallLimit(u32),
    /// Its host calls and their answers are too large to be journaled.
    #[error("made host calls of more than {0} bytes together, answers included; make fewer or smaller ones in a turn")]
    JournalLimit(usize),
    /// What it passes to the host is too large.
    #[error("passed more than {0} bytes to the host in one call; lists and strings that overlap count each time")]
    LiftedTooLarge(usize),
    /// A re-run called otherwise than the journal says.
    #[error(
        "is not deterministic: call {number} was `{before}` and is now `{now}`. A turn must make the same calls when \
         it is run again: take time and randomness from its context only"
    )]
    NonDeterministic {
        /// The call's number.
        number: u32,
        /// What the journal has: name and request.
        before: String,
        /// What was called now, or that nothing was.
        now: String,
    },
    /// The outcome breaks a rule of the contract.
    #[error("returned an outcome that breaks the contract: {0}")]
    BadOutcome(String),
    /// It said itself that it cannot go on.
    #[error("answered that it cannot do it: {0}")]
    FlowFailed(String),
    /// The version that the conversation is pinned to cannot be had.
    #[error("the component {0} cannot be loaded any more: {1}")]
    ComponentLost(String, String),
    /// The host went down, or lost the turn, each time it was tried.
    #[error("the turn never came to an end in {0} attempts; it may take the host down")]
    NeverEnds(u32),
    /// Our own side failed each time it was tried.
    #[error("the host failed each of {attempts} times, last with: {reason}")]
    HostFailed {
        /// How often.
        attempts: u32,
        /// The last reason.
        reason: String,
    },
}

impl GuestFault {
    /// The error's name: stable, for logs, dead letters and tests.
    pub fn name(&self) -> &'static str {
        match self {
            Self::CpuDeadline(_) => "cpu-deadline",
            Self::TurnDeadline(_) => "turn-deadline",
            Self::CancelDeadline(_) => "cancel-deadline",
            Self::WaitLimit(_) => "wait-limit",
            Self::MemoryLimit(_) | Self::StaticMemory(_) => "memory-limit",
            Self::TableLimit(_) => "table-limit",
            Self::InstanceLimit(_) => "instance-limit",
            Self::HandleLimit(_) => "handle-limit",
            Self::StackOverflow => "stack-overflow",
            Self::Trap(_) | Self::LastWords(_) => "trap",
            Self::StateTooLarge { .. } => "state-too-large",
            Self::MessageTooLarge { .. } => "message-too-large",
            Self::TooManyMessages { .. } => "too-many-messages",
            Self::LogLimit(_) => "log-limit",
            Self::HostCallLimit(_) => "host-call-limit",
            Self::JournalLimit(_) => "journal-limit",
            Self::LiftedTooLarge(_) => "lifted-too-large",
            Self::NonDeterministic { .. } => "non-deterministic",
            Self::BadOutcome(_) => "bad-outcome",
            Self::FlowFailed(_) => "flow-failed",
            Self::ComponentLost(..) => "component-lost",
            Self::NeverEnds(_) => "never-ends",
            Self::HostFailed { .. } => "host-failed",
        }
    }

    /// The same, with what the guest said last, if a trap ended it. A trap has no words of its own, so a guest that panics
    /// logs them just before.
    #[must_use]
    pub fn with_last_words(self, last: Option<&str>) -> Self {
        match (self, last) {
            (Self::Trap(trap), Some(last)) if last.starts_with(PANICKED) && trap.contains("unreachable") => {
                Self::LastWords(last.to_owned())
            }
            (Self::Trap(trap), Some(last)) if last.starts_with(PANICKED) => Self::LastWords(format!("{last} ({trap})")),
            (Self::Trap(trap), Some(last)) => Self::LastWords(format!("trapped: {trap}; before that it wrote: {last}")),
            (fault, _) => fault,
        }
    }

    /// Trying again cannot help.
    pub fn is_final(&self) -> bool {
        // Who waited too long would wait as long again.
        matches!(
            self,
            Self::NonDeterministic { .. } | Self::NeverEnds(_) | Self::HostFailed { .. } | Self::WaitLimit(_)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_says_where_and_why() {
        let trap = || GuestFault::Trap("wasm trap: wasm `unreachable` instruction executed".to_owned());
        let panic = trap().with_last_words(Some("panicked at broken/src/lib.rs:26:32: no such day"));
        assert_eq!(
            (panic.name(), panic.to_string().as_str()),
            ("trap", "panicked at broken/src/lib.rs:26:32: no such day")
        );
        let python = trap().with_last_words(Some("KeyError: 'day'")).to_string();
        assert_eq!(
            python,
            "trapped: wasm trap: wasm `unreachable` instruction executed; before that it wrote: KeyError: 'day'"
        );
        assert_eq!(trap().with_last_words(None), trap());
        assert_eq!(GuestFault::StackOverflow.with_last_words(Some("panicked at x")), GuestFault::StackOverflow);
    }
}
