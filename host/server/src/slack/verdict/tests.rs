//! What was seen, and how it is judged: a table of everything that goes wrong.

use std::time::UNIX_EPOCH;

use super::super::api::Examined;
use super::super::hello::ConnectionInfo;
use super::*;
use crate::doctor::Level;

/// A workspace in which all is well, over both ways.
fn good() -> Facts {
    let account = Account {
        team: "Acme".to_owned(),
        user: "pesto".to_owned(),
        bot_id: "B1".to_owned(),
        is_enterprise_install: false,
    };
    let scopes = SCOPES.iter().map(|scope| scope.name.to_owned()).collect();
    let asked = UNIX_EPOCH + Duration::from_secs(1_800_000_000);
    Facts {
        base_url: "https://slack.com/api".to_owned(),
        groups: true,
        bot: Ok(Bot {
            examined: Examined { account: Ok(account), scopes: Some(scopes), date: Some(asked) },
            app: Some("A1".to_owned()),
            asked,
            took: Duration::from_millis(80),
        }),
        socket: Some(Ok(hello(3, "A1"))),
        listen: Some((([127, 0, 0, 1], 3000).into(), Listen::Free)),
    }
}

fn hello(num_connections: u64, app: &str) -> Hello {
    Hello { num_connections, connection_info: ConnectionInfo { app_id: app.to_owned() } }
}

fn refused(code: &str) -> ApiError {
    ApiError::Refused(code.to_owned())
}

fn bot(facts: &mut Facts) -> &mut Bot {
    facts.bot.as_mut().expect("it is good")
}

type Change = Box<dyn Fn(&mut Facts)>;

fn account(change: impl Fn(&mut Account) + 'static) -> Change {
    Box::new(move |facts| change(bot(facts).examined.account.as_mut().expect("it is good")))
}

fn bot_refused(code: &'static str) -> Change {
    Box::new(move |facts| bot(facts).examined.account = Err(refused(code)))
}

fn socket_refused(code: &'static str) -> Change {
    Box::new(move |facts| facts.socket = Some(Err(NoSocket::Api(refused(code)))))
}

fn sent_away(reason: &'static str) -> Change {
    Box::new(move |facts| facts.socket = Some(Err(NoSocket::Hello(NoHello::SentAway(reason.to_owned())))))
}

fn opens(connections: u64, app: &'static str) -> Change {
    Box::new(move |facts| facts.socket = Some(Ok(hello(connections, app))))
}

fn listens(listen: Listen) -> Change {
    Box::new(move |facts| facts.listen = facts.listen.clone().map(|(address, _)| (address, listen.clone())))
}

/// Slack's clock against ours, in seconds.
fn clock_off(seconds: i64, over_http: bool) -> Change {
    Box::new(move |facts| {
        let off = Duration::from_secs(seconds.unsigned_abs());
        let bot = bot(facts);
        bot.examined.date = Some(if seconds < 0 { bot.asked - off } else { bot.asked + off });
        if !over_http {
            facts.listen = None;
        }
    })
}

fn scopes(change: impl Fn(&mut BTreeSet<String>) + 'static) -> Change {
    Box::new(move |facts| change(bot(facts).examined.scopes.as_mut().expect("they are told")))
}

/// The finding that is not ok, if there is one; more than one is a mistake.
fn bad(facts: &Facts) -> Option<Finding> {
    let mut bad = judge(facts).into_iter().filter(|finding| finding.level != Level::Ok);
    let first = bad.next();
    assert_eq!(bad.next(), None, "{first:?}");
    first
}

#[test]
fn where_all_is_well_nothing_is_to_be_done() {
    let findings = judge(&good());
    let subjects: Vec<_> = findings.iter().map(|finding| finding.subject).collect();
    assert_eq!(subjects, ["Web API", "clock", "bot token", "scopes", "app token", "socket", "app", "listen"]);
    assert!(findings.iter().all(|finding| finding.level == Level::Ok && finding.remedy.is_empty()), "{findings:?}");
}

#[test]
fn each_fault_is_named_with_what_to_do() {
    use Level::{Fail, Warn};
    // What is changed, the level, the subject, what is said, and what the remedy says.
    let table: Vec<(Change, Level, &str, &str, &str)> = vec![
        (bot_refused("invalid_auth"), Fail, "bot token", "does not know it", "Bot User OAuth Token"),
        (bot_refused("token_revoked"), Fail, "bot token", "no longer good", "install it again"),
        (bot_refused("account_inactive"), Fail, "bot token", "is gone", "install it again"),
        (bot_refused("not_allowed_token_type"), Fail, "bot token", "of another kind", "slack.bot_token_env"),
        (bot_refused("team_access_not_granted"), Fail, "bot token", "team_access_not_granted", "administrator"),
        (account(|account| account.bot_id.clear()), Fail, "bot token", "a person's token", "slack.bot_token_env"),
        (account(|account| account.is_enterprise_install = true), Fail, "bot token", "organisation", "one workspace"),
        (
            scopes(|scopes| assert!(scopes.remove("im:history"))),
            Fail,
            "scopes",
            "without im:history direct messages are not heard",
            "add it to the Bot Token Scopes",
        ),
        (
            scopes(|scopes| assert!(scopes.remove("usergroups:read"))),
            Fail,
            "scopes",
            "flows that are only for user groups are for nobody",
            "add it",
        ),
        (scopes(BTreeSet::clear), Fail, "scopes", "without chat:write", "add them"),
        (Box::new(|facts| bot(facts).examined.scopes = None), Warn, "scopes", "does not say", "manifest.yaml"),
        (socket_refused("invalid_auth"), Fail, "app token", "does not know it", "slack.app_token_env"),
        (socket_refused("missing_scope"), Fail, "app token", "connections:write", "generate"),
        (socket_refused("not_allowed_token_type"), Fail, "app token", "of another kind", "app-level token"),
        (socket_refused("socket_mode_not_enabled"), Fail, "app token", "switched off", "switch it on"),
        (socket_refused("forbidden_team"), Fail, "app token", "forbidden_team", "Socket Mode"),
        (sent_away("link_disabled"), Fail, "socket", "switched off", "switch it on"),
        (sent_away("too_many_websockets"), Fail, "socket", "all 10 sockets", "a developer's"),
        (sent_away("warning"), Fail, "socket", "sends us away (warning)", "again"),
        (
            Box::new(|facts| facts.socket = Some(Err(NoSocket::Hello(NoHello::Failed("no TLS".to_owned()))))),
            Fail,
            "socket",
            "no TLS",
            "proxy",
        ),
        (opens(9, "A1"), Warn, "socket", "8 of 10 were in use", "another host"),
        (opens(3, "A2"), Fail, "app", "to the app A1, and the app token to A2", "one app"),
        (clock_off(3, true), Warn, "clock", "3s behind Slack's", "timedatectl"),
        (clock_off(-4, true), Warn, "clock", "3s ahead of Slack's", "timedatectl"),
        (clock_off(-302, true), Fail, "clock", "ahead of Slack's", "refused"),
        (clock_off(-302, false), Warn, "clock", "ahead of Slack's", "timedatectl"),
        (listens(Listen::Taken), Fail, "listen", "127.0.0.1:3000 is taken", "slack.listen"),
        (listens(Listen::Impossible("denied".to_owned())), Fail, "listen", "denied", "1023"),
    ];
    for (change, level, subject, what, remedy) in table {
        let mut facts = good();
        change(&mut facts);
        let Some(finding) = bad(&facts) else { panic!("{subject}: {what}: nothing was found") };
        assert_eq!((finding.level, finding.subject), (level, subject), "{what}: {finding:?}");
        assert!(finding.what.contains(what), "{what}: {finding:?}");
        assert!(finding.remedy.contains(remedy) && finding.remedy.ends_with('.'), "{remedy}: {finding:?}");
        assert!(!finding.what.ends_with('.'), "{finding:?}");
    }
}

#[test]
fn what_is_unusual_and_right_is_no_fault() {
    let table: Vec<Change> = vec![
        // Who does not see the app's id cannot compare it.
        Box::new(|facts| bot(facts).app = None),
        opens(3, ""),
        opens(0, "A1"),
        opens(8, "A1"),
        scopes(|scopes| assert!(scopes.insert("files:read".to_owned()))),
        Box::new(|facts| {
            facts.groups = false;
            scopes(|scopes| assert!(scopes.remove("usergroups:read")))(facts);
        }),
        clock_off(-1, true),
        clock_off(2, true),
        Box::new(|facts| bot(facts).examined.date = None),
        // An answer that took long tells less of the clock.
        Box::new(|facts| {
            clock_off(-3, true)(facts);
            bot(facts).took = Duration::from_secs(4);
        }),
        listens(Listen::Host),
        Box::new(|facts| facts.socket = None),
    ];
    for (index, change) in table.into_iter().enumerate() {
        let mut facts = good();
        change(&mut facts);
        assert_eq!(bad(&facts), None, "number {index}");
    }
    let mut facts = good();
    scopes(|scopes| scopes.extend((0..12).map(|number| format!("more:{number:02}"))))(&mut facts);
    let found = judge(&facts).into_iter().find(|finding| finding.subject == "scopes").expect("it is looked at");
    assert!(found.what.contains("more:09 and 2 more"), "{found:?}");
}

#[test]
fn what_cannot_be_reached_is_not_judged() {
    let unsent = || ApiError::Unsent("Slack cannot be reached".to_owned());
    let facts = Facts { bot: Err(unsent()), socket: None, ..good() };
    let found = judge(&facts);
    let subjects: Vec<_> = found.iter().map(|finding| (finding.subject, finding.level)).collect();
    assert_eq!(subjects, [("Web API", Level::Fail), ("listen", Level::Ok)]);
    assert!(found[0].remedy.contains("slack.base_url"), "{found:?}");

    let limited = Facts { bot: Err(ApiError::Limited(None)), ..good() };
    assert_eq!(bad(&limited).map(|finding| finding.level), Some(Level::Warn));
    let mut limited = good();
    bot(&mut limited).examined.account = Err(ApiError::Limited(None));
    assert_eq!(bad(&limited).map(|finding| finding.subject), Some("bot token"));
    let limited = Facts { socket: Some(Err(NoSocket::Api(ApiError::Limited(None)))), ..good() };
    assert_eq!(bad(&limited).map(|finding| (finding.subject, finding.level)), Some(("app token", Level::Warn)));
    let unsent = Facts { socket: Some(Err(NoSocket::Api(unsent()))), ..good() };
    assert_eq!(bad(&unsent).map(|finding| (finding.subject, finding.level)), Some(("app token", Level::Fail)));
}
