//! Yes, no, and what is neither: wishes to send, to leave, to be helped.

use crate::language::{Language, has};
use crate::plain;

/// Longer texts are stories, not decisions: in words, and in bytes.
const MOST_WORDS: usize = 6;
const LONG: usize = 200;

/// Yes or no, in the words and signs of any language. None for whatever says neither, or both.
pub fn yes_no(text: &str) -> Option<bool> {
    let text = short(text)?;
    match (says(&text, |language| language.yes), says(&text, |language| language.no)) {
        (true, false) => Some(true),
        (false, true) => Some(false),
        _ => None,
    }
}

/// Agrees to send what was shown: yes, or a word such as `submit`, or both.
pub fn agrees(text: &str) -> bool {
    let Some(text) = short(text) else { return false };
    let parts: Vec<_> = parts(&text).collect();
    let one = |part: &&str| says(part, |language| language.yes) || says(part, |language| language.send);
    let words = |part: &&str| {
        let (first, rest) = part.split_once(' ').unwrap_or((part, ""));
        one(&first) && one(&rest)
    };
    (1..=MOST_WORDS).contains(&parts.len()) && parts.iter().all(|part| one(part) || words(part))
}

/// Does not agree to send what was shown.
pub fn declines(text: &str) -> bool {
    yes_no(text) == Some(false)
}

/// Wants to leave the conversation: `stop`, `never mind`, `lass mich in Ruhe`. It should be asked back, for the word may
/// be an answer.
pub fn wants_out(text: &str) -> bool {
    short(text).is_some_and(|text| says(&text, |language| language.leave))
}

/// Wants to know what can be done: `help me`, `?`.
pub fn wants_help(text: &str) -> bool {
    let trimmed = text.trim();
    let questions = (1..=5).contains(&trimmed.len()) && trimmed.bytes().all(|byte| byte == b'?');
    questions || short(text).is_some_and(|text| says(&text, |language| language.help))
}

fn short(text: &str) -> Option<String> {
    (text.len() <= LONG).then(|| plain(text))
}

/// Whether a plain text is of this list, once or more often: `yes`, `yes yes`, `no, no, no`, `👍👍`.
fn says(text: &str, list: fn(&Language) -> &'static [&'static str]) -> bool {
    if text.is_empty() || text.split(' ').count() > MOST_WORDS {
        return false;
    }
    let signs = || {
        let many = (2..=5).contains(&text.chars().count()) && !text.chars().any(char::is_alphanumeric);
        many && text.chars().all(|sign| has(sign.encode_utf8(&mut [0; 4]), list))
    };
    let words = || text.split([' ', ',']).filter(|word| !word.is_empty()).all(|word| has(word, list));
    let each = || parts(text).next().is_some() && parts(text).all(|part| has(part, list));
    has(text, list) || each() || words() || signs()
}

/// What stands between commas and ends of sentences, plain.
fn parts(text: &str) -> impl Iterator<Item = &str> {
    text.split([',', ';', '.', '!']).map(str::trim).filter(|part| !part.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::LONGEST;

    #[test]
    fn yes() {
        for text in [
            "yes",
            "Y",
            "yes!!",
            "Yep",
            "yeah",
            "sure",
            "ok",
            "OK.",
            "Okay",
            "Yes please",
            "yes, please!",
            "of course",
            "yup",
            "k",
            "ja",
            "Ja!",
            "Ja, gerne",
            "klar",
            "jawohl",
            "oui",
            "si",
            "sí",
            "да",
            "はい",
            "👍",
            "👍🏽",
            "👍👍",
            ":+1:",
            ":thumbsup:",
            "✅",
            ":white_check_mark:",
            "`yes`",
            "*yes*",
            "“yes”",
            "yes yes",
            "yeah, sure",
            "yes, of course",
            "Absolutely!",
            "да!",
            "yes, I do",
            "sim",
            "tak",
            "- yes",
        ] {
            assert_eq!(yes_no(text), Some(true), "{text}");
        }
    }

    #[test]
    fn no() {
        for text in [
            "no",
            "N",
            "nope",
            "No thanks",
            "no, thank you",
            "not really",
            "nein",
            "Nein danke",
            "nö",
            "nah",
            "non",
            "нет",
            "いいえ",
            "👎",
            ":-1:",
            "❌",
            "no no no",
            "never",
            "No way!",
            "I don't",
            "No, I don’t",
            "lieber nicht",
            "não",
        ] {
            assert_eq!(yes_no(text), Some(false), "{text}");
        }
    }

    #[test]
    fn neither() {
        for text in [
            "",
            " ",
            "maybe",
            "perhaps",
            "yes and no",
            "yes no",
            "no yes",
            "yes, no",
            "who knows",
            "7",
            "depends",
            "yesterday",
            "november",
            "not",
            "no idea",
            "I do not know",
            "don't know",
            "vielleicht",
            "jein",
            "yes but only on Mondays",
            "okra",
            "😀",
            "please",
            "thanks",
            "not no",
            "?",
            "1",
            "know",
            "yes?no",
            "nobody",
            "yes maybe",
        ] {
            assert_eq!(yes_no(text), None, "{text}");
        }
        assert_eq!(yes_no(&"yes ".repeat(LONGEST / 4)), None);
        assert_eq!(yes_no(&"👍".repeat(LONGEST / 4)), None);
    }

    #[test]
    fn agreement_to_send() {
        for text in [
            "yes",
            "ok",
            "looks good",
            "Looks good to me!",
            "Submit!",
            "send",
            "send it",
            "yes, submit",
            "ok send",
            "Yes. Send it.",
            "👍",
            "ja, abschicken",
            "passt so",
            "LGTM",
            "yes submit",
            "please submit",
            "perfect, thanks",
            "done",
        ] {
            assert!(agrees(text), "{text}");
        }
        for text in ["", "no", "change", "yes, but change my name", "wait", "submit no", "resubmit", "maybe", "not ok"]
        {
            assert!(!agrees(text), "{text}");
        }
        assert!(declines("No!") && declines("nein") && !declines("not yet sure"));
    }

    #[test]
    fn wishes_to_leave() {
        for text in [
            "stop",
            "STOP!",
            "Stop please",
            "please stop",
            "exit",
            "quit",
            "abort",
            "never mind",
            "Nevermind.",
            "leave me alone",
            "Leave me alone!!",
            "not now",
            "forget it",
            "`exit`",
            "stopp",
            "aufhören",
            "Abbrechen",
            "lass mich in Ruhe",
            "jetzt nicht",
            "vergiss es",
            "stop stop stop",
            "🛑",
            "стоп",
        ] {
            assert!(wants_out(text), "{text}");
        }
        for text in [
            "",
            "stop at nothing",
            "Stopford",
            "bus stop",
            "exits",
            "non-stop",
            "quite",
            "no",
            "cancel",
            "mind",
            "endless",
            "alone",
            "now",
            "not",
            "Ende gut",
            "stopping",
        ] {
            assert!(!wants_out(text), "{text}");
        }
    }

    #[test]
    fn wishes_for_help() {
        for text in ["help", "Help!", "help me", "Help me, please", "?", "??", " ? ", "Hilfe!", "hilf mir", "🆘"] {
            assert!(wants_help(text), "{text}");
        }
        for text in ["", "!", "helper", "help Ann with her desk", "what?", "helpful", "status?"] {
            assert!(!wants_help(text), "{text}");
        }
    }
}
