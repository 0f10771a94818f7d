//! Control words act beside a turn that waits, not behind it.

use std::time::{Duration, Instant};

use pesto_tests::aimock::Aimock;

use crate::llm::host_with;

const LATENCY: Duration = Duration::from_secs(6);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cancel_is_answered_while_the_model_thinks_and_its_answer_never_comes() {
    let model = Aimock::start(LATENCY).await;
    let host = host_with(&model).await;
    let mut ada = host.person("ada");
    ada.say("To be forgotten?");
    ada.settle().await;
    ada.say("To be cancelled?");
    model.asked_about("To be cancelled?").await;

    let asked = Instant::now();
    ada.say("status");
    assert_eq!(ada.hear().await.text, "We are in the middle of Ask. I am working on your message.");
    ada.say("Cancel ");
    assert_eq!(ada.hear().await.text, "Cancelled.");
    assert!(asked.elapsed() < LATENCY, "the model was waited for");
    host.until("the turn is gone", |status| status.turns_in_flight == 0).await;
    assert!(asked.elapsed() < LATENCY, "the cancelled call went on");

    // The answer to this takes as long as the cancelled one would have taken, and begins later.
    assert_eq!(ada.answers_to("After that?").await, ["You said: After that?"]);
    let said: Vec<_> = ada.messages.iter().map(|message| message.text.as_str()).collect();
    assert!(!said.iter().any(|text| text.contains("To be cancelled?")), "{said:#?}");
    assert_eq!(said.len(), 4, "{said:#?}");
    assert_eq!(host.status().turns_waiting, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_waits_behind_a_cancelled_turn_is_cancelled_with_it() {
    let model = Aimock::start(LATENCY).await;
    let host = host_with(&model).await;
    let mut ada = host.person("ada");
    ada.say("One?");
    model.asked_about("One?").await;
    ada.say("Two?");
    ada.say("status");
    assert_eq!(ada.hear().await.text, "I am working on your message.");
    // The turn that would have begun a conversation leaves none, but there was something to cancel.
    assert_eq!(ada.answers_to("cancel").await, ["Cancelled."]);
    let nothing =
        "There is no conversation here to end or to restart. In a thread, say it there; `help` shows what I can do.";
    assert_eq!(ada.answers_to("cancel").await, [nothing]);
    assert_eq!(model.asked().len(), 1, "what was cancelled was asked");
}
