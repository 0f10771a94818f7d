//! A Socket Mode connection, from the ticket to the end.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio::time::{Instant, interval_at, sleep, sleep_until, timeout};

use crate::core::Core;
use crate::sockets::Order;

#[derive(Deserialize)]
pub(crate) struct Ticket {
    ticket: String,
}

pub(crate) async fn link(
    State(core): State<Arc<Core>>,
    Query(ticket): Query<Ticket>,
    upgrade: WebSocketUpgrade,
) -> Response {
    if !core.lock().sockets.tickets.remove(&ticket.ticket) {
        return (StatusCode::FORBIDDEN, "the ticket was used or is unknown").into_response();
    }
    upgrade.on_upgrade(move |socket| run(core, socket))
}

async fn run(core: Arc<Core>, mut socket: WebSocket) {
    let Some((id, orders, hello)) = admit(&core) else {
        let _ = socket.send(Message::text(disconnect("too_many_websockets"))).await;
        close(socket).await;
        return;
    };
    if socket.send(Message::text(hello)).await.is_ok() {
        serve(&core, id, orders, socket).await;
    }
    let mut state = core.lock();
    state.sockets.open.remove(&id);
    state.ring("");
}

/// A place among the sockets, unless there are too many.
fn admit(core: &Core) -> Option<(u64, mpsc::UnboundedReceiver<Order>, String)> {
    let mut state = core.lock();
    if state.sockets.refuse > 0 {
        state.sockets.refuse -= 1;
        state.count_fault("too_many_websockets");
        return None;
    }
    let others = state.options.other_sockets;
    if state.sockets.connected() + others >= state.options.max_sockets {
        state.count("too_many_websockets");
        return None;
    }
    let (id, orders) = state.sockets.add();
    let hello = json!({
        "type": "hello", "num_connections": state.sockets.connected() + others,
        "debug_info": {
            "host": "applink-double", "build_number": 1,
            "approximate_connection_time": state.options.connection_time.as_secs(),
        },
        "connection_info": { "app_id": state.app.id },
    });
    state.count("sockets");
    state.ring("");
    Some((id, orders, hello.to_string()))
}

pub(crate) fn disconnect(reason: &str) -> String {
    json!({ "type": "disconnect", "reason": reason, "debug_info": { "host": "applink-double" } }).to_string()
}

async fn serve(core: &Arc<Core>, id: u64, mut orders: mpsc::UnboundedReceiver<Order>, mut socket: WebSocket) {
    let (every, lifetime) = {
        let state = core.lock();
        (state.options.ping_interval, state.options.connection_time)
    };
    let mut pings = interval_at(Instant::now() + every, every);
    let mut end_of_life = Box::pin(sleep_until(Instant::now() + lifetime));
    let mut refreshed = false;
    loop {
        tokio::select! {
            order = orders.recv() => match order {
                Some(Order::Send(text)) => {
                    if socket.send(Message::text(text)).await.is_err() {
                        return;
                    }
                }
                Some(Order::Silence) => {
                    // The connection stays, and nothing is read or written, not even an answer to a ping.
                    core.is_over().await;
                    return;
                }
                Some(Order::Close) => return close(socket).await,
                Some(Order::Cut) | None => return,
            },
            came = socket.recv() => match came {
                Some(Ok(Message::Text(text))) => take(core, id, &text),
                Some(Ok(Message::Ping(_))) => core.lock().count("pings"),
                Some(Ok(Message::Pong(_))) => core.lock().count("pongs"),
                Some(Ok(Message::Binary(_))) => core.lock().count("frames_unknown"),
                Some(Ok(Message::Close(_))) => {
                    core.lock().retire(id);
                    return goodbye(socket).await;
                }
                Some(Err(_)) | None => return,
            },
            _ = pings.tick() => {
                if socket.send(Message::Ping(format!("Ping from applink-double {id}").into())).await.is_err() {
                    return;
                }
            }
            () = &mut end_of_life, if !refreshed => {
                refreshed = true;
                refresh(core, id);
            }
            () = core.is_over() => return,
        }
    }
}

async fn close(mut socket: WebSocket) {
    if socket.send(Message::Close(None)).await.is_ok() {
        goodbye(socket).await;
    }
}

/// Lets the closing handshake come to its end: a connection that just breaks off is an error to clients.
async fn goodbye(mut socket: WebSocket) {
    let _ = timeout(Duration::from_secs(1), async { while let Some(Ok(_)) = socket.recv().await {} }).await;
}

fn take(core: &Arc<Core>, id: u64, text: &str) {
    let frame: Value = serde_json::from_str(text).unwrap_or_default();
    let mut state = core.lock();
    match frame["envelope_id"].as_str() {
        Some(envelope) => state.take_ack(id, envelope, frame.get("payload").cloned().unwrap_or_default()),
        None => state.count("frames_unknown"),
    }
}

/// Asks a socket to make room for another one, and closes it a while later.
pub(crate) fn refresh(core: &Arc<Core>, id: u64) {
    let grace = {
        let mut state = core.lock();
        let Some(socket) = state.sockets.open.get_mut(&id) else { return };
        socket.draining = true;
        state.sockets.order(id, Order::Send(disconnect("refresh_requested")));
        state.options.refresh_grace
    };
    let core = Arc::clone(core);
    tokio::spawn(async move {
        sleep(grace).await;
        core.lock().sockets.order(id, Order::Close);
    });
}

/// Announces the end of a socket, and asks it to refresh a while later.
pub(crate) fn warn(core: &Arc<Core>, id: u64) {
    let grace = {
        let state = core.lock();
        state.sockets.order(id, Order::Send(disconnect("warning")));
        state.options.refresh_grace
    };
    let core = Arc::clone(core);
    tokio::spawn(async move {
        sleep(grace).await;
        refresh(&core, id);
    });
}
