//! What may stand in `pesto.toml`, as it is written: nothing is checked here but names and types.
//!
//! Every value keeps its place in the text, so that a later check can name the line.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

/// A value that may be left out.
pub(super) type Given<T> = Option<Spanned<T>>;

/// A list whose entries each know their place.
pub(super) type List = Given<Vec<Spanned<String>>>;

/// The whole file.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct File {
    pub(super) data: Given<String>,
    pub(super) flows: Given<String>,
    pub(super) default_flow: Given<String>,
    pub(super) limits: Limits,
    pub(super) llm: Given<Llm>,
    pub(super) slack: Given<Slack>,
    pub(super) store: Given<Store>,
    pub(super) log: Log,
    pub(super) flow: BTreeMap<String, Spanned<Flow>>,
}

/// `[limits]`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Limits {
    pub(super) memory_mib: Given<i64>,
    pub(super) memory_total_mib: Given<i64>,
    pub(super) cpu_ms: Given<i64>,
    pub(super) host_calls: Given<i64>,
    pub(super) state_kib: Given<i64>,
    pub(super) component_mib: Given<i64>,
    pub(super) code_mib: Given<i64>,
    pub(super) turns_in_flight: Given<i64>,
    pub(super) instances: Given<i64>,
    pub(super) park_after_ms: Given<i64>,
    pub(super) turn_s: Given<i64>,
    pub(super) start_s: Given<i64>,
    pub(super) expires_after: Given<String>,
    pub(super) remind_after: Given<String>,
}

/// `[llm]`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Llm {
    pub(super) base_url: Given<String>,
    pub(super) api_key_env: Given<String>,
    pub(super) model: Given<String>,
    pub(super) models: List,
    pub(super) max_tokens: Given<i64>,
    pub(super) timeout_s: Given<i64>,
    pub(super) without_key: Given<String>,
}

/// `[slack]`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Slack {
    pub(super) bot_token_env: Given<String>,
    pub(super) app_token_env: Given<String>,
    pub(super) signing_secret_env: Given<String>,
    pub(super) listen: Given<String>,
    pub(super) base_url: Given<String>,
    pub(super) idle_s: Given<i64>,
    pub(super) sockets: Given<i64>,
    pub(super) burst: Given<i64>,
    pub(super) posts_a_minute: Given<i64>,
}

/// `[store]`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Store {
    pub(super) redis_url_env: Given<String>,
    pub(super) redis_ca_file: Given<String>,
    pub(super) redis_cert_file: Given<String>,
    pub(super) redis_key_file: Given<String>,
}

/// `[log]`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Log {
    pub(super) format: Given<String>,
    pub(super) level: Given<String>,
}

/// `[flow.NAME]`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Flow {
    pub(super) grant: List,
    pub(super) only: List,
    pub(super) in_doubt: Given<String>,
    pub(super) expires_after: Given<String>,
    pub(super) remind_after: Given<String>,
}
