//! Looks at a component's outside before anything of it is compiled.

use wasmparser::{ComponentExternalKind, Encoding, Parser, Payload};

use crate::fault::GuestFault;
use crate::text::line;

use super::bulk::Bulk;
use super::since_v0_1::{EXPORT, IMPORTS, migration};

/// The packages of WASI 0.2 that are there, most of them with nothing in them.
const WASI: [&str; 6] = ["wasi:cli", "wasi:clocks", "wasi:filesystem", "wasi:io", "wasi:random", "wasi:sockets"];

/// What a component logged, or wrote to standard output and error, before it failed: the last lines, a word of its panic
/// among them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Said(pub Vec<String>);

impl std::fmt::Display for Said {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.0.is_empty() { Ok(()) } else { write!(f, "; it said: {}", self.0.join(" | ")) }
    }
}

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
    #[error("it imports `{0}`, which this host does not have; a flow can import pesto:flow@0.1 and, of WASI 0.2, {WASI} \
             alone{1}", WASI = WASI.join(", "))]
    UnknownImport(String, &'static str),
    /// It cannot be compiled.
    #[error("it does not compile: {0}")]
    DoesNotCompile(String),
    /// It would take too long or too much memory to compile.
    #[error("it is too complex: {0}")]
    TooComplex(String),
    /// The host went down while it was compiled, more than once.
    #[error("the host ended {times} times in a row while it was compiled, so it is not tried again; {remedy}")]
    KilledTheHost {
        /// How often.
        times: u32,
        /// How to have it tried again.
        remedy: String,
    },
    /// Compiled, it is too large for this host.
    #[error(
        "its code and data take {} MiB in memory, and a component may take {} MiB; make it smaller, or raise \
         limits.code_mib", got.div_ceil(1 << 20), most >> 20
    )]
    TooMuchCode {
        /// In bytes.
        got: usize,
        /// In bytes.
        most: usize,
    },
    /// The code of the current flows leaves it no room.
    #[error(
        "its code takes {} MiB, and that of the other flows leaves {} MiB; remove a flow or raise limits.code_mib, then \
         touch its file", got.div_ceil(1 << 20), left >> 20
    )]
    NoRoom {
        /// In bytes.
        got: usize,
        /// In bytes.
        left: usize,
    },
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
    #[error("it did not describe itself within {0} s{1}")]
    DescribeDeadline(u64, Said),
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
            Self::UnknownImport(..) => "unknown-import",
            Self::DoesNotCompile(_) => "does-not-compile",
            Self::TooComplex(_) => "too-complex",
            Self::DoesNotFit(_) => "does-not-fit",
            Self::Limit(fault) => fault.name(),
            Self::TooMuchCode { .. } => "too-much-code",
            Self::NoRoom { .. } => "no-room",
            Self::KilledTheHost { .. } => "killed-the-host",
            Self::Describe(GuestFault::Trap(_) | GuestFault::LastWords(_)) => "describe-trapped",
            Self::Describe(fault) => fault.name(),
            Self::DescribeDeadline(..) => "describe-deadline",
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
    let mut bulk = Bulk::default();
    for payload in Parser::new(0).parse_all(bytes) {
        let payload = payload.map_err(not_wasm)?;
        bulk.count(&payload)?;
        match payload {
            Payload::Version { encoding: Encoding::Module, .. } if depth == 0 => return Err(LoadError::CoreModule),
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
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
    bulk.check()?;
    world(&exports)
}

pub(super) fn not_wasm(error: wasmparser::BinaryReaderError) -> LoadError {
    LoadError::NotWasm(line(error.message(), 200))
}

fn known_import(name: &str) -> Result<(), LoadError> {
    let package = name.split('/').next().unwrap_or(name);
    let wasi = WASI.contains(&package) && name.contains("@0.2.");
    if wasi || IMPORTS.iter().any(|known| name.starts_with(known)) {
        return Ok(());
    }
    let name = line(name, 200);
    if name.starts_with("pesto:flow/") {
        return Err(other_contract("imports", &name));
    }
    let cure = match package {
        "wasi:http" => {
            "; a flow has no network, so build it without (`jco componentize` has `--disable http fetch-event`)"
        }
        _ if name.contains("@0.3.") => "; build it for WASI 0.2",
        _ => "",
    };
    Err(LoadError::UnknownImport(name, cure))
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
