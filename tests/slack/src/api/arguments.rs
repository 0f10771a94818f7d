use axum::http::{HeaderMap, header};
use serde_json::{Map, Value};

use crate::form;

/// What a call brings, whether in the address, as a form or as JSON.
#[derive(Debug, Default)]
pub(crate) struct Arguments {
    fields: Map<String, Value>,
    /// From the header `Authorization`.
    pub(crate) bearer: Option<String>,
    /// A body that is not what its content type says.
    pub(crate) garbled: bool,
}

impl Arguments {
    pub(crate) fn read(query: &str, headers: &HeaderMap, body: &[u8]) -> Self {
        let mut arguments = Self::default();
        let header = |name: header::HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
        arguments.bearer = header(header::AUTHORIZATION)
            .and_then(|value| value.strip_prefix("Bearer ").or_else(|| value.strip_prefix("bearer ")))
            .map(|token| token.trim().to_owned());
        arguments.take_form(query);
        let text = String::from_utf8_lossy(body);
        let content = header(header::CONTENT_TYPE).unwrap_or_default();
        if content.starts_with("application/json") {
            match serde_json::from_str(&text) {
                Ok(Value::Object(fields)) => arguments.fields.extend(fields),
                _ if text.trim().is_empty() => {}
                _ => arguments.garbled = true,
            }
        } else if content.starts_with("application/x-www-form-urlencoded") || content.is_empty() {
            arguments.take_form(&text);
        } else if !text.is_empty() {
            arguments.garbled = true;
        }
        arguments.fields.retain(|_, value| !value.is_null());
        arguments
    }

    fn take_form(&mut self, text: &str) {
        for (name, value) in form::decode(text) {
            self.fields.insert(name, value.into());
        }
    }

    /// A text that is not empty.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.fields.get(name).and_then(Value::as_str).filter(|text| !text.is_empty())
    }

    /// A text that may be empty.
    pub(crate) fn any_text(&self, name: &str) -> Option<&str> {
        self.fields.get(name).and_then(Value::as_str)
    }

    /// A switch: true, or as a form has it 1 or true.
    pub(crate) fn flag(&self, name: &str) -> bool {
        match self.fields.get(name) {
            Some(Value::Bool(on)) => *on,
            Some(Value::String(text)) => matches!(text.as_str(), "1" | "true" | "True"),
            Some(Value::Number(number)) => number.as_u64() == Some(1),
            _ => false,
        }
    }

    pub(crate) fn number(&self, name: &str) -> Option<usize> {
        match self.fields.get(name)? {
            Value::Number(number) => number.as_u64().map(|number| number as usize),
            Value::String(text) => text.parse().ok(),
            _ => None,
        }
    }

    /// A structure: as it is in JSON, or as text that holds JSON. An error for text that does not.
    pub(crate) fn json(&self, name: &str) -> Result<Option<Value>, serde_json::Error> {
        match self.fields.get(name) {
            Some(Value::String(text)) if text.trim().is_empty() => Ok(None),
            Some(Value::String(text)) => serde_json::from_str(text).map(Some),
            other => Ok(other.cloned()),
        }
    }

    /// For the record of calls: everything but the token.
    pub(crate) fn shown(&self) -> Value {
        let mut fields = self.fields.clone();
        fields.remove("token");
        Value::Object(fields)
    }
}
