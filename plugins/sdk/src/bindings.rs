//! What wit-bindgen makes of the contract. Authors never see it; [`export!`](crate::export) does.
#![allow(missing_docs, unsafe_code, unreachable_pub, clippy::all)]

wit_bindgen::generate!({
    path: "../../wit/since-v0.1",
    world: "flow",
    pub_export_macro: true,
    export_macro_name: "export_raw",
    default_bindings_module: "pesto_sdk::bindings",
});
