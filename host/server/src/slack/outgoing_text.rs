//! Our message text as Slack's markup, `mrkdwn`.
//!
//! A text holds what people call themselves, what they wrote and what models answer, so it may try to mention
//! everybody, to disguise a link, or to name a channel. All of these need `<…>` in Slack, or Slack's own search for
//! names in plain text. The first is escaped here, the second switched off by `verbatim` where the text is sent.
//!
//! Bold, italic and code are written the same way on both sides and pass. Slack has no escape for `*`, `_` and the
//! backquote: a name that holds them can change how a line looks, and nothing else. Within words Slack does not
//! interpret them.

use pesto_engine::text::is_harmful;

/// The longest address that becomes a link, in bytes as it is written to Slack. A longer one stays plain text, for a
/// link cannot be cut.
pub(super) const LINK: usize = 2_000;

/// Stands before a `>` that Slack would take for a quotation's mark although it is escaped. Slack does not show it.
const SOFT_HYPHEN: char = '\u{ad}';

/// How long a text is for Slack. It speaks of characters and does not say which: this counts units of UTF-16, which
/// are never fewer than characters.
pub(super) fn width(text: &str) -> usize {
    text.chars().map(char::len_utf16).sum()
}

/// Writes plain text with `*bold*`, `_italic_` and backquoted code as Slack's markup. It can mention nobody, and a
/// link in it shows where it leads. Takes time in proportion to the text.
///
/// Control characters but line feed and tab are dropped, and so are the two that make text run backwards.
pub(super) fn to_slack(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 8);
    let mut code = Code::default();
    let mut before = '\n';
    let mut line_is_blank = true;
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        if !code.inside()
            && begins_word(before)
            && let Some((address, after)) = address(rest)
        {
            out.push('<');
            address.chars().for_each(|c| escape(c, &mut out));
            out.push('>');
            (before, line_is_blank, rest) = ('/', false, after);
            continue;
        }
        if c == '`' {
            let after = rest.trim_start_matches('`');
            let ticks = rest.len() - after.len();
            code.ticks(ticks);
            out.extend(std::iter::repeat_n('`', ticks));
            (before, line_is_blank, rest) = ('`', false, after);
            continue;
        }
        let mut chars = rest.chars();
        chars.next();
        rest = chars.as_str();
        if !is_shown(c) {
            continue;
        }
        if line_is_blank && matches!(c, '>' | '\u{ff1e}') && !code.inside() {
            out.push(SOFT_HYPHEN);
        }
        if c == '\n' {
            code.line_ends();
        }
        escape(c, &mut out);
        line_is_blank = c == '\n' || line_is_blank && c.is_whitespace();
        before = c;
    }
    out
}

/// Text without markup, on one line, of at most `most` units; an ellipsis tells of a cut. For Slack's `plain_text`,
/// where nothing is interpreted and nothing needs an escape.
pub(super) fn plain(text: &str, most: usize) -> String {
    let line = text.chars().map(|c| if c == '\n' || c == '\t' { ' ' } else { c }).filter(|c| is_shown(*c));
    let mut out = String::new();
    let (mut used, mut fits) = (0, 0);
    for c in line {
        used += c.len_utf16();
        if used > most {
            out.truncate(fits);
            out.push('…');
            return out;
        }
        out.push(c);
        if used < most {
            fits = out.len();
        }
    }
    out
}

/// A piece of a text that was cut, so that a `>` within a line is no quotation where it comes to stand first.
pub(super) fn guarded(piece: &str) -> String {
    if piece.starts_with("&gt;") || piece.starts_with('\u{ff1e}') {
        format!("{SOFT_HYPHEN}{piece}")
    } else {
        piece.to_owned()
    }
}

/// Whether anything of a text can be seen. Slack refuses a text that is empty.
pub(super) fn is_visible(text: &str) -> bool {
    let invisible =
        |c: char| c.is_whitespace() || matches!(c, SOFT_HYPHEN | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}');
    !text.chars().all(invisible)
}

/// Marks and isolates stay: text that mixes directions needs them. Overrides only serve to disguise.
fn is_shown(c: char) -> bool {
    matches!(c, '\n' | '\t') || !c.is_control() && !matches!(c, '\u{202d}' | '\u{202e}')
}

fn escape(c: char, out: &mut String) {
    match c {
        '&' => out.push_str("&amp;"),
        '<' => out.push_str("&lt;"),
        '>' => out.push_str("&gt;"),
        c => out.push(c),
    }
}

fn begins_word(before: char) -> bool {
    !before.is_alphanumeric() && before != '/'
}

/// A web address at the beginning of `rest`, and what follows it. Slack does not look for addresses in a verbatim
/// text, so we mark them; without a label, for a label could say something else than where the link leads.
fn address(rest: &str) -> Option<(&str, &str)> {
    let body = rest.strip_prefix("https://").or_else(|| rest.strip_prefix("http://"))?;
    let scheme = rest.len() - body.len();
    if !body.starts_with(char::is_alphanumeric) {
        return None;
    }
    let mut escaped = scheme;
    let mut end = scheme;
    for c in body.chars().take_while(|c| !ends_address(*c)) {
        end += c.len_utf8();
        escaped += if c == '&' { "&amp;".len() } else { c.len_utf8() };
        if escaped > LINK {
            return None;
        }
    }
    let whole = rest.get(..end)?;
    // What stands at the end belongs to the sentence, or is our markup around the address.
    let opens = whole.contains('(');
    let address = whole.trim_end_matches(|c: char| ".,;:!?'*_~]}…".contains(c) || c == ')' && !opens);
    (address.len() > scheme).then(|| rest.split_at_checked(address.len()))?
}

/// `|` would begin a label, and `>` end the link.
fn ends_address(c: char) -> bool {
    c.is_whitespace() || is_harmful(c) || "<>|\"`“”«»、。，".contains(c)
}

/// Where code stands, as Slack sees it: on one line between backquotes, on several between three of them.
#[derive(Default)]
struct Code {
    span: bool,
    block: bool,
}

impl Code {
    fn inside(&self) -> bool {
        self.span || self.block
    }

    fn ticks(&mut self, count: usize) {
        if count >= 3 {
            self.block = !self.block;
            self.span = false;
        } else if count == 1 && !self.block {
            self.span = !self.span;
        }
    }

    fn line_ends(&mut self) {
        self.span = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_cannot_be_injected() {
        for (text, slack) in [
            ("<!channel> & <@U1>, <#C1>", "&lt;!channel&gt; &amp; &lt;@U1&gt;, &lt;#C1&gt;"),
            ("<https://evil.example|bank>", "&lt;<https://evil.example>|bank&gt;"),
            ("<!subteam^S1> <!date^0^{date}|now>", "&lt;!subteam^S1&gt; &lt;!date^0^{date}|now&gt;"),
            ("an escape &lt;!here&gt;", "an escape &amp;lt;!here&amp;gt;"),
            ("https://a.example/<!here>", "<https://a.example/>&lt;!here&gt;"),
        ] {
            assert_eq!(to_slack(text), slack);
        }
    }

    #[test]
    fn our_markup_passes() {
        let text = "*bold*, _italic_ and `code`; snake_case_name, 2*3*4, ~5";
        assert_eq!(to_slack(text), text);
    }

    #[test]
    fn addresses_become_links_that_show_where_they_lead() {
        for (text, slack) in [
            ("See https://a.example/b?c=1&d=2.", "See <https://a.example/b?c=1&amp;d=2>."),
            ("*https://a.example/x_y_z*", "*<https://a.example/x_y_z>*"),
            ("(http://a.example)", "(<http://a.example>)"),
            ("https://a.example/Rust_(disambiguation)", "<https://a.example/Rust_(disambiguation)>"),
            ("https://a.example/ไทย ok", "<https://a.example/ไทย> ok"),
            ("`https://a.example` https://", "`https://a.example` https://"),
            ("xhttps://a.example", "xhttps://a.example"),
        ] {
            assert_eq!(to_slack(text), slack);
        }
        let long = format!("https://a.example/{}", "x".repeat(LINK));
        assert_eq!(to_slack(&long), long, "a link cannot be cut");
    }

    #[test]
    fn a_greater_sign_is_no_quotation() {
        assert_eq!(to_slack("> 5 km\n  > 6"), "\u{ad}&gt; 5 km\n  \u{ad}&gt; 6");
        assert_eq!(to_slack("a > b"), "a &gt; b");
        assert_eq!(to_slack("```\n> x\n```"), "```\n&gt; x\n```", "code is copied by people, and stays as it is");
    }

    #[test]
    fn control_characters_and_overrides_are_dropped() {
        assert_eq!(to_slack("a\r\n\u{0}b\t\u{1b}c\u{202e}d"), "a\nb\tcd");
        assert_eq!(to_slack("שלום \u{2067}abc\u{2069}"), "שלום \u{2067}abc\u{2069}");
    }

    #[test]
    fn hostile_text_never_opens_markup_of_its_own() {
        // A fixed seed, and an alphabet of everything that matters.
        let alphabet: Vec<char> = "<>&|!@#`*_~ \n\"'()/:https.éж😀\u{200d}".chars().collect();
        let mut seed = 7_u64;
        for _ in 0..2_000 {
            let mut text = String::new();
            for _ in 0..60 {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                let pick = usize::try_from(seed >> 33).expect("31 bits") % (alphabet.len() + 1);
                match alphabet.get(pick) {
                    Some(c) => text.push(*c),
                    None => text.push_str(" https://h"),
                }
            }
            let slack = to_slack(&text);
            let mut open = false;
            for (at, c) in slack.char_indices() {
                match c {
                    '<' => {
                        assert!(!open && slack[at..].starts_with("<http"), "{slack}");
                        open = true;
                    }
                    '>' => {
                        assert!(open, "{slack}");
                        open = false;
                    }
                    '|' => assert!(!open, "{slack}"),
                    '&' => assert!(["&amp;", "&lt;", "&gt;"].iter().any(|e| slack[at..].starts_with(e)), "{slack}"),
                    _ => {}
                }
            }
            assert!(!open, "{slack}");
        }
    }

    #[test]
    fn a_plain_line_is_bounded() {
        assert_eq!(plain("a\nb<c>&", 80), "a b<c>&");
        assert_eq!(plain("abcdef", 6), "abcdef");
        assert_eq!(plain("abcdefg", 6), "abcde…");
        assert_eq!(plain("😀😀😀", 6), "😀😀😀");
        assert_eq!(width(&plain("😀😀😀😀", 6)), 5, "half a character does not fit");
    }

    #[test]
    fn sees_what_nobody_sees() {
        assert!(!is_visible(" \u{200b}\n"));
        assert!(is_visible("."));
    }
}
