//! Language models: right, bounds, deadline, journal, port.

use crate::fault::Fault;
use crate::policy::{Right, contract};
use crate::ports::{CallError, LlmCompletion, LlmRequest};
use crate::text::cut;

use super::{Scope, encode};

impl Scope {
    /// Asks a model.
    pub(crate) async fn complete(&mut self, request: LlmRequest) -> Result<Result<LlmCompletion, CallError>, Fault> {
        // What is out of the contract's bounds is not journaled: it is so in each attempt, and may be large.
        if let Err(reason) = check(&request) {
            return Ok(Err(CallError::Invalid(reason)));
        }
        let allowed = self.grants.check(&self.flow, &self.asks, Right::Llm).map_err(CallError::Denied);
        let (llm, gauges, deadline) = (self.ports.llm.clone(), self.gauges.clone(), self.bounds.llm);
        let asked = encode(&request)?;
        let perform = async move {
            allowed?;
            let _waiting = gauges.waiting();
            match tokio::time::timeout(deadline, llm.complete(request)).await {
                Ok(answer) => answer.map(bounded),
                Err(_) => {
                    let reason = format!("no answer within {} s", deadline.as_secs_f32());
                    Err(CallError::Timeout { sent: true, reason })
                }
            }
        };
        self.journaled("llm.complete", asked, perform).await
    }
}

fn bounded(mut completion: LlmCompletion) -> LlmCompletion {
    if completion.text.len() > contract::PROMPT {
        completion.text = cut(&completion.text, contract::PROMPT);
        completion.cut = true;
    }
    completion.model = cut(&completion.model, 200);
    completion
}

fn check(request: &LlmRequest) -> Result<(), String> {
    if request.messages.is_empty() {
        return Err("a request needs at least one message".to_owned());
    }
    if request.messages.len() > contract::PROMPTS {
        return Err(format!("there are {} messages, and {} are allowed", request.messages.len(), contract::PROMPTS));
    }
    let bytes: usize = request.messages.iter().map(|(_, text)| text.len()).sum();
    if bytes > contract::PROMPT {
        return Err(format!("the messages have {bytes} bytes, and {} are allowed", contract::PROMPT));
    }
    if request.model.as_ref().is_some_and(|model| model.is_empty() || model.len() > 200) {
        return Err("a model's name has 1 to 200 bytes".to_owned());
    }
    if request.max_tokens == Some(0) {
        return Err("max-tokens must be at least 1".to_owned());
    }
    match request.temperature {
        Some(temperature) if !(0.0..=2.0).contains(&temperature) => {
            Err(format!("the temperature is {temperature}, and must be from 0 to 2"))
        }
        _ => Ok(()),
    }
}
