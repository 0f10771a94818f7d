//! What operators do to conversations, beside a running host and without one.

use std::process::Command;
use std::time::Duration;

use pesto_tests::aimock::Aimock;
use pesto_tests::guests;
use pesto_tests::host::TestHost;
use pesto_tests::setup::Setup;
use serde_json::Value;

use crate::llm::host_with;
use crate::survey::FLOW;
use redis_rig::server::Server;

/// So long that nobody waits for it.
const LATENCY: Duration = Duration::from_secs(600);

/// Runs a command that must succeed; what it printed.
fn run(host: &TestHost, arguments: &[&str]) -> String {
    let (status, said, errors) = host.command(arguments);
    assert!(status.success(), "{arguments:?}: {errors}");
    said
}

fn refused(host: &TestHost, arguments: &[&str]) -> String {
    let (status, said, errors) = host.command(arguments);
    assert!(!status.success(), "{arguments:?}: {said}");
    errors
}

fn open(host: &TestHost, arguments: &[&str]) -> Vec<Value> {
    let said = run(host, &[&["conversations", "list", "--format", "jsonl"], arguments].concat());
    said.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn places(rows: &[Value]) -> Vec<&str> {
    rows.iter().map(|row| row["place"].as_str().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn conversations_are_listed_shown_cancelled_and_reset() {
    let model = Aimock::start(LATENCY).await;
    let mut host = host_with(&model).await;
    let (mut ada, mut bob, mut cat) = (host.person("ada"), host.person("bob"), host.person("cat"));
    for person in [&mut ada, &mut bob] {
        person.start(FLOW);
        person.hear().await;
        person.settle().await;
    }
    cat.start("ask");
    cat.hear().await;
    cat.say("Secret of cats?");
    model.asked_about("Secret of cats?").await;
    cat.say("And of dogs?");
    host.until("cat's second question waits", |status| status.backlog.inbox == 2).await;

    let rows = open(&host, &[]);
    assert_eq!(places(&rows), ["local/ada", "local/bob", "local/cat"]);
    assert_eq!((&rows[2]["running"], &rows[2]["events"]), (&Value::Bool(true), &Value::from(2)));
    assert_eq!(places(&open(&host, &["--flow", FLOW])), ["local/ada", "local/bob"]);
    assert_eq!(places(&open(&host, &["--person", "bob"])), ["local/bob"]);
    assert_eq!(places(&open(&host, &["--limit", "1", "--after", "local/ada"])), ["local/bob"]);
    let table = run(&host, &["conversations", "list"]);
    assert!(table.contains("running, 1 waiting") && table.lines().all(|line| line.chars().count() <= 100), "{table}");

    let shown = run(&host, &["conversations", "show", "local/cat"]);
    for part in ["ask (", "cat (", "running", "said `Secret of cats?`", "llm.complete", "no answer yet"] {
        assert!(shown.contains(part), "`{part}` is missing: {shown}");
    }
    assert!(shown.lines().all(|line| line.chars().count() <= 100), "{shown}");
    assert!(run(&host, &["conversations", "show", "local/ada"]).contains("Last said"));
    for command in ["show", "cancel", "reset"] {
        let errors = refused(&host, &["conversations", command, "local/nobody"]);
        assert!(errors.contains("nothing goes on at `local/nobody`"), "{errors}");
    }

    // A turn that waits for ten minutes ends at once, and its flow is not asked.
    let reset = run(&host, &["conversations", "reset", "local/cat"]);
    assert!(reset.contains("is being reset. 2 events are dropped."), "{reset}");
    assert!(cat.hear().await.text.starts_with("What we were at was ended by whoever runs me"));
    cat.settle().await;
    run(&host, &["conversations", "cancel", "local/ada"]);
    let goodbye = ada.hear().await;
    assert!(!goodbye.text.contains("whoever runs me"), "the flow says it: {}", goodbye.text);
    ada.settle().await;
    host.idle().await;
    assert_eq!(places(&open(&host, &[])), ["local/bob"]);

    // Without a host it is stored, once, and done by the next one.
    host.terminate();
    assert!(host.ended(Duration::from_secs(25)).await.success());
    assert!(run(&host, &["conversations", "cancel", "local/bob"]).contains("done as soon as a host runs"));
    assert!(run(&host, &["conversations", "cancel", "local/bob"]).contains("was cancelled before"));
    host.again().await;
    bob.hear().await;
    bob.settle().await;
    host.idle().await;
    assert!(run(&host, &["conversations", "list"]).contains("No such conversation is open"));
}

/// Ada is forgotten while her turn runs; Bob is not.
async fn is_forgotten(setup: Setup) {
    let model = Aimock::start(Duration::ZERO).await;
    let setup = setup.line("default_flow = \"ask\"").flow("ask").flow("feedback").model(model.url());
    let point = "store.journal_result:before";
    let mut host = TestHost::start_with(setup, &[("PESTO_FAILPOINT", &format!("{point}@1"))]).await;
    let (mut ada, mut bob) = (host.person("ada"), host.person("bob"));
    bob.start("feedback");
    bob.hear().await;
    bob.settle().await;
    ada.say("What is known of me?");
    host.log().failpoint(point, 1).await;
    ada.say("And now?");
    host.until("the second waits", |status| status.backlog.inbox == 2).await;

    let errors = refused(&host, &["forget", "ada"]);
    assert!(errors.contains("ada"), "{errors}");
    let forgotten = run(&host, &["forget", "local/ada"]);
    assert!(forgotten.contains("Forgotten of local/ada: 0 open conversations, 2 events"), "{forgotten}");
    host.until("her turn is gone", |status| status.turns_in_flight == 0 && status.backlog.inbox == 0).await;
    assert_eq!(places(&open(&host, &[])), ["local/bob"]);
    host.kill();
    host.again().await;
    assert_eq!(places(&open(&host, &[])), ["local/bob"]);
    assert_eq!(ada.answers_to("Who am I?").await, ["You said: Who am I?"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_is_forgotten_in_the_middle_of_a_turn() {
    is_forgotten(Setup::new()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_is_forgotten_in_redis() {
    let redis = Server::start();
    let setup = Setup::new().variable("REDIS_URL", &redis.url());
    is_forgotten(setup.table("[store]\nredis_url_env = \"REDIS_URL\"")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_are_forgotten_only_where_that_is_said() {
    let host = TestHost::start(Setup::new().flow(FLOW).canned()).await;
    let plan = crate::survey::Plan::new(0);
    let mut ada = host.person(&plan.id);
    ada.start(FLOW);
    plan.finish(&mut ada).await;
    let user = format!("local/{}", plan.id);
    let kept = run(&host, &["forget", &user]);
    assert!(kept.contains("Still there: 1 completed surveys; --answers throws these away"), "{kept}");
    assert_eq!(crate::survey::records(&host).len(), 1);
    assert!(run(&host, &["forget", &user, "--answers"]).contains("Thrown away: 1 completed surveys."));
    assert!(crate::survey::records(&host).is_empty());
    assert!(run(&host, &["forget", &user, "--answers"]).contains("there are no completed surveys of theirs"));
}

/// Fills a disk of its own, which needs a machine where this user may mount one.
const ON_A_FULL_DISK: &str = "
mount -t tmpfs -o size=48m tmpfs data || exit 77
set -e
echo hello | pesto chat polite --as ann
test -f data/reserve
dd if=/dev/zero of=data/fill bs=4k 2>/dev/null || true
pesto conversations list
test ! -e data/reserve
pesto forget local/ann
";

#[test]
fn a_full_disk_leaves_room_for_operators() {
    let setup = Setup::new().component("polite", &guests::polite());
    std::fs::create_dir_all(setup.path().join("data")).unwrap();
    let pesto = format!(
        "pesto() {{ {} \"$@\" --config {}; }}\n",
        pesto_tests::files::pesto().display(),
        setup.config().display()
    );
    let mut command = Command::new("unshare");
    command.args(["--user", "--map-root-user", "--mount", "sh", "-c", &(pesto + ON_A_FULL_DISK)]);
    let ended = command.current_dir(setup.path()).output().unwrap();
    let errors = String::from_utf8_lossy(&ended.stderr);
    if ended.status.code() == Some(77) || errors.contains("unshare failed") {
        // Elsewhere it was seen.
        eprintln!("nothing can be mounted here: {errors}");
        return;
    }
    assert!(ended.status.success(), "{errors}");
}
