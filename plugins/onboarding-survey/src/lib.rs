//! A survey for new colleagues: what they will do, from where, since when, with what, and how sure they feel.

mod closing;

use std::time::Duration;

use pesto_sdk::survey::{
    Answers, Conduct, Interview, Question, Survey, date, many_of, number, one_of, scale, text, yes_no,
};
use pesto_sdk::{About, Person, Right, Turn};

struct Onboarding;

impl Survey for Onboarding {
    fn describe() -> About {
        About::new("Onboarding", "A short survey for new colleagues, so that everything is ready on their first day.")
            .version(env!("CARGO_PKG_VERSION"))
            .trigger("onboarding")
            .trigger("onboard me")
            .asks(Right::Llm)
    }

    fn questions() -> Vec<Question> {
        vec![
            text("name", "What should we call you?").at_most(80),
            one_of("role", "What will you work on?", ["Engineering", "Design", "Sales", "Other"]),
            many_of("languages", "Which languages do you write?", ["Rust", "Python", "TypeScript", "Go", "Another"])
                .when(|so_far| so_far.is("role", "Engineering")),
            text("portfolio", "Where can we see your work?")
                .when(|so_far| so_far.is("role", "Design"))
                .at_most(200)
                .optional(),
            one_of("region", "Which region will you look after?", ["Americas", "Europe", "Asia-Pacific", "Everywhere"])
                .when(|so_far| so_far.is("role", "Sales")),
            text("job", "What is your job called?").when(|so_far| so_far.is("role", "Other")).at_most(80),
            one_of("workplace", "Where will you work?", [("remote", "At home"), ("office", "In the office")]),
            text("address", "Where should we send your equipment?")
                .when(|so_far| so_far.is("workplace", "remote"))
                .at_most(300),
            number("office-days", "How many days a week will you be in the office?", 1..=5)
                .when(|so_far| so_far.is("workplace", "office")),
            yes_no("parking", "Do you need a parking space?").when(|so_far| so_far.is("workplace", "office")),
            date("start", "When is your first day?").label("First day").days(-30..=365),
            many_of("tools", "What should be on your desk?", ["Laptop", "Monitor", "Keyboard", "Headset", "Phone"])
                .pick(1..=4),
            scale("confidence", "How well prepared do you feel?", 1..=5).ends("not at all", "very well"),
            text("diet", "Is there anything that our kitchen should know?").at_most(300).optional(),
        ]
    }

    fn intro(person: &Person) -> String {
        let name: String = person.name.chars().filter(|c| !c.is_control()).take(80).collect();
        let hello = if name.trim().is_empty() { "Welcome!".to_owned() } else { format!("Welcome, {}!", name.trim()) };
        format!("{hello} About ten short questions, so that everything is ready on your first day.")
    }

    /// `start onboarding-survey sales`: whoever invites a colleague may know what they will work on.
    fn known(arguments: &str, _: &Person) -> Vec<(&'static str, String)> {
        vec![("role", arguments.to_owned())]
    }

    fn closing(answers: &Answers, turn: &mut Turn<Interview>) -> String {
        closing::words(answers, turn)
    }

    fn reminder() -> Option<Duration> {
        Some(Duration::from_secs(24 * 3_600))
    }
}

pesto_sdk::export!(Conduct<Onboarding>);
