//! Scenario tests: conversations written down in YAML, held with the very component that would be deployed, on an
//! engine whose clock, model and messenger are scripted, on any kind of store.

mod compare;
mod crashes;
mod failure;
mod file;
mod host;
mod lines;
mod llm_call;
mod run;
mod store;
mod transcript;
mod wanted;

pub use failure::{Difference, Failure};
pub use file::{Scenario, ScenarioError};
pub use run::{Bench, Flow, Passed};
pub use store::StoreKind;
