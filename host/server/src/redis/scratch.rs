//! A database of Redis that tests may use as they like.

use std::sync::Arc;

use redis::FromRedisValue as _;

use super::address;
use super::connect::ConnectError;
use super::link::Link;
use super::primary::Primary;
use crate::config::{Redis, Secret};

/// A database that was empty when it was taken.
pub struct Scratch(Link);

impl Scratch {
    /// Takes a database, which must be empty: nobody's data is to be touched.
    pub async fn take(url: &Secret) -> Result<Self, ConnectError> {
        let redis = Redis::from(url.clone());
        let primary = Arc::new(Primary::find(address::read(&redis)?).await?);
        let link = Link::open(primary, &redis, None).await?;
        let keys = link.command(&redis::cmd("DBSIZE")).await?;
        match u64::from_redis_value(keys) {
            Ok(0) => Ok(Self(link)),
            Ok(keys) => Err(ConnectError::NotEmpty(keys)),
            Err(_) => Err(ConnectError::Redis("Redis does not tell how many keys it has".to_owned())),
        }
    }

    /// Throws away all that is in it.
    pub async fn empty(&self) -> Result<(), ConnectError> {
        self.0.command(&redis::cmd("FLUSHDB")).await?;
        Ok(())
    }
}
