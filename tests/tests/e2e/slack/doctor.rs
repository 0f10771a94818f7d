//! `pesto doctor` in a workspace where all is well, and in each one where something is not.

use std::collections::BTreeSet;
use std::net::{TcpListener, TcpStream};
use std::process::Stdio;

use pesto_server::slack::needs;
use pesto_tests::host::TestHost;
use pesto_tests::setup::Setup;
use slack_double::{Options, SlackDouble};

use crate::survey::FLOW;

/// What a person sees, and whether the command succeeded. No token is ever among it.
struct Visit {
    said: String,
    healthy: bool,
}

impl Visit {
    async fn of(slack: &SlackDouble, setup: &Setup) -> Self {
        let mut command = setup.pesto(&["doctor"]);
        command.stdin(Stdio::null());
        let output = tokio::task::spawn_blocking(move || command.output().expect("pesto can be started"));
        let output = output.await.expect("it ends");
        let said = String::from_utf8([output.stdout, output.stderr].concat()).expect("pesto writes UTF-8");
        for secret in [slack.bot_token(), slack.app_token(), slack.signing_secret()] {
            assert!(!said.contains(&secret), "it tells a secret: {said}");
        }
        Self { said, healthy: output.status.success() }
    }

    /// The findings of a level, as one line each: subject, what, remedy.
    fn findings(&self, level: &str) -> Vec<String> {
        let mut findings: Vec<String> = Vec::new();
        for line in self.said.lines().take_while(|line| !line.is_empty() && !line.starts_with("error: ")) {
            if line.starts_with(' ') {
                let last = findings.last_mut().expect("a finding begins with its level");
                last.push(' ');
                last.push_str(line.trim());
            } else {
                findings.push(line.split_whitespace().collect::<Vec<_>>().join(" "));
            }
        }
        let begin = format!("{level} ");
        findings.iter().filter_map(|finding| finding.strip_prefix(&begin)).map(str::to_owned).collect()
    }

    /// Exactly one check ended so, on this subject, and these words stand there.
    fn names(&self, level: &str, subject: &str, words: &[&str]) {
        let found = self.findings(level);
        assert_eq!(found.len(), 1, "{}", self.said);
        assert!(found[0].starts_with(subject), "{}", self.said);
        for word in words {
            assert!(found[0].contains(word), "`{word}` is missing:\n{}", self.said);
        }
    }

    /// One check failed, and nothing else is amiss.
    fn fails(&self, subject: &str, words: &[&str]) {
        assert!(!self.healthy, "{}", self.said);
        assert!(self.said.contains("error: 1 of "), "{}", self.said);
        assert_eq!(self.findings("warn"), Vec::<String>::new(), "{}", self.said);
        self.names("FAIL", subject, words);
    }

    /// All works, and one thing is to be looked at.
    fn warns(&self, subject: &str, words: &[&str]) {
        assert!(self.healthy, "{}", self.said);
        assert_eq!(self.findings("FAIL"), Vec::<String>::new(), "{}", self.said);
        self.names("warn", subject, words);
    }
}

/// A workspace in which the app has just what the manifest asks for.
async fn slack(change: impl FnOnce(&mut Options)) -> SlackDouble {
    let scopes: BTreeSet<_> = needs::SCOPES.iter().map(|scope| scope.name.to_owned()).collect();
    let mut options = Options { scopes, ..Options::default() };
    change(&mut options);
    SlackDouble::start(options).await
}

async fn as_it_comes() -> SlackDouble {
    slack(|_| ()).await
}

const SOCKETS: &str = "app_token_env = \"SLACK_APP_TOKEN\"";

/// A folder for a host in this workspace, over Socket Mode.
fn setup(slack: &SlackDouble) -> Setup {
    workspace(slack, SOCKETS)
}

/// The same for one that takes events over HTTP, at this address.
fn over_http(slack: &SlackDouble, listen: &str) -> Setup {
    workspace(slack, &http(listen))
}

fn http(listen: &str) -> String {
    format!("listen = \"{listen}\"\nsigning_secret_env = \"SLACK_SIGNING_SECRET\"")
}

/// A configuration without any warning: its model is named, and never asked.
fn workspace(slack: &SlackDouble, lines: &str) -> Setup {
    let url = slack.api_url();
    let table = format!("[slack]\nbase_url = \"{url}\"\nbot_token_env = \"SLACK_BOT_TOKEN\"\n{lines}");
    let setup = Setup::new().flow(FLOW).model("http://127.0.0.1:9/v1").table(&table);
    let tokens = [
        ("SLACK_BOT_TOKEN", slack.bot_token()),
        ("SLACK_APP_TOKEN", slack.app_token()),
        ("SLACK_SIGNING_SECRET", slack.signing_secret()),
    ];
    tokens.iter().fold(setup, |setup, (name, value)| setup.variable(name, value))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_is_well() {
    let slack = as_it_comes().await;
    let visit = Visit::of(&slack, &setup(&slack)).await;
    assert!(visit.healthy, "{}", visit.said);
    let subjects =
        ["configuration", "data", "flows 1", "model", "host does", "Web API", "clock", "bot token of the bot"];
    let subjects =
        subjects.into_iter().chain(["scopes all 10", "app token", "socket opens and says hello; 0", "app both"]);
    let found = visit.findings("ok");
    let subjects: Vec<_> = subjects.collect();
    assert_eq!(found.len(), subjects.len(), "{}", visit.said);
    for (subject, found) in subjects.iter().zip(&found) {
        assert!(found.starts_with(subject), "`{subject}` is missing:\n{}", visit.said);
    }
    assert!(visit.said.ends_with("\n12 checks passed.\n"), "{}", visit.said);
    assert!(visit.said.lines().all(|line| line.chars().count() <= 100 || line.contains("/tmp/")), "{}", visit.said);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_running_host_is_seen_and_not_disturbed() {
    let slack = as_it_comes().await;
    let listen = TcpListener::bind("127.0.0.1:0").expect("a free port").local_addr().expect("an address");
    let host = TestHost::start(workspace(&slack, &format!("{SOCKETS}\n{}", http(&listen.to_string())))).await;
    slack.has_sockets(2).await;
    let visit = Visit::of(&slack, &host.setup).await;
    assert!(visit.healthy, "{}", visit.said);
    let found = visit.findings("ok").join("\n");
    for words in ["host runs", "2 of 10 were in use", &format!("a host answers at http://{listen}/healthz")] {
        assert!(found.contains(words), "`{words}` is missing:\n{}", visit.said);
    }
    slack.has_sockets(2).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unset_variable() {
    let slack = as_it_comes().await;
    let setup = setup(&slack).variable("SLACK_BOT_TOKEN", "");
    let words = ["slack.bot_token_env", "SLACK_BOT_TOKEN is not set", "Set SLACK_BOT_TOKEN to Slack's bot token."];
    Visit::of(&slack, &setup).await.fails("configuration", &words);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bot_token_in_place_of_the_app_token() {
    let slack = as_it_comes().await;
    let setup = setup(&slack).variable("SLACK_APP_TOKEN", &slack.bot_token());
    let words = ["slack.app_token_env", "does not hold the app-level token", "which begins with xapp-"];
    Visit::of(&slack, &setup).await.fails("configuration", &words);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bot_token_that_slack_does_not_know() {
    let slack = as_it_comes().await;
    let setup = setup(&slack).variable("SLACK_BOT_TOKEN", "xoxb-of-nobody");
    let visit = Visit::of(&slack, &setup).await;
    visit.fails("bot token", &["invalid_auth", "copy the Bot User OAuth Token", "slack.bot_token_env"]);
    assert!(!visit.said.contains("xoxb-of-nobody"), "{}", visit.said);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_revoked_bot_token() {
    let slack = as_it_comes().await;
    slack.revoke_token();
    Visit::of(&slack, &setup(&slack))
        .await
        .fails("bot token", &["token_revoked", "under Install App, install it again"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_missing_scope() {
    let slack = slack(|options| assert!(options.scopes.remove("reactions:write"))).await;
    let words = ["without reactions:write people do not see that they were heard", "add it to the Bot Token Scopes"];
    Visit::of(&slack, &setup(&slack)).await.fails("scopes", &words);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_app_token_that_slack_does_not_know() {
    let slack = as_it_comes().await;
    let setup = setup(&slack).variable("SLACK_APP_TOKEN", "xapp-of-nobody");
    let visit = Visit::of(&slack, &setup).await;
    visit.fails("app token", &["invalid_auth", "generate an app-level token", "connections:write"]);
    assert!(!visit.said.contains("xapp-of-nobody"), "{}", visit.said);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn socket_mode_is_off() {
    let slack = as_it_comes().await;
    slack.faults().disable_link();
    let words = ["Socket Mode is switched off", "under Socket Mode, switch it on", "slack.signing_secret_env"];
    Visit::of(&slack, &setup(&slack)).await.fails("app token", &words);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nine_sockets_are_in_use() {
    let slack = slack(|options| options.other_sockets = 9).await;
    let words = ["9 of 10 were in use", "another host with this app token, such as a developer's"];
    Visit::of(&slack, &setup(&slack)).await.warns("socket", &words);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_sockets_are_in_use() {
    let slack = slack(|options| options.other_sockets = 10).await;
    Visit::of(&slack, &setup(&slack)).await.fails("socket", &["all 10 sockets", "Stop it"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_clock_is_off() {
    let slack = slack(|options| options.date = Some("Wed, 21 Oct 2015 07:28:00 GMT".to_owned())).await;
    Visit::of(&slack, &setup(&slack)).await.warns("clock", &["ahead of Slack's", "timedatectl set-ntp true"]);
    let words = ["ahead of Slack's", "Signed requests that seem older than 300 s are refused", "timedatectl"];
    Visit::of(&slack, &over_http(&slack, "127.0.0.1:0")).await.fails("clock", &words);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn slack_cannot_be_reached() {
    let slack = as_it_comes().await;
    let mut setup = setup(&slack);
    // A port that was free a moment ago, and to which nobody listens.
    let nobody = TcpListener::bind("127.0.0.1:0").expect("a free port").local_addr().expect("an address");
    setup.replace(&slack.api_url(), &format!("http://{nobody}/api"));
    let words = ["Slack cannot be reached", "Look at slack.base_url", "firewall"];
    Visit::of(&slack, &setup).await.fails("Web API", &words);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_port_is_taken() {
    let slack = as_it_comes().await;
    let stranger = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = stranger.local_addr().expect("an address").to_string();
    // Whoever asks is hung up on.
    std::thread::spawn(move || stranger.incoming().for_each(|caller: std::io::Result<TcpStream>| drop(caller)));
    let words = [address.as_str(), "is taken by another program", "choose another address for slack.listen"];
    Visit::of(&slack, &over_http(&slack, &address)).await.fails("listen", &words);
}
