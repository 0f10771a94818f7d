//! A look at Slack, as `pesto doctor` takes it: each token is used once, one socket is opened and closed, and nobody in
//! the workspace notices.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::{Duration, Instant, SystemTime};

use tokio::net::TcpListener;
use tokio::time::timeout;
use url::Url;

use super::api::{Api, Examined};
use super::api_error::ApiError;
use super::hello::{self, Hello, NoHello};
use super::verdict;
use crate::config;
use crate::doctor::Finding;

/// How long whoever has our port may take to say that it is a host.
const PATIENCE: Duration = Duration::from_secs(3);

/// What was seen.
#[derive(Debug, Clone)]
pub(super) struct Facts {
    /// Where the Web API is.
    pub(super) base_url: String,
    /// The configuration names user groups.
    pub(super) groups: bool,
    pub(super) bot: Result<Bot, ApiError>,
    /// None where it was not tried: there is no app token, or the Web API cannot be reached.
    pub(super) socket: Option<Result<Hello, NoSocket>>,
    /// None where events do not come over HTTP.
    pub(super) listen: Option<(SocketAddr, Listen)>,
}

/// What the bot token showed.
#[derive(Debug, Clone)]
pub(super) struct Bot {
    pub(super) examined: Examined,
    /// The app that it belongs to, where Slack says so.
    pub(super) app: Option<String>,
    /// Our clock when it was asked, and how long the answer took.
    pub(super) asked: SystemTime,
    pub(super) took: Duration,
}

/// Why there is no socket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum NoSocket {
    /// The Web API gave no address.
    Api(ApiError),
    /// There was an address, and no greeting.
    Hello(NoHello),
}

/// Whether Slack's requests can be taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Listen {
    /// The address is free.
    Free,
    /// A host has it.
    Host,
    /// Something else has it.
    Taken,
    /// It cannot be listened on.
    Impossible(String),
}

/// Looks whether the host could work with Slack as it is configured; takes a minute at worst. An error is one of this
/// machine, such as no root certificates. `groups` says whether flows are restricted to user groups.
pub async fn checkup(config: &config::Slack, groups: bool) -> anyhow::Result<Vec<Finding>> {
    let api = Api::new(config)?;
    let bot = bot(&api).await;
    // Without the Web API there is no address of a socket.
    let socket = if bot.is_ok() { socket(&api).await } else { None };
    let listen = match &config.http {
        Some(http) => Some((http.listen, listen(http.listen).await?)),
        None => None,
    };
    Ok(verdict::judge(&Facts { base_url: config.base_url.clone(), groups, bot, socket, listen }))
}

async fn bot(api: &Api) -> Result<Bot, ApiError> {
    let (asked, began) = (SystemTime::now(), Instant::now());
    let examined = api.examine().await?;
    let took = began.elapsed();
    // Without users:read it is not told, and then only one check is missing.
    let app = match &examined.account {
        Ok(account) if !account.bot_id.is_empty() => api.app_of(&account.bot_id).await.ok(),
        _ => None,
    };
    Ok(Bot { examined, app, asked, took })
}

async fn socket(api: &Api) -> Option<Result<Hello, NoSocket>> {
    let address = match api.open_socket().await {
        Ok(address) => address?,
        Err(error) => return Some(Err(NoSocket::Api(error))),
    };
    // It is closed at once: what Slack sends over it goes unanswered, and comes again over a host's socket.
    let met = hello::meet(&address).await.map(|(_, hello)| hello);
    Some(met.map_err(NoSocket::Hello))
}

async fn listen(address: SocketAddr) -> anyhow::Result<Listen> {
    match TcpListener::bind(address).await {
        Ok(_) => Ok(Listen::Free),
        Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => {
            Ok(if is_host(address).await? { Listen::Host } else { Listen::Taken })
        }
        Err(error) => Ok(Listen::Impossible(error.to_string())),
    }
}

/// Whether whoever listens there says what a host says.
async fn is_host(address: SocketAddr) -> anyhow::Result<bool> {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    let url: Url = format!("http://{}/healthz", SocketAddr::new(ip, address.port())).parse()?;
    let http = crate::outbound::client(&url, PATIENCE)?;
    let asked = async {
        let mut response = http.get(url).send().await.ok()?;
        // The first bytes will do: a stranger may send without end.
        response.chunk().await.ok()?.filter(|body| body.as_ref() == super::http::HEALTHY.as_bytes())
    };
    Ok(timeout(PATIENCE, asked).await.is_ok_and(|answer| answer.is_some()))
}
