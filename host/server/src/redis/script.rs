//! The scripts, and how one is asked for. Each is the common head and its own part.

use std::sync::LazyLock;

use redis::{Cmd, Script, ToRedisArgs};

/// A script.
pub(super) struct Source {
    /// The step, for messages.
    pub(super) name: &'static str,
    /// Its failpoint.
    pub(super) point: &'static str,
    pub(super) code: &'static str,
    hash: LazyLock<String>,
}

macro_rules! scripts {
    ($($script:ident = $file:literal;)*) => {$(
        pub(super) static $script: Source = Source {
            name: $file,
            point: concat!("redis.", $file),
            code: concat!(include_str!("lua/head.lua"), include_str!(concat!("lua/", $file, ".lua"))),
            hash: LazyLock::new(|| Script::new($script.code).get_hash().to_owned()),
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
