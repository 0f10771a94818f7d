//! What operators ask, with a running host and without.

use std::process::Stdio;

use pesto_tests::host::TestHost;
use pesto_tests::setup::Setup;
use redis_rig::server::Server;

use crate::hosts::on;
use crate::survey::{FLOW, Plan, records};

/// Runs a command that must succeed; what it printed.
fn run(host: &TestHost, arguments: &[&str]) -> String {
    let (status, said, errors) = host.command(arguments);
    assert!(status.success(), "{arguments:?}: {errors}");
    said
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_data_folder_has_one_host() {
    let redis = Server::start();
    let setup = || Setup::new().flow(FLOW).canned();
    for setup in [setup(), on(&redis, setup())] {
        let host = TestHost::start(setup).await;
        let (status, _, errors) = host.command(&["run"]);
        assert_eq!(status.code(), Some(1), "{errors}");
        let in_use =
            format!("the data folder `{}` is in use by another process", host.setup.path().join("data").display());
        assert!(errors.contains(&in_use), "{errors}");
        // The first one was not disturbed: it still has its socket.
        assert!(host.person("ada").answers_to("help").await[0].contains("start onboarding-survey"));
    }
}

/// The tokens are where the host runs, and not with whoever looks at it.
#[test]
fn only_commands_that_talk_to_slack_need_its_tokens() {
    let names = "[slack]\nbot_token_env = \"BOT_THAT_NOBODY_SETS\"\napp_token_env = \"APP_THAT_NOBODY_SETS\"\n";
    let setup = Setup::new().flow("feedback").table(names);
    let run = |arguments: &[&str]| {
        let output = setup.pesto(arguments).stdin(Stdio::null()).output().expect("pesto can be started");
        (output.status.success(), String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned())
    };
    for arguments in [&["chat", "--as", "ada"][..], &["flows"], &["answers", "feedback"], &["dead", "list"]] {
        let (done, said) = run(arguments);
        assert!(done, "{arguments:?}: {said}");
    }
    for arguments in [["run"], ["check"], ["doctor"]] {
        let (done, said) = run(&arguments);
        assert!(!done && said.contains("BOT_THAT_NOBODY_SETS is not set"), "{arguments:?}: {said}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn flows_are_listed_with_their_rights_and_open_conversations() {
    let mut host = TestHost::start(Setup::new().flow("ask").flow(FLOW).canned()).await;
    host.setup.deploy("broken", b"not Wasm at all");
    host.log().find("a refusal", |line| line["file"] == "broken.wasm").await;
    let mut ada = host.person("ada");
    ada.start(FLOW);
    ada.hear().await;
    ada.settle().await;
    let beside = run(&host, &["flows"]);
    host.kill();
    let alone = run(&host, &["flows"]);
    for said in [beside, alone] {
        let row = |name: &str| {
            let row = said.lines().find(|line| line.starts_with(name)).unwrap_or_else(|| panic!("no {name}: {said}"));
            row.split_whitespace().map(str::to_owned).collect::<Vec<_>>()
        };
        assert_eq!(row("FLOW"), ["FLOW", "VERSION", "DIGEST", "ASKS", "FOR", "GRANTED", "OPEN"]);
        assert_eq!(row("ask")[3..], ["llm", "llm", "0"]);
        assert_eq!(row(FLOW)[3..], ["llm", "llm", "1"]);
        assert!(said.contains("refused: broken"), "{said}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dead_letter_is_listed_shown_put_back_and_thrown_away() {
    // A conversation may keep so little that a long address does not fit.
    let small = Setup::new().flow(FLOW).canned().table("[limits]\nstate_kib = 1");
    let mut host = TestHost::start(small).await;
    let plan = Plan::new(0);
    let long = "🐘".repeat(300);
    let mut ada = host.person(&plan.id);
    ada.start(FLOW);
    loop {
        let message = ada.hear().await;
        match message.key.as_str() {
            "address" => break,
            key => plan.answer(&mut ada, key),
        }
    }
    ada.say(&long);
    let sorry = ada.hear().await;
    assert!(sorry.text.starts_with("Sorry, something went wrong with your last message"), "{}", sorry.text);
    ada.settle().await;

    let list = run(&host, &["dead", "list"]);
    assert!(list.contains("state-too-large") && list.lines().count() == 1, "{list}");
    let id = list.split_whitespace().next().expect("a number").to_owned();
    let letter = run(&host, &["dead", "show", &id]);
    for part in ["state-too-large", "local/p0", "said `🐘🐘", FLOW] {
        assert!(letter.contains(part), "`{part}` is missing: {letter}");
    }
    let (status, _, errors) = host.command(&["dead", "show", "999"]);
    assert!(!status.success() && errors.contains("there is no dead letter 999"), "{errors}");

    // Put back where it still does not fit, it comes again.
    assert!(run(&host, &["dead", "retry", &id]).contains("was put back"));
    assert!(ada.hear().await.text.starts_with("Sorry"));
    ada.settle().await;
    let again = host.dead().pop().expect("it came again").0.to_string();
    host.kill();

    // Where it fits, the conversation goes on from it. Without a host, the command puts it back by itself.
    host.setup.replace("state_kib = 1", "state_kib = 64");
    let said = run(&host, &["dead", "retry", &again]);
    assert!(
        said.contains("was put back") && said.contains("It goes to conversation 1 at local/p0: onboarding-survey ("),
        "{said}"
    );
    assert!(run(&host, &["dead", "list"]).contains("There are no dead letters."));
    host.again().await;
    plan.finish(&mut ada).await;
    assert_eq!(records(&host)[&plan.id][0]["address"], long.as_str());
}
