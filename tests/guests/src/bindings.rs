//! What wit-bindgen makes of the contract; its WIT is the documentation.
#![allow(missing_docs, unsafe_code, unreachable_pub, clippy::all)]

wit_bindgen::generate!({
    path: "../../wit/since-v0.1",
    world: "flow",
    pub_export_macro: true,
    export_macro_name: "export_flow",
    default_bindings_module: "pesto_guests::bindings",
});
