//! Which shard holds what, and the names of its keys.

use std::ops::Range;

use pesto_engine::model::{Millis, Place};
use ring::digest::{SHA256, digest};

/// The latest time that an index keeps exactly; what is later never comes.
pub(super) const LATEST: Millis = (1 << 53) - 1;

/// Positions end in the number of their shard, with three digits.
pub(super) const MOST_SHARDS: u16 = 1_000;

/// The store's keys.
pub(super) struct Keys {
    /// Begins every key.
    pub(super) prefix: String,
    /// How many shards there are: fixed when the store is made.
    pub(super) shards: u16,
}

impl Keys {
    /// Where a place and all that belongs to it lies.
    pub(super) fn shard(&self, place: &Place) -> u16 {
        let hash = digest(&SHA256, place.as_str().as_bytes());
        let head = hash.as_ref().iter().take(8).fold(0_u64, |head, byte| head << 8 | u64::from(*byte));
        // The remainder of a number that fits.
        (head % u64::from(self.shards)) as u16
    }

    pub(super) fn all(&self) -> Range<u16> {
        0..self.shards
    }

    /// The beginning of a shard's keys; what is in braces decides their slot in a cluster.
    pub(super) fn of_shard(&self, shard: u16) -> String {
        format!("{}:{{s{shard}}}:", self.prefix)
    }

    /// The beginning of the components' keys.
    pub(super) fn of_components(&self) -> String {
        format!("{}:{{components}}:", self.prefix)
    }

    /// The beginning of the keys of what concerns hosts, and no place.
    pub(super) fn of_hosts(&self) -> String {
        format!("{}:{{hosts}}:", self.prefix)
    }

    /// The key that says what this store is.
    pub(super) fn meta(&self) -> String {
        format!("{}:{{meta}}", self.prefix)
    }

    /// The channel of wakes.
    pub(super) fn channel(&self) -> String {
        format!("{}:wakes", self.prefix)
    }

    /// The shard in a position.
    pub(super) fn shard_of_position(&self, position: u64) -> Option<u16> {
        let shard = u16::try_from(position % u64::from(MOST_SHARDS)).ok()?;
        (shard < self.shards).then_some(shard)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_place_stays_in_its_shard() {
        let keys = Keys { prefix: "pesto".to_owned(), shards: 16 };
        let shards: Vec<_> =
            ["T1/ann", "T1/bob", "T1/C1/1.0"].map(|key| keys.shard(&Place::try_from(key.to_owned()).unwrap())).into();
        assert_eq!(shards, [11, 13, 4], "what is stored is found by this");
        assert_eq!(keys.of_shard(7), "pesto:{s7}:");
    }
}
