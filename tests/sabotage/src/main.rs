//! `pesto run`, but for one promise that its store breaks: `SABOTAGE` names it. It is for the test that sees
//! whether the checker of the campaign of crashes notices, and no part of what anybody installs.

mod liar;

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context as _;
use pesto_server::app::App;
use pesto_server::config::{Config, Environment, Storage};

use liar::{Liar, Promise};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let promise: Promise = std::env::var("SABOTAGE").context("SABOTAGE is not set")?.parse()?;
    // `run --config FILE`, as the campaign starts all hosts.
    let file = std::env::args_os().nth(3).map(PathBuf::from).context("usage: pesto-sabotaged run --config FILE")?;
    let config = Config::load(Some(&file), &Environment::of_process())?;
    pesto_server::log::start(&config.log, tracing::Level::TRACE);
    let Storage::Redis(redis) = &config.store else { anyhow::bail!("what is broken is a store in Redis") };
    let redis = redis::Client::open(redis.url.expose())?;
    let app = App::with(&config, |mut ports| {
        ports.store = Arc::new(Liar::new(ports.store, promise, redis));
        ports
    });
    app.await?.run(|| {}, std::future::pending()).await
}
