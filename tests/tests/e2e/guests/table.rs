//! How each guest must end.

use pesto_tests::guests;

/// What becomes of a guest.
#[derive(Debug)]
pub(super) enum End {
    /// Its component never becomes a flow, with this error, in words that contain these.
    Refused(&'static str, &'static str),
    /// The turn is given up with this error.
    Dead(&'static str),
    /// The turn goes well, and its answer begins so.
    Says(&'static str),
}

use End::{Dead, Refused, Says};

/// One misbehaviour.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) guest: &'static str,
    /// What is said to it.
    pub(super) word: &'static str,
    pub(super) end: End,
}

const fn row(guest: &'static str, word: &'static str, end: End) -> Row {
    Row { guest, word, end }
}

/// Guests that are not files, but made of others.
pub(super) const MADE: [&str; 4] = ["many_instances", "too_large", "not_wasm", "truncated"];

/// Guests that ask for a right and get it.
pub(super) const GRANTED: [&str; 9] = [
    "aliased_request",
    "bad_answers",
    "describe_calls_host",
    "holds_on",
    "host_call_flood",
    "huge_llm_request",
    "non_deterministic_reply",
    "wordy",
    "work_before_waits",
];

/// A guest's component.
pub(super) fn component(guest: &str) -> Vec<u8> {
    match guest {
        "many_instances" => guests::with_instances(guests::polite(), 300).unwrap(),
        "too_large" => guests::padded(guests::polite(), 33 << 20),
        "not_wasm" => b"#!/bin/sh\nexit 0\n".to_vec(),
        "truncated" => {
            let mut bytes = guests::polite();
            bytes.truncate(bytes.len() / 2);
            bytes
        }
        guest => guests::component(guest),
    }
}

/// All of them.
pub(super) const END: &[Row] = &[
    row("aliased_description", "", Refused("lifted-too-large", "describing itself")),
    row("aliased_list", "go", Dead("lifted-too-large")),
    row("aliased_list", "choices", Dead("lifted-too-large")),
    row("aliased_list", "fields", Dead("lifted-too-large")),
    row("aliased_request", "go", Dead("lifted-too-large")),
    row("bad_answers", "go", Dead("bad-outcome")),
    row("bad_answers", "array", Dead("bad-outcome")),
    row("bad_answers", "huge", Dead("bad-outcome")),
    row("bad_answers", "deep", Dead("bad-outcome")),
    row("bad_answers", "early", Dead("bad-outcome")),
    row("bad_outcome", "go", Dead("bad-outcome")),
    row("bad_outcome", "no-choices", Dead("bad-outcome")),
    row("bad_outcome", "many-choices", Dead("bad-outcome")),
    row("bad_outcome", "equal-values", Dead("bad-outcome")),
    row("bad_outcome", "long-value", Dead("bad-outcome")),
    row("bad_outcome", "least-zero", Dead("bad-outcome")),
    row("bad_outcome", "most-below-least", Dead("bad-outcome")),
    row("bad_outcome", "most-above-options", Dead("bad-outcome")),
    row("bad_outcome", "form-and-choices", Dead("bad-outcome")),
    row("bad_outcome", "no-fields", Dead("bad-outcome")),
    row("bad_outcome", "equal-fields", Dead("bad-outcome")),
    row("bad_outcome", "many-fields", Dead("bad-outcome")),
    row("bad_outcome", "no-number", Dead("bad-outcome")),
    row("bad_outcome", "other-field", Dead("bad-outcome")),
    row("bad_outcome", "long-key", Dead("bad-outcome")),
    row("bad_outcome", "extension", Dead("bad-outcome")),
    row("bad_outcome", "message-extension", Dead("bad-outcome")),
    row("bad_outcome", "other-timer", Dead("bad-outcome")),
    row("bad_outcome", "endless-timer", Dead("bad-outcome")),
    row("bad_outcome", "long-timer", Dead("bad-outcome")),
    row("bad_outcome", "other-due", Dead("bad-outcome")),
    row("bad_outcome", "no-date", Dead("bad-outcome")),
    row("bad_outcome", "no-time", Dead("bad-outcome")),
    row("bad_outcome", "far-date", Dead("bad-outcome")),
    row("deep_recursion", "go", Dead("stack-overflow")),
    row("describe_calls_host", "", Refused("describe-trapped", "no call is allowed")),
    row("describe_huge", "", Refused("bad-description", "title")),
    row("describe_loops", "", Refused("cpu-deadline", "describing itself")),
    row("describe_traps", "", Refused("describe-trapped", "the clock shows 1000000000")),
    row("endless_loop", "go", Dead("cpu-deadline")),
    row("finish_with_failure", "go", Dead("flow-failed")),
    row("holds_on", "go", Says("mine")),
    row("host_call_flood", "go", Dead("host-call-limit")),
    row("host_call_flood", "history", Dead("host-call-limit")),
    row("huge_llm_request", "go", Says("invalid")),
    row("huge_llm_request", "many", Says("invalid")),
    row("huge_message", "go", Dead("message-too-large")),
    row("huge_message", "key", Dead("bad-outcome")),
    row("huge_state", "go", Dead("state-too-large")),
    row("log_flood", "go", Dead("log-limit")),
    row("log_flood", "long", Dead("log-limit")),
    row("log_flood", "escape", Says("ok")),
    row("many_messages", "go", Dead("too-many-messages")),
    row("memory_bomb", "go", Dead("memory-limit")),
    row("non_deterministic_reply", "go", Says("completed")),
    row("progress_flood", "go", Dead("host-call-limit")),
    row("progress_flood", "long", Says("ok")),
    row("restless", "go", Says("ok")),
    row("timer_flood", "go", Dead("bad-outcome")),
    row("trap", "go", Dead("trap")),
    row("trap", "panic", Dead("trap")),
    row("ungranted_call", "go", Says("denied")),
    row("unknown_import", "", Refused("unknown-import", "`")),
    row("unknown_right", "", Refused("bad-description", "right")),
    row("wasi_clocks_random", "go", Says("1")),
    row("wasi_clocks_random", "bytes", Dead("trap")),
    row("wasi_files", "go", Says("preopens: 0")),
    row("wasi_handle_flood", "go", Dead("handle-limit")),
    row("wasi_handle_flood", "sockets", Says("sockets: 0")),
    row("wasi_sleep", "go", Dead("wait-limit")),
    row("wasi_sleep", "instant", Dead("wait-limit")),
    row("wasi_sockets", "go", Says("access-denied")),
    row("wasi_sockets", "name", Says("permanent-resolver-failure")),
    row("wasi_stderr", "go", Dead("log-limit")),
    row("wasi_stderr", "long", Dead("log-limit")),
    row("wordy", "go", Says("28 answers")),
    row("work_before_waits", "go", Says("1")),
    // Hand-written.
    row("table_bomb", "go", Dead("table-limit")),
    row("many_tables", "go", Dead("table-limit")),
    row("big_table", "", Refused("table-limit", "table")),
    row("big_memory", "", Refused("memory-limit", "memory")),
    row("many_memories", "", Refused("memory-limit", "memor")),
    row("growing_memories", "go", Dead("memory-limit")),
    row("memory64", "", Refused("does-not-compile", "memory64")),
    row("start_loop", "", Refused("cpu-deadline", "describing itself")),
    row("hoard", "go", Says("ok")),
    row("long_copy", "go", Dead("cpu-deadline")),
    row("core_module", "", Refused("not-a-component", "core module")),
    row("instance_bomb", "", Refused("instance-limit", "unfold")),
    row("no_exports", "", Refused("wrong-world", "is no flow")),
    row("wrong_types", "", Refused("does-not-fit", "contract")),
    row("wrong_world_version", "", Refused("wrong-world", "it needs the contract 0.2.0")),
    // Made here.
    row("many_instances", "", Refused("instance-limit", "instances")),
    row("too_large", "", Refused("too-large", "limits.component_mib")),
    row("not_wasm", "", Refused("not-wasm", "not WebAssembly")),
    row("truncated", "", Refused("not-wasm", "not all of it")),
];
