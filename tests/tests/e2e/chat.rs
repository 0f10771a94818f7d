//! `pesto chat` with lines that are piped in, and `pesto answers` after it.

use std::io::Write;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::{Duration, SystemTime};

use pesto_tests::host::TestHost;
use pesto_tests::log::Log;
use pesto_tests::setup::Setup;
use serde_json::{Value, json};

use crate::survey::FLOW;

/// As the README has them, but for a diet that a spreadsheet would run.
const LINES: [&str; 11] =
    ["Ada", "Engineering", "rust, 4", "2", "3", "no", "tomorrow", "laptop, 2", "4", "=HYPERLINK(\"x\")", "submit"];

/// What the survey says before it takes each of these lines, and at the end.
const ASKS: [&str; 12] = [
    "What should we call you?",
    "What will you work on?",
    "Which languages do you write?",
    "Where will you work?",
    "How many days a week",
    "Do you need a parking space?",
    "When is your first day?",
    "What should be on your desk?",
    "How well prepared do you feel?",
    "Is there anything that our kitchen should know?",
    "Please check your answers:",
    "so this answer is canned",
];

fn setup() -> Setup {
    Setup::new().flow(FLOW).canned()
}

fn chat(setup: &Setup) -> Command {
    let mut command = setup.pesto(&["chat", FLOW, "--as", "ada"]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Pipes lines in, and waits for the end; what was printed.
fn pipe(setup: &Setup, lines: &[&str]) -> String {
    let mut child = chat(setup).spawn().expect("pesto can be started");
    let mut input = child.stdin.take().expect("its input is ours");
    for line in lines {
        writeln!(input, "{line}").expect("it reads");
    }
    drop(input);
    let output = child.wait_with_output().expect("it ends");
    let (said, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{:?}: {errors}\n{said}", output.status);
    said.into_owned()
}

/// Each once, in order, and none else.
fn check_asked(said: &str, wanted: &[&str]) {
    let mut rest = said;
    for ask in wanted {
        let (_, after) = rest.split_once(ask).unwrap_or_else(|| panic!("`{ask}` is missing or late in:\n{said}"));
        rest = after;
    }
    for ask in ASKS {
        let count = said.matches(ask).count();
        assert_eq!(count, usize::from(wanted.contains(&ask)), "how often `{ask}` stands in:\n{said}");
    }
}

/// The row in both formats; `run` runs a command and tells what it printed.
fn check_answers(run: impl Fn(&[&str]) -> String) {
    let jsonl = run(&["answers", FLOW, "--format", "jsonl"]);
    let row: Value = serde_json::from_str(&jsonl).unwrap_or_else(|error| panic!("{error}: {jsonl}"));
    assert_eq!(row["person_id"], "ada");
    let answers = &row["answers"];
    assert_eq!(answers["name"], "Ada");
    assert_eq!(answers["languages"], json!(["Rust", "Go"]));
    assert_eq!(answers["diet"], "=HYPERLINK(\"x\")");
    let csv = run(&["answers", FLOW, "--format", "csv"]);
    let lines: Vec<_> = csv.lines().collect();
    assert_eq!(lines.len(), 2, "{csv}");
    assert!(lines[0].starts_with("completed_at,person_id,person_name,conversation,"), "{csv}");
    // A spreadsheet must take it for text.
    assert!(lines[1].contains("\"'=HYPERLINK(\"\"x\"\")\""), "{csv}");
    assert!(lines[1].contains("\"Rust, Go\""), "{csv}");
}

fn alone(setup: &Setup) -> impl Fn(&[&str]) -> String {
    |arguments| {
        let output = setup.pesto(arguments).stdin(Stdio::null()).output().expect("pesto can be started");
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).expect("it writes UTF-8")
    }
}

#[test]
fn the_whole_survey_runs_unattended_without_a_host() {
    let setup = setup();
    let said = pipe(&setup, &LINES);
    assert!(said.contains("models' answers are canned"), "{said}");
    check_asked(&said, &ASKS);
    check_answers(alone(&setup));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_whole_survey_runs_unattended_with_a_host() {
    let host = TestHost::start(setup()).await;
    check_asked(&pipe(&host.setup, &LINES), &ASKS);
    check_answers(|arguments| {
        let (status, said, errors) = host.command(arguments);
        assert!(status.success(), "{errors}");
        said
    });
}

#[test]
fn a_fresh_chat_begins_anew_whatever_was_said_before() {
    let setup = setup();
    check_asked(&pipe(&setup, &LINES[..3]), &ASKS[..4]);
    let fresh = || {
        let mut command = setup.pesto(&["chat", FLOW, "--as", "ada", "--fresh"]);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("pesto can be started");
        let mut input = child.stdin.take().expect("its input is ours");
        LINES.iter().for_each(|line| writeln!(input, "{line}").expect("it reads"));
        drop(input);
        let output = child.wait_with_output().expect("it ends");
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    for said in [fresh(), fresh()] {
        check_asked(&said, &ASKS);
        assert!(said.trim_end().ends_with("Your answers are recorded."), "it ends in words: {said}");
    }
}

#[test]
fn a_flow_that_is_not_built_says_how_to_build_it() {
    let setup = setup();
    let source = setup.path().join("plugins/gamma");
    std::fs::create_dir_all(&source).and_then(|()| std::fs::write(source.join("Cargo.toml"), "")).expect("a source");
    let output = setup.pesto(&["chat", "gamma", "--as", "ada"]).stdin(Stdio::null()).output().expect("it starts");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(said.contains("`gamma` is not built: run `pesto build plugins/gamma`."), "{said}");
}

#[test]
fn a_chat_goes_on_where_the_one_before_ended() {
    let setup = setup();
    check_asked(&pipe(&setup, &LINES[..3]), &ASKS[..4]);
    let said = pipe(&setup, &LINES[3..]);
    assert!(said.contains("We are in the middle of Onboarding."), "{said}");
    check_asked(&said, &ASKS[3..]);
    check_answers(alone(&setup));
}

/// One form, with what is wrong on the way: each error names no other field and asks the same one again.
#[test]
fn a_form_is_filled_in_a_field_at_a_time() {
    let setup = Setup::new().flow("feedback");
    let lines = ["help", "6", "awful", "5", "x", "back", "4", "Good talks", "soon", "2026-01-05", "maybe", "2"];
    let mut command = setup.pesto(&["chat", "feedback", "--as", "ada"]);
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
    let mut input = child.stdin.take().expect("its input is ours");
    for line in lines {
        writeln!(input, "{line}").expect("it reads");
    }
    drop(input);
    let output = child.wait_with_output().expect("it ends");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let mut rest = said.as_str();
    for part in [
        "Please tell us how it was.",
        "Feedback (`back` goes a field back",
        "1/4 How was it?",
        "1 (poor)  2  3  4  5 (great)",
        "`cancel` ends the conversation",
        "1/4 How was it?",
        "That is not among the choices.",
        "1/4 How was it?",
        "That is not among the choices.",
        "2/4 What should stay, what should change? (`skip` leaves it empty)",
        "Please write at least 3 characters.",
        "1/4 How was it?",
        "2/4 What should stay",
        "3/4 When was it? (a date such as 2026-03-31, or `tomorrow`)",
        "Please write a date such as 2026-03-31.",
        "4/4 May we come back to you?",
        "That is not among the choices.",
        "Thank you!",
    ] {
        let (_, after) = rest.split_once(part).unwrap_or_else(|| panic!("`{part}` is missing or late in:\n{said}"));
        rest = after;
    }
    let rows = alone(&setup)(&["answers", "feedback", "--format", "jsonl"]);
    let row: Value = serde_json::from_str(&rows).unwrap_or_else(|error| panic!("{error}: {rows}"));
    let answers = json!({ "score": 4, "why": "Good talks", "day": "2026-01-05", "contact": false });
    assert_eq!(row["answers"], answers);
}

/// In the terminal's forms, too. On the two sides of the date line it is never the same day.
#[test]
fn today_is_that_of_the_terminals_zone() {
    let setup = Setup::new().flow("feedback");
    let date = |hours: i64| {
        let (now, shift) = (SystemTime::now(), Duration::from_secs(hours.unsigned_abs() * 3_600));
        let seen = if hours < 0 { now - shift } else { now + shift };
        humantime::format_rfc3339_seconds(seen).to_string()[..10].to_owned()
    };
    for (zone, by_option, hours) in [("Pacific/Kiritimati", true, 14), ("Pacific/Honolulu", false, -10)] {
        let mut command = setup.pesto(&["chat", "feedback", "--as", "kai"]);
        let command = if by_option { command.args(["--time-zone", zone]) } else { command.env("TZ", zone) };
        let before = date(hours);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("it starts");
        let mut input = child.stdin.take().expect("its input is ours");
        // Nobody has feedback on a later day than today, so one that is understood wrongly may not be taken.
        for line in ["5", "skip", "today", "no"] {
            writeln!(input, "{line}").expect("it reads");
        }
        drop(input);
        assert!(child.wait().expect("it ends").success());
        let rows = alone(&setup)(&["answers", "feedback", "--format", "jsonl"]);
        let row: Value = serde_json::from_str(rows.lines().last().expect("a row")).expect("JSON");
        let day = row["answers"]["day"].as_str().expect("a day").to_owned();
        assert!([before, date(hours)].contains(&day), "{zone}: {day}");
    }
}

#[test]
fn a_zone_that_is_not_known_is_refused() {
    let setup = setup();
    for (option, value, cure) in [("--time-zone", "Tokyo", "Europe/Rome"), ("--locale", "de_DE", "en-GB")] {
        let output = setup.pesto(&["chat", option, value]).stdin(Stdio::null()).output().expect("it starts");
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && errors.contains(value) && errors.contains(cure), "{errors}");
    }
}

/// A chat that is held open, with a host inside.
struct Open {
    child: Child,
    input: ChildStdin,
    said: Log,
}

impl Open {
    fn start(setup: &Setup) -> Self {
        let mut child = chat(setup).spawn().expect("pesto can be started");
        let input = child.stdin.take().expect("its input is ours");
        let said = Log::collect(child.stdout.take().expect("its output is ours"));
        Self { child, input, said }
    }

    async fn say(&mut self, line: &str, answer: &str) {
        writeln!(self.input, "{line}").expect("it reads");
        self.said.text(answer).await;
    }

    fn signal(mut self, name: &str) {
        let sent = Command::new("sh").arg("-c").arg(format!("kill -{name} {}", self.child.id())).status();
        assert!(sent.is_ok_and(|status| status.success()));
        let ended = self.child.wait().expect("it ends");
        assert!(!ended.success(), "it was interrupted: {ended:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_chat_that_is_interrupted_or_killed_loses_nothing() {
    let setup = setup();
    let mut open = Open::start(&setup);
    open.said.text(ASKS[0]).await;
    open.say(LINES[0], ASKS[1]).await;
    open.say(LINES[1], ASKS[2]).await;
    // Not INT: whoever runs the tests in the background may have it ignored.
    open.signal("TERM");
    let mut open = Open::start(&setup);
    open.said.text(ASKS[2]).await;
    open.say(LINES[2], ASKS[3]).await;
    open.signal("KILL");
    check_asked(&pipe(&setup, &LINES[3..]), &ASKS[3..]);
    check_answers(alone(&setup));
}
