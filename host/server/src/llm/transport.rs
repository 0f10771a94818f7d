//! The HTTP below the client library: one request, a bounded reply, errors already judged.
//!
//! Judging here, and not above the library, keeps the provider's words out of the log, where the library writes the
//! bodies that it cannot read.

use std::error::Error as _;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use async_openai::middleware::HttpRequestFactory;
use pesto_engine::ports::CallError;
use reqwest::{Response, header};

use super::fault::{self, Fault, Refusal};
use super::{MOST_BYTES, Reply};
use crate::config::Secret;

/// How much of an error's body is read, in bytes.
const MOST_OF_ERROR: usize = 64 << 10;

/// Sends a request once.
#[derive(Debug, Clone)]
pub(super) struct Transport {
    http: reqwest::Client,
    key: Option<Secret>,
}

impl Transport {
    pub(super) fn new(http: reqwest::Client, key: Option<Secret>) -> Self {
        Self { http, key }
    }

    async fn send(self, factory: HttpRequestFactory) -> Result<Response, CallError> {
        let mut request =
            factory.build().await.map_err(|_| fault::unavailable(false, "the request could not be made"))?;
        if self.key.is_none() {
            // The library sends an empty one, which some providers refuse.
            request.headers_mut().remove(header::AUTHORIZATION);
        }
        let mut response = self.http.execute(request).await.map_err(|error| lost(&error))?;
        let status = response.status();
        if !status.is_success() {
            let retry_after = response.headers().get(header::RETRY_AFTER).and_then(|value| value.to_str().ok());
            let retry_after = retry_after.map(str::to_owned);
            // The status says enough where the body is too long or breaks off.
            let body = read(&mut response, MOST_OF_ERROR).await.ok().flatten().unwrap_or_default();
            let refusal = Refusal {
                status: status.as_u16(),
                retry_after: retry_after.as_deref(),
                body: &body,
                key: self.key.as_ref().map(Secret::expose),
            };
            let (error, notice) = fault::judge(&refusal);
            if let Some(notice) = notice {
                tracing::error!(status = status.as_u16(), "{notice}");
            }
            return Err(error);
        }
        let Some(body) = read(&mut response, MOST_BYTES).await.map_err(|error| lost(&error))? else {
            return Err(fault::unavailable(true, "the provider's answer is longer than 1 MiB"));
        };
        // The library parses it once more; here it would be logged if it did not fit.
        if serde_json::from_slice::<Reply>(&body).is_err() {
            return Err(fault::unavailable(true, fault::NOT_A_COMPLETION));
        }
        Ok(http::Response::new(body).into())
    }
}

/// The body, or none if it is longer than `most`: then no more of it is read.
async fn read(response: &mut Response, most: usize) -> reqwest::Result<Option<Vec<u8>>> {
    if response.content_length().is_some_and(|length| length > most as u64) {
        return Ok(None);
    }
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        if body.len() + chunk.len() > most {
            return Ok(None);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Some(body))
}

/// What it means that a request did not get its reply. The error's own words hold the address, and are not used.
fn lost(error: &reqwest::Error) -> CallError {
    let mut source = error.source();
    let mut kind = String::new();
    while let Some(inner) = source {
        if let Some(io) = inner.downcast_ref::<std::io::Error>() {
            kind = format!(" ({})", io.kind());
        }
        source = inner.source();
    }
    match (error.is_connect(), error.is_timeout()) {
        (true, true) => CallError::Timeout { sent: false, reason: "the provider cannot be reached in time".to_owned() },
        (true, false) => fault::unavailable(false, &format!("the provider cannot be reached{kind}")),
        (false, true) => CallError::Timeout { sent: true, reason: "the provider did not answer in time".to_owned() },
        (false, false) => fault::unavailable(true, &format!("the connection to the provider broke off{kind}")),
    }
}

impl tower_service::Service<HttpRequestFactory> for Transport {
    type Response = Response;
    type Error = Box<dyn std::error::Error + Send + Sync>;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, factory: HttpRequestFactory) -> Self::Future {
        let once = self.clone().send(factory);
        Box::pin(async move { once.await.map_err(|error| Fault(error).into()) })
    }
}
