//! Scenario tests: conversations written down in YAML, held with the very component that would be deployed, on an
//! engine whose clock, model and messenger are scripted, on any kind of store.

mod crashes;
mod file;
mod host;
mod run;
mod store;
mod transcript;

pub use file::{Scenario, ScenarioError};
pub use run::{Bench, Failure, Flow, Passed};
pub use store::StoreKind;
