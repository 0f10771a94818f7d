//! Room for instances, their memory and their journals: whoever takes all of it leaves the others half.

use std::time::{Duration, Instant};

use pesto_tests::host::TestHost;
use pesto_tests::setup::Setup;
use pesto_tests::{bulky, guests};

/// Somebody else is answered meanwhile within this time.
const SOON: Duration = Duration::from_secs(3);

/// Somebody talks with a flow that does not sleep, as if nobody else were there.
async fn another_is_answered(host: &TestHost) {
    let begun = Instant::now();
    let mut other = host.person("other");
    other.start("polite");
    assert_eq!(other.hear().await.text, "ready");
    for _ in 0..5 {
        assert_eq!(other.answers_to("hello").await, ["ok"]);
    }
    assert!(begun.elapsed() < SOON, "others waited for sleepers: {:?}", begun.elapsed());
}

#[tokio::test]
async fn sleepers_leave_room_to_others() {
    let limits = "[limits]\ninstances = 8\n";
    let setup = Setup::new().component("polite", &guests::polite());
    let mut host = TestHost::start(setup.component("sleep", &guests::component("wasi_sleep")).table(limits)).await;
    let mut sleepers: Vec<_> = (0..12).map(|at| host.person(&format!("s{at}"))).collect();
    for sleeper in &mut sleepers {
        sleeper.start("sleep");
        assert_eq!(sleeper.hear().await.text, "ready");
    }
    sleepers.iter_mut().for_each(|sleeper| sleeper.say("go"));
    another_is_answered(&host).await;
    // Four at once, for five seconds each, and none a second time.
    for sleeper in &mut sleepers {
        assert!(sleeper.hear().await.text.starts_with("Sorry, something went wrong"));
    }
    host.idle().await;
    assert!(host.dead().into_iter().all(|(_, letter)| letter.error == "wait-limit"));
    host.expect_dead(sleepers.len());
}

#[tokio::test]
async fn sleepers_of_two_names_leave_room_to_others() {
    let limits = "[limits]\ninstances = 8\n";
    let sleep = guests::component("wasi_sleep");
    let setup = Setup::new().component("polite", &guests::polite()).component("sleep", &sleep);
    let mut host = TestHost::start(setup.component("slumber", &sleep).table(limits)).await;
    let flows = ["sleep", "slumber"];
    let mut sleepers: Vec<_> = (0..8).map(|at| host.person(&format!("s{at}"))).collect();
    for (at, sleeper) in sleepers.iter_mut().enumerate() {
        sleeper.start(flows[at % 2]);
        assert_eq!(sleeper.hear().await.text, "ready");
    }
    sleepers.iter_mut().for_each(|sleeper| sleeper.say("go"));
    another_is_answered(&host).await;
    for sleeper in &mut sleepers {
        assert!(sleeper.hear().await.text.starts_with("Sorry, something went wrong"));
    }
    host.idle().await;
    host.expect_dead(sleepers.len());
}

#[tokio::test]
async fn journals_wait_for_memory() {
    // Half of it is less than all these journals together.
    let limits = "[limits]\nmemory_total_mib = 128\n";
    let setup = Setup::new().canned().component("polite", &guests::polite());
    let mut setup = setup.component("wordy", &guests::component("wordy")).table(limits);
    setup.replace("[log]\n", "[log]\nlevel = \"debug\"\n");
    let host = TestHost::start(setup).await;
    let mut people: Vec<_> = (0..12).map(|at| host.person(&format!("w{at}"))).collect();
    for person in &mut people {
        person.start("wordy");
        assert_eq!(person.hear().await.text, "ready");
    }
    people.iter_mut().for_each(|person| person.say("go"));
    let mut other = host.person("other");
    other.start("polite");
    assert_eq!(other.hear().await.text, "ready");
    assert_eq!(other.answers_to("hello").await, ["ok"]);
    for person in &mut people {
        assert_eq!(person.hear().await.text, "28 answers", "later there is memory");
    }
    assert!(
        host.log().lines().iter().any(|line| line.contains("a turn waits for memory for a call")),
        "all journals were in memory at once"
    );
    host.idle().await;
}

#[tokio::test]
async fn hoarders_get_no_more_memory_than_there_is() {
    // Half of it is room for one of them.
    let limits = "[limits]\nmemory_total_mib = 160\ncpu_ms = 5000\n";
    let setup = Setup::new().component("polite", &guests::polite());
    let host = TestHost::start(setup.component("hoard", &guests::component("hoard")).table(limits)).await;
    let mut hoarders: Vec<_> = (0..6).map(|at| host.person(&format!("h{at}"))).collect();
    for hoarder in &mut hoarders {
        hoarder.start("hoard");
        assert_eq!(hoarder.hear().await.text, "ready");
    }
    hoarders.iter_mut().for_each(|hoarder| hoarder.say("go"));
    let mut other = host.person("other");
    other.start("polite");
    assert_eq!(other.hear().await.text, "ready");
    for _ in 0..5 {
        assert_eq!(other.answers_to("hello").await, ["ok"]);
    }
    for hoarder in &mut hoarders {
        assert_eq!(hoarder.hear().await.text, "ok", "later there is memory");
    }
    assert!(
        host.log().lines().iter().any(|line| line.contains("no memory for the instance")),
        "all had memory at once"
    );
    host.idle().await;
}

#[tokio::test]
async fn many_core_instances_wait_for_room() {
    let limits = "[limits]\ninstances = 4\n";
    let component = bulky::with_empty_instances(guests::polite(), 37);
    let host = TestHost::start(Setup::new().component("many", &component).table(limits)).await;
    let talks = (0..30).map(|at| {
        let mut person = host.person(&format!("p{at}"));
        tokio::spawn(async move {
            person.start("many");
            assert_eq!(person.hear().await.text, "ready");
            assert_eq!(person.answers_to("hello").await, ["ok"]);
        })
    });
    for talk in talks.collect::<Vec<_>>() {
        talk.await.unwrap();
    }
    assert!(!host.log().lines().iter().any(|line| line.contains("no room")));
}
