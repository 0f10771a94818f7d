//! What a component costs the compiler, counted while it is read and before anything of it is compiled. A few kilobytes
//! can hold what takes gigabytes: each bound stops one way to do that.

use wasmparser::{ComponentInstance, CompositeInnerType, FunctionBody, Operator, Payload, TypeRef};

use crate::fault::GuestFault;

use super::LoadError;
use super::component::not_wasm;

/// Parts that a component may unfold into: instances, aliases and functions, those of inner components counted for each
/// time that they may be instantiated. The compiler unfolds them all, and needs some hundred bytes for each; a flow has
/// some hundred parts, one made from JavaScript or Python some thousand.
const UNFOLDED: u64 = 100_000;

/// Inner modules and components in all. The validator keeps all types of what surrounds each of them, so its memory grows
/// with their number squared, however they are nested. A component made from Python has some forty.
const INNER: u32 = 500;

/// Core functions in all, imported ones included. Each one costs the compiler some five kilobytes, though it be empty.
const FUNCTIONS: u64 = 100_000;

/// The longest function, in bytes of code, and the most locals that it may have. The largest functions of language
/// runtimes are some hundred kilobytes long.
const FUNCTION: usize = 512 << 10;
const LOCALS: u64 = 5_000;

/// Blocks, loops and branches inside each other.
const NESTING: u64 = 10_000;

/// Loops inside each other, times variables: each loop may need each variable of the function as a parameter.
const LOOPS: u64 = 1_000_000;

/// Blocks, times variables: the compiler notes for each block which value a variable has there.
const BLOCKS: u64 = 50_000_000;

/// What was counted so far.
#[derive(Default)]
pub(super) struct Bulk {
    unfolded: Unfolded,
    inner: u32,
    functions: u64,
    /// The most parameters of a type, for each body that is not at its end.
    parameters: Vec<u64>,
}

impl Bulk {
    /// Counts a part of the component. An error as soon as something is too much.
    pub(super) fn count(&mut self, payload: &Payload<'_>) -> Result<(), LoadError> {
        self.unfolded.count(payload)?;
        match payload {
            Payload::Version { .. } => self.parameters.push(0),
            Payload::End(_) => drop(self.parameters.pop()),
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => {
                self.inner += 1;
                if self.inner > INNER {
                    return Err(too_complex(format!("it has more than {INNER} inner modules and components")));
                }
            }
            Payload::TypeSection(section) => {
                for group in section.clone() {
                    for ty in group.map_err(not_wasm)?.into_types() {
                        if let (CompositeInnerType::Func(ty), Some(most)) =
                            (&ty.composite_type.inner, self.parameters.last_mut())
                        {
                            *most = (*most).max(ty.params().len() as u64);
                        }
                    }
                }
            }
            Payload::ImportSection(section) => {
                for import in section.clone().into_imports() {
                    if let TypeRef::Func(_) | TypeRef::FuncExact(_) = import.map_err(not_wasm)?.ty {
                        self.functions(1)?;
                    }
                }
            }
            Payload::FunctionSection(section) => self.functions(section.count())?,
            Payload::CodeSectionEntry(body) => function(body, self.parameters.last().copied().unwrap_or_default())?,
            _ => {}
        }
        Ok(())
    }

    /// What is known only at the component's end.
    pub(super) fn check(&self) -> Result<(), LoadError> {
        self.unfolded.check()
    }

    fn functions(&mut self, count: u32) -> Result<(), LoadError> {
        self.functions += u64::from(count);
        if self.functions <= FUNCTIONS {
            return Ok(());
        }
        Err(too_complex(format!("it has more than {FUNCTIONS} functions")))
    }
}

fn too_complex(text: String) -> LoadError {
    LoadError::TooComplex(text)
}

/// The compiler's work grows faster than a function: with its blocks times its variables, which are its locals and no more
/// than `parameters`.
fn function(body: &FunctionBody<'_>, parameters: u64) -> Result<(), LoadError> {
    let bytes = body.range().len();
    let locals = body.get_locals_reader().map_err(not_wasm)?;
    let count =
        |sum: u64, local: wasmparser::Result<(u32, _)>| local.map(|(count, _)| sum.saturating_add(count.into()));
    let locals = locals.into_iter().try_fold(0, count).map_err(not_wasm)?;
    if bytes > FUNCTION || locals > LOCALS {
        return Err(too_complex(format!(
            "a function has {bytes} bytes of code and {locals} locals, and {FUNCTION} and {LOCALS} are allowed"
        )));
    }
    let variables = (locals + parameters).max(1);
    // A block takes two bytes at least. Most functions need not be looked at.
    if (bytes as u64 / 2).saturating_mul(variables) <= LOOPS && bytes as u64 / 2 <= NESTING {
        return Ok(());
    }
    let (mut loops, mut blocks, mut frames) = (0_u64, 0_u64, Vec::new());
    let mut operators = body.get_operators_reader().map_err(not_wasm)?;
    while !operators.eof() {
        match operators.read().map_err(not_wasm)? {
            Operator::Loop { .. } => {
                frames.push(1);
                loops += 1;
                blocks += 1;
                if loops.saturating_mul(variables) > LOOPS {
                    return Err(too_complex(format!(
                        "a function has {loops} loops inside each other and {variables} variables, and the product \
                         may be {LOOPS}"
                    )));
                }
            }
            Operator::Block { .. } | Operator::If { .. } | Operator::TryTable { .. } => {
                frames.push(0);
                blocks += 1;
            }
            Operator::End => loops -= frames.pop().unwrap_or_default(),
            Operator::Else | Operator::Br { .. } | Operator::BrIf { .. } | Operator::BrTable { .. } => blocks += 1,
            _ => {}
        }
        if frames.len() as u64 > NESTING {
            return Err(too_complex(format!("a function has more than {NESTING} blocks inside each other")));
        }
    }
    if blocks.saturating_mul(variables) > BLOCKS {
        return Err(too_complex(format!(
            "a function has {blocks} blocks and {variables} variables, and the product may be {BLOCKS}"
        )));
    }
    Ok(())
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
    fn count(&mut self, payload: &Payload<'_>) -> Result<(), LoadError> {
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
