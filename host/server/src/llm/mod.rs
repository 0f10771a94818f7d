//! Language models at a provider that speaks OpenAI's chat completion.
//!
//! One call is one HTTP request, whatever becomes of it: retries are the flow's and the person's business, who know
//! what they cost. The client library brings its own, so it gets a transport that has none and that reads no more
//! than [`MOST_BYTES`].

mod fault;
#[cfg(test)]
mod tests;
mod transport;

use anyhow::Context as _;
use async_openai::Client;
use async_openai::config::OpenAIConfig;
use async_openai::error::OpenAIError;
use async_openai::types::chat::{
    ChatCompletionRequestAssistantMessage, ChatCompletionRequestMessage, ChatCompletionRequestSystemMessage,
    ChatCompletionRequestUserMessage, CreateChatCompletionRequest,
};
use async_trait::async_trait;
use pesto_engine::ports::{CallError, Llm, LlmCompletion, LlmRequest, Role};
use serde::Deserialize;
use serde_json::Value;

use self::fault::Fault;
use self::transport::Transport;
use crate::config::{Provider, Secret};

/// The longest reply of a provider, in bytes.
pub const MOST_BYTES: usize = 1 << 20;

/// A provider at its base URL.
#[derive(Debug)]
pub struct OpenAi {
    client: Client<OpenAIConfig>,
    model: String,
    models: Vec<String>,
    max_tokens: u32,
    /// OpenAI's newer models refuse `max_tokens`, and many other providers know nothing else.
    newer_limit: bool,
    key: Option<Secret>,
}

impl OpenAi {
    /// Prepares requests to a provider; makes none.
    ///
    /// Errors: no TLS can be had, for instance because the machine has no root certificates.
    pub fn new(provider: &Provider) -> anyhow::Result<Self> {
        let url = reqwest::Url::parse(&provider.base_url).context("llm.base_url is not a web address")?;
        let http = crate::outbound::client(&url, provider.timeout)?;
        // All is said here, for the library would take what is not from variables of its own.
        let key = provider.key.as_ref().map_or("", |key| key.expose());
        let config =
            OpenAIConfig::new().with_api_base(&provider.base_url).with_org_id("").with_project_id("").with_api_key(key);
        let transport = Transport::new(http.clone(), provider.key.clone());
        Ok(Self {
            client: Client::build(http, config).with_http_service(transport),
            model: provider.model.clone(),
            models: provider.models.clone(),
            max_tokens: provider.max_tokens,
            key: provider.key.clone(),
            newer_limit: url.host_str() == Some("api.openai.com"),
        })
    }

    /// The provider's form of a request.
    fn form(&self, request: LlmRequest) -> Result<CreateChatCompletionRequest, CallError> {
        let model = request.model.unwrap_or_else(|| self.model.clone());
        if model != self.model && !self.models.contains(&model) {
            let allowed = std::iter::once(&self.model).chain(&self.models).take(10).cloned().collect::<Vec<_>>();
            let reason = format!("the operator does not offer this model; use one of {}", allowed.join(", "));
            return Err(CallError::Invalid(fault::bounded(&reason)));
        }
        let most = request.max_tokens.unwrap_or(self.max_tokens).min(self.max_tokens);
        Ok(CreateChatCompletionRequest {
            model,
            messages: request.messages.into_iter().map(|(role, text)| message(role, text)).collect(),
            temperature: request.temperature,
            max_completion_tokens: self.newer_limit.then_some(most),
            #[allow(deprecated)]
            max_tokens: (!self.newer_limit).then_some(most),
            ..Default::default()
        })
    }
}

#[async_trait]
impl Llm for OpenAi {
    async fn complete(&self, request: LlmRequest) -> Result<LlmCompletion, CallError> {
        let form = self.form(request)?;
        let asked = form.model.clone();
        let reply: Reply = self.client.chat().create_byot(form).await.map_err(flow_visible)?;
        let mut completion = reply.into_completion(asked)?;
        completion.text = fault::without_key(completion.text, self.key.as_ref());
        completion.model = fault::without_key(completion.model, self.key.as_ref());
        Ok(completion)
    }
}

/// What a flow may know of an error. The transport's own errors come as they are; of the library's none is left but
/// those of its making.
fn flow_visible(error: OpenAIError) -> CallError {
    match error {
        OpenAIError::Boxed(fault) => match fault.downcast::<Fault>() {
            Ok(fault) => fault.0,
            Err(_) => fault::unavailable(false, "the request could not be made"),
        },
        OpenAIError::JSONDeserialize(..) => fault::unavailable(true, fault::NOT_A_COMPLETION),
        _ => fault::unavailable(false, "the request could not be made"),
    }
}

fn message(role: Role, text: String) -> ChatCompletionRequestMessage {
    match role {
        Role::System => ChatCompletionRequestSystemMessage::from(text).into(),
        Role::User => ChatCompletionRequestUserMessage::from(text).into(),
        Role::Assistant => ChatCompletionRequestAssistantMessage::from(text).into(),
    }
}

/// What is read of a reply: less than OpenAI sends, so that providers which send less will do.
#[derive(Debug, Deserialize)]
struct Reply {
    model: Option<String>,
    choices: Vec<Choice>,
    #[serde(default)]
    usage: Value,
}

#[derive(Debug, Deserialize)]
struct Choice {
    message: Said,
    finish_reason: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Said {
    content: Option<String>,
    refusal: Option<String>,
}

impl Reply {
    fn into_completion(self, asked: String) -> Result<LlmCompletion, CallError> {
        let Some(choice) = self.choices.into_iter().next() else {
            return Err(fault::unavailable(true, "the provider answered without a choice"));
        };
        // A refusal is the model's answer too, in its own words.
        let Some(text) = choice.message.content.or(choice.message.refusal) else {
            return Err(fault::unavailable(true, "the provider answered without text"));
        };
        // What a provider counts is worth no answer: where it is no number, nothing is known of it.
        let count = |name| self.usage.get(name).and_then(Value::as_u64).and_then(|count| u32::try_from(count).ok());
        Ok(LlmCompletion {
            text,
            model: self.model.filter(|model| !model.is_empty()).map_or(asked, |model| fault::bounded(&model)),
            cut: choice.finish_reason.as_deref() == Some("length"),
            prompt_tokens: count("prompt_tokens").unwrap_or_default(),
            completion_tokens: count("completion_tokens").unwrap_or_default(),
        })
    }
}

/// Where no model is configured: every call is answered at once, and nothing is sent.
#[derive(Debug, Clone, Copy)]
pub struct NoModel;

#[async_trait]
impl Llm for NoModel {
    async fn complete(&self, _: LlmRequest) -> Result<LlmCompletion, CallError> {
        Err(fault::unavailable(false, "no language model is configured: pesto.toml has no [llm]"))
    }
}
