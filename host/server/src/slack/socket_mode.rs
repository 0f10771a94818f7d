//! Socket Mode: a socket for each seat that the host has. An envelope is acknowledged when what it tells is stored. A
//! socket that is to go is read until its successor is there and the server closes it.
//!
//! The rules are those of Slack's documentation of Socket Mode and of its own clients; what they leave out are limits of
//! time, without which a socket that died in silence is never missed.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::Context as _;
use futures_util::{SinkExt as _, StreamExt as _};
use pesto_engine::delay::Ways;
use rand::RngExt as _;
use serde_json::{Value, json};
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};
use tokio_tungstenite::tungstenite::Message as Frame;

use super::Shared;
use super::api_error::{ApiError, is_passing};
use super::hello::{Envelope, Socket, meet, reason};
use super::intake::{Answer, Intake, Kind};
use super::seats::{Occupied, Seat, Seats};
use crate::seldom::Seldom;

/// For sending what may wait behind much.
const PATIENCE: Duration = Duration::from_secs(10);
/// The longest that a replaced socket is read.
const DRAIN: Duration = Duration::from_secs(60);
/// Envelopes of one socket that are being stored.
const MOST_IN_HAND: usize = 512;
/// Between attempts: from the first to the longest, and what is waited when there are too many sockets.
const BACKOFF: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(30));
const CROWDED: Duration = Duration::from_secs(30);
/// For closing one in good order.
const CLOSING: Duration = Duration::from_secs(1);
/// After Slack refused what it took before.
const REFUSED: Duration = Duration::from_secs(60);
/// A socket that lived so long was a good one.
const GOOD: Duration = Duration::from_secs(10);

/// Why a socket needs a successor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// Slack is about to close it.
    Refresh,
    /// It is closed, broken or silent.
    Gone,
    /// The app has too many sockets.
    Crowded,
    /// Socket Mode was switched off.
    Disabled,
    /// Its seat is another host's now, or the host stops.
    Left,
}

/// Keeps the sockets open until `stop` is done, and then closes them in good order. An error says that Slack refused to
/// open the first ones, and what to do.
pub(super) async fn run(
    shared: Arc<Shared>,
    intake: Arc<Intake>,
    seats: Seats,
    idle: Duration,
    stop: impl Future<Output = ()>,
) -> anyhow::Result<()> {
    let mut slots = JoinSet::new();
    let connected = Arc::new(AtomicBool::new(false));
    for seat in seats.each() {
        slots.spawn(keep(seat, shared.clone(), intake.clone(), idle, connected.clone()));
    }
    tokio::select! {
        Some(ended) = slots.join_next() => return ended.context("the loop of a socket broke off")?,
        () = seats.share() => {}
        () = stop => {}
    }
    seats.leave().await;
    Ok(())
}

/// Keeps one socket open while the seat is ours, each followed by the next. `connected` says whether any socket ever was.
async fn keep(
    mut seat: Seat,
    shared: Arc<Shared>,
    intake: Arc<Intake>,
    idle: Duration,
    connected: Arc<AtomicBool>,
) -> anyhow::Result<()> {
    // Dropping it drops the sockets.
    let mut sockets = JoinSet::new();
    let (number, mut failures) = (seat.number, 0);
    loop {
        seat.taken().await;
        while sockets.try_join_next().is_some() {}
        let (socket, occupied) = match connect(&shared, &seat).await {
            Ok(opened) => opened,
            Err(Refused(reason, true)) if !connected.load(Ordering::Relaxed) => anyhow::bail!("{reason}"),
            // It worked before, so somebody changed the app, and will change it back.
            Err(Refused(reason, true)) => {
                tracing::error!(number, "{reason}; trying again in {} s", REFUSED.as_secs());
                tokio::time::sleep(REFUSED).await;
                continue;
            }
            Err(Refused(reason, false)) => {
                let wait = backoff(failures);
                failures += 1;
                tracing::warn!(number, "no socket to Slack: {reason}; trying again in {} ms", wait.as_millis());
                tokio::time::sleep(wait).await;
                continue;
            }
        };
        connected.store(true, Ordering::Relaxed);
        tracing::info!(number, "a socket to Slack is open");
        let began = Instant::now();
        let (end, ended) = oneshot::channel();
        let (seat, intake) = (seat.clone(), intake.clone());
        sockets.spawn(async move {
            serve(socket, intake, seat, idle, end).await;
            drop(occupied);
        });
        let end = ended.await.unwrap_or(End::Gone);
        failures = if began.elapsed() > GOOD { 0 } else { failures + 1 };
        let wait = match end {
            End::Left => continue,
            End::Refresh if failures == 0 => Duration::ZERO,
            End::Refresh | End::Gone => backoff(failures.saturating_sub(1)),
            End::Crowded => CROWDED + backoff(failures),
            End::Disabled => {
                tracing::error!(
                    number,
                    "Socket Mode was switched off for this app: switch it on in the app's settings, under Socket Mode, \
                     or take events over HTTP with slack.listen and slack.signing_secret_env"
                );
                REFUSED
            }
        };
        tracing::info!(number, ?end, "a socket to Slack is replaced in {} ms", wait.as_millis());
        tokio::time::sleep(wait).await;
    }
}

/// Doubling, and anywhere below: hosts that failed together must not come back together.
fn backoff(failures: u32) -> Duration {
    let (first, most) = BACKOFF;
    let most = most.min(first * (1 << failures.min(10)));
    most.mul_f64(rand::rng().random_range(0.5..1.0))
}

/// Why there is no socket, and whether only the operator can mend it.
struct Refused(String, bool);

impl Refused {
    fn now(reason: impl ToString) -> Self {
        Self(reason.to_string(), false)
    }
}

async fn connect(shared: &Shared, seat: &Seat) -> Result<(Socket, Occupied), Refused> {
    let address = match shared.api.open_socket().await {
        Ok(address) => address.unwrap_or_default(),
        Err(ApiError::Refused(code)) if !is_passing(&code) => {
            let remedy = "look at the app-level token in the app's settings, under Basic Information: it needs the scope \
                          connections:write, and Socket Mode must be on";
            return Err(Refused(format!("Slack opens no socket ({code}): {remedy}"), true));
        }
        Err(ApiError::Limited(wait)) => {
            tokio::time::sleep(wait.unwrap_or_default()).await;
            return Err(Refused::now("Slack limits how often sockets are opened"));
        }
        Err(error) => return Err(Refused::now(error)),
    };
    let occupied = seat.occupy();
    meet(&address).await.map(|(socket, _)| (socket, occupied)).map_err(Refused::now)
}

/// Reads a socket to its end. `end` hears once when a successor is needed; after a refresh that is long before the end.
async fn serve(mut socket: Socket, intake: Arc<Intake>, mut seat: Seat, idle: Duration, end: oneshot::Sender<End>) {
    let mut end = Some(end);
    let mut tell = |what: End| {
        if let Some(end) = end.take() {
            // Nobody listens when the host stops.
            let _ = end.send(what);
        }
    };
    let (ack, mut acks) = mpsc::channel::<Value>(MOST_IN_HAND);
    let in_hand = Arc::new(Semaphore::new(MOST_IN_HAND));
    let mut tasks = JoinSet::new();
    let mut ping = tokio::time::interval(idle / 3);
    let mut heard = Instant::now();
    let mut last = None;
    let garbage = Seldom::default();
    let mut lines = Lines::default();
    let closing = loop {
        if seat.is_lost() && in_hand.available_permits() == MOST_IN_HAND && acks.is_empty() {
            // All that came is acknowledged. What comes from now on, Slack sends again, to another socket.
            let _ = timeout(CLOSING, socket.close(None)).await;
            break End::Left;
        }
        tokio::select! {
            () = seat.lost(), if !seat.is_lost() => {}
            // With as much in hand as we can hold, the next one waits in Slack's socket.
            frame = socket.next(), if in_hand.available_permits() > 0 => {
                let Some(Ok(frame)) = frame else { break End::Gone };
                heard = Instant::now();
                if frame.is_close() {
                    break End::Gone;
                }
                let Ok(text) = frame.to_text() else { continue };
                if !frame.is_text() {
                    continue;
                }
                let Ok(envelope) = serde_json::from_str::<Envelope>(text) else {
                    if let Some(count) = garbage.happens() {
                        tracing::warn!(count, "Slack sent a frame that is no envelope; it is not answered");
                    }
                    continue;
                };
                match envelope.kind.as_str() {
                    "disconnect" => match envelope.reason.as_deref().unwrap_or_default() {
                        "link_disabled" => break End::Disabled,
                        "too_many_websockets" => break End::Crowded,
                        // `warning`, `refresh_requested`, and whatever they may invent.
                        _ => {
                            tell(End::Refresh);
                            last.get_or_insert_with(|| Instant::now() + DRAIN);
                        }
                    },
                    _ => {
                        // Its own words, such as `hello`, bear no id and want no answer.
                        let Some(id) = envelope.envelope_id.clone() else { continue };
                        // Only this loop takes of them, and there was one.
                        let Ok(permit) = in_hand.clone().try_acquire_owned() else { break End::Gone };
                        let (intake, ack, ways) = (intake.clone(), ack.clone(), seat.ways());
                        let turn = (ways == Ways::One).then(|| lines.join(&envelope.payload));
                        while tasks.try_join_next().is_some() {}
                        tasks.spawn(async move {
                            let (before, _done) = turn.unwrap_or_default();
                            if let Some(before) = before {
                                // An error says that it is done.
                                let _ = before.await;
                            }
                            if let Some(payload) = take(&intake, &envelope, ways).await {
                                let mut answer = json!({ "envelope_id": id });
                                if let Some(payload) = payload {
                                    answer["payload"] = payload;
                                }
                                // The socket may be gone; then it comes again.
                                let _ = ack.send(answer).await;
                            }
                            drop(permit);
                        });
                    }
                }
            }
            Some(answer) = acks.recv() => {
                if !matches!(timeout(PATIENCE, socket.send(Frame::text(answer.to_string()))).await, Ok(Ok(()))) {
                    break End::Gone;
                }
            }
            _ = ping.tick() => {
                if in_hand.available_permits() == 0 {
                    // It is we who do not listen.
                    heard = Instant::now();
                }
                if heard.elapsed() > idle {
                    tracing::warn!("a socket to Slack is silent for {} s and is given up", idle.as_secs());
                    break End::Gone;
                }
                if last.is_some_and(|last| Instant::now() > last) {
                    break End::Gone;
                }
                if !matches!(timeout(PATIENCE, socket.send(Frame::Ping(Vec::new().into()))).await, Ok(Ok(()))) {
                    break End::Gone;
                }
            }
        }
    };
    tell(closing);
    // What is being stored is stored, though nobody hears of it: it will come again and be known.
    while tasks.join_next().await.is_some() {}
}

/// Where one way is open, what a person writes at a place is stored one after the other, for nothing else keeps it in order.
#[derive(Default)]
struct Lines(HashMap<[String; 3], oneshot::Receiver<()>>);

/// The end of what comes before, if anything does, and what tells of one's own when it is dropped.
type InLine = (Option<oneshot::Receiver<()>>, Option<oneshot::Sender<()>>);

impl Lines {
    /// With more people than this, those are forgotten who wait no longer.
    const MANY: usize = 1_024;

    fn join(&mut self, payload: &Value) -> InLine {
        if self.0.len() >= Self::MANY {
            self.0.retain(|_, last| matches!(last.try_recv(), Err(oneshot::error::TryRecvError::Empty)));
        }
        let text = |name: &str| payload["event"][name].as_str().unwrap_or_default().to_owned();
        let (done, last) = oneshot::channel();
        (self.0.insert([text("user"), text("channel"), text("thread_ts")], last), Some(done))
    }
}

/// Stores what an envelope tells; answers what goes with its acknowledgement, unless there is to be none.
async fn take(intake: &Intake, envelope: &Envelope, ways: Ways) -> Option<Option<Value>> {
    let kind = match envelope.kind.as_str() {
        "events_api" => Kind::Event,
        "interactive" => Kind::Interaction,
        "slash_commands" => Kind::Command,
        other => {
            // It would come again and again.
            tracing::warn!(kind = reason(other), "Slack sent an envelope of a kind that is not known");
            return Some(None);
        }
    };
    match intake.take(kind, &envelope.payload, ways).await {
        Answer::Silence => None,
        Answer::Ack(Some(text)) if envelope.accepts_response_payload == Some(true) => {
            Some(Some(json!({ "text": text })))
        }
        Answer::View(view) => Some(Some(view)),
        Answer::Ack(_) => Some(None),
    }
}
