//! The environment variables, taken once, so that tests need not change the process's own.

use std::collections::BTreeMap;
use std::ffi::OsString;

/// Environment variables at one moment.
#[derive(Clone, Default)]
pub struct Environment(BTreeMap<OsString, OsString>);

impl Environment {
    /// Those of this process.
    pub fn of_process() -> Self {
        Self(std::env::vars_os().collect())
    }

    /// A variable, where it is set, not blank, and text. Blanks around it are dropped, for a key that was read from a
    /// file often ends with a line break.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let value = self.0.get(&OsString::from(name))?.to_str()?.trim();
        (!value.is_empty()).then_some(value)
    }

    /// All variables whose name is text and begins with `prefix`, in the order of their names. A value that is not
    /// text is none.
    pub(super) fn beginning<'a>(&'a self, prefix: &'a str) -> impl Iterator<Item = (&'a str, Option<&'a str>)> {
        let named = self.0.iter().filter_map(|(name, value)| Some((name.to_str()?, value.to_str())));
        named.filter(move |(name, _)| name.starts_with(prefix))
    }
}

impl<N: Into<OsString>, V: Into<OsString>> FromIterator<(N, V)> for Environment {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(pairs: I) -> Self {
        Self(pairs.into_iter().map(|(name, value)| (name.into(), value.into())).collect())
    }
}
