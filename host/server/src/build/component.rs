//! From cargo's core module to a component, and whether that is a flow.

use anyhow::{Context as _, bail};
use wit_component::{ComponentEncoder, DecodedWasm};

/// What a flow exports.
const CONVERSATION: &str = "pesto:flow/conversation@";

/// What a flow may import: the host's own interfaces, and WASI, which is linked and empty.
const KNOWN: [&str; 2] = ["pesto:flow/", "wasi:"];

/// Makes a component of a core module that carries its world in a custom section, as wit-bindgen leaves it.
///
/// Errors: it is not a flow, or imports what no host has. The message is for the flow's author.
pub fn from_module(module: &[u8]) -> anyhow::Result<Vec<u8>> {
    let encoder = ComponentEncoder::default().validate(true).module(module);
    let bytes = encoder.and_then(|mut encoder| encoder.encode()).context(
        "its module cannot become a component. A flow says `pesto_sdk::export!(…)` once, and uses no crate that needs a \
         browser or an operating system",
    )?;
    check(&bytes)?;
    Ok(bytes)
}

/// Checks a component's imports and exports by name. The host checks them against its linker when it loads it.
fn check(bytes: &[u8]) -> anyhow::Result<()> {
    let DecodedWasm::Component(resolve, world) = wit_component::decode(bytes)? else {
        bail!("it is a WIT package and no component");
    };
    let world = &resolve.worlds[world];
    let unknown = world.imports.keys().map(|key| resolve.name_world_key(key));
    let unknown: Vec<_> = unknown.filter(|name| !KNOWN.iter().any(|known| name.starts_with(known))).collect();
    if !unknown.is_empty() {
        let names = unknown.join(", ");
        bail!(
            "it imports {names}, which no host offers. A flow imports interfaces of pesto:flow, and of WASI 0.2 what a \
             standard library needs, alone"
        );
    }
    if !world.exports.keys().any(|key| resolve.name_world_key(key).starts_with(CONVERSATION)) {
        bail!("it does not export pesto:flow/conversation. A flow says `pesto_sdk::export!(…)` once");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn refused(text: &str) -> String {
        let bytes = wat::parse_str(text).unwrap();
        format!("{:#}", check(&bytes).unwrap_err())
    }

    #[test]
    fn strange_imports_are_named() {
        let error = refused(
            r#"(component (import "acme:mail/send@1.0.0" (instance)) (import "wasi:clocks/monotonic-clock@0.2.6" (instance)))"#,
        );
        assert!(error.starts_with("it imports acme:mail/send@1.0.0, which no host offers"), "{error}");
    }

    #[test]
    fn a_flow_has_conversations() {
        assert!(refused("(component)").starts_with("it does not export pesto:flow/conversation"));
    }

    #[test]
    fn a_module_without_a_world_is_no_flow() {
        let module = wat::parse_str(r#"(module (import "env" "now" (func)))"#).unwrap();
        let error = format!("{:#}", from_module(&module).unwrap_err());
        assert!(error.contains("pesto_sdk::export!"), "{error}");
    }
}
