//! `make crash`: real hosts on a real Redis, killed and stopped while people converse in all flows, and a checker that
//! reads what the doubles and the people wrote down.
//!
//! - `options`, `schedule`: what is asked for, and when what goes wrong
//! - `hosts`, `faults`: the processes, and what is done to them
//! - `model`, `people`, `words`: the language model, who talks, and what is said
//! - `campaign`: one campaign from its start to its evidence
//! - `records`: the evidence, as JSON lines in a folder; `check`: the judgement
//!
//! This crate does not depend on the engine or on the server: it knows of Pesto what an operator and the people know.

pub mod campaign;
pub mod check;
pub mod faults;
pub mod hosts;
pub mod model;
pub mod options;
pub mod people;
pub mod records;
pub mod schedule;
pub mod words;
