//! The scripts, and how one is asked for. Each begins with what it uses of the common head: to define a function is work
//! for the server each time, and all of them together would be as much as a step's own.

use std::collections::HashSet;
use std::sync::LazyLock;

use redis::{Cmd, Script, ToRedisArgs};

const HEAD: &str = include_str!("lua/head.lua");

/// A script.
pub(super) struct Source {
    /// The step, for messages.
    pub(super) name: &'static str,
    /// Its failpoint.
    pub(super) point: &'static str,
    pub(super) code: LazyLock<String>,
    hash: LazyLock<String>,
}

macro_rules! scripts {
    ($($script:ident = $file:literal;)*) => {$(
        pub(super) static $script: Source = Source {
            name: $file,
            point: concat!("redis.", $file),
            code: LazyLock::new(|| with_head(include_str!(concat!("lua/", $file, ".lua")))),
            hash: LazyLock::new(|| Script::new(&$script.code).get_hash().to_owned()),
        };
    )*};
}

scripts! {
    ACCEPT = "accept";
    CLAIM = "claim";
    COMMIT = "commit";
    CLEAR = "clear";
    COMPLETED = "completed";
    COMPONENT_DROP = "component_drop";
    COMPONENT_KEEP = "component_keep";
    COMPONENT_OLD = "component_old";
    COMPONENT_SET = "component_set";
    COMPONENT_UNSET = "component_unset";
    CONVERSATIONS = "conversations";
    COUNTS = "counts";
    DEAD_TAKE = "dead_take";
    DOUBT = "doubt";
    DOUBT_SWEEP = "doubt_sweep";
    DROP = "drop";
    GLANCE = "glance";
    HELD = "held";
    HISTORY = "history";
    INTENT = "intent";
    LET_GO = "let_go";
    OUTBOX_CLAIM = "outbox_claim";
    OUTBOX_LATER = "outbox_later";
    OUTBOX_LOOK = "outbox_look";
    OUTBOX_LOST = "outbox_lost";
    OUTBOX_NEVER = "outbox_never";
    OUTBOX_RENEW = "outbox_renew";
    OUTBOX_SENT = "outbox_sent";
    OUTBOX_WAKE = "outbox_wake";
    PAGE = "page";
    PEEK = "peek";
    RENEW = "renew";
    RESULT = "result";
    SEATS = "seats";
    SUCCEED = "succeed";
    SWEEP = "sweep";
    TIMERS_DUE = "timers_due";
    TIMERS_FIRE = "timers_fire";
    UNDERWAY = "underway";
}

/// A script after the paragraphs of the head that define what it mentions, and what these mention. A paragraph uses only
/// what is above it.
fn with_head(own: &'static str) -> String {
    let (mut used, mut parts) = (words(own).collect::<HashSet<_>>(), vec![own]);
    for paragraph in paragraphs().rev() {
        if defined(paragraph).any(|name| used.contains(name)) {
            used.extend(words(paragraph));
            parts.push(paragraph);
        }
    }
    parts.reverse();
    parts.join("\n")
}

fn paragraphs() -> impl DoubleEndedIterator<Item = &'static str> {
    HEAD.split("\n\n").collect::<Vec<_>>().into_iter()
}

/// What a paragraph defines for those below.
fn defined(paragraph: &str) -> impl Iterator<Item = &str> {
    let definitions = paragraph.lines().filter_map(|line| line.strip_prefix("local "));
    definitions.flat_map(|line| words(line.split(['=', '(']).next().unwrap_or(line))).filter(|word| *word != "function")
}

/// The words of what is no comment.
fn words(code: &str) -> impl Iterator<Item = &str> {
    let lines = code.lines().filter(|line| !line.trim_start().starts_with("--"));
    let words = lines.flat_map(|line| line.split(|char: char| !char.is_ascii_alphanumeric() && char != '_'));
    words.filter(|word| !word.is_empty())
}

/// One step with its arguments. Sent again, it is the same operation, and so is done once.
pub(super) struct Step {
    pub(super) source: &'static Source,
    /// Where it works, if it does so on a shard.
    pub(super) shard: Option<u16>,
    pub(super) cmd: Cmd,
}

impl Step {
    /// A step on the keys with this prefix; what every script takes comes first.
    pub(super) fn new(source: &'static Source, shard: Option<u16>, prefix: &str, common: [&str; 4]) -> Self {
        let mut cmd = redis::cmd("EVALSHA");
        // While a cluster moves a slot, a script with a single key would be let at the new node, which has not all of it
        // yet. One with two that are not there is told to try again.
        cmd.arg(source.hash.as_str()).arg(2).arg(prefix).arg(format!("{prefix}moving")).arg(&common);
        Self { source, shard, cmd }
    }

    pub(super) fn arg(mut self, argument: impl ToRedisArgs) -> Self {
        self.push(argument);
        self
    }

    pub(super) fn push(&mut self, argument: impl ToRedisArgs) {
        self.cmd.arg(argument);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_begins_with_what_it_uses() {
        let own = "local place = arg()\n-- Here `bury` is not used.\nreturn done(place)\n";
        let code = with_head(own);
        for needed in
            ["local shard, operation = ", "local function arg()", "local function publish(", "local function done("]
        {
            assert_eq!(code.matches(needed).count(), 1, "{needed} in {code}");
        }
        for idle in ["local function bury(", "local function number()", "local function tick()"] {
            assert!(!code.contains(idle), "{idle} in {code}");
        }
        assert!(code.ends_with(own));
    }

    /// Otherwise it would be missing where nothing else needs it.
    #[test]
    fn a_paragraph_of_the_head_uses_only_what_is_above_it() {
        let all: HashSet<_> = paragraphs().flat_map(defined).collect();
        assert!(all.contains("keys_of") && all.contains("told") && !all.contains("function"), "{all:?}");
        let mut above = HashSet::new();
        for paragraph in paragraphs() {
            above.extend(defined(paragraph));
            for (at, _) in paragraph.match_indices('(') {
                let called = words(&paragraph[..at]).last().unwrap_or_default();
                assert!(!all.contains(called) || above.contains(called), "{called} is used in\n{paragraph}");
            }
        }
    }
}
