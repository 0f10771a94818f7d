//! `[store]`: the data folder, or a Redis.

use std::path::Path;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use toml::Spanned;

use super::check::Check;
use super::environment::Environment;
use super::error::ConfigError;
use super::file::{self, Given};
use super::{Identity, Redis, Secret, Storage};

const KEY: &str = "store.redis_url_env";
const SCHEMES: [&str; 6] =
    ["redis://", "rediss://", "redis+sentinel://", "rediss+sentinel://", "unix://", "redis+unix://"];

impl Check<'_> {
    pub(super) fn store(
        &self,
        table: &Spanned<file::Store>,
        folder: &Path,
        env: &Environment,
    ) -> Result<Storage, ConfigError> {
        let store = table.get_ref();
        let files = [&store.redis_ca_file, &store.redis_cert_file, &store.redis_key_file];
        let Some(given) = &store.redis_url_env else {
            return match files.into_iter().flatten().next() {
                None => Ok(Storage::Embedded),
                Some(file) => Err(self.lacking(
                    "store",
                    file.span(),
                    KEY,
                    "not given, though a file for Redis is",
                    "Name the variable that holds its URL, or remove the file.",
                )),
            };
        };
        let name = self.variable(KEY, given)?;
        let wrong = |what: String, remedy: String| Err(self.error(Some(given.span()), KEY, &what, &remedy));
        let Some(url) = env.get(name) else {
            let remedy = format!("Set {name} to the URL of a Redis, or remove the key to use the data folder.");
            return wrong(format!("the environment variable {name} is not set"), remedy);
        };
        if !SCHEMES.iter().any(|scheme| url.starts_with(scheme)) {
            let remedy = format!(
                "Set {name} to one such as redis://USER:PASSWORD@HOST:6379/0, redis+sentinel://HOST:26379/MASTER, or \
                 unix:///PATH."
            );
            return wrong(format!("the environment variable {name} holds no URL of a Redis"), remedy);
        }
        if let Some(file) = files.into_iter().flatten().next().filter(|_| !url.starts_with("rediss")) {
            let what = format!("a file for TLS, but the URL in {name} asks for none");
            let remedy = "Begin the URL with rediss://, or with rediss+sentinel://.";
            return Err(self.error(Some(file.span()), "store", &what, remedy));
        }
        let [authority, certificate] = [("redis_ca_file", files[0]), ("redis_cert_file", files[1])]
            .map(|(key, file)| self.pem(key, file, folder, "certificate", certificates));
        let key = self.pem("redis_key_file", files[2], folder, "key", |pem| PrivateKeyDer::from_pem_slice(pem).is_ok());
        let identity = match (certificate?, key?) {
            (Some(certificate), Some(key)) => {
                // A key that was read as PEM is text.
                let key = Secret::new(String::from_utf8_lossy(&key).into_owned());
                Some(Identity { certificate, key })
            }
            (None, None) => None,
            _ => {
                let what = "only one of redis_cert_file and redis_key_file is given";
                return Err(self.error(Some(table.span()), "store", what, "Give both, or none."));
            }
        };
        Ok(Storage::Redis(Redis { url: Secret::new(url.to_owned()), authority: authority?, identity }))
    }

    /// A file of certificates or of a key. What is wrong with it is said now, and not at the first connection.
    fn pem(
        &self,
        key: &str,
        given: &Given<String>,
        folder: &Path,
        what: &str,
        is_good: impl FnOnce(&[u8]) -> bool,
    ) -> Result<Option<Vec<u8>>, ConfigError> {
        let Some(given) = given else { return Ok(None) };
        let path = folder.join(given.get_ref());
        let wrong = |words: String| {
            let remedy = format!("Name a PEM file that holds a {what} and that Pesto may read.");
            Err(self.error(Some(given.span()), &format!("store.{key}"), &words, &remedy))
        };
        match std::fs::read(&path) {
            Ok(pem) if is_good(&pem) => Ok(Some(pem)),
            Ok(_) => wrong(format!("{} holds no {what}", path.display())),
            Err(error) => wrong(format!("{} cannot be read: {error}", path.display())),
        }
    }
}

fn certificates(pem: &[u8]) -> bool {
    let mut found = CertificateDer::pem_slice_iter(pem).peekable();
    found.peek().is_some() && found.all(|one| one.is_ok())
}
