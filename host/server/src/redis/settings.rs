//! Whether Redis keeps what it is told: of each server that there is, and again of one that takes over.

use std::sync::Arc;

use redis::{FromRedisValue as _, Value};

use super::link::Link;

/// A setting, what it should be, and what happens otherwise.
type Advice = (&'static str, fn(&str) -> bool, &'static str, &'static str);

const ADVICE: [Advice; 3] = [
    ("appendonly", |value| value == "yes", "yes", "a crash of Redis loses all since its last snapshot"),
    (
        "appendfsync",
        |value| value == "always",
        "always",
        "a crash of its machine loses what came last, though it was acknowledged",
    ),
    (
        "maxmemory-policy",
        |value| value == "noeviction",
        "noeviction",
        "Redis may throw conversations away when its memory is full",
    ),
];

/// The same of a server that has sentinels.
const WITH_SENTINELS: Advice = (
    "min-replicas-to-write",
    |value| value != "0",
    "1",
    "a server that is cut off from its replicas goes on acknowledging what is lost when another one takes over",
);

/// What of the settings may lose what was acknowledged.
pub(super) async fn warnings(link: &Link) -> Vec<String> {
    let mut warnings = Vec::new();
    let sentinels = link.primary().can_move().then_some(WITH_SENTINELS);
    for (setting, is_good, wanted, otherwise) in ADVICE.into_iter().chain(sentinels) {
        let told = link.command_all(redis::cmd("CONFIG").arg("GET").arg(setting)).await.unwrap_or_default();
        let values: Vec<_> = told.iter().map(value_of).collect();
        // Hosted ones forbid the question.
        if values.is_empty() || values.contains(&None) {
            warnings.push(format!("Redis does not tell its `{setting}`; see that it is `{wanted}`, or {otherwise}."));
        }
        if let Some(found) = values.into_iter().flatten().find(|value| !is_good(value)) {
            warnings.push(format!("Redis has `{setting} {found}`: {otherwise}. Set `{setting} {wanted}`."));
        }
    }
    warnings
}

/// Warns of a server that took over and is set up otherwise, for ever.
pub(super) async fn watch(link: Arc<Link>) {
    let mut moves = link.primary().moves();
    let mut at = link.primary().found().at;
    while moves.changed().await.is_ok() {
        let found = link.primary().found().at;
        if found != at {
            warnings(&link).await.iter().for_each(|warning| tracing::warn!("{warning}"));
            at = found;
        }
    }
}

/// The value in an answer to `CONFIG GET`.
fn value_of(reply: &Value) -> Option<String> {
    match reply {
        Value::Array(pair) => pair.get(1).and_then(|value| String::from_redis_value_ref(value).ok()),
        Value::Map(pairs) => pairs.first().and_then(|(_, value)| String::from_redis_value_ref(value).ok()),
        _ => None,
    }
}
