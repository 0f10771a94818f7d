//! The methods of Slack's Web API that a bot needs, each with its error judged.

use std::collections::BTreeSet;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use pesto_engine::local;
use pesto_engine::model::EffectId;
use pesto_engine::text::line;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use slack_morphism::errors::SlackClientError;
use slack_morphism::prelude::*;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::api_error::{ApiError, judge};
use super::http_client::HttpClient;
use super::limiter::Limiter;
use super::mark::{Found, Mark};
use super::people::member_of;
use super::reading::Identity;
use super::render::Payload;
use super::sign::Hand;
use crate::config::{Secret, Slack};

/// Pages of a conversation that are searched for a message, and messages on each. What is looked for was sent moments
/// ago, so it is on the first page but in a thread, which Slack gives from its beginning.
const PAGES: u32 = 10;
const PAGE: &str = "200";

/// People on a page; Slack takes up to 1,000.
const PEOPLE: &str = "500";

/// How long a search waits for the one before it. With its own pages it ends before the engine gives a post up.
const SEARCHES: Duration = Duration::from_secs(4);
/// After Slack limits a method without saying for how long.
const LIMITED: Duration = Duration::from_secs(30);

/// A client of the Web API, which calls no method more often than Slack allows.
#[derive(Debug)]
pub(super) struct Api {
    /// Posts wait for their channel's turn before they come here.
    pub(super) limiter: Limiter,
    searching: Semaphore,
    client: SlackClient<HttpClient>,
    bot: SlackApiToken,
    app: Option<SlackApiToken>,
}

/// What a look at the bot token showed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Examined {
    /// Whose it is.
    pub(super) account: Result<Account, ApiError>,
    /// What it may do, where Slack says so.
    pub(super) scopes: Option<BTreeSet<String>>,
    /// Slack's clock, in whole seconds, where it can be read.
    pub(super) date: Option<SystemTime>,
}

/// Whose a token is. What Slack does not say is empty.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(super) struct Account {
    /// The workspace's name.
    pub(super) team: String,
    /// The bot's name.
    pub(super) user: String,
    pub(super) bot_id: String,
    /// The app is installed for an organisation and not for one workspace.
    pub(super) is_enterprise_install: bool,
}

/// What is known of a person. What Slack does not say is empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Profile {
    pub(super) name: String,
    pub(super) locale: String,
    pub(super) time_zone: String,
    /// How far their clocks are ahead of UTC now, in seconds.
    pub(super) utc_offset: Option<i32>,
    /// The workspaces in which they are a full member: no guest, and of no other company.
    pub(super) member_of: Vec<String>,
}

impl Profile {
    fn read(user: &Value) -> Self {
        let text = |path: &str| user.pointer(path).and_then(Value::as_str).unwrap_or_default().to_owned();
        let names = ["/profile/display_name", "/profile/real_name", "/real_name", "/name"];
        Self {
            name: names.into_iter().map(text).find(|name| !name.trim().is_empty()).unwrap_or_default(),
            locale: text("/locale"),
            time_zone: text("/tz"),
            utc_offset: user.get("tz_offset").and_then(Value::as_i64).and_then(local::sound),
            member_of: member_of(user),
        }
    }
}

#[derive(Deserialize)]
struct Stamp {
    ts: String,
}

#[derive(Deserialize)]
struct Opened {
    channel: Id,
}

#[derive(Deserialize)]
struct Id {
    id: String,
}

#[derive(Deserialize)]
struct Url {
    url: String,
}

#[derive(Deserialize)]
struct Nothing {}

#[derive(Deserialize)]
struct Tested {
    team_id: String,
    user_id: String,
    #[serde(default)]
    bot_id: String,
}

#[derive(Deserialize)]
struct Page {
    messages: Vec<Value>,
    #[serde(default)]
    response_metadata: Option<Cursor>,
}

#[derive(Deserialize)]
struct PeoplePage {
    members: Vec<Value>,
    #[serde(default)]
    response_metadata: Option<Cursor>,
}

#[derive(Deserialize)]
struct Members {
    users: BTreeSet<String>,
}

#[derive(Deserialize)]
struct Cursor {
    #[serde(default)]
    next_cursor: String,
}

fn token(secret: &Secret) -> SlackApiToken {
    SlackApiToken::new(SlackApiTokenValue(secret.expose().to_owned()))
}

impl Api {
    pub(super) fn new(config: &Slack) -> anyhow::Result<Self> {
        let client = SlackClient::new(HttpClient::new(&config.base_url)?);
        let (bot, app) = (token(&config.bot_token), config.app_token.as_ref().map(token));
        Ok(Self {
            limiter: Limiter::new(config.burst, config.posts_a_minute),
            searching: Semaphore::new(1),
            client,
            bot,
            app,
        })
    }

    /// Who we are.
    pub(super) async fn identity(&self) -> Result<Identity, ApiError> {
        let Tested { team_id, user_id, bot_id } = self.post("auth.test", &json!({})).await?;
        Ok(Identity { team: team_id, bot_user: user_id, bot_id, app: None })
    }

    /// What Slack tells of the bot token, with what its headers say beside. An error is one of the way there.
    pub(super) async fn examine(&self) -> Result<Examined, ApiError> {
        let examined = self.client.http_api.connector.examine::<Account>("auth.test", &self.bot).await;
        let (headers, account) = examined.map_err(judge)?;
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let scopes = text("x-oauth-scopes").map(|list| {
            list.split(',').map(str::trim).filter(|scope| !scope.is_empty()).map(|scope| line(scope, 60)).collect()
        });
        Ok(Examined { account: account.map_err(judge), scopes, date: text("date").and_then(http_date) })
    }

    /// The app that a bot belongs to.
    pub(super) async fn app_of(&self, bot_id: &str) -> Result<String, ApiError> {
        let answer: Value = self.get("bots.info", &vec![("bot", Some(bot_id))]).await?;
        let app = answer.pointer("/bot/app_id").and_then(Value::as_str);
        app.map(|app| line(app, 40)).ok_or_else(|| ApiError::Unanswered("Slack names no app".to_owned()))
    }

    /// The address of a new socket, good for one connection. None without an app token.
    pub(super) async fn open_socket(&self) -> Result<Option<String>, ApiError> {
        let Some(app) = &self.app else { return Ok(None) };
        let session = self.client.open_session(app);
        let opened = session.http_session_api.http_post("apps.connections.open", &json!({}), None).await;
        let Url { url } = opened.map_err(judge)?;
        Ok(Some(url))
    }

    /// The channel of a person's direct messages.
    pub(super) async fn open_direct(&self, user: &str) -> Result<String, ApiError> {
        let opened: Opened = self.post("conversations.open", &json!({ "users": user })).await?;
        Ok(opened.channel.id)
    }

    /// Posts, and answers the message's time stamp.
    pub(super) async fn send(
        &self,
        (channel, thread): (&str, Option<&str>),
        payload: &Payload,
    ) -> Result<String, ApiError> {
        let mut body = content(channel, payload);
        body["metadata"] = payload.metadata.clone();
        if let Some(thread) = thread {
            body["thread_ts"] = json!(thread);
        }
        Ok(self.post::<Stamp>("chat.postMessage", &body).await?.ts)
    }

    /// Posts before one person alone. It need not last, and cannot be found again.
    pub(super) async fn whisper(
        &self,
        (channel, thread): (&str, Option<&str>),
        user: &str,
        payload: &Payload,
    ) -> Result<(), ApiError> {
        let mut body = content(channel, payload);
        body["user"] = json!(user);
        if let Some(thread) = thread {
            body["thread_ts"] = json!(thread);
        }
        self.post::<Nothing>("chat.postEphemeral", &body).await.map(drop)
    }

    /// Replaces a message that we posted. It only shows what happened: what comes too late is dropped.
    pub(super) async fn update(&self, channel: &str, ts: &str, payload: &Payload) -> Result<(), ApiError> {
        let mut body = content(channel, payload);
        body["ts"] = json!(ts);
        body["metadata"] = payload.metadata.clone();
        self.limiter.method_if_newest("chat.update").await.map_err(|_| ApiError::Late)?;
        self.post_now::<Nothing>("chat.update", &body).await.map(drop)
    }

    /// Takes away a post of ours. One that is gone is no error.
    pub(super) async fn delete(&self, channel: &str, ts: &str) -> Result<(), ApiError> {
        match self.post::<Nothing>("chat.delete", &json!({ "channel": channel, "ts": ts })).await {
            Err(ApiError::Refused(code)) if code == "message_not_found" => Ok(()),
            done => done.map(drop),
        }
    }

    /// Replaces a message where somebody used one of its controls: at the address that came with it, which knows no
    /// rate. It is good for half an hour and five uses. Answers whether it was done.
    pub(super) async fn respond(&self, address: &str, payload: &Payload) -> bool {
        let body = json!({ "replace_original": true, "text": payload.text, "blocks": payload.blocks });
        match self.client.http_api.connector.give(address, &body).await {
            Ok(()) => true,
            Err(error) => {
                tracing::debug!("a message is not replaced where it was clicked: {error}");
                false
            }
        }
    }

    /// The posts of our message that stand in a channel or a thread. One search at a time: many at once would take each
    /// other's turns, and none would get to the end of a long thread.
    pub(super) async fn find(
        &self,
        (channel, thread): (&str, Option<&str>),
        bot_user: &str,
        id: &EffectId,
    ) -> Result<Vec<Found>, ApiError> {
        let method = if thread.is_some() { "conversations.replies" } else { "conversations.history" };
        let Ok(Ok(_searching)) = timeout(SEARCHES, self.searching.acquire()).await else {
            return Err(ApiError::Limited(Some(SEARCHES)));
        };
        let mut found = Vec::new();
        let mut cursor = String::new();
        for page in 0..PAGES {
            let next = (!cursor.is_empty()).then_some(cursor.as_str());
            let parameters = vec![
                ("channel", Some(channel)),
                ("ts", thread),
                ("cursor", next),
                ("limit", Some(PAGE)),
                ("include_all_metadata", Some("true")),
            ];
            let turn =
                if page == 0 { self.limiter.method(method).await } else { self.limiter.method_again(method).await };
            turn?;
            let page: Page = self.get_now(method, &parameters).await?;
            found.extend(page.messages.iter().filter_map(|message| ours(message, bot_user, id)));
            cursor = page.response_metadata.map(|metadata| metadata.next_cursor).unwrap_or_default();
            // What came before the newest page of a channel is old.
            if cursor.is_empty() || thread.is_none() {
                break;
            }
        }
        Ok(found)
    }

    /// What Slack tells of a person.
    pub(super) async fn profile(&self, user: &str) -> Result<Profile, ApiError> {
        let answer: Value =
            self.get("users.info", &vec![("user", Some(user)), ("include_locale", Some("true"))]).await?;
        Ok(Profile::read(answer.get("user").unwrap_or(&Value::Null)))
    }

    /// A page of the people of the workspace by id, and where the next one begins; empty after the last one.
    pub(super) async fn people(&self, cursor: &str) -> Result<(Vec<(String, Profile)>, String), ApiError> {
        let next = (!cursor.is_empty()).then_some(cursor);
        let parameters = vec![("cursor", next), ("limit", Some(PEOPLE)), ("include_locale", Some("true"))];
        let page: PeoplePage = self.get("users.list", &parameters).await?;
        let id = |member: &Value| member.get("id").and_then(Value::as_str).map(str::to_owned);
        let people = page.members.iter().filter_map(|member| Some((id(member)?, Profile::read(member)))).collect();
        Ok((people, page.response_metadata.map(|metadata| metadata.next_cursor).unwrap_or_default()))
    }

    /// Who is in a user group.
    pub(super) async fn members(&self, group: &str) -> Result<BTreeSet<String>, ApiError> {
        let Members { users } = self.get("usergroups.users.list", &vec![("usergroup", Some(group))]).await?;
        Ok(users)
    }

    /// Opens a window before the person whose click gave this trigger.
    pub(super) async fn open_view(&self, trigger: &str, view: &Value) -> Result<(), ApiError> {
        let body = json!({ "trigger_id": trigger, "view": view });
        self.post::<Nothing>("views.open", &body).await.map(drop)
    }

    async fn post<T: DeserializeOwned + Send>(&self, method: &'static str, body: &Value) -> Result<T, ApiError> {
        self.limiter.method(method).await?;
        self.post_now(method, body).await
    }

    async fn post_now<T: DeserializeOwned + Send>(&self, method: &'static str, body: &Value) -> Result<T, ApiError> {
        let session = self.client.open_session(&self.bot);
        self.heeded(method, session.http_session_api.http_post(method, body, None)).await
    }

    async fn get<T: DeserializeOwned + Send>(
        &self,
        method: &'static str,
        parameters: &Vec<(&str, Option<&str>)>,
    ) -> Result<T, ApiError> {
        self.limiter.method(method).await?;
        self.get_now(method, parameters).await
    }

    async fn get_now<T: DeserializeOwned + Send>(
        &self,
        method: &'static str,
        parameters: &Vec<(&str, Option<&str>)>,
    ) -> Result<T, ApiError> {
        let session = self.client.open_session(&self.bot);
        self.heeded(method, session.http_session_api.http_get(method, parameters, None)).await
    }

    /// Heeds what Slack says of a method's pace.
    async fn heeded<T>(
        &self,
        method: &'static str,
        call: impl Future<Output = Result<T, SlackClientError>>,
    ) -> Result<T, ApiError> {
        let answer = call.await.map_err(judge);
        if let Err(ApiError::Limited(wait)) = &answer {
            self.limiter.pause(method, wait.unwrap_or(LIMITED));
        }
        answer
    }
}

#[async_trait]
impl Hand for Api {
    async fn react(&self, channel: &str, ts: &str, emoji: &str) -> Result<(), ApiError> {
        // Slack lets fewer be taken away than be put there.
        self.limiter.reserve("reactions.remove")?;
        let body = json!({ "channel": channel, "timestamp": ts, "name": emoji });
        self.post::<Nothing>("reactions.add", &body).await.map(drop)
    }

    async fn unreact(&self, channel: &str, ts: &str, emoji: &str) -> Result<(), ApiError> {
        let body = json!({ "channel": channel, "timestamp": ts, "name": emoji });
        self.post_now::<Nothing>("reactions.remove", &body).await.map(drop)
    }

    /// The next message in the thread ends it, and so do two minutes.
    async fn status(&self, channel: &str, thread: &str, line: &str) -> Result<(), ApiError> {
        let body = json!({ "channel_id": channel, "thread_ts": thread, "status": line });
        self.post::<Nothing>("assistant.threads.setStatus", &body).await.map(drop)
    }
}

/// A time as HTTP writes it: `Sat, 21 Nov 2026 22:35:28 GMT` (RFC 9110, section 5.6.7).
fn http_date(text: &str) -> Option<SystemTime> {
    const MONTHS: &str = "JanFebMarAprMayJunJulAugSepOctNovDec";
    let [_, day, month, year, time, "GMT"] = text.split(' ').collect::<Vec<_>>()[..] else { return None };
    let month = MONTHS.find(month).filter(|at| month.len() == 3 && at % 3 == 0)? / 3 + 1;
    humantime::parse_rfc3339(&format!("{year}-{month:02}-{day}T{time}Z")).ok()
}

fn content(channel: &str, payload: &Payload) -> Value {
    json!({
        "channel": channel,
        "text": payload.text,
        "blocks": payload.blocks,
        "parse": "none",
        "link_names": false,
        "unfurl_links": false,
        "unfurl_media": false,
    })
}

/// The post, if it is our bot's and belongs to the message with this id. Anybody's app can set any metadata.
fn ours(message: &Value, bot_user: &str, id: &EffectId) -> Option<Found> {
    let mark = Mark::read(message.get("metadata")?).filter(|mark| mark.id == *id)?;
    let ts = message.get("ts")?.as_str()?.to_owned();
    (message.get("user")? == bot_user).then_some(Found { mark, ts })
}

#[cfg(test)]
mod tests {
    use super::http_date;

    #[test]
    fn dates_of_http_are_read() {
        let read = |text| http_date(text).map(|time| humantime::format_rfc3339_seconds(time).to_string());
        assert_eq!(read("Sat, 21 Nov 2026 22:35:28 GMT").as_deref(), Some("2026-11-21T22:35:28Z"));
        for broken in
            ["", "Sat, 21 Nov 2026 22:35:28", "Sat, 21 anF 2026 22:35:28 GMT", "Sat, 99 Nov 2026 22:35:28 GMT"]
        {
            assert_eq!(read(broken), None, "{broken}");
        }
    }
}
