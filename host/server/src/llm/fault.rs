//! What a provider's failures mean to a flow: decided from plain values, without I/O.
//!
//! A provider's words are hostile, and may repeat the key. They reach a flow only where they help its author, short
//! and cleaned; they never reach the log.

use std::collections::HashSet;
use std::fmt;

use data_encoding::{BASE64_NOPAD, BASE64URL_NOPAD, HEXLOWER, HEXUPPER};
use pesto_engine::ports::CallError;
use serde::Deserialize;

use crate::config::Secret;

/// What is said of a reply that cannot be understood.
pub(super) const NOT_A_COMPLETION: &str = "the provider's answer is not a chat completion";

/// The longest reason, in characters.
const LONGEST: usize = 300;

/// The shortest key that is kept out of good answers, in bytes.
const SECRET: usize = 16;

/// So much of a key in a row is never repeated, in bytes.
const PART: usize = 10;

/// The longest wait that a provider may ask for, in seconds.
const LONGEST_WAIT: u32 = 86_400;

/// An error on its way through the client library.
#[derive(Debug)]
pub(super) struct Fault(pub(super) CallError);

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.0)
    }
}

impl std::error::Error for Fault {}

/// The provider is not there, or does not do its work.
pub(super) fn unavailable(sent: bool, reason: &str) -> CallError {
    CallError::Unavailable { sent, reason: reason.to_owned() }
}

/// A text on one line, not too long.
pub(super) fn bounded(text: &str) -> String {
    let mut clean: String = text.chars().take(LONGEST).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if text.chars().nth(LONGEST).is_some() {
        clean.push('…');
    }
    clean
}

/// A model's words without the key, should the provider repeat it. What is too short to be a secret, such as the `none`
/// that a local provider wants, is a word like others.
pub(super) fn without_key(text: String, key: Option<&Secret>) -> String {
    match key.map(Secret::expose).filter(|key| key.len() >= SECRET) {
        Some(key) => without_parts(&text, key),
        None => text,
    }
}

/// A text without parts of a key, which is ASCII, as they are, in hexadecimal or in Base64. What a provider leaves of a key
/// that it masks, such as its last four characters, is no part.
fn without_parts(text: &str, key: &str) -> String {
    let bytes = text.as_bytes();
    let mut hidden = vec![false; bytes.len()];
    for (form, part) in forms(key) {
        let parts: HashSet<_> = form.as_bytes().windows(part).collect();
        for (at, window) in bytes.windows(part).enumerate() {
            if parts.contains(window) {
                hidden[at..at + part].fill(true);
            }
        }
    }
    let mut left = String::with_capacity(text.len());
    for (at, c) in text.char_indices() {
        match (hidden[at], at > 0 && hidden[at - 1]) {
            (false, _) => left.push(c),
            (true, false) => left.push('…'),
            (true, true) => {}
        }
    }
    left
}

/// How a key may be written, each with the length of a part that tells too much.
fn forms(key: &str) -> Vec<(String, usize)> {
    let mut forms = vec![
        (key.to_owned(), PART),
        (HEXLOWER.encode(key.as_bytes()), 2 * PART),
        (HEXUPPER.encode(key.as_bytes()), 2 * PART),
    ];
    for alphabet in [BASE64_NOPAD, BASE64URL_NOPAD] {
        // It depends on how many bytes stand before the key; the characters that also depend on which ones are left out.
        for (before, shared) in [(0, 0), (1, 2), (2, 3)] {
            let text = alphabet.encode(&[&[0; 2][..before], key.as_bytes()].concat());
            forms.push((text[shared..].to_owned(), PART * 4 / 3));
        }
    }
    forms
}

/// A reply that is no success.
pub(super) struct Refusal<'a> {
    /// The HTTP status.
    pub(super) status: u16,
    /// The header `Retry-After`.
    pub(super) retry_after: Option<&'a str>,
    /// The body's beginning.
    pub(super) body: &'a [u8],
    /// What must not be repeated.
    pub(super) key: Option<&'a str>,
}

/// What a refusal means, and what the operator should know of it, if anything.
pub(super) fn judge(refusal: &Refusal<'_>) -> (CallError, Option<&'static str>) {
    let said = serde_json::from_slice::<Wrapped>(refusal.body).map(|wrapped| wrapped.error).unwrap_or_default();
    match refusal.status {
        401 | 403 => (
            unavailable(true, "the provider does not let us in; the operator must look at it"),
            Some("the provider refuses our key: check the variable that llm.api_key_env names"),
        ),
        402 => spent(),
        429 if said.is("insufficient_quota") => spent(),
        429 => {
            let retry_after = refusal.retry_after.and_then(seconds);
            (CallError::OverQuota { retry_after, reason: "the provider limits how often it is asked".to_owned() }, None)
        }
        404 => (
            invalid("the provider does not know the model or the address", &said, refusal.key),
            Some("the provider knows no such model or address: check llm.model and llm.base_url"),
        ),
        408 => (CallError::Timeout { sent: true, reason: "the provider gave up waiting".to_owned() }, None),
        400..=499 => (invalid("the provider refuses the request", &said, refusal.key), None),
        500..=599 => (unavailable(true, "the provider fails"), None),
        300..=399 => (
            unavailable(true, "the provider answers from another address"),
            Some("the provider redirects, which is not followed: write its final address in llm.base_url"),
        ),
        _ => (unavailable(true, NOT_A_COMPLETION), None),
    }
}

fn spent() -> (CallError, Option<&'static str>) {
    let reason = "the provider's budget is used up".to_owned();
    (CallError::OverQuota { retry_after: None, reason }, Some("the budget at the provider is used up: raise it there"))
}

fn invalid(words: &str, said: &Said, key: Option<&str>) -> CallError {
    let Some(message) = said.message.as_deref().filter(|message| !message.is_empty()) else {
        return CallError::Invalid(words.to_owned());
    };
    // Before it is cut, so that no part of a key is left.
    let message = match key.filter(|key| !key.is_empty()) {
        Some(key) if key.len() >= SECRET => without_parts(message, key),
        Some(key) => message.replace(key, "…"),
        None => message.to_owned(),
    };
    CallError::Invalid(bounded(&format!("{words}: {message}")))
}

/// A wait in seconds. The header may hold a date as well, which is not worth a calendar here.
fn seconds(header: &str) -> Option<u32> {
    let seconds: f64 = header.trim().parse().ok().filter(|seconds: &f64| seconds.is_finite() && *seconds >= 0.0)?;
    // In range by the line above and the limit; a part of a second counts as a whole one.
    Some(seconds.ceil().min(LONGEST_WAIT.into()) as u32)
}

#[derive(Default, Deserialize)]
struct Wrapped {
    error: Said,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Said {
    message: Option<String>,
    r#type: Option<String>,
    // Some providers repeat the status here, as a number.
    code: serde_json::Value,
}

impl Said {
    fn is(&self, name: &str) -> bool {
        self.code.as_str() == Some(name) || self.r#type.as_deref() == Some(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(status: u16, retry_after: Option<&str>, body: &str) -> CallError {
        judge(&Refusal { status, retry_after, body: body.as_bytes(), key: Some("sk-key") }).0
    }

    #[test]
    fn waits_are_whole_seconds_within_a_day() {
        let wait = |header| match judged(429, Some(header), "") {
            CallError::OverQuota { retry_after, .. } => retry_after,
            other => panic!("{other:?}"),
        };
        assert_eq!(wait("20"), Some(20));
        assert_eq!(wait("0.2"), Some(1));
        assert_eq!(wait("999999999999"), Some(86_400));
        assert_eq!(wait("-1"), None);
        assert_eq!(wait("inf"), None);
        assert_eq!(wait("Wed, 21 Oct 2026 07:28:00 GMT"), None);
    }

    #[test]
    fn an_empty_purse_is_no_rate() {
        let body = r#"{"error":{"message":"m","type":"insufficient_quota","code":"insufficient_quota"}}"#;
        let reason = "the provider's budget is used up".to_owned();
        assert_eq!(judged(429, Some("1"), body), CallError::OverQuota { retry_after: None, reason });
    }

    #[test]
    fn words_of_a_provider_are_short_clean_and_without_the_key() {
        let body = format!(r#"{{"error":{{"message":"bad\nsk-key {}","code":400}}}}"#, "x".repeat(5_000));
        let CallError::Invalid(reason) = judged(400, None, &body) else { panic!("not invalid") };
        assert!(reason.starts_with("the provider refuses the request: bad … xxx"), "{reason}");
        assert_eq!(reason.chars().count(), LONGEST + 1);
    }

    #[test]
    fn a_good_answer_does_not_repeat_the_key() {
        let key = Secret::new("sk-0123456789abcdef".to_owned());
        let without = |text: &str| without_key(text.to_owned(), Some(&key));
        assert_eq!(without("it is sk-0123456789abcdef!"), "it is …!");
        assert_eq!(without("it is 736b2d30313233343536373839616263646566!"), "it is …!");
        assert_eq!(without("it is 736B2D30313233343536373839616263646566!"), "it is …!");
        assert_eq!(without("masked: sk-0123456***cdef, sk-01234***"), "masked: …***cdef, sk-01234***");
        for before in ["", "k", "ke", "key"] {
            let text = format!("{before}sk-0123456789abcdef and more");
            for alphabet in [BASE64_NOPAD, BASE64URL_NOPAD] {
                let encoded = alphabet.encode(text.as_bytes());
                let shown = without(&encoded);
                let hidden = encoded.len() + '…'.len_utf8() - shown.len();
                // Of the 19 bytes all but those that share a character with what is beside them.
                assert!(shown.contains('…') && hidden >= 22, "{hidden} of {encoded} are hidden: {shown}");
            }
        }
        assert_eq!(without("nothing of it, größer"), "nothing of it, größer");
        let word = Secret::new("none".to_owned());
        assert_eq!(without_key("none of them".to_owned(), Some(&word)), "none of them");
    }

    #[test]
    fn a_status_alone_is_enough() {
        for (status, kind) in
            [(400, "Invalid"), (418, "Invalid"), (422, "Invalid"), (302, "Unavailable"), (204, "Unavailable")]
        {
            assert!(format!("{:?}", judged(status, None, "<html>")).starts_with(kind), "{status}");
        }
    }
}
