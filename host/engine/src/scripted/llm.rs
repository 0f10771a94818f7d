//! Models that need no provider.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use serde_json::Value;

use crate::ports::{CallError, Llm, LlmCompletion, LlmRequest, Role};
use crate::text::cut;

/// A text to answer with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The text.
    pub text: String,
    /// Cut at its longest.
    pub cut: bool,
}

/// Answers from a list, in order, and remembers what it was asked. A call beyond the list is remembered and fails.
#[derive(Debug, Default)]
pub struct ScriptedLlm(Mutex<Script>);

#[derive(Debug, Default)]
struct Script {
    answers: VecDeque<Result<Reply, CallError>>,
    asked: Vec<LlmRequest>,
    unexpected: usize,
    last: Option<(LlmRequest, Result<Reply, CallError>)>,
    crashed: bool,
}

impl ScriptedLlm {
    /// The model's name in its answers.
    pub const MODEL: &str = "scripted";

    /// Adds answers to the list.
    pub fn expect(&self, answers: impl IntoIterator<Item = Result<Reply, CallError>>) {
        self.script(|script| script.answers.extend(answers));
    }

    /// The host crashed: if it makes its last call again, which was cut off before its answer was journaled, it gets
    /// the same answer again.
    pub fn crashed(&self) {
        self.script(|script| script.crashed = true);
    }

    /// Takes what it was asked since the last time, how many answers are left over, and how many calls found none.
    /// The left-over answers are dropped, and calls made before are not made again.
    pub fn take(&self) -> (Vec<LlmRequest>, usize, usize) {
        self.script(|script| {
            (script.last, script.crashed) = (None, false);
            let left = std::mem::take(&mut script.answers).len();
            (std::mem::take(&mut script.asked), left, std::mem::take(&mut script.unexpected))
        })
    }

    fn script<T>(&self, act: impl FnOnce(&mut Script) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[async_trait]
impl Llm for ScriptedLlm {
    async fn complete(&self, request: LlmRequest) -> Result<LlmCompletion, CallError> {
        self.script(|script| {
            let again = std::mem::take(&mut script.crashed);
            if let Some((_, answer)) = script.last.as_ref().filter(|(last, _)| again && *last == request) {
                return answer.clone().map(|reply| completion(reply, Self::MODEL));
            }
            script.asked.push(request.clone());
            match script.answers.pop_front() {
                Some(answer) => {
                    script.last = Some((request, answer.clone()));
                    answer.map(|reply| completion(reply, Self::MODEL))
                }
                None => {
                    script.unexpected += 1;
                    Err(CallError::Unavailable { sent: false, reason: "the script has no answer left".to_owned() })
                }
            }
        })
    }
}

/// Stands in for a model where there is no key: says so, and repeats what it was asked, unless that is data.
#[derive(Debug, Default)]
pub struct CannedLlm;

#[async_trait]
impl Llm for CannedLlm {
    async fn complete(&self, request: LlmRequest) -> Result<LlmCompletion, CallError> {
        let asked = request.messages.iter().rev().find(|(role, _)| *role == Role::User);
        let asked = asked.map_or("nothing", |(_, text)| text.as_str());
        let is_data = matches!(serde_json::from_str(asked), Ok(Value::Object(_) | Value::Array(_)));
        let rest = match is_data {
            true => "A model would answer here.".to_owned(),
            false => format!("You asked: {}", cut(asked, 500)),
        };
        let text = format!("(No model is connected, so this answer is canned.) {rest}");
        Ok(completion(Reply { text, cut: false }, "canned"))
    }
}

fn completion(Reply { text, cut }: Reply, model: &str) -> LlmCompletion {
    LlmCompletion { text, model: model.to_owned(), cut, prompt_tokens: 0, completion_tokens: 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_canned_answer_repeats_words_and_no_data() {
        let answer = async |text: &str| {
            let messages = vec![(Role::System, "Be short.".to_owned()), (Role::User, text.to_owned())];
            let request = LlmRequest { messages, model: None, max_tokens: None, temperature: None };
            CannedLlm.complete(request).await.map(|completion| completion.text).unwrap_or_default()
        };
        assert!(answer("Why?").await.ends_with("You asked: Why?"));
        assert!(answer("{\"name\":\"Ada\"}").await.ends_with("canned.) A model would answer here."));
    }
}
