//! Events over HTTP, for those who cannot use Socket Mode. Each request is signed by Slack, and answered when what it
//! tells is stored. One address takes events, interactions and slash commands alike.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::Context as _;
use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use futures_util::StreamExt as _;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use pesto_engine::delay::Ways;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::intake::{Answer, Intake, Kind};
use crate::seldom::Seldom;
use crate::{config, open_files};

/// The longest body, in bytes.
const MOST_BYTES: usize = 1 << 20;
/// What a usual body has at most, in bytes; and how many that are longer are read at once.
const SHORT_BODY: usize = 64 << 10;
const LONG_BODIES: usize = 32;
/// How long a body may take. Slack wants its answer within 3 s.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long the headers of a request may take.
const HEADERS: Duration = Duration::from_secs(3);
/// How long a connection may take, with its request and the answer.
const LIFE: Duration = Duration::from_secs(15);
/// What is read of a request before its headers end, in bytes; more may be refused.
const MOST_HEADERS: usize = 32 << 10;
/// Connections at once, and half of the files that may be open at most: sockets to Slack need some, too. Those beyond
/// wait in the system's queue.
const MOST_CONNECTIONS: usize = 1_024;
/// How long a host that stops waits for the answers to what came: Slack waits no longer.
const LAST: Duration = Duration::from_secs(3);
/// After a connection could not be accepted.
const PAUSE: Duration = Duration::from_millis(100);
/// How old or young a request may be, in seconds: Slack's own bound.
pub(super) const WINDOW: u64 = 300;
/// What `/healthz` answers.
pub(super) const HEALTHY: &str = "ok";

struct Server {
    key: ring::hmac::Key,
    intake: Arc<Intake>,
    turned_away: Seldom,
    /// For long bodies.
    long: Semaphore,
}

/// Serves until `stop` is done; then what came is answered, for Slack sends clicks and commands only once. An error is one
/// of the address.
pub(super) async fn run(
    config: &config::SlackHttp,
    intake: Arc<Intake>,
    stop: impl Future<Output = ()>,
) -> anyhow::Result<()> {
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, config.signing_secret.expose().as_bytes());
    let listener = TcpListener::bind(config.listen)
        .await
        .with_context(|| format!("{} cannot be listened on: choose another slack.listen", config.listen))?;
    let address = listener.local_addr()?;
    tracing::info!(%address, "Slack's requests are taken at /slack");
    let router = Router::new().route("/healthz", get(|| async { HEALTHY })).route("/slack", post(receive)).with_state(
        Arc::new(Server { key, intake, turned_away: Seldom::default(), long: Semaphore::new(LONG_BODIES) }),
    );
    serve(listener, router, stop).await;
    Ok(())
}

/// Anybody may connect, so connections are counted, each carries one request, and none lives long.
async fn serve(listener: TcpListener, router: Router, stop: impl Future<Output = ()>) {
    tokio::pin!(stop);
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HEADERS).max_buf_size(MOST_HEADERS).keep_alive(false);
    let most = MOST_CONNECTIONS.min(open_files::limit() / 2).max(1);
    let failures = Seldom::default();
    let mut connections = JoinSet::new();
    loop {
        while connections.try_join_next().is_some() {}
        let accepted = async {
            if connections.len() >= most {
                connections.join_next().await;
            }
            listener.accept().await
        };
        let (stream, _) = match tokio::select! { () = &mut stop => break, accepted = accepted => accepted } {
            Ok(accepted) => accepted,
            Err(error) => {
                // As where there are too many open files: others have to be closed first.
                if let Some(count) = failures.happens() {
                    tracing::warn!(count, "a connection is not accepted: {error}");
                }
                tokio::time::sleep(PAUSE).await;
                continue;
            }
        };
        let connection = http.serve_connection(TokioIo::new(stream), TowerToHyperService::new(router.clone()));
        connections.spawn(async move {
            if !matches!(tokio::time::timeout(LIFE, connection).await, Ok(Ok(()))) {
                tracing::debug!("a connection ended early");
            }
        });
    }
    drop(listener);
    let answered = async { while connections.join_next().await.is_some() {} };
    if tokio::time::timeout(LAST, answered).await.is_err() {
        tracing::warn!("a request is not answered, for the host stops");
    }
}

async fn receive(State(server): State<Arc<Server>>, request: Request) -> Response {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let (Parts { headers, .. }, body) = request.into_parts();
    let turned_away = |why: &'static str| {
        if let Some(count) = server.turned_away.happens() {
            tracing::warn!(count, "a request is turned away: {why}");
        }
        (StatusCode::UNAUTHORIZED, why).into_response()
    };
    // Whoever does not even claim to be Slack gets no room for a body.
    let signature = match claimed(&headers, now) {
        Ok(signature) => signature,
        Err(why) => return turned_away(why),
    };
    let body = match tokio::time::timeout(PATIENCE, whole(body, &server.long)).await {
        Ok(Ok(body)) => body,
        Ok(Err(Unread::NoRoom)) => return (StatusCode::SERVICE_UNAVAILABLE, "too many long bodies").into_response(),
        Ok(Err(Unread::Bad)) | Err(_) => {
            return (StatusCode::BAD_REQUEST, "its body is too long, or does not come").into_response();
        }
    };
    if !signature.is_of(&server.key, &body) {
        return turned_away("its signature is wrong");
    }
    let is_form = headers
        .get(header::CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok())
        .is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"));
    let Some((kind, payload)) = read(&body, is_form) else {
        tracing::warn!("a signed request is neither an event nor a form");
        return (StatusCode::BAD_REQUEST, "neither an event nor a form").into_response();
    };
    if payload.get("type").and_then(Value::as_str) == Some("url_verification") {
        let challenge = payload.get("challenge").and_then(Value::as_str).unwrap_or_default();
        return axum::Json(json!({ "challenge": challenge })).into_response();
    }
    match server.intake.take(kind, &payload, Ways::Several).await {
        Answer::Silence => (StatusCode::SERVICE_UNAVAILABLE, "not stored: send it again").into_response(),
        Answer::Ack(Some(text)) => axum::Json(json!({ "text": text })).into_response(),
        Answer::View(view) => axum::Json(view).into_response(),
        Answer::Ack(None) => StatusCode::OK.into_response(),
    }
}

/// Why there is no body.
#[derive(Debug, PartialEq, Eq)]
enum Unread {
    /// It is too long, or broke off.
    Bad,
    /// Others that are long as well are being read.
    NoRoom,
}

/// A whole body. Nobody knows yet whether Slack sent it, so what is longer than usual needs room, and there is not much.
async fn whole(body: Body, room: &Semaphore) -> Result<Vec<u8>, Unread> {
    let (mut body, mut whole, mut long) = (body.into_data_stream(), Vec::new(), None);
    while let Some(piece) = body.next().await {
        let piece = piece.map_err(|_| Unread::Bad)?;
        if whole.len() + piece.len() > MOST_BYTES {
            return Err(Unread::Bad);
        }
        if whole.len() + piece.len() > SHORT_BODY && long.is_none() {
            long = Some(room.try_acquire().map_err(|_| Unread::NoRoom)?);
        }
        whole.extend_from_slice(&piece);
    }
    Ok(whole)
}

/// The payload of a body, and what it is.
fn read(body: &[u8], is_form: bool) -> Option<(Kind, Value)> {
    if !is_form {
        return Some((Kind::Event, serde_json::from_slice(body).ok()?));
    }
    let pairs: Vec<_> = url::form_urlencoded::parse(body).collect();
    match pairs.iter().find(|(name, _)| name == "payload") {
        Some((_, payload)) => Some((Kind::Interaction, serde_json::from_str(payload).ok()?)),
        None => {
            let pairs = pairs.into_iter().map(|(name, value)| (name.into_owned(), value.into_owned()));
            Some((Kind::Command, super::commands::from_form(pairs)))
        }
    }
}

/// Slack's signature, version 0: HMAC-SHA256 over `v0:TIME:BODY`.
#[derive(Debug, PartialEq, Eq)]
struct Signature {
    time: String,
    bytes: Vec<u8>,
}

impl Signature {
    /// Whether it is of this body. Compared in constant time.
    fn is_of(&self, key: &ring::hmac::Key, body: &[u8]) -> bool {
        let signed = [format!("v0:{}:", self.time).as_bytes(), body].concat();
        ring::hmac::verify(key, &signed, &self.bytes).is_ok()
    }
}

/// The signature that a request claims. Old requests are refused, for they may be repeated by others.
fn claimed(headers: &HeaderMap, now: u64) -> Result<Signature, &'static str> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let time = text("x-slack-request-timestamp").ok_or("it has no time")?;
    let seconds: u64 = time.parse().map_err(|_| "its time is no number")?;
    if now.abs_diff(seconds) > WINDOW {
        return Err("its time is more than 300 s from ours");
    }
    let signature =
        text("x-slack-signature").and_then(|signature| signature.strip_prefix("v0=")).ok_or("not signed")?;
    let bytes = unhex(signature).ok_or("its signature is not hexadecimal")?;
    Ok(Signature { time: time.to_owned(), bytes })
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let bytes = text.as_bytes();
    if bytes.len() != 64 {
        return None;
    }
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    bytes.chunks(2).map(|pair| Some(digit(*pair.first()?)? << 4 | digit(*pair.get(1)?)?)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "8f742231b10e8888abcd99yyyzzz85a5";
    /// Slack's own example of a signed request.
    const BODY: &str = "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V\
&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=\
&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN\
&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c";
    const SIGNATURE: &str = "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503";
    const TIME: u64 = 1_531_420_618;

    fn check(time: &str, signature: &str, body: &str, now: u64) -> Result<(), &'static str> {
        let mut headers = HeaderMap::new();
        headers.insert("x-slack-request-timestamp", time.parse().expect("it is text"));
        headers.insert("x-slack-signature", signature.parse().expect("it is text"));
        let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, SECRET.as_bytes());
        let signature = claimed(&headers, now)?;
        if signature.is_of(&key, body.as_bytes()) { Ok(()) } else { Err("its signature is wrong") }
    }

    #[test]
    fn only_what_slack_signed_moments_ago_is_genuine() {
        let time = TIME.to_string();
        assert_eq!(check(&time, SIGNATURE, BODY, TIME + 300), Ok(()));
        assert_eq!(check(&time, SIGNATURE, BODY, TIME - 300), Ok(()));
        assert_eq!(check(&time, SIGNATURE, BODY, TIME + 301), Err("its time is more than 300 s from ours"));
        assert_eq!(check("1531420619", SIGNATURE, BODY, TIME), Err("its signature is wrong"));
        assert_eq!(check(&time, SIGNATURE, &BODY.replace("roadrunner", "coyote"), TIME), Err("its signature is wrong"));
        assert_eq!(check(&time, &SIGNATURE.replace("v0=", "v1="), BODY, TIME), Err("not signed"));
        assert_eq!(check(&time, "v0=é", BODY, TIME), Err("not signed"));
        assert_eq!(check(&time, &SIGNATURE[..60], BODY, TIME), Err("its signature is not hexadecimal"));
        assert_eq!(check("now", SIGNATURE, BODY, TIME), Err("its time is no number"));
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_on_which_nothing_comes_is_closed() {
        use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let address = listener.local_addr().expect("it has an address");
        let router = Router::new().route("/healthz", get(|| async { HEALTHY }));
        let server = tokio::spawn(serve(listener, router, std::future::pending()));
        for beginning in ["", "GET /healthz HTTP/1.1\r\nHost: a", "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n"] {
            let mut stream = tokio::net::TcpStream::connect(address).await.expect("it listens");
            stream.write_all(beginning.as_bytes()).await.expect("it reads");
            let mut answer = String::new();
            stream.read_to_string(&mut answer).await.expect("it closes");
            assert_eq!(answer.ends_with(HEALTHY), beginning.ends_with("\r\n\r\n"), "{answer}");
        }
        server.abort();
    }

    #[tokio::test]
    async fn what_came_before_the_stop_is_answered() {
        use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
        use tokio::sync::Notify;
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let address = listener.local_addr().expect("it has an address");
        let (came, go) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let handler = {
            let (came, go) = (came.clone(), go.clone());
            move || async move {
                came.notify_one();
                go.notified().await;
                HEALTHY
            }
        };
        let (leave, left) = tokio::sync::oneshot::channel::<()>();
        let router = Router::new().route("/healthz", get(handler));
        let server = tokio::spawn(serve(listener, router, async { drop(left.await) }));
        let mut stream = tokio::net::TcpStream::connect(address).await.expect("it listens");
        stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n").await.expect("it reads");
        came.notified().await;
        drop(leave);
        while tokio::net::TcpStream::connect(address).await.is_ok() {}
        go.notify_one();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.expect("it closes");
        assert!(answer.ends_with(HEALTHY), "{answer}");
        server.await.expect("it ends");
    }

    #[tokio::test]
    async fn bodies_are_bounded_one_by_one_and_together() {
        let room = Semaphore::new(1);
        let body = |length: usize| Body::from(vec![b'x'; length]);
        assert_eq!(whole(body(MOST_BYTES), &room).await.map(|body| body.len()), Ok(MOST_BYTES));
        assert_eq!(whole(body(MOST_BYTES + 1), &room).await, Err(Unread::Bad));
        let other = room.try_acquire().expect("it is free again");
        assert_eq!(whole(body(SHORT_BODY + 1), &room).await, Err(Unread::NoRoom));
        assert_eq!(whole(body(SHORT_BODY), &room).await.map(|body| body.len()), Ok(SHORT_BODY), "a usual one");
        drop(other);
        assert!(whole(body(SHORT_BODY + 1), &room).await.is_ok());
    }

    #[test]
    fn bodies_are_told_apart() {
        assert_eq!(read(br#"{"type":"event_callback"}"#, false).map(|(kind, _)| kind), Some(Kind::Event));
        assert_eq!(
            read(b"payload=%7B%22type%22%3A%22shortcut%22%7D", true).map(|(kind, _)| kind),
            Some(Kind::Interaction)
        );
        assert_eq!(read(BODY.as_bytes(), true).map(|(kind, _)| kind), Some(Kind::Command));
        assert_eq!(read(b"payload=nothing", true), None);
        assert_eq!(read(b"not json", false), None);
    }
}
