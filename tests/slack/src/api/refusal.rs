use serde_json::{Map, Value, json};

/// Slack's `{"ok":false}`.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) error: String,
    pub(crate) status: u16,
    /// Seconds, for the header `Retry-After`.
    pub(crate) retry_after: Option<u64>,
    pub(crate) more: Map<String, Value>,
}

impl Refusal {
    pub(crate) fn new(error: &str) -> Self {
        Self { error: error.to_owned(), status: 200, retry_after: None, more: Map::new() }
    }

    pub(crate) fn rate_limited(after: u64) -> Self {
        Self { status: 429, retry_after: Some(after), ..Self::new("ratelimited") }
    }

    pub(crate) fn with(mut self, field: &str, value: &str) -> Self {
        self.more.insert(field.to_owned(), value.into());
        self
    }

    /// With what was wrong in detail, as Slack's block checker says it.
    pub(crate) fn because(mut self, problems: &[String]) -> Self {
        self.more.insert("response_metadata".to_owned(), json!({ "messages": problems }));
        self
    }
}
