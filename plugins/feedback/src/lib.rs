//! Asks for feedback with one form, and records it.

use pesto_sdk::{About, Event, Failure, Field, Flow, Form, Message, Turn};
use serde_json::json;

struct Feedback;

/// Nobody has feedback on what happens later than today.
fn form(turn: &Turn<()>) -> Form {
    let scale = [("1", "1 (poor)"), ("2", "2"), ("3", "3"), ("4", "4"), ("5", "5 (great)")];
    Form::new("Feedback")
        .submit("Send")
        .one_of("score", "How was it?", scale)
        .field(Field::lines("why", "What should stay, what should change?").at_least(3).at_most(1_000).optional())
        .field(Field::date("day", "When was it?").not_after(turn.local().date()))
        .field(Field::one_of("contact", "May we come back to you?", [("yes", "Yes"), ("no", "No")]))
}

fn ask(words: &str, turn: &mut Turn<()>) {
    let form = form(turn);
    turn.say(Message::new(words).key("feedback").form(form));
}

impl Flow for Feedback {
    type State = ();

    fn describe() -> About {
        About::new("Feedback", "Takes your feedback in one form.")
            .version(env!("CARGO_PKG_VERSION"))
            .trigger("feedback")
    }

    fn handle(event: Event, turn: &mut Turn<()>) -> Result<(), Failure> {
        match event {
            Event::Started(_) => ask("Please tell us how it was. It takes a minute.", turn),
            // What is said closes the form.
            Event::Said(_) => ask("Please fill in the form; `cancel` ends this.", turn),
            Event::Filled(feedback) => {
                turn.say(match feedback.text("contact") {
                    "yes" => "Thank you! We will come back to you.",
                    _ => "Thank you!",
                });
                turn.finish_with(&json!({
                    "score": feedback.text("score").parse::<u8>().ok(),
                    "why": feedback.text("why"),
                    "day": feedback.text("day"),
                    "contact": feedback.text("contact") == "yes",
                }))?;
            }
            Event::Cancelled => turn.say("All right. Nothing was recorded."),
            _ => {}
        }
        Ok(())
    }
}

pesto_sdk::export!(Feedback);
