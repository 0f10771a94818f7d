//! What an author sees of mistakes: in scenarios, in dead letters, and where a component is refused.

use std::process::Stdio;

use pesto_tests::guests;
use pesto_tests::host::TestHost;
use pesto_tests::setup::Setup;
use serde_json::Value;

/// A folder with the flow that makes mistakes, and scenarios for it.
struct Author(Setup);

impl Author {
    fn new(scenarios: &[(&str, &str)]) -> Self {
        let author = Self(Setup::new().component("mistakes", &guests::version("mistakes")));
        scenarios.iter().for_each(|(name, text)| author.scenario("mistakes", name, text));
        author
    }

    fn scenario(&self, flow: &str, name: &str, text: &str) {
        let folder = self.0.path().join("plugins").join(flow).join("scenarios");
        std::fs::create_dir_all(&folder).expect("a folder for scenarios");
        std::fs::write(folder.join(name), text).expect("a scenario");
    }

    /// Whether `pesto test` is content, and what it says.
    fn test(&self, arguments: &[&str]) -> (bool, String) {
        let output = self.0.pesto(&[&["test"], arguments].concat()).stdin(Stdio::null()).output();
        let output = output.expect("pesto can be started");
        let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        (output.status.success(), said)
    }

    /// It fails, and says all of this.
    fn fails_with(&self, arguments: &[&str], parts: &[&str]) -> String {
        let (content, said) = self.test(arguments);
        assert!(!content, "{said}");
        for part in parts {
            assert!(said.contains(part), "`{part}` is missing:\n{said}");
        }
        said
    }

    fn passes(&self, arguments: &[&str]) -> String {
        let (content, said) = self.test(arguments);
        assert!(content, "{said}");
        said
    }
}

/// Says something to the flow, which is expected to say `fine`.
fn wrong(what: &str) -> String {
    format!("name: It says {what}\nsteps:\n  - start: \"\"\n    bot: [ready]\n  - say: {what}\n    bot: [fine]\n")
}

#[test]
fn a_failed_turn_shows_its_cause_and_its_place() {
    let mistakes = ["panic", "index", "fail", "loop"];
    let scenarios = mistakes.map(|mistake| (format!("{mistake}.yaml"), wrong(mistake)));
    let scenarios: Vec<_> = scenarios.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    let said = Author::new(&scenarios).fails_with(
        &[],
        &[
            "FAIL  mistakes: It says panic\n  plugins/mistakes/scenarios/panic.yaml:5: step 2: the turn was given up: trap: \
             panicked at ",
            "/mistakes.rs:24:32: no such room\n",
            "    log info: heard `panic`\n    log error: panicked at ",
            "/mistakes.rs:25:",
            "index out of bounds: the len is 5 but the index is 101\n",
            "the turn was given up: flow-failed: answered that it cannot do it: the plan is empty\n",
            "the turn was given up: cpu-deadline: ran for more than 1000 ms of CPU time in one turn",
            "0 passed, 4 failed",
        ],
    );
    assert!(!said.contains("unreachable"), "{said}");
    // A turn is tried twice, and tells its story once.
    assert_eq!(said.matches("log info: heard `panic`").count(), 1, "{said}");
}

#[test]
fn what_differs_is_told_with_file_and_line_and_to_the_end() {
    let author = Author::new(&[(
        "words.yaml",
        "name: Words\n# They differ.\nsteps:\n  - start: \"\"\n    bot: [steady]\n  - say: choices\n    bot:\n      - \
         exact: Which?\n        choices: [A, C]\n  - pick: C\n  - say: never held\n",
    )]);
    author.fails_with(
        &[],
        &[
            "words.yaml:4: step 1: message 1: wanted exactly \"steady\"\n    and got \"ready\"\n",
            "words.yaml:6: step 2: message 1: wanted exactly \"Which?\"\n    and got \"One of them?\"\n",
            "words.yaml:6: step 2: message 1: wanted the choices [\"A\", \"C\"]\n    and got [\"A\", \"B\"]\n",
            "words.yaml:10: step 3: there is no choice \"C\"; there are [\"A\", \"B\"]\n  so far:\n    you start mistakes\n",
        ],
    );
}

#[test]
fn one_bad_file_stops_no_other() {
    let good = "name: Good\nsteps:\n  - start: \"\"\n    bot: [ready]\n";
    let author =
        Author::new(&[("bad.yaml", "name: Bad\nsteps:\n  - start: \"\"\n    bto: [ready]\n"), ("good.yaml", good)]);
    author.scenario("absent", "good.yaml", good);
    author.0.deploy("unsound", &guests::version("unsound"));
    author.scenario("unsound", "good.yaml", good);
    author.scenario("unsound", "more.yaml", good);
    author.fails_with(
        &[],
        &[
            "FAIL  absent: cannot be tested\n",
            "absent.wasm: the flow is not built: run `pesto build plugins/absent`\n",
            "plugins/mistakes/scenarios/bad.yaml:4: ",
            "unknown field `bto`",
            "ok    mistakes: Good\n",
            "unsound.wasm: ",
            "describing itself, it panicked at ",
            "the survey is not sound: two questions have the id `week`\n",
            "1 passed, 3 failed",
        ],
    );
    let said = author.passes(&["--filter", "MISTAKES: good"]);
    assert_eq!(said, "ok    mistakes: Good\n1 passed, 0 failed\n");
    author.fails_with(&["--filter", "no such"], &["there was no scenario to hold"]);

    let said = author.fails_with(&["--json"], &[]);
    let lines: Vec<Value> = said.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    assert_eq!(lines.last().expect("counts")["failed"], 3, "{said}");
    let bad = lines.iter().find(|line| line["file"] == "plugins/mistakes/scenarios/bad.yaml").expect("it is told");
    assert_eq!((&bad["passed"], &bad["differences"][0]["line"]), (&Value::Bool(false), &4.into()), "{bad}");
}

#[test]
fn scenarios_have_every_error_of_a_call() {
    let cases = [
        ("answers: Hm, cut: true", "Hm (cut: true)"),
        ("fails: timeout, sent: false", "Timeout { sent: false"),
        ("fails: unavailable", "Unavailable { sent: true"),
        ("fails: over-quota, retry-after: 90", "retry_after: Some(90)"),
        ("fails: over-quota, retry-after: null", "retry_after: None"),
        ("fails: conflict", "Conflict("),
        ("fails: in-doubt", "InDoubt"),
        ("fails: cancelled", "Cancelled"),
    ];
    let mut text = "name: Errors\nsteps:\n  - start: \"\"\n    bot: [ready]\n".to_owned();
    for (call, said) in cases {
        text.push_str(&format!("  - say: ask\n    llm: [{{{call}}}]\n    bot: [{{contains: \"{said}\"}}]\n"));
    }
    let author = Author::new(&[("errors.yaml", &text)]);
    author.passes(&[]);
    author.passes(&["--crash-everywhere"]);
}

#[test]
fn scenarios_have_people_threads_and_silence() {
    let author = Author::new(&[
        (
            "people.yaml",
            "name: People\npeople: {flo: {name: Flora}}\nsteps:\n  - start: \"\"\n    bot: [ready]\n  - {as: flo, start: \
             \"\", bot: [ready]}\n  - {say: a, bot: [\"1: Ada Lovelace at test/ada\"]}\n  - {as: flo, say: b, bot: [\"1: Flora at \
             test/flo\"]}\n  - {in: thread, start: \"\", bot: [ready]}\n  - {in: thread, say: choices, bot: [{choices: [A, \
             B]}]}\n  - {in: thread, pick: B, bot: [B of ada]}\n  - {say: c, bot: [\"2: Ada Lovelace at test/ada\"]}\n  - {as: flo, \
             say: over, ended: true}\n  - {say: d, bot: [\"3: Ada Lovelace at test/ada\"], ended: false}\n",
        ),
        (
            "silence.yaml",
            "name: Silence\nsteps:\n  - {start: \"\", bot: [ready]}\n  - {wait: 22d, bot: []}\n  - wait: 1d\n    bot:\n      \
             - contains: \"I will end it in 7 days\"\n    ended: false\n  - wait: 8d\n    bot:\n      - contains: I have \
             heard nothing from you for a long time\n    ended: true\n",
        ),
        (
            "sooner.yaml",
            "name: Sooner\nexpires-after: 2d\nremind-after: never\nsteps:\n  - {start: \"\", bot: [ready]}\n  - {wait: 47h, \
             bot: [], ended: false}\n  - {wait: 1h, bot: [{contains: is over}], ended: true}\n",
        ),
        (
            "never.yaml",
            "name: Never\nexpires-after: never\nsteps:\n  - {start: \"\", bot: [ready]}\n  - {wait: 300d, bot: [], ended: \
             false}\n",
        ),
    ]);
    assert!(author.passes(&[]).contains("4 passed, 0 failed"));
    author.passes(&["--crash-everywhere"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dead_letter_and_a_refusal_have_the_panics_words() {
    let setup = Setup::new().component("mistakes", &guests::version("mistakes"));
    setup.deploy("unsound", &guests::version("unsound"));
    let mut host = TestHost::start(setup).await;
    host.expect_dead(1);
    let mut ada = host.person("ada");
    ada.start("mistakes");
    ada.hear().await;
    ada.say("panic");
    ada.hear().await;
    ada.settle().await;
    let run = |arguments: &[&str]| {
        let (status, said, errors) = host.command(arguments);
        assert!(status.success(), "{arguments:?}: {errors}");
        said
    };
    let letter = run(&["dead", "show", "1"]);
    assert!(
        letter.contains("reason    panicked at ") && letter.contains("mistakes.rs:24:32: no such room"),
        "{letter}"
    );
    let clash = "`help` never begins `mistakes`, because the host takes these words for itself";
    let check = host.setup.pesto(&["check"]).output().unwrap();
    assert!(
        !check.status.success() && String::from_utf8_lossy(&check.stderr).contains("a host would refuse unsound.wasm")
    );
    for said in [run(&["flows"]), String::from_utf8_lossy(&check.stdout).into_owned()] {
        assert!(said.contains("the survey is not sound: two questions have the id `week`"), "{said}");
        assert!(said.contains(clash), "{said}");
    }
    host.log()
        .find("a warning of the trigger", |line| line["message"].as_str().is_some_and(|it| it.contains(clash)))
        .await;
}

#[test]
fn a_right_that_is_not_granted_is_told() {
    let setup = Setup::new();
    setup.deploy("mistakes", &guests::version("mistakes"));
    let output = setup.pesto(&["check"]).output().expect("pesto can be started");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(said.contains("`mistakes` asks for the right `llm`, which the configuration does not grant"), "{said}");
}

#[test]
fn a_closed_pipe_ends_a_command_quietly() {
    let author = Author::new(&[("good.yaml", "name: Good\nsteps:\n  - start: \"\"\n    bot: [ready]\n")]);
    for arguments in [&["test"][..], &["check"], &["flows"], &["new", "lunch", "--path", "p", "--sdk", "x"]] {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        let mut command = author.0.pesto(arguments);
        if arguments[0] == "new" {
            // Makes its folder first: it needs a kit to name.
            let kit = author.0.path().join("x");
            std::fs::create_dir_all(&kit).and_then(|()| std::fs::write(kit.join("Cargo.toml"), "")).expect("a kit");
            command = std::process::Command::new(pesto_tests::files::pesto());
            command.args(arguments).current_dir(author.0.path());
        }
        let output = command.stdin(Stdio::null()).stdout(writer).stderr(Stdio::piped()).output();
        let output = output.expect("pesto can be started");
        let errors = String::from_utf8_lossy(&output.stderr);
        assert_eq!((output.status.code(), errors.as_ref()), (Some(141), ""), "{arguments:?}");
    }
}
