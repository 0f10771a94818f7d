//! Components are compiled in a process of their own, once; what that showed is remembered.

use pesto_engine::model::Digest;
use pesto_server::admin::{AdminReply, AdminRequest};
use pesto_tests::host::TestHost;
use pesto_tests::setup::Setup;
use pesto_tests::{bulky, guests};

fn compiled(host: &TestHost, component: &[u8]) -> usize {
    let digest = Digest::of(component);
    let about = |line: &&String| line.contains("a component is compiled") && line.contains(digest.short());
    host.log().lines().iter().filter(about).count()
}

#[tokio::test]
async fn a_host_that_starts_again_compiles_nothing() {
    let polite = guests::polite();
    let mut host = TestHost::start(Setup::new().component("polite", &polite)).await;
    assert_eq!(compiled(&host, &polite), 1);
    let cache = host.setup.path().join("data/compiled/cache/modules");
    assert!(std::fs::read_dir(&cache).is_ok_and(|mut folder| folder.next().is_some()), "its code is kept");
    host.kill();
    host.again().await;
    assert_eq!(compiled(&host, &polite), 0);
    let mut person = host.person("ann");
    person.start("polite");
    assert_eq!(person.hear().await.text, "ready");
    host.idle().await;
}

#[tokio::test]
async fn what_the_host_went_down_with_is_not_tried_for_ever() {
    let fatal = guests::padded(guests::polite(), 10);
    let setup = Setup::new().component("fatal", &fatal).component("polite", &guests::polite());
    // Two hosts have left this: each wrote it before it compiled the component, and none took it away.
    let running = setup.path().join("data/compiled/running");
    std::fs::create_dir_all(&running).unwrap();
    let note = running.join(Digest::of(&fatal).to_string());
    std::fs::write(&note, "2").unwrap();
    let host = TestHost::start(setup).await;
    let AdminReply::Flows { flows, refused, .. } = host.ask(AdminRequest::Flows) else { panic!("not flows") };
    assert_eq!(flows.iter().map(|flow| flow.name.to_string()).collect::<Vec<_>>(), ["polite"]);
    let (file, reason) = &refused[0];
    assert!(file == "fatal.wasm" && reason.starts_with("killed-the-host: "), "{refused:?}");
    assert!(reason.contains(note.to_str().unwrap()), "it says what to do: {reason}");

    // As it says.
    std::fs::remove_file(&note).unwrap();
    host.setup.deploy("fatal", &fatal);
    host.log().find("the flow", |line| line["message"] == "flow loaded" && line["flow"] == "fatal").await;
}

#[tokio::test]
async fn a_host_is_ready_without_what_takes_long_and_says_so() {
    let slow = bulky::with_functions(guests::polite(), 60_000);
    let setup = Setup::new().component("slow", &slow).variable("PESTO_LIMITS__START_S", "0");
    let host = TestHost::start(setup.line("default_flow = \"slow\"")).await;
    let mut person = host.person("ann");
    person.say("hello");
    assert_eq!(person.hear().await.text, "`slow` is being made ready. Please try again in a minute.");
    person.start("slow");
    assert_eq!(person.hear().await.text, "`slow` is being made ready. Please try again in a minute.");
    person.say("help");
    assert!(person.hear().await.text.starts_with("More is being made ready. Please try again in a minute.\n"));
    host.log().find("the flow", |line| line["message"] == "flow loaded" && line["flow"] == "slow").await;
    person.start("slow");
    assert_eq!(person.hear().await.text, "ready");
    host.idle().await;
}

#[tokio::test]
async fn code_of_current_flows_has_a_bound() {
    // Two of these fit.
    let large = |number: u8| bulky::with_data(guests::polite(), 25 << 20, number);
    let setup = Setup::new().component("one", &large(1)).component("two", &large(2));
    let host = TestHost::start(setup.table("[limits]\ncode_mib = 64\n")).await;
    let loaded = |name: &'static str, message: &'static str| {
        host.log().find(name, move |line| line["flow"] == name && line["message"] == message)
    };
    host.setup.deploy("three", &large(3));
    let refused = |line: &serde_json::Value| line["file"] == "three.wasm" && line["error"] == "no-room";
    let words = host.log().find("the refusal", refused).await["message"].to_string();
    assert!(words.contains("raise limits.code_mib"), "{words}");
    let mut person = host.person("ann");
    person.start("two");
    assert_eq!(person.hear().await.text, "ready");

    // A new version takes the place of the old one.
    host.setup.deploy("two", &large(4));
    loaded("two", "flow swapped").await;
    // The same code twice takes no more.
    host.setup.deploy("again", &large(4));
    loaded("again", "flow loaded").await;
    std::fs::remove_file(host.setup.flows().join("one.wasm")).unwrap();
    loaded("one", "flow removed; its open conversations go on").await;
    host.setup.deploy("three", &large(3));
    loaded("three", "flow loaded").await;
    assert_eq!(person.answers_to("hello").await, ["ok"]);
    host.idle().await;
}

#[tokio::test]
async fn a_component_whose_code_is_too_large_is_refused() {
    let swelling = bulky::with_sparse_data(guests::polite(), 20);
    let setup = Setup::new().component("swelling", &swelling).component("polite", &guests::polite());
    let host = TestHost::start(setup.table("[limits]\ncomponent_mib = 1\ncode_mib = 64\n")).await;
    let AdminReply::Flows { refused, .. } = host.ask(AdminRequest::Flows) else { panic!("not flows") };
    let (file, reason) = &refused[0];
    assert!(file == "swelling.wasm" && reason.starts_with("too-much-code: its code and data take 2"), "{refused:?}");
}
