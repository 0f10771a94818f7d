//! Takes a store to this build's schema.
//!
//! Several hosts may do so at the same time, and hosts of the former schema may still be at work: a step can be done more than
//! once, loses nothing that they write, and leaves what they can read. Only then is the number raised, after which no such
//! host starts any more.

use redis::{Cmd, RedisResult};

use super::keys::Keys;
use super::link::Link;

/// What this build reads and writes.
pub(super) const VERSION: u32 = 2;

/// What makes each schema of the one before it, on one shard, by its version.
const UPGRADES: [(u32, &str); 1] = [(2, include_str!("lua/upgrade/2.lua"))];

/// Raises the number, unless somebody else did.
const RAISE: &str = "if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('SET', KEYS[1], ARGV[2]) end";

/// Takes the store from an older schema to this build's; `meta` is what said so.
pub(super) async fn upgrade(link: &Link, keys: &Keys, (found, meta): (u32, &str)) -> RedisResult<()> {
    for (_, step) in UPGRADES.iter().filter(|(version, _)| *version > found) {
        for shard in keys.all() {
            link.command(&script(step, &keys.of_shard(shard))).await?;
        }
    }
    let raised = format!("{VERSION} {}", keys.shards);
    link.command(script(RAISE, &keys.meta()).arg(meta).arg(raised)).await?;
    tracing::info!(from = found, to = VERSION, "the store in Redis was taken to a newer schema");
    Ok(())
}

fn script(code: &str, key: &str) -> Cmd {
    redis::cmd("EVAL").arg(code).arg(1).arg(key).to_owned()
}
