//! Small helps with text from people and models, which is hostile: everything is bounded.

/// Cuts at a character so that at most `most` bytes are left, and marks the cut with an ellipsis.
pub(crate) fn cut(text: &str, most: usize) -> String {
    if text.len() <= most {
        return text.to_owned();
    }
    let room = most.saturating_sub('…'.len_utf8());
    let end = (0..=room).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
    format!("{}…", &text[..end])
}

/// Cuts to at most `most` characters, the ellipsis included.
pub(crate) fn cut_chars(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    text.chars().take(most.saturating_sub(1)).chain(['…']).collect()
}

/// One line of at most 40 characters, to show people what they wrote.
pub(crate) fn quote(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    format!("“{}”", cut_chars(&line, 40))
}

/// Without control characters but line ends, and trimmed.
pub(crate) fn clean(text: &str) -> String {
    let text: String =
        text.replace("\r\n", "\n").chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect();
    text.trim().to_owned()
}

/// A span of time, rounded up to the unit that people would use.
pub(crate) fn span(seconds: u32) -> String {
    let (count, unit) = match seconds {
        0..=59 => (seconds.max(1), "second"),
        60..=3_599 => (seconds.div_ceil(60), "minute"),
        _ => (seconds.div_ceil(3_600), "hour"),
    };
    if count == 1 { format!("1 {unit}") } else { format!("{count} {unit}s") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cutting_keeps_characters_whole() {
        assert_eq!(cut("añejo", 10), "añejo");
        assert_eq!(cut("ññññ", 6), "ñ…");
        assert_eq!(cut("ññññ", 2), "…");
        assert_eq!(cut_chars("abcdef", 4), "abc…");
        assert_eq!(cut_chars("abcd", 4), "abcd");
    }

    #[test]
    fn what_people_wrote_is_quoted_in_one_bounded_line() {
        assert_eq!(quote(" two\n lines "), "“two lines”");
        assert_eq!(quote(&"x".repeat(90)).chars().count(), 42);
    }

    #[test]
    fn control_characters_go() {
        assert_eq!(clean(" a\u{7}b\r\nc\u{1b}[0m "), "ab\nc[0m");
    }

    #[test]
    fn spans_are_rounded_up() {
        assert_eq!(span(0), "1 second");
        assert_eq!(span(60), "1 minute");
        assert_eq!(span(61), "2 minutes");
        assert_eq!(span(7_200), "2 hours");
    }
}
