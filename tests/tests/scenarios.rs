//! Every scenario of every flow on the stores that hosts use, with a crash at every point where one can fall, by the real
//! command. In memory `make test` does so by itself.

use std::process::{Command, Stdio};

use pesto_tests::files;
use redis_rig::server::Server;

/// Runs `pesto test --crash-everywhere` on a store; what it printed, and whether it is content.
fn crash_everywhere(store: &str) -> (bool, String) {
    let mut command = Command::new(files::pesto());
    command.args(["test", "--crash-everywhere", "--store", store]).current_dir(files::root());
    let output = command.env("NO_COLOR", "1").stdin(Stdio::null()).output().expect("pesto can be started");
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    (output.status.success(), said)
}

fn figure(said: &str, name: &str) -> u32 {
    let line = said.lines().find_map(|line| line.strip_prefix(&format!("figure {name} ")));
    let value = line.and_then(|rest| rest.split(' ').next()?.parse().ok());
    value.unwrap_or_else(|| panic!("no figure {name}:\n{said}"))
}

/// One line for each scenario of this repository, and none that failed.
fn all_passed(said: &str) {
    for flow in ["ask", "feedback", "onboarding-survey"] {
        let folder = files::root().join("plugins").join(flow).join("scenarios");
        let scenarios = std::fs::read_dir(&folder).expect("a flow has scenarios").count();
        let passed = said.lines().filter(|line| line.starts_with(&format!("ok    {flow}: "))).count();
        assert_eq!(passed, scenarios, "of {flow}:\n{said}");
    }
}

#[test]
fn nobody_notices_a_crash_of_a_host_on_the_embedded_store() {
    let (content, said) = crash_everywhere("embedded");
    println!("{said}");
    assert!(content, "{said}");
    all_passed(&said);
    assert!(figure(&said, "scenario_crashes") > 500, "{said}");
}

#[test]
fn nobody_notices_a_crash_of_a_host_or_a_lost_step_on_redis() {
    // This Redis does not crash, so it need not wait for the disk.
    let server = Server::start_with(&["--appendonly", "no"]);
    let (content, said) = crash_everywhere(&server.url());
    println!("{said}");
    assert!(content, "{said}");
    all_passed(&said);
    assert!(figure(&said, "scenario_crashes") > 1_000, "{said}");
    assert!(figure(&said, "scenario_losses") > 500, "{said}");

    // It was emptied. What is somebody's is not touched.
    let mut client = redis::Client::open(server.url()).and_then(|client| client.get_connection()).expect("a client");
    assert_eq!(redis::cmd("DBSIZE").query(&mut client), Ok(0));
    redis::cmd("SET").arg("theirs").arg("1").exec(&mut client).expect("a key");
    let (content, said) = crash_everywhere(&server.url());
    assert!(!content && said.contains("keys already (1)") && said.contains("name an empty one"), "{said}");
    assert_eq!(redis::cmd("DBSIZE").query(&mut client), Ok(1));
}
