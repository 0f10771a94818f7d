//! Scenario tests: conversations written down in YAML, held with the very component that would be deployed, on an
//! engine whose store, clock, model and messenger are scripted.

mod file;
mod host;
mod run;
mod transcript;

pub use file::{Scenario, ScenarioError};
pub use run::{Bench, Failure, Flow, Passed};
