//! Looks at a component's outside before anything of it is compiled.

use wasmparser::{ComponentExternalKind, ComponentInstance, Encoding, FunctionBody, Parser, Payload};

use crate::fault::GuestFault;
use crate::text::line;

use super::since_v0_1::{EXPORT, IMPORTS, migration};

/// How many parts a component may unfold into: instances, aliases and functions, those of the components inside of it
/// counted for each time that they may be instantiated. The compiler unfolds them all, and needs some hundred bytes
/// for each; a flow has some hundred parts, one made from JavaScript or Python some thousand.
const UNFOLDED: u64 = 100_000;

/// The longest function, in bytes of code, and the most locals that it may have. The largest functions of language
/// runtimes are some hundred kilobytes long.
const FUNCTION: usize = 512 << 10;
const LOCALS: u64 = 5_000;

/// Why a component is refused, in words for its author.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LoadError {
    /// Too large.
    #[error(
        "it has {got} bytes or more, and {most} are allowed; build it with --release, or raise limits.component_mib"
    )]
    TooLarge {
        /// In bytes.
        got: usize,
        /// In bytes.
        most: usize,
    },
    /// Not WebAssembly, or only a part of a file.
    #[error("it is not WebAssembly, or not all of it: {0}")]
    NotWasm(String),
    /// A module, not a component.
    #[error("it is a core module, not a component; `pesto build` makes a component of it")]
    CoreModule,
    /// Another version of the contract, or none.
    #[error("{0}")]
    WrongWorld(String),
    /// An import that this host does not have.
    #[error("it imports `{0}`, which this host does not have; a flow can import pesto:flow@0.1 and WASI 0.2 alone")]
    UnknownImport(String),
    /// It cannot be compiled.
    #[error("it does not compile: {0}")]
    DoesNotCompile(String),
    /// It would take too long to compile.
    #[error("it is too complex: {0}")]
    TooComplex(String),
    /// Its imports or exports have other types than the contract's.
    #[error("it does not fit the contract: {0}")]
    DoesNotFit(String),
    /// It has more than a turn may have, however it behaves.
    #[error("it {0}")]
    Limit(GuestFault),
    /// Its description failed.
    #[error("describing itself, it {0}")]
    Describe(GuestFault),
    /// Its description did not end.
    #[error("it did not describe itself within {0} s")]
    DescribeDeadline(u64),
    /// Its description breaks the contract.
    #[error("its description breaks the contract: {0}")]
    Description(String),
    /// The host is at fault: trying again may help.
    #[error("the host could not load it: {0}")]
    Host(String),
}

impl LoadError {
    /// The same, with what the component said last, if its description trapped.
    pub(super) fn with_last_words(self, last: Option<&str>) -> Self {
        match self {
            Self::Describe(fault) => Self::Describe(fault.with_last_words(last)),
            other => other,
        }
    }

    /// The error's name: stable, for logs and tests.
    pub fn name(&self) -> &'static str {
        match self {
            Self::TooLarge { .. } => "too-large",
            Self::NotWasm(_) => "not-wasm",
            Self::CoreModule => "not-a-component",
            Self::WrongWorld(_) => "wrong-world",
            Self::UnknownImport(_) => "unknown-import",
            Self::DoesNotCompile(_) => "does-not-compile",
            Self::TooComplex(_) => "too-complex",
            Self::DoesNotFit(_) => "does-not-fit",
            Self::Limit(fault) => fault.name(),
            Self::Describe(GuestFault::Trap(_) | GuestFault::LastWords(_)) => "describe-trapped",
            Self::Describe(fault) => fault.name(),
            Self::DescribeDeadline(_) => "describe-deadline",
            Self::Description(_) => "bad-description",
            Self::Host(_) => "host-failed",
        }
    }
}

/// Checks size, kind, parts, world version and the names of imports. What it lets pass may still not compile. Answers
/// whether it takes conversations over.
pub(super) fn inspect(bytes: &[u8], most: usize) -> Result<bool, LoadError> {
    let got = bytes.len();
    if got > most {
        return Err(LoadError::TooLarge { got, most });
    }
    if !bytes.starts_with(b"\0asm") {
        return Err(LoadError::NotWasm("it does not begin as WebAssembly does".to_owned()));
    }
    let mut depth = 0_u32;
    let mut exports = Vec::new();
    let mut ended = false;
    let mut unfolded = Unfolded::default();
    for payload in Parser::new(0).parse_all(bytes) {
        let payload = payload.map_err(not_wasm)?;
        unfolded.count(&payload)?;
        match payload {
            Payload::Version { encoding: Encoding::Module, .. } if depth == 0 => return Err(LoadError::CoreModule),
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
            Payload::CodeSectionEntry(body) => function(&body)?,
            Payload::End(_) if depth == 0 => ended = true,
            Payload::End(_) => depth -= 1,
            Payload::ComponentImportSection(section) if depth == 0 => {
                for import in section {
                    known_import(import.map_err(not_wasm)?.name.name)?;
                }
            }
            Payload::ComponentExportSection(section) if depth == 0 => {
                for export in section {
                    let export = export.map_err(not_wasm)?;
                    if export.kind == ComponentExternalKind::Instance {
                        exports.push(export.name.name.to_owned());
                    }
                }
            }
            _ => {}
        }
    }
    if !ended {
        return Err(LoadError::NotWasm("it ends too early".to_owned()));
    }
    unfolded.check()?;
    world(&exports)
}

/// The compiler's work grows faster than a function: with its code times its locals.
fn function(body: &FunctionBody<'_>) -> Result<(), LoadError> {
    let bytes = body.range().len();
    let locals = body.get_locals_reader().map_err(not_wasm)?;
    let count =
        |sum: u64, local: wasmparser::Result<(u32, _)>| local.map(|(count, _)| sum.saturating_add(count.into()));
    let locals = locals.into_iter().try_fold(0, count).map_err(not_wasm)?;
    if bytes <= FUNCTION && locals <= LOCALS {
        return Ok(());
    }
    Err(LoadError::TooComplex(format!(
        "a function has {bytes} bytes of code and {locals} locals, and {FUNCTION} and {LOCALS} are allowed"
    )))
}

/// An upper bound of what a component unfolds into. A component cannot hold itself, so each instance is reached by a
/// chain of different components, and there are at most as many chains as the product of what each one instantiates.
#[derive(Default)]
struct Unfolded {
    parts: u64,
    chains: u64,
    /// Instantiations of components, for each body that is not at its end.
    bodies: Vec<u64>,
}

impl Unfolded {
    fn count(&mut self, payload: &Payload) -> Result<(), LoadError> {
        let parts = match payload {
            Payload::Version { .. } => {
                self.chains = self.chains.max(1);
                self.bodies.push(0);
                0
            }
            Payload::End(_) => {
                let instantiated = self.bodies.pop().unwrap_or_default();
                self.chains = self.chains.saturating_mul(instantiated.max(1));
                0
            }
            Payload::ComponentInstanceSection(section) => {
                for instance in section.clone() {
                    let instance = instance.map_err(not_wasm)?;
                    if let (ComponentInstance::Instantiate { .. }, Some(body)) = (instance, self.bodies.last_mut()) {
                        *body += 1;
                    }
                }
                section.count()
            }
            Payload::InstanceSection(section) => section.count(),
            Payload::ComponentAliasSection(section) => section.count(),
            Payload::ComponentCanonicalSection(section) => section.count(),
            Payload::ComponentImportSection(section) => section.count(),
            Payload::ComponentExportSection(section) => section.count(),
            _ => 0,
        };
        self.parts += u64::from(parts);
        Ok(())
    }

    fn check(&self) -> Result<(), LoadError> {
        let got = self.parts.saturating_mul(self.chains);
        if got <= UNFOLDED {
            return Ok(());
        }
        let text = format!("it may unfold into {got} parts, and {UNFOLDED} are allowed");
        Err(LoadError::Limit(GuestFault::InstanceLimit(text)))
    }
}

fn not_wasm(error: wasmparser::BinaryReaderError) -> LoadError {
    LoadError::NotWasm(line(error.message(), 200))
}

fn known_import(name: &str) -> Result<(), LoadError> {
    let wasi = name.starts_with("wasi:") && name.contains("@0.2.");
    if wasi || IMPORTS.iter().any(|known| name.starts_with(known)) {
        return Ok(());
    }
    let name = line(name, 200);
    if name.starts_with("pesto:flow/") {
        return Err(other_contract("imports", &name));
    }
    Err(LoadError::UnknownImport(name))
}

fn world(exports: &[String]) -> Result<bool, LoadError> {
    if !exported(exports, EXPORT)? {
        return Err(LoadError::WrongWorld(format!("it is no flow: it does not export `{EXPORT}.0`")));
    }
    exported(exports, migration::EXPORT)
}

/// Whether this interface is exported. Another version of it is an error.
fn exported(exports: &[String], interface: &str) -> Result<bool, LoadError> {
    if exports.iter().any(|name| name.strip_prefix(interface).is_some_and(|rest| rest.starts_with('.'))) {
        return Ok(true);
    }
    let name = interface.split('@').next().unwrap_or(interface);
    match exports.iter().find(|export| export.split('@').next() == Some(name)) {
        Some(other) => Err(other_contract("exports", &line(other, 200))),
        None => Ok(false),
    }
}

/// Which version of the contract a component needs, which ones there are, and the two ways out.
fn other_contract(does: &str, name: &str) -> LoadError {
    let known = EXPORT.rsplit_once('@').map_or(EXPORT, |(_, version)| version);
    let needed = name.rsplit_once('@').map_or("without a version", |(_, version)| version);
    LoadError::WrongWorld(format!(
        "it needs the contract {needed}, for it {does} `{name}`, and this host knows {known} only; update pesto, or build \
         the flow with an SDK for {known}"
    ))
}
