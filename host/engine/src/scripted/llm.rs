//! Models that need no provider.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;

use crate::ports::{CallError, Llm, LlmCompletion, LlmRequest, Role};
use crate::text::cut;

/// Answers from a list, in order, and remembers what it was asked. A call beyond the list is remembered and fails.
#[derive(Debug, Default)]
pub struct ScriptedLlm(Mutex<Script>);

#[derive(Debug, Default)]
struct Script {
    answers: VecDeque<Result<String, CallError>>,
    asked: Vec<LlmRequest>,
    unexpected: usize,
    last: Option<(LlmRequest, Result<String, CallError>)>,
    crashed: bool,
}

impl ScriptedLlm {
    /// The model's name in its answers.
    pub const MODEL: &str = "scripted";

    /// Adds answers to the list.
    pub fn expect(&self, answers: impl IntoIterator<Item = Result<String, CallError>>) {
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
                return answer.clone().map(|text| completion(text, Self::MODEL));
            }
            script.asked.push(request.clone());
            match script.answers.pop_front() {
                Some(answer) => {
                    script.last = Some((request, answer.clone()));
                    answer.map(|text| completion(text, Self::MODEL))
                }
                None => {
                    script.unexpected += 1;
                    Err(CallError::Unavailable { sent: false, reason: "the script has no answer left".to_owned() })
                }
            }
        })
    }
}

/// Stands in for a model where there is no key: says so, and repeats what it was asked.
#[derive(Debug, Default)]
pub struct CannedLlm;

#[async_trait]
impl Llm for CannedLlm {
    async fn complete(&self, request: LlmRequest) -> Result<LlmCompletion, CallError> {
        let asked = request.messages.iter().rev().find(|(role, _)| *role == Role::User);
        let asked = asked.map_or("nothing", |(_, text)| text.as_str());
        let text = format!("(No model is connected, so this answer is canned.) You asked: {}", cut(asked, 500));
        Ok(completion(text, "canned"))
    }
}

fn completion(text: String, model: &str) -> LlmCompletion {
    LlmCompletion { text, model: model.to_owned(), cut: false, prompt_tokens: 0, completion_tokens: 0 }
}
