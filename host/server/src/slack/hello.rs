//! A socket to Slack, from its address to its hello.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use futures_util::StreamExt as _;
use rustls_platform_verifier::ConfigVerifierExt as _;
use serde::Deserialize;
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use url::Url;

/// For opening a connection, and again for its hello.
const PATIENCE: Duration = Duration::from_secs(10);
/// The longest frame, in bytes.
const MOST_BYTES: usize = 4 << 20;

pub(super) type Socket = WebSocketStream<Pin<Box<dyn Duplex>>>;

pub(super) trait Duplex: AsyncRead + AsyncWrite + Send {}

impl<T: AsyncRead + AsyncWrite + Send> Duplex for T {}

/// An envelope or another word of Slack's.
#[derive(Deserialize)]
pub(super) struct Envelope {
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) envelope_id: Option<String>,
    pub(super) accepts_response_payload: Option<bool>,
    pub(super) reason: Option<String>,
    #[serde(default)]
    pub(super) payload: Value,
}

/// Why a socket was not opened, or sent away instead of greeted. Holds no ticket.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum NoHello {
    /// What went wrong on the way.
    #[error("{0}")]
    Failed(String),
    /// The reason that Slack gives, such as `too_many_websockets`.
    #[error("Slack sends us away: {0}")]
    SentAway(String),
}

/// Slack's first word on a socket.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub(super) struct Hello {
    /// The app's sockets, this one included; 0 where Slack does not say.
    #[serde(default)]
    pub(super) num_connections: u64,
    #[serde(default)]
    pub(super) connection_info: ConnectionInfo,
}

/// Whose socket it is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub(super) struct ConnectionInfo {
    /// The app; empty where Slack does not say.
    #[serde(default)]
    pub(super) app_id: String,
}

/// Opens a socket at the address that [`Api::open_socket`](super::api::Api::open_socket) answered, and waits for its
/// hello.
pub(super) async fn meet(address: &str) -> Result<(Socket, Hello), NoHello> {
    let failed = |reason: &str| NoHello::Failed(reason.to_owned());
    let opened = timeout(PATIENCE, open(address)).await.map_err(|_| failed("the connection took too long"))?;
    let mut socket = opened.map_err(|error| NoHello::Failed(format!("{error:#}")))?;
    let hello = timeout(PATIENCE, hello(&mut socket)).await.map_err(|_| failed("there was no hello"))?;
    hello.map(|hello| (socket, hello))
}

/// The address holds a ticket, so no error repeats it.
async fn open(address: &str) -> anyhow::Result<Socket> {
    let url = Url::parse(address).ok().context("Slack gave an address that is none")?;
    let host = url.host_str().context("Slack gave an address without a host")?;
    let port = url.port_or_known_default().context("Slack gave an address without a port")?;
    let tcp = TcpStream::connect((host, port)).await.with_context(|| format!("{host} cannot be reached"))?;
    tcp.set_nodelay(true)?;
    let stream: Pin<Box<dyn Duplex>> = if url.scheme() == "wss" {
        let config = rustls::ClientConfig::with_platform_verifier().context("no certificates to trust")?;
        let name =
            rustls::pki_types::ServerName::try_from(host.to_owned()).context("Slack gave a host that is none")?;
        let tls = TlsConnector::from(Arc::new(config)).connect(name, tcp).await;
        Box::pin(tls.with_context(|| format!("{host} cannot be trusted"))?)
    } else {
        Box::pin(tcp)
    };
    let limits = WebSocketConfig::default().max_message_size(Some(MOST_BYTES)).max_frame_size(Some(MOST_BYTES));
    let opened = tokio_tungstenite::client_async_with_config(address, stream, Some(limits)).await;
    opened.map(|(socket, _)| socket).map_err(|_| anyhow::anyhow!("{host} does not open a web socket"))
}

async fn hello(socket: &mut Socket) -> Result<Hello, NoHello> {
    while let Some(frame) = socket.next().await {
        let Ok(frame) = frame else { break };
        let Ok(text) = frame.to_text() else { continue };
        match serde_json::from_str::<Envelope>(text) {
            // What it tells beside is good to know, and not worth a socket.
            Ok(envelope) if envelope.kind == "hello" => return Ok(serde_json::from_str(text).unwrap_or_default()),
            Ok(envelope) if envelope.kind == "disconnect" => {
                return Err(NoHello::SentAway(reason(envelope.reason.as_deref().unwrap_or_default())));
            }
            _ => {}
        }
    }
    Err(NoHello::Failed("the socket was closed before its hello".to_owned()))
}

/// Slack's reasons are short words.
pub(super) fn reason(reason: &str) -> String {
    let plain = reason.len() <= 40 && reason.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    if plain { reason.to_owned() } else { "an unknown reason".to_owned() }
}
