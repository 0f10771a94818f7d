//! Answers questions with a language model that remembers the conversation.
//!
//! - [`prompt`]: what the model is told
//! - this file: what happens to a message

mod prompt;

use pesto_sdk::{About, Event, Failure, Flow, Level, Message, Right, Turn};

/// What the words for an error begin with, so that they are not taken for an answer of the model later.
const SORRY: &str = "I could not answer: ";

const GREETING: &str = "What would you like to know? I remember what we say here until you write `cancel`.";
const NO_WORDS: &str = "I can only read words. Write me what you would like to know.";

struct Ask;

impl Flow for Ask {
    /// The host keeps the conversation; there is nothing to keep beside it.
    type State = ();

    fn describe() -> About {
        About::new("Ask", "Ask me anything: a language model answers, and remembers what was said before.")
            .version(env!("CARGO_PKG_VERSION"))
            .trigger("ask")
            .asks(Right::Llm)
            .hears_mentions()
    }

    fn handle(event: Event, turn: &mut Turn<()>) -> Result<(), Failure> {
        match event {
            Event::Started(question) if question.trim().is_empty() => turn.say(Message::new(GREETING).key("greeting")),
            Event::Started(question) => answer(&question, turn),
            Event::Said(said) | Event::Edited(said) if said.text.trim().is_empty() => {
                turn.say(Message::new(NO_WORDS).key("no-words"))
            }
            Event::Said(said) | Event::Edited(said) => answer(&said.text, turn),
            // Said nothing, the host says that it is over, but for where the person goes on with another flow.
            _ => {}
        }
        Ok(())
    }
}

fn answer(question: &str, turn: &mut Turn<()>) {
    turn.progress("Thinking …");
    let request = prompt::request(question, turn);
    let text = match request.complete() {
        Ok(completion) if completion.text.trim().is_empty() => {
            format!("{SORRY}the model had nothing to say. Please put it in other words.")
        }
        Ok(completion) if completion.cut => {
            format!("{}\n\n_(The answer was cut at its longest; write “go on” for more.)_", completion.text)
        }
        Ok(completion) => completion.text,
        Err(error) => {
            turn.log(Level::Warn, &format!("no answer from the model: {error}"));
            format!("{SORRY}{}", error.for_person())
        }
    };
    turn.say(Message::new(text).key("answer"));
}

pesto_sdk::export!(Ask);

#[cfg(test)]
mod tests {
    use super::*;
    use pesto_sdk::CallError;
    use pesto_sdk::testing::Talk;

    #[test]
    fn what_went_wrong_is_said_and_not_remembered_as_an_answer() {
        let mut talk = Talk::<Ask>::new();
        talk.llm_answers("Paris.");
        talk.start("Capital of France?");
        talk.llm_fails(CallError::Unavailable { sent: false, reason: "10.0.0.7 refused".into() });
        let sorry = talk.say("And of Spain?");
        assert!(sorry[0].text.starts_with(SORRY) && !sorry[0].text.contains("10.0.0.7"));
        talk.llm_answers("Madrid.");
        talk.say("Once more: Spain?");
        let asked = talk.asked();
        let last = asked.last().map(String::as_str).unwrap_or_default();
        assert!(last.contains("Capital of France?\nParis.\nOnce more: Spain?"), "{last}");
        assert!(!last.contains(SORRY));
        assert!(!talk.ended());
    }

    #[test]
    fn an_answer_longer_than_a_message_is_cut_and_an_empty_one_said_so() {
        let mut talk = Talk::<Ask>::new();
        talk.llm_answers(&"ñ".repeat(10_000));
        assert!(talk.start("Talk!")[0].text.len() <= Message::MAX);
        talk.llm_answers("\n");
        assert!(talk.say("More!")[0].text.contains("nothing to say"));
    }

    #[test]
    fn an_unknown_event_changes_nothing() {
        let mut talk = Talk::<Ask>::new();
        talk.start("");
        assert!(talk.unknown().is_empty());
        assert!(talk.timer("none").is_empty());
    }
}
