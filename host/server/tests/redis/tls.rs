//! The way to Redis with TLS.

use std::sync::Arc;

use pesto_engine::clock::SystemClock;
use pesto_engine::ports::{Entry, Store};
use pesto_server::config::{Identity, Secret};
use pesto_server::redis::{ConnectError, Options, RedisStore};
use redis_rig::certificates::Certificates;

use crate::samples::{SOON, options, said};

/// The store at a port that speaks TLS, with whom to trust, and with what to be known by.
fn at(port: u16, authority: Option<Vec<u8>>, identity: Option<Identity>) -> Options {
    let mut options = options(&format!("rediss://127.0.0.1:{port}"), "t");
    (options.redis.authority, options.redis.identity) = (authority, identity);
    options
}

async fn connect(options: Options) -> Result<RedisStore, ConnectError> {
    RedisStore::connect(options, Arc::new(SystemClock)).await.map(|(store, _)| store)
}

fn file(path: std::path::PathBuf) -> Option<Vec<u8>> {
    Some(std::fs::read(path).unwrap())
}

#[tokio::test]
async fn what_is_said_to_redis_is_encrypted() {
    let certificates = Certificates::make();
    let (_server, port) = certificates.server("no");
    let known = || at(port, file(certificates.certificate("authority")), None);
    let (one, other) = (connect(known()).await.unwrap(), connect(known()).await.unwrap());
    one.accept(said("ann", "e1"), Entry::Queue).await.unwrap();
    tokio::time::timeout(SOON, other.inbox_changed()).await.expect("wakes come with TLS too");
    assert_eq!(other.backlog().await.unwrap().inbox, 1);
}

#[tokio::test]
async fn a_client_shows_its_certificate_where_it_is_asked() {
    let certificates = Certificates::make();
    let (_server, port) = certificates.server("yes");
    let authority = || file(certificates.certificate("authority"));
    let key = std::fs::read_to_string(certificates.key("client")).unwrap();
    let certificate = file(certificates.certificate("client")).unwrap();
    let identity = Identity { certificate, key: Secret::new(key) };
    let store = connect(at(port, authority(), Some(identity))).await.unwrap();
    store.accept(said("ann", "e1"), Entry::Queue).await.unwrap();
    fails(at(port, authority(), None), "store.redis_cert_file").await;
}

#[tokio::test]
async fn whom_nobody_vouches_for_is_not_trusted() {
    let certificates = Certificates::make();
    let (_server, port) = certificates.server("no");
    fails(at(port, None, None), "store.redis_ca_file").await;
    fails(at(port, file(certificates.certificate("stranger")), None), "store.redis_ca_file").await;
    let mut elsewhere = at(port, file(certificates.certificate("authority")), None);
    elsewhere.redis.url = Secret::new(format!("rediss://localhost:{port}"));
    fails(elsewhere, "the host that the URL names").await;
    let words = connect(options(&format!("redis://127.0.0.1:{port}"), "t")).await.err().unwrap().to_string();
    assert!(words.contains("rediss://"), "{words}");
}

/// It does not pass by itself, and the remedy is named.
async fn fails(options: Options, remedy: &str) {
    let error = connect(options).await.err().unwrap();
    assert!(matches!(&error, ConnectError::Redis(words) if words.contains(remedy)), "{error:?}");
}
