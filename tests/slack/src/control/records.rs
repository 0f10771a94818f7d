use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{Query, State};
use axum::routing::get;
use serde_json::json;

use super::{Done, cannot, done};
use crate::core::Core;
use crate::records::AckTimes;

type Shared = State<Arc<Core>>;

pub(super) fn routes() -> Router<Arc<Core>> {
    Router::new()
        .route("/acks", get(acks))
        .route("/acks/times", get(ack_times))
        .route("/calls", get(calls))
        .route("/counters", get(counters))
        .route("/sockets", get(sockets))
}

async fn acks(State(core): Shared) -> Done {
    done(&core.lock().acks)
}

async fn ack_times(State(core): Shared) -> Done {
    done(AckTimes::of(&core.lock().acks))
}

async fn calls(State(core): Shared) -> Done {
    done(&core.lock().calls)
}

async fn counters(State(core): Shared) -> Done {
    done(&core.lock().counters)
}

/// How many sockets are open; waits until there are at least so many.
async fn sockets(State(core): Shared, Query(query): Query<HashMap<String, u64>>) -> Done {
    let least = query.get("at_least").copied().unwrap_or_default();
    let patience = Duration::from_millis(query.get("timeout_ms").copied().unwrap_or(30_000));
    let found = core.wait("", patience, |state| {
        let open = state.sockets.usable().len();
        (open as u64 >= least).then_some(open)
    });
    done(json!({ "open": found.await.ok_or_else(|| cannot(format!("not {least} sockets in {patience:?}")))? }))
}
