//! What people write around their answer: blanks, markup, quotes, list markers, full stops and politeness.

use crate::LONGEST;
use crate::language::{ALL, month};

/// Stands before an answer or behind it and changes nothing: quotes, Slack's markup, ends of sentences.
fn is_around(letter: char) -> bool {
    matches!(
        letter,
        '"' | '\''
            | '`'
            | '“'
            | '”'
            | '„'
            | '‘'
            | '’'
            | '«'
            | '»'
            | '‹'
            | '›'
            | '*'
            | '_'
            | '~'
            | '('
            | ')'
            | '['
            | ']'
    )
}

fn is_end(letter: char) -> bool {
    matches!(letter, '.' | ',' | ';' | ':' | '!' | '?' | '…' | '¡' | '¿' | '。' | '！' | '？' | '、')
}

/// A text in lower case without what people write around their answer, with single blanks. `- *Rust*, please!` is `rust`.
/// Of a text that is nothing else, such as `?`, nothing is left; politeness alone stays. Texts over [`LONGEST`] bytes are
/// empty.
pub fn plain(text: &str) -> String {
    if text.len() > LONGEST {
        return String::new();
    }
    let lower = text.to_lowercase();
    // What only says how an emoji is drawn, and what cannot be seen.
    let unseen = |c: char| matches!(c, '\u{fe0f}' | '\u{20e3}' | '\u{200b}' | '\u{200d}' | '\u{1f3fb}'..='\u{1f3ff}');
    let usual = |c: char| match c {
        '’' => '\'',
        '０'..='９' => char::from_digit(u32::from(c) - u32::from('０'), 10).unwrap_or(c),
        _ => c,
    };
    let seen: String = lower.chars().filter(|c| !unseen(*c)).map(usual).collect();
    let words = seen.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut rest = words.as_str();
    loop {
        let shorter = without_politeness(without_marker(bare(rest)));
        if shorter.len() == rest.len() {
            return rest.to_owned();
        }
        rest = shorter;
    }
}

/// Without quotes, markup and ends of sentences. A smile in colons, `:+1:`, keeps them.
fn bare(text: &str) -> &str {
    let text = text.trim();
    let emoji = text.len() > 2 && text.starts_with(':') && text.ends_with(':');
    if emoji {
        return text;
    }
    let front = |c: char| is_around(c) || c.is_whitespace() || matches!(c, '¡' | '¿' | ',' | '.' | '…');
    let start = text.trim_start_matches(front);
    // `.5` is a number.
    let start = if start.starts_with(|c: char| c.is_ascii_digit()) && text.starts_with('.') { text } else { start };
    let ends_in_emoji = start.trim_end_matches(|c: char| is_around(c) || c == '!' || c == '.').ends_with(':')
        && start.matches(':').count() >= 2;
    start.trim_end_matches(|c: char| is_around(c) || c.is_whitespace() || (is_end(c) && !(ends_in_emoji && c == ':')))
}

/// Without the marker of a list: `1.`, `1)`, `#`, `•`, `-`. A marker alone is kept: it may be the answer.
fn without_marker(text: &str) -> &str {
    if let Some(rest) = text.strip_prefix('#').map(str::trim_start)
        && !rest.is_empty()
    {
        return rest;
    }
    let Some((marker, rest)) = text.split_once(' ') else {
        return text.strip_prefix(['•', '◦', '▪', '·', '●', '‣']).filter(|rest| !rest.is_empty()).unwrap_or(text);
    };
    let rest = rest.trim_start();
    let bullet = matches!(marker, "-" | "–" | "—" | "+" | "•" | "◦" | "▪" | "·" | "●" | "‣" | ">" | "→");
    let digits = marker.strip_suffix(['.', ')', ':']).map(|digits| digits.trim_start_matches('('));
    let numbered = digits
        .is_some_and(|digits| (1..=3).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit()));
    // `12. März` is a day of March, and `3. 4.` may be one.
    let day = rest.starts_with(|c: char| c.is_ascii_digit()) || rest.split(' ').next().and_then(month).is_some();
    let of_a_list = numbered && !day;
    if !rest.is_empty() && (bullet || of_a_list) { rest } else { text }
}

fn without_politeness(text: &str) -> &str {
    for words in ALL.iter().flat_map(|language| language.polite) {
        let front = text.strip_prefix(words).filter(|rest| rest.starts_with([' ', ',']));
        let back = || text.strip_suffix(words).filter(|rest| rest.ends_with([' ', ',', '!', '.']));
        if let Some(rest) = front.or_else(back) {
            return rest.trim_matches([' ', ',']);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_around_an_answer_is_taken_away() {
        for (written, left) in [
            ("Engineering.", "engineering"),
            ("  YES!! ", "yes"),
            ("`cancel`", "cancel"),
            ("*Engineering*", "engineering"),
            ("_*`Go`*_", "go"),
            ("“At  home”,", "at home"),
            ("1. Engineering", "engineering"),
            ("1) Engineering", "engineering"),
            ("(2) Engineering", "engineering"),
            ("- Rust", "rust"),
            ("•Rust", "rust"),
            ("• *Rust*;", "rust"),
            ("1.", "1"),
            ("1)", "1"),
            ("#1", "1"),
            ("2 please", "2"),
            ("Please, two.", "two"),
            ("Sales, please!", "sales"),
            ("no, thank you", "no"),
            ("Nein danke!", "nein"),
            ("bitte Go", "go"),
            ("3️⃣", "3"),
            ("👍🏽", "👍"),
            (":+1:", ":+1:"),
            (":one:", ":one:"),
            (":+1:!", ":+1:"),
            ("thanks", "thanks"),
            ("please", "please"),
            ("-5", "-5"),
            ("3.5", "3.5"),
            (".5", ".5"),
            ("15.3.", "15.3"),
            ("12. März 2027", "12. märz 2027"),
            ("don’t", "don't"),
            ("３", "3"),
            ("?", ""),
            ("...", ""),
            ("", ""),
            ("C++", "c++"),
            ("C#", "c#"),
            ("#", "#"),
            ("-", "-"),
            ("displease", "displease"),
            ("pleased", "pleased"),
        ] {
            assert_eq!(plain(written), left, "{written:?}");
        }
    }

    #[test]
    fn it_is_plain_already_the_second_time() {
        for written in ["1. 2. 3. Go", "please please", "- - -", "`1.` please!", "*#* _-_ ok?!", "bitte, bitte, ja"] {
            let once = plain(written);
            assert_eq!(plain(&once), once, "{written:?}");
        }
    }

    #[test]
    fn hostile_lengths_end_soon() {
        assert_eq!(plain(&"x".repeat(LONGEST + 1)), "");
        for unit in ["please ", "1. ", "- ", "*`", "!", "((", ":", "# "] {
            let _ = plain(&unit.repeat(LONGEST / unit.len()));
        }
    }
}
