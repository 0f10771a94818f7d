//! A database of Redis that tests may use as they like.

use redis::{Client, FromRedisValue as _};

use super::connect::ConnectError;
use super::link::Link;
use crate::config::Secret;

/// A database that was empty when it was taken.
pub struct Scratch(Link);

impl Scratch {
    /// Takes a database, which must be empty: nobody's data is to be touched.
    pub async fn take(url: &Secret) -> Result<Self, ConnectError> {
        let client = Client::open(url.expose()).map_err(|_| ConnectError::Url)?;
        let link = Link::open(&client, None).await?;
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
