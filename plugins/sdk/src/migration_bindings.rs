//! The same of what flows export besides that take conversations over; [`export!`](crate::export) sees it.
#![allow(missing_docs, unsafe_code, unreachable_pub, clippy::all)]

wit_bindgen::generate!({
    path: "../../wit/since-v0.1",
    // All else of the world is made once, for all flows.
    inline: "package pesto:sdk; world migrates { export pesto:flow/migration@0.1.0; }",
    world: "pesto:sdk/migrates",
    with: { "pesto:flow/types@0.1.0": crate::bindings::pesto::flow::types },
    pub_export_macro: true,
    export_macro_name: "export_raw_migration",
    default_bindings_module: "pesto_sdk::migration_bindings",
});
