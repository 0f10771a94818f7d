//! Cutting long text where it hurts least. It works on text that [`to_slack`](super::outgoing_text::to_slack) wrote.
//!
//! Bold, italic and code stay on one line, so only a line that is longer than a piece can have them cut: their marks
//! are then seen as they are. A block of code that is cut is closed there, and goes on in a frame of its own
//! ([`framed`]).

use super::outgoing_text::{LINK, width};

/// Kinds of places to cut at, the best first.
#[derive(Clone, Copy)]
enum Cut {
    Paragraph,
    Line,
    Sentence,
    Word,
    Character,
}

const KINDS: usize = Cut::Character as usize + 1;

/// The pieces of a text, each of at most `most` units of [`width`], and none of them blank. Nothing is lost but blanks
/// at the cuts and at the end. A character, an escape such as `&amp;` and a link are never cut: where `most` is less than one of
/// them, it is a piece by itself. Takes time in proportion to the text.
pub(super) fn split(text: &str, most: usize) -> Vec<String> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let (piece, after) = rest.split_at(first_piece(rest, most));
        let piece = piece.trim_end();
        if !piece.is_empty() {
            pieces.push(piece.to_owned());
        }
        rest = after.trim_start();
    }
    pieces
}

/// What opens and ends code of several lines.
const FENCE: &str = "```";

/// By how much [`framed`] makes a piece longer at most.
pub(super) const FRAME: usize = 2 * (FENCE.len() + 1);

/// The pieces of a text with the blocks of code closed and opened again where they are cut.
pub(super) fn framed(pieces: Vec<String>) -> Vec<String> {
    let mut is_open = false;
    let frame = |piece: String| {
        let begins_open = is_open;
        is_open ^= piece.matches(FENCE).count() % 2 == 1;
        let before = if begins_open { "```\n" } else { "" };
        let after = if is_open { "\n```" } else { "" };
        format!("{before}{piece}{after}")
    };
    let count = pieces.len();
    // Code that nobody closed stays as it was written.
    if count < 2 { pieces } else { pieces.into_iter().map(frame).collect() }
}

/// The beginning of a text, at most `most` units with the ellipsis that tells of a cut.
pub(super) fn shorten(text: &str, most: usize) -> String {
    if width(text) <= most {
        return text.to_owned();
    }
    let (head, _) = text.split_at(first_piece(text, most.saturating_sub(1)));
    format!("{}…", head.trim_end())
}

/// Where the first piece ends, in bytes and at a character: after one atom at least. A cut counts only in a
/// piece's second half, or a text with one early paragraph would make many small pieces; this bounds the work as well,
/// for what is read twice is less than what a piece takes away.
fn first_piece(text: &str, most: usize) -> usize {
    let mut best: [Option<usize>; KINDS] = [None; KINDS];
    let (mut used, mut at) = (0, 0);
    let mut before = Before { last: ' ', line_feed: false };
    let mut rest = text;
    while let Some((atom, c)) = first_atom(rest) {
        if at > 0 {
            if used >= most / 2
                && let Some(cut) = before.cut(c)
                && let Some(slot) = best.get_mut(cut as usize)
            {
                *slot = Some(at);
            }
            if used + width(atom) > most {
                return best.into_iter().flatten().next().unwrap_or(at);
            }
        }
        used += width(atom);
        at += atom.len();
        before.line_feed = c == '\n' || before.line_feed && c.is_whitespace();
        before.last = atom.chars().next_back().unwrap_or(c);
        rest = rest.get(atom.len()..).unwrap_or_default();
    }
    text.len()
}

/// What must stay together at the beginning of `text`, and its first character.
fn first_atom(text: &str) -> Option<(&str, char)> {
    let c = text.chars().next()?;
    let within = |most: usize, end: u8| text.bytes().take(most).position(|byte| byte == end).map(|at| at + 1);
    let length = match c {
        '&' => within("&amp;".len(), b';'),
        '<' => within(LINK + 2, b'>'),
        _ => None,
    };
    Some((text.get(..length.unwrap_or(c.len_utf8()))?, c))
}

/// What stands before a place where a cut may be.
struct Before {
    last: char,
    /// Only blanks came since the last line feed.
    line_feed: bool,
}

impl Before {
    fn cut(&self, next: char) -> Option<Cut> {
        let cut = match next {
            '\n' if self.line_feed => Cut::Paragraph,
            '\n' => Cut::Line,
            _ if "。！？".contains(self.last) => Cut::Sentence,
            c if c.is_whitespace() && ".!?…".contains(self.last) => Cut::Sentence,
            c if c.is_whitespace() => Cut::Word,
            c if belongs_to_last(c) || self.last == JOINER => return None,
            _ => Cut::Character,
        };
        Some(cut)
    }
}

/// Makes one sign of two.
const JOINER: char = '\u{200d}';

/// Accents that follow their letter, variants and skin tones of emoji.
fn belongs_to_last(c: char) -> bool {
    c == JOINER || matches!(c, '\u{300}'..='\u{36f}' | '\u{fe00}'..='\u{fe0f}' | '\u{1f3fb}'..='\u{1f3ff}')
}

#[cfg(test)]
mod tests {
    use super::super::outgoing_text::to_slack;
    use super::*;

    #[test]
    fn code_that_is_cut_is_closed_and_opened_again() {
        let pieces = |text: &str| framed(split(text, 20));
        let cut = pieces("Look:\n```\nlet a = 1;\nlet b = 2;\nlet c = 3;\n```\nThat is all.");
        assert!(cut.len() > 1, "{cut:?}");
        for piece in &cut {
            assert!(piece.matches(FENCE).count() % 2 == 0 && piece.len() <= 20 + FRAME, "{cut:?}");
        }
        assert_eq!(framed(vec!["```\nopen".to_owned()]), ["```\nopen"], "as it was written");
    }

    #[test]
    fn cuts_where_it_hurts_least() {
        for (text, most, pieces) in [
            ("short", 10, vec!["short"]),
            ("one two\n\nthree. four", 12, vec!["one two", "three. four"]),
            ("one two\nthree. four", 12, vec!["one two", "three. four"]),
            ("One two. Three four.", 12, vec!["One two.", "Three four."]),
            ("one two three", 9, vec!["one two", "three"]),
            ("今日は。明日も。", 6, vec!["今日は。", "明日も。"]),
            ("abcdefghij", 4, vec!["abcd", "efgh", "ij"]),
            ("a\n\nbcdefghijkl mn", 12, vec!["a\n\nbcdefghij", "kl mn"]),
            ("      ", 2, vec![]),
            ("", 2, vec![]),
        ] {
            assert_eq!(split(text, most), pieces, "{text:?}");
        }
    }

    #[test]
    fn keeps_together_what_belongs_together() {
        assert_eq!(split("&amp;&amp;&amp;", 12), ["&amp;&amp;", "&amp;"]);
        assert_eq!(split("&amp;&lt;", 2), ["&amp;", "&lt;"], "it goes on even where nothing fits");
        assert_eq!(split("see <https://a.example/b> now", 24), ["see", "<https://a.example/b>", "now"]);
        assert_eq!(split("eeee\u{301}e", 4), ["eee", "e\u{301}e"]);
        assert_eq!(split("ab👩\u{200d}👩\u{200d}👦cd", 10), ["ab👩\u{200d}👩\u{200d}👦", "cd"]);
        assert_eq!(
            split("ab👩\u{200d}👩\u{200d}👦cd", 8),
            ["ab👩\u{200d}👩\u{200d}", "👦cd"],
            "a sign that is too long"
        );
        assert_eq!(split("a & b c < d", 5), ["a & b", "c < d"], "text that nobody escaped is cut all the same");
    }

    #[test]
    fn loses_nothing_but_blanks() {
        let sample = "Ein *Satz* & noch einer. <b>日本語</b>\n\nhttps://a.example/b?c&d 👩\u{200d}👦 שלום\t`x`\n";
        let text = to_slack(&sample.repeat(60));
        let dense = |text: &str| text.split_whitespace().collect::<String>();
        for most in [1, 2, 7, 50, 333, 3_000] {
            let pieces = split(&text, most);
            assert_eq!(dense(&pieces.concat()), dense(&text), "{most}");
            if most > 40 {
                assert!(pieces.iter().all(|piece| width(piece) <= most), "{most}");
            }
        }
    }

    #[test]
    fn what_stands_out_is_shortened() {
        assert_eq!(shorten("one two three", 13), "one two three");
        assert_eq!(shorten("one two three", 12), "one two…");
        assert_eq!(shorten("&amp;&amp;", 9), "&amp;…");
    }
}
