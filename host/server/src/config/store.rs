//! `[store]`: the data folder, or a Redis.

use toml::Spanned;

use super::check::Check;
use super::environment::Environment;
use super::error::ConfigError;
use super::{Secret, Storage, file};

const KEY: &str = "store.redis_url_env";

impl Check<'_> {
    pub(super) fn store(&self, table: &Spanned<file::Store>, env: &Environment) -> Result<Storage, ConfigError> {
        let Some(given) = &table.get_ref().redis_url_env else { return Ok(Storage::Embedded) };
        let name = self.variable(KEY, given)?;
        let wrong = |what: String, remedy: String| Err(self.error(Some(given.span()), KEY, &what, &remedy));
        let Some(url) = env.get(name) else {
            let remedy = format!("Set {name} to the URL of a Redis, or remove the key to use the data folder.");
            return wrong(format!("the environment variable {name} is not set"), remedy);
        };
        if url.starts_with("rediss://") {
            let remedy = "Reach it by a private network or a tunnel, and write redis://.";
            return wrong("Pesto does not encrypt its way to Redis yet".to_owned(), remedy.to_owned());
        }
        if !["redis://", "unix://", "redis+unix://"].iter().any(|scheme| url.starts_with(scheme)) {
            let remedy = format!("Set {name} to one such as redis://USER:PASSWORD@HOST:6379/0, or unix:///PATH.");
            return wrong(format!("the environment variable {name} holds no URL of a Redis"), remedy);
        }
        Ok(Storage::Redis(Secret::new(url.to_owned())))
    }
}
