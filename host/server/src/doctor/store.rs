//! What is checked of the Redis, where one keeps the store: whether it lets us in, and whether it keeps what it is told.

use std::sync::Arc;

use pesto_engine::clock::SystemClock;

use super::Finding;
use crate::config::{Config, Storage};
use crate::redis::{Options, RedisStore};

const SUBJECT: &str = "Redis";

/// Looks at the store in Redis. It is not made where it was lost: the hosts that run would take the new one for theirs, and
/// end all flows.
pub async fn store(config: &Config) -> Vec<Finding> {
    let Storage::Redis(redis) = &config.store else { return Vec::new() };
    let options = Options { make: false, ..Options::new(redis.clone()) };
    match RedisStore::connect(options, Arc::new(SystemClock)).await {
        Ok((_, warnings)) if warnings.is_empty() => {
            vec![Finding::ok(SUBJECT, "is reached, and keeps what it acknowledges")]
        }
        Ok((_, warnings)) => warnings.into_iter().map(|warning| Finding::warn(SUBJECT, warning, "")).collect(),
        Err(error) => {
            let remedy = "Correct the variable that store.redis_url_env names, or the Redis.";
            vec![Finding::fail(SUBJECT, error.to_string(), remedy)]
        }
    }
}
