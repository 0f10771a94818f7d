//! Both flows through async-openai to a model that others wrote, when it answers and when it does not.

use std::time::Duration;

use pesto_tests::aimock::Aimock;
use pesto_tests::figure;
use pesto_tests::host::TestHost;
use pesto_tests::person::Person;
use pesto_tests::setup::Setup;

use crate::survey::{CLOSING, FLOW, Plan, records};

/// What the flow says of each failure, in words that help a person.
const FAILURES: [(&str, &str); 4] = [
    ("(limited)", "I have reached a limit; please try again in 7 seconds."),
    ("(failing)", "the service that I need does not answer just now; please try again in a minute."),
    ("(garbled)", "the service that I need does not answer just now; please try again in a minute."),
    ("(cut)", "the service that I need does not answer just now; please try again in a minute."),
];

pub(crate) async fn host_with(model: &Aimock) -> TestHost {
    let setup = Setup::new().line("default_flow = \"ask\"").flow("ask").flow(FLOW).model(model.url());
    TestHost::start(setup).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn judge_aimock_is_understood_in_all_that_it_says() {
    let model = Aimock::start(Duration::ZERO).await;
    let host = host_with(&model).await;
    let mut ada = host.person("ada");
    assert_eq!(ada.answers_to("First?").await, ["You said: First?"]);
    for (word, regret) in FAILURES {
        assert_eq!(ada.answers_to(&format!("Now {word}")).await, [format!("I could not answer: {regret}")]);
    }
    assert_eq!(ada.answers_to("Last?").await, ["You said: First? | Last?"]);
    // One request for each question: retries are nobody's business but the person's.
    let asked = model.asked();
    assert!(asked.iter().all(|request| request["model"] == "test-model"), "{asked:?}");
    for (word, _) in FAILURES {
        let count = asked.iter().filter(|request| request["text"].as_str().is_some_and(|text| text.contains(word)));
        assert!(count.count() <= 1, "{word} was asked again: {asked:?}");
    }
    figure(format_args!("judge_aimock 1 ok"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_survey_closes_in_the_models_words_or_else_in_its_own() {
    let model = Aimock::start(Duration::ZERO).await;
    let host = host_with(&model).await;
    let plan = Plan::new(4);
    let mut ada = host.person(&plan.id);
    let closing = hold(&mut ada, &plan, &plan.name()).await;
    assert_eq!(closing, format!("Thank you, {}. Your desk is waiting.\n\nYour answers are recorded.", plan.name()));
    for (number, (word, _)) in (5..).zip(FAILURES) {
        let plan = Plan::new(number);
        let name = format!("{} {word}", plan.name());
        let closing = hold(&mut host.person(&plan.id), &plan, &name).await;
        assert!(closing.starts_with(&format!("Thank you, {name}! Your answers are recorded.")), "{closing}");
    }
    let records = records(&host);
    assert_eq!(records.len(), 1 + FAILURES.len());
    assert_eq!(records[&plan.id], [plan.record()]);
}

/// Holds the survey under a name; the last words.
async fn hold(person: &mut Person, plan: &Plan, name: &str) -> String {
    person.start(FLOW);
    loop {
        let message = person.hear().await;
        match message.key.as_str() {
            CLOSING => break,
            "name" => person.say(name),
            key => plan.answer(person, key),
        }
    }
    person.settle().await;
    person.messages.last().expect("there are last words").text.clone()
}
