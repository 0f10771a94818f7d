use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message as Frame;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::SlackDouble;
use crate::http_client::{Answered, post};

/// A Socket Mode connection in the hands of a test.
pub(super) struct Socket(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Socket {
    pub(super) async fn open(slack: &SlackDouble) -> Self {
        let opened = call_as(slack, &slack.app_token(), "apps.connections.open", json!({})).await;
        let (socket, _) = connect_async(opened["url"].as_str().unwrap()).await.unwrap();
        Self(socket)
    }

    /// The next JSON frame; none once the socket is closed.
    pub(super) async fn next(&mut self) -> Option<Value> {
        loop {
            match self.0.next().await? {
                Ok(Frame::Text(text)) => return Some(serde_json::from_str(&text).unwrap()),
                Ok(Frame::Close(_)) | Err(_) => return None,
                Ok(_) => {}
            }
        }
    }

    /// The next frame of this type.
    pub(super) async fn next_of(&mut self, kind: &str) -> Value {
        loop {
            let frame = self.next().await.unwrap_or_else(|| panic!("closed before {kind}"));
            if frame["type"] == kind {
                return frame;
            }
        }
    }

    pub(super) async fn ack(&mut self, envelope: &Value) {
        self.answer(envelope, None).await;
    }

    pub(super) async fn answer(&mut self, envelope: &Value, payload: Option<Value>) {
        let mut ack = json!({ "envelope_id": envelope["envelope_id"] });
        if let Some(payload) = payload {
            ack["payload"] = payload;
        }
        self.0.send(Frame::text(ack.to_string())).await.unwrap();
    }
}

pub(super) async fn call(slack: &SlackDouble, method: &str, arguments: Value) -> Value {
    call_as(slack, &slack.bot_token(), method, arguments).await
}

pub(super) async fn call_as(slack: &SlackDouble, token: &str, method: &str, arguments: Value) -> Value {
    let answer = request(slack, token, method, arguments).await.unwrap();
    serde_json::from_slice(&answer.body).unwrap()
}

pub(super) async fn request(
    slack: &SlackDouble,
    token: &str,
    method: &str,
    arguments: Value,
) -> std::io::Result<Answered> {
    let headers =
        [("Authorization", format!("Bearer {token}")), ("Content-Type", "application/json; charset=utf-8".to_owned())];
    post(&format!("{}/{method}", slack.api_url()), &headers, &arguments.to_string()).await
}

/// Posts to a person, however often that takes.
pub(super) async fn post_to(slack: &SlackDouble, channel: &str, message: Value) -> Value {
    let mut message = message;
    message["channel"] = channel.into();
    let answer = call(slack, "chat.postMessage", message).await;
    assert_eq!(answer["ok"], true, "{answer}");
    answer
}

pub(super) fn buttons(labels: &[&str]) -> Value {
    let button = |(index, label): (usize, &&str)| {
        json!({
            "type": "button", "action_id": format!("pick.{index}"), "value": label.to_lowercase(),
            "text": { "type": "plain_text", "text": label },
        })
    };
    let elements: Vec<_> = labels.iter().enumerate().map(button).collect();
    json!([{ "type": "actions", "block_id": "choice", "elements": elements }])
}
