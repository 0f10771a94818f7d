//! Hostile guests: each ends as the table says, with everybody else's conversations undisturbed.

mod bulk;
mod determinism;
mod room;
mod table;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use pesto_engine::model::{Body, DeadLetter, Letter};
use pesto_server::admin::{AdminReply, AdminRequest};
use pesto_tests::host::TestHost;
use pesto_tests::person::Person;
use pesto_tests::setup::Setup;
use pesto_tests::{PATIENCE, figure, guests};

use table::{END, End, Row};

/// What the host may use at its worst, in MiB: its debug build, while it compiles some forty components and all of
/// the guests misbehave at once, each within its 64 MiB.
const MOST_RSS_MIB: u64 = 300;
/// People who talk to a good flow meanwhile.
const BYSTANDERS: usize = 20;

#[test]
fn every_guest_has_its_row() {
    let rows: BTreeSet<_> = END.iter().map(|row| row.guest.to_owned()).collect();
    let guests: BTreeSet<_> = guests::all().into_iter().chain(table::MADE.map(str::to_owned)).collect();
    assert_eq!(guests, rows, "each file of tests/guests needs a row here, and each row a file");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_guest_ends_as_it_must_and_disturbs_nobody() {
    let _alone = crate::MACHINE.lock().await;
    // Short limits, for a short test: each turn that runs into one is tried twice.
    let limits = "[limits]\ncpu_ms = 500\nturn_s = 10\n";
    let model = "[llm]\napi_key_env = \"KEY_THAT_NOBODY_SETS\"\nmodel = \"test-model\"\nwithout_key = \"scripted\"\n\
                 timeout_s = 10\n";
    let mut setup = Setup::new().component("polite", &guests::polite()).table(limits).table(model);
    for guest in table::GRANTED {
        setup = setup.table(&format!("[flow.{}]\ngrant = [\"llm\"]", flow(guest)));
    }
    let mut host = TestHost::start(setup).await;
    let over = Arc::<AtomicBool>::default();
    let talk = |at| tokio::spawn(bystander(host.person(&format!("by{at}")), over.clone()));
    let bystanders: Vec<_> = (0..BYSTANDERS).map(talk).collect();

    for guest in END.iter().map(|row| row.guest).collect::<BTreeSet<_>>() {
        host.setup.deploy(&flow(guest), &table::component(guest));
    }
    let refused = looked_at(&host).await;
    let mut wrong = Vec::new();
    for row in END {
        let said = refused.get(&format!("{}.wasm", flow(row.guest)));
        match (&row.end, said) {
            (End::Refused(error, words), Some(said))
                if said.starts_with(&format!("{error}: ")) && said.contains(words) => {}
            (End::Refused(..), said) => wrong.push(format!("{} should be refused: {said:?}", row.guest)),
            (_, Some(said)) => wrong.push(format!("{} should be loaded: {said}", row.guest)),
            (_, None) => {}
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}\n{refused:#?}");

    let running = END.iter().filter(|row| !matches!(row.end, End::Refused(..)));
    let victims: Vec<_> = running.map(|row| (row, tokio::spawn(conversation(host.person(&id(row)), row)))).collect();
    let mut heard = Vec::new();
    for (row, victim) in victims {
        heard.push((row, victim.await.unwrap()));
    }
    let letters: BTreeMap<String, DeadLetter> =
        host.dead().into_iter().map(|(_, letter)| (who(&letter), letter)).collect();
    for (row, heard) in &heard {
        judge(row, heard, letters.get(&id(row)), &mut wrong);
    }
    assert!(wrong.is_empty(), "{wrong:#?}");

    over.store(true, Ordering::SeqCst);
    let mut slowest = Duration::ZERO;
    for bystander in bystanders {
        slowest = slowest.max(bystander.await.expect("nobody else is disturbed"));
    }
    assert!(slowest < Duration::from_secs(5), "somebody waited {slowest:?} for an answer");
    figure(format_args!("hostile_bystander_answer_max_ms {} ms", slowest.as_millis()));
    let peak = peak_rss_mib(host.pid());
    figure(format_args!("hostile_peak_rss_mib {peak} MiB"));
    assert!(peak <= MOST_RSS_MIB, "the host used {peak} MiB");
    let dead = END.iter().filter(|row| matches!(row.end, End::Dead(_))).count();
    host.expect_dead(dead);
}

/// Talks to the good flow until it is over, and panics at a wrong answer. Tells how long the slowest took.
async fn bystander(mut person: Person, over: Arc<AtomicBool>) -> Duration {
    person.start("polite");
    assert_eq!(person.hear().await.text, "ready");
    let mut slowest = Duration::ZERO;
    while !over.load(Ordering::SeqCst) {
        let asked = Instant::now();
        assert_eq!(person.answers_to("hello").await, ["ok"]);
        slowest = slowest.max(asked.elapsed());
    }
    slowest
}

/// What one person hears: at the beginning, from the misbehaviour, and after it.
async fn conversation(mut person: Person, row: &Row) -> [Vec<String>; 3] {
    person.start(&flow(row.guest));
    let begun = person.settle().await.into_iter().map(|message| message.text).collect();
    [begun, person.answers_to(row.word).await, person.answers_to("hello").await]
}

fn judge(
    row: &Row,
    [begun, misbehaved, after]: &[Vec<String>; 3],
    letter: Option<&DeadLetter>,
    wrong: &mut Vec<String>,
) {
    let what = id(row);
    if begun != &["ready"] || after != &["ok"] {
        wrong.push(format!("{what}: the conversation does not go on: {begun:?}, {after:?}"));
    }
    let [answer] = misbehaved.as_slice() else {
        wrong.push(format!("{what}: not one answer: {misbehaved:?}"));
        return;
    };
    let fine = match (&row.end, letter) {
        (End::Says(text), None) => answer.starts_with(text),
        (End::Dead(error), Some(letter)) => letter.error == *error && answer.starts_with("Sorry, something went wrong"),
        _ => false,
    };
    if !fine {
        let letter = letter.map(|letter| format!("{}: {}", letter.error, letter.reason));
        wrong.push(format!("{what}: {:?} expected, got {answer:?} and {letter:?}", row.end));
    }
}

/// Waits until the host has looked at all files; answers what it refused.
async fn looked_at(host: &TestHost) -> BTreeMap<String, String> {
    let files = std::fs::read_dir(host.setup.flows()).unwrap().count();
    let asked = Instant::now();
    loop {
        let AdminReply::Flows { flows, refused, .. } = host.ask(AdminRequest::Flows) else { panic!("not flows") };
        if flows.len() + refused.len() >= files {
            return refused.into_iter().collect();
        }
        assert!(asked.elapsed() < 2 * PATIENCE, "the host knows {} of {files} files", flows.len() + refused.len());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

fn flow(guest: &str) -> String {
    guest.replace('_', "-")
}

/// The person who talks to this row's guest: one for each row.
fn id(row: &Row) -> String {
    format!("{}-{}", flow(row.guest), row.word)
}

fn who(letter: &DeadLetter) -> String {
    match &letter.letter {
        Letter::Event(inbound) => {
            assert!(matches!(inbound.body, Body::Said { .. }), "{letter:?}");
            inbound.person.id.clone()
        }
        Letter::Message(_) => panic!("no message is undeliverable here: {letter:?}"),
    }
}

fn peak_rss_mib(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    peak.trim().trim_end_matches("kB").trim().parse::<u64>().unwrap() / 1024
}
