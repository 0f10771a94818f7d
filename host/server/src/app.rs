//! The composition root: the one place that knows which adapter stands behind which port.

use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use futures_util::FutureExt as _;
use futures_util::future::FusedFuture as _;
use pesto_engine::broker::Ports;
use pesto_engine::clock::SystemClock;
use pesto_engine::engine::{Engine, Settings};
use pesto_engine::failpoint::{Failpoints, Rule};
use pesto_engine::policy::{Access, Bounds, Grants, InDoubt, Right};
use pesto_engine::ports::{Clock, Llm, Store};
use pesto_engine::scripted::CannedLlm;
use tokio::sync::oneshot;

use crate::admin::Desk;
use crate::compile::{self, Workshop};
use crate::config::{self, Config, Storage};
use crate::folder::Folder;
use crate::llm::{NoModel, OpenAi};
use crate::messengers::Messengers;
use crate::predecessor::Signature;
use crate::redis::{Options, RedisStore};
use crate::rollout::Authority;
use crate::slack::Slack;
use crate::socket::Listener;
use crate::store::{EmbeddedStore, OpenError};
use crate::terminal::Terminal;

/// How long a stopping host waits for its turns before it gives them back.
pub(crate) const GRACE: Duration = Duration::from_secs(10);

/// A host that is put together and does nothing yet.
pub struct App {
    /// Its engine.
    pub engine: Arc<Engine>,
    /// Answers operators.
    pub desk: Arc<Desk>,
    /// Its flows folder.
    pub folder: Folder,
    terminal: Arc<Terminal>,
    slack: Option<Slack>,
    socket: PathBuf,
    notice: Option<String>,
    start: Duration,
    workshop: Option<Arc<Workshop>>,
    _signature: Option<Signature>,
}

impl App {
    /// Puts a host together, and takes the embedded store for itself. Must be called on the runtime that is to do input and
    /// output.
    pub async fn new(config: &Config) -> anyhow::Result<Self> {
        Self::with(config, |ports| ports).await
    }

    /// The same, with something done to its ports before anything uses them: for tests of what hangs on them.
    pub async fn with(config: &Config, change: impl FnOnce(Ports) -> Ports) -> anyhow::Result<Self> {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let points = failpoints()?;
        let (store, signature) = store(config, clock.clone(), points.clone()).await?;
        let terminal = Arc::new(Terminal::default());
        let (llm, notice) = llm(&config.llm)?;
        let slack = config.slack.as_ref().map(|slack| Slack::new(slack, config.groups())).transpose()?;
        let messenger = Arc::new(Messengers::new(terminal.clone(), slack.as_ref().map(Slack::messenger)));
        let mut ports = change(Ports { store, llm, messenger, clock });
        if let Some(points) = &points {
            ports = ports.with_failpoints(points);
        }
        let (compiling, workshop) = compile::compiling(&config.data)
            .with_context(|| format!("the data folder `{}` cannot be used", config.data.display()))?;
        let engine = Engine::new(ports, Settings { compiling, ..settings(config)? }).map_err(|error| {
            anyhow::anyhow!("the sandbox cannot be set up: {error:#}; lower limits.instances or limits.memory_mib")
        })?;
        let folder = Folder::new(&config.flows, authority(config), engine.clone());
        let desk = Arc::new(Desk::new(engine.clone(), folder.refusals()));
        Ok(Self {
            engine,
            desk,
            folder,
            terminal,
            slack,
            socket: config.socket(),
            notice,
            start: config.limits.start,
            workshop,
            _signature: signature,
        })
    }

    /// Runs the host until `stop` is done, and then stops it in good order. `ready` is told when people can talk.
    pub async fn run(mut self, ready: impl FnOnce(), stop: impl Future<Output = ()>) -> anyhow::Result<()> {
        tokio::pin!(stop);
        // First the flows, or the first events would find none.
        tokio::select! {
            synced = self.folder.sync(self.start) => synced?,
            () = &mut stop => {
                if let Some(workshop) = self.workshop {
                    workshop.close();
                }
                return Ok(());
            }
        }
        let mut loops = self.engine.start();
        let listener = Listener::bind(&self.socket)?;
        let (leaving, left) = oneshot::channel::<()>();
        let engine = self.engine.clone();
        let slack = async {
            let left = async { drop(left.await) };
            match self.slack {
                Some(slack) => slack.run(engine, left).await,
                None => {
                    left.await;
                    Ok(())
                }
            }
        };
        let slack = slack.fuse();
        tokio::pin!(slack);
        tracing::info!(socket = %self.socket.display(), "the host is ready");
        ready();
        let ended = tokio::select! {
            () = &mut stop => Ok(()),
            () = listener.serve(self.engine.clone(), self.terminal, self.desk, self.notice) => Ok(()),
            ended = &mut slack => ended,
            ended = self.folder.follow() => ended,
            () = loops.ended() => Err(anyhow::anyhow!("a loop of the engine broke off; its log says why")),
        };
        if let Some(workshop) = self.workshop {
            workshop.close();
        }
        tracing::info!("the host stops; turns under way have {} s to end", GRACE.as_secs());
        let deadline = self.engine.ports().clock.now() + u64::try_from(GRACE.as_millis())?;
        drop(leaving);
        // What Slack sent is acknowledged, while turns come to their end.
        let left = async {
            if !slack.is_terminated()
                && let Err(error) = slack.await
            {
                tracing::warn!("{error:#}");
            }
        };
        tokio::join!(self.engine.stop(deadline), left);
        drop(loops);
        ended
    }
}

/// Who knows which versions are current.
fn authority(config: &Config) -> Authority {
    match config.store {
        Storage::Embedded => Authority::Folder,
        Storage::Redis(_) => Authority::Store,
    }
}

/// Where this host is to crash, if it is told so.
fn failpoints() -> anyhow::Result<Option<Arc<Failpoints>>> {
    let Ok(rules) = std::env::var("PESTO_FAILPOINT") else { return Ok(None) };
    let rules = rules.split(',').map(Rule::from_str).collect::<Result<_, _>>();
    let rules = rules.map_err(anyhow::Error::msg).context("PESTO_FAILPOINT is for tests; unset it")?;
    Ok(Some(Failpoints::new(rules)))
}

/// What keeps all that must not be lost; in Redis, with what makes this the only host of its data folder.
async fn store(
    config: &Config,
    clock: Arc<dyn Clock>,
    points: Option<Arc<Failpoints>>,
) -> anyhow::Result<(Arc<dyn Store>, Option<Signature>)> {
    let Storage::Redis(redis) = &config.store else {
        return Ok((Arc::new(EmbeddedStore::open(&config.data, clock)?), None));
    };
    // The socket is there.
    crate::private::folder(&config.data)
        .with_context(|| format!("the data folder `{}` cannot be made", config.data.display()))?;
    let signed = Signature::lock(&config.data).await;
    let signed = signed.with_context(|| format!("the file `{}` cannot be used", config.data.join("host").display()))?;
    let (mut signature, former) = signed.ok_or_else(|| OpenError::InUse(config.data.clone()))?;
    let connected = RedisStore::connect(
        Options { points, terminals_only: config.slack.is_none(), ..Options::new(redis.clone()) },
        clock,
    )
    .await;
    let (store, warnings) = connected.context("the store that store.redis_url_env names cannot be used")?;
    warnings.iter().for_each(|warning| tracing::warn!("{warning}"));
    let freed = match &former {
        Some(former) => store.succeed(former).await,
        None => Ok(()),
    };
    match freed {
        Ok(()) => signature.sign(store.host()).context("the host cannot be named in its data folder")?,
        // Without a signature the next start tries again.
        Err(error) => tracing::warn!(%error, "what this host had claimed before is not free until its leases ran out"),
    }
    Ok((Arc::new(store), Some(signature)))
}

/// What a turn may use, and a component that is loaded.
pub(crate) fn bounds(config: &Config) -> anyhow::Result<Bounds> {
    let limits = &config.limits;
    let llm = match &config.llm {
        config::Llm::Provider(provider) => provider.timeout,
        config::Llm::None | config::Llm::Scripted => Bounds::default().llm,
    };
    Ok(Bounds {
        memory: usize::try_from(limits.memory)?,
        memory_total: usize::try_from(limits.memory_total)?,
        cpu: limits.cpu,
        turn: limits.turn,
        cancelled: Bounds::default().cancelled,
        host_calls: limits.host_calls,
        state: usize::try_from(limits.state)?,
        llm,
        component: usize::try_from(limits.component)?,
        code: usize::try_from(limits.code)?,
        turns_in_flight: usize::try_from(limits.turns_in_flight)?,
        instances: usize::try_from(limits.instances)?,
        park_after: limits.park_after,
    })
}

/// What flows may do.
pub(crate) fn grants(config: &Config) -> anyhow::Result<Grants> {
    let mut grants = Grants::default();
    for (flow, rights) in &config.grants {
        let rights = rights.iter().map(|right| right.parse::<Right>()).collect::<Result<_, _>>()?;
        grants.0.insert(flow.clone(), rights);
    }
    Ok(grants)
}

fn settings(config: &Config) -> anyhow::Result<Settings> {
    let grants = grants(config)?;
    let access = Access(config.only.clone());
    let in_doubt = InDoubt(config.in_doubt.clone());
    let (expiries, default_flow) = (config.expiries.clone(), config.default_flow.clone());
    let bounds = bounds(config)?;
    Ok(Settings { bounds, grants, access, in_doubt, expiries, default_flow, ..Settings::default() })
}

/// The model, and what a person should know of it.
fn llm(config: &config::Llm) -> anyhow::Result<(Arc<dyn Llm>, Option<String>)> {
    Ok(match config {
        config::Llm::Provider(provider) => (Arc::new(OpenAi::new(provider)?), None),
        config::Llm::Scripted => {
            let notice = "No model is connected, for its key is not set: models' answers are canned.";
            tracing::info!("{notice}");
            (Arc::new(CannedLlm), Some(notice.to_owned()))
        }
        config::Llm::None => (Arc::new(NoModel), None),
    })
}
