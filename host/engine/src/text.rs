//! Cutting text from outside to size.

/// The longest head of `text` that has at most `most` bytes and ends at a character; an ellipsis tells of a cut.
pub fn cut(text: &str, most: usize) -> String {
    if text.len() <= most {
        return text.to_owned();
    }
    let room = most.saturating_sub('…'.len_utf8());
    let end = text.floor_char_boundary(room);
    let mut head = text.get(..end).unwrap_or_default().to_owned();
    head.push('…');
    head
}

/// How many letters must be put in, taken out or changed to get from one word to the other.
pub fn distance(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (down, letter) in from.chars().enumerate() {
        let mut corner = down;
        let mut left = down + 1;
        if let Some(first) = row.first_mut() {
            *first = left;
        }
        for (cell, other) in row.iter_mut().skip(1).zip(&to) {
            let changed = corner + usize::from(letter != *other);
            corner = *cell;
            *cell = changed.min(left + 1).min(corner + 1);
            left = *cell;
        }
    }
    row.last().copied().unwrap_or_default()
}

/// One line without control characters, at most `most` bytes: for logs, terminals and tables.
pub fn line(text: &str, most: usize) -> String {
    let clean: String = text.chars().take(most).flat_map(escape).collect();
    cut(&clean, most)
}

/// Whether a character can command a terminal, begin a line for who splits lines as Unicode does, or make a line read as
/// something else than it is, as bidirectional overrides do.
pub fn is_harmful(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Whether nothing of a text can be seen.
pub fn is_invisible(text: &str) -> bool {
    text.chars().all(|c| {
        let blank = matches!(c, '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{2800}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e0fff}');
        blank || c.is_whitespace() || c.is_control()
    })
}

fn escape(c: char) -> impl Iterator<Item = char> {
    let harmful = is_harmful(c);
    let escaped = harmful.then(|| c.escape_default());
    let plain = (!harmful).then_some(c);
    escaped.into_iter().flatten().chain(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cuts_at_a_character() {
        assert_eq!(cut("héllo", 5), "h…");
        assert_eq!(cut("héllo", 6), "héllo");
        assert_eq!(cut("日本語", 8), "日…");
    }

    #[test]
    fn what_cannot_be_seen_is_told() {
        for text in ["", " \t", "\u{200b}", &"\u{2060}".repeat(300), "\u{feff} \u{2800}\u{3164}", "\u{e0041}"] {
            assert!(is_invisible(text), "{text:?}");
        }
        for text in ["a", "\u{200b}a", "é", "🦀", "ا"] {
            assert!(!is_invisible(text), "{text:?}");
        }
    }

    #[test]
    fn counts_edits() {
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("timout_s", "timeout_s"), 1);
        assert_eq!(distance("same", "same"), 0);
    }

    #[test]
    fn a_line_stays_a_line() {
        assert_eq!(line("a\u{2028}b\u{2029}", 80), "a\\u{2028}b\\u{2029}", "for who splits lines as Unicode does");
        assert_eq!(line("a\nb\u{1b}[31m\u{202e}c", 80), "a\\nb\\u{1b}[31m\\u{202e}c");
    }
}
