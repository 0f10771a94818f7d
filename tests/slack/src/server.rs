//! The routes, and the listener behind them.

use std::sync::Arc;

use axum::Router;
use axum::routing::{any, get, post};
use axum::serve::ListenerExt;
use tokio::net::TcpListener;

use crate::core::Core;
use crate::{api, control, link, replies};

pub(crate) fn routes(core: Arc<Core>) -> Router {
    Router::new()
        .route("/api/{method}", any(api::call))
        .route("/api/of/{caller}/{method}", any(api::call))
        .route("/link", get(link::link))
        .route("/actions/{team}/{id}", post(replies::reply))
        .nest("/control", control::routes())
        .with_state(core)
}

/// Serves until the double ends.
pub(crate) async fn serve(core: Arc<Core>, listener: TcpListener) {
    // Small answers must not wait for the acknowledgement of those before.
    let listener = listener.tap_io(|stream| {
        let _ = stream.set_nodelay(true);
    });
    let routes = routes(Arc::clone(&core));
    tokio::select! {
        () = core.is_over() => {}
        served = axum::serve(listener, routes) => {
            if let Err(error) = served {
                tracing::error!(%error, "the double stopped serving");
            }
        }
    }
}
