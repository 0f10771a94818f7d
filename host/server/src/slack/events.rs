//! What comes by the Events API: the same JSON in an HTTP body and in the `payload` of a Socket Mode envelope.

use pesto_engine::model::{Body, File, Place};
use serde_json::Value;

use super::field::{self, Fields, Read, Unfit, clip, direct, ours, thread};
use super::incoming_text::{from_slack, is_for_others, mentioned, mentions};
use super::reading::{Identity, Incoming, Notice, Reading};

/// Files of one message that a flow hears of.
const MOST_FILES: usize = 20;

/// The longest media type, in characters; the longest that is registered has 73.
const LONGEST_MEDIA_TYPE: usize = 100;

/// Speaks where no person does, and carries no bot's mark.
const SLACKBOT: &str = "USLACKBOT";

/// What an `event_callback` or a notice of the Events API leads to.
pub(super) fn read(payload: &Value, us: &Identity) -> Reading {
    field::settle(outer(payload, us))
}

fn outer(payload: &Value, us: &Identity) -> Read {
    let outer = Fields::of(payload)?;
    let kind = outer.text("type")?;
    if !matches!(kind, "event_callback" | "app_rate_limited") {
        return Ok(Reading::Ignored("not an event"));
    }
    if outer.of_another_app(us)? {
        return Ok(Reading::Ignored("for another app"));
    }
    if !for_us(outer, us)? {
        return Ok(Reading::Ignored("of another workspace"));
    }
    // It stands where events stand, without being in an event.
    if kind == "app_rate_limited" {
        return rate_limited(outer.maybe_count("minute_rate_limited")?);
    }
    match outer.text("event.type")? {
        "message" => message(outer, us),
        "app_mention" => mention(outer, us),
        "app_uninstalled" => Ok(Reading::Notice(Notice::Uninstalled)),
        "tokens_revoked" => revoked(outer),
        "app_rate_limited" => rate_limited(outer.maybe_count("event.minute_rate_limited")?),
        "assistant_thread_started" | "assistant_thread_context_changed" => {
            Ok(Reading::Ignored("an assistant's thread in which nothing was said"))
        }
        _ => Ok(Reading::Ignored("an event that says nothing to us")),
    }
}

/// In a channel that several workspaces share, `team_id` may be that of the author's; then only the authorisation
/// tells that it was sent to ours.
fn for_us(outer: Fields<'_>, us: &Identity) -> Read<bool> {
    let mut named = vec![outer.maybe_text("team_id")?, outer.maybe_text("context_team_id")?];
    let mut enterprise = outer.named("enterprise_id")?.is_some();
    for authorization in outer.objects("authorizations", "authorizations[].")? {
        named.push(authorization.maybe_text("team_id")?);
        enterprise |= authorization.flag("is_enterprise_install")?;
    }
    ours(&named, enterprise, us)
}

fn rate_limited(minute: Option<u64>) -> Read {
    Ok(Reading::Notice(Notice::RateLimited { minute }))
}

/// People's tokens are revoked one by one as they leave; we use none of them.
fn revoked(outer: Fields<'_>) -> Read {
    let list = outer.get("event.tokens.bot")?;
    let bots = list.map(|list| list.as_array().ok_or_else(|| Unfit::new("", "event.tokens.bot", "is not a list")));
    match bots.transpose()? {
        Some(bots) if !bots.is_empty() => Ok(Reading::Notice(Notice::TokensRevoked)),
        _ => Ok(Reading::Ignored("a person's token was revoked")),
    }
}

/// A message that Slack sends because it mentions us. It may come as a `message` too, and then either is dropped as
/// the other's duplicate.
fn mention(outer: Fields<'_>, us: &Identity) -> Read {
    if outer.get("event.edited")?.is_some() {
        return Ok(Reading::Ignored("an edit"));
    }
    let channel = outer.id("event.channel")?;
    // Documented not to happen, but Slack would say nothing of the kind of channel here.
    let kind = if is_direct(channel) { Kind::Direct } else { Kind::Mention };
    said(outer, us, channel, kind)
}

fn message(outer: Fields<'_>, us: &Identity) -> Read {
    if outer.named("event.subtype")? == Some("message_changed") {
        return changed(outer, us);
    }
    let channel = outer.id("event.channel")?;
    let kind = kind(outer, channel, outer.maybe_text("event.text")?.unwrap_or_default(), us)?;
    said(outer, us, channel, kind)
}

fn kind(outer: Fields<'_>, channel: &str, text: &str, us: &Identity) -> Read<Kind> {
    let direct = match outer.maybe_text("event.channel_type")? {
        Some(kind) => matches!(kind, "im" | "app_home"),
        None => is_direct(channel),
    };
    Ok(if direct {
        Kind::Direct
    } else if mentions(text, &us.bot_user) {
        // Whether `app_mention` comes depends on what the operator subscribed to, so this one is as good.
        Kind::Mention
    } else {
        Kind::Overheard
    })
}

/// A person changed their words. What Slack changes by itself, such as a link that it looked up, names no time of an
/// edit.
fn changed(outer: Fields<'_>, us: &Identity) -> Read {
    let edit = outer.get("event.message")?.is_some()
        && outer.get("event.message.edited")?.is_some()
        && outer.maybe_text("event.message.text")? != outer.maybe_text("event.previous_message.text")?;
    let user = outer.named("event.message.user")?.filter(|user| *user != us.bot_user && *user != SLACKBOT);
    if !edit || user.is_none() || outer.named("event.message.bot_id")?.is_some() {
        return Ok(Reading::Ignored("an edit"));
    }
    let (channel, user) = (outer.id("event.channel")?, outer.id("event.message.user")?);
    let slack_text = outer.maybe_text("event.message.text")?.unwrap_or_default();
    let (ts, was) = outer.ts("event.message.ts")?;
    let (edited, sent) = outer.ts("event.message.edited.ts")?;
    let root = outer.maybe_ts("event.message.thread_ts")?.map(|(root, _)| root);
    let kind = kind(outer, channel, outer.maybe_text("event.previous_message.text")?.unwrap_or_default(), us)?;
    let Some(place) = place(us, channel, user, ts, root, kind)? else { return Ok(Reading::Ignored("an edit")) };
    let parent = outer.named("event.message.parent_user_id")?;
    Ok(Reading::Edited(Incoming {
        id: format!("slack/{}/{channel}/{ts}/{edited}", us.team),
        team: us.team.clone(),
        user: user.to_owned(),
        instead: instead(us, user, &place, parent)?,
        place,
        sent,
        body: Body::Edited { text: from_slack(slack_text, &us.bot_user), was },
        only_if_open: true,
        below: None,
        mentioned: mentioned(slack_text),
        heard_at: None,
        name_hint: None,
        ack: None,
    }))
}

/// The direct messages, if the place is a thread there whose first message is ours.
fn instead(us: &Identity, user: &str, place: &Place, parent: Option<&str>) -> Read<Option<Place>> {
    let below_ours = parent == Some(us.bot_user.as_str());
    let in_direct = place.thread().is_some_and(|(channel, _)| is_direct(channel));
    (below_ours && in_direct).then(|| direct(us, user)).transpose()
}

/// The first letter of a conversation's id tells its kind.
pub(super) fn is_direct(channel: &str) -> bool {
    channel.starts_with('D')
}

/// Where and how a person spoke.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// To us alone.
    Direct,
    /// To us, among others.
    Mention,
    /// Where we listen.
    Overheard,
}

fn said(outer: Fields<'_>, us: &Identity, channel: &str, kind: Kind) -> Read {
    if let Some(reason) = no_speech(outer, us)? {
        return Ok(Reading::Ignored(reason));
    }
    let user = outer.id("event.user")?;
    let (ts, sent) = outer.ts("event.ts")?;
    let root = outer.maybe_ts("event.thread_ts")?.map(|(root, _)| root);
    let Some(place) = place(us, channel, user, ts, root, kind)? else {
        return Ok(Reading::Ignored("said in a channel, and not to us"));
    };
    let slack_text = outer.maybe_text("event.text")?.unwrap_or_default();
    if kind != Kind::Direct && is_for_others(slack_text, &us.bot_user) {
        return Ok(Reading::Ignored("said to somebody else"));
    }
    let files = files(outer)?;
    // Words that only mention us are something to answer; no words are not.
    if slack_text.trim().is_empty() && files.is_empty() {
        return Ok(Reading::Ignored("a message without text and files"));
    }
    let text = from_slack(slack_text, &us.bot_user);
    // One that is shown outside its thread too comes with the thread's first message.
    let parent = outer.named("event.parent_user_id")?.or(outer.named("event.root.user")?);
    Ok(Reading::Event(Incoming {
        id: format!("slack/{}/{channel}/{ts}", us.team),
        team: us.team.clone(),
        user: user.to_owned(),
        instead: instead(us, user, &place, parent)?,
        place,
        sent,
        body: Body::Said { text, files },
        only_if_open: kind == Kind::Overheard,
        below: None,
        mentioned: mentioned(slack_text),
        heard_at: Some((channel.to_owned(), ts.to_owned())),
        // Slack tells it where the person belongs to another workspace.
        name_hint: outer.name(&["event.user_profile.display_name", "event.user_profile.real_name"]),
        ack: None,
    }))
}

/// Why it is not a person's speech, if it is none. To answer a bot, ourselves above all, would begin an endless loop.
fn no_speech(outer: Fields<'_>, us: &Identity) -> Read<Option<&'static str>> {
    match outer.named("event.subtype")? {
        None | Some("file_share" | "thread_broadcast" | "me_message") => {}
        Some("message_deleted") => return Ok(Some("a deletion")),
        Some("bot_message") => return Ok(Some("a bot's message")),
        Some(_) => return Ok(Some("a message of Slack's own")),
    }
    if outer.flag("event.hidden")? {
        return Ok(Some("a hidden message"));
    }
    let user = outer.named("event.user")?;
    let bot = outer.named("event.bot_id")?;
    if user == Some(us.bot_user.as_str()) || bot == Some(us.bot_id.as_str()) {
        return Ok(Some("our own message"));
    }
    Ok((bot.is_some() || user == Some(SLACKBOT)).then_some("a bot's message"))
}

/// None where it is not for us. The first message of a thread names itself as its root.
fn place(us: &Identity, channel: &str, user: &str, ts: &str, root: Option<&str>, kind: Kind) -> Read<Option<Place>> {
    let root = root.filter(|root| *root != ts);
    match (kind, root) {
        (_, Some(root)) => thread(us, channel, root).map(Some),
        (Kind::Direct, None) => direct(us, user).map(Some),
        // Our answer opens a thread below it.
        (Kind::Mention, None) => thread(us, channel, ts).map(Some),
        (Kind::Overheard, None) => Ok(None),
    }
}

/// A file of another workspace may come with its id alone: what is not said is left empty.
fn files(outer: Fields<'_>) -> Read<Vec<File>> {
    let mut files = Vec::new();
    for file in outer.objects("event.files", "event.files[].")? {
        // It was deleted, and only its grave is shown.
        if file.maybe_text("mode")? == Some("tombstone") {
            continue;
        }
        if files.len() == MOST_FILES {
            break;
        }
        let media_type = file.maybe_text("mimetype")?.unwrap_or_default();
        files.push(File {
            id: file.id("id")?.to_owned(),
            name: clip(file.maybe_text("name")?.unwrap_or_default()),
            media_type: media_type.chars().take(LONGEST_MEDIA_TYPE).collect(),
            size: file.maybe_count("size")?.unwrap_or_default(),
        });
    }
    Ok(files)
}
