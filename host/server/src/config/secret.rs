//! A value that must not be shown.

use std::fmt;

/// A secret: it cannot be printed by accident, only asked for on purpose.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Hides a value.
    pub fn new(value: String) -> Self {
        Self(value)
    }

    /// The value itself, for the request that needs it and nothing else.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(hidden)")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(hidden)")
    }
}

#[cfg(test)]
mod tests {
    use super::Secret;

    #[test]
    fn shows_nothing() {
        let secret = Secret::new("sk-very-secret".into());
        assert_eq!(format!("{secret} {secret:?}"), "(hidden) Secret(hidden)");
        assert_eq!(secret.expose(), "sk-very-secret");
    }
}
