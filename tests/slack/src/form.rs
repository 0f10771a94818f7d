//! `application/x-www-form-urlencoded`, both ways.

use std::fmt::Write as _;

use serde_json::Value;

pub(crate) fn encode(fields: &[(&str, &str)]) -> String {
    let one = |(name, value): &(&str, &str)| format!("{}={}", escape(name), escape(value));
    fields.iter().map(one).collect::<Vec<_>>().join("&")
}

/// The fields of an object; what is not text is written as JSON.
pub(crate) fn encode_object(object: &Value) -> String {
    let one = |(name, value): (&String, &Value)| {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        format!("{}={}", escape(name), escape(&text))
    };
    object.as_object().into_iter().flatten().map(one).collect::<Vec<_>>().join("&")
}

pub(crate) fn decode(text: &str) -> Vec<(String, String)> {
    let one = |field: &str| {
        let (name, value) = field.split_once('=').unwrap_or((field, ""));
        (unescape(name), unescape(value))
    };
    text.split('&').filter(|field| !field.is_empty()).map(one).collect()
}

fn escape(text: &str) -> String {
    text.bytes().fold(String::new(), |mut out, byte| {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'*' => out.push(char::from(byte)),
            b' ' => out.push('+'),
            _ => {
                // Writing to a string cannot fail.
                let _ = write!(out, "%{byte:02X}");
            }
        }
        out
    })
}

fn unescape(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let hex = bytes.get(at + 1..at + 3).and_then(|pair| std::str::from_utf8(pair).ok());
        match (bytes[at], hex.and_then(|pair| u8::from_str_radix(pair, 16).ok())) {
            (b'%', Some(byte)) => {
                out.push(byte);
                at += 3;
                continue;
            }
            (b'+', _) => out.push(b' '),
            (byte, _) => out.push(byte),
        }
        at += 1;
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_comes_back_as_it_went() {
        let text = "a b&c=d%+é😀\n";
        let coded = encode(&[("x y", text), ("z", "")]);
        assert!(coded.is_ascii());
        assert_eq!(decode(&coded), [("x y".to_owned(), text.to_owned()), ("z".to_owned(), String::new())]);
    }

    #[test]
    fn a_stray_percent_sign_is_one() {
        assert_eq!(decode("a=100%&b=%zz"), [("a".into(), "100%".into()), ("b".into(), "%zz".into())]);
    }
}
