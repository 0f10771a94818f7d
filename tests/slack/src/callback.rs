//! Events over HTTP: requests to the app's own addresses, signed as Slack signs them.

use std::fmt::Write as _;
use std::time::Duration;

use ring::hmac;
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::core::Core;
use crate::delivery::{Attempt, Outgoing, Sort};
use crate::form;
use crate::http_client::{self, Answered};
use crate::ids::now_micros;
use crate::options::RequestUrls;
use crate::records::Ack;

/// Slack's signature of version 0: HMAC-SHA256 over version, time and raw body.
pub(crate) fn signature(secret: &str, timestamp: u64, body: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    let tag = hmac::sign(&key, format!("v0:{timestamp}:{body}").as_bytes());
    tag.as_ref().iter().fold("v0=".to_owned(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn headers(secret: &str, content: &str, body: &str, retry: Option<(u32, &str)>) -> Vec<(&'static str, String)> {
    let timestamp = now_micros() / 1_000_000;
    let mut headers = vec![
        ("Content-Type", content.to_owned()),
        ("User-Agent", "Slackbot 1.0 (+https://api.slack.com/robots)".to_owned()),
        ("Accept", "*/*".to_owned()),
        ("X-Slack-Request-Timestamp", timestamp.to_string()),
        ("X-Slack-Signature", signature(secret, timestamp, body)),
    ];
    if let Some((number, reason)) = retry {
        headers.push(("X-Slack-Retry-Num", number.to_string()));
        headers.push(("X-Slack-Retry-Reason", reason.to_owned()));
    }
    headers
}

/// One request for something that happened.
pub(crate) async fn attempt(
    core: &Core,
    urls: &RequestUrls,
    outgoing: &Outgoing,
    attempt: u32,
    reason: &str,
    limit: Duration,
) -> Attempt {
    let (url, content, body) = match outgoing.sort {
        Sort::Event => (&urls.events, "application/json", outgoing.payload.to_string()),
        Sort::Interaction => (&urls.interactivity, FORM, form::encode(&[("payload", &outgoing.payload.to_string())])),
        Sort::Command => (&urls.commands, FORM, form::encode_object(&outgoing.payload)),
    };
    let (index, secret) = {
        let mut state = core.lock();
        state.count("envelopes");
        state.acks.push(Ack {
            envelope: uuid::Uuid::new_v4().to_string(),
            kind: outgoing.sort.name().to_owned(),
            event: outgoing.event.clone(),
            user: outgoing.user.clone(),
            moment: outgoing.moment.clone(),
            attempt,
            socket: None,
            sent_at: now_micros(),
            acked_at: None,
            status: None,
            answer: Value::Null,
        });
        (state.acks.len() - 1, state.app.signing_secret.clone())
    };
    let headers = headers(&secret, content, &body, (attempt > 0).then_some((attempt, reason)));
    let answered = timeout(limit, http_client::post(url, &headers, &body)).await;
    let mut state = core.lock();
    let ended = match answered {
        Err(_) => Attempt::Failed("http_timeout"),
        Ok(Err(_)) => Attempt::Failed("connection_failed"),
        Ok(Ok(answered)) => {
            state.acks[index].status = Some(answered.status);
            if (200..300).contains(&answered.status) {
                state.acks[index].acked_at = Some(now_micros());
                state.acks[index].answer = said(&answered);
                Attempt::Acked(said(&answered))
            } else if answered.header("x-slack-no-retry") == Some("1") {
                Attempt::Refused
            } else {
                Attempt::Failed("http_error")
            }
        }
    };
    state.count(if matches!(ended, Attempt::Acked(_)) { "acks" } else { "requests_failed" });
    state.ring("");
    ended
}

const FORM: &str = "application/x-www-form-urlencoded";

/// JSON as it is; other text as a slash command's plain answer; nothing as null.
fn said(answered: &Answered) -> Value {
    let text = String::from_utf8_lossy(&answered.body);
    match text.trim() {
        "" => Value::Null,
        text => serde_json::from_str(text).unwrap_or_else(|_| json!({ "text": text })),
    }
}

/// Asks an address whether it is the app's, as Slack does when it is entered. Says what was wrong otherwise.
pub(crate) async fn verify(core: &Core, url: &str) -> Result<(), String> {
    let (token, secret, challenge) = {
        let mut state = core.lock();
        let challenge = format!("{:016x}", state.random.next());
        (state.app.verification_token.clone(), state.app.signing_secret.clone(), challenge)
    };
    let body = json!({ "token": token, "challenge": challenge, "type": "url_verification" }).to_string();
    let headers = headers(&secret, "application/json", &body, None);
    let answered = timeout(Duration::from_secs(3), http_client::post(url, &headers, &body))
        .await
        .map_err(|_| "no answer within 3 s".to_owned())?
        .map_err(|error| error.to_string())?;
    if answered.status != 200 {
        return Err(format!("HTTP status {}", answered.status));
    }
    let text = String::from_utf8_lossy(&answered.body);
    let answer =
        serde_json::from_str::<Value>(&text).ok().and_then(|json| json["challenge"].as_str().map(str::to_owned));
    match answer.unwrap_or_else(|| text.trim().trim_start_matches("challenge=").to_owned()) {
        answer if answer == challenge => Ok(()),
        _ => Err("the answer was not the challenge".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_like_slack() {
        // The example of Slack's page on verifying requests.
        let body = "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&\
                    channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&\
                    response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F\
                    96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c";
        assert_eq!(
            signature("8f742231b10e8888abcd99yyyzzz85a5", 1_531_420_618, body),
            "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"
        );
    }
}
