//! Who talks while the host is killed: people who hold the survey, and people who never stop asking the model.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use pesto_engine::model::Message;
use pesto_tests::person::Person;
use tokio::sync::Semaphore;

use crate::survey::{CLOSING, FLOW, Plan};

/// Holds the survey to its end, giving an answer for each ticket, and tells all that was shown.
pub(super) async fn hold(mut person: Person, plan: Plan, tickets: Arc<Semaphore>) -> Vec<Message> {
    person.start(FLOW);
    loop {
        let message = person.hear().await;
        if message.key == CLOSING {
            break;
        }
        tickets.acquire().await.expect("tickets are never closed").forget();
        plan.answer(&mut person, &message.key);
    }
    person.settle().await;
    assert!(person.refused.is_empty(), "{} was refused: {:?}", plan.id, person.refused);
    person.messages
}

/// Asks one question after the other until `enough`, and tells all that was shown.
pub(super) async fn ask(mut person: Person, id: String, enough: Arc<AtomicBool>) -> Vec<Message> {
    let mut count = 0;
    while !enough.load(Ordering::SeqCst) {
        person.say(&question(&id, count));
        person.hear().await;
        count += 1;
    }
    person.settle().await;
    assert!(person.refused.is_empty(), "{id} was refused: {:?}", person.refused);
    assert_eq!(person.messages.len(), count, "{id} asked {count} questions");
    person.messages
}

fn question(id: &str, number: usize) -> String {
    format!("{id}-question-{number}")
}

/// Each question once, in order, on messages of their own.
pub(super) fn check_survey(plan: &Plan, shown: &[Message]) {
    let keys: Vec<_> = shown.iter().map(|message| message.key.as_str()).collect();
    assert_eq!(keys, plan.path(), "{} saw other questions than those of the path", plan.id);
    check_ids(&plan.id, shown);
}

/// Each question answered once, in order; and the model was told the ten questions before, no more and no less, so
/// that no turn's history was lost or doubled.
pub(super) fn check_asked(id: &str, shown: &[Message]) {
    for (number, message) in shown.iter().enumerate() {
        let told: Vec<_> = (number.saturating_sub(10)..=number).map(|number| question(id, number)).collect();
        assert_eq!(message.text, format!("You said: {}", told.join(" | ")), "{id}, question {number}");
    }
    check_ids(id, shown);
}

fn check_ids(id: &str, shown: &[Message]) {
    let ids: HashSet<_> = shown.iter().map(|message| &message.id).collect();
    assert_eq!(ids.len(), shown.len(), "{id} was shown a message twice");
}
