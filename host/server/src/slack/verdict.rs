//! What a look at Slack means, and what to do about it.

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::time::{Duration, SystemTime};

use pesto_engine::text::line;

use super::api::Account;
use super::api_error::ApiError;
use super::checkup::{Bot, Facts, Listen, NoSocket};
use super::hello::{Hello, NoHello};
use super::http::WINDOW;
use super::needs::{APP_SCOPE, SCOPES};
use crate::doctor::Finding;

/// Sockets that Slack allows for an app, and how many of others are too many.
const MOST_SOCKETS: u64 = 10;
const CROWD: u64 = 8;
/// How far our clock may be from Slack's.
const DRIFT: Duration = Duration::from_secs(2);

const NETWORK: &str = "Look at slack.base_url, and at this machine's network, name service, proxy and firewall.";
const NEW_BOT_TOKEN: &str = "In the app's settings, under OAuth & Permissions, copy the Bot User OAuth Token into the \
                             variable that slack.bot_token_env names.";
const INSTALL: &str = "In the app's settings, under Install App, install it again, and copy the new bot token into the \
                       variable that slack.bot_token_env names.";
const SOCKET_MODE: &str = "In the app's settings, under Socket Mode, switch it on. Or take events over HTTP: give \
                           slack.listen and slack.signing_secret_env, and no slack.app_token_env.";
const STEALS: &str = "Slack gives each event to any one socket: another host with this app token, such as a \
                      developer's, takes a part of the events. Stop it, or give it an app of its own.";

/// Judges what was seen, in the order of the way to Slack.
pub(super) fn judge(facts: &Facts) -> Vec<Finding> {
    let mut findings = vec![web_api(facts)];
    if let Ok(bot) = &facts.bot {
        findings.extend(clock(bot, facts.listen.is_some()));
        findings.push(token(&bot.examined.account));
        if bot.examined.account.is_ok() {
            findings.push(scopes(bot.examined.scopes.as_ref(), facts.groups));
        }
    }
    if let Some(socket) = &facts.socket {
        findings.extend(sockets(socket));
        findings.extend(app(&facts.bot, socket));
    }
    findings.extend(facts.listen.as_ref().map(|(address, listen)| listening(*address, listen)));
    findings
}

fn web_api(facts: &Facts) -> Finding {
    let base = &facts.base_url;
    match &facts.bot {
        Ok(bot) => Finding::ok("Web API", format!("{base} answers within {} ms", bot.took.as_millis())),
        Err(ApiError::Limited(_)) => {
            Finding::warn("Web API", format!("{base} answers that we ask too often"), "Ask again in a minute.")
        }
        Err(error) => Finding::fail("Web API", format!("{base}: {error}"), NETWORK),
    }
}

fn clock(bot: &Bot, over_http: bool) -> Option<Finding> {
    // Slack tells whole seconds, at some moment while we waited: so much of a difference may be none.
    let half = Duration::from_millis(500);
    let theirs = bot.examined.date? + half;
    let ours = bot.asked + bot.took / 2;
    let (off, way) = apart(ours, theirs);
    if off <= DRIFT + half + bot.took / 2 {
        return Some(Finding::ok("clock", format!("within {} s of Slack's", DRIFT.as_secs())));
    }
    let off = Duration::from_secs(off.as_secs());
    let words = humantime::format_duration(off).to_string();
    // Of years and days nobody wants the seconds.
    let words = words.split(' ').take(2).collect::<Vec<_>>().join(" ");
    let what = format!("{words} {way} Slack's");
    let remedy = "Let the system set this machine's clock by the network, such as with `timedatectl set-ntp true`.";
    Some(if over_http && off.as_secs() > WINDOW {
        let remedy = format!("Signed requests that seem older than {WINDOW} s are refused. {remedy}");
        Finding::fail("clock", what, remedy)
    } else {
        Finding::warn("clock", what, remedy)
    })
}

fn apart(ours: SystemTime, theirs: SystemTime) -> (Duration, &'static str) {
    match ours.duration_since(theirs) {
        Ok(ahead) => (ahead, "ahead of"),
        Err(behind) => (behind.duration(), "behind"),
    }
}

fn token(account: &Result<Account, ApiError>) -> Finding {
    let fail = |what: &str, remedy: &str| Finding::fail("bot token", what, remedy);
    let code = match account {
        Ok(account) if account.bot_id.is_empty() => return fail("it is a person's token, and no bot's", NEW_BOT_TOKEN),
        Ok(account) if account.is_enterprise_install => {
            let remedy = "Install it in one workspace, and use the bot token of that installation.";
            return fail("the app is installed for a whole organisation, so events name no workspace", remedy);
        }
        Ok(account) => {
            let (user, team) = (line(&account.user, 80), line(&account.team, 80));
            return Finding::ok("bot token", format!("of the bot {user} in the workspace {team}"));
        }
        Err(ApiError::Refused(code)) => code.as_str(),
        Err(error) => return Finding::warn("bot token", format!("not judged: {error}"), "Ask again in a minute."),
    };
    match code {
        "invalid_auth" | "not_authed" => fail(&format!("Slack does not know it ({code})"), NEW_BOT_TOKEN),
        "token_revoked" | "token_expired" => fail(&format!("it is no longer good ({code})"), INSTALL),
        "account_inactive" | "user_removed_from_team" | "team_disabled" => {
            fail(&format!("the bot or its workspace is gone ({code})"), INSTALL)
        }
        "not_allowed_token_type" => fail("it is a token of another kind (not_allowed_token_type)", NEW_BOT_TOKEN),
        other => fail(
            &format!("Slack refuses it ({other})"),
            "Ask an administrator of the workspace whether the app may be used there, and from this address.",
        ),
    }
}

fn scopes(granted: Option<&BTreeSet<String>>, groups: bool) -> Finding {
    let Some(granted) = granted else {
        return Finding::warn(
            "scopes",
            "Slack does not say what the bot token may do",
            "Compare them with examples/slack/manifest.yaml, in the app's settings, under OAuth & Permissions.",
        );
    };
    let needed: Vec<_> = SCOPES.iter().filter(|scope| groups || !scope.for_groups).collect();
    let missing: Vec<_> = needed.iter().filter(|scope| !granted.contains(scope.name)).collect();
    if !missing.is_empty() {
        let losses: Vec<_> = missing.iter().map(|scope| format!("without {} {}", scope.name, scope.loss)).collect();
        let them = if missing.len() == 1 { "it" } else { "them" };
        let remedy = format!(
            "In the app's settings, under OAuth & Permissions, add {them} to the Bot Token Scopes; then install the app \
             again, for a scope counts from then on."
        );
        return Finding::fail("scopes", losses.join("; "), remedy);
    }
    // The manifest asks for all of the list.
    let known = |name: &&String| SCOPES.iter().any(|scope| scope.name == name.as_str());
    let more: Vec<_> = granted.iter().filter(|name| !known(name)).map(String::as_str).collect();
    let what = format!("all {} that are needed", needed.len());
    if more.is_empty() {
        return Finding::ok("scopes", what);
    }
    // Others may be there for another program that uses the same app, so this is no warning.
    let listed = more.iter().take(10).copied().collect::<Vec<_>>().join(", ");
    let rest = if more.len() > 10 { format!(" and {} more", more.len() - 10) } else { String::new() };
    Finding::ok("scopes", format!("{what}; Pesto does not need {listed}{rest}"))
}

fn sockets(socket: &Result<Hello, NoSocket>) -> Vec<Finding> {
    let token = Finding::ok("app token", format!("of the right kind, with {APP_SCOPE}"));
    match socket {
        Ok(hello) => vec![token, crowd(hello)],
        Err(NoSocket::Api(error)) => vec![app_token(error)],
        Err(NoSocket::Hello(error)) => vec![token, no_hello(error)],
    }
}

fn crowd(hello: &Hello) -> Finding {
    // This one is counted too.
    match hello.num_connections.checked_sub(1) {
        None => Finding::ok("socket", "opens and says hello"),
        Some(others) if others >= CROWD => Finding::warn(
            "socket",
            format!("opens, but {others} of {MOST_SOCKETS} were in use already, and one host uses 2"),
            STEALS,
        ),
        Some(others) => Finding::ok(
            "socket",
            format!("opens and says hello; {others} of {MOST_SOCKETS} were in use already (one host uses 2)"),
        ),
    }
}

fn app_token(error: &ApiError) -> Finding {
    let fail = |what: String, remedy: &str| Finding::fail("app token", what, remedy);
    let generate = format!(
        "In the app's settings, under Basic Information, generate an app-level token with the scope {APP_SCOPE}, and \
         copy it into the variable that slack.app_token_env names."
    );
    let code = match error {
        ApiError::Refused(code) => code.as_str(),
        ApiError::Limited(_) => {
            return Finding::warn("app token", "not judged: Slack limits our requests", "Ask again in a minute.");
        }
        error => return fail(format!("no socket: {error}"), NETWORK),
    };
    match code {
        "invalid_auth" | "not_authed" => fail(format!("Slack does not know it ({code})"), &generate),
        "token_revoked" | "token_expired" | "account_inactive" => {
            fail(format!("it is no longer good ({code})"), &generate)
        }
        "not_allowed_token_type" => fail(format!("it is a token of another kind ({code})"), &generate),
        "missing_scope" | "no_permission" => fail(format!("it lacks the scope {APP_SCOPE} ({code})"), &generate),
        // Slack's reference does not list this code; the reason `link_disabled` of a socket means the same.
        "socket_mode_not_enabled" | "link_disabled" => {
            fail(format!("Socket Mode is switched off ({code})"), SOCKET_MODE)
        }
        other => {
            let remedy = format!("{generate} Look under Socket Mode as well: it must be on.");
            fail(format!("Slack opens no socket for it ({other})"), &remedy)
        }
    }
}

fn no_hello(error: &NoHello) -> Finding {
    let fail = |what: String, remedy: &str| Finding::fail("socket", what, remedy);
    match error {
        NoHello::SentAway(reason) if reason == "link_disabled" => {
            fail(format!("Socket Mode is switched off ({reason})"), SOCKET_MODE)
        }
        NoHello::SentAway(reason) if reason == "too_many_websockets" => {
            fail(format!("all {MOST_SOCKETS} sockets of the app are in use ({reason})"), STEALS)
        }
        NoHello::SentAway(reason) => fail(format!("Slack sends us away ({reason})"), "Ask again in a minute."),
        NoHello::Failed(reason) => fail(
            reason.clone(),
            "Let this machine reach Slack's servers for web sockets on port 443, without a proxy: the host uses none \
             for them.",
        ),
    }
}

/// Whether both tokens belong to one app, where that is known of both.
fn app(bot: &Result<Bot, ApiError>, socket: &Result<Hello, NoSocket>) -> Option<Finding> {
    let of_bot = bot.as_ref().ok()?.app.as_deref()?;
    let of_socket =
        socket.as_ref().ok().map(|hello| hello.connection_info.app_id.as_str()).filter(|id| !id.is_empty())?;
    if of_bot == of_socket {
        return Some(Finding::ok("app", format!("both tokens belong to {of_bot}")));
    }
    let of_socket = line(of_socket, 40);
    Some(Finding::fail(
        "app",
        format!("the bot token belongs to the app {of_bot}, and the app token to {of_socket}"),
        "Take both tokens from the settings of one app: events of the one are not the other's to answer.",
    ))
}

fn listening(address: SocketAddr, listen: &Listen) -> Finding {
    match listen {
        Listen::Free => Finding::ok("listen", format!("{address} is free for Slack's requests")),
        Listen::Host => Finding::ok("listen", format!("a host answers at http://{address}/healthz")),
        Listen::Taken => Finding::fail(
            "listen",
            format!("{address} is taken by another program"),
            "Stop it, or choose another address for slack.listen, and for the proxy before it.",
        ),
        Listen::Impossible(error) => Finding::fail(
            "listen",
            format!("{address} cannot be listened on: {error}"),
            "Choose an address of this machine for slack.listen, and a port above 1023 or one that this user may use.",
        ),
    }
}
