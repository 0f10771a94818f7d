//! The control API, by which tests in other languages and people with curl act as people and order faults.
//!
//! Everything is JSON. What cannot be done is answered with status 400 and `{"error": …}`.

mod app;
mod faults;
mod people;
mod records;

use std::sync::Arc;

use axum::Json;
use axum::Router;
use axum::http::StatusCode;
use serde::Serialize;
use serde_json::{Value, json};

use crate::core::Core;

/// What a deed gives, or why it could not be done.
type Done = Result<Json<Value>, (StatusCode, Json<Value>)>;

pub(crate) fn routes() -> Router<Arc<Core>> {
    app::routes().merge(faults::routes()).merge(people::routes()).merge(records::routes())
}

fn done(result: impl Serialize) -> Done {
    serde_json::to_value(result).map(Json).map_err(|error| cannot(error.to_string()))
}

fn cannot(why: String) -> (StatusCode, Json<Value>) {
    (StatusCode::BAD_REQUEST, Json(json!({ "error": why })))
}
