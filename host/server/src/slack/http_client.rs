//! The HTTP below the client library: one request with a deadline, a bounded reply, and errors that hold no token.

use std::fmt;
use std::time::Duration;

use anyhow::Context as _;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use reqwest::header::{self, HeaderMap};
use serde::{Deserialize, Serialize};
use slack_morphism::errors::{
    SlackClientApiError, SlackClientError, SlackClientHttpError, SlackClientHttpProtocolError, SlackClientSystemError,
    SlackRateLimitError,
};
use slack_morphism::multipart_form::FileMultipartData;
use slack_morphism::prelude::*;
use url::Url;

/// The longest reply that is read, in bytes. A page of 200 messages with all their blocks fits.
const MOST_BYTES: usize = 8 << 20;
const JSON: &str = "application/json; charset=utf-8";
/// The longest pause that a reply can impose.
const LONGEST_PAUSE: Duration = Duration::from_secs(300);
/// From the request to the end of the reply.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Sends requests of the client library with our HTTP client, to any base address.
#[derive(Debug, Clone)]
pub(super) struct HttpClient {
    http: reqwest::Client,
    base: String,
}

/// Why there was no reply.
#[derive(Debug)]
pub(super) struct NoReply {
    /// The request may have been received.
    pub(super) sent: bool,
    reason: String,
}

impl fmt::Display for NoReply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason)
    }
}

impl std::error::Error for NoReply {}

impl HttpClient {
    /// A client of the Web API at `base`, such as `https://slack.com/api`.
    pub(super) fn new(base: &str) -> anyhow::Result<Self> {
        let url = Url::parse(base).context("slack.base_url is not a web address")?;
        Ok(Self { http: crate::outbound::client(&url, TIMEOUT)?, base: base.to_owned() })
    }

    /// Sends a body to an address that Slack gave us, and wants to hear that it was taken.
    pub(super) async fn give(&self, address: &str, body: &serde_json::Value) -> Result<(), NoReply> {
        let given = |sent, reason: &str| NoReply { sent, reason: reason.to_owned() };
        let url = Url::parse(address).map_err(|_| given(false, "the address is none"))?;
        if url.scheme() != "https" && !crate::config::is_loopback(&url) {
            return Err(given(false, "the address is not encrypted"));
        }
        let request = self.http.post(url).header(header::CONTENT_TYPE, JSON).body(body.to_string());
        match request.send().await {
            Ok(response) if response.status().is_success() => Ok(()),
            Ok(response) => Err(given(true, &format!("HTTP status {}", response.status().as_u16()))),
            // The error's own words hold the address, which anybody can use.
            Err(_) => Err(given(true, "no answer")),
        }
    }

    async fn send<RS>(&self, request: reqwest::RequestBuilder, token: Option<&SlackApiToken>) -> ClientResult<RS>
    where
        RS: for<'de> Deserialize<'de>,
    {
        let request = match token {
            Some(token) => request.bearer_auth(&token.token_value.0),
            None => request,
        };
        let reply = self.exchange(request).await?;
        read(&reply.body)
    }

    /// Calls a method without arguments. The headers are told even where Slack refuses.
    pub(super) async fn examine<RS>(
        &self,
        method: &str,
        token: &SlackApiToken,
    ) -> ClientResult<(HeaderMap, ClientResult<RS>)>
    where
        RS: for<'de> Deserialize<'de>,
    {
        let request = self.http.post(self.create_method_uri_path(method)?).bearer_auth(&token.token_value.0);
        let reply = self.exchange(request).await?;
        Ok((reply.headers, read(&reply.body)))
    }

    async fn exchange(&self, request: reqwest::RequestBuilder) -> ClientResult<Reply> {
        let mut response = request.send().await.map_err(lost)?;
        let status = response.status();
        let retry_after = response.headers().get(header::RETRY_AFTER).and_then(|value| value.to_str().ok());
        let retry_after = retry_after
            .and_then(|seconds| seconds.parse().ok())
            .map(|seconds: u64| Duration::from_secs(seconds).min(LONGEST_PAUSE));
        if status.as_u16() == 429 {
            return Err(SlackClientError::RateLimitError(SlackRateLimitError::new().opt_retry_after(retry_after)));
        }
        if !status.is_success() {
            return Err(SlackClientError::HttpError(SlackClientHttpError::new(status)));
        }
        let headers = std::mem::take(response.headers_mut());
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(lost)? {
            if body.len() + chunk.len() > MOST_BYTES {
                return Err(no_reply(true, "the reply is longer than 8 MiB".to_owned()));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Reply { headers, body })
    }
}

/// What came back, whatever it says.
struct Reply {
    headers: HeaderMap,
    body: Vec<u8>,
}

/// What a reply says, or why Slack refused.
fn read<RS>(body: &[u8]) -> ClientResult<RS>
where
    RS: for<'de> Deserialize<'de>,
{
    let not_json = |_| no_reply(true, "the reply is not what this method answers".to_owned());
    let envelope: Envelope = serde_json::from_slice(body).map_err(not_json)?;
    if !envelope.ok {
        let code = envelope.error.unwrap_or_else(|| "no reason given".to_owned());
        return Err(SlackClientError::ApiError(SlackClientApiError::new(code)));
    }
    serde_json::from_slice(body).map_err(not_json)
}

/// What every reply has.
#[derive(Deserialize)]
struct Envelope {
    ok: bool,
    error: Option<String>,
}

fn no_reply(sent: bool, reason: String) -> SlackClientError {
    SlackClientError::HttpProtocolError(SlackClientHttpProtocolError {
        cause: Some(Box::new(NoReply { sent, reason })),
    })
}

/// The error's own words hold the address, and are not used.
fn lost(error: reqwest::Error) -> SlackClientError {
    match (error.is_connect(), error.is_timeout()) {
        (true, _) => no_reply(false, "Slack cannot be reached".to_owned()),
        (false, true) => no_reply(true, format!("Slack did not answer within {} s", TIMEOUT.as_secs())),
        (false, false) => no_reply(true, "the connection to Slack broke off".to_owned()),
    }
}

/// The library has methods that we never call; they need no form of ours.
fn unsupported<'a, RS>() -> BoxFuture<'a, ClientResult<RS>>
where
    RS: Send + 'a,
{
    let error = SlackClientSystemError::new().with_message("this kind of request is not supported".to_owned());
    std::future::ready(Err(SlackClientError::SystemError(error))).boxed()
}

impl SlackClientHttpConnector for HttpClient {
    fn create_method_uri_path(&self, method: &str) -> ClientResult<Url> {
        Ok(format!("{}/{method}", self.base).parse()?)
    }

    fn http_get_uri<'a, RS>(
        &'a self,
        uri: Url,
        context: SlackClientApiCallContext<'a>,
    ) -> BoxFuture<'a, ClientResult<RS>>
    where
        RS: for<'de> Deserialize<'de> + Send + 'a,
    {
        self.send(self.http.get(uri), context.token).boxed()
    }

    fn http_post_uri<'a, RQ, RS>(
        &'a self,
        uri: Url,
        request: &'a RQ,
        context: SlackClientApiCallContext<'a>,
    ) -> BoxFuture<'a, ClientResult<RS>>
    where
        RQ: Serialize + Send + Sync,
        RS: for<'de> Deserialize<'de> + Send + 'a,
    {
        let body = serde_json::to_vec(request);
        async move {
            let body = body.map_err(|error| no_reply(false, format!("the request cannot be written: {error}")))?;
            let request = self.http.post(uri).header(header::CONTENT_TYPE, JSON).body(body);
            self.send(request, context.token).await
        }
        .boxed()
    }

    fn http_get_with_client_secret<'a, RS>(
        &'a self,
        _: Url,
        _: &'a SlackClientId,
        _: &'a SlackClientSecret,
    ) -> BoxFuture<'a, ClientResult<RS>>
    where
        RS: for<'de> Deserialize<'de> + Send + 'a,
    {
        unsupported()
    }

    fn http_post_uri_multipart_form<'a, 'p, RS, PT, TS>(
        &'a self,
        _: Url,
        _: Option<FileMultipartData<'p>>,
        _: &'p PT,
        _: SlackClientApiCallContext<'a>,
    ) -> BoxFuture<'a, ClientResult<RS>>
    where
        RS: for<'de> Deserialize<'de> + Send + 'a,
        PT: IntoIterator<Item = (&'p str, Option<TS>)> + Clone,
        TS: AsRef<str> + 'p + Send,
    {
        unsupported()
    }

    fn http_post_uri_binary<'a, 'p, RS>(
        &'a self,
        _: Url,
        _: String,
        _: &'a [u8],
        _: SlackClientApiCallContext<'a>,
    ) -> BoxFuture<'a, ClientResult<RS>>
    where
        RS: for<'de> Deserialize<'de> + Send + 'a,
    {
        unsupported()
    }
}
