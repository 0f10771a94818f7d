//! Components that were compiled long ago hold whole conversations on the host of today.

use std::collections::BTreeSet;

use pesto_server::admin::{AdminReply, AdminRequest};
use pesto_tests::host::TestHost;
use pesto_tests::setup::Setup;
use pesto_tests::{files, guests};

/// What is said, and what each answer begins with. `[x]` picks.
type Talk = &'static [(&'static str, &'static str)];

const TALKS: &[(&str, Talk)] = &[
    ("polite", &[("start", "ready"), ("hello", "ok"), ("go", "ok"), ("cancel", "ok")]),
    (
        "tally-2",
        &[
            ("start", "ready"),
            ("hello", "2: 1 of 5 bytes"),
            ("ask", "2: 2 of 8 bytes, from `` (No model is connected"),
            ("cancel", "2: over at 2"),
        ],
    ),
    (
        "lunch-1",
        &[
            ("start", "Plans your lunch.\n"),
            ("Ann", "Where?"),
            ("nowhere", "“nowhere” is not among the choices."),
            ("[Market]", "Which dish?"),
            ("soup", "A drink?"),
            ("back", "Which dish?\nYour answer so far: soup."),
            ("keep", "A drink?"),
            ("[Skip]", "Please check your answers:\n• Name: Ann\n• Place: Market\n• Dish: soup\n• Drink: (skipped)"),
            ("[Submit]", "Thank you!"),
        ],
    ),
];

#[test]
fn each_frozen_component_has_its_talk() {
    let talks: BTreeSet<_> = TALKS.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(files::all_frozen(), talks);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_compiled_long_ago_still_talks() {
    let mut setup = Setup::new().canned();
    for (name, _) in TALKS {
        setup = setup.component(name, &files::frozen(name));
    }
    let host = TestHost::start(setup).await;
    for (name, talk) in TALKS {
        let mut ann = host.person(name);
        for (said, answer) in *talk {
            match said.strip_prefix('[').and_then(|label| label.strip_suffix(']')) {
                Some(label) => ann.pick(&[label]),
                None if *said == "start" => ann.start(name),
                None => ann.say(said),
            }
            let heard: Vec<_> = ann.settle().await.into_iter().map(|message| message.text).collect();
            assert!(heard.len() == 1 && heard[0].starts_with(answer), "{name}: `{said}` is answered with {heard:?}");
        }
    }
    let AdminReply::Flows { flows, .. } = host.ask(AdminRequest::Flows) else { panic!("not flows") };
    assert!(flows.iter().all(|flow| flow.current && flow.open == 0), "all are over: {flows:?}");
}

/// Adds what is not there yet; what is there stays as it is for good.
#[test]
#[ignore = "it writes into the repository"]
fn freeze() {
    let there = files::all_frozen();
    let write = |name: &str, component: &dyn Fn() -> Vec<u8>| {
        if !there.contains(name) {
            let file = files::root().join("tests/frozen").join(name).with_extension("wasm");
            std::fs::write(file, component()).unwrap();
        }
    };
    write("polite", &guests::polite);
    write("tally-2", &|| guests::version("tally_2"));
    write("lunch-1", &|| guests::version("lunch_1"));
}
