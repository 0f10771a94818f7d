//! People who say nothing, and people who say too much.

use std::time::Duration;

use pesto_engine::policy::contract::INBOX;
use pesto_tests::aimock::Aimock;
use pesto_tests::host::TestHost;
use pesto_tests::setup::Setup;

use crate::llm::host_with;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_silent_conversation_is_reminded_of_and_ends() {
    let setup = Setup::new().flow("feedback").flow("ask").canned();
    let setup = setup.table("[limits]\nexpires_after = \"3s\"\nremind_after = \"1s\"");
    let setup = setup.variable("PESTO_FLOW__ASK__EXPIRES_AFTER", "never");
    let mut host = TestHost::start(setup).await;
    let (mut ada, mut bob) = (host.person("ada"), host.person("bob"));
    bob.start("ask");
    bob.hear().await;
    bob.settle().await;
    ada.start("feedback");
    ada.hear().await;
    assert!(ada.hear().await.text.starts_with("We are still in the middle of Feedback."));
    ada.settle().await;
    host.idle().await;
    // The end comes though the host was not there when it was due, and once.
    host.kill();
    tokio::time::sleep(Duration::from_secs(2)).await;
    host.again().await;
    assert_eq!(
        ada.hear().await.text,
        "I have heard nothing from you for a long time, so Feedback is over. You can begin it again."
    );
    ada.settle().await;
    host.idle().await;
    let said = ada.messages.iter().filter(|message| message.key == "host").count();
    assert_eq!(said, 2, "{:#?}", ada.messages);
    let (_, list, _) = host.command(&["conversations", "list"]);
    assert!(list.contains("local/bob") && !list.contains("local/ada"), "{list}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_is_refused_event_by_event() {
    let model = Aimock::start(Duration::from_secs(600)).await;
    let host = host_with(&model).await;
    let mut ada = host.person("ada");
    ada.say("First?");
    model.asked_about("First?").await;
    for number in 0..INBOX + 4 {
        ada.say(&format!("More {number}"));
    }
    ada.listen("five refusals", |ada, _| ada.refused.len() == 5).await;
    assert!(ada.refused.iter().all(|reason| reason.starts_with("So much of yours is waiting")), "{:?}", ada.refused);
    let status = host.until("five are refused", |status| status.events_refused == 5).await;
    assert_eq!(status.backlog.inbox, INBOX as u64);
    // A command comes through all the same.
    ada.say("cancel");
    assert_eq!(ada.hear().await.text, "Cancelled.");
    ada.settle().await;
    host.idle().await;
    assert_eq!(ada.messages.len(), 1, "{:#?}", ada.messages);
}
