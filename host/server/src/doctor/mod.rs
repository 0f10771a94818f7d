//! What `pesto doctor` finds: each check ends in one finding. The facts are gathered elsewhere (`local` for this
//! machine, `slack::checkup` for Slack), and judged without input and output.

mod local;
mod show;
mod store;

pub use self::local::local;
pub use self::show::show;
pub use self::store::store;

/// How a check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// As it should be.
    Ok,
    /// It works, and perhaps not as it is meant.
    Warn,
    /// It does not work.
    Fail,
}

/// What a check found. Holds no secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// How it ended.
    pub level: Level,
    /// What was looked at, in a word or two; at most 13 characters.
    pub subject: &'static str,
    /// What was found, without a full stop.
    pub what: String,
    /// What to do about it, in sentences; empty where there is nothing to do.
    pub remedy: String,
}

impl Finding {
    /// As it should be.
    pub fn ok(subject: &'static str, what: impl Into<String>) -> Self {
        Self { level: Level::Ok, subject, what: what.into(), remedy: String::new() }
    }

    /// Works, but.
    pub fn warn(subject: &'static str, what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { level: Level::Warn, subject, what: what.into(), remedy: remedy.into() }
    }

    /// Does not work.
    pub fn fail(subject: &'static str, what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { level: Level::Fail, subject, what: what.into(), remedy: remedy.into() }
    }
}
