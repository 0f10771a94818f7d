//! The file and the environment's overrides, laid over each other before anything is checked.
//!
//! Overrides are put into the file's parsed tree with positions past the end of its text. So one pass reads both, and
//! a position tells of every value whether it came from a line or from a variable.

use std::ops::Range;

use serde::Deserialize;
use toml::Spanned;
use toml::de::{DeTable, DeValue, Deserializer};

use super::environment::Environment;
use super::error::{ConfigError, Origin, nearest};
use super::file::File;

/// What a variable that overrides a key begins with.
const PREFIX: &str = "PESTO_";

/// Variables that begin like an override and are none.
const RESERVED: &[&str] = &["PESTO_CONFIG", "PESTO_FAILPOINT", "PESTO_SOCKET", "PESTO_WASM_WAY"];

/// A text with positions, and what is needed to name them.
pub(super) struct Layers<'a> {
    /// The file as the operator named it.
    name: &'a str,
    text: &'a str,
    /// Variable, path of the key, value.
    overrides: Vec<(&'a str, Vec<String>, &'a str)>,
}

impl<'a> Layers<'a> {
    /// Takes the file's text and the overrides of the environment.
    pub(super) fn new(name: &'a str, text: &'a str, environment: &'a Environment) -> Result<Self, ConfigError> {
        let mut overrides = Vec::new();
        for (variable, value) in environment.beginning(PREFIX).filter(|(name, _)| !RESERVED.contains(name)) {
            let path = path_of(variable);
            let Some(value) = value else {
                return Err(ConfigError {
                    origin: Origin::Variable(variable.to_owned()),
                    key: path.join("."),
                    what: "the value is not UTF-8".to_owned(),
                    remedy: "Set the variable to text, or unset it.".to_owned(),
                });
            };
            overrides.push((variable, path, value));
        }
        Ok(Self { name, text, overrides })
    }

    /// Reads all layers as one.
    pub(super) fn read(&self) -> Result<File, ConfigError> {
        let mut tree = DeTable::parse(self.text).map_err(|error| self.broken(&error, None))?;
        for (index, (_, path, value)) in self.overrides.iter().enumerate() {
            let at = self.text.len() + 1 + index;
            put(tree.get_mut(), path, &(at..at + 1), guess(value));
        }
        File::deserialize(Deserializer::from(tree.clone())).map_err(|error| self.broken(&error, Some(tree.get_ref())))
    }

    /// Where the value at this position was given.
    pub(super) fn origin(&self, at: &Range<usize>) -> Origin {
        match at.start.checked_sub(self.text.len() + 1).and_then(|index| self.overrides.get(index)) {
            Some((variable, ..)) => Origin::Variable((*variable).to_owned()),
            None => {
                let before = self.text.as_bytes().iter().take(at.start);
                Origin::File(self.name.to_owned(), Some(1 + before.filter(|byte| **byte == b'\n').count()))
            }
        }
    }

    /// The whole file.
    pub(super) fn whole(&self) -> Origin {
        Origin::File(self.name.to_owned(), None)
    }

    /// Says what a parser's error means to the person who wrote the file. The parser's words for wrong types hold
    /// the value, and are not used.
    fn broken(&self, error: &toml::de::Error, tree: Option<&DeTable<'_>>) -> ConfigError {
        let at = error.span().unwrap_or(0..0);
        let origin = self.origin(&at);
        let key = match tree {
            Some(tree) => path_at(tree, at.start).unwrap_or_default().join("."),
            None => key_of_line(self.text, at.start),
        };
        let message = error.message();
        let (what, remedy) = if message.starts_with("unknown field") {
            let mut names = message.split('`').skip(1).step_by(2);
            let wrong = names.next().unwrap_or_default();
            ("unknown key".to_owned(), self.unknown(wrong, &names.collect::<Vec<_>>(), &origin))
        } else if let Some((_, wanted)) = message.rsplit_once(", expected ").filter(|_| tree.is_some()) {
            let wanted = in_words(wanted);
            let found = tree.and_then(|tree| value_at(tree, at.start)).map_or("something else", kind);
            let remedy = match &origin {
                Origin::File(..) => format!("Write {wanted} there{}.", example(wanted)),
                Origin::Variable(_) => format!("Set the variable to {wanted}{}, or unset it.", example(wanted)),
            };
            // Of what is one already, only the size can be wrong.
            match wanted == "a whole number" && found == wanted {
                true => ("the number is too large".to_owned(), "Use a smaller one.".to_owned()),
                false => (format!("expected {wanted}, found {found}"), remedy),
            }
        } else {
            let what = message.lines().next().unwrap_or_default().trim_end_matches('.');
            (what.to_owned(), "Correct the TOML of this line: `key = \"text\"`, `key = 5` or `[table]`.".to_owned())
        };
        ConfigError { origin, key, what, remedy }
    }

    fn unknown(&self, wrong: &str, known: &[&str], origin: &Origin) -> String {
        let meant = nearest(wrong, known).map(|name| match origin {
            Origin::File(..) => format!("Did you mean `{name}`? "),
            Origin::Variable(variable) => {
                let (wrong, name) = (wrong.to_uppercase(), name.to_uppercase());
                let (before, after) = variable.rsplit_once(&wrong).unwrap_or((PREFIX, ""));
                format!("Did you mean `{before}{name}{after}`? ")
            }
        });
        let list = known.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
        let remedy = match origin {
            Origin::File(..) => "Correct or remove it",
            Origin::Variable(_) => "Correct or unset the variable",
        };
        format!("{}{remedy}; known here: {list}.", meant.unwrap_or_default())
    }
}

/// The key that a variable overrides. A flow's name has hyphens where a variable's name can only have underscores.
fn path_of(variable: &str) -> Vec<String> {
    let mut path: Vec<String> =
        variable.trim_start_matches(PREFIX).split("__").map(|part| part.to_ascii_lowercase()).collect();
    if let [table, flow, ..] = path.as_mut_slice()
        && table == "flow"
    {
        *flow = flow.replace('_', "-");
    }
    path
}

/// A number, a truth value, a list or a quoted text where the variable holds one, and else the plain text.
fn guess(value: &str) -> DeValue<'_> {
    match DeValue::parse(value).map(Spanned::into_inner) {
        Ok(DeValue::Table(_) | DeValue::Datetime(_)) | Err(_) => DeValue::String(value.into()),
        Ok(parsed) => parsed,
    }
}

/// Puts a value into the tree. Where the file has a plain value in the way, the file is wrong and will be refused.
fn put<'i>(table: &mut DeTable<'i>, path: &[String], at: &Range<usize>, mut value: DeValue<'i>) {
    let Some((first, rest)) = path.split_first() else { return };
    let key = Spanned::new(at.clone(), std::borrow::Cow::Owned(first.clone()));
    if rest.is_empty() {
        if let DeValue::Array(entries) = &mut value {
            for entry in entries.iter_mut() {
                *entry = Spanned::new(at.clone(), entry.get_ref().clone());
            }
        }
        // The key is replaced too, for its position must be the variable's.
        table.remove(first.as_str());
        table.insert(key, Spanned::new(at.clone(), value));
        return;
    }
    let inner = table.entry(key).or_insert_with(|| Spanned::new(at.clone(), DeValue::Table(DeTable::new())));
    if let DeValue::Table(inner) = inner.get_mut() {
        put(inner, rest, at, value);
    }
}

/// The path of the key at a position, or of the key whose value is there.
fn path_at(table: &DeTable<'_>, at: usize) -> Option<Vec<String>> {
    table.iter().find_map(|(key, value)| {
        let name = key.get_ref().to_string();
        let below = match value.get_ref() {
            DeValue::Table(inner) => path_at(inner, at),
            _ => None,
        };
        match below {
            Some(path) => Some([vec![name], path].concat()),
            None => (key.span().contains(&at) || value.span().contains(&at)).then(|| vec![name]),
        }
    })
}

/// The innermost value at a position.
fn value_at<'t, 'i>(table: &'t DeTable<'i>, at: usize) -> Option<&'t DeValue<'i>> {
    fn inside<'t, 'i>(value: &'t Spanned<DeValue<'i>>, at: usize) -> Option<&'t DeValue<'i>> {
        let below = match value.get_ref() {
            DeValue::Table(inner) => value_at(inner, at),
            DeValue::Array(entries) => entries.iter().find_map(|entry| inside(entry, at)),
            _ => None,
        };
        below.or_else(|| value.span().contains(&at).then(|| value.get_ref()))
    }
    table.iter().find_map(|(_, value)| inside(value, at))
}

/// The path of the key that a line gives, where the text cannot be parsed: what stands before its `=`, below the last
/// `[table]` above it.
fn key_of_line(text: &str, at: usize) -> String {
    let until = text.bytes().enumerate().skip(at).find(|(_, byte)| *byte == b'\n').map_or(text.len(), |(end, _)| end);
    let mut table = None;
    let mut key = None;
    for line in text.get(..until).unwrap_or_default().lines().map(str::trim) {
        key = line.split_once('=').map(|(key, _)| key.trim());
        if let Some((name, _)) = line.strip_prefix('[').and_then(|line| line.split_once(']')) {
            table = Some(name.trim());
        }
    }
    let plain = |name: &&str| name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte));
    [table, key].into_iter().flatten().filter(plain).collect::<Vec<_>>().join(".")
}

fn kind(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "text",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a number with a fraction",
        DeValue::Boolean(_) => "a truth value",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}

fn in_words(wanted: &str) -> &str {
    match wanted {
        "i64" => "a whole number",
        "a string" | "string" => "text",
        "a sequence" => "a list",
        other if other.starts_with("struct") || other == "a map" => "a table",
        other => other,
    }
}

fn example(wanted: &str) -> &'static str {
    match wanted {
        "a whole number" => ", without quotes",
        "text" => ", in quotes",
        "a list" => ", such as [\"one\", \"two\"]",
        "a table" => ", as [name] with its keys below",
        _ => "",
    }
}
