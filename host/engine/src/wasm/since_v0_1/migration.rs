//! Version 0.1 of the contract: what flows export that take conversations over.

use crate::fault::GuestFault;
use crate::flow::Former;
use crate::policy::contract;
use crate::text::line;

use super::{GuestState, no_extensions};

#[allow(missing_docs, unreachable_pub)]
mod bindings {
    wasmtime::component::bindgen!({
        path: "../../wit/since-v0.1",
        // What a flow exports besides is known already.
        inline: "package pesto:host; world migrates { export pesto:flow/migration@0.1.0; }",
        world: "pesto:host/migrates",
        with: { "pesto:flow/types": crate::wasm::since_v0_1::bindings::pesto::flow::types },
        exports: { default: async },
    });
}

use bindings::exports::pesto::flow::migration as guest;

pub(in crate::wasm) use bindings::{Migrates, MigratesPre};

/// The interface, without the rest of its version.
pub(in crate::wasm) const EXPORT: &str = "pesto:flow/migration@0.1";

/// The state from which this component goes on, or none where it does not.
pub(in crate::wasm) async fn migrate(
    migrates: &Migrates,
    store: &mut wasmtime::Store<GuestState>,
    former: Former,
) -> wasmtime::Result<Result<Option<Vec<u8>>, GuestFault>> {
    let Former { version, state } = former;
    let former = guest::Former { version, state, extensions: Vec::new() };
    Ok(match migrates.pesto_flow_migration().call_migrate(store, &former).await? {
        Ok(guest::Takeover::State(state)) => Ok(Some(state)),
        Ok(guest::Takeover::None) => Ok(None),
        Ok(guest::Takeover::Other(extension)) => {
            no_extensions(&[extension]).map(|()| None).map_err(GuestFault::BadOutcome)
        }
        Err(failure) => Err(GuestFault::FlowFailed(line(&failure.reason, contract::REASON))),
    })
}
