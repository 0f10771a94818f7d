//! The hostile guests of `tests/guests` and the flows of `tests/versions`, made into components: of the core modules that
//! cargo builds, and of the hand-written ones.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Mutex, PoisonError};

use anyhow::{Context as _, Result};
use pesto_server::build::toolchain::{FORCE, TARGET, Way};
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

use crate::files;

/// All guests, by name: each is a file of `examples`, `wat/core` or `wat`.
pub fn all() -> Vec<String> {
    let mut names: Vec<_> =
        ["examples", "wat/core", "wat"].iter().flat_map(|part| stems(&folder().join(part))).collect();
    // What the hand-written ones are made of is no guest.
    names.retain(|name| name != "flow");
    names.sort();
    names
}

/// A guest's component, or what there is of one. Panics where it cannot be made.
pub fn component(name: &str) -> Vec<u8> {
    let whole = folder().join("wat").join(name).with_extension("wat");
    let made = if folder().join("examples").join(name).with_extension("rs").exists() {
        of_rust(name)
    } else if whole.exists() {
        wat::parse_file(&whole).map_err(Into::into)
    } else {
        of_fields(name)
    };
    made.unwrap_or_else(|error| panic!("the guest {name} cannot be made: {error:#}"))
}

/// A flow without malice: `started` is answered with `ready`, and anything else with `ok`.
pub fn polite() -> Vec<u8> {
    of_text("(func $misbehave)").unwrap_or_else(|error| panic!("the polite flow cannot be made: {error:#}"))
}

/// The polite flow, but for a trap when it is cancelled.
pub fn trapping_on_cancel() -> Vec<u8> {
    let begin = "(param $event i32) (result i32)\n";
    let trap = "(if (i32.eq (i32.load8_u $main (local.get $event)) (i32.const 5)) (then (unreachable)))\n";
    let flow = std::fs::read_to_string(folder().join("wat/core/flow.wat")).unwrap_or_default();
    let flow = flow.replacen(begin, &format!("{begin}{trap}"), 1);
    assert!(flow.contains(trap), "the polite flow begins to handle events otherwise than it did");
    of_module(&format!("{flow}\n(func $misbehave)")).unwrap_or_else(|error| panic!("{error:#}"))
}

/// The polite flow, which takes conversations over as the function `$migrate` of these fields says: it answers where its
/// answer stands in memory. Anything from 1,280 on is free; `imports` come first.
pub fn migrating(imports: &str, fields: &str) -> Result<Vec<u8>> {
    let flow = folder().join("wat/core/flow.wat");
    let flow = std::fs::read_to_string(&flow).with_context(|| flow.display().to_string())?;
    let export = "(func (export \"pesto:flow/migration@0.1.0#migrate\")
        (param i32 i32 i32 i32 i32 i32) (result i32) (call $migrate))";
    of_world(&contract(), "migrating-flow", &format!("{imports}\n{flow}\n(func $misbehave)\n{fields}\n{export}"))
}

/// The polite flow with a `migrate` of other types than the contract's.
pub fn migrating_otherwise() -> Result<Vec<u8>> {
    let folder = tempfile::tempdir()?;
    for file in std::fs::read_dir(contract())?.flatten() {
        let text = std::fs::read_to_string(file.path())?;
        let text = text.replace("migrate: func(former: former) -> result<takeover, failure>;", "migrate: func();");
        std::fs::write(folder.path().join(file.file_name()), text)?;
    }
    let flow = std::fs::read_to_string(self::folder().join("wat/core/flow.wat"))?;
    let fields = format!("{flow}\n(func $misbehave) (func (export \"pesto:flow/migration@0.1.0#migrate\"))");
    of_world(folder.path(), "migrating-flow", &fields)
}

/// A flow of `tests/versions`.
pub fn version(name: &str) -> Vec<u8> {
    let module = built("pesto-versions").join("examples").join(name).with_extension("wasm");
    let made = std::fs::read(&module).map_err(Into::into).and_then(|core| of_core(&core));
    made.unwrap_or_else(|error| panic!("the flow {name} cannot be made: {error:#}"))
}

/// The polite flow, but for what these WebAssembly text fields add. They define the function `$misbehave`.
pub fn of_text(fields: &str) -> Result<Vec<u8>> {
    let flow = folder().join("wat/core/flow.wat");
    let flow = std::fs::read_to_string(&flow).with_context(|| flow.display().to_string())?;
    of_module(&format!("{flow}\n{fields}"))
}

fn of_module(fields: &str) -> Result<Vec<u8>> {
    of_world(&contract(), "flow", fields)
}

fn contract() -> PathBuf {
    files::root().join("wit/since-v0.1")
}

fn of_world(wit: &Path, world: &str, fields: &str) -> Result<Vec<u8>> {
    let mut core = wat::parse_str(format!("(module\n{fields})"))?;
    let mut resolve = Resolve::default();
    let (package, _) = resolve.push_dir(wit)?;
    let world = resolve.select_world(&[package], Some(world))?;
    embed_component_metadata(&mut core, &resolve, world, StringEncoding::UTF8)?;
    of_core(&core)
}

fn folder() -> PathBuf {
    files::root().join("tests/guests")
}

fn stems(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let files = entries.flatten().map(|entry| entry.path()).filter(|path| path.is_file());
    files.filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned())).collect()
}

fn of_rust(name: &str) -> Result<Vec<u8>> {
    let module = built("pesto-guests").join("examples").join(name).with_extension("wasm");
    of_core(&std::fs::read(&module).with_context(|| module.display().to_string())?)
}

fn of_fields(name: &str) -> Result<Vec<u8>> {
    let fields = folder().join("wat/core").join(name).with_extension("wat");
    of_text(&std::fs::read_to_string(&fields).with_context(|| fields.display().to_string())?)
}

/// Where cargo leaves the modules of a package. Once a process it is asked to, which costs nothing where they are up to
/// date.
fn built(package: &'static str) -> PathBuf {
    static BUILT: Mutex<BTreeMap<&str, PathBuf>> = Mutex::new(BTreeMap::new());
    let mut built = BUILT.lock().unwrap_or_else(PoisonError::into_inner);
    let folder = built.entry(package).or_insert_with(|| {
        let workspace = files::root().join("plugins");
        let target = workspace.join("target");
        let way = Way::choose(std::env::var(FORCE).ok().as_deref()).unwrap_or_else(|error| panic!("{error}"));
        let mut cargo = way.build(&target);
        cargo.args(["--package", package, "--examples"]).current_dir(workspace);
        // The flags of the test's own cargo are for another target.
        cargo.env_remove("RUSTFLAGS").env_remove("CARGO_ENCODED_RUSTFLAGS").stdin(Stdio::null());
        let done = cargo.status().unwrap_or_else(|error| panic!("cargo cannot be started: {error}"));
        assert!(done.success(), "{package} did not compile: cargo said why above");
        way.target_folder(&target).join(TARGET).join("release")
    });
    folder.clone()
}

/// The component of a core module that says of itself which world it is of, as Rust guests do.
fn of_core(core: &[u8]) -> Result<Vec<u8>> {
    ComponentEncoder::default().validate(true).module(core)?.encode()
}

/// The component with `count` more instances of a core module that has a memory of one page. It must have one core
/// module so far, as the hand-written ones do.
pub fn with_instances(mut component: Vec<u8>, count: u32) -> Result<Vec<u8>> {
    let module = wat::parse_str("(module (memory 1))")?;
    let mut instances = leb128(count);
    // Instantiate the module with index 1 with no arguments.
    (0..count).for_each(|_| instances.extend([0, 1, 0]));
    append_section(&mut component, 1, &module);
    append_section(&mut component, 2, &instances);
    Ok(component)
}

/// A component with a function of more locals than the compiler can be trusted with.
pub fn knotty() -> Vec<u8> {
    let locals = "i32 ".repeat(5_001);
    wat::parse_str(format!("(component (core module (func (local {locals}))))")).expect("good text")
}

/// The component with a custom section of `size` bytes: valid, of another digest, and larger.
pub fn padded(mut component: Vec<u8>, size: usize) -> Vec<u8> {
    let name = b"\x03pad";
    append_section(&mut component, 0, &[name, vec![0; size].as_slice()].concat());
    component
}

fn append_section(component: &mut Vec<u8>, id: u8, content: &[u8]) {
    component.extend(section(id, content));
}

pub(crate) fn section(id: u8, content: &[u8]) -> Vec<u8> {
    [[id].as_slice(), &leb128(content.len() as u32), content].concat()
}

pub(crate) fn leb128(mut number: u32) -> Vec<u8> {
    let mut bytes = vec![];
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
    bytes
}
