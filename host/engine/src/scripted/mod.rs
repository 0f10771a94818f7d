//! Ports that do as they are told, for scenarios and tests, and for a host without a key.

mod clock;
mod llm;
mod messenger;

pub use clock::ManualClock;
pub use llm::{CannedLlm, Reply, ScriptedLlm};
pub use messenger::RecordingMessenger;
