use std::sync::Arc;

use axum::extract::{Path, State};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::json;

use super::{Done, cannot, done};
use crate::core::Core;
use crate::faults::{DeliveryFault, Fault, Times};
use crate::order_faults::Faults;

type Shared = State<Arc<Core>>;

pub(super) fn routes() -> Router<Arc<Core>> {
    Router::new()
        .route("/faults", get(injected).delete(clear))
        .route("/faults/calls", post(calls))
        .route("/faults/events", post(events))
        .route("/faults/sockets/{kind}", post(sockets))
}

async fn injected(State(core): Shared) -> Done {
    done(&core.lock().faults)
}

async fn clear(State(core): Shared) -> Done {
    core.lock().orders.clear();
    done(())
}

#[derive(Deserialize)]
struct Order<F> {
    /// A method or a person; none is any.
    on: Option<String>,
    /// How many times; once where neither this nor a probability is given.
    count: Option<u32>,
    probability: Option<f64>,
    fault: F,
}

impl<F> Order<F> {
    fn times(&self) -> Times {
        self.probability.map_or(Times::Next(self.count.unwrap_or(1)), Times::Probability)
    }
}

async fn calls(State(core): Shared, Json(order): Json<Order<Fault>>) -> Done {
    let times = order.times();
    core.lock().orders.call(order.on, times, order.fault);
    done(())
}

async fn events(State(core): Shared, Json(order): Json<Order<DeliveryFault>>) -> Done {
    let times = order.times();
    core.lock().orders.delivery(order.on, times, order.fault);
    done(())
}

async fn sockets(State(core): Shared, Path(kind): Path<String>) -> Done {
    let faults = Faults::of(&core);
    let struck = match kind.as_str() {
        "silence" => faults.silence_socket(),
        "cut" => faults.cut_socket(),
        "refresh" => faults.refresh_socket(),
        "warning" => faults.warn_socket(),
        "too_many" => {
            faults.too_many_sockets(1);
            true
        }
        "disable" => {
            faults.disable_link();
            true
        }
        "enable" => {
            faults.enable_link();
            true
        }
        _ => return Err(cannot(format!("unknown: {kind}"))),
    };
    done(json!({ "struck": struck }))
}
