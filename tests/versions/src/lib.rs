//! Flows for tests. Two are in two versions each: `tally` is written by hand, `lunch` is a survey. The second version
//! of each takes over conversations of the first, which `tests/frozen` keeps as it was compiled once. `quorum` hears
//! everybody in a thread.
//!
//! `alarm` has one version, which knows the person's local time.
//!
//! Each file of `examples/` is a component. Elsewhere than in WebAssembly it is only checked: linkers refuse the names that
//! components export. The library is empty: examples need one to stand beside. `mistakes` and `unsound` have one version: they
//! are what authors get wrong.
