//! What people type at each kind of question, over Slack and in the terminal: what a colleague would understand is taken,
//! and what means nothing here is asked again. Each list is counted in a figure.

use std::io::Write as _;
use std::process::Stdio;
use std::time::{Duration, SystemTime};

use futures_util::future::join_all;
use pesto_tests::figure;
use pesto_tests::host::TestHost;
use pesto_tests::setup::Setup;
use slack_double::{Person, SlackDouble};

use crate::slack::{double, setup};
use crate::survey::FLOW;

/// What follows an answer that was the last.
const CLOSING: &str = "so this answer is canned";
/// A person has so many wordings: everybody talks at the same time.
const SHARE: usize = 6;

/// A kind of question, and how to get there.
struct Kind {
    name: &'static str,
    /// What follows `start NAME`.
    arguments: &'static str,
    /// What is answered before.
    before: &'static [&'static str],
    /// Words of the question, and of no other message.
    asks: &'static str,
    taken: Vec<String>,
    refused: Vec<String>,
}

fn owned(words: &[&str]) -> Vec<String> {
    words.iter().map(|&word| word.to_owned()).collect()
}

fn kinds() -> Vec<Kind> {
    let (dates, no_dates) = dates();
    vec![
        Kind {
            name: "one_of",
            arguments: "",
            before: &["Ada"],
            asks: "What will you work on?",
            taken: owned(&[
                "Engineering",
                "1",
                "1.",
                "1)",
                "#1",
                "one",
                "option 2",
                "Engineering.",
                "eng",
                "Enginering",
                "2 please",
                "*Engineering*",
                "1. Engineering",
                ":one:",
                "`Design`",
                "“Sales”",
                "the second one",
                "vier",
                "OTHER!",
                "- Sales",
            ]),
            refused: owned(&["7", "maybe", "compilers"]),
        },
        Kind {
            name: "several",
            arguments: "engineering",
            before: &["Ada"],
            asks: "Which languages do you write?",
            taken: owned(&[
                "rust",
                "rust, 4",
                "1,2",
                "rust and go",
                "Rust & Go",
                "rust go",
                "1-3",
                "1 2 4",
                "all",
                "just python",
                "• Rust\n• Go",
                "1. Rust\n2. Go",
                "Rust\nGo",
                "rust + go",
                "rust/go",
                "rust und go",
                "rust, python, and go.",
                "Pyton",
                "typescript; *Go*",
                "everything",
                "all except go",
                "only rust",
                "1 and 4",
                "I use rust and go",
                "alle",
                "Rust, please",
            ]),
            refused: owned(&["none", "cobol", "rust or go"]),
        },
        Kind {
            name: "number",
            arguments: "engineering",
            before: &["Ada", "rust", "office"],
            asks: "How many days a week",
            taken: owned(&[
                "3",
                "3.",
                "three",
                "3 days",
                "drei",
                "3️⃣",
                "five!",
                "~3",
                "about 3",
                "3 days a week",
                "5/5",
                ":three:",
                "3 please",
                "`4`",
            ]),
            refused: owned(&["7", "3 or 4"]),
        },
        Kind {
            name: "yes_no",
            arguments: "engineering",
            before: &["Ada", "rust", "office", "3"],
            asks: "Do you need a parking space?",
            taken: owned(&[
                "y",
                "1",
                "2",
                "yes!!",
                "Yep",
                "yeah",
                "sure",
                "ok",
                "Yes please",
                "nope",
                "No thanks",
                "not really",
                "ja",
                "nein",
                "oui",
                "да",
                "はい",
                "👍",
                ":+1:",
                "yup",
                "of course",
                "Okay.",
                "nah",
                "n",
                "👎",
                "klar",
                "yes, I do",
            ]),
            refused: owned(&["maybe", "yes and no", "7"]),
        },
        Kind {
            name: "date",
            arguments: "sales",
            before: &["Ada", "Europe", "remote", "2 Road"],
            asks: "When is your first day?",
            taken: dates,
            refused: no_dates,
        },
        Kind {
            name: "scale",
            arguments: "sales",
            before: &["Ada", "Europe", "remote", "2 Road", "tomorrow", "laptop"],
            asks: "How well prepared do you feel?",
            taken: owned(&[
                "five",
                "4.",
                "5/5",
                "a 4",
                "very well",
                "⭐⭐⭐⭐",
                "4 out of 5",
                "vier",
                "3️⃣",
                "not at all",
                "3!",
            ]),
            refused: owned(&["7", "maybe"]),
        },
        Kind {
            name: "confirm",
            arguments: "sales",
            before: &["Ada", "Europe", "remote", "2 Road", "tomorrow", "laptop", "4", "skip"],
            asks: "Shall I submit them?",
            taken: owned(&["submit", "yes", "ok", "looks good", "Submit!", "send", "yes, submit", "1", "👍"]),
            refused: owned(&["maybe", "7"]),
        },
    ]
}

/// Days around today, as people write them: the survey takes them from a month ago to a year ahead.
fn dates() -> (Vec<String>, Vec<String>) {
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    const MONATE: [&str; 12] = [
        "Januar",
        "Februar",
        "März",
        "April",
        "Mai",
        "Juni",
        "Juli",
        "August",
        "September",
        "Oktober",
        "November",
        "Dezember",
    ];
    const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
    let now = SystemTime::now();
    // Of the days that no month could be, one ahead.
    let day = |text: &str| text[8..10].parse::<usize>().expect("a day");
    let after = |days: u64| {
        let then = now + Duration::from_secs(86_400 * days);
        let since = then.duration_since(SystemTime::UNIX_EPOCH).expect("it is after 1970").as_secs() / 86_400;
        (humantime::format_rfc3339_seconds(then).to_string()[..10].to_owned(), DAYS[(since as usize + 3) % 7])
    };
    let (iso, weekday) = (3..40).map(after).find(|(text, _)| day(text) > 12).expect("a month has such days");
    let (year, month, day) = (&iso[..4], iso[5..7].parse::<usize>().expect("a month"), day(&iso));
    let (name, monat) = (MONTHS[month - 1], MONATE[month - 1]);
    let other = DAYS.iter().find(|other| **other != weekday).expect("there are seven");
    let mut taken = owned(&[
        "today",
        "Tomorrow",
        "tomorrow!",
        "the day after tomorrow",
        "in 3 days",
        "in two weeks",
        "in 2 weeks",
        "in a week",
        "2 weeks from now",
        "next Thursday",
        "Monday",
        "on Friday",
        "this Friday",
        "15.3.",
        "the 15th",
        "morgen",
        "heute",
        "übermorgen",
        "in zwei Wochen",
        "nächsten Montag",
        "next week",
        "yesterday",
    ]);
    taken.extend([
        iso.clone(),
        format!("{weekday} {day} {name}"),
        format!("{day} {name} {year}"),
        format!("{name} {day}th, {year}"),
        format!("{day}. {monat} {year}"),
        format!("{day}.{month}.{year}"),
        format!("{year}/{month:02}/{day:02}"),
        format!("{day}/{month}/{year}"),
        format!("{month:02}-{day:02}-{year}"),
    ]);
    let mut refused = owned(&["asap", "03/04/2027", "07-12-2026", "31/02/2027", "2099-01-01"]);
    refused.push(format!("{other} {day} {name} {year}"));
    (taken, refused)
}

/// One person's way: to the question, and what is said there with the words of the message that must follow. A question is
/// come back to each time, so that no wording counts as the second attempt.
fn way(kind: &Kind, wordings: &[String], taken: bool) -> Vec<(String, Option<&'static str>)> {
    let mut way = Vec::new();
    for wording in wordings {
        way.push((wording.clone(), (!taken).then_some(kind.asks)));
        match (taken, kind.name) {
            (true, _) => way.push(("back".to_owned(), Some(kind.asks))),
            (false, "confirm") => {}
            (false, _) => way.extend([("back".to_owned(), None), ("keep".to_owned(), Some(kind.asks))]),
        }
    }
    way
}

/// Says all of this, and checks what comes; none is what does not ask the question.
async fn talk(ann: Person, kind: &Kind, wordings: &[String], taken: bool) -> usize {
    ann.says(&format!("start {FLOW} {}", kind.arguments)).await;
    let mut asked = ann.hears().await;
    for answer in kind.before {
        ann.says(answer).await;
        asked = ann.hears().await;
    }
    assert!(asked.shown().contains(kind.asks), "{}: {}", kind.name, asked.shown());
    if kind.name == "confirm" && taken {
        ann.says(&wordings[0]).await;
        let last = ann.hears().await;
        assert!(last.shown().contains(CLOSING), "{}: {:?}: {}", kind.name, wordings[0], last.shown());
        return 1;
    }
    for (text, wanted) in way(kind, wordings, taken) {
        ann.says(&text).await;
        let heard = ann.hears().await.shown();
        let right =
            heard.contains(wanted.unwrap_or(kind.asks)) == wanted.is_some() && !heard.contains("would you like");
        assert!(right, "{}: {text:?} leads to: {heard}", kind.name);
    }
    wordings.len()
}

async fn count(slack: &SlackDouble, kind: &Kind) -> usize {
    let share = |taken: bool| if kind.name == "confirm" && taken { 1 } else { SHARE };
    let talks = [(true, &kind.taken), (false, &kind.refused)].into_iter().flat_map(|(taken, all)| {
        all.chunks(share(taken)).enumerate().map(move |(at, wordings)| {
            let person = slack.person(&format!("{}-{taken}-{at}", kind.name));
            async move { (taken, talk(person, kind, wordings, taken).await) }
        })
    });
    join_all(talks).await.into_iter().filter(|(taken, _)| *taken).map(|(_, count)| count).sum()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_people_type_in_slack_is_understood() {
    let slack = double().await;
    let host = TestHost::start(setup(&slack)).await;
    slack.has_sockets(2).await;
    let kinds = kinds();
    let counts = join_all(kinds.iter().map(|kind| count(&slack, kind))).await;
    for (kind, taken) in kinds.iter().zip(counts) {
        figure(format_args!("understood_{}_slack {taken} of {}", kind.name, kind.taken.len() + kind.refused.len()));
    }
    host.idle().await;
}

/// Pipes lines in; what was printed.
fn pipe(setup: &Setup, name: &str, lines: &[String]) -> String {
    let mut command = setup.pesto(&["chat", FLOW, "--as", name]);
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
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

/// What the bot said, one message after the other, from the question on.
fn messages<'a>(said: &'a str, asks: &str) -> Vec<&'a str> {
    said.split("\npesto ").skip_while(|message| !message.contains(asks)).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_people_type_in_the_terminal_is_understood() {
    let host = TestHost::start(Setup::new().flow(FLOW).canned()).await;
    for kind in kinds() {
        // A line of the terminal is one message.
        let fits = |words: &[String]| words.iter().filter(|word| !word.contains('\n')).cloned().collect::<Vec<_>>();
        let (words, wrong) = (fits(&kind.taken), fits(&kind.refused));
        let role = if kind.arguments.is_empty() { None } else { Some(kind.arguments.to_owned()) };
        let name = owned(&kind.before[..1]);
        let before: Vec<String> = name.into_iter().chain(role).chain(owned(&kind.before[1..])).collect();
        let mut counted = 0;
        if kind.name == "confirm" {
            for (at, word) in words.iter().enumerate() {
                let lines: Vec<_> = before.iter().chain([word]).cloned().collect();
                let said = pipe(&host.setup, &format!("confirm-{at}"), &lines);
                assert!(said.contains(CLOSING), "{word}: {said}");
                counted += 1;
            }
        } else {
            counted += terminal(&host.setup, &kind, &before, &words, true);
        }
        terminal(&host.setup, &kind, &before, &wrong, false);
        figure(format_args!("understood_{}_terminal {counted} of {}", kind.name, words.len() + wrong.len()));
    }
}

fn terminal(setup: &Setup, kind: &Kind, before: &[String], words: &[String], taken: bool) -> usize {
    let way = way(kind, words, taken);
    let lines: Vec<_> = before.iter().chain(way.iter().map(|(text, _)| text)).cloned().collect();
    let said = pipe(setup, &format!("{}-{taken}", kind.name), &lines);
    let messages = messages(&said, kind.asks);
    assert_eq!(messages.len(), way.len() + 1, "{}: {said}", kind.name);
    for ((text, wanted), message) in way.iter().zip(&messages[1..]) {
        let right = message.contains(wanted.unwrap_or(kind.asks)) == wanted.is_some();
        assert!(right, "{}: {text:?} leads to: {message}", kind.name);
    }
    words.len()
}

/// A question that is answered in words takes none of those that people use to leave.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_wants_to_leave_is_asked_and_not_taken_at_their_word() {
    let slack = double().await;
    let host = TestHost::start(setup(&slack)).await;
    slack.has_sockets(2).await;
    let leaves = ["stop", "STOP!", "exit", "quit", "never mind", "leave me alone", "not now", "aufhören"];
    join_all(leaves.iter().enumerate().map(|(at, word)| {
        let ann = slack.person(&format!("Ann {at}"));
        async move {
            ann.says(&format!("start {FLOW}")).await;
            assert!(ann.hears().await.shown().contains("What should we call you?"));
            ann.says(word).await;
            let asks = ann.hears().await;
            assert!(asks.shown().contains("Shall I end it?"), "{word}: {}", asks.shown());
            ann.says("no, thanks").await;
            let goes_on = ann.hears().await.shown();
            assert!(goes_on.contains("we go on where we were"), "{goes_on}");
            assert!(goes_on.contains("What should we call you?"), "the question is repeated: {goes_on}");
            ann.says("Ann").await;
            assert!(ann.hears().await.shown().contains("What will you work on?"));
            ann.says(word).await;
            assert!(ann.hears().await.shown().contains("Shall I end it?"));
            ann.says("yep").await;
            assert!(ann.hears().await.shown().contains("Nothing was recorded"));
        }
    }))
    .await;
    let cancels = ["cancel.", "`cancel`", "Cancel!", "cancel please"];
    join_all(cancels.iter().enumerate().map(|(at, word)| {
        let bob = slack.person(&format!("Bob {at}"));
        async move {
            bob.says(&format!("start {FLOW}")).await;
            bob.hears().await;
            for help in ["help me", "?"] {
                bob.says(help).await;
                assert!(bob.hears().await.shown().contains("At any time: `cancel`"), "{help}");
            }
            bob.says(word).await;
            let end = bob.hears().await;
            assert!(end.shown().contains("Nothing was recorded"), "{word}: {}", end.shown());
        }
    }))
    .await;
    host.idle().await;
}

/// What is typed closes the question and stands below it, as a click would.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_typed_is_shown_as_what_is_clicked() {
    let slack = double().await;
    let host = TestHost::start(setup(&slack)).await;
    slack.has_sockets(2).await;
    let ann = slack.person("Ann");
    ann.says(&format!("start {FLOW}")).await;
    ann.hears().await;
    ann.says("Ann").await;
    let role = ann.hears().await;
    ann.says("1. engineerign").await;
    assert!(ann.hears().await.shown().contains("Which languages do you write?"));
    let closed = ann.sees_change(&role, |now| !now.has_controls()).await;
    assert!(closed.shown().contains("✓ Engineering"), "{}", closed.shown());
    host.idle().await;
}
