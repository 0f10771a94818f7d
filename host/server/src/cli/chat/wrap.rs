//! Breaks lines at words, for terminals break them anywhere. Pure.

use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

/// A line in lines of at most `width` columns, as far as its words allow; those after the first begin with `indent`
/// blanks. Of longer words addresses stay whole, to be clicked and copied; others are cut. Colours take no room.
pub(super) fn wrap(line: &str, width: usize, indent: usize) -> String {
    let mut wrapped = String::new();
    let mut column = 0;
    for (at, word) in line.split(' ').enumerate() {
        let wide = columns(word);
        if at > 0 && column > indent && column + 1 + wide > width {
            wrapped.truncate(wrapped.trim_end_matches(' ').len());
            wrapped.push('\n');
            wrapped.push_str(&" ".repeat(indent));
            column = indent;
        } else if at > 0 {
            wrapped.push(' ');
            column += 1;
        }
        if indent + wide <= width || word.contains("://") || word.contains('\u{1b}') {
            wrapped.push_str(word);
            column += wide;
            continue;
        }
        for letter in word.chars() {
            let wide = letter.width().unwrap_or(0);
            if column + wide > width && column > indent {
                wrapped.push('\n');
                wrapped.push_str(&" ".repeat(indent));
                column = indent;
            }
            wrapped.push(letter);
            column += wide;
        }
    }
    wrapped
}

/// How wide a text is, without the escape sequences that paint it.
fn columns(text: &str) -> usize {
    let mut parts = text.split("\u{1b}[");
    let plain = parts.next().map_or(0, |part| part.width());
    plain + parts.map(|part| part.split_once('m').map_or(0, |(_, rest)| rest.width())).sum::<usize>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn breaks_at_words_only() {
        assert_eq!(wrap("one two three", 7, 2), "one two\n  three");
        assert_eq!(wrap("one two three", 13, 2), "one two three");
        assert_eq!(wrap("see https://pesto.example/long now", 12, 2), "see\n  https://pesto.example/long\n  now");
        assert_eq!(wrap("", 12, 2), "");
    }

    #[test]
    fn what_fits_in_no_line_is_cut() {
        assert_eq!(wrap("some {\"a\":1,\"b\":2} it", 8, 2), "some\n  {\"a\":1\n  ,\"b\":2\n  } it");
        assert_eq!(wrap("日本語日本語", 6, 2), "日本語\n  日本\n  語");
    }

    #[test]
    fn blanks_at_the_beginning_and_between_words_stay() {
        assert_eq!(wrap("    one  two", 20, 4), "    one  two");
        assert_eq!(wrap("    one  two", 10, 4), "    one\n    two");
    }

    #[test]
    fn columns_count_and_not_bytes() {
        assert_eq!(wrap("für mich", 8, 2), "für mich");
        assert_eq!(wrap("日本 語", 6, 2), "日本\n  語");
        assert_eq!(wrap("\u{1b}[1mbold\u{1b}[22m two", 8, 2), "\u{1b}[1mbold\u{1b}[22m two");
    }
}
