//! The same host with its store in Redis: whatever ends, the host or Redis, people go on where they were.

use std::process::Stdio;
use std::time::Duration;

use pesto_tests::host::TestHost;
use pesto_tests::log::Log;
use pesto_tests::person::Person;
use pesto_tests::setup::Setup;
use redis_rig::certificates::Certificates;
use redis_rig::sentinels::Watched;
use redis_rig::server::Server;

use crate::survey::{CLOSING, FLOW, Plan, records};

/// Longer than the channel of wakes needs to settle after a start.
const QUIET: Duration = Duration::from_secs(6);

/// Where hosts find their Redis.
const STORE: &str = "[store]\nredis_url_env = \"REDIS_URL\"";

/// Each question came once and in order, and the answers are there.
async fn is_whole(host: &TestHost, plan: &Plan, person: &mut Person) {
    person.settle().await;
    let keys: Vec<_> = person.messages.iter().map(|message| message.key.as_str()).collect();
    assert_eq!(keys, plan.path());
    assert!(person.refused.is_empty(), "{:?}", person.refused);
    assert_eq!(records(host)[&plan.id], [plan.record()]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_survey_survives_the_end_of_its_host_and_of_redis() {
    let mut redis = Server::start();
    let setup = Setup::new().flow(FLOW).canned().variable("REDIS_URL", &redis.url());
    let setup = setup.table(STORE);
    let mut host = TestHost::start(setup).await;
    let plan = Plan::new(1);
    let mut person = host.person(&plan.id);
    person.start(FLOW);
    loop {
        let message = person.hear().await;
        match message.key.as_str() {
            CLOSING => break,
            "workplace" => {
                // What is posted and not yet noted is looked up when its mark ran out; that is not what is tried here.
                host.idle().await;
                host.kill();
                host.again().await;
            }
            "tools" => {
                host.idle().await;
                redis.crash();
            }
            _ => {}
        }
        plan.answer(&mut person, &message.key);
    }
    is_whole(&host, &plan, &mut person).await;
    assert!(!host.setup.path().join("data/pesto.db").exists(), "nothing is kept beside Redis");

    host.idle().await;
    let before = commands(&redis);
    tokio::time::sleep(QUIET).await;
    let asked = commands(&redis) - before;
    assert!(asked <= 5 * QUIET.as_secs(), "an idle host made {asked} calls within {} s", QUIET.as_secs());

    host.terminate();
    assert!(host.ended(Duration::from_secs(25)).await.success());
    let (status, answers, errors) = host.command(&["answers", FLOW, "--format", "jsonl"]);
    assert!(status.success() && answers.contains(&plan.name()) && answers.lines().count() == 1, "{answers}{errors}");
    let (status, flows, errors) = host.command(&["flows"]);
    assert!(status.success() && flows.contains(FLOW), "{flows}{errors}");
    let (status, _, errors) = host.command(&["dead", "list"]);
    assert!(status.success(), "{errors}");
    let (status, found, _) = host.command(&["doctor"]);
    assert!(status.success() && found.contains("keeps what it acknowledges"), "{found}");
}

/// How many commands Redis has done, by its own count.
fn commands(redis: &Server) -> u64 {
    use std::io::{Read as _, Write as _};
    let mut stream = std::os::unix::net::UnixStream::connect(redis.socket()).unwrap();
    stream.write_all(b"INFO stats\r\nQUIT\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let count = answer.lines().find_map(|line| line.strip_prefix("total_commands_processed:"));
    count.unwrap().trim().parse().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redis_that_is_away_is_named() {
    let setup = Setup::new().variable("REDIS_URL", "redis://:very-secret@127.0.0.1:1/0");
    let setup = setup.table(STORE);
    let output = setup.pesto(&["flows"]).output().unwrap();
    let words = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success());
    assert!(words.contains("store.redis_url_env") && words.contains("is it running?"), "{words}");
    assert!(!words.contains("very-secret"), "{words}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redis_that_comes_later_is_waited_for() {
    let mut redis = Server::start();
    redis.kill();
    let setup = Setup::new().variable("REDIS_URL", &redis.url()).table(STORE);
    let mut host = setup.pesto(&["run"]).stdin(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let log = Log::collect(host.stderr.take().unwrap());
    log.text("trying again, for").await;
    redis.again();
    log.wait("the host is ready").await;
    host.kill().unwrap();
    host.wait().unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_survey_survives_the_end_of_its_server_where_sentinels_have_another() {
    let mut redis = Watched::start();
    let setup = Setup::new().flow(FLOW).canned().variable("REDIS_URL", &redis.url());
    let mut host = TestHost::start(setup.table(STORE)).await;
    let plan = Plan::new(2);
    let mut person = host.person(&plan.id);
    person.start(FLOW);
    loop {
        let message = person.hear().await;
        match message.key.as_str() {
            CLOSING => break,
            "workplace" => {
                // What the replica does not have yet would be lost, and that is not what is tried here.
                host.idle().await;
                redis.synced();
                redis.lose_the_server();
            }
            _ => {}
        }
        plan.answer(&mut person, &message.key);
    }
    is_whole(&host, &plan, &mut person).await;
    host.log().text("the sentinels name another Redis server").await;
    let (status, found, _) = host.command(&["doctor"]);
    assert!(status.success() && found.contains("min-replicas-to-write"), "{found}");
    host.terminate();
    assert!(host.ended(Duration::from_secs(25)).await.success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_way_to_redis_is_encrypted_where_the_url_says_so() {
    let certificates = Certificates::make();
    let (_redis, port) = certificates.server("no");
    let setup = Setup::new().variable("REDIS_URL", &format!("rediss://127.0.0.1:{port}"));
    std::fs::copy(certificates.certificate("authority"), setup.path().join("ca.pem")).unwrap();
    let mut setup = setup.table("[store]\nredis_url_env = \"REDIS_URL\"\nredis_ca_file = \"ca.pem\"");
    let doctor = |setup: &Setup| {
        let output = setup.pesto(&["doctor"]).output().unwrap();
        (output.status.success(), String::from_utf8(output.stdout).unwrap())
    };
    let (well, found) = doctor(&setup);
    assert!(well && found.contains("the next host that starts makes one"), "it is reached: {found}");
    setup.replace("redis_ca_file = \"ca.pem\"", "");
    let (well, found) = doctor(&setup);
    assert!(!well && found.contains("store.redis_ca_file"), "{found}");
}
