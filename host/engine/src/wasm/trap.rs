//! Names what ended a guest.

use wasmtime::{PoolConcurrencyLimitError, Trap};

use crate::fault::{Fault, GuestFault};
use crate::text::line;

use super::state::HANDLES;
use super::{LIFTED, LoadError};

/// An error's causes in one line, without backtrace.
pub(super) fn words(error: &wasmtime::Error) -> String {
    let chain: Vec<String> =
        error.chain().map(ToString::to_string).filter(|text| !text.starts_with("error while executing")).collect();
    line(&chain.join(": "), 1_000)
}

/// Why a component does not compile. What is too much from the start is found by the instance allocator, which tells
/// of it in words alone; as below, the hostile guests notice when they change.
pub(super) fn uncompiled(error: &wasmtime::Error) -> LoadError {
    let words = words(error);
    let has = |text: &str| words.contains(text);
    if has("requires the component model async") || has("component model async feature") {
        LoadError::DoesNotCompile(format!(
            "{words}; flows are synchronous, so build it without async functions: \
            `componentize-qjs` has `--sync`"
        ))
    } else if !has("pooling allocator") && !has("instance allocation for this") {
        LoadError::DoesNotCompile(words)
    } else if has("minimum byte size") || has("linear memories") || has("memories count") {
        LoadError::Limit(GuestFault::StaticMemory(words))
    } else if has("minimum element size") || has("tables") {
        LoadError::Limit(GuestFault::TableLimit(words))
    } else {
        LoadError::Limit(GuestFault::InstanceLimit(words))
    }
}

/// Why a component cannot be instantiated. The types of its exports are compared only then.
pub(super) fn unstarted(error: wasmtime::Error) -> LoadError {
    let trapped = error.is::<Trap>();
    match undescribed(error) {
        LoadError::Describe(GuestFault::Trap(words)) if !trapped => LoadError::DoesNotFit(words),
        other => other,
    }
}

/// What ended a component that described itself.
pub(super) fn undescribed(error: wasmtime::Error) -> LoadError {
    match fault(error) {
        Fault::Guest(fault) => LoadError::Describe(fault),
        other => LoadError::Host(other.to_string()),
    }
}

/// The same for a guest that had said this before it ended.
pub(super) fn fault_after(error: wasmtime::Error, last: Option<&str>) -> Fault {
    match fault(error) {
        Fault::Guest(fault) => Fault::Guest(fault.with_last_words(last)),
        other => other,
    }
}

/// The fault behind an error of a guest's call.
pub(super) fn fault(error: wasmtime::Error) -> Fault {
    if let Some(fault) = error.downcast_ref::<Fault>() {
        return fault.clone();
    }
    if error.is::<PoolConcurrencyLimitError>() {
        return Fault::Host("no room for another instance".to_owned());
    }
    if let Some(Trap::StackOverflow) = error.downcast_ref::<Trap>() {
        return GuestFault::StackOverflow.into();
    }
    let words = words(&error);
    // These limits are enforced by the engine, which tells of them in words alone; the hostile guests of the tests
    // notice when the words change.
    if words.contains("fuel allocated for hostcalls") {
        GuestFault::LiftedTooLarge(LIFTED).into()
    } else if words.contains("resource limit exceeded") {
        GuestFault::InstanceLimit(words).into()
    } else if words.contains("resource table has no free keys") || words.contains("store handle limit") {
        GuestFault::HandleLimit(HANDLES).into()
    } else {
        GuestFault::Trap(words).into()
    }
}
